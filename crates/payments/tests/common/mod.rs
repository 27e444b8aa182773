//! A tenant that takes payments, on a fresh database.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use db::{Db, Tx};
use jiff::civil::date;
use kernel::{AccountId, Actor, Cents, Clock, Ctx, Entropy, Instant, PersonId, PupilId, TenantId};
use ledger::AccountKind;
use pagopa::{Destination, Metadata, NoticeNumber, Psp, Receipt, Subject, Transfer};
use payments::receipt::Recorded;
use payments::settings::{self, Institution, PagoPa};
use payments::{NewPosition, Position, PositionKind, WholeOffer};

pub const FISCAL_CODE: &str = "77777777777";
pub const OTHER_FISCAL_CODE: &str = "01199250158";

pub struct Town {
    pub db: Db,
    pub clock: Clock,
    pub entropy: Entropy,
    pub parent: PersonId,
    pub pupil: PupilId,
}

pub fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

impl Town {
    pub async fn new(db: Db) -> Town {
        let (clock, entropy) = (Clock::fixed(instant("2026-11-24T09:00:00Z")), Entropy::seeded(7));
        let ctx = Ctx::new(TenantId(1), Actor::Anonymous, &clock, &entropy);
        let (parent, pupil) = (ctx.new_id(), ctx.new_id());
        let town = Town { db, clock, entropy, parent, pupil };
        let mut tx = town.db.begin().await.unwrap();
        insert_tenant(&mut tx, TenantId(1), FISCAL_CODE, "Comune Dimostrativo").await;
        insert_tenant(&mut tx, TenantId(2), OTHER_FISCAL_CODE, "Comune Vicino").await;
        tx.commit().await.unwrap();
        town
    }

    pub fn ctx(&self) -> Ctx {
        Ctx::new(TenantId(1), Actor::Person(self.parent), &self.clock, &self.entropy)
    }

    pub fn node(&self) -> Ctx {
        Ctx::new(TenantId(1), Actor::PagopaNode, &self.clock, &self.entropy)
    }

    pub async fn institution(&self) -> Institution {
        let mut tx = self.db.read().await.unwrap();
        settings::find_institution(&mut tx, FISCAL_CODE).await.unwrap().unwrap()
    }

