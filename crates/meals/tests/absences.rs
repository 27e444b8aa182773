//! Reporting absences and taking them back, on both engines.
#![allow(clippy::unwrap_used, reason = "a scenario that meets an error has failed")]

use db::testing::on_both_engines;
use enrolment::load::NewClass;
use enrolment::{Weekdays, load as registry};
use jiff::civil::date;
use kernel::{AbsenceReportId, Ctx, Day, Page, PersonId, PupilId, SchoolYear, ServiceId};
use meals::absence::{
    Outcome, Report, ReportRequest, StoredReport, Undo, Undone, get_report, kinds, list_reports, list_standing, next_deadline,
    report, undo,
};
use meals::load::{self, NewCalendarDay};
use meals::{Error, receipt};
use testkit::TestTown;
use uuid::Uuid;

/// Tuesday, the day after the town's today.
const TUESDAY: Day = date(2026, 11, 24);

fn request(pupil: PupilId, service: ServiceId, first_on: Day, last_on: Day) -> ReportRequest {
    ReportRequest { pupil, service, first_on, last_on, kind_code: "assente".to_owned() }
}

/// Sends a report through the door: its own transaction, committed.
async fn send(town: &TestTown, ctx: &Ctx, request: ReportRequest) -> Result<Report, Error> {
    let mut tx = town.db.begin().await.unwrap();
    let sent = report(&mut tx, ctx, &town.vault, request).await?;
    tx.commit().await.unwrap();
    Ok(sent)
}

async fn take_back(town: &TestTown, ctx: &Ctx, what: Undo) -> Result<Undone, Error> {
    let mut tx = town.db.begin().await.unwrap();
    let undone = undo(&mut tx, ctx, what).await?;
    tx.commit().await.unwrap();
    Ok(undone)
}

fn outcomes(report: &Report) -> Vec<Outcome> {
    report.days.iter().map(|d| d.outcome.clone()).collect()
}

async fn count(town: &TestTown, table: &str) -> i64 {
    let mut tx = town.db.read().await.unwrap();
    tx.query_one(&format!("select count(*) from {table}"), &[]).await.unwrap().get(0).unwrap()
}

async fn one_day(town: &TestTown, person: PersonId, pupil: PupilId, day: Day) -> Outcome {
    let sent = send(town, &town.ctx(person), request(pupil, town.services.meal, day, day)).await.unwrap();
    outcomes(&sent).remove(0)
}

#[tokio::test]
async fn a_report_until_the_last_second_is_taken_and_at_the_cutoff_is_too_late() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (anna, luca) = (town.people.anna, town.pupils.luca);
        town.set_clock("2026-11-24T08:00:00Z");
        let closed_at = "2026-11-24T08:00:00Z".parse().unwrap();
        assert_eq!(one_day(&town, anna, luca, TUESDAY).await, Outcome::TooLate { closed_at });
        assert_eq!(count(&town, "absence_report").await + count(&town, "absence_day").await, 0, "nothing was written");
        town.set_clock("2026-11-24T07:59:59.999999Z");
        assert_eq!(one_day(&town, anna, luca, TUESDAY).await, Outcome::Reported);
    })
    .await;
}

#[tokio::test]
async fn where_the_evening_before_counts_it_is_the_evening_before_also_across_a_sunday() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (elena, nina) = (town.people.elena, town.pupils.nina);
        // Monday 26 October: its evening before is the Sunday on which the clocks went back
        for (now, in_time) in [("2026-10-25T17:00:00Z", false), ("2026-10-25T16:59:59Z", true)] {
            town.set_clock(now);
            let outcome = one_day(&town, elena, nina, date(2026, 10, 26)).await;
            assert_eq!(outcome == Outcome::Reported, in_time, "{now}: {outcome:?}");
        }
        // the other school of the family asks for the morning of the day itself
        town.set_clock("2026-10-26T07:59:59Z");
        assert_eq!(one_day(&town, elena, town.pupils.giulia, date(2026, 10, 26)).await, Outcome::Reported);
    })
    .await;
}

