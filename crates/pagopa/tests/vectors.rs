//! Numbers and codes in public use, where a collection of them is at hand: `CAMPANELLA_PAGOPA_DATA` names a directory
//! with `vectors/*.json`. Skipped with words elsewhere; the unit tests hold the same rules.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::PathBuf;

use pagopa::*;
use serde_json::Value;

fn vectors(name: &str) -> Option<Value> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/pagopa");
    let directory = std::env::var_os("CAMPANELLA_PAGOPA_DATA").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let text = std::fs::read_to_string(directory.join("vectors").join(name)).ok();
    if text.is_none() {
        eprintln!("{name} not checked: set CAMPANELLA_PAGOPA_DATA to the directory that holds vectors/{name}");
    }
    Some(serde_json::from_str(&text?).unwrap())
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

/// The numbering that gave a number, and the base it was given for.
fn taken_apart(number: NoticeNumber) -> (Numbering, u64) {
    let digits = number.as_str();
    let code = digits[1..3].parse().unwrap();
    match number.aux() {
        0 => (Numbering::Application(code), digits[3..16].parse().unwrap()),
        1 => (Numbering::SingleIssuer, digits[1..].parse().unwrap()),
        2 => (Numbering::SingleIssuerChecked, digits[1..16].parse().unwrap()),
        _ => (Numbering::Segregated(code), digits[3..16].parse().unwrap()),
    }
}

#[test]
fn every_number_has_its_iuv_and_check_and_is_composed_again() {
    let Some(vectors) = vectors("notice_numbers.json") else { return };
    for vector in vectors["valid"].as_array().unwrap() {
        let number = NoticeNumber::parse(text(vector, "notice")).unwrap();
        assert!(number.has_valid_check(), "{number}");
        assert_eq!((number.iuv(), number.aux().to_string().as_str()), (text(vector, "iuv"), text(vector, "aux")));
        let (numbering, base) = taken_apart(number);
        assert_eq!(NoticeNumber::compose(numbering, base), Ok(number));
    }
    for vector in vectors["invalid_check_but_used_in_test_environments"].as_array().unwrap() {
        let number = NoticeNumber::parse(text(vector, "notice")).unwrap();
        let (numbering, base) = taken_apart(number);
        let right = NoticeNumber::compose(numbering, base).unwrap();
        assert!(!number.has_valid_check() && right.as_str().ends_with(text(vector, "expected_check")), "{number}");
    }
}

#[test]
fn every_code_is_read_and_written_again() {
    let Some(vectors) = vectors("qr_datamatrix.json") else { return };
    for vector in vectors["qr"].as_array().unwrap() {
        let qr = read_qr(text(vector, "string")).unwrap();
        if let Some(cents) = vector["fields"]["cents"].as_i64() {
            assert_eq!(qr.amount_cents, cents);
        }
        let again = qr_text(qr.notice_number, &qr.fiscal_code, qr.amount_cents);
        assert_eq!(read_qr(&again).unwrap(), qr);
    }
    for vector in vectors["datamatrix"].as_array().unwrap() {
        let (string, parsed) = (text(vector, "string"), &vector["parsed"]);
        let slip = read_datamatrix(string).unwrap();
        assert_eq!(slip.notice_number.as_str(), text(parsed, "notice"));
        assert_eq!(format!("{:010}", slip.amount_cents), text(parsed, "cents"));
        if string.len() == DATAMATRIX_LENGTH {
            assert_eq!(datamatrix_text(&slip).unwrap(), string);
        }
    }
}
