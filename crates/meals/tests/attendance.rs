//! What became of each day, on both engines.
#![allow(clippy::unwrap_used, reason = "a scenario that meets an error has failed")]

use db::testing::on_both_engines;
use jiff::civil::date;
use kernel::{Ctx, Day, PupilId};
use meals::Error;
use meals::absence::{ReportRequest, report};
use meals::attendance::{Correction, DayRecord, Roll, Status, close_booking_day, correct, days, today};
use meals::load::{self, NewAbsence, NewAttendance};
use testkit::TestTown;

const MONDAY: Day = date(2026, 11, 23);
const TUESDAY: Day = date(2026, 11, 24);

async fn report_absent(town: &TestTown, ctx: &Ctx, pupil: PupilId, day: Day, kind: &str) {
    let request = ReportRequest { pupil, service: town.services.meal, first_on: day, last_on: day, kind_code: kind.to_owned() };
    let mut tx = town.db.begin().await.unwrap();
    let sent = report(&mut tx, ctx, &town.vault, request).await.unwrap();
    assert!(sent.receipt.is_some(), "{:?}", sent.days);
    tx.commit().await.unwrap();
}

async fn close(town: &TestTown, day: Day) -> Result<u64, Error> {
    let mut tx = town.db.begin().await.unwrap();
    let rows = close_booking_day(&mut tx, &town.office(), town.services.meal, day).await?;
    tx.commit().await.unwrap();
    Ok(rows)
}

async fn roll(town: &TestTown, pupil: PupilId, day: Day, status: Roll) -> (u64, u64, u64) {
    let mut tx = town.db.begin().await.unwrap();
    let row = NewAttendance { pupil, service: town.services.meal, day, status };
    let counts = load::attendance(&mut tx, &town.office(), vec![row]).await.unwrap();
    tx.commit().await.unwrap();
    (counts.inserted, counts.updated, counts.unchanged)
}

async fn record(town: &TestTown, ctx: &Ctx, pupil: PupilId, day: Day) -> DayRecord {
    let mut tx = town.db.read().await.unwrap();
    days(&mut tx, ctx, pupil, town.services.meal, (day, day)).await.unwrap().remove(0)
}

#[tokio::test]
async fn a_closed_day_has_everybody_with_lunch_present_but_those_reported_absent() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let elena = town.ctx(town.people.elena);
        report_absent(&town, &elena, town.pupils.giulia, TUESDAY, "assente").await;
        report_absent(&town, &town.ctx(town.people.anna), town.pupils.luca, TUESDAY, "in_bianco").await;
        town.set_clock("2026-11-24T18:30:00Z");
        // Pietro has no lunch on Tuesdays
        assert_eq!(close(&town, TUESDAY).await.unwrap(), 3);
        assert_eq!(close(&town, TUESDAY).await.unwrap(), 0, "a second time changes nothing");
        let (anna, elena) = (town.ctx(town.people.anna), town.ctx(town.people.elena));
        let giulia = record(&town, &elena, town.pupils.giulia, TUESDAY).await;
        let at = "2026-11-23T07:00:00Z".parse().unwrap();
        assert_eq!(giulia.status, Status::Absent { reported_by: "Elena Conti".to_owned(), at });
        let luca = record(&town, &anna, town.pupils.luca, TUESDAY).await;
        assert_eq!((luca.status, luca.report.unwrap().kind_name_it.as_str()), (Status::Present, "Pasto in bianco"));
        assert_eq!(record(&town, &elena, town.pupils.pietro, TUESDAY).await.status, Status::NoLunchThatWeekday);
        assert_eq!(record(&town, &elena, town.pupils.nina, TUESDAY).await.status, Status::Present);
    })
    .await;
}

#[tokio::test]
async fn a_day_is_closed_only_once_no_report_can_change_it() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        for (now, day, until) in [
            ("2026-11-23T07:59:59Z", MONDAY, Some("2026-11-23T08:00:00Z")),
            ("2026-11-23T08:00:00Z", MONDAY, None),
            ("2026-11-23T18:30:00Z", TUESDAY, Some("2026-11-24T08:00:00Z")),
        ] {
            town.set_clock(now);
            match (close(&town, day).await, until) {
                (Err(Error::DayStillOpen { until: told }), Some(until)) => assert_eq!(told, until.parse().unwrap()),
                (Ok(4), None) => {}
                (other, _) => panic!("{now}: {other:?}"),
            }
        }
        assert_eq!(close(&town, date(2026, 11, 22)).await.unwrap(), 0, "nobody eats on Sundays");
    })
    .await;
}

