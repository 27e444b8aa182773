//! What the rooms below know, as the papers want it: every paper made of it prints.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../billing/tests/common/mod.rs"]
mod common;

use std::sync::LazyLock;

use billing::print_run::{self, DocumentNotice, PrintPlace, PrintSelection};
use billing::tax::{TaxCertificate, TaxLine, TaxPayment};
use catalogue::Locale;
use common::{HERE, Town};
use db::testing::on_both_engines;
use enrolment::Tenant;
use jiff::civil::date;
use kernel::{Actor, Cents, Ctx};
use paper::{Papers, Part};

static PAPERS: LazyLock<Papers> = LazyLock::new(Papers::new);

async fn tenant(town: &Town) -> Tenant {
    let all = enrolment::tenant::list_all(&mut town.db.read().await.unwrap()).await.unwrap();
    all.into_iter().find(|tenant| tenant.id == HERE).unwrap()
}

fn issuer(tenant: &Tenant) -> paper::Issuer {
    web::papers::issuer(tenant, None)
}

fn mother(town: &Town) -> Ctx {
    let mut ctx = town.system();
    ctx.actor = Actor::Person(town.mother);
    ctx
}

/// A document of three instalments, as a print run finds it.
async fn three_instalments(town: &Town) -> DocumentNotice {
    let due = |month: i8| (date(2026, month, 28), 123_456);
    town.issue(town.document("120500", date(2026, 9, 1), &[due(10), due(11), due(12)])).await;
    let mut tx = town.db.read().await.unwrap();
    let all = print_run::page(&mut tx, &town.system(), &PrintSelection::default(), &PrintPlace::default(), 9).await;
    all.unwrap().pop().unwrap()
}

#[tokio::test]
async fn a_notice_of_a_document_offers_the_whole_and_its_instalments_and_one_alone_says_which_it_is() {
    on_both_engines(async |db| {
        let town = Town::new(db).await;
        let (tenant, found) = (tenant(&town).await, three_instalments(&town).await);
        let all = web::papers::notice(issuer(&tenant), date(2026, 9, 2), None, &found.parts);
        let parts: Vec<Part> = all.modules.iter().map(|module| module.part).collect();
        assert_eq!(parts, [Part::Whole, Part::Instalment(1), Part::Instalment(2), Part::Instalment(3)]);
        assert!(!all.subject.contains("rata"), "{}", all.subject);
        PAPERS.notice(&all).unwrap();
        let mut tx = town.db.read().await.unwrap();
        let second = billing::notice_paper(&mut tx, &mother(&town), found.parts[2].position.id).await.unwrap();
        let alone = web::papers::notice(issuer(&tenant), date(2026, 9, 2), Some(Locale::En), &[second]);
        assert_eq!(alone.modules[0].part, Part::Instalment(2));
        assert!(alone.subject.ends_with("rata 2 di 3"), "{}", alone.subject);
        PAPERS.notice(&alone).unwrap();
    })
    .await;
}

#[tokio::test]
async fn with_a_postal_account_every_module_has_a_slip_that_the_paper_accepts() {
    on_both_engines(async |db| {
        let town = Town::new(db).await;
        let (tenant, mut found) = (tenant(&town).await, three_instalments(&town).await);
        for part in &mut found.parts {
            part.settings.postal_iban = Some("IT60X0760112100000001234567".to_owned());
            part.settings.postal_holder = Some("Comune di Prova, tesoreria".to_owned());
            part.settings.postal_authorisation = Some("AUT. DB/ABCD/XYZ 12345 DEL 01/01/2026".to_owned());
        }
        let notice = web::papers::notice(issuer(&tenant), date(2026, 9, 2), None, &found.parts);
        assert_eq!(notice.postal.as_ref().unwrap().number, "000001234567");
        assert!(notice.modules.iter().all(|module| module.datamatrix.is_some()));
        PAPERS.notice(&notice).unwrap();
        found.parts[0].position.debtor_code = "ANONIMO".to_owned();
        let unknown = web::papers::notice(issuer(&tenant), date(2026, 9, 2), None, &found.parts);
        assert_eq!(unknown.recipient.fiscal_code, None, "nobody's code is no code");
    })
    .await;
}

#[tokio::test]
async fn a_year_with_a_refund_gives_a_statement_that_tells_it_apart() {
    on_both_engines(async |db| {
        let town = Town::new(db).await;
        let mut tx = town.db.read().await.unwrap();
        let moved =
            |on, cents, is_traceable| TaxPayment { on, what: "Pasti".to_owned(), amount: Cents(cents), is_traceable, iuv: None };
        let line = TaxLine {
            service_id: town.service,
            service_name: "Refezione scolastica".to_owned(),
            is_nursery: false,
            traceable: Cents(9000),
            other: Cents(500),
            refunded: Cents(700),
            payments: vec![
                moved(date(2025, 5, 1), 9000, true),
                moved(date(2025, 6, 1), -700, true),
                moved(date(2025, 2, 1), 500, false),
            ],
        };
        let found = TaxCertificate {
            year: 2025,
            issued_on: date(2026, 3, 1),
            payer: enrolment::person::get(&mut tx, &town.system(), town.mother).await.unwrap(),
            pupil_name: "Belloni Elettra".to_owned(),
            pupil_code: None,
            lines: vec![line],
            traceable: Cents(9000),
            other: Cents(500),
            refunded: Cents(700),
        };
        let of = (town.elettra, "Scuola Rodari".to_owned());
        let statement = web::papers::tax_statement(issuer(&tenant(&town).await), Locale::It, &of, &found);
        assert_eq!(statement.refunds[0].amount, Cents(700));
        let days: Vec<_> = statement.payments.iter().map(|payment| payment.paid_on).collect();
        assert_eq!(days, [date(2025, 2, 1), date(2025, 5, 1)], "oldest first");
        PAPERS.tax_statement(&statement).unwrap();
        let of_brother = (town.livio, String::new());
        let brothers = web::papers::tax_statement(issuer(&tenant(&town).await), Locale::It, &of_brother, &found);
        assert_ne!(statement.number, brothers.number);
    })
    .await;
}