#[tokio::test]
async fn on_both_daylight_saving_sundays_nine_is_nine_on_the_clock() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        open_on_sundays(&town).await;
        let (anna, luca) = (town.people.anna, town.pupils.luca);
        for (day, late, in_time) in [
            (date(2026, 10, 25), "2026-10-25T08:00:00Z", "2026-10-25T07:59:59Z"),
            (date(2027, 3, 28), "2027-03-28T07:00:00Z", "2027-03-28T06:59:59Z"),
        ] {
            town.set_clock(late);
            assert_eq!(one_day(&town, anna, luca, day).await, Outcome::TooLate { closed_at: late.parse().unwrap() });
            town.set_clock(in_time);
            assert_eq!(one_day(&town, anna, luca, day).await, Outcome::Reported, "{day}");
        }
    })
    .await;
}

/// Opens the canteen on the two Sundays the clocks change, and gives 3A lunch every day of the week.
async fn open_on_sundays(town: &TestTown) {
    let mut tx = town.db.begin().await.unwrap();
    let (office, site) = (town.office(), town.sites.collodi);
    let every_day = NewClass {
        key: "3A".to_owned(),
        site,
        school_year: SchoolYear(2026),
        name: "3A".to_owned(),
        weekdays: Weekdays(0b111_1111),
    };
    registry::classes(&mut tx, &office, vec![every_day]).await.unwrap();
    let open = |day| NewCalendarDay { service: town.services.meal, site, day, open: true, cause: None };
    load::calendar(&mut tx, &office, vec![open(date(2026, 10, 25)), open(date(2027, 3, 28))]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn each_day_of_a_range_is_answered_for_itself() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (elena, meal) = (town.ctx(town.people.elena), town.services.meal);
        // Pietro eats on Mondays and Wednesdays; it is Monday 30 November after nine
        town.set_clock("2026-11-30T08:30:00Z");
        let elena = elena.at(town.clock.now());
        let sent = send(&town, &elena, request(town.pupils.pietro, meal, date(2026, 11, 30), date(2026, 12, 9))).await.unwrap();
        let bridge = || Outcome::Closed { cause: Some("Ponte dell'Immacolata".to_owned()) };
        assert_eq!(
            outcomes(&sent),
            [
                Outcome::TooLate { closed_at: "2026-11-30T08:00:00Z".parse().unwrap() },
                Outcome::NoLunchThatWeekday,
                Outcome::Reported,
                Outcome::NoLunchThatWeekday,
                Outcome::NoLunchThatWeekday,
                Outcome::NoLunchThatWeekday,
                Outcome::NoLunchThatWeekday,
                bridge(),
                bridge(),
                Outcome::Reported,
            ]
        );
        assert_eq!(sent.receipt.unwrap().number, "A-2026-000001");
        // thirty days ahead of 30 November is 30 December; the last day of school is another limit
        let far = send(&town, &elena, request(town.pupils.giulia, meal, date(2027, 1, 7), date(2027, 1, 7))).await.unwrap();
        assert_eq!(outcomes(&far), [Outcome::TooFarAhead { last_day: date(2026, 12, 30) }]);
        assert_eq!(far.receipt, None);
        let summer = send(&town, &elena, request(town.pupils.giulia, meal, date(2027, 6, 9), date(2027, 6, 9))).await.unwrap();
        assert_eq!(outcomes(&summer), [Outcome::NotEnrolled]);
    })
    .await;
}

#[tokio::test]
async fn reversed_days_and_more_than_sixty_are_refused_and_sixty_are_taken() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (anna, luca, meal) = (town.ctx(town.people.anna), town.pupils.luca, town.services.meal);
        let ask = |last| request(luca, meal, TUESDAY, last);
        let days = |n: i32| TUESDAY.checked_add(jiff::Span::new().days(n - 1)).unwrap();
        assert!(matches!(send(&town, &anna, ask(date(2026, 11, 23))).await, Err(Error::Reversed)));
        for too_many in [61, 400] {
            assert!(matches!(send(&town, &anna, ask(days(too_many))).await, Err(Error::TooManyDays { most: 60 })));
        }
        assert_eq!(count(&town, "absence_report").await, 0);
        assert_eq!(send(&town, &anna, ask(days(60))).await.unwrap().days.len(), 60);
        let unknown = ReportRequest { kind_code: "vacanza".to_owned(), ..ask(TUESDAY) };
        assert!(matches!(send(&town, &anna, unknown).await, Err(Error::UnknownKind)));
    })
    .await;
}

