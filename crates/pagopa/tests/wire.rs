//! Requests and answers through the bytes they travel as.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::*;
use pagopa::*;

fn refusal(body: &str) -> Refusal {
    Request::decode(body.as_bytes()).unwrap_err()
}

fn fault_of(body: &str) -> (Operation, FaultCode) {
    match refusal(body) {
        Refusal::Invalid { operation, fault } => (operation, fault.known_code().unwrap()),
        other => panic!("{other:?}"),
    }
}

fn verify_body() -> String {
    requests()[0].encode()
}

#[test]
fn every_request_is_read_as_it_was_written() {
    for request in requests() {
        assert_eq!(Request::decode(request.encode().as_bytes()), Ok(request));
    }
}

#[test]
fn every_answer_is_read_as_it_was_written() {
    for response in responses() {
        let text = response.encode().unwrap();
        assert_eq!(Response::decode(text.as_bytes()), Ok(response), "{text}");
    }
}

#[test]
fn any_prefix_and_the_default_namespace_are_read() {
    let expected = Ok(requests()[0].clone());
    let payload = "http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd";
    let soap = "http://schemas.xmlsoap.org/soap/envelope/";
    let children = "<idPA>77777777777</idPA><idBrokerPA>88888888888</idBrokerPA><idStation>88888888888_01</idStation>\
                    <qrCode><fiscalCode>77777777777</fiscalCode><noticeNumber>301002026000000178</noticeNumber></qrCode>";
    for prefix in ["paf", "pafn", "nod", "ns0"] {
        let body = format!(
            "<S:Envelope xmlns:S=\"{soap}\" xmlns:{prefix}=\"{payload}\"><S:Header/><S:Body>\n <{prefix}:paVerifyPaymentNoticeReq>{children}\
             </{prefix}:paVerifyPaymentNoticeReq>\n</S:Body></S:Envelope>"
        );
        assert_eq!(Request::decode(body.as_bytes()), expected, "{prefix}");
    }
    let plain = children.replace("<idPA>", "<idPA xmlns=\"\">").replace("<idBrokerPA>", "<idBrokerPA xmlns=\"\">");
    let plain = plain.replace("<idStation>", "<idStation xmlns=\"\">").replace("<qrCode>", "<qrCode xmlns=\"\">");
    let body = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><!-- x --><Envelope xmlns=\"{soap}\"><Body><paVerifyPaymentNoticeReq xmlns=\"{payload}\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a b\">{plain}</paVerifyPaymentNoticeReq></Body></Envelope>"
    );
    assert_eq!(Request::decode(body.as_bytes()), expected);
    let qualified = format!(
        "<Envelope xmlns=\"{soap}\"><Body><paVerifyPaymentNoticeReq xmlns=\"{payload}\">{children}</paVerifyPaymentNoticeReq></Body></Envelope>"
    );
    assert_eq!(fault_of(&qualified), (Operation::VerifyPaymentNotice, FaultCode::SintassiXsd), "children belong to no namespace");
}

#[test]
fn what_the_schema_refuses_is_answered_by_the_operation() {
    let valid = verify_body();
    for (what, with) in [
        ("<idPA>77777777777</idPA>", ""),
        ("<idPA>77777777777</idPA>", "<idPA></idPA>"),
        ("<idPA>77777777777</idPA>", "<idPA>77777777777</idPA><idPA>77777777777</idPA>"),
        ("<idPA>77777777777</idPA>", "<idPA nuovo=\"1\">77777777777</idPA>"),
        ("<idPA>77777777777</idPA>", "<idPA><x/></idPA>"),
        ("<noticeNumber>301002026000000178</noticeNumber>", "<noticeNumber>30100202600000017</noticeNumber>"),
        ("<noticeNumber>301002026000000178</noticeNumber>", "<noticeNumber> 301002026000000178</noticeNumber>"),
        ("<fiscalCode>77777777777</fiscalCode>", "<fiscalCode>7777777777A</fiscalCode>"),
        ("</qrCode>", "</qrCode><amount>1.00</amount>"),
        ("</qrCode>", "</qrCode>parole"),
        ("<idBrokerPA>88888888888</idBrokerPA>", "<idBrokerPA>123456789012345678901234567890123456</idBrokerPA>"),
        (
            "<idBrokerPA>88888888888</idBrokerPA><idStation>88888888888_01</idStation>",
            "<idStation>88888888888_01</idStation><idBrokerPA>88888888888</idBrokerPA>",
        ),
    ] {
        let body = valid.replacen(what, with, 1);
        assert_ne!(body, valid);
        assert_eq!(fault_of(&body), (Operation::VerifyPaymentNotice, FaultCode::SintassiXsd), "{with}");
    }
}

#[test]
fn a_refused_request_still_names_the_institution() {
    let body = verify_body().replace("<noticeNumber>301002026000000178</noticeNumber>", "");
    let Refusal::Invalid { operation, fault } = refusal(&body) else { panic!("expected a refusal of the operation") };
    assert_eq!(fault.id, "77777777777");
    let answer = Response::refuse(operation, fault).encode().unwrap();
    assert!(
        answer.contains("<paf:paVerifyPaymentNoticeRes><outcome>KO</outcome><fault><faultCode>PAA_SINTASSI_XSD</faultCode>"),
        "{answer}"
    );
}

