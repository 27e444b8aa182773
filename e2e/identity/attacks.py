"""Proves over HTTP that nobody can borrow a codice fiscale: every case of the tables, against the program running a demo town.

    CAMPANELLA=target/debug/campanella python e2e/identity/attacks.py [words of the cases to run]

A message that must be refused has to leave no session, answer 400, 401, 403, 413 or 422 and say nothing of what it held; then the
same browser posts an honest answer to the same request, which has to get in: a forged one burns nothing, and no case passes because
nothing would. Prints a line per failure and the number of cases; ends with 1 if one failed.
"""

import sys
from dataclasses import dataclass

from lxml import etree

import cases
import flows
import logout
import registry
from bench import Bench
from signer import Draft, Key, b64
from town import Town

REFUSALS = (400, 401, 403, 422)


@dataclass
class Forge:
    """What a recipe may use."""

    mine: Draft
    forged: Draft
    victim: object
    key: Key
    other_key: Key
    encryption_key: Key
    stranger: Key
    namesake: Key


def encoded(message):
    if isinstance(message, etree._Element):
        message = etree.tostring(message)
    return b64(message.encode() if isinstance(message, str) else message)


def forge(bench, request):
    mine = bench.draft(request)
    forged = bench.draft(request, bench.victim)
    keys = {name: getattr(bench, name) for name in ("key", "other_key", "encryption_key", "stranger", "namesake")}
    return Forge(mine, forged, bench.victim, **keys)


def run_message(bench, recipe, accepted, status):
    browser = bench.browser()
    request = browser.start(bench.idp)
    message = encoded(recipe(forge(bench, request)))
    answer = browser.answer(message, request.relay_state)
    if accepted:
        bench.must_be_in(browser, answer)
        return
    bench.must_be_out(browser, answer, request, statuses=(status,) if status else REFUSALS)
    assert browser.personal_area() is None, "a session was opened"
    honest = browser.answer(encoded(cases.honest(forge(bench, request))), request.relay_state)
    bench.must_be_in(browser, honest)


def all_cases(bench):
    for family, name, recipe, accepted, status in cases.table():
        yield f"{family}: {name}", lambda r=recipe, a=accepted, s=status: run_message(bench, r, a, s)
    for name, flow in flows.table():
        yield f"flow: {name}", lambda f=flow: f(bench)
    if logout.built(bench.browser()):
        for name, send in logout.FORGED:
            yield f"logout: {name}", lambda s=send: logout.run(bench, s)
    if registry.built():
        for name, make, certificate in registry.FORGED:
            yield f"registry: {name}", lambda m=make, c=certificate: registry.run(bench, m, c)


def main(words):
    bench = Bench()
    run, failed = 0, 0
    with Town(bench.metadata()) as town:
        bench.enter(town)
        for name, case in all_cases(bench):
            if words and not any(word in name for word in words):
                continue
            run += 1
            try:
                case()
            except flows.NotBuilt as reason:
                print(f"skipped: {name}: {reason}")
                run -= 1
            except Exception as error:  # a case that cannot be run has failed
                failed += 1
                print(f"FAILED: {name}: {type(error).__name__}: {error}", flush=True)
    print(f"{run} hostile and honest cases, {failed} failed")
    return 1 if failed or not run else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
