//! Messages of the REST services.
#![allow(dead_code, reason = "each test file uses its part")]

use jiff::civil::date;
use pagopa::{Address, SubjectKind, aca, fdr, gpd, io, receipts};

const IBAN: &str = "IT60X0542811101000000123456";

pub fn aca_position() -> aca::Position {
    aca::Position {
        pa_fiscal_code: "77777777777".into(),
        debtor_kind: SubjectKind::Natural,
        debtor_fiscal_code: "RSSMRA80A01H501U".into(),
        debtor_full_name: "Maria D'Àlessandro".into(),
        iuv: "01002026000000178".into(),
        nav: Some("301002026000000178".into()),
        amount_cents: 4500,
        description: "Refezione scolastica marzo 2026".into(),
        expires_at: "2026-04-30T21:59:59Z".parse().unwrap(),
        iban: Some(IBAN.into()),
        postal_iban: None,
        switch_to_expired: false,
        may_stand_in: true,
    }
}

pub fn gpd_transfer() -> gpd::Transfer {
    gpd::Transfer {
        index: "1".into(),
        amount_cents: 4500,
        organization_fiscal_code: Some("77777777777".into()),
        remittance_information: "Refezione scolastica marzo 2026".into(),
        category: "9/0107101TS/".into(),
        iban: Some(IBAN.into()),
        metadata: vec![gpd::KeyValue { key: "k".into(), value: Some("v".into()) }],
        ..gpd::Transfer::default()
    }
}

fn gpd_notice(description: &str) -> gpd::Notice {
    gpd::Notice {
        nav: Some("301002026000000178".into()),
        iuv: "01002026000000178".into(),
        amount_cents: 4500,
        description: description.into(),
        due_at: "2026-04-30T21:59:59Z".parse().unwrap(),
        transfers: vec![gpd_transfer()],
    }
}

fn gpd_debtor() -> gpd::Debtor {
    let address = Address { city: Some("Borgo Fiorito".into()), country: Some("IT".into()), ..Address::default() };
    gpd::Debtor {
        kind: SubjectKind::Natural,
        fiscal_code: "RSSMRA80A01H501U".into(),
        full_name: "Maria D'Àlessandro".into(),
        address,
        ..gpd::Debtor::default()
    }
}

pub fn gpd_position() -> gpd::v1::Position {
    let option = gpd::v1::PaymentOption {
        notice: gpd_notice("Refezione scolastica marzo 2026"),
        is_partial_payment: false,
        retained_until: Some("2026-12-31T22:59:59Z".parse().unwrap()),
        fee_cents: None,
        metadata: vec![],
    };
    gpd::v1::Position {
        iupd: "doc-1".into(),
        may_stand_in: true,
        debtor: gpd_debtor(),
        switch_to_expired: false,
        company_name: "Comune Dimostrativo".into(),
        office_name: Some("Servizi scolastici".into()),
        options: vec![option],
        ..gpd::v1::Position::default()
    }
}

pub fn gpd_answer() -> gpd::v1::PositionAnswer {
    let transfer =
        gpd::TransferAnswer { transfer: gpd_transfer(), status: Some(gpd::TransferStatus::Unreported), updated_at: None };
    let notice = gpd::NoticeAnswer {
        nav: Some("301002026000000178".into()),
        iuv: "01002026000000178".into(),
        amount_cents: 4500,
        description: "Refezione scolastica marzo 2026".into(),
        due_at: "2026-04-30T21:59:59Z".parse().unwrap(),
        paid_at: Some("2026-03-10T09:15:30Z".parse().unwrap()),
        receipt_id: Some("c110729d".into()),
        flow_id: Some("2026-03-11AGID_01-1".into()),
        transfers: vec![transfer],
    };
    let option = gpd::v1::OptionAnswer {
        notice,
        is_partial_payment: false,
        status: gpd::v1::OptionStatus::PartiallyReported,
        reported_at: None,
        payment_method: Some("creditCard".into()),
        psp_company: Some("Banca di prova".into()),
    };
    gpd::v1::PositionAnswer {
        iupd: "doc-1".into(),
        organization_fiscal_code: "77777777777".into(),
        debtor_kind: SubjectKind::Natural,
        company_name: "Comune Dimostrativo".into(),
        published_at: Some("2026-03-01T09:15:30Z".parse().unwrap()),
        valid_from: None,
        paid_at: None,
        status: gpd::v1::PositionStatus::Paid,
        options: vec![option],
    }
}