#[tokio::test]
async fn a_second_report_of_the_same_days_finds_the_first_and_changes_nothing() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (luca, meal) = (town.pupils.luca, town.services.meal);
        let ask = || request(luca, meal, TUESDAY, date(2026, 11, 25));
        let first = send(&town, &town.ctx(town.people.anna), ask()).await.unwrap();
        assert_eq!(outcomes(&first), [Outcome::Reported, Outcome::Reported]);
        // the other guardian, the same days; then a kind that would not be an absence; then after the cut-off
        let second = send(&town, &town.ctx(town.people.marco), ask()).await.unwrap();
        assert_eq!((outcomes(&second), second.receipt), (vec![Outcome::AlreadyReported; 2], None));
        let light = ReportRequest { kind_code: "in_bianco".to_owned(), ..ask() };
        let third = send(&town, &town.ctx(town.people.anna), light).await.unwrap();
        assert_eq!((outcomes(&third), third.receipt), (vec![Outcome::AlreadyReported; 2], None));
        town.set_clock("2026-11-24T09:00:00Z");
        let late = send(&town, &town.ctx(town.people.anna), ask()).await.unwrap();
        assert_eq!(outcomes(&late), vec![Outcome::AlreadyReported; 2]);
        assert_eq!((count(&town, "absence_report").await, count(&town, "absence_day").await), (1, 2));
        let mut tx = town.db.read().await.unwrap();
        let used: i64 = tx.query_one("select last_number from receipt_counter", &[]).await.unwrap().get(0).unwrap();
        assert_eq!(used, 1, "a number is taken only for what is kept");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_identical_reports_at_once_one_stands_and_the_others_find_it() {
    on_both_engines(|db| async move {
        let town = std::sync::Arc::new(TestTown::build(db).await);
        let reports = (0..50).map(|n| {
            let town = town.clone();
            tokio::spawn(async move {
                let person = if n % 2 == 0 { town.people.anna } else { town.people.marco };
                let ask = request(town.pupils.luca, town.services.meal, TUESDAY, date(2026, 11, 26));
                send(&town, &town.ctx(person), ask).await
            })
        });
        let (mut taken, mut found) = (0, 0);
        for handle in reports.collect::<Vec<_>>() {
            let sent = handle.await.unwrap().unwrap();
            match outcomes(&sent).as_slice() {
                [Outcome::Reported, Outcome::Reported, Outcome::Reported] => taken += 1,
                [Outcome::AlreadyReported, Outcome::AlreadyReported, Outcome::AlreadyReported] => found += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((taken, found), (1, 49));
        assert_eq!((count(&town, "absence_report").await, count(&town, "absence_day").await), (1, 3));
    })
    .await;
}

#[tokio::test]
async fn whoever_may_not_report_gets_the_answer_of_an_unknown_pupil() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (people, meal) = (&town.people, town.services.meal);
        let nobody = PupilId(Uuid::from_u128(1));
        // Teresa sees Luca but may not report; Paolo is restricted
        for (person, pupil) in [
            (people.teresa, town.pupils.luca),
            (people.paolo, town.pupils.luca),
            (people.carla, town.pupils.luca),
            (people.elena, town.pupils.luca),
            (people.anna, town.pupils.tommaso),
            (people.anna, nobody),
        ] {
            let refused = send(&town, &town.ctx(person), request(pupil, meal, TUESDAY, TUESDAY)).await;
            assert!(matches!(refused, Err(Error::NotVisible)), "{refused:?}");
        }
        let abroad = send(&town, &town.other_ctx(people.anna), request(town.pupils.luca, meal, TUESDAY, TUESDAY)).await;
        assert!(matches!(abroad, Err(Error::NotVisible)));
        // another tenant's service and none at all
        for service in [town.services.other_meal, ServiceId(Uuid::from_u128(1))] {
            let sent = send(&town, &town.ctx(people.anna), request(town.pupils.luca, service, TUESDAY, TUESDAY)).await.unwrap();
            assert_eq!((outcomes(&sent), sent.receipt), (vec![Outcome::NotEnrolled], None));
        }
        assert_eq!(count(&town, "absence_report").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_receipt_is_numbered_signed_and_written_down() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (anna, luca, meal) = (town.ctx(town.people.anna), town.pupils.luca, town.services.meal);
        let sent = send(&town, &anna, request(luca, meal, TUESDAY, date(2026, 11, 28))).await.unwrap();
        let given = sent.receipt.unwrap();
        let mut tx = town.db.read().await.unwrap();
        let mut stored = get_report(&mut tx, &anna, given.id).await.unwrap();
        assert_eq!((stored.receipt_number.as_str(), &stored.signature), ("A-2026-000001", &given.signature));
        assert_eq!((stored.pupil_name.as_str(), stored.person_name.as_str()), ("Luca Rossi", "Anna Bianchi"));
        assert_eq!(stored.days, sent.days);
        assert_eq!(stored.reported_days().count(), 4, "Saturday has no lunch");
        let verify = |report: &StoredReport, signature: &str| receipt::verify(&town.vault, town.tenant, report, signature);
        assert!(verify(&stored, &given.signature));
        assert!(verify(&stored, &given.signature.to_uppercase().replace(' ', "")));
        assert!(!verify(&stored, "") && !verify(&stored, &given.signature[5..]));
        assert!(!receipt::verify(&town.vault, town.other_tenant, &stored, &given.signature));
        stored.days[4].outcome = Outcome::Reported;
        assert!(!verify(&stored, &given.signature), "a day was added");
        let what = "select count(*) from audit_event where tenant_id = $1 and what = 'absence.reported' and actor = $2";
        let rows: i64 =
            tx.query_one(what, &[&town.tenant, &format!("person:{}", town.people.anna)]).await.unwrap().get(0).unwrap();
        assert_eq!(rows, 1);
    })
    .await;
}

