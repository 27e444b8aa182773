"""Runs the official conformance suite, spid-sp-test, against the program running a demo town.

    CAMPANELLA=target/debug/campanella python e2e/identity/suite.py

The suite's identity provider gets fresh keys and is trusted by `demo --trust-idp`: once with both bindings, so that it is asked by
POST, once with HTTP-Redirect alone. Every check of every profile must pass, and there must be as many as we know of: a suite that
runs less shows less.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from lxml import etree

from signer import Key
from town import Town

TOOL = Path(sys.executable).with_name("spid_sp_test")
BOTH, REDIRECT = "http://localhost:9443", "http://localhost:9444"
MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"

# Profile, scheme, provider, and how many checks there are at least.
RUNS = [
    ("spid-sp-public", "spid", BOTH, 270),
    ("spid-sp-public", "spid", REDIRECT, 263),
    ("cie-sp-public", "cie", BOTH, 244),
]

# What a town on this machine cannot have when the suite looks at it as at one in production, with the reason. Nothing else may fail.
PRODUCTION = [("spid-sp-public", "spid"), ("cie-sp-public", "cie")]
NOT_HERE = {
    "MUST be a valid HTTPS url": "the town is served over http on this machine",
    "custom tcp ports": "the town has a free port of this machine",
    "MUST have a valid value present on IPA": "the index of public administrations is asked over the network, and does not know an invented Comune",
}


def provider(folder, entity_id):
    """The suite's own metadata under this name, as a text."""
    environment = {**os.environ, "IDP_ENTITYID": entity_id, "IDP_CERT_PATH": str(folder)}
    said = subprocess.run([TOOL, "--idp-metadata"], env=environment, capture_output=True, text=True, check=True).stdout
    return said[said.index("<"):]


def redirect_only(metadata):
    root = etree.fromstring(metadata)
    for service in root.iter(MD + "SingleSignOnService"):
        if service.get("Binding").endswith("HTTP-POST"):
            service.getparent().remove(service)
    return etree.tostring(root, encoding="unicode")


def checks(town, folder, profile, scheme, entity_id, *options):
    """What the suite found: a list of (name, passed)."""
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    environment = {**os.environ, "IDP_ENTITYID": entity_id, "IDP_CERT_PATH": str(folder)}
    command = [TOOL, "--metadata-url", f"{town.portal}/{scheme}/metadata", "--authn-url", f"{town.portal}/{scheme}/login?idp={entity_id}",
               "--extra", "-pr", profile, "-d", "ERROR", "-rf", "json", "-o", str(report), *options]
    said = subprocess.run(command, env=environment, capture_output=True, text=True)
    if not report.exists():
        raise SystemExit(f"the suite ended with {said.returncode}: {said.stderr[-2000:]}")
    found = []
    collect(json.loads(report.read_text()), found)
    return found


def collect(part, found):
    if isinstance(part, dict) and "result" in part:
        found.append((part["test"], part["result"] == "success"))
    elif isinstance(part, (dict, list)):
        for below in part.values() if isinstance(part, dict) else part:
            collect(below, found)


def run(town, folder):
    """All profiles with all checks; (checks, failures)."""
    total, failed = 0, 0
    for profile, scheme, entity_id, least in RUNS:
        found = checks(town, folder, profile, scheme, entity_id, "-tr")
        bad = [check for check, passed in found if not passed]
        binding = "by Redirect" if entity_id == REDIRECT else "by POST"
        print(f"{profile} {binding}: {len(found) - len(bad)}/{len(found)}", flush=True)
        if len(found) < least:
            bad.append(f"only {len(found)} checks ran of the {least} there are")
        for check in bad:
            print(f"FAILED: {profile} {binding}: {check}")
        total, failed = total + len(found), failed + len(bad)
    return total, failed


def run_as_in_production(town, folder):
    """Metadata and requests as in production, but for what cannot be here; (checks, failures)."""
    total, failed = 0, 0
    for profile, scheme in PRODUCTION:
        found = checks(town, folder, profile, scheme, BOTH, "--production")
        away = [check for check, passed in found if not passed]
        bad = [check for check in away if not any(words.lower() in check.lower() for words in NOT_HERE)]
        print(f"{profile} as in production: {len(found) - len(away)}/{len(found)}, {len(away) - len(bad)} that cannot be had here", flush=True)
        for check in bad:
            print(f"FAILED: {profile} as in production: {check}")
        total, failed = total + len(found) - len(away) + len(bad), failed + len(bad)
    return total, failed


def main():
    with tempfile.TemporaryDirectory(prefix="campanella-suite-") as name:
        folder = Path(name)
        key = Key("suite")
        (folder / "private.key").write_bytes(key.private_pem)
        (folder / "public.cert").write_bytes(key.pem)
        with Town([provider(folder, BOTH), redirect_only(provider(folder, REDIRECT))]) as town:
            found = [run(town, folder), run_as_in_production(town, folder)]
    total, failed = (sum(part) for part in zip(*found))
    print(f"{total} checks of the official suite, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
