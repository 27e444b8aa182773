"""What a payment node asks of an institution, valid and not. A case takes the world and asserts; its name is a sentence."""
import concurrent.futures
import datetime
from decimal import Decimal

from node import envelope, person, question, receipt

CASES = []


class Skip(Exception):
    """The demo holds nothing to try this with."""


def case(function):
    CASES.append(function)
    return function


def code(answer):
    """The fault's code, or OK."""
    return "OK" if answer.outcome == "OK" else answer.fault.faultCode


def code_in(text):
    return text.split("<faultCode>")[1].split("</faultCode>")[0] if "<faultCode>" in text else "OK"


@case
def a_payable_notice_is_verified_with_its_amount(w):
    n = w.notice()
    answer = w.node.service.paVerifyPaymentNotice(**n.asked())
    option = answer.paymentList.paymentOptionDescription
    assert (code(answer), option.amount, option.options, answer.fiscalCodePA) == ("OK", n.amount, "EQ", n.pa), answer
    assert answer.companyName and answer.paymentDescription


@case
def both_versions_of_a_request_for_payment_give_the_same_payment(w):
    n = w.notice()
    for ask in (w.node.service.paGetPayment, w.node.service.paGetPaymentV2):
        data = ask(**n.asked()).data
        transfers = data.transferList.transfer
        assert data.creditorReferenceId == n.iuv and data.paymentAmount == n.amount, data
        assert sum(t.transferAmount for t in transfers) == n.amount and 1 <= len(transfers) <= 5
        assert data.dueDate and data.companyName and data.debtor.fullName


@case
def every_option_of_a_request_may_be_there_and_none_must(w):
    n = w.notice()
    zone = datetime.date(2026, 4, 30)
    for options in ({}, {"transferType": "POSTAL"}, {"transferType": "PAGOPA"}, {"amount": Decimal("0.00")},
                    {"amount": n.amount + 1, "paymentNote": "c-1", "transferType": "PAGOPA", "dueDate": zone}):
        answer = w.node.service.paGetPaymentV2(**n.asked(**options))
        assert answer.data.paymentAmount == n.amount, "ours is the amount, whatever was asked"


@case
def a_due_date_may_carry_a_zone(w):
    n = w.notice()
    for day in ("2026-04-30", "2026-04-30+02:00", "2026-04-30Z"):
        status, text = w.node.post(envelope("paGetPaymentV2Request", question(n, f"<dueDate>{day}</dueDate>")))
        assert (status, code_in(text)) == (200, "OK"), text


@case
def any_prefix_and_any_soap_action_will_do(w):
    n = w.notice()
    for prefix in ("paf", "pafn", "nod", "ns0", ""):
        for soap in ("soapenv", "soap", "SOAP-ENV"):
            status, text = w.node.post(envelope("paVerifyPaymentNoticeReq", question(n), prefix=prefix, soap=soap))
            assert (status, code_in(text)) == (200, "OK"), (prefix, soap, text)
    for action in ('"paVerifyPaymentNotice"', "paVerifyPaymentNotice", '""', "", None, '"paSendRT"'):
        status, text = w.node.post(envelope("paVerifyPaymentNoticeReq", question(n)), action)
        assert (status, code_in(text)) == (200, "OK"), (action, text)


@case
def a_byte_order_mark_a_declaration_and_comments_are_harmless(w):
    n = w.notice()
    body = envelope("paVerifyPaymentNoticeReq", "<!-- x -->" + question(n), before='<?xml version="1.0" encoding="UTF-8"?>')
    for start in (b"", b"\xef\xbb\xbf"):
        status, text = w.node.post(start + body.encode())
        assert (status, code_in(text)) == (200, "OK"), text


@case
def a_receipt_of_the_first_version_pays_once(w):
    n = w.notice()
    sent = receipt(n, w.fresh("v1"), version=1)
    assert code(w.node.service.paSendRT(**sent)) == "OK"
    assert code(w.node.service.paSendRT(**sent)) == "PAA_RECEIPT_DUPLICATA"
    assert code(w.node.service.paVerifyPaymentNotice(**n.asked())) == "PAA_PAGAMENTO_DUPLICATO"
    assert code(w.node.service.paGetPayment(**n.asked())) == "PAA_PAGAMENTO_DUPLICATO"


@case
def a_receipt_of_the_second_version_pays_once(w):
    n = w.notice()
    sent = receipt(n, w.fresh("v2"))
    assert code(w.node.service.paSendRTV2(**sent)) == "OK"
    assert code(w.node.service.paSendRTV2(**sent)) == "PAA_RECEIPT_DUPLICATA"
    assert code(w.node.service.paGetPaymentV2(**n.asked())) == "PAA_PAGAMENTO_DUPLICATO"