#[tokio::test]
async fn a_report_is_read_by_those_who_may_report_for_the_pupil_and_by_nobody_else() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (people, meal) = (&town.people, town.services.meal);
        let sent = send(&town, &town.ctx(people.anna), request(town.pupils.luca, meal, TUESDAY, TUESDAY)).await.unwrap();
        let id = sent.receipt.unwrap().id;
        let mut tx = town.db.read().await.unwrap();
        for person in [people.anna, people.marco] {
            let ctx = town.ctx(person);
            assert_eq!(get_report(&mut tx, &ctx, id).await.unwrap().id, id);
            assert_eq!(list_reports(&mut tx, &ctx, None, Page::number(1)).await.unwrap().total, 1);
            assert_eq!(list_standing(&mut tx, &ctx, &[town.pupils.luca], TUESDAY).await.unwrap().len(), 1);
        }
        for ctx in [town.ctx(people.teresa), town.ctx(people.paolo), town.ctx(people.elena), town.other_ctx(people.anna)] {
            for id in [id, AbsenceReportId(Uuid::from_u128(1))] {
                assert!(matches!(get_report(&mut tx, &ctx, id).await, Err(Error::NotVisible)));
            }
            assert_eq!(list_reports(&mut tx, &ctx, Some(town.pupils.luca), Page::number(1)).await.unwrap().items, []);
            assert_eq!(list_standing(&mut tx, &ctx, &[town.pupils.luca], TUESDAY).await.unwrap(), []);
        }
        drop(tx);
        for ctx in [town.ctx(people.teresa), town.ctx(people.elena), town.other_ctx(people.sara)] {
            assert!(matches!(take_back(&town, &ctx, Undo::Report(id)).await, Err(Error::NotVisible)));
        }
        assert_eq!(count(&town, "absence_day where state = 'reported'").await, 1);
    })
    .await;
}