#[tokio::test]
async fn an_accepted_report_beats_the_roll_whichever_comes_first() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (anna, luca) = (town.ctx(town.people.anna), town.pupils.luca);
        report_absent(&town, &anna, luca, TUESDAY, "assente").await;
        assert_eq!(roll(&town, luca, TUESDAY, Roll::Present).await, (1, 0, 0));
        assert!(matches!(record(&town, &anna, luca, TUESDAY).await.status, Status::Absent { .. }));
        assert_eq!(stored(&town, luca, TUESDAY).await, "absent", "what is charged follows the report too");
        // a roll taken before the report arrived: the closing of the day sets it right
        let wednesday = date(2026, 11, 25);
        roll(&town, luca, wednesday, Roll::Present).await;
        report_absent(&town, &anna, luca, wednesday, "assente").await;
        assert!(matches!(record(&town, &anna, luca, wednesday).await.status, Status::Absent { .. }));
        town.set_clock("2026-11-25T18:30:00Z");
        close(&town, wednesday).await.unwrap();
        assert_eq!(stored(&town, luca, wednesday).await, "absent");
    })
    .await;
}

async fn stored(town: &TestTown, pupil: PupilId, day: Day) -> String {
    let mut tx = town.db.read().await.unwrap();
    let sql = "select status from attendance where tenant_id = $1 and pupil_id = $2 and day = $3";
    tx.query_one(sql, &[&town.tenant, &pupil, &day]).await.unwrap().get(0).unwrap()
}

#[tokio::test]
async fn an_operator_sets_a_report_aside_with_a_reason_and_nothing_later_changes_that() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (anna, luca) = (town.ctx(town.people.anna), town.pupils.luca);
        report_absent(&town, &anna, luca, TUESDAY, "assente").await;
        let correction = |reason: &str| Correction {
            pupil: luca,
            service: town.services.meal,
            day: TUESDAY,
            status: Roll::Present,
            reason: reason.to_owned(),
        };
        let mut tx = town.db.begin().await.unwrap();
        assert!(matches!(correct(&mut tx, &town.office(), correction("  ")).await, Err(Error::NoReason)));
        assert!(matches!(correct(&mut tx, &anna, correction("era presente")).await, Err(Error::NotVisible)));
        let abroad = Correction { pupil: town.pupils.tommaso, ..correction("era presente") };
        assert!(matches!(correct(&mut tx, &town.office(), abroad).await, Err(Error::NotVisible)));
        correct(&mut tx, &town.office(), correction("visto in refettorio")).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(record(&town, &anna, luca, TUESDAY).await.status, Status::Present);
        assert_eq!(roll(&town, luca, TUESDAY, Roll::Absent).await, (0, 0, 1));
        town.set_clock("2026-11-24T18:30:00Z");
        close(&town, TUESDAY).await.unwrap();
        assert_eq!(stored(&town, luca, TUESDAY).await, "present");
        let mut tx = town.db.read().await.unwrap();
        let sql = "select count(*) from audit_event where tenant_id = $1 and what = 'attendance.corrected'";
        assert_eq!(tx.query_one(sql, &[&town.tenant]).await.unwrap().get::<i64>(0).unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn each_day_is_told_for_what_it_is() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let luca = town.pupils.luca;
        roll(&town, luca, date(2026, 11, 17), Roll::Present).await;
        roll(&town, luca, date(2026, 11, 18), Roll::Absent).await;
        roll(&town, luca, date(2026, 11, 21), Roll::Present).await;
        roll(&town, luca, date(2026, 9, 11), Roll::Present).await;
        roll(&town, luca, date(2026, 11, 19), Roll::PresentNotEnrolled).await;
        let anna = town.ctx(town.people.anna);
        for (day, status) in [
            (date(2026, 9, 10), Status::NotEnrolled),
            (date(2026, 9, 11), Status::PresentNotEnrolled),
            (date(2026, 11, 16), Status::NotYetTaken),
            (date(2026, 11, 17), Status::Present),
            (date(2026, 11, 18), Status::AbsentByRoll),
            (date(2026, 11, 19), Status::PresentNotEnrolled),
            (date(2026, 11, 21), Status::Present),
            (date(2026, 11, 22), Status::NoLunchThatWeekday),
            (MONDAY, Status::Expected),
            (date(2026, 12, 7), Status::Closed { cause: Some("Ponte dell'Immacolata".to_owned()) }),
            (date(2027, 6, 8), Status::Expected),
            (date(2027, 6, 9), Status::NotEnrolled),
        ] {
            assert_eq!(record(&town, &anna, luca, day).await.status, status, "{day}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_menu_is_that_of_the_school_and_of_the_diet() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let dishes = |record: &DayRecord| record.menu.iter().map(|c| c.dish.clone()).collect::<Vec<_>>();
        let luca = record(&town, &town.ctx(town.people.anna), town.pupils.luca, TUESDAY).await;
        assert_eq!(dishes(&luca), ["Pasta al pomodoro", "Frittata", "Mela"]);
        assert_eq!(luca.menu[1].allergens, ["uova", "latte"]);
        assert!(luca.menu[2].allergens.is_empty());
        let elena = town.ctx(town.people.elena);
        assert_eq!(dishes(&record(&town, &elena, town.pupils.nina, TUESDAY).await), ["Risotto allo zafferano"]);
        assert!(record(&town, &elena, town.pupils.pietro, TUESDAY).await.menu.is_empty(), "no lunch, no menu");
        assert!(record(&town, &elena, town.pupils.nina, date(2026, 11, 30)).await.menu.is_empty(), "none is known");
    })
    .await;
}