@case
def names_of_seventy_characters_with_accents_ampersands_and_quotes_are_taken(w):
    n = w.notice()
    name = ("D'Àlessandro & \"Figli\" <è> ò " + "ü" * 70)[:70]
    sent = receipt(n, w.fresh("names"), debtor=person(name), payer=person("é" * 70, "ANONIMO"))
    assert code(w.node.service.paSendRTV2(**sent)) == "OK"
    too_long = receipt(n, w.fresh("names"), debtor=person("é" * 71))
    assert code(w.node.service.paSendRTV2(**too_long)) == "PAA_SINTASSI_XSD"


@case
def fifty_equal_receipts_at_once_are_one(w):
    n = w.notice()
    sent = receipt(n, w.fresh("storm"))
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        codes = list(pool.map(lambda _: code(w.node.service.paSendRTV2(**sent)), range(50)))
    assert codes.count("OK") == 1 and codes.count("PAA_RECEIPT_DUPLICATA") == 49, codes


@case
def money_is_taken_whatever_the_receipt_says(w):
    n, other = w.notice(), w.notice()
    stranger = receipt(n, w.fresh("other-debtor"), debtor=person("Altra Persona", "BNCLRA80A41H501X"))
    assert code(w.node.service.paSendRTV2(**stranger)) == "OK", "another debtor"
    assert code(w.node.service.paSendRTV2(**receipt(n, w.fresh("double")))) == "OK", "a second payment"
    stand_in = receipt(other, w.fresh("stand-in"), amount=other.amount + 1, standIn=True)
    assert code(w.node.service.paSendRTV2(**stand_in)) == "OK", "a stand-in of another amount"
    moved = receipt(w.notice(), w.fresh("moved")) | {"idStation": "99999999999_07", "idBrokerPA": "99999999999"}
    assert code(w.node.service.paSendRTV2(**moved)) == "OK", "a station that was moved"
    unknown = w.notice(number="302000600008408304")
    assert code(w.node.service.paSendRTV2(**receipt(unknown, w.fresh("unknown")))) == "OK", "a notice nobody knows"


@case
def a_receipt_that_says_ko_is_refused_with_words(w):
    answer = w.node.service.paSendRTV2(**receipt(w.notice(), w.fresh("ko"), outcome="KO"))
    assert code(answer) == "PAA_SEMANTICA" and answer.fault.description


@case
def a_national_service_is_answered_ko(w):
    n = w.notice()
    ask = w.node.service.paDemandPaymentNotice
    answer = ask(**n.head(), idServizio="00001", idSoggettoServizio="00002", datiSpecificiServizioRequest=b"abc")
    assert code(answer) == "PAA_SYSTEM_ERROR"


@case
def who_is_asked_is_checked_before_the_notice(w):
    n = w.notice()
    verify = w.node.service.paVerifyPaymentNotice
    for changes, expected in [
        ({"idPA": "11111111111", "qrCode": {"fiscalCode": "11111111111", "noticeNumber": n.number}}, "PAA_ID_DOMINIO_ERRATO"),
        ({"qrCode": {"fiscalCode": "11111111111", "noticeNumber": n.number}}, "PAA_ID_DOMINIO_ERRATO"),
        ({"idBrokerPA": "11111111111"}, "PAA_ID_INTERMEDIARIO_ERRATO"),
        ({"idStation": "11111111111_01"}, "PAA_STAZIONE_INT_ERRATA"),
    ]:
        answer = verify(**n.asked(**changes))
        assert code(answer) == expected, answer
        assert code(w.node.service.paGetPaymentV2(**n.asked(**changes))) == expected
    gone = receipt(n, w.fresh("foreign")) | {"idPA": "11111111111"}
    assert code(w.node.service.paSendRTV2(**gone)) == "PAA_ID_DOMINIO_ERRATO"


@case
def a_notice_of_another_tenant_does_not_exist_for_this_one(w):
    mine, theirs = w.notice(), w.notice(of_another=True)
    for ask in (w.node.service.paVerifyPaymentNotice, w.node.service.paGetPaymentV2):
        borrowed = ask(**mine.asked(qrCode={"fiscalCode": mine.pa, "noticeNumber": theirs.number}))
        unknown = ask(**mine.asked(qrCode={"fiscalCode": mine.pa, "noticeNumber": "302000600008408304"}))
        assert code(borrowed) == code(unknown) == "PAA_PAGAMENTO_SCONOSCIUTO"
        assert borrowed.fault.faultString == unknown.fault.faultString
        assert borrowed.fault.description == unknown.fault.description
        crossed = ask(**mine.asked(qrCode={"fiscalCode": theirs.pa, "noticeNumber": theirs.number}))
        assert code(crossed) == "PAA_ID_DOMINIO_ERRATO"