pub fn gpd_position_v3() -> gpd::v3::Position {
    let part = gpd::v3::Installment { notice: gpd_notice("Rata unica"), status: None, metadata: vec![] };
    let option = gpd::v3::PaymentOption { debtor: gpd_debtor(), installments: vec![part], ..gpd::v3::PaymentOption::default() };
    gpd::v3::Position {
        iupd: "doc-1".into(),
        may_stand_in: true,
        company_name: "Comune Dimostrativo".into(),
        options: vec![option],
        ..gpd::v3::Position::default()
    }
}

pub fn biz_receipt() -> receipts::BizReceipt {
    let debtor = receipts::BizSubject { identifier: "RSSMRA80A01H501U".into(), full_name: "Maria".into(), ..Default::default() };
    receipts::BizReceipt {
        receipt_id: "iur-1".into(),
        notice_number: "301002026000000178".into(),
        fiscal_code: "77777777777".into(),
        outcome: "OK".into(),
        creditor_reference_id: "01002026000000178".into(),
        amount_cents: 4500,
        description: "Refezione".into(),
        company_name: "Comune Dimostrativo".into(),
        office_name: None,
        debtor,
        transfers: vec![receipts::BizTransfer {
            index: 1,
            amount_cents: 4500,
            fiscal_code_pa: "77777777777".into(),
            iban: Some(IBAN.into()),
            mbd_attachment: None,
            remittance_information: "Refezione".into(),
            category: "9/0107101TS/".into(),
            metadata: Some(vec![receipts::BizEntry { key: Some("k".into()), value: None }]),
        }],
        psp_id: "AGID_01".into(),
        psp_fiscal_code: None,
        psp_vat_number: None,
        psp_company_name: "Banca di prova".into(),
        channel_id: "99999999999_01".into(),
        channel_description: "WISP".into(),
        payer: None,
        payment_method: Some("creditCard".into()),
        fee_cents: Some(150),
        creditor_fee_cents: None,
        bundle_id: None,
        creditor_bundle_id: None,
        paid_at: Some("2026-03-10T09:15:30Z".parse().unwrap()),
        applied_on: Some(date(2026, 3, 10)),
        transferred_on: Some(date(2026, 3, 11)),
        metadata: None,
    }
}

pub fn listed_flow(revision: u32) -> fdr::ListedFlow {
    fdr::ListedFlow {
        id: "2026-03-11AGID_01-1".into(),
        psp_id: "AGID_01".into(),
        revision,
        published_at: "2026-03-12T08:00:00Z".parse().unwrap(),
        flow_at: "2026-03-11T22:00:00Z".parse().unwrap(),
    }
}

pub fn header(count: u64, sum_cents: i64) -> fdr::FlowHeader {
    fdr::FlowHeader {
        status: "PUBLISHED".into(),
        revision: 1,
        id: "2026-03-11AGID_01-1".into(),
        flow_at: "2026-03-11T22:00:00Z".parse().unwrap(),
        regulation: "TRN-1".into(),
        regulation_on: date(2026, 3, 11),
        bic: Some("UNCRITMM".into()),
        sender: fdr::Sender {
            kind: "BIC_CODE".into(),
            id: "UNCRITMM".into(),
            psp_id: "AGID_01".into(),
            psp_name: "Banca di prova".into(),
            psp_broker_id: "99999999999".into(),
            channel_id: "99999999999_01".into(),
        },
        receiver: fdr::Receiver {
            id: "77777777777".into(),
            organization_id: "77777777777".into(),
            organization_name: "Comune Dimostrativo".into(),
        },
        count,
        sum_cents,
    }
}

pub fn row(index: u64, amount_cents: i64) -> fdr::PaymentRow {
    fdr::PaymentRow {
        index,
        iuv: "01002026000000178".into(),
        iur: format!("iur-{index}"),
        id_transfer: 1,
        amount_cents,
        outcome: "EXECUTED".into(),
        paid_at: "2026-03-10T23:30:00Z".parse().unwrap(),
    }
}

pub fn io_message() -> io::NewMessage {
    io::NewMessage {
        fiscal_code: "RSSMRA80A01H501U".into(),
        feature_level_type: None,
        content: io::Content {
            subject: "Avviso di pagamento della refezione scolastica".into(),
            markdown: "È disponibile l'avviso di pagamento della refezione scolastica di marzo 2026.\n\nScade il 30 aprile."
                .into(),
            due_at: Some("2026-04-30T21:59:59Z".parse().unwrap()),
            require_secure_channels: Some(true),
            payment: Some(io::PaymentData {
                amount_cents: 4500,
                notice_number: "301002026000000178".into(),
                invalid_after_due_date: false,
                payee: io::Payee { fiscal_code: "77777777777".into() },
            }),
        },
    }
}
