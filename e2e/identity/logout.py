"""Forged logout messages: nobody but the provider that opened a session ends it, and it can."""

import base64
import zlib
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from signer import DS, ENTITY, RSA, RSA_SHA256, SAML, SAMLP, TRANSIENT, b64, instant, new_id, sign, signed, text


class Session:
    """Somebody signed in, and what the provider calls them."""

    def __init__(self, bench, tenant="first", scheme="spid"):
        self.bench, self.scheme = bench, scheme
        self.browser = bench.browser(tenant)
        request = self.browser.start(bench.idp, scheme)
        draft = bench.draft(request)
        message = b64(text(signed(draft, bench.key)).encode())
        assert self.browser.answer(message, request.relay_state, scheme).status_code == 303
        self.name_id, self.slo = draft.name_id, request.acs.removesuffix("/acs") + "/slo"
        assert self.alive()

    def alive(self):
        return self.browser.personal_area() is not None


def built(browser):
    return browser.get("/spid/slo").status_code != 404


def request(session, **changes):
    """An unsigned LogoutRequest."""
    said = {"id": new_id(), "issuer": session.bench.idp, "destination": session.slo, "issued": instant(), "until": instant(300),
            "name_id": session.name_id, **changes}
    return etree.fromstring(
        f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{said["id"]}" Version="2.0" IssueInstant="{said["issued"]}" '
        f'Destination="{said["destination"]}" NotOnOrAfter="{said["until"]}"><saml:Issuer Format="{ENTITY}">{said["issuer"]}</saml:Issuer>'
        f'<saml:NameID Format="{TRANSIENT}" NameQualifier="{said["issuer"]}">{said["name_id"]}</saml:NameID></samlp:LogoutRequest>')


def answer(session, in_response_to):
    return etree.fromstring(
        f'<samlp:LogoutResponse xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{new_id()}" Version="2.0" IssueInstant="{instant()}" '
        f'Destination="{session.slo}" InResponseTo="{in_response_to}"><saml:Issuer Format="{ENTITY}">{session.bench.idp}</saml:Issuer>'
        f'<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status></samlp:LogoutResponse>')


def with_signature(root, key, **how):
    sign(root, key, **how)
    return root


def by_form(session, message, field="SAMLRequest", more=()):
    fields = [(field, b64(message.encode() if isinstance(message, str) else etree.tostring(message))), *more]
    return session.browser.send("POST", f"/{session.scheme}/slo", data=urlencode(fields),
                                headers={"Content-Type": "application/x-www-form-urlencoded"})


