"""Cases of several steps: replays, other browsers, other providers, other tenants, races, polluted forms."""

import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import requests

import logout
from signer import SAMLP, b64, instant, new_id, signed, text
from town import SESSION


class NotBuilt(Exception):
    """The door this case knocks at is not there."""


FLOWS = []


def flow(function):
    FLOWS.append((function.__name__.replace("_", " "), function))
    return function


def table():
    """(name, what runs it)."""
    return FLOWS


def answer_of(bench, request, key=None, **changes):
    """An honest answer in base64, or one with these changes of the draft."""
    return b64(text(signed(bench.draft(request, **changes), key or bench.key)).encode())


def started(bench, tenant="first", **options):
    browser = bench.browser(tenant)
    return browser, browser.start(options.pop("idp", bench.idp), **options)


def then_honest(bench, browser, request):
    """The pending request was not burnt."""
    bench.must_be_in(browser, browser.answer(answer_of(bench, request), request.relay_state))


def refused(bench, browser, answer, request=None, **options):
    bench.must_be_out(browser, answer, request, **options)
    assert browser.personal_area() is None, "a session was opened"


# Replays.

@flow
def the_same_answer_again_in_the_same_session(bench):
    browser, request = started(bench)
    message = answer_of(bench, request)
    bench.must_be_in(browser, browser.answer(message, request.relay_state))
    before = bench.sessions()
    # The page greets the person by name: they are in.
    bench.must_be_out(browser, browser.answer(message, request.relay_state), request, shown=[bench.attacker.family])
    assert bench.sessions() == before and browser.personal_area() is not None


@flow
def the_same_answer_in_another_browser(bench):
    browser, request = started(bench)
    message = answer_of(bench, request)
    bench.must_be_in(browser, browser.answer(message, request.relay_state))
    bare, (other, pending) = bench.browser(), started(bench)
    refused(bench, bare, bare.answer(message, request.relay_state), request)
    refused(bench, other, other.answer(message, request.relay_state), request)
    refused(bench, other, other.answer(message, pending.relay_state), request)
    then_honest(bench, other, pending)


@flow
def the_same_answer_after_signing_out(bench):
    browser, request = started(bench)
    message = answer_of(bench, request)
    bench.must_be_in(browser, browser.answer(message, request.relay_state))
    del browser.cookies[SESSION]
    pending = browser.start(bench.idp)
    for relay_state in (request.relay_state, pending.relay_state):
        refused(bench, browser, browser.answer(message, relay_state), request)
    then_honest(bench, browser, pending)


@flow
def one_assertion_for_two_requests(bench):
    browser, first = started(bench)
    draft = bench.draft(first)
    bench.must_be_in(browser, browser.answer(b64(text(signed(draft, bench.key)).encode()), first.relay_state))
    del browser.cookies[SESSION]
    second = browser.start(bench.idp)
    refused(bench, browser, browser.answer(answer_of(bench, second, assertion_id=draft.assertion_id), second.relay_state))
    then_honest(bench, browser, second)


@flow
def an_answer_nobody_asked_for(bench):
    request = started(bench)[1]
    for cookies in ({}, {"campanella_accesso": "0" * 64}):
        browser = bench.browser()
        browser.cookies = dict(cookies)
        for relay_state in ("", "0" * 64, request.relay_state):
            refused(bench, browser, browser.answer(answer_of(bench, request), relay_state), request)
            refused(bench, browser, browser.answer(answer_of(bench, request, answered=None, confirmed=None), relay_state), request)


# Browsers, and the handle that ties them to a request.

@flow
def the_attacker_s_answer_in_the_victim_s_browser(bench):
    attacker, request = started(bench)
    victim, pending = started(bench)
    message = answer_of(bench, request)
    refused(bench, victim, victim.answer(message, request.relay_state), request)
    refused(bench, victim, victim.answer(message, pending.relay_state), request)
    then_honest(bench, attacker, request)
    then_honest(bench, victim, pending)


@flow
def two_tabs_and_their_handles_exchanged(bench):
    browser, first = started(bench)
    second = browser.start(bench.idp)
    refused(bench, browser, browser.answer(answer_of(bench, first), second.relay_state), first)
    refused(bench, browser, browser.answer(answer_of(bench, second), first.relay_state), second)
    then_honest(bench, browser, first)
    then_honest(bench, browser, second)


@flow
def a_relay_state_that_is_an_address(bench):
    for relay_state in ("https://evil.example/", "//evil.example", "/area-personale", "javascript:alert(1)", ""):
        browser, request = started(bench)
        refused(bench, browser, browser.answer(answer_of(bench, request), relay_state), request)
        then_honest(bench, browser, request)


