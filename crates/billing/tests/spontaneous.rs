//! Spontaneous payments, from the catalogue to the revenue account.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;

use billing::load::{NewCause, causes as load_causes};
use billing::spontaneous::{self, SpontaneousRequest};
use billing::{Error, due, notice_paper, receipt_paper};
use common::*;
use db::testing::on_both_engines;
use jiff::civil::date;
use kernel::{Cents, Ctx, PositionId, PupilId};
use ledger::AccountKind;
use payments::cart::{PrepareRequest, Prepared};
use payments::{Error as PaymentsError, State};

fn new_cause(code: &str, (min, max): (i64, i64), for_pupil: bool) -> NewCause {
    NewCause {
        code: code.to_owned(),
        name: format!("Causale {code}"),
        description: "Per prova".to_owned(),
        taxonomy_code: "9/0107100TS/".to_owned(),
        min: Cents(min),
        max: Cents(max),
        for_pupil,
        most_pieces: if min == max { 3 } else { 1 },
        open_from: date(2026, 9, 1),
        open_to: None,
        valid_days: 30,
        revenue_subject: (code == "GITA").then(|| "gite".to_owned()),
    }
}

/// The town with a trip for a pupil (25,00), a gift of who pays (1,00 to 500,00) and a trip that is over.
async fn town(db: db::Db) -> Town {
    let town = Town::new(db).await;
    let mut tx = town.db.begin().await.unwrap();
    let over = NewCause { open_to: Some(date(2026, 11, 23)), ..new_cause("PASSATA", (500, 500), true) };
    let new = vec![new_cause("GITA", (2500, 2500), true), new_cause("DONO", (100, 50_000), false), over];
    load_causes(&mut tx, &town.system(), new).await.unwrap();
    tx.commit().await.unwrap();
    town
}

fn trip(pupil: PupilId, pieces: i64, form_key: &str) -> SpontaneousRequest {
    SpontaneousRequest { cause: "GITA".to_owned(), pupil: Some(pupil), amount: None, pieces, form_key: form_key.to_owned() }
}

fn gift(cents: i64, form_key: &str) -> SpontaneousRequest {
    SpontaneousRequest {
        cause: "DONO".to_owned(),
        pupil: None,
        amount: Some(Cents(cents)),
        pieces: 1,
        form_key: form_key.to_owned(),
    }
}

async fn open(town: &Town, ctx: &Ctx, request: SpontaneousRequest) -> Result<PositionId, Error> {
    let mut tx = town.db.begin().await.unwrap();
    let position = spontaneous::open(&mut tx, ctx, request).await?;
    tx.commit().await.unwrap();
    Ok(position.id)
}

async fn cancel(town: &Town, ctx: &Ctx, id: PositionId) -> Result<(), Error> {
    let mut tx = town.db.begin().await.unwrap();
    spontaneous::cancel(&mut tx, ctx, id).await?;
    tx.commit().await.unwrap();
    Ok(())
}

async fn revenue(town: &Town, subject: &str) -> Cents {
    let mut tx = town.db.read().await.unwrap();
    match ledger::find_account(&mut tx, &town.system(), AccountKind::Revenue, subject).await.unwrap() {
        Some(account) => ledger::balance(&mut tx, &town.system(), account).await.unwrap(),
        None => Cents::ZERO,
    }
}

