"""Signature wrapping: a forged assertion beside, around or inside an honestly signed one, in every place a reader might look."""

import copy

from lxml import etree

from signer import DS, NS, SAML, SAMLP, assertion_of, new_id, sign, signature_of, signed

EVIL = "urn:evil"


def stranger(name, *children, namespace=SAML):
    node = etree.Element(f"{{{namespace}}}{name}")
    node.extend(children)
    return node


def pieces(f):
    """An honest response of the attacker, its signed assertion out of it, and an unsigned assertion about the victim."""
    root = signed(f.mine, f.key)
    original = assertion_of(root)
    forged = assertion_of(f.forged.tree())
    root.remove(original)
    return root, original, forged


def before(root, original, forged):
    root.extend([forged, original])


def after(root, original, forged):
    root.extend([original, forged])


def in_forged(root, original, forged):
    forged.append(original)
    root.append(forged)


def forged_in_original(root, original, forged):
    original.append(forged)
    root.append(original)


def in_object(root, original, forged):
    """The signature moves to the forged assertion and carries the original in an Object."""
    signature = signature_of(original)
    original.remove(signature)
    holder = stranger("Object", original, namespace=DS)
    signature.append(holder)
    forged.insert(1, signature)
    root.append(forged)


def in_signature(root, original, forged):
    signature = signature_of(original)
    original.remove(signature)
    signature.append(original)
    forged.insert(1, signature)
    root.append(forged)


def in_key_info(root, original, forged):
    signature = signature_of(original)
    original.remove(signature)
    signature.find("ds:KeyInfo", NS).append(original)
    forged.insert(1, signature)
    root.append(forged)


def in_extensions(root, original, forged):
    root.insert(1, stranger("Extensions", original, namespace=SAMLP))
    root.append(forged)


def forged_in_extensions(root, original, forged):
    root.insert(1, stranger("Extensions", forged, namespace=SAMLP))
    root.append(original)


def in_status_detail(root, original, forged):
    root.find("samlp:Status", NS).append(stranger("StatusDetail", original, namespace=SAMLP))
    root.append(forged)


def in_advice(root, original, forged):
    forged.insert(3, stranger("Advice", original))
    root.append(forged)


def in_value(root, original, forged):
    forged.find(".//saml:AttributeStatement/saml:Attribute[2]/saml:AttributeValue", NS).append(original)
    root.append(forged)


def in_confirmation(root, original, forged):
    forged.find(".//saml:SubjectConfirmationData", NS).append(original)
    root.append(forged)


def in_stranger(root, original, forged):
    root.append(stranger("Box", original, namespace=EVIL))
    root.append(forged)


def renamed(root, original, forged):
    """The original as another element's content, under a name nobody signed: only its id is left."""
    root.append(stranger("Assertion", *original, namespace=EVIL))
    root[-1].set("ID", original.get("ID"))
    root.append(forged)


def detached(root, original, forged):
    """The original bare at the end, its signature in the forged assertion."""
    signature = signature_of(original)
    original.remove(signature)
    forged.insert(1, signature)
    root.extend([forged, original])


def signature_beside(root, original, forged):
    """The signature out of any assertion, before a forged one of the same form."""
    signature = signature_of(original)
    original.remove(signature)
    root.extend([signature, forged, original])


def copied_signature(root, original, forged):
    forged.insert(1, copy.deepcopy(signature_of(original)))
    root.append(forged)


PLACES = [before, after, in_forged, forged_in_original, in_object, in_signature, in_key_info, in_extensions, forged_in_extensions,
          in_status_detail, in_advice, in_value, in_confirmation, in_stranger, renamed, detached, signature_beside, copied_signature]


def another_id(forged, original):
    forged.set("ID", new_id())


def same_id(forged, original):
    forged.set("ID", original.get("ID"))


def no_id(forged, original):
    del forged.attrib["ID"]


def foreign_id(forged, original):
    """Its own ID, and the original's in a namespace of nobody's, which a careless reader takes for it."""
    forged.set(f"{{{EVIL}}}ID", original.get("ID"))


def lower_case_id(forged, original):
    forged.set("Id", original.get("ID"))


IDS = [another_id, same_id, no_id, foreign_id, lower_case_id]


def wrap(place, ids):
    def recipe(f):
        root, original, forged = pieces(f)
        ids(forged, original)
        place(root, original, forged)
        return root
    return recipe


def whole_response(inside):
    """XSW1 and XSW2: the Response is signed, and the whole original goes into (or before) the signature of a forged one."""
    def recipe(f):
        original = signed(f.mine, f.key, response=True)
        root = f.forged.tree()
        signature = signature_of(original)
        original.remove(signature)
        if inside:
            signature.append(stranger("Object", original, namespace=DS))
            root.insert(1, signature)
        else:
            root.insert(1, original)
            root.insert(2, signature)
        return root
    return recipe


def forged_response_signature(f):
    """The Response is signed by a stranger over a forged assertion; the honest one stands beside."""
    root, original, forged = pieces(f)
    before(root, original, forged)
    sign(root, f.stranger)
    return root


def table():
    for place in PLACES:
        for ids in IDS:
            yield f"{place.__name__}, {ids.__name__}".replace("_", " "), wrap(place, ids)
    yield "xsw1: the signed Response inside its signature", whole_response(True)
    yield "xsw2: the signed Response beside its signature", whole_response(False)
    yield "a stranger signs the Response around both", forged_response_signature
