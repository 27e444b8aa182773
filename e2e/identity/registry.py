"""Forged registries of identity providers: whom a Comune trusts is decided by who signed the list, and by nobody else."""

import subprocess

from lxml import etree

from signer import DS, RSA_SHA256, Key, instant, metadata, new_id, sign, text
from town import BINARY

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
EVIL, GOOD = "https://evil.test", "https://good.test"


def listed(*entities, until=None):
    root = etree.fromstring(f'<md:EntitiesDescriptor xmlns:md="{MD}" ID="{new_id()}" validUntil="{until or instant(86400)}"/>')
    root.extend(etree.fromstring(e) for e in entities)
    return root


def published(key, *entities, until=None, **how):
    """A list as its publisher signs it."""
    root = listed(*entities, until=until)
    sign(root, key, place=0, **how)
    return root


class Lists:
    """The publisher, an honest provider, an evil one, and how the command takes a list."""

    def __init__(self, bench):
        self.bench, self.publisher, self.stranger = bench, Key("publisher"), bench.stranger
        self.good, self.evil = metadata(GOOD, bench.other_key), metadata(EVIL, bench.stranger)

    def take(self, document, certificate=True):
        folder = self.bench.town.folder
        file, pem = folder / "registry.xml", folder / "publisher.pem"
        file.write_bytes(document.encode() if isinstance(document, str) else etree.tostring(document))
        pem.write_bytes(self.publisher.pem)
        command = [BINARY, "idp", "import", "--database", f"sqlite:{folder}/town.sqlite", "--all", "--scheme", "spid", str(file)]
        return subprocess.run(command + (["--certificate", str(pem)] if certificate else []), capture_output=True, text=True).returncode

    def trusted(self, entity_id):
        page = self.bench.browser().get("/spid/login", params={"idp": entity_id})
        assert page.status_code in (200, 302, 400, 404), page.status_code
        return page.status_code in (200, 302)


def around(lists):
    """The honest list whole inside a forged one that carries its signature's place."""
    root = listed(lists.evil)
    root.append(published(lists.publisher, lists.good))
    return root


def moved_signature(lists):
    honest = published(lists.publisher, lists.good)
    root = listed(lists.evil)
    root.set("ID", honest.get("ID"))
    signature = honest[0]
    honest.remove(signature)
    box = etree.SubElement(signature, f"{{{DS}}}Object")
    box.append(honest)
    root.insert(0, signature)
    return root


def added(lists):
    root = published(lists.publisher, lists.good)
    root.append(etree.fromstring(lists.evil))
    return root


def signed_inside_only(lists):
    entity = etree.fromstring(lists.good)
    entity.set("ID", new_id())
    sign(entity, lists.publisher, place=0)
    root = listed(lists.evil)
    root.append(entity)
    return root


FORGED = [
    ("no signature", lambda l: listed(l.evil), True),
    ("no certificate to check it with", lambda l: published(l.publisher, l.evil), False),
    ("a stranger's signature", lambda l: published(l.stranger, l.evil), True),
    ("a stranger with the publisher's certificate beside", lambda l: published(l.stranger, l.evil, key_info=l.publisher.x509_data), True),
    ("a provider added after signing", added, True),
    ("a key changed after signing", lambda l: text(published(l.publisher, l.good)).replace(GOOD, EVIL), True),
    ("the honest list inside a forged one", around, True),
    ("the honest list inside the signature of a forged one", moved_signature, True),
    ("one provider signed, not the list", signed_inside_only, True),
    ("SHA-1", lambda l: published(l.publisher, l.evil, method=DS + "rsa-sha1"), True),
    ("HMAC with the certificate", lambda l: published(l.publisher, l.evil, method=RSA_SHA256.replace("rsa", "hmac"), secret=l.publisher.pem), True),
    ("the whole document", lambda l: published(l.publisher, l.evil, uri=""), True),
    ("over since yesterday", lambda l: published(l.publisher, l.evil, until=instant(-86400)), True),
    ("a DTD", lambda l: "<!DOCTYPE r>" + text(published(l.publisher, l.evil)), True),
    ("the same provider twice", lambda l: published(l.publisher, l.evil, l.evil), True),
    ("a list of nobody", lambda l: published(l.publisher), True),
    ("one provider by a stranger", lambda l: with_signature(etree.fromstring(l.evil), l.stranger), True),
]


def with_signature(entity, key):
    entity.set("ID", new_id())
    sign(entity, key, place=0)
    return entity


def built():
    return subprocess.run([BINARY, "idp", "import", "--help"], capture_output=True).returncode == 0


def run(bench, make, certificate):
    lists = Lists(bench)
    assert lists.take(make(lists), certificate) != 0, "the forged list was taken"
    assert not lists.trusted(EVIL), "the evil provider is asked"
    assert lists.take(published(lists.publisher, lists.good)) == 0, "the honest list was refused"
    assert lists.trusted(GOOD), "the honest provider is not asked"
