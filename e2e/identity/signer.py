"""Makes responses of an identity provider: honest ones, and every shape and algorithm no honest provider would use."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from lxml import etree

SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
NS = {"samlp": SAMLP, "saml": SAML, "ds": DS}

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
EXCLUSIVE_COMMENTS = EXCLUSIVE + "WithComments"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
INCLUSIVE_11 = "http://www.w3.org/2006/12/xml-c14n11"
ENVELOPED = DS + "enveloped-signature"
RSA_SHA256 = MORE + "rsa-sha256"
SHA256 = ENC + "sha256"
ENTITY = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"

DIGESTS = {SHA256: "sha256", MORE + "sha384": "sha384", ENC + "sha512": "sha512", DS + "sha1": "sha1", MORE + "md5": "md5"}
RSA = {RSA_SHA256: hashes.SHA256(), MORE + "rsa-sha384": hashes.SHA384(), MORE + "rsa-sha512": hashes.SHA512(), DS + "rsa-sha1": hashes.SHA1()}
HMAC = {DS + "hmac-sha1": "sha1", MORE + "hmac-sha256": "sha256", MORE + "hmac-sha512": "sha512"}


class Key:
    """A key of 2048 bits with a certificate of its own."""

    def __init__(self, name, private=None):
        self.private = private or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(timezone.utc)
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(self.private.public_key())
        made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        self.certificate = made.not_valid_after(now + timedelta(days=30)).sign(self.private, hashes.SHA256())

    @property
    def der(self):
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def private_pem(self):
        return self.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    @property
    def spki(self):
        return self.private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    @property
    def x509_data(self):
        return f"<ds:X509Data><ds:X509Certificate>{b64(self.der)}</ds:X509Certificate></ds:X509Data>"

    @property
    def key_value(self):
        numbers = self.private.public_key().public_numbers()
        modulus, exponent = numbers.n.to_bytes(256, "big"), numbers.e.to_bytes(3, "big")
        return (f"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{b64(modulus)}</ds:Modulus>"
                f"<ds:Exponent>{b64(exponent)}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>")


def b64(data):
    return base64.b64encode(data).decode()


def instant(seconds=0):
    """Now and this many seconds, as SAML writes it."""
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_id():
    return "_" + secrets.token_hex(16)


@dataclass
class Draft:
    """What a response says. A field that is None leaves its element or attribute out."""

    idp: str
    sp: str
    acs: str
    request: str
    code: str
    name: str
    family: str
    level: str = "https://www.spid.gov.it/SpidL2"
    response_id: str = field(default_factory=new_id)
    assertion_id: str = field(default_factory=new_id)
    name_id: str = field(default_factory=new_id)
    issued: str = field(default_factory=instant)
    not_before: str = field(default_factory=instant)
    until: str = field(default_factory=lambda: instant(300))
    confirmed_until: str = field(default_factory=lambda: instant(300))
    destination: str = "="
    recipient: str = "="
    audience: str = "="
    answered: str = "="
    confirmed: str = "="
    issuer: str = "="
    issuer_format: str = ENTITY
    status: str = SUCCESS
    version: str = "2.0"
    confirmation: str = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
    name_id_format: str = TRANSIENT
    attributes: list = None
    """Pairs of name and value; the four that are asked for when None."""

    def __post_init__(self):
        same = {"destination": self.acs, "recipient": self.acs, "audience": self.sp, "answered": self.request, "confirmed": self.request,
                "issuer": self.idp}
        for name, value in same.items():
            if getattr(self, name) == "=":
                setattr(self, name, value)
        if self.attributes is None:
            self.attributes = [("fiscalNumber", "TINIT-" + self.code), ("name", self.name), ("familyName", self.family),
                               ("dateOfBirth", "1985-03-04")]

    def but(self, **changes):
        """The same with other ids and these changes."""
        fresh = {"response_id": new_id(), "assertion_id": new_id(), "name_id": new_id()}
        if {"code", "name", "family"} & changes.keys() and "attributes" not in changes:
            fresh["attributes"] = None
        return replace(self, **{**fresh, **changes})

    def tree(self):
        """The unsigned response."""
        return etree.fromstring(self.text().encode(), etree.XMLParser(huge_tree=True))

    def text(self):
        qualified = f' NameQualifier={quoteattr(self.idp)}'
        attributes = "".join(attribute(name, value) for name, value in self.attributes)
        return (
            f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}"{given("ID", self.response_id)} Version="2.0"'
            f'{given("IssueInstant", self.issued)}{given("InResponseTo", self.answered)}{given("Destination", self.destination)}>'
            f'<saml:Issuer Format="{ENTITY}">{escape(self.idp)}</saml:Issuer>'
            f'<samlp:Status><samlp:StatusCode Value="{self.status}"/></samlp:Status>'
            f'<saml:Assertion{given("ID", self.assertion_id)}{given("Version", self.version)}{given("IssueInstant", self.issued)}>'
            f'<saml:Issuer{given("Format", self.issuer_format)}>{escape(self.issuer)}</saml:Issuer>'
            f'<saml:Subject><saml:NameID{given("Format", self.name_id_format)}{qualified}>{escape(self.name_id)}</saml:NameID>'
            f'<saml:SubjectConfirmation{given("Method", self.confirmation)}><saml:SubjectConfirmationData{given("Recipient", self.recipient)}'
            f'{given("InResponseTo", self.confirmed)}{given("NotOnOrAfter", self.confirmed_until)}/></saml:SubjectConfirmation></saml:Subject>'
            f'<saml:Conditions{given("NotBefore", self.not_before)}{given("NotOnOrAfter", self.until)}>'
            f'<saml:AudienceRestriction><saml:Audience>{escape(self.audience)}</saml:Audience></saml:AudienceRestriction></saml:Conditions>'
            f'<saml:AuthnStatement AuthnInstant="{self.issued}"><saml:AuthnContext><saml:AuthnContextClassRef>{escape(self.level)}'
            f'</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>'
            f'<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion></samlp:Response>')


def given(name, value):
    return "" if value is None else f" {name}={quoteattr(value)}"


def attribute(name, value):
    """A value that begins with `<` is markup."""
    inner = value if value.startswith("<saml:AttributeValue") else f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>"
    return f'<saml:Attribute Name={quoteattr(name)} NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">{inner}</saml:Attribute>'


def assertion_of(root):
    return root.find("saml:Assertion", NS)


def signature_of(element):
    return element.find("ds:Signature", NS)


def canonical(element, method=EXCLUSIVE):
    exclusive = method.startswith(EXCLUSIVE)
    return etree.tostring(element, method="c14n", exclusive=exclusive, with_comments=method.endswith("WithComments"), with_tail=False)


def sign(element, key, *, method=RSA_SHA256, digest=SHA256, c14n=EXCLUSIVE, transforms=(ENVELOPED, EXCLUSIVE), uri="#", digested=None,
         signed=None, secret=None, key_info="certificate", more_references="", objects="", inside_info="", place=1):
    """Puts an enveloped signature after the Issuer of `element`, or at another `place` among its children.

    `uri` "#" refers to the element, None leaves it out. `digested` and `signed` are bytes to take in place of the canonical ones;
    `secret` is the key of an HMAC; the last ones are markup to add.
    """
    uri = "#" + element.get("ID", "") if uri == "#" else uri
    data = canonical(element, c14n if c14n != INCLUSIVE_11 else INCLUSIVE) if digested is None else digested
    value = b64(hashlib.new(DIGESTS[digest], data).digest())
    steps = "".join(t if t.startswith("<") else f'<ds:Transform Algorithm="{t}"/>' for t in transforms)
    steps = f"<ds:Transforms>{steps}</ds:Transforms>" if steps else ""
    info = key.x509_data if key_info == "certificate" else key_info
    node = etree.fromstring(
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{c14n}"/>'
        f'<ds:SignatureMethod Algorithm="{method}"/><ds:Reference{given("URI", uri)}>{steps}<ds:DigestMethod Algorithm="{digest}"/>'
        f'<ds:DigestValue>{value}</ds:DigestValue></ds:Reference>{more_references}{inside_info}</ds:SignedInfo><ds:SignatureValue/>'
        f'{f"<ds:KeyInfo>{info}</ds:KeyInfo>" if info else ""}{objects}</ds:Signature>')
    element.insert(place, node)
    data = canonical(node[0], c14n) if signed is None else signed
    node[1].text = b64(signature_bytes(data, key, method, secret))
    return node


def signature_bytes(data, key, method, secret):
    if method in HMAC:
        return hmac.new(secret, data, HMAC[method]).digest()
    if method.endswith("ecdsa-sha256"):
        return ec.generate_private_key(ec.SECP256R1()).sign(data, ec.ECDSA(hashes.SHA256()))
    if method.endswith("rsa-MGF1"):
        return key.private.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    return key.private.sign(data, padding.PKCS1v15(), RSA.get(method, hashes.SHA256()))


def text(root):
    return etree.tostring(root, encoding="unicode")


def signed(draft, key, *, response=False, assertion=True, **how):
    """A response as its provider would send it."""
    root = draft.tree()
    if assertion:
        sign(assertion_of(root), key, **how)
    if response:
        sign(root, key, **how)
    return root


def metadata(entity_id, key, *, encryption=None, bindings=("HTTP-POST", "HTTP-Redirect")):
    """What a service provider is told of an identity provider."""
    def described(use, k):
        return f'<md:KeyDescriptor use="{use}"><ds:KeyInfo xmlns:ds="{DS}">{k.x509_data}</ds:KeyInfo></md:KeyDescriptor>'
    services = "".join(f'<md:{kind} Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" Location="{entity_id}/{path}"/>'
                       for kind, path in (("SingleLogoutService", "slo"), ("SingleSignOnService", "sso")) for binding in bindings)
    logout, sign_on = services[:services.index("<md:SingleSignOnService")], services[services.index("<md:SingleSignOnService"):]
    return (f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}">'
            f'<md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="{SAMLP}">{described("signing", key)}'
            f'{described("encryption", encryption) if encryption else ""}{logout}<md:NameIDFormat>{TRANSIENT}</md:NameIDFormat>{sign_on}'
            f'</md:IDPSSODescriptor></md:EntityDescriptor>')