@flow
def a_way_back_that_leads_elsewhere(bench):
    for back in ("https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "javascript:alert(1)",
                 "/%2f/evil.example", "@evil.example"):
        browser, request = started(bench, back=back)
        answer = browser.answer(answer_of(bench, request), request.relay_state)
        bench.must_be_in(browser, answer)
        location = answer.headers["Location"]
        assert location.startswith("/") and location[1:2] not in ("/", "\\", "\t"), f"{back} leads to {location}"


@flow
def a_relay_state_says_nothing(bench):
    handles = {started(bench, back="/area-personale/ricariche")[1].relay_state for _ in range(5)}
    assert len(handles) == 5 and all(len(h) >= 32 and "http" not in h and "/" not in h for h in handles)


@flow
def a_session_id_put_there_before(bench):
    planted = "a" * 64
    browser = bench.browser()
    browser.cookies[SESSION] = planted
    request = browser.start(bench.idp)
    bench.must_be_in(browser, browser.answer(answer_of(bench, request), request.relay_state))
    first = browser.cookies[SESSION]
    thief = bench.browser()
    thief.cookies[SESSION] = planted
    assert first != planted and thief.personal_area() is None
    again = browser.start(bench.idp)
    bench.must_be_in(browser, browser.answer(answer_of(bench, again), again.relay_state))
    assert browser.cookies[SESSION] != first, "the session kept its id through a sign-in"


@flow
def the_cookies_of_a_session_are_for_the_server_alone(bench):
    browser, request = started(bench)
    line = browser.answer(answer_of(bench, request), request.relay_state).headers["set-cookie"]
    assert "HttpOnly" in line and "SameSite=Lax" in line and "Domain" not in line, line


@flow
def a_request_that_waited_too_long(bench):
    browser, request = started(bench)
    bench.write("update sign_in_request set expires_at = ? where request_id = ?", instant(-1).replace("Z", ".000000Z"), request.id)
    refused(bench, browser, browser.answer(answer_of(bench, request), request.relay_state), request)


# Races.

def at_once(bench, browser, posts):
    """Sends these at the same moment, each on a connection of its own; the statuses, sorted."""
    gate = threading.Barrier(len(posts))

    def send(fields):
        gate.wait()
        headers = {"Host": browser.host, "Cookie": "; ".join(f"{n}={v}" for n, v in browser.cookies.items())}
        return requests.post(f"{bench.town.portal}/spid/acs", data=fields, headers=headers, allow_redirects=False, timeout=60).status_code
    with ThreadPoolExecutor(len(posts)) as pool:
        return sorted(pool.map(send, posts))


@flow
def fifty_posts_of_one_answer_at_once(bench):
    browser, request = started(bench)
    before = len(bench.sessions())
    fields = {"SAMLResponse": answer_of(bench, request), "RelayState": request.relay_state}
    statuses = at_once(bench, browser, [fields] * 50)
    assert statuses == [303] + [403] * 49, statuses
    assert len(bench.sessions()) == before + 1


@flow
def fifty_answers_to_one_request_at_once(bench):
    browser, request = started(bench)
    before = len(bench.sessions())
    statuses = at_once(bench, browser, [{"SAMLResponse": answer_of(bench, request), "RelayState": request.relay_state} for _ in range(50)])
    assert statuses == [303] + [403] * 49, statuses
    assert len(bench.sessions()) == before + 1


# Providers, schemes, tenants.

@flow
def another_provider_answers(bench):
    for changes in ({"idp": bench.other_idp}, {"idp": bench.idp}):
        browser, request = started(bench)
        refused(bench, browser, browser.answer(answer_of(bench, request, bench.other_key, **changes), request.relay_state), request)
        then_honest(bench, browser, request)


@flow
def another_provider_answers_the_other_way_round(bench):
    browser, request = started(bench, idp=bench.other_idp)
    for changes in ({"idp": bench.other_idp}, {"idp": bench.idp}):
        refused(bench, browser, browser.answer(answer_of(bench, request, **changes), request.relay_state), request)
    good = answer_of(bench, request, bench.other_key, idp=bench.other_idp)
    bench.must_be_in(browser, browser.answer(good, request.relay_state))