@case
def a_paid_notice_is_a_duplicate(w):
    assert code(w.node.service.paVerifyPaymentNotice(**w.listed("paid").asked())) == "PAA_PAGAMENTO_DUPLICATO"


@case
def a_cancelled_notice_is_said_so_and_its_money_is_still_taken(w):
    n = w.notice()
    w.arrange("update debt_position set state = 'cancelled' where notice_number = ?", n.number)
    for ask in (w.node.service.paVerifyPaymentNotice, w.node.service.paGetPayment, w.node.service.paGetPaymentV2):
        assert code(ask(**n.asked())) == "PAA_PAGAMENTO_ANNULLATO"
    assert code(w.node.service.paSendRTV2(**receipt(n, w.fresh("late")))) == "OK"


@case
def a_notice_past_its_day_is_expired_only_where_the_institution_says_so(w):
    n = w.notice()
    w.arrange("update debt_position set due_on = '2025-01-31' where notice_number = ?", n.number)
    verify, accepts = w.node.service.paVerifyPaymentNotice, "update tenant_pagopa set accepts_after_due = ? where tenant_id = 1"
    w.arrange(accepts, 0)
    assert code(verify(**n.asked())) == code(w.node.service.paGetPaymentV2(**n.asked())) == "PAA_PAGAMENTO_SCADUTO"
    w.arrange(accepts, 1)
    assert code(verify(**n.asked())) == "OK"


@case
def what_breaks_the_schema_is_a_syntax_fault_of_its_operation(w):
    n = w.notice()
    whole = question(n)
    broken = [
        whole.replace(f"<noticeNumber>{n.number}", "<noticeNumber>12"), whole.replace("<idPA>", "<idPa>").replace("</idPA>", "</idPa>"),
        whole.replace("<idBrokerPA>", "<idBrokerPA/><idBrokerPA>", 1), whole + "<extra>1</extra>", "",
        whole.replace(f"<idPA>{n.pa}</idPA>", ""), whole.replace("<qrCode>", "text<qrCode>"),
    ]
    for content in broken:
        status, text = w.node.post(envelope("paVerifyPaymentNoticeReq", content))
        assert (status, code_in(text)) == (200, "PAA_SINTASSI_XSD"), (content, text)
        assert "paVerifyPaymentNoticeRes" in text
    for extra in ("<amount>1</amount>", "<amount/>", "<transferType>CASH</transferType>", "<dueDate>30/04/2026</dueDate>",
                  "<transferType>POSTAL</transferType><amount>1.00</amount>"):
        for operation in ("paGetPaymentReq", "paGetPaymentV2Request"):
            status, text = w.node.post(envelope(operation, question(n, extra)))
            assert (status, code_in(text)) == (200, "PAA_SINTASSI_XSD"), (extra, text)


@case
def children_in_the_payload_namespace_break_the_schema(w):
    content = question(w.notice()).replace("<idPA>", "<paf:idPA>").replace("</idPA>", "</paf:idPA>")
    status, text = w.node.post(envelope("paVerifyPaymentNoticeReq", content))
    assert (status, code_in(text)) == (200, "PAA_SINTASSI_XSD"), text


@case
def two_requests_in_one_body_break_the_envelope(w):
    once = envelope("paVerifyPaymentNoticeReq", question(w.notice()))
    start, end = once.index("<paf:"), once.index("</soapenv:Body>")
    status, text = w.node.post(once[:end] + once[start:end] + once[end:])
    assert (status, code_in(text)) == (200, "PAA_SINTASSI_EXTRAXSD"), text


@case
def what_cannot_be_read_is_a_soap_fault(w):
    valid = envelope("paVerifyPaymentNoticeReq", question(w.notice()))
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    outside = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
    for body in ["", "ciao", valid[:-20], valid.replace("paVerifyPaymentNoticeReq", "paInventaTutto"), bomb + valid,
                 outside + valid.replace("<idPA>", "<idPA>&f;"), valid.replace("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"),
                 "<a>" * 5000, valid.encode("utf-16")]:
        status, text = w.node.post(body)
        assert status == 500 and ":Fault>" in text and "faultstring" in text, (status, text[:300])


@case
def a_body_beyond_the_limit_is_refused_unread(w):
    status, _ = w.node.post(b"<a>" + b" " * (2 * 1024 * 1024))
    assert status == 413, status


@case
def only_a_post_is_a_question(w):
    assert w.node.session.get(w.node.url, timeout=10).status_code == 405
