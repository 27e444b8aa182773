"""The institution's node door as a payment node sees it: a SOAP client built from the published WSDL, and a plain one
for what no well-behaved client would send. Every answer with status 200 is validated against the published schema."""
import datetime
from decimal import Decimal

import requests
import zeep
from lxml import etree
from zeep.transports import Transport

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PAYLOAD = "http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd"
BODY = f"{{{SOAP}}}Body"


class Node:
    def __init__(self, url, data):
        self.url = url
        self.schema = etree.XMLSchema(etree.parse(str(data / "wsdl/xsd/paForNode.xsd")))
        self.validated = 0
        self.session = requests.Session()
        client = zeep.Client(str(data / "wsdl/paForNode.wsdl"), transport=Watching(self), settings=zeep.Settings(strict=True))
        binding = next(iter(client.wsdl.bindings))
        self.service = client.create_service(str(binding), url)

    def post(self, body, action='"paVerifyPaymentNotice"'):
        """A message of any kind; gives status and text."""
        headers = {"content-type": "text/xml; charset=utf-8"}
        if action is not None:
            headers["soapaction"] = action
        answer = self.session.post(self.url, data=body if isinstance(body, bytes) else body.encode(), headers=headers, timeout=30)
        if answer.status_code == 200:
            self.validate(answer.content)
        return answer.status_code, answer.text

    def validate(self, content):
        payload = etree.fromstring(content).find(BODY)[0]
        self.schema.assertValid(etree.ElementTree(payload))
        self.validated += 1


class Watching(Transport):
    """A transport that shows each answer to the validator before the client reads it."""

    def __init__(self, node):
        super().__init__(timeout=30, operation_timeout=30)
        self.node = node

    def post(self, address, message, headers):
        answer = super().post(address, message, headers)
        assert answer.status_code == 200, answer.text
        self.node.validate(answer.content)
        return answer


class Notice:
    """A notice of the demo, as its test node lists it."""

    def __init__(self, listed):
        self.pa, self.number = listed["fiscal_code"], listed["notice_number"]
        self.broker, self.station = listed["broker"], listed["station"]
        self.amount = Decimal(listed["amount_cents"]).scaleb(-2)

    def head(self, **changes):
        return {"idPA": self.pa, "idBrokerPA": self.broker, "idStation": self.station} | changes

    def asked(self, **changes):
        return self.head(qrCode={"fiscalCode": self.pa, "noticeNumber": self.number}) | changes

    @property
    def iuv(self):
        return self.number[3:] if self.number[0] == "0" else self.number[1:]


def person(name="Ada Prova", code="GDASDV00A01H501J"):
    return {"uniqueIdentifier": {"entityUniqueIdentifierType": "F", "entityUniqueIdentifierValue": code}, "fullName": name}


def receipt(notice, receipt_id, version=2, **changes):
    """The receipt of a payment of this notice, as the client's types want it."""
    amount = changes.pop("amount", notice.amount)
    transfer = {"idTransfer": 1, "transferAmount": amount, "fiscalCodePA": notice.pa, "IBAN": "IT60X0542811101000000123456",
                "remittanceInformation": "Prova", "transferCategory": "9/0107101TS/"}
    today = datetime.date.today()
    content = {
        "receiptId": receipt_id, "noticeNumber": notice.number, "fiscalCode": notice.pa, "outcome": "OK",
        "creditorReferenceId": notice.iuv, "paymentAmount": amount, "description": "Prova", "companyName": "Comune",
        "debtor": person(), "transferList": {"transfer": [transfer]}, "idPSP": "PROVA", "PSPCompanyName": "Banca di prova",
        "idChannel": "PROVA_01", "channelDescription": "app", "paymentMethod": "creditCard", "fee": Decimal("1.50"),
        "paymentDateTime": datetime.datetime(today.year, today.month, today.day, 0, 5), "applicationDate": today,
        "transferDate": today + datetime.timedelta(days=1),
    }
    if version == 2:
        content["paymentNote"] = "c-7f3a"
    return notice.head(receipt=content | changes)


def envelope(operation, content, *, prefix="paf", soap="soapenv", before=""):
    """A message written by hand: the root with a prefix, or in the default namespace when there is none."""
    if prefix:
        root = f'<{prefix}:{operation} xmlns:{prefix}="{PAYLOAD}">{content}</{prefix}:{operation}>'
    else:
        content = content.replace("<idPA>", '<idPA xmlns="">').replace("<idBrokerPA>", '<idBrokerPA xmlns="">')
        content = content.replace("<idStation>", '<idStation xmlns="">').replace("<qrCode>", '<qrCode xmlns="">')
        root = f'<{operation} xmlns="{PAYLOAD}">{content}</{operation}>'
    return f'{before}<{soap}:Envelope xmlns:{soap}="{SOAP}"><{soap}:Header/><{soap}:Body>{root}</{soap}:Body></{soap}:Envelope>'


def question(notice, extra="", **head):
    """The content of a verify or a request for payment."""
    h = notice.head(**head)
    return (f"<idPA>{h['idPA']}</idPA><idBrokerPA>{h['idBrokerPA']}</idBrokerPA><idStation>{h['idStation']}</idStation>"
            f"<qrCode><fiscalCode>{notice.pa}</fiscalCode><noticeNumber>{notice.number}</noticeNumber></qrCode>{extra}")
