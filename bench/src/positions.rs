//! Debt positions loaded straight into the tables, and the messages about them.

use std::ops::Range;

use db::{Db, row};
use kernel::{AccountId, Actor, Cents, Clock, Ctx, Entropy, PersonId, PositionId, TenantId};
use pagopa::{NoticeNumber, Numbering, Request};

pub const AMOUNT_CENTS: i64 = 4500;
/// Far from the numbers the demo gives.
const FIRST_BASE: u64 = 9_000_000_000_000;
const PIECE: u64 = 10_000;

/// Whose positions they are, and whom they credit.
#[derive(Clone)]
pub struct Creditor {
    pub fiscal_code: String,
    pub broker: String,
    pub station: String,
    like: Option<(AccountId, PersonId)>,
}

impl Creditor {
    /// For the empty handler, which reads nothing.
    pub fn nobody() -> Creditor {
        Creditor { fiscal_code: "77777777777".into(), broker: "88888888888".into(), station: "88888888888_01".into(), like: None }
    }
}

/// Which of the loaded positions are there and which are paid, by index.
#[derive(Default)]
pub struct Numbers {
    pub loaded: u64,
    pub paid: u64,
}

impl Numbers {
    /// To be paid: the first half, from where the last measure ended.
    pub fn unpaid(&self) -> Range<u64> {
        self.paid..self.loaded
    }

    /// To be asked for: the second half, which is paid last.
    pub fn readable(&self) -> Range<u64> {
        (self.loaded / 2).max(self.paid)..self.loaded
    }
}

/// The notice of a position, by its index.
pub fn number(index: u64) -> NoticeNumber {
    NoticeNumber::compose(Numbering::Segregated(1), FIRST_BASE + index).expect("the sequence is long enough")
}

/// The main Comune of the demo, with the account and the debtor of one of its own positions.
pub async fn creditor(database: &Db) -> Creditor {
    let mut tx = database.read().await.expect("it can be read");
    let sql = "select t.fiscal_code, s.broker_fiscal_code, s.station_id, p.credit_account_id, p.debtor_id
               from tenant t join tenant_pagopa s on s.tenant_id = t.id join debt_position p on p.tenant_id = t.id
               where t.id = 1 order by p.id limit 1";
    let row = tx.query_one(sql, &[]).await.expect("the demo has a position");
    let text = |i| row.get::<String>(i).expect("a text");
    let like = Some((row.get(3).expect("an account"), row.get(4).expect("a person")));
    Creditor { fiscal_code: text(0), broker: text(1), station: text(2), like }
}

/// A process of the database server, where it has some.
pub async fn backend(database: &Db) -> Option<u32> {
    let mut tx = database.read_once().await.expect("it can be read");
    let row = tx.query_one("select cast(pg_backend_pid() as bigint)", &[]).await.ok()?;
    Some(row.get(0).expect("a number"))
}

/// What PostgreSQL does by itself within a minute after so many rows came: its planner learns of them. SQLite needs it not.
pub async fn analyze(database: &Db) {
    if database.engine() == db::Engine::Postgres {
        let mut tx = database.begin().await.expect("it can be written");
        tx.execute("analyze", &[]).await.expect("the tables can be read");
        tx.commit().await.expect("what was learned is kept");
    }
}

/// Loads positions until `size` of them are to be paid.
pub async fn fill(database: &Db, creditor: &Creditor, numbers: &mut Numbers, size: u64) {
    let ctx = Ctx::new(TenantId(1), Actor::System("bench"), &Clock::System, &Entropy::System);
    let (account, debtor) = creditor.like.expect("a creditor of the demo");
    let until_all = numbers.paid + size;
    while numbers.loaded < until_all {
        let until = (numbers.loaded + PIECE).min(until_all);
        let rows = (numbers.loaded..until).map(|index| {
            let number = number(index);
            row![
                ctx.tenant,
                ctx.new_id::<PositionId>(),
                number.as_str(),
                number.iuv(),
                format!("bench:{index}"),
                "top_up",
                "payable",
                Cents(AMOUNT_CENTS),
                "Refezione scolastica marzo 2026",
                "9/0107101TS/",
                debtor,
                "RSSMRA80A01H501U",
                "Maria D'Alessandro",
                account,
                ctx.now,
                Cents::ZERO
            ]
        });
        let insert = "insert into debt_position (tenant_id, id, notice_number, iuv, origin_key, kind, state, amount_cents,
                      description, taxonomy_code, debtor_id, debtor_code, debtor_name, credit_account_id, created_at, paid_cents)";
        let mut tx = database.begin().await.expect("it can be written");
        tx.insert_many(insert, rows.collect(), "").await.expect("the positions are new");
        tx.commit().await.expect("they are kept");
        numbers.loaded = until;
    }
}

/// The receipt of a position, as a provider would cause it.
pub fn receipt(creditor: &Creditor, number: NoticeNumber, index: u64) -> Request {
    let subject = pagopa::Subject {
        identifier: "RSSMRA80A01H501U".into(),
        full_name: "Maria D'Alessandro".into(),
        ..pagopa::Subject::default()
    };
    let transfer = pagopa::Transfer {
        index: 1,
        amount_cents: AMOUNT_CENTS,
        fiscal_code_pa: creditor.fiscal_code.clone(),
        company_name: None,
        destination: pagopa::Destination::Iban("IT60X0542811101000000123456".into()),
        remittance_information: "Refezione scolastica marzo 2026".into(),
        category: "9/0107101TS/".into(),
        metadata: vec![],
    };
    let psp = pagopa::Psp {
        id: "PROVA".into(),
        fiscal_code: None,
        vat_number: None,
        company_name: "Banca di prova".into(),
        channel_id: "PROVA_01".into(),
        channel_description: "app".into(),
    };
    let head = pagopa::Head {
        id_pa: creditor.fiscal_code.clone(),
        id_broker_pa: creditor.broker.clone(),
        id_station: creditor.station.clone(),
    };
    let receipt = pagopa::Receipt {
        receipt_id: format!("bench-{index}"),
        notice_number: number,
        fiscal_code: creditor.fiscal_code.clone(),
        is_paid: true,
        creditor_reference_id: number.iuv().into(),
        amount_cents: AMOUNT_CENTS,
        description: "Refezione scolastica marzo 2026".into(),
        company_name: "Comune".into(),
        office_name: None,
        debtor: subject.clone(),
        transfers: vec![transfer],
        psp,
        payer: Some(subject),
        payment_method: Some("creditCard".into()),
        payment_note: None,
        fee_cents: Some(150),
        creditor_fee_cents: None,
        bundle_id: None,
        creditor_bundle_id: None,
        paid_at: None,
        applied_on: None,
        transferred_on: None,
        metadata: vec![],
        is_stand_in: false,
    };
    Request::Receipt(pagopa::ReceiptRequest { version: pagopa::Version::V2, head, receipt: Box::new(receipt) })
}
