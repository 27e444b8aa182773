"""Starts the program on a demo town with our own identity providers trusted, and visits it as browsers do."""

import http.cookies
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import urllib.parse
from base64 import b64decode
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from shutil import rmtree

import requests
from lxml import etree

BINARY = os.environ.get("CAMPANELLA") or str(Path(os.environ.get("CARGO_TARGET_DIR", "target"), "release", "campanella"))
SESSION = "campanella_session"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Town:
    """A demo town; `metadata` are texts of more identity providers to trust."""

    def __init__(self, metadata=(), people=300):
        self.folder = Path(tempfile.mkdtemp(prefix="campanella-identity-"))
        self.port, self.sandbox_port, node = free_port(), free_port(), free_port()
        self.portal, self.sandbox = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.sandbox_port}"
        self.hosts = {"first": f"127.0.0.1:{self.port}", "second": f"pievelieta.localhost:{self.port}"}
        command = [BINARY, "demo", "--listen", self.hosts["first"], "--sandbox", f"127.0.0.1:{self.sandbox_port}", "--node",
                   f"127.0.0.1:{node}", "--database", f"sqlite:{self.folder}/town.sqlite", "--people", str(people), "--seed", "7"]
        for number, text in enumerate(metadata):
            file = self.folder / f"idp-{number}.xml"
            file.write_text(text)
            command += ["--trust-idp", str(file)]
        self.log = open(self.folder / "log", "w+")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            if line.startswith("ready "):
                return
        raise SystemExit(f"the program ended with {self.process.wait()}: {(self.folder / 'log').read_text()[-2000:]}")

    def personas(self):
        return requests.get(f"{self.sandbox}/personas", timeout=30).json()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        rmtree(self.folder, ignore_errors=True)


@dataclass
class Request:
    """An AuthnRequest as the provider got it."""

    id: str
    relay_state: str
    issuer: str
    destination: str
    acs: str
    xml: bytes


class Browser:
    """Keeps cookies, follows nothing."""

    def __init__(self, town, tenant="first", address=None):
        self.town, self.host = town, town.hosts[tenant]
        self.cookies = {}
        self.http = requests.Session()
        self.http.trust_env = False

    def send(self, method, path, **options):
        headers = {"Host": self.host, "Cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items()), **options.pop("headers", {})}
        answer = self.http.request(method, self.town.portal + path, headers=headers, allow_redirects=False, timeout=30, **options)
        self.http.cookies.clear()
        for line in answer.raw.headers.getlist("set-cookie"):
            for name, morsel in http.cookies.SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if not morsel.value:
                    del self.cookies[name]
        return answer

    def get(self, path, **options):
        return self.send("GET", path, **options)

    def start(self, idp, scheme="spid", back=None):
        """Asks to sign in with a provider; gives the request that goes to it."""
        query = urllib.parse.urlencode({"idp": idp, **({"poi": back} if back else {})})
        page = self.get(f"/{scheme}/login?{query}")
        assert page.status_code == 200, f"{scheme}/login: {page.status_code}"
        fields = dict(re.findall(r'name="(SAMLRequest|RelayState)" value="([^"]*)"', page.text))
        xml = b64decode(unescape(fields["SAMLRequest"]))
        root = etree.fromstring(xml)
        issuer = root.find("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer").text
        acs = issuer.removesuffix("/metadata") + "/acs"
        return Request(root.get("ID"), unescape(fields["RelayState"]), issuer, root.get("Destination"), acs, xml)

    def answer(self, response, relay_state, scheme="spid", **options):
        """Posts a response in base64 to the assertion consumer service."""
        fields = {"SAMLResponse": response, "RelayState": relay_state}
        return self.send("POST", f"/{scheme}/acs", data=fields, **options)

    def personal_area(self):
        """The page of whoever is signed in; None for nobody."""
        page = self.get("/area-personale")
        if page.status_code == 303 and urllib.parse.urlsplit(page.headers["Location"]).path == "/accedi":
            return None
        assert page.status_code in (200, 403), f"/area-personale: {page.status_code}"
        return page
