//! What went wrong for others on this wire, by the name under which it was reported.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
mod common_json;

use common::*;
use pagopa::*;

#[test]
fn p4pa_a_request_without_transfer_type_or_amount_is_a_request() {
    for version in [Version::V1, Version::V2] {
        let bare = PaymentRequest {
            version,
            head: head(),
            qr_code: qr_code(),
            amount_cents: None,
            payment_note: None,
            transfer_type: None,
            due_on: None,
        };
        let read = Request::decode(Request::Payment(bare.clone()).encode().as_bytes()).unwrap();
        assert_eq!(read, Request::Payment(bare));
    }
}

#[test]
fn p4pa_a_metadata_value_that_is_null_is_left_out() {
    let text = serde_json::to_string(&common_json::biz_receipt()).unwrap();
    assert!(text.contains(r#""value":null"#), "{text}");
    let read: receipts::BizReceipt = serde_json::from_str(&text).unwrap();
    assert_eq!(read.receipt().unwrap().transfers[0].metadata, []);
}

#[test]
fn gpd_a_company_name_of_one_blank_is_no_name() {
    let sent = Request::Receipt(ReceiptRequest { version: Version::V2, head: head(), receipt: Box::new(receipt()) });
    let body =
        sent.encode().replace("<companyName>Comune Dimostrativo</companyName><IBAN>", "<companyName> </companyName><IBAN>");
    assert!(body.contains("<companyName> </companyName>"));
    let Ok(Request::Receipt(read)) = Request::decode(body.as_bytes()) else { panic!("not read") };
    assert_eq!(read.receipt.transfers[0].company_name, None);
}

#[test]
fn govpay_607_a_stand_in_flag_in_the_guides_spelling_is_understood_where_it_stands_alone() {
    let stand_in = Receipt { is_stand_in: true, ..receipt() };
    let sent = Request::Receipt(ReceiptRequest { version: Version::V2, head: head(), receipt: Box::new(stand_in) });
    for spelling in ["standIn", "standin"] {
        let body = sent.encode().replace("standIn>", &format!("{spelling}>"));
        let Ok(Request::Receipt(read)) = Request::decode(body.as_bytes()) else { panic!("{spelling} is not read") };
        assert!(read.receipt.is_stand_in, "{spelling}");
    }
}