#[tokio::test]
async fn the_days_of_others_are_not_there_and_ranges_are_checked() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let mut tx = town.db.read().await.unwrap();
        let (people, meal, luca) = (&town.people, town.services.meal, town.pupils.luca);
        for person in [people.elena, people.carla, people.paolo, people.sara] {
            let answer = days(&mut tx, &town.ctx(person), luca, meal, (MONDAY, TUESDAY)).await;
            assert!(matches!(answer, Err(Error::NotVisible)));
        }
        let anna = town.ctx(people.anna);
        let abroad = days(&mut tx, &anna, town.pupils.tommaso, town.services.other_meal, (MONDAY, TUESDAY)).await;
        assert!(matches!(abroad, Err(Error::NotVisible)));
        let year = MONDAY.checked_add(jiff::Span::new().days(365)).unwrap();
        assert_eq!(days(&mut tx, &anna, luca, meal, (MONDAY, year)).await.unwrap().len(), 366);
        let more = days(&mut tx, &anna, luca, meal, (MONDAY, year.tomorrow().unwrap())).await;
        assert!(matches!(more, Err(Error::TooManyDays { most: 366 })));
        assert!(matches!(days(&mut tx, &anna, luca, meal, (TUESDAY, MONDAY)).await, Err(Error::Reversed)));
        // a service of another tenant is one in which nobody is enrolled
        let strange = days(&mut tx, &anna, luca, town.services.other_meal, (MONDAY, MONDAY)).await.unwrap();
        assert_eq!(strange[0].status, Status::NotEnrolled);
    })
    .await;
}

#[tokio::test]
async fn today_shows_each_childs_meal_and_the_next_deadline() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let mut tx = town.db.read().await.unwrap();
        let children = [town.pupils.pietro, town.pupils.giulia, town.pupils.nina];
        let meals = today(&mut tx, &town.ctx(town.people.elena), &children).await.unwrap();
        assert_eq!(meals.iter().map(|m| m.pupil).collect::<Vec<_>>(), children);
        assert!(meals.iter().all(|m| m.record.status == Status::Expected && m.service == town.services.meal));
        assert_eq!(meals[0].deadline.unwrap().day, MONDAY);
        assert_eq!(meals[2].deadline.unwrap().day, TUESDAY, "Monday's closed on Sunday evening");
        let teresa = today(&mut tx, &town.ctx(town.people.teresa), &[town.pupils.luca]).await.unwrap();
        assert_eq!(teresa[0].deadline, None, "she may look, not report");
        let refused = today(&mut tx, &town.ctx(town.people.elena), &[town.pupils.luca]).await;
        assert!(matches!(refused, Err(Error::NotVisible)));
    })
    .await;
}

