//! Top-ups, the close of a day, statements, charges and the tax certificate.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use billing::load::{MovementKind, NewMovement};
use billing::top_up::{self, TopUpRequest};
use billing::{ChargedTo, Error, account, day, tax};
use common::{Town, instant, paid, valid};
use db::testing::on_both_engines;
use jiff::civil::date;
use kernel::{BadgeId, Cents, Ctx, Day, PersonId, PositionId};
use ledger::Cause;

async fn top_up(town: &Town, ctx: &Ctx, badge: BadgeId, amount: i64, form_key: &str) -> Result<PositionId, Error> {
    let mut tx = town.db.begin().await.unwrap();
    let request = TopUpRequest { badge, amount: Cents(amount), form_key: form_key.to_owned() };
    let position = top_up::open(&mut tx, ctx, request).await?;
    tx.commit().await.unwrap();
    Ok(position.id)
}

async fn wallet(town: &Town, person: PersonId) -> account::Wallet {
    let mut tx = town.db.read().await.unwrap();
    account::wallets(&mut tx, &town.as_person(person)).await.unwrap().remove(0)
}

async fn close(town: &Town, day: Day) -> day::ClosedDay {
    let mut tx = town.db.begin().await.unwrap();
    let closed = day::close_day(&mut tx, &town.system(), town.service, day).await.unwrap();
    tx.commit().await.unwrap();
    closed
}