@flow
def a_provider_nobody_trusts(bench):
    for idp in ("https://evil.example", bench.idp + "/", bench.idp.upper(), "", "../idp", "' or 1=1 --", "javascript:alert(1)"):
        page = bench.browser().get("/spid/login?" + urlencode({"idp": idp}))
        assert page.status_code in (400, 404), f"{idp}: {page.status_code}"
        assert 'href="javascript' not in page.text and 'action="javascript' not in page.text


@flow
def cie_by_the_same_rules(bench):
    browser, request = started(bench, scheme="cie")
    forged = text(signed(bench.draft(request, bench.victim), bench.stranger))
    bench.must_be_out(browser, browser.answer(b64(forged.encode()), request.relay_state, "cie"), request)
    good = answer_of(bench, request, issuer_format=None)
    bench.must_be_in(browser, browser.answer(good, request.relay_state, "cie"))


@flow
def an_answer_by_the_other_scheme_s_door(bench):
    for scheme, other in (("spid", "cie"), ("cie", "spid")):
        browser, request = started(bench, scheme=scheme)
        message = answer_of(bench, request)
        refused(bench, browser, browser.answer(message, request.relay_state, other), request)
        pending = browser.start(bench.idp, scheme=other)
        refused(bench, browser, browser.answer(message, pending.relay_state, other), request)
        bench.must_be_in(browser, browser.answer(message, request.relay_state, scheme))


@flow
def an_answer_for_one_comune_at_the_other(bench):
    for here, there in (("first", "second"), ("second", "first")):
        browser, request = started(bench, here)
        neighbour, pending = started(bench, there)
        message = answer_of(bench, request)
        refused(bench, neighbour, neighbour.answer(message, request.relay_state), request)
        refused(bench, neighbour, neighbour.answer(message, pending.relay_state), request)
        # Made for the neighbour's request and door, but by a provider that thinks of this Comune.
        refused(bench, neighbour, neighbour.answer(answer_of(bench, pending, audience=request.issuer), pending.relay_state), pending)
        neighbour.cookies = dict(browser.cookies)
        refused(bench, neighbour, neighbour.answer(message, request.relay_state), request)
        assert browser.answer(message, request.relay_state).status_code == 303


@flow
def a_session_of_one_comune_at_the_other(bench):
    browser, request = started(bench)
    then_honest(bench, browser, request)
    neighbour = bench.browser("second")
    neighbour.cookies = dict(browser.cookies)
    assert neighbour.personal_area() is None


@flow
def a_host_nobody_has(bench):
    browser, request = started(bench)
    browser.host = "evil.example"
    bench.must_be_out(browser, browser.answer(answer_of(bench, request), request.relay_state), request, (400, 404))


# Forms.

def sent(bench, browser, body, path="/spid/acs", content_type="application/x-www-form-urlencoded"):
    return browser.send("POST", path, data=body, headers={"Content-Type": content_type})


@flow
def a_field_twice(bench):
    browser, request = started(bench)
    good, bad = answer_of(bench, request), b64(text(bench.draft(request, bench.victim).tree()).encode())
    relay = ("RelayState", request.relay_state)
    bodies = [[("SAMLResponse", good), ("SAMLResponse", bad), relay], [("SAMLResponse", bad), ("SAMLResponse", good), relay],
              [("SAMLResponse", good), ("SAMLResponse", good), relay], [("SAMLResponse", good), relay, ("RelayState", "x")],
              [("SAMLResponse", good), ("RelayState", "x"), relay], [("SAMLResponse", good), relay, relay],
              [("SAMLResponse[]", good), relay], [("SAMLResponse", good)], [relay], [("samlresponse", good), relay], []]
    for body in bodies:
        refused(bench, browser, sent(bench, browser, urlencode(body)), request)
    then_honest(bench, browser, request)


@flow
def fields_in_the_address(bench):
    browser, request = started(bench)
    good, bad = answer_of(bench, request), b64(text(bench.draft(request, bench.victim).tree()).encode())
    both = {"SAMLResponse": good, "RelayState": request.relay_state}
    for query, body in ((both, {}), ({"SAMLResponse": bad}, both), ({"RelayState": "x"}, both), ({"SAMLResponse": good}, {"RelayState": request.relay_state}),
                        ({"RelayState": request.relay_state}, {"SAMLResponse": good})):
        answer = sent(bench, browser, urlencode(body), "/spid/acs?" + urlencode(query))
        # The page's own address is in its links.
        refused(bench, browser, answer, request, shown=["SAMLResponse", request.relay_state])
    assert browser.get("/spid/acs?" + urlencode(both)).status_code == 405
    assert browser.personal_area() is None
    then_honest(bench, browser, request)


