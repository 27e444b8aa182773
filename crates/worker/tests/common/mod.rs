//! The small town with a worker, and receipts as the node brings them.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use billing::load::NewCause;
use billing::spontaneous::{self, SpontaneousRequest};
use billing::top_up::{self, TopUpRequest};
use catalogue::Catalogue;
use db::Db;
use kernel::{Actor, Cents, Page, PersonId};
use messages::Message;
use pagopa::{Destination, Metadata, Psp, Receipt, Subject, Transfer};
use payments::receipt::Recorded;
use payments::settings::{self, PagoPa};
use payments::{NewPosition, Position, PositionKind};
use testkit::TestTown;
use worker::{Mailer, Parts, Worker};

const FISCAL_CODE: &str = "00000000018";

pub struct Scene {
    pub town: TestTown,
    pub worker: Worker,
}

impl Scene {
    pub async fn new(db: Db) -> Scene {
        Scene::with(db, None).await
    }

    pub async fn with(db: Db, mailer: Option<Mailer>) -> Scene {
        let town = TestTown::build(db).await;
        let mut tx = town.db.begin().await.unwrap();
        settings::insert(&mut tx, &pagopa_settings(&town)).await.unwrap();
        tx.commit().await.unwrap();
        let (db, clock, entropy) = (town.db.clone(), town.clock.clone(), town.entropy.clone());
        let worker = Worker::new(Parts { db, clock, entropy, catalogue: Arc::new(Catalogue::load()), mailer, registry: None });
        Scene { town, worker }
    }

    /// What a worker of this town is made of.
    pub fn parts(&self) -> Parts {
        let (db, clock, entropy) = (self.town.db.clone(), self.town.clock.clone(), self.town.entropy.clone());
        Parts { db, clock, entropy, catalogue: Arc::new(Catalogue::load()), mailer: None, registry: None }
    }

    /// Rounds until nothing is left; how many things were done.
    pub async fn work(&self) -> usize {
        let mut all = 0;
        loop {
            match self.worker.turn().await.unwrap() {
                0 => return all,
                done => all += done,
            }
        }
    }

    pub async fn top_up(&self, cents: i64) -> Position {
        let ctx = self.town.ctx(self.town.people.anna);
        let mut tx = self.town.db.begin().await.unwrap();
        let request = TopUpRequest { badge: self.town.badges.luca, amount: Cents(cents), form_key: "form".to_owned() };
        let position = top_up::open(&mut tx, &ctx, request).await.unwrap();
        tx.commit().await.unwrap();
        position
    }

    /// What Anna gives the school, out of a catalogue of one cause.
    pub async fn gift(&self, cents: i64) -> Position {
        let (office, anna) = (self.town.office(), self.town.ctx(self.town.people.anna));
        let mut tx = self.town.db.begin().await.unwrap();
        let cause = NewCause {
            code: "DONO".to_owned(),
            name: "Contributo volontario".to_owned(),
            description: "Per la scuola".to_owned(),
            taxonomy_code: "9/0107100TS/".to_owned(),
            min: Cents(100),
            max: Cents(50_000),
            for_pupil: false,
            most_pieces: 1,
            open_from: office.today(),
            open_to: None,
            valid_days: 10,
            revenue_subject: None,
        };
        billing::load::causes(&mut tx, &office, vec![cause]).await.unwrap();
        let (cause, form_key) = ("DONO".to_owned(), "form".to_owned());
        let request = SpontaneousRequest { cause, pupil: None, amount: Some(Cents(cents)), pieces: 1, form_key };
        let position = spontaneous::open(&mut tx, &anna, request).await.unwrap();
        tx.commit().await.unwrap();
        position
    }

    /// An instalment that Elena owes, for a child or for none.
    pub async fn instalment(&self, cents: i64, for_child: bool) -> Position {
        let (ctx, elena) = (self.town.office(), self.town.people.elena);
        let mut tx = self.town.db.begin().await.unwrap();
        let account = ledger::open_account(&mut tx, &ctx, ledger::AccountKind::Receivable, "document:1").await.unwrap();
        let new = NewPosition {
            origin_key: "instalment:1".to_owned(),
            kind: PositionKind::Instalment,
            amount: Cents(cents),
            due_on: None,
            description: "Refezione ottobre 2026".to_owned(),
            taxonomy_code: "9/0107101TS/".to_owned(),
            pupil: for_child.then_some(self.town.pupils.giulia),
            debtor: elena,
            debtor_code: "CNTLNE82E65Z999X".to_owned(),
            debtor_name: "Elena Conti".to_owned(),
            credit_account: account,
        };
        let position = payments::open(&mut tx, &ctx, new).await.unwrap();
        tx.commit().await.unwrap();
        position
    }

    pub async fn pay(&self, position: &Position, cents: i64, receipt_id: &str) {
        let ctx = self.town.ctx_as(Actor::PagopaNode);
        let mut tx = self.town.db.begin().await.unwrap();
        let institution = settings::find_institution(&mut tx, FISCAL_CODE).await.unwrap().unwrap();
        let sent = receipt(position, cents, receipt_id);
        let recorded = payments::receipt::record(&mut tx, &ctx, &institution, &sent, "<raw/>").await.unwrap();
        assert!(matches!(recorded, Recorded::New { .. }));
        tx.commit().await.unwrap();
    }

    /// What a person was told, oldest first.
    pub async fn told(&self, person: PersonId) -> Vec<Message> {
        let mut tx = self.town.db.read().await.unwrap();
        let page = Page { number: 1, size: 50 };
        let mut told = messages::list_for(&mut tx, &self.town.ctx(person), page).await.unwrap().items;
        told.reverse();
        told
    }

    pub async fn text(&self, sql: &str) -> String {
        let mut tx = self.town.db.read().await.unwrap();
        tx.query_one(sql, &[]).await.unwrap().get(0).unwrap()
    }

    pub async fn count(&self, sql: &str) -> i64 {
        let mut tx = self.town.db.read().await.unwrap();
        tx.query_one(sql, &[]).await.unwrap().get(0).unwrap()
    }

    /// Has the jobs of a kind run once more, as after a lease that ran out.
    pub async fn repeat(&self, kind: &str) {
        let mut tx = self.town.db.begin().await.unwrap();
        tx.execute("update job set state = 'waiting', ended_at = null, run_after = created_at where kind = $1", &[&kind])
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

fn pagopa_settings(town: &TestTown) -> PagoPa {
    PagoPa {
        tenant: town.tenant,
        broker: FISCAL_CODE.to_owned(),
        station: format!("{FISCAL_CODE}_01"),
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
    }
}

fn receipt(position: &Position, cents: i64, receipt_id: &str) -> Receipt {
    Receipt {
        receipt_id: receipt_id.to_owned(),
        notice_number: position.notice_number,
        fiscal_code: FISCAL_CODE.to_owned(),
        is_paid: true,
        creditor_reference_id: position.notice_number.iuv().to_owned(),
        amount_cents: cents,
        description: position.description.clone(),
        company_name: "Comune di Esempio".to_owned(),
        office_name: None,
        debtor: Subject { identifier: "X".to_owned(), full_name: "X".to_owned(), ..Subject::default() },
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
        fee_cents: None,
        creditor_fee_cents: None,
        bundle_id: None,
        creditor_bundle_id: None,
        // Half an hour after midnight of the 23rd, in Rome.
        paid_at: Some("2026-11-22T23:30:00Z".parse().unwrap()),
        applied_on: None,
        transferred_on: None,
        metadata: Metadata::new(),
        is_stand_in: false,
    }
}