#[tokio::test]
async fn a_top_up_is_credited_when_its_receipt_comes_and_not_before() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let mother = town.as_person(town.mother);
        let position = top_up(&town, &mother, town.badge, 2500, "form-1").await.unwrap();
        assert_eq!(top_up(&town, &mother, town.badge, 2500, "form-1").await.unwrap(), position);
        assert!(matches!(top_up(&town, &mother, town.badge, 3000, "form-1").await, Err(Error::Payments(_))));
        assert_eq!(wallet(&town, town.mother).await.balance, Cents::ZERO);
        let mut tx = town.db.read().await.unwrap();
        let pending = top_up::pending(&mut tx, &town.as_person(town.father)).await.unwrap();
        assert_eq!((pending.len(), pending[0].position_id, pending[0].badge_code.as_str()), (1, position, "100201"));
        let notice = billing::notice_paper(&mut tx, &mother, position).await.unwrap();
        assert!(notice.document.is_none() && !notice.position.description.contains("Elettra"));
        drop(tx);
        town.pay(position, 2500, None).await;
        assert_eq!(wallet(&town, town.father).await.balance, Cents(2500));
        let mut tx = town.db.read().await.unwrap();
        assert!(top_up::pending(&mut tx, &mother).await.unwrap().is_empty());
        assert!(billing::receipt_paper(&mut tx, &mother, position).await.is_ok());
        let statement = account::statement(&mut tx, &mother, town.badge, date(2026, 11, 1), date(2026, 11, 30)).await.unwrap();
        let posting = statement.statement.movements[0].posting_id;
        let movement = account::movement(&mut tx, &mother, town.badge, posting).await.unwrap();
        assert_eq!((movement.amount, movement.receipt.unwrap().amount), (Cents(2500), Cents(2500)));
        drop(tx);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn amounts_out_of_bounds_and_badges_of_others_are_refused() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let mother = town.as_person(town.mother);
        let refused = |r: Result<PositionId, Error>| r.unwrap_err();
        let below = refused(top_up(&town, &mother, town.badge, 499, "a").await);
        assert!(matches!(below, Error::BelowMin { min: Cents(500) }));
        assert!(matches!(refused(top_up(&town, &mother, town.badge, 0, "a").await), Error::BelowMin { .. }));
        let above = refused(top_up(&town, &mother, town.badge, 20_001, "a").await);
        assert!(matches!(above, Error::AboveMax { max: Cents(20_000) }));
        assert!(matches!(refused(top_up(&town, &mother, town.other_badge, 1000, "a").await), Error::NotVisible));
        // a helper sees the wallet and may not pay into it
        assert!(matches!(refused(top_up(&town, &town.as_person(town.aunt), town.badge, 1000, "a").await), Error::NoWallet));
        let position = top_up(&town, &mother, town.badge, 1000, "a").await.unwrap();
        for ctx in town.outsiders() {
            assert!(matches!(refused(top_up(&town, &ctx, town.badge, 1000, "a").await), Error::NotVisible));
            let mut tx = town.db.read().await.unwrap();
            assert!(matches!(top_up::get(&mut tx, &ctx, position).await, Err(Error::NotVisible)));
            let (first, last) = (date(2026, 11, 1), date(2026, 11, 30));
            assert!(matches!(account::statement(&mut tx, &ctx, town.badge, first, last).await, Err(Error::NotVisible)));
            assert!(matches!(
                tax::certificate(&mut tx, &ctx, town.elettra, 2025).await,
                Err(Error::NotVisible | Error::Enrolment(_))
            ));
            if ctx.actor.person().is_some() {
                let charges = billing::charges_for(&mut tx, &ctx, town.elettra, town.service, first, last).await.unwrap();
                assert!(charges.is_empty());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_day_is_charged_once_however_often_it_is_closed() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let monday = date(2026, 11, 23);
        for (pupil, status) in [(town.elettra, "present"), (town.livio, "present"), (town.other, "absent")] {
            town.attend(pupil, monday, status).await;
        }
        let closed = close(&town, monday).await;
        // 3,40 for the first child; a fifth off for the second
        assert_eq!((closed.meals, closed.total, closed.not_charged.len()), (2, Cents(340 + 272), 0));
        assert_eq!(close(&town, monday).await.meals, 0);
        assert_eq!(wallet(&town, town.mother).await.balance, Cents(-340));
        let mut tx = town.db.read().await.unwrap();
        let mother = town.as_person(town.mother);
        let livio = billing::charges_for(&mut tx, &mother, town.livio, town.service, monday, monday).await.unwrap();
        let charge = &livio[&monday];
        assert_eq!((charge.amount, &charge.to, charge.posting_id), (Cents(272), &ChargedTo::Waiting, None));
        let lines = [
            "Fascia 2: ISEE da 4.000 € a 10.000 €: 3,40 €",
            "Secondo figlio: -20%",
            "Tariffe refezione: delibera n. 41 del 28/05/2026",
        ];
        assert_eq!(charge.trace, lines);
        let aunt = town.as_person(town.aunt);
        let seen = billing::charges_for(&mut tx, &aunt, town.livio, town.service, monday, monday).await.unwrap();
        assert!(seen[&monday].amount == Cents(272) && seen[&monday].trace.is_empty());
        drop(tx);
        // the roll of the other child comes late
        let mut tx = town.db.begin().await.unwrap();
        let late = "update attendance set status = 'present' where tenant_id = 1 and pupil_id = $1";
        tx.execute_one(late, &[&town.other]).await.unwrap();
        tx.commit().await.unwrap();
        // without an ISEE the highest price
        assert_eq!(close(&town, monday).await.total, Cents(500));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn two_who_close_the_same_day_at_once_charge_it_once() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let days: Vec<Day> = (16..=20).map(|d| date(2026, 11, d)).collect();
        for day in &days {
            town.attend(town.elettra, *day, "present").await;
            town.attend(town.livio, *day, "present").await;
        }
        let close = |seed| {
            let (db, service, days) = (town.db.clone(), town.service, days.clone());
            let ctx = Ctx { entropy: kernel::Entropy::seeded(seed), ..town.system() };
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                let closed = day::close_days(&mut tx, &ctx, service, &days).await.unwrap();
                tx.commit().await.unwrap();
                closed.iter().map(|day| day.meals).sum::<u64>()
            })
        };
        let at_once: Vec<_> = (100..104).map(close).collect();
        let mut meals = 0;
        for one in at_once {
            meals += one.await.unwrap();
        }
        assert_eq!(meals, 10);
        assert_eq!(wallet(&town, town.mother).await.balance, Cents(-340 * 5));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn meals_without_a_price_or_a_payer_are_told_and_charged_when_they_have_one() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let (before, monday) = (date(2026, 8, 31), date(2026, 11, 23));
        town.attend(town.elettra, before, "present").await;
        assert_eq!(close(&town, before).await.not_charged, [(town.elettra, day::NotCharged::NoPrice)]);
        town.attend(town.other, monday, "present_not_enrolled").await;
        assert_eq!(close(&town, monday).await.not_charged, [(town.other, day::NotCharged::NotEnrolled)]);
        let mut tx = town.db.begin().await.unwrap();
        let tomorrow = day::close_day(&mut tx, &town.system(), town.service, date(2026, 11, 25)).await;
        assert!(matches!(tomorrow, Err(Error::DayToCome)));
        drop(tx);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn the_price_changes_on_the_day_the_isee_ends_in_the_middle_of_a_closed_range() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        town.clock.set(instant("2027-01-11T19:00:00Z"));
        let days = [date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 7), date(2027, 1, 8)];
        for day in days {
            town.attend(town.elettra, day, "present").await;
        }
        let mut tx = town.db.begin().await.unwrap();
        let closed = day::close_days(&mut tx, &town.system(), town.service, &days).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(closed.iter().map(|day| day.total.0).collect::<Vec<_>>(), [340, 340, 500, 500]);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_badge_takes_no_top_up_while_its_meals_are_billed_afterwards() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let mother = town.as_person(town.mother);
        assert!(wallet(&town, town.mother).await.is_prepaid);
        let mut tx = town.db.begin().await.unwrap();
        let bill = "update enrolment set payment_mode = 'postpaid' where tenant_id = $1 and pupil_id = $2";
        tx.execute_one(bill, &[&mother.tenant, &town.elettra]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!wallet(&town, town.mother).await.is_prepaid);
        assert!(matches!(top_up(&town, &mother, town.badge, 1000, "form-1").await, Err(Error::NoWallet)));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_statement_tells_each_meal_and_where_its_price_comes_from() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let mother = town.as_person(town.mother);
        let position = top_up(&town, &mother, town.badge, 1000, "form-1").await.unwrap();
        town.pay(position, 1000, None).await;
        for day in [date(2026, 10, 30), date(2026, 11, 23), date(2026, 11, 24)] {
            town.attend(town.elettra, day, "present").await;
            close(&town, day).await;
        }
        let mut tx = town.db.read().await.unwrap();
        let told = account::statement(&mut tx, &mother, town.badge, date(2026, 11, 1), date(2026, 11, 30)).await.unwrap();
        let statement = &told.statement;
        assert_eq!(
            (statement.opening, statement.closing, statement.totals[&Cause::Meal]),
            (Cents(-340), Cents(-20), Cents(-680))
        );
        assert_eq!(
            (told.wallet.balance, told.wallet.meals_left(), told.wallet.last_price),
            (Cents(-20), Some(0), Some(Cents(340)))
        );
        let meal = statement.movements.iter().find(|m| m.cause == Cause::Meal).unwrap();
        let movement = account::movement(&mut tx, &mother, town.badge, meal.posting_id).await.unwrap();
        let (day, charge) = movement.meal.unwrap();
        assert_eq!((day, movement.amount, charge.trace.len()), (date(2026, 11, 23), Cents(-340), 2));
        assert!(matches!(charge.to, ChargedTo::Badge { code, .. } if code == "100201"));
        let stranger = town.as_person(town.stranger);
        let theirs = account::movement(&mut tx, &stranger, town.other_badge, meal.posting_id).await;
        assert!(matches!(theirs, Err(Error::NotVisible)));
        let reversed = account::statement(&mut tx, &mother, town.badge, date(2026, 11, 2), date(2026, 11, 1)).await;
        assert!(matches!(reversed, Err(Error::ReversedPeriod)));
        let long = account::statement(&mut tx, &mother, town.badge, date(2025, 1, 1), date(2026, 2, 5)).await;
        assert!(matches!(long, Err(Error::PeriodTooLong)));
        drop(tx);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn movements_of_an_earlier_system_come_in_once_and_their_meals_are_not_charged_again() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let monday = date(2026, 11, 23);
        town.attend(town.elettra, monday, "present").await;
        let movement = |key: &str, kind, on, amount| NewMovement {
            external_key: key.to_owned(),
            badge: town.badge,
            on,
            kind,
            amount: Cents(amount),
            description: format!("Movimento {key}"),
            derivation: "Fascia B: 4,10 €".to_owned(),
        };
        let all = vec![
            movement("1", MovementKind::Opening, date(2026, 9, 1), 1250),
            movement("2", MovementKind::TopUp, date(2026, 9, 5), 5000),
            movement("3", MovementKind::Meal, monday, -410),
            movement("4", MovementKind::Refund, date(2026, 11, 1), -1000),
            movement("5", MovementKind::Meal, date(2026, 11, 20), 0),
        ];
        for _ in 0..2 {
            let mut tx = town.db.begin().await.unwrap();
            billing::load::movements(&mut tx, &town.system(), all.clone()).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(wallet(&town, town.mother).await.balance, Cents(1250 + 5000 - 410 - 1000));
        assert_eq!(close(&town, monday).await.meals, 0);
        let mut tx = town.db.read().await.unwrap();
        let mother = town.as_person(town.mother);
        let charges =
            billing::charges_for(&mut tx, &mother, town.elettra, town.service, date(2026, 11, 1), monday).await.unwrap();
        assert_eq!((charges.len(), charges[&monday].trace.as_slice()), (2, &["Fascia B: 4,10 €".to_owned()][..]));
        drop(tx);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn the_certificate_counts_what_this_person_paid_in_the_year() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let (mother, father) = (town.as_person(town.mother), town.as_person(town.father));
        let mut cash = town.document("1", date(2026, 10, 1), &[(date(2026, 10, 31), 4500), (date(2026, 11, 30), 4500)]);
        cash.instalments[0].paid_elsewhere = paid(4500, date(2026, 10, 15), "contanti");
        cash.instalments[1].paid_elsewhere = paid(4000, date(2026, 11, 15), "bonifico");
        town.issue(cash).await;
        let one = top_up(&town, &mother, town.badge, 2500, "one").await.unwrap();
        town.pay(one, 2500, None).await;
        // the father pays what the mother opened
        let two = top_up(&town, &mother, town.badge, 3000, "two").await.unwrap();
        town.pay(two, 3000, Some(&valid("BLLGUO80A01Z999X"))).await;
        town.clock.set(instant("2026-12-31T23:30:00Z"));
        // half past midnight in Italy: the next year's
        let three = top_up(&town, &mother, town.badge, 700, "three").await.unwrap();
        town.pay(three, 700, None).await;
        let mut tx = town.db.read().await.unwrap();
        let (mother, father) = (Ctx { now: town.clock.now(), ..mother }, Ctx { now: town.clock.now(), ..father });
        let hers = tax::certificate(&mut tx, &mother, town.elettra, 2026).await.unwrap();
        assert_eq!((hers.traceable, hers.other, hers.refunded), (Cents(6500), Cents(4500), Cents::ZERO));
        assert_eq!(hers.lines[0].payments.iter().filter(|p| p.iuv.is_some()).count(), 1);
        let his = tax::certificate(&mut tx, &father, town.elettra, 2026).await.unwrap();
        assert_eq!((his.traceable, his.lines.len()), (Cents(3000), 1));
        assert!(tax::certificate(&mut tx, &father, town.livio, 2026).await.unwrap().lines.is_empty());
        assert!(matches!(tax::certificate(&mut tx, &mother, town.elettra, 2027).await, Err(Error::NoSuchYear)));
        let aunt = Ctx { now: town.clock.now(), ..town.as_person(town.aunt) };
        assert!(matches!(tax::certificate(&mut tx, &aunt, town.elettra, 2026).await, Err(Error::Enrolment(_))));
        drop(tx);
        town.check_ledger().await;
    })
    .await;
}
