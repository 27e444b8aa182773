"""Validates the body of every SOAP message in a directory against an XML schema: validate.py SCHEMA DIRECTORY."""
import pathlib
import sys

from lxml import etree

SOAP_BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"

schema = etree.XMLSchema(etree.parse(sys.argv[1]))
valid = 0
for path in sorted(pathlib.Path(sys.argv[2]).glob("*.xml")):
    payload = etree.parse(str(path)).getroot().find(SOAP_BODY)[0]
    if schema.validate(etree.ElementTree(payload)):
        valid += 1
    else:
        print(f"{path.name}: {schema.error_log.last_error}")
        sys.exit(1)
print(f"{valid} valid")