#[tokio::test]
async fn what_was_reported_is_taken_back_until_the_cutoff_and_not_after() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (luca, meal) = (town.pupils.luca, town.services.meal);
        let sent = send(&town, &town.ctx(town.people.anna), request(luca, meal, TUESDAY, date(2026, 11, 26))).await.unwrap();
        let id = sent.receipt.unwrap().id;
        let tuesday = Undo::Day { pupil: luca, service: meal, day: TUESDAY };
        town.set_clock("2026-11-24T08:00:00Z");
        let marco = town.ctx(town.people.marco);
        let closed_at = "2026-11-24T08:00:00Z".parse().unwrap();
        match take_back(&town, &marco, tuesday).await {
            Err(Error::TooLate { closed_at: told }) => assert_eq!(told, closed_at),
            other => panic!("{other:?}"),
        }
        // the whole report: Tuesday stays, the days after go
        let undone = take_back(&town, &marco, Undo::Report(id)).await.unwrap();
        assert_eq!((undone.days, undone.kept), (vec![date(2026, 11, 25), date(2026, 11, 26)], vec![TUESDAY]));
        let again = take_back(&town, &marco, Undo::Day { pupil: luca, service: meal, day: date(2026, 11, 25) }).await.unwrap();
        assert_eq!((again.days, again.kept), (vec![], vec![]), "a second click finds nothing");
        let mut tx = town.db.read().await.unwrap();
        let standing = list_standing(&mut tx, &marco, &[luca], TUESDAY).await.unwrap();
        assert_eq!(standing.iter().map(|s| (s.day, s.can_undo_until)).collect::<Vec<_>>(), [(TUESDAY, None)]);
        let report = get_report(&mut tx, &marco, id).await.unwrap();
        assert_eq!(report.undone, [date(2026, 11, 25), date(2026, 11, 26)]);
        drop(tx);
        // what was taken back may be reported again, with a new receipt
        let sent = send(&town, &marco, request(luca, meal, date(2026, 11, 25), date(2026, 11, 25))).await.unwrap();
        assert_eq!((outcomes(&sent), sent.receipt.unwrap().number), (vec![Outcome::Reported], "A-2026-000002".to_owned()));
        let mut tx = town.db.read().await.unwrap();
        let standing = list_standing(&mut tx, &marco, &[luca], date(2026, 11, 25)).await.unwrap();
        assert_eq!(standing[0].can_undo_until, Some("2026-11-25T08:00:00Z".parse().unwrap()));
        assert_eq!(standing[0].reported_by, "Marco Rossi");
    })
    .await;
}

#[tokio::test]
async fn a_light_meal_stands_three_days_in_a_row_and_no_more() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (anna, luca, meal) = (town.ctx(town.people.anna), town.pupils.luca, town.services.meal);
        let light = |first, last| ReportRequest { kind_code: "in_bianco".to_owned(), ..request(luca, meal, first, last) };
        let limit = || Outcome::TooManyInARow { max_days: 3 };
        // Thursday to Tuesday: the weekend does not part the row
        let sent = send(&town, &anna, light(date(2026, 11, 26), date(2026, 12, 1))).await.unwrap();
        assert_eq!(
            outcomes(&sent),
            [
                Outcome::Reported,
                Outcome::Reported,
                Outcome::NoLunchThatWeekday,
                Outcome::NoLunchThatWeekday,
                Outcome::Reported,
                limit()
            ]
        );
        // nor may the row grow at its other end, or two rows be joined
        let before = send(&town, &anna, light(date(2026, 11, 25), date(2026, 11, 25))).await.unwrap();
        assert_eq!((outcomes(&before), before.receipt), (vec![limit()], None));
        let apart = send(&town, &anna, light(date(2026, 12, 2), date(2026, 12, 4))).await.unwrap();
        assert_eq!(outcomes(&apart), vec![Outcome::Reported; 3]);
        let between = send(&town, &anna, light(date(2026, 12, 1), date(2026, 12, 1))).await.unwrap();
        assert_eq!(outcomes(&between), [limit()]);
        // an absence has no limit
        let absent = send(&town, &anna, request(luca, meal, date(2026, 12, 9), date(2026, 12, 15))).await.unwrap();
        assert_eq!(absent.days.iter().filter(|d| d.outcome == Outcome::Reported).count(), 5);
    })
    .await;
}