def query_of(message, key, *, method=RSA_SHA256, relay_state="handle", field="SAMLRequest"):
    """The signed query of the HTTP-Redirect binding."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b64(packer.compress(etree.tostring(message)) + packer.flush())
    said = f"{field}={quote(packed, safe='')}&RelayState={quote(relay_state, safe='')}&SigAlg={quote(method, safe='')}"
    if key is None:
        return said
    signature = key.private.sign(said.encode(), padding.PKCS1v15(), RSA.get(method, hashes.SHA256()))
    return f"{said}&Signature={quote(base64.b64encode(signature).decode(), safe='')}"


def by_address(session, query):
    return session.browser.get(f"/{session.scheme}/slo?{query}")


def renamed(session, key, **changes):
    """Signed for another name, then made to say this one."""
    message = text(with_signature(request(session, name_id="_other", **changes), key))
    return message.replace("_other", session.name_id)


def wrapped(session, key):
    """A signed request for another name inside a forged one for this."""
    inner = with_signature(request(session, name_id="_other"), key)
    outer = request(session)
    box = etree.SubElement(outer, f"{{{SAMLP}}}Extensions")
    box.append(inner)
    return outer


def sign_in_response(session):
    """A whole signed identity, at the wrong door."""
    draft = session.bench.draft(session.browser.start(session.bench.idp, session.scheme))
    return signed(draft, session.bench.key)


# Name, and what is sent for a session (s) of provider A, whose key is k.
FORGED = [
    ("no signature", lambda s, b: by_form(s, request(s))),
    ("a stranger's signature", lambda s, b: by_form(s, with_signature(request(s), b.stranger))),
    ("a stranger with the provider's certificate", lambda s, b: by_form(s, with_signature(request(s), b.stranger, key_info=b.key.x509_data))),
    ("another provider in this one's name", lambda s, b: by_form(s, with_signature(request(s), b.other_key))),
    ("another name put in", lambda s, b: by_form(s, renamed(s, b.key))),
    ("SHA-1", lambda s, b: by_form(s, with_signature(request(s), b.key, method=DS + "rsa-sha1"))),
    ("the whole document", lambda s, b: by_form(s, with_signature(request(s), b.key, uri=""))),
    ("wrapped", lambda s, b: by_form(s, wrapped(s, b.key))),
    ("a comment in the name", lambda s, b: by_form(s, text(with_signature(request(s), b.key)).replace(s.name_id, s.name_id[:4] + "<!-- -->" + s.name_id[4:]))),
    ("another Destination", lambda s, b: by_form(s, with_signature(request(s, destination="https://evil.example/slo"), b.key))),
    ("the other scheme's Destination", lambda s, b: by_form(s, with_signature(request(s, destination=s.slo.replace("/spid/", "/cie/")), b.key))),
    ("an hour old", lambda s, b: by_form(s, with_signature(request(s, issued=instant(-3600), until=instant(-3300)), b.key))),
    ("of tomorrow", lambda s, b: by_form(s, with_signature(request(s, issued=instant(86400), until=instant(90000)), b.key))),
    ("twice in a form", lambda s, b: by_form(s, with_signature(request(s), b.key), more=[("SAMLRequest", "x")])),
    ("as an answer", lambda s, b: by_form(s, with_signature(request(s), b.key), field="SAMLResponse")),
    ("an identity instead", lambda s, b: by_form(s, sign_in_response(s), field="SAMLResponse")),
    ("an answer nobody waits for", lambda s, b: by_form(s, with_signature(answer(s, "_x"), b.key), field="SAMLResponse")),
    ("an answer without a signature", lambda s, b: by_form(s, answer(s, "_x"), field="SAMLResponse")),
    ("an empty form", lambda s, b: s.browser.send("POST", "/spid/slo", data="")),
    ("by address, no signature", lambda s, b: by_address(s, query_of(request(s), None))),
    ("by address, a stranger's", lambda s, b: by_address(s, query_of(request(s), b.stranger))),
    ("by address, another provider's", lambda s, b: by_address(s, query_of(request(s), b.other_key))),
    ("by address, SHA-1", lambda s, b: by_address(s, query_of(request(s), b.key, method=DS + "rsa-sha1"))),
    ("by address, another handle", lambda s, b: by_address(s, query_of(request(s), b.key).replace("handle", "hanged"))),
    ("by address, two messages", lambda s, b: by_address(s, query_of(request(s, name_id="_other"), b.key) + "&SAMLRequest=x")),
    ("by address, another Destination", lambda s, b: by_address(s, query_of(request(s, destination="https://evil.example"), b.key))),
    ("by address, signed inside only", lambda s, b: by_address(s, query_of(with_signature(request(s), b.key), None))),
    ("by address, nothing", lambda s, b: by_address(s, "")),
]


def run(bench, send):
    """The forged message ends nothing; then the provider's own ends the session."""
    session = Session(bench)
    reply = send(session, bench)
    assert reply.status_code in (400, 401, 403, 404, 422), f"answered with {reply.status_code}"
    for secret in (session.name_id, bench.idp, "TINIT", "panicked"):
        assert secret not in reply.text, f"the page says {secret}"
    assert session.alive(), "the session was ended"
    honest = by_form(session, with_signature(request(session), bench.key))
    assert honest.status_code in (200, 302, 303), f"the provider's own was refused: {honest.status_code}"
    assert not session.alive(), "the provider's own ended nothing"
