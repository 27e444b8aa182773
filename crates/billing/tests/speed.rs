//! What a page's reads cost in a town of fifteen thousand people.
//!
//! `cargo nextest run --release -p campanella-billing --run-ignored only --no-capture`
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::{Duration, Instant};

use billing::document::{self, DocumentFilter};
use billing::load::{MovementKind, NewMovement};
use billing::{NewDocument, account, day};
use common::{HERE, Town};
use db::testing::on_both_engines;
use jiff::Span;
use jiff::civil::date;
use kernel::{BadgeId, Cents, Day, EnrolmentId, GuardianshipId, PersonId, PupilId};

const FAMILIES: usize = 820;
const SCHOOL_DAYS: i32 = 135;
const READS: u32 = 500;

struct Family {
    parent: PersonId,
    pupil: PupilId,
    badge: BadgeId,
}

async fn families(town: &Town) -> Vec<Family> {
    let ctx = town.system();
    let all: Vec<Family> =
        (0..FAMILIES).map(|_| Family { parent: ctx.new_id(), pupil: ctx.new_id(), badge: ctx.new_id() }).collect();
    let class: kernel::ClassGroupId = {
        let mut tx = town.db.read().await.unwrap();
        tx.query_one("select id from class_group where tenant_id = 1", &[]).await.unwrap().get(0).unwrap()
    };
    let (from, to) = (date(2025, 9, 1), date(2027, 6, 30));
    let mut tx = town.db.begin().await.unwrap();
    let mut insert = async |sql: &str, row: &dyn Fn(usize, &Family) -> Vec<db::Value>| {
        tx.insert_many(sql, all.iter().enumerate().map(|(n, family)| row(n, family)).collect(), "").await.unwrap();
    };
    insert("insert into person (tenant_id, id, kind, fiscal_code, name, family_name)", &|n, f| {
        db::row![HERE, f.parent, "natural", format!("CODE{n:012}"), "Nome", format!("Cognome{n}")]
    })
    .await;
    insert("insert into pupil (tenant_id, id, name, family_name, birth_on, resident, state)", &|n, f| {
        db::row![HERE, f.pupil, "Nome", format!("Cognome{n}"), date(2017, 1, 1), true, "open"]
    })
    .await;
    insert("insert into placement (tenant_id, pupil_id, class_id, from_on, to_on)", &|_, f| {
        db::row![HERE, f.pupil, class, from, to]
    })
    .await;
    insert(
        "insert into guardianship (tenant_id, id, pupil_id, person_id, role, may_view, may_report_absences, may_pay,
         may_have_tax_papers, from_on)",
        &|_, f| {
            let id: GuardianshipId = ctx.new_id();
            db::row![HERE, id, f.pupil, f.parent, "account_holder", true, true, true, true, from]
        },
    )
    .await;
    insert(
        "insert into enrolment (tenant_id, id, pupil_id, service_id, school_year, from_on, to_on, state, holder_id, addressee_id,
         payment_mode)",
        &|_, f| {
            let id: EnrolmentId = ctx.new_id();
            db::row![HERE, id, f.pupil, town.service, 2026, from, to, "active", f.parent, f.parent, "prepaid"]
        },
    )
    .await;
    insert("insert into badge (tenant_id, id, code, pupil_id, service_id, state, from_on)", &|n, f| {
        db::row![HERE, f.badge, format!("B{n}"), f.pupil, town.service, "active", from]
    })
    .await;
    insert("insert into attendance (tenant_id, pupil_id, service_id, day, status, source, recorded_at, recorded_by)", &|_, f| {
        db::row![HERE, f.pupil, town.service, date(2026, 11, 24), "present", "roll", ctx.now, "test"]
    })
    .await;
    tx.commit().await.unwrap();
    all
}

fn documents(town: &Town, families: &[Family]) -> Vec<NewDocument> {
    let document = |(n, family): (usize, &Family)| {
        let day = |month: i8| date(2026, month, 28);
        let new = |m: i8| NewDocument {
            holder: family.parent,
            pupil: Some(family.pupil),
            ..town.document(&format!("{n}-{m}"), day(m), &[(day(m), 4500)])
        };
        (1..=9).map(new).collect::<Vec<_>>()
    };
    families.iter().enumerate().flat_map(document).collect()
}

fn movements(families: &[Family]) -> Vec<NewMovement> {
    let day = |n: i32| -> Day { date(2026, 1, 7).checked_add(Span::new().days(n)).unwrap() };
    let movement = |n: i32, family: &Family| NewMovement {
        external_key: format!("{}-{n}", family.badge),
        badge: family.badge,
        on: day(n * 2),
        kind: if n % 15 == 0 { MovementKind::TopUp } else { MovementKind::Meal },
        amount: Cents(if n % 15 == 0 { 5000 } else { -450 }),
        description: "Pasto".to_owned(),
        derivation: "Fascia B: 4,50 €".to_owned(),
    };
    (0..SCHOOL_DAYS).flat_map(|n| families.iter().map(move |family| movement(n, family))).collect()
}

fn each(start: Instant, count: u32) -> Duration {
    start.elapsed() / count
}

#[tokio::test]
#[ignore = "a measurement: a town of 820 families"]
async fn reads_of_the_pages_are_short() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let families = families(&town).await;
        let engine = town.db.engine();
        let (documents, movements) = (documents(&town, &families), movements(&families));
        let (issued, moved) = (u32::try_from(documents.len()).unwrap(), u32::try_from(movements.len()).unwrap());
        let mut tx = town.db.begin().await.unwrap();
        let start = Instant::now();
        billing::issue_all(&mut tx, &town.system(), documents).await.unwrap();
        println!("{engine:?}: issuing {:?} each of {issued}", each(start, issued));
        let start = Instant::now();
        billing::load::movements(&mut tx, &town.system(), movements).await.unwrap();
        println!("{engine:?}: movements {:?} each of {moved}", each(start, moved));
        tx.commit().await.unwrap();
        let mut tx = town.db.begin().await.unwrap();
        tx.execute("analyze", &[]).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = town.db.begin().await.unwrap();
        let start = Instant::now();
        let closed = day::close_day(&mut tx, &town.system(), town.service, date(2026, 11, 24)).await.unwrap();
        println!("{engine:?}: closing a day of {} meals {:?}", closed.meals, start.elapsed());
        tx.commit().await.unwrap();
        read(&town, &families).await;
    })
    .await;
}

async fn read(town: &Town, families: &[Family]) {
    let engine = town.db.engine();
    let some = || families.iter().cycle().step_by(7).take(READS as usize);
    let start = Instant::now();
    for family in some() {
        let mut tx = town.db.read().await.unwrap();
        let ctx = town.as_person(family.parent);
        assert_eq!(document::list_for(&mut tx, &ctx, &DocumentFilter::default()).await.unwrap().found.total, 9);
    }
    println!("{engine:?}: documents page {:?}", each(start, READS));
    for (what, first, least) in [("month", date(2026, 9, 1), 10), ("year", date(2026, 1, 1), 100)] {
        let start = Instant::now();
        for family in some() {
            let mut tx = town.db.read().await.unwrap();
            let ctx = town.as_person(family.parent);
            let last = if what == "month" { date(2026, 9, 30) } else { date(2026, 12, 31) };
            let told = account::statement(&mut tx, &ctx, family.badge, first, last).await.unwrap();
            assert!(told.statement.movements.len() >= least);
        }
        println!("{engine:?}: account {what} {:?}", each(start, READS));
    }
}
