//! Reporting flows as files.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use jiff::civil::date;
use pagopa::fdr::*;

fn flow() -> Flow {
    let payment = |i: u8, amount_cents| Payment {
        iuv: format!("0100202600000017{i}"),
        iur: format!("iur-{i}"),
        index: (i != 3).then_some(1),
        amount_cents,
        outcome: OutcomeCode(i),
        paid_on: date(2026, 3, 10),
    };
    Flow {
        id: "2026-03-11AGID_01-1".into(),
        revision: None,
        flow_at: "2026-03-11T22:00:00Z".parse().unwrap(),
        regulation: "TRN & 1".into(),
        regulation_on: date(2026, 3, 11),
        bic: None,
        sender: Party { kind: PartyKind::Abi, code: "02008".into(), name: Some("Banca d'Élite & C.".into()) },
        receiver: Party { kind: PartyKind::LegalPerson, code: "77777777777".into(), name: None },
        count: 3,
        sum_cents: 4500,
        payments: vec![payment(0, 1999), payment(3, 1), payment(7, 2500)],
    }
}

#[test]
fn a_flow_goes_through_a_file_and_keeps_unknown_codes() {
    let read = read_file(write_file(&flow()).as_bytes()).unwrap();
    assert_eq!(read, flow());
    assert!(read.payments[0].outcome.is_collected());
    assert!(!read.payments[1].outcome.is_collected(), "revoked");
    assert!(!read.payments[2].outcome.is_collected(), "a code nobody knows is for a person to judge");
}

#[test]
fn any_prefix_will_do_and_unqualified_children_will_not() {
    let plain = write_file(&flow());
    let prefixed = plain.replace("<", "<p:").replace("<p:/", "</p:").replace("<p:?", "<?").replace("xmlns=", "xmlns:p=");
    assert_eq!(read_file(prefixed.as_bytes()).unwrap(), flow());
    let unqualified = plain.replace("<versioneOggetto>", "<versioneOggetto xmlns=\"\">");
    assert!(matches!(read_file(unqualified.as_bytes()), Err(FileError::NotAFlow(_))));
}

#[test]
fn a_flow_that_does_not_add_up_is_refused_by_name() {
    let refused = |flow: Flow| read_file(write_file(&flow).as_bytes()).unwrap_err();
    assert_eq!(refused(Flow { count: 4, ..flow() }), FileError::Totals(Mismatch::Count { said: 4, found: 3 }));
    assert_eq!(refused(Flow { sum_cents: 4501, ..flow() }), FileError::Totals(Mismatch::Sum { said: 4501, found: 4500 }));
    let mut twice = flow();
    twice.payments.push(twice.payments[0].clone());
    let twice = Flow { count: 4, sum_cents: 6499, ..twice };
    assert!(matches!(refused(twice), FileError::Totals(Mismatch::Repeated { .. })));
}

#[test]
fn what_is_no_flow_is_refused_whole() {
    let file = write_file(&flow());
    for broken in [
        file.replace("FlussoRiversamento", "Flusso"),
        file.replace("digitpa", "altro"),
        file.replace("19.99", "19.9"),
        file.replace("<dataRegolamento>2026-03-11", "<dataRegolamento>2026-02-30"),
        file.replace("<codiceEsitoSingoloPagamento>7", "<codiceEsitoSingoloPagamento>x"),
        file.replace("<numeroTotalePagamenti>3</numeroTotalePagamenti>", ""),
    ] {
        assert!(matches!(read_file(broken.as_bytes()), Err(FileError::NotAFlow(_))), "{broken}");
    }
    let bomb = file.replacen("<Flusso", "<!DOCTYPE a [<!ENTITY b \"c\">]><Flusso", 1);
    assert!(matches!(read_file(bomb.as_bytes()), Err(FileError::NotXml(_))));
    assert!(matches!(read_file(&file.as_bytes()[..200]), Err(FileError::NotXml(_))));
    assert!(matches!(read_file(&vec![b' '; MAX_FILE_BYTES + 1]), Err(FileError::TooLarge)));
}

#[test]
fn twenty_thousand_payments_are_one_flow() {
    let one = flow().payments.remove(0);
    let payments: Vec<Payment> = (0..20_000).map(|i| Payment { iur: format!("iur-{i}"), ..one.clone() }).collect();
    let large = Flow { count: 20_000, sum_cents: 20_000 * 1999, payments, ..flow() };
    assert_eq!(read_file(write_file(&large).as_bytes()).unwrap().payments.len(), 20_000);
}