#[tokio::test]
async fn a_payment_reaches_the_account_of_its_cause_when_its_receipt_comes_and_not_before() {
    on_both_engines(|db| async move {
        let town = town(db).await;
        let mother = town.as_person(town.mother);
        let id = open(&town, &mother, trip(town.elettra, 2, "form")).await.unwrap();
        assert_eq!(open(&town, &mother, trip(town.elettra, 2, "form")).await.unwrap(), id, "a form sent twice is one position");
        let mut tx = town.db.read().await.unwrap();
        let payment = spontaneous::get(&mut tx, &mother, id).await.unwrap();
        assert_eq!((payment.amount, payment.state, payment.due_on), (Cents(5000), State::Payable, date(2026, 12, 24)));
        assert_eq!(payment.description, "Causale GITA (2 pezzi)", "it names no pupil");
        assert_eq!(notice_paper(&mut tx, &mother, id).await.unwrap().amount, Cents(5000));
        assert_eq!(due::get_payable(&mut tx, &mother, &[id]).await.unwrap().len(), 1);
        assert!(matches!(receipt_paper(&mut tx, &mother, id).await, Err(Error::NotVisible)));
        drop(tx);
        assert_eq!(revenue(&town, "gite").await, Cents::ZERO);
        town.pay(id, 5000, None).await;
        assert_eq!(revenue(&town, "gite").await, Cents(5000));
        let mut tx = town.db.read().await.unwrap();
        assert!(spontaneous::get(&mut tx, &mother, id).await.unwrap().is_paid());
        assert_eq!(receipt_paper(&mut tx, &mother, id).await.unwrap().receipt.amount, Cents(5000));
        drop(tx);
        assert!(matches!(cancel(&town, &mother, id).await, Err(Error::Payments(PaymentsError::AlreadyPaid))));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn the_same_form_with_other_content_is_refused() {
    on_both_engines(|db| async move {
        let town = town(db).await;
        let mother = town.as_person(town.mother);
        open(&town, &mother, trip(town.elettra, 1, "form")).await.unwrap();
        for other in [trip(town.livio, 1, "form"), trip(town.elettra, 2, "form"), gift(2500, "form")] {
            let refused = open(&town, &mother, other).await;
            assert!(matches!(refused, Err(Error::Payments(PaymentsError::SameOriginOtherContent(_)))), "{refused:?}");
        }
        open(&town, &town.as_person(town.father), trip(town.livio, 1, "form")).await.expect("another's form is another");
    })
    .await;
}

#[tokio::test]
async fn what_is_not_in_the_catalogue_or_not_ones_own_is_not_there() {
    on_both_engines(|db| async move {
        let town = town(db).await;
        let mother = town.as_person(town.mother);
        let mut tx = town.db.read().await.unwrap();
        let open_now: Vec<String> = spontaneous::causes(&mut tx, &mother).await.unwrap().into_iter().map(|c| c.code).collect();
        assert_eq!(open_now, ["DONO", "GITA"], "what is over is not shown");
        assert!(spontaneous::causes(&mut tx, &town.there()).await.unwrap().is_empty(), "another tenant has its own");
        drop(tx);
        let asked = |cause: &str, pupil| SpontaneousRequest { cause: cause.to_owned(), pupil, ..trip(town.elettra, 1, "a") };
        for request in [asked("PASSATA", Some(town.elettra)), asked("GITA", None), asked("GITA", Some(town.other))] {
            assert!(matches!(open(&town, &mother, request).await, Err(Error::NotVisible)));
        }
        let for_pupil = SpontaneousRequest { pupil: Some(town.elettra), ..gift(500, "b") };
        assert!(matches!(open(&town, &mother, for_pupil).await, Err(Error::NotVisible)), "a gift is for nobody's pupil");
        assert!(matches!(open(&town, &mother, gift(99, "c")).await, Err(Error::BelowMin { .. })));
        assert!(matches!(open(&town, &mother, gift(50_001, "c")).await, Err(Error::AboveMax { .. })));
        assert!(matches!(open(&town, &mother, trip(town.elettra, 4, "c")).await, Err(Error::TooManyPieces { most: 3 })));
        for helper in [town.aunt, town.restricted] {
            let refused = open(&town, &town.as_person(helper), trip(town.elettra, 1, "d")).await;
            assert!(refused.is_err(), "who may not pay for a pupil does not");
        }
    })
    .await;
}

#[tokio::test]
async fn reads_by_others_answer_as_what_does_not_exist() {
    on_both_engines(|db| async move {
        let town = town(db).await;
        let mother = town.as_person(town.mother);
        let id = open(&town, &mother, trip(town.elettra, 1, "form")).await.unwrap();
        let own = open(&town, &mother, gift(700, "gift")).await.unwrap();
        for outsider in town.outsiders() {
            let mut tx = town.db.read().await.unwrap();
            for id in [id, own] {
                assert!(matches!(spontaneous::get(&mut tx, &outsider, id).await, Err(Error::NotVisible)), "{:?}", outsider.actor);
                assert!(matches!(notice_paper(&mut tx, &outsider, id).await, Err(Error::NotVisible)));
                assert!(matches!(due::get_payable(&mut tx, &outsider, &[id]).await, Err(Error::NotVisible)));
            }
            drop(tx);
            assert!(matches!(cancel(&town, &outsider, id).await, Err(Error::NotVisible)));
        }
        // The other parent may pay for the pupil, and takes nothing back that is not theirs; a gift is the giver's alone.
        let father = town.as_person(town.father);
        let mut tx = town.db.read().await.unwrap();
        assert!(!spontaneous::get(&mut tx, &father, id).await.unwrap().is_own);
        assert!(matches!(spontaneous::get(&mut tx, &father, own).await, Err(Error::NotVisible)));
        assert_eq!(spontaneous::list_for(&mut tx, &father).await.unwrap().len(), 1);
        drop(tx);
        assert!(matches!(cancel(&town, &father, id).await, Err(Error::NotVisible)));
    })
    .await;
}

#[tokio::test]
async fn who_asked_for_it_gives_it_up_unless_it_is_being_paid() {
    on_both_engines(|db| async move {
        let town = town(db).await;
        let mother = town.as_person(town.mother);
        let (one, other) =
            (open(&town, &mother, gift(700, "a")).await.unwrap(), open(&town, &mother, gift(700, "b")).await.unwrap());
        cancel(&town, &mother, one).await.unwrap();
        cancel(&town, &mother, one).await.expect("once is enough");
        let mut tx = town.db.begin().await.unwrap();
        assert_eq!(spontaneous::get(&mut tx, &mother, one).await.unwrap().state, State::Cancelled);
        let request = PrepareRequest {
            positions: vec![other],
            may_pay_for: Vec::new(),
            elsewhere: Vec::new(),
            return_base_url: "https://p.example".to_owned(),
            email: None,
        };
        assert!(matches!(payments::cart::prepare(&mut tx, &mother, &request).await, Ok(Prepared::New { .. })));
        tx.commit().await.unwrap();
        assert!(matches!(cancel(&town, &mother, other).await, Err(Error::Payments(PaymentsError::InProgress { .. }))));
        town.pay(other, 700, None).await;
        assert_eq!(revenue(&town, "causale:DONO").await, Cents(700));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn what_nobody_paid_in_its_days_is_withdrawn_the_day_after_and_money_that_still_comes_is_held() {
    on_both_engines(|db| async move {
        let town = town(db).await;
        let id = open(&town, &town.as_person(town.mother), gift(700, "a")).await.unwrap();
        let expire = async |at: &str| {
            town.clock.set(instant(at));
            let mut tx = town.db.begin().await.unwrap();
            let count = spontaneous::expire(&mut tx, &town.system()).await.unwrap();
            tx.commit().await.unwrap();
            count
        };
        assert_eq!(expire("2026-12-24T22:59:59Z").await, 0, "its last day is not over in Rome");
        assert_eq!(expire("2026-12-24T23:00:00Z").await, 1);
        assert_eq!(expire("2026-12-24T23:00:01Z").await, 0);
        town.pay(id, 700, None).await;
        assert_eq!(revenue(&town, "causale:DONO").await, Cents::ZERO);
        let mut tx = town.db.read().await.unwrap();
        assert_eq!(payments::get(&mut tx, &town.system(), id).await.unwrap().state, State::Cancelled);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_changed_cause_changes_no_notice_that_was_asked_for() {
    on_both_engines(|db| async move {
        let town = town(db).await;
        let mother = town.as_person(town.mother);
        let id = open(&town, &mother, trip(town.elettra, 1, "a")).await.unwrap();
        let mut tx = town.db.begin().await.unwrap();
        let counts = load_causes(&mut tx, &town.system(), vec![new_cause("GITA", (3000, 3000), true)]).await.unwrap();
        assert_eq!((counts.inserted, counts.updated, counts.unchanged), (0, 1, 0));
        let again = load_causes(&mut tx, &town.system(), vec![new_cause("GITA", (3000, 3000), true)]).await.unwrap();
        assert_eq!((again.inserted, again.updated, again.unchanged), (0, 0, 1));
        tx.commit().await.unwrap();
        let mut tx = town.db.read().await.unwrap();
        assert_eq!(spontaneous::get(&mut tx, &mother, id).await.unwrap().amount, Cents(2500));
        assert_eq!(spontaneous::cause(&mut tx, &mother, "GITA").await.unwrap().min, Cents(3000));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_sent_many_times_at_once_is_one_position() {
    on_both_engines(|db| async move {
        let town = Arc::new(town(db).await);
        let clicks: Vec<_> = (0..8)
            .map(|_| {
                let town = town.clone();
                tokio::spawn(async move {
                    let mother = town.as_person(town.mother);
                    open(&town, &mother, trip(town.elettra, 2, "form")).await.unwrap()
                })
            })
            .collect();
        let mut positions = Vec::new();
        for click in clicks {
            positions.push(click.await.unwrap());
        }
        positions.dedup();
        assert_eq!(positions.len(), 1);
        let mut tx = town.db.read().await.unwrap();
        assert_eq!(spontaneous::list_for(&mut tx, &town.as_person(town.mother)).await.unwrap().len(), 1);
    })
    .await;
}
