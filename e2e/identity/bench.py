"""What the cases share: keys of our providers, who the attacker and the victim are, and what in and out mean."""

import sqlite3
from dataclasses import dataclass

from signer import Draft, Key, metadata
from town import SESSION, Browser


@dataclass
class Person:
    code: str
    name: str
    family: str


class Bench:
    def __init__(self):
        self.idp, self.other_idp = "https://idp-a.test", "https://idp-b.test"
        self.key, self.other_key, self.encryption_key = Key("A"), Key("B"), Key("A, encryption")
        self.stranger, self.namesake = Key("stranger"), Key("A")

    def metadata(self):
        return [metadata(self.idp, self.key, encryption=self.encryption_key), metadata(self.other_idp, self.other_key)]

    def enter(self, town):
        self.town = town
        known = [p for p in town.personas() if p["host"].split(":")[0] == "127.0.0.1" and len(p["fiscal_code"]) == 16]
        self.attacker, self.victim = (Person(p["fiscal_code"], *p["name"].split(" ", 1)) for p in known[:2])

    def browser(self, tenant="first"):
        return Browser(self.town, tenant)

    def draft(self, request, person=None, idp=None, **changes):
        """An honest draft of an answer to this request."""
        person = person or self.attacker
        made = Draft(idp=idp or self.idp, sp=request.issuer, acs=request.acs, request=request.id, code=person.code, name=person.name,
                     family=person.family)
        return made.but(**changes) if changes else made

    def rows(self, sql, *values):
        """What the database of the town says, read beside the program."""
        with sqlite3.connect(f"file:{self.town.folder}/town.sqlite?mode=ro", uri=True) as database:
            return database.execute(sql, values).fetchall()

    def write(self, sql, *values):
        """Moves the past of one row, for what nobody can wait for; must change it."""
        with sqlite3.connect(f"{self.town.folder}/town.sqlite", timeout=10) as database:
            assert database.execute(sql, values).rowcount == 1, "no such row"

    def sessions(self):
        """The codes of all sessions there have ever been, newest last."""
        return [code for (code,) in self.rows("select fiscal_code from session order by created_at, id")]

    def must_be_in(self, browser, answer, person=None):
        assert answer.status_code == 303, f"an honest answer was refused: {answer.status_code}"
        assert SESSION in answer.headers.get("set-cookie", ""), "no session"
        page, expected = browser.personal_area(), (person or self.attacker).code
        assert page is not None and page.status_code == 200, "nobody is in"
        assert self.sessions()[-1] == expected, "somebody else is in"
        assert "<script>alert" not in page.text, "a name became markup"

    def must_be_out(self, browser, answer, request=None, statuses=(400, 401, 403, 422), shown=()):
        """The answer is a refusal that opens nothing and tells nothing but what is `shown` anyhow."""
        assert answer.status_code in statuses, f"answered with {answer.status_code}"
        assert SESSION not in answer.headers.get("set-cookie", ""), "a session was given"
        secrets = [self.attacker.code, self.victim.code, self.attacker.family, self.victim.family, "TINIT", self.idp, self.other_idp,
                   "xsw", "Assertion", "SAMLResponse", "root:", "panicked"]
        secrets += [request.id, request.relay_state] if request else []
        leaked = [secret for secret in secrets if secret in answer.text and secret not in shown]
        assert not leaked, f"the page says {leaked}"