#[tokio::test]
async fn the_next_deadline_is_the_next_lunch_that_can_still_be_reported() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let meal = town.services.meal;
        for (now, person, pupil, day, closes_at) in [
            ("2026-11-23T07:59:59Z", town.people.anna, town.pupils.luca, date(2026, 11, 23), "2026-11-23T08:00:00Z"),
            ("2026-11-23T08:00:00Z", town.people.anna, town.pupils.luca, TUESDAY, "2026-11-24T08:00:00Z"),
            ("2026-11-23T08:00:00Z", town.people.elena, town.pupils.pietro, date(2026, 11, 25), "2026-11-25T08:00:00Z"),
            ("2026-11-22T17:00:00Z", town.people.elena, town.pupils.nina, TUESDAY, "2026-11-23T17:00:00Z"),
            ("2026-12-22T08:00:00Z", town.people.anna, town.pupils.luca, date(2027, 1, 7), "2027-01-07T08:00:00Z"),
        ] {
            town.set_clock(now);
            let mut tx = town.db.read().await.unwrap();
            let deadline = next_deadline(&mut tx, &town.ctx(person), pupil, meal).await.unwrap().unwrap();
            assert_eq!((deadline.day, deadline.closes_at), (day, closes_at.parse().unwrap()), "{now}");
        }
        town.set_clock("2027-06-08T07:00:00Z");
        let mut tx = town.db.read().await.unwrap();
        assert_eq!(next_deadline(&mut tx, &town.ctx(town.people.anna), town.pupils.luca, meal).await.unwrap(), None);
        let refused = next_deadline(&mut tx, &town.ctx(town.people.teresa), town.pupils.luca, meal).await;
        assert!(matches!(refused, Err(Error::NotVisible)));
    })
    .await;
}

#[tokio::test]
async fn receipt_numbers_begin_anew_with_the_year_in_italy() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (luca, meal) = (town.pupils.luca, town.services.meal);
        let mut numbers = Vec::new();
        for (now, day) in [
            ("2026-12-31T22:59:59Z", date(2027, 1, 7)),
            ("2026-12-31T23:00:00Z", date(2027, 1, 8)),
            ("2027-01-05T10:00:00Z", date(2027, 1, 11)),
        ] {
            town.set_clock(now);
            let sent = send(&town, &town.ctx(town.people.anna), request(luca, meal, day, day)).await.unwrap();
            numbers.push(sent.receipt.unwrap().number);
        }
        assert_eq!(numbers, ["A-2026-000001", "A-2027-000001", "A-2027-000002"]);
    })
    .await;
}

#[tokio::test]
async fn kinds_are_the_tenants_own_in_their_order() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let mut tx = town.db.begin().await.unwrap();
        let codes = |kinds: Vec<meals::absence::AbsenceKind>| kinds.into_iter().map(|k| k.code).collect::<Vec<_>>();
        let found = kinds(&mut tx, &town.ctx(town.people.anna)).await.unwrap();
        assert_eq!(codes(found), ["assente", "in_bianco", "uscita"]);
        tx.execute_one("delete from absence_kind where tenant_id = $1 and code = 'uscita'", &[&town.tenant]).await.unwrap();
        assert_eq!(codes(kinds(&mut tx, &town.ctx(town.people.anna)).await.unwrap()), ["assente", "in_bianco"]);
        assert_eq!(codes(kinds(&mut tx, &town.other_ctx(town.people.sara)).await.unwrap()).len(), 3);
    })
    .await;
}