@flow
def bodies_that_are_no_form(bench):
    browser, request = started(bench)
    bodies = [(b"\xff\xfe", "application/x-www-form-urlencoded"), (b"%ff%fe=1", "application/x-www-form-urlencoded"), (b"{}", "application/json"),
              (b"SAMLResponse=%%%&RelayState=%", "application/x-www-form-urlencoded"), (b"--x\r\n", "multipart/form-data; boundary=x"), (b"", "text/plain")]
    for body, content_type in bodies:
        refused(bench, browser, sent(bench, browser, body, content_type=content_type), request)
    message = answer_of(bench, request)
    for broken in ("%" + message, message[:-3], message + "!", message.replace("A", "-", 1), "="):
        refused(bench, browser, browser.answer(broken, request.relay_state), request)
    then_honest(bench, browser, request)


# What a provider says when the person did not get in.

def error_of(request, bench, number, **changes):
    told = {"answered": request.id, "destination": request.acs, "issuer": bench.idp, "message": f"ErrorCode nr{number}", **changes}
    return b64(
        (f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{new_id()}" Version="2.0" IssueInstant="{instant()}" '
         f'InResponseTo="{told["answered"]}" Destination="{told["destination"]}"><saml:Issuer>{told["issuer"]}</saml:Issuer><samlp:Status>'
         f'<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"/><samlp:StatusMessage>{told["message"]}</samlp:StatusMessage>'
         f'</samlp:Status></samlp:Response>').encode())


@flow
def an_unsigned_error_chooses_a_page_and_burns_nothing(bench):
    browser, request = started(bench)
    pages = set()
    for number in (19, 20, 21, 22, 23, 25, 30):
        answer = browser.answer(error_of(request, bench, number), request.relay_state)
        refused(bench, browser, answer, request)
        pages.add(answer.text.split("<h1>")[1].split("</h1>")[0])
    assert len(pages) >= 6, pages
    then_honest(bench, browser, request)


@flow
def an_unsigned_error_of_another_request_chooses_nothing(bench):
    browser, request = started(bench)
    cancelled = browser.answer(error_of(request, bench, 25), request.relay_state).text
    for changes in ({"answered": "_x"}, {"destination": "https://evil.example"}, {"issuer": bench.other_idp}):
        answer = browser.answer(error_of(request, bench, 25, **changes), request.relay_state)
        refused(bench, browser, answer, request)
        assert answer.text.split("<h1>")[1].split("</h1>")[0] not in cancelled
    stranger = bench.browser()
    refused(bench, stranger, stranger.answer(error_of(request, bench, 25), request.relay_state), request)


@flow
def markup_in_an_error_is_not_shown(bench):
    browser, request = started(bench)
    for message in ("&lt;script&gt;xsw&lt;/script&gt;", "ErrorCode nr25&lt;b&gt;xsw", "ErrorCode nr99999999999", "ErrorCode nr-1", ""):
        refused(bench, browser, browser.answer(error_of(request, bench, 0, message=message), request.relay_state), request)
    then_honest(bench, browser, request)


# Logout.

@flow
def a_provider_ends_its_session_by_either_binding(bench):
    door_of_logout(bench)
    for scheme in ("spid", "cie"):
        for send in (lambda s: logout.by_form(s, logout.with_signature(logout.request(s), bench.key)),
                     lambda s: logout.by_address(s, logout.query_of(logout.request(s), bench.key))):
            session = logout.Session(bench, scheme=scheme)
            answer = send(session)
            assert answer.status_code in (200, 302, 303) and not session.alive(), answer.status_code


@flow
def a_provider_ends_no_session_of_another_provider_or_person(bench):
    door_of_logout(bench)
    mine, theirs = logout.Session(bench), logout.Session(bench)
    logout.by_form(mine, logout.with_signature(logout.request(mine, issuer=bench.other_idp), bench.other_key))
    assert mine.alive() and theirs.alive()
    logout.by_form(theirs, logout.with_signature(logout.request(theirs), bench.key))
    assert mine.alive() and not theirs.alive()


@flow
def a_logout_of_one_comune_at_the_other(bench):
    door_of_logout(bench)
    here, there = logout.Session(bench), logout.Session(bench, "second")
    message = logout.with_signature(logout.request(here), bench.key)
    assert logout.by_form(there, message).status_code in (400, 403)
    logout.by_form(there, logout.with_signature(logout.request(there, name_id=here.name_id), bench.key))
    assert here.alive() and there.alive()


def door_of_logout(bench):
    if not logout.built(bench.browser()):
        raise NotBuilt("there is no /spid/slo")
