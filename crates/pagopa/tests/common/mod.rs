//! Messages as a node and an institution exchange them.
#![allow(dead_code, reason = "each test file uses its part")]

use jiff::civil::date;
use pagopa::*;

pub fn notice() -> NoticeNumber {
    NoticeNumber::parse("301002026000000178").unwrap()
}

pub fn head() -> Head {
    Head { id_pa: "77777777777".into(), id_broker_pa: "88888888888".into(), id_station: "88888888888_01".into() }
}

pub fn qr_code() -> QrCode {
    QrCode { fiscal_code: "77777777777".into(), notice_number: notice() }
}

pub fn debtor() -> Subject {
    Subject {
        identifier: "RSSMRA80A01H501U".into(),
        full_name: "Maria D'Àlessandro & Figli".into(),
        street: Some("Via dei \"Pini\"".into()),
        civic_number: Some("12/b".into()),
        postal_code: Some("00100".into()),
        city: Some("Roma".into()),
        province: Some("RM".into()),
        country: Some("IT".into()),
        email: Some("maria@example.it".into()),
        ..Subject::default()
    }
}

pub fn transfer(index: u8, amount_cents: i64) -> Transfer {
    Transfer {
        index,
        amount_cents,
        fiscal_code_pa: "77777777777".into(),
        company_name: Some("Comune Dimostrativo".into()),
        destination: Destination::Iban("IT60X0542811101000000123456".into()),
        remittance_information: "Refezione scolastica marzo 2026".into(),
        category: "9/0107101TS/".into(),
        metadata: vec![("IBANAPPOGGIO".into(), "IT51X0760103200000001234567".into())],
    }
}

pub fn summary() -> PaymentSummary {
    PaymentSummary {
        amount_cents: 4500,
        due_on: Some(date(2026, 4, 30)),
        is_all_postal: false,
        description: "Refezione scolastica marzo 2026".into(),
        fiscal_code_pa: "77777777777".into(),
        company_name: "Comune Dimostrativo".into(),
        office_name: Some("Servizi scolastici".into()),
    }
}

pub fn payment(transfers: Vec<Transfer>) -> Payment {
    Payment {
        creditor_reference_id: notice().iuv().into(),
        amount_cents: transfers.iter().map(|t| t.amount_cents).sum(),
        due_on: date(2026, 4, 30),
        description: "Refezione scolastica marzo 2026".into(),
        company_name: "Comune Dimostrativo".into(),
        office_name: Some("Servizi scolastici".into()),
        debtor: debtor(),
        transfers,
        metadata: vec![("chiave".into(), "valore".into())],
    }
}

pub fn receipt() -> Receipt {
    Receipt {
        receipt_id: "c110729d258c4ab1b765fe902aae41d6".into(),
        notice_number: notice(),
        fiscal_code: "77777777777".into(),
        is_paid: true,
        creditor_reference_id: notice().iuv().into(),
        amount_cents: 4500,
        description: "Refezione scolastica marzo 2026".into(),
        company_name: "Comune Dimostrativo".into(),
        office_name: None,
        debtor: debtor(),
        transfers: vec![transfer(1, 4500)],
        psp: Psp {
            id: "AGID_01".into(),
            fiscal_code: Some("99999999999".into()),
            vat_number: None,
            company_name: "Banca di prova".into(),
            channel_id: "99999999999_01".into(),
            channel_description: "WISP".into(),
        },
        payer: Some(debtor()),
        payment_method: Some("creditCard".into()),
        payment_note: Some("c-7f3a".into()),
        fee_cents: Some(150),
        creditor_fee_cents: None,
        bundle_id: None,
        creditor_bundle_id: None,
        paid_at: "2026-03-10T09:15:30Z".parse().ok(),
        applied_on: Some(date(2026, 3, 10)),
        transferred_on: Some(date(2026, 3, 11)),
        metadata: vec![],
        is_stand_in: false,
    }
}

/// One request of every operation.
pub fn requests() -> Vec<Request> {
    let asked = |version| {
        Request::Payment(PaymentRequest {
            version,
            head: head(),
            qr_code: qr_code(),
            amount_cents: Some(4500),
            payment_note: Some("c-7f3a".into()),
            transfer_type: Some(TransferType::Postal),
            due_on: Some(date(2026, 4, 30)),
        })
    };
    let sent = |version, receipt| Request::Receipt(ReceiptRequest { version, head: head(), receipt: Box::new(receipt) });
    let first_version =
        Receipt { payment_note: None, transfers: vec![Transfer { company_name: None, ..transfer(1, 4500) }], ..receipt() };
    vec![
        Request::Verify(VerifyRequest { head: head(), qr_code: qr_code() }),
        asked(Version::V1),
        asked(Version::V2),
        sent(Version::V1, first_version),
        sent(Version::V2, receipt()),
        sent(Version::V2, Receipt { is_stand_in: true, payer: None, fee_cents: None, paid_at: None, ..receipt() }),
        Request::Demand(DemandRequest {
            head: head(),
            service_id: "00001".into(),
            service_subject_id: "00002".into(),
            data_base64: "YWJj".into(),
        }),
    ]
}

/// One answer of every operation, and one refusal of each with every code.
pub fn responses() -> Vec<Response> {
    let v1 = payment(vec![Transfer { company_name: None, ..transfer(1, 4500) }]);
    let five = payment((1..=5).map(|i| transfer(i, 900)).collect());
    let stamp = Destination::StampRequest { document_hash: "YWJjZGVm".into(), province: "RM".into() };
    let stamped = payment(vec![transfer(1, 4500), Transfer { destination: stamp, ..transfer(2, 1600) }]);
    let bare = Payment {
        debtor: Subject { email: None, ..debtor() },
        office_name: None,
        metadata: vec![],
        ..payment(vec![transfer(1, 1)])
    };
    let mut all = vec![
        Response::Verify(Ok(summary())),
        Response::Verify(Ok(PaymentSummary { due_on: None, office_name: None, is_all_postal: true, ..summary() })),
        Response::Payment(Version::V1, Ok(Box::new(v1))),
        Response::Payment(Version::V2, Ok(Box::new(five))),
        Response::Payment(Version::V2, Ok(Box::new(stamped))),
        Response::Payment(Version::V2, Ok(Box::new(bare))),
        Response::Receipt(Version::V1, Ok(())),
        Response::Receipt(Version::V2, Ok(())),
        Response::Demand(Ok(DemandedNotice { qr_code: qr_code(), summary: summary() })),
    ];
    for operation in Operation::ALL {
        for code in FaultCode::ALL {
            all.push(Response::refuse(operation, Fault::new(code, "77777777777").describe("perché <no> & basta")));
        }
    }
    all
}