    pub async fn account(&self, kind: AccountKind, subject: &str) -> AccountId {
        let mut tx = self.db.begin().await.unwrap();
        let id = ledger::open_account(&mut tx, &self.ctx(), kind, subject).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub async fn balance(&self, kind: AccountKind, subject: &str) -> Cents {
        let mut tx = self.db.read().await.unwrap();
        match ledger::find_account(&mut tx, &self.ctx(), kind, subject).await.unwrap() {
            Some(id) => ledger::balance(&mut tx, &self.ctx(), id).await.unwrap(),
            None => Cents::ZERO,
        }
    }

    pub async fn refund(&self) -> Cents {
        self.balance(AccountKind::Refund, &format!("person:{}", self.parent)).await
    }

    pub fn asked(&self, origin: &str, kind: PositionKind, cents: i64, credit_account: AccountId) -> NewPosition {
        NewPosition {
            origin_key: origin.to_owned(),
            kind,
            amount: Cents(cents),
            due_on: Some(date(2026, 12, 31)),
            description: "Refezione scolastica ottobre 2026".to_owned(),
            taxonomy_code: "9/0107101TS/".to_owned(),
            pupil: Some(self.pupil),
            debtor: self.parent,
            debtor_code: "RSSMRA80A01H501U".to_owned(),
            debtor_name: "Mario Rossi".to_owned(),
            credit_account,
        }
    }

    /// A position with an account of its own, named by the origin.
    pub async fn position(&self, origin: &str, kind: PositionKind, cents: i64) -> Position {
        let account = self.account(account_kind(kind), origin).await;
        let mut tx = self.db.begin().await.unwrap();
        let position = payments::open(&mut tx, &self.ctx(), self.asked(origin, kind, cents, account)).await.unwrap();
        tx.commit().await.unwrap();
        position
    }

    /// Two instalments of 2000 and 2500 under `name`, and the notice for the whole.
    pub async fn choice(&self, name: &str) -> (Position, Position, Position) {
        let (first, second) = (format!("{name}:1"), format!("{name}:2"));
        let mut parts = Vec::new();
        for (origin, cents, month) in [(&first, 2000, 10), (&second, 2500, 12)] {
            let account = self.account(AccountKind::Receivable, origin).await;
            let new = self.asked(origin, PositionKind::Instalment, cents, account);
            let new = NewPosition { due_on: Some(date(2026, month, 31)), ..new };
            let mut tx = self.db.begin().await.unwrap();
            parts.push(payments::open(&mut tx, &self.ctx(), new).await.unwrap());
            tx.commit().await.unwrap();
        }
        let description = "Refezione scolastica, rata unica".to_owned();
        let offer = WholeOffer { origin_key: format!("document:{name}"), description, parts: parts.clone() };
        let mut tx = self.db.begin().await.unwrap();
        let whole = payments::offer_wholes(&mut tx, &self.ctx(), &[offer]).await.unwrap().remove(0);
        tx.commit().await.unwrap();
        (whole, self.again(&parts[0]).await, self.again(&parts[1]).await)
    }

    pub async fn again(&self, position: &Position) -> Position {
        let mut tx = self.db.read().await.unwrap();
        payments::get(&mut tx, &self.ctx(), position.id).await.unwrap()
    }

    pub async fn record(&self, receipt: &Receipt) -> Recorded {
        let institution = self.institution().await;
        let mut tx = self.db.begin().await.unwrap();
        let recorded = payments::receipt::record(&mut tx, &self.node(), &institution, receipt, "<raw/>").await.unwrap();
        tx.commit().await.unwrap();
        recorded
    }

    /// After every scenario: the whole ledger balances, its chain holds and every receipt is booked once.
    pub async fn check_ledger(&self) {
        let mut tx = self.db.read().await.unwrap();
        ledger::check_balanced(&mut tx, TenantId(1)).await.unwrap();
        ledger::verify(&mut tx, TenantId(1)).await.unwrap();
        payments::verify::verify(&mut tx, TenantId(1)).await.unwrap().unwrap();
    }

    pub async fn count(&self, sql: &str) -> i64 {
        let mut tx = self.db.read().await.unwrap();
        tx.query_one(sql, &[]).await.unwrap().get(0).unwrap()
    }
}

pub fn account_kind(kind: PositionKind) -> AccountKind {
    match kind {
        PositionKind::Instalment | PositionKind::Whole => AccountKind::Receivable,
        PositionKind::TopUp => AccountKind::Wallet,
        PositionKind::Spontaneous => AccountKind::Revenue,
    }
}

async fn insert_tenant(tx: &mut Tx, id: TenantId, fiscal_code: &str, name: &str) {
    let sql = "insert into tenant (id, ipa_code, name, tagline, fiscal_code, colour, city, region_name, region_url, website_url, office_name,
                   office_email, office_phone, office_address, office_hours, public_url, enabled, created_at)
               values ($1, $2, $3, '', $2, '#0066cc', 'Roma', 'Lazio', 'https://r.example', 'https://c.example', 'Servizi scolastici',
                   'a@c.example', '06', 'Via', '9-12', 'https://s.example', true, $4)";
    tx.execute_one(sql, &[&id, &fiscal_code, &name, &instant("2026-01-01T00:00:00Z")]).await.unwrap();
    let pagopa = PagoPa {
        tenant: id,
        broker: "88888888888".to_owned(),
        station: "88888888888_01".to_owned(),
        segregation: 1,
        cbill: None,
        iban: "IT60X0542811101000000123456".to_owned(),
        postal_iban: None,
        postal_holder: None,
        postal_authorisation: None,
        accepts_after_due: true,
        checkout_base_url: "http://127.0.0.1:8081/checkout/ec/v2".to_owned(),
        checkout_hosts: vec!["127.0.0.1:8081".to_owned()],
        checkout_key_sealed: None,
    };
    settings::insert(tx, &pagopa).await.unwrap();
}

/// A receipt for a notice, as the node sends it.
pub fn receipt(receipt_id: &str, number: NoticeNumber, cents: i64) -> Receipt {
    Receipt {
        receipt_id: receipt_id.to_owned(),
        notice_number: number,
        fiscal_code: FISCAL_CODE.to_owned(),
        is_paid: true,
        creditor_reference_id: number.iuv().to_owned(),
        amount_cents: cents,
        description: "Refezione scolastica ottobre 2026".to_owned(),
        company_name: "Comune Dimostrativo".to_owned(),
        office_name: None,
        debtor: Subject { identifier: "VRDNNA70A41H501X".to_owned(), full_name: "Anna Verdi".to_owned(), ..Subject::default() },
        transfers: vec![Transfer {
            index: 1,
            amount_cents: cents,
            fiscal_code_pa: FISCAL_CODE.to_owned(),
            company_name: None,
            destination: Destination::Iban("IT60X0542811101000000123456".to_owned()),
            remittance_information: "Refezione".to_owned(),
            category: "9/0107101TS/".to_owned(),
            metadata: Metadata::new(),
        }],
        psp: Psp {
            id: "PSP1".to_owned(),
            fiscal_code: None,
            vat_number: None,
            company_name: "Banca di prova".to_owned(),
            channel_id: "C1".to_owned(),
            channel_description: "WISP".to_owned(),
        },
        payer: None,
        payment_method: Some("creditCard".to_owned()),
        payment_note: None,
        fee_cents: Some(100),
        creditor_fee_cents: None,
        bundle_id: None,
        creditor_bundle_id: None,
        paid_at: Some(instant("2026-11-23T23:30:00Z")),
        applied_on: None,
        transferred_on: None,
        metadata: Metadata::new(),
        is_stand_in: false,
    }
}