#[test]
fn a_body_with_two_requests_breaks_the_envelope() {
    let valid = verify_body();
    let start = valid.find("<paf:").unwrap();
    let end = valid.find("</soapenv:Body>").unwrap();
    let twice = format!("{}{}{}", &valid[..end], &valid[start..end], &valid[end..]);
    assert_eq!(fault_of(&twice), (Operation::VerifyPaymentNotice, FaultCode::SintassiExtraXsd));
}

#[test]
fn what_no_operation_can_answer_is_a_soap_fault() {
    let valid = verify_body();
    let soap = "http://schemas.xmlsoap.org/soap/envelope/";
    for body in [
        String::new(),
        "ciao".to_owned(),
        valid[..valid.len() - 10].to_owned(),
        format!("<S:Envelope xmlns:S=\"{soap}\"><S:Body/></S:Envelope>"),
        format!("<S:Envelope xmlns:S=\"{soap}\"/>"),
        valid.replace("paVerifyPaymentNoticeReq", "paUnknownReq"),
        valid.replace("pa/paForNode.xsd", "pa/other.xsd"),
        valid.replacen("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<!DOCTYPE x [<!ENTITY e \"1\">]>", 1),
        format!("{}{}", " ".repeat(MAX_BODY_BYTES), valid),
    ] {
        let Refusal::Soap(fault) = refusal(&body) else { panic!("{body:.80}") };
        assert_eq!(fault.code, SoapFaultCode::Client);
        assert!(fault.encode().contains("<faultcode>soapenv:Client</faultcode>"));
    }
    let newer = valid.replace(soap, "http://www.w3.org/2003/05/soap-envelope");
    let Refusal::Soap(fault) = refusal(&newer) else { panic!("another SOAP was read") };
    assert_eq!(fault.code, SoapFaultCode::VersionMismatch);
    assert!(Request::decode(&[0xff, 0xfe, 0x00]).is_err());
}

#[test]
fn a_payment_request_may_lack_every_option() {
    let request = Request::Payment(PaymentRequest {
        version: Version::V2,
        head: head(),
        qr_code: qr_code(),
        amount_cents: None,
        payment_note: None,
        transfer_type: None,
        due_on: None,
    });
    assert_eq!(Request::decode(request.encode().as_bytes()), Ok(request));
}

#[test]
fn a_due_date_may_carry_a_zone() {
    let body = requests()[2].encode().replace("2026-04-30", "2026-04-30+02:00");
    assert_eq!(Request::decode(body.as_bytes()), Ok(requests()[2].clone()));
}

#[test]
fn the_stand_in_flag_is_read_in_both_spellings() {
    let body = requests()[5].encode();
    assert!(body.contains("<standIn>true</standIn>"));
    let other = body.replace("standIn", "standin");
    assert_eq!(Request::decode(other.as_bytes()), Ok(requests()[5].clone()));
}

#[test]
fn words_are_cut_to_their_field_by_characters() {
    let long = Payment {
        debtor: Subject {
            full_name: "È".repeat(90),
            street: Some("ù".repeat(90)),
            email: Some("maría@example.it".into()),
            ..debtor()
        },
        description: "à".repeat(200),
        ..payment(vec![transfer(1, 4500)])
    };
    let text = Response::Payment(Version::V2, Ok(Box::new(long))).encode().unwrap();
    let Response::Payment(_, Ok(read)) = Response::decode(text.as_bytes()).unwrap() else { panic!("{text}") };
    assert_eq!(read.debtor.full_name.chars().count(), 70);
    assert_eq!(read.description.chars().count(), 140);
    assert_eq!(read.debtor.email, None, "an address the schema cannot hold is left out");
}

#[test]
fn an_answer_the_node_would_refuse_is_never_sent() {
    let encode = |payment: Payment| Response::Payment(Version::V2, Ok(Box::new(payment))).encode();
    let short = Payment { amount_cents: 4501, ..payment(vec![transfer(1, 4500)]) };
    assert_eq!(encode(short), Err(EncodeError::Sum { transfers_cents: 4500, amount_cents: 4501 }));
    for broken in [
        payment(vec![]),
        payment((1..=6).map(|i| transfer(i, 100)).collect()),
        payment(vec![transfer(1, 0)]),
        Payment { description: String::new(), ..payment(vec![transfer(1, 1)]) },
        Payment { debtor: Subject { identifier: "X".into(), ..debtor() }, ..payment(vec![transfer(1, 1)]) },
    ] {
        assert!(matches!(encode(broken), Err(EncodeError::Schema(_))));
    }
}

#[test]
fn an_answer_that_is_a_soap_fault_is_told_apart() {
    let fault = SoapFault::client("no").encode();
    assert_eq!(Response::decode(fault.as_bytes()), Err(ResponseError::SoapFault("no".into())));
    assert!(matches!(Response::decode(b"<html/>"), Err(ResponseError::Invalid(_))));
}