#[tokio::test]
async fn imported_reports_stand_for_the_days_with_lunch_and_their_numbers_are_not_given_again() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let imported = |number: &str, first_on, last_on| NewAbsence {
            receipt_number: number.to_owned(),
            pupil: town.pupils.luca,
            service: town.services.meal,
            person: town.people.anna,
            kind_code: "assente".to_owned(),
            first_on,
            last_on,
            received_at: "2026-11-12T06:00:00Z".parse().unwrap(),
        };
        let reports = || {
            vec![
                imported("A-2026-000041", date(2026, 11, 13), date(2026, 11, 16)),
                imported("VECCHIO-7", date(2026, 11, 16), date(2026, 11, 17)),
            ]
        };
        let mut tx = town.db.begin().await.unwrap();
        let counts = load::absences(&mut tx, &town.office(), &town.vault, reports()).await.unwrap();
        assert_eq!((counts.inserted, counts.unchanged), (2, 0));
        let counts = load::absences(&mut tx, &town.office(), &town.vault, reports()).await.unwrap();
        assert_eq!((counts.inserted, counts.unchanged), (0, 2));
        tx.commit().await.unwrap();
        let anna = town.ctx(town.people.anna);
        let absent = |record: &DayRecord| matches!(record.status, Status::Absent { .. });
        let mut tx = town.db.read().await.unwrap();
        let range = (date(2026, 11, 12), date(2026, 11, 18));
        let found = days(&mut tx, &anna, town.pupils.luca, town.services.meal, range).await.unwrap();
        assert_eq!(found.iter().map(absent).collect::<Vec<_>>(), [false, true, false, false, true, true, false]);
        let standing = meals::absence::list_standing(&mut tx, &anna, &[town.pupils.luca], range.0).await.unwrap();
        let old = meals::absence::get_report(&mut tx, &anna, standing[0].report).await.unwrap();
        assert!(meals::receipt::verify(&town.vault, town.tenant, &old, &old.signature));
        drop(tx);
        let mut tx = town.db.begin().await.unwrap();
        let request = ReportRequest {
            pupil: town.pupils.luca,
            service: town.services.meal,
            first_on: TUESDAY,
            last_on: TUESDAY,
            kind_code: "assente".to_owned(),
        };
        let sent = report(&mut tx, &anna, &town.vault, request).await.unwrap();
        assert_eq!(sent.receipt.unwrap().number, "A-2026-000042");
    })
    .await;
}

#[tokio::test]
async fn cutoff_rules_of_a_service_are_replaced_as_a_whole() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let mut tx = town.db.begin().await.unwrap();
        let (office, meal) = (town.office(), town.services.meal);
        let rules = meals::cutoff::list_rules(&mut tx, &office, meal).await.unwrap();
        let again = load::cutoff_rules(&mut tx, &office, rules.clone()).await.unwrap();
        assert_eq!((again.inserted, again.unchanged), (0, 2));
        load::cutoff_rules(&mut tx, &office, vec![rules[0].clone()]).await.unwrap();
        assert_eq!(meals::cutoff::list_rules(&mut tx, &office, meal).await.unwrap().len(), 1);
        let other = Ctx { tenant: town.other_tenant, ..office };
        assert_eq!(meals::cutoff::list_rules(&mut tx, &other, town.services.other_meal).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_years_attendance_is_loaded_in_bulk() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let pupils: Vec<PupilId> = (0..1_000).map(|_| town.office().new_id()).collect();
        let weekdays = kernel::days_between(date(2025, 9, 15), date(2025, 10, 3));
        let rows: Vec<NewAttendance> = weekdays
            .flat_map(|day| {
                let row =
                    |pupil: &PupilId| NewAttendance { pupil: *pupil, service: town.services.meal, day, status: Roll::Present };
                pupils.iter().map(row).collect::<Vec<_>>()
            })
            .collect();
        let (count, began) = (rows.len() as u64, std::time::Instant::now());
        let mut tx = town.db.begin().await.unwrap();
        let counts = load::attendance(&mut tx, &town.office(), rows.clone()).await.unwrap();
        tx.commit().await.unwrap();
        println!("{:?}: {count} rows in {:?}", town.db.engine(), began.elapsed());
        assert_eq!((counts.inserted, counts.updated, counts.unchanged), (count, 0, 0));
        let mut tx = town.db.begin().await.unwrap();
        let counts = load::attendance(&mut tx, &town.office(), rows).await.unwrap();
        assert_eq!((counts.inserted, counts.updated, counts.unchanged), (0, 0, count));
    })
    .await;
}
