//! Every receipt has its home, once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;

use common::*;
use db::testing::on_both_engines;
use jiff::civil::date;
use kernel::{Cents, Page, TenantId};
use ledger::AccountKind;
use payments::receipt::{self, Delivery, Outcome, Recorded, Source};
use payments::settings::find_institution;
use payments::{PositionKind, State};

fn outcome(recorded: Recorded) -> Outcome {
    match recorded {
        Recorded::New { outcome, .. } => outcome,
        Recorded::Duplicate => panic!("a new receipt was taken for one that is here"),
    }
}

#[tokio::test]
async fn each_receipt_goes_where_the_table_sends_it() {
    use Outcome::*;
    use PositionKind::*;
    use State::*;
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        // kind, what came in turn, then: outcomes, state, account, refund of this row
        for (n, (kind, came, outcomes, state, account, refund)) in [
            (Instalment, vec![4500], vec![Applied], Paid, 4500, 0),
            (TopUp, vec![4500], vec![Applied], Paid, 4500, 0),
            (Instalment, vec![4000], vec![AmountDiffers], Payable, 4000, 0),
            (Instalment, vec![4000, 500], vec![AmountDiffers, Applied], Paid, 4500, 0),
            (Instalment, vec![4000, 4500], vec![AmountDiffers, AmountDiffers], Paid, 4500, 4000),
            (TopUp, vec![4000], vec![AmountDiffers], Paid, 4000, 0),
            (Instalment, vec![5000], vec![AmountDiffers], Paid, 4500, 500),
            (TopUp, vec![5000], vec![AmountDiffers], Paid, 5000, 0),
            (Instalment, vec![4500, 4500], vec![Applied, DoublePayment], Paid, 4500, 4500),
            (TopUp, vec![4500, 4500], vec![Applied, DoublePayment], Paid, 4500, 4500),
            (Instalment, vec![0], vec![AmountDiffers], Payable, 0, 0),
            (TopUp, vec![0], vec![AmountDiffers], Payable, 0, 0),
        ]
        .into_iter()
        .enumerate()
        {
            let origin = format!("row:{n}");
            let position = town.position(&origin, kind, 4500).await;
            let before = town.refund().await;
            let mut got = Vec::new();
            for (i, cents) in came.iter().enumerate() {
                got.push(outcome(town.record(&receipt(&format!("{n}-{i}"), position.notice_number, *cents)).await));
            }
            assert_eq!(got, outcomes, "row {n}");
            assert_eq!(town.again(&position).await.state, state, "row {n}");
            assert_eq!(town.balance(account_kind(kind), &origin).await, Cents(account), "row {n}");
            assert_eq!(town.refund().await - before, Cents(refund), "row {n}");
        }
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_receipt_after_a_cancellation_is_to_be_given_back() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let mut tx = town.db.begin().await.unwrap();
        payments::cancel(&mut tx, &town.ctx(), position.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(outcome(town.record(&receipt("late", position.notice_number, 4500)).await), Outcome::AfterCancellation);
        assert_eq!(town.again(&position).await.state, State::Cancelled);
        assert_eq!(town.refund().await, Cents(4500));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_receipt_for_a_notice_nobody_knows_waits_in_suspense() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let unknown = receipt("unknown", "302000600008408304".parse().unwrap(), 1000);
        assert_eq!(outcome(town.record(&unknown).await), Outcome::Unmatched);
        let broadcast =
            pagopa::Receipt { fiscal_code: OTHER_FISCAL_CODE.to_owned(), ..receipt("broadcast", position.notice_number, 4500) };
        assert_eq!(outcome(town.record(&broadcast).await), Outcome::Unmatched);
        assert_eq!(town.again(&position).await.state, State::Payable, "the number of another institution means nothing here");
        assert_eq!(town.balance(AccountKind::Suspense, "pagopa").await, Cents(5500));
        let mut tx = town.db.read().await.unwrap();
        let list = receipt::list_anomalies(&mut tx, &town.ctx(), Some(Outcome::Unmatched), Page::number(1)).await.unwrap();
        assert_eq!((list.total, list.items.len()), (2, 2));
        assert_eq!(receipt::raw_xml(&mut tx, &town.ctx(), list.items[0].id).await.unwrap().as_deref(), Some("<raw/>"));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn the_same_receipt_again_changes_nothing_a_second_or_a_day_later() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("top_up:1", PositionKind::TopUp, 4500).await;
        let sent = receipt("r1", position.notice_number, 4500);
        assert_eq!(outcome(town.record(&sent).await), Outcome::Applied);
        let paid = town.again(&position).await;
        assert_eq!(town.record(&sent).await, Recorded::Duplicate);
        town.clock.set(instant("2026-11-25T10:00:00Z"));
        assert_eq!(town.record(&sent).await, Recorded::Duplicate);
        assert_eq!(town.record(&pagopa::Receipt { amount_cents: 1, ..sent }).await, Recorded::Duplicate);
        assert_eq!(town.again(&position).await, paid);
        assert_eq!(town.balance(AccountKind::Wallet, "top_up:1").await, Cents(4500));
        assert_eq!(town.count("select count(*) from payment_receipt").await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_same_receipt_id_for_two_tenants_is_two_receipts() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("top_up:1", PositionKind::TopUp, 4500).await;
        let sent = receipt("r1", position.notice_number, 4500);
        town.record(&sent).await;
        let mut tx = town.db.begin().await.unwrap();
        let other = find_institution(&mut tx, OTHER_FISCAL_CODE).await.unwrap().unwrap();
        let recorded = receipt::record(&mut tx, &town.node(), &other, &sent, "<raw/>").await.unwrap();
        assert_eq!(outcome(recorded), Outcome::Unmatched);
        tx.commit().await.unwrap();
        let mut tx = town.db.read().await.unwrap();
        ledger::check_balanced(&mut tx, TenantId(2)).await.unwrap();
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_receipt_keeps_what_its_paper_needs_and_tells_people_once() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let sent = receipt("r1", position.notice_number, 4500);
        town.record(&sent).await;
        town.record(&sent).await;
        let mut tx = town.db.read().await.unwrap();
        let kept = receipt::get_for_position(&mut tx, &town.ctx(), position.id).await.unwrap().unwrap();
        assert_eq!((kept.receipt_id.as_str(), kept.amount, kept.fee), ("r1", Cents(4500), Some(Cents(100))));
        assert_eq!((kept.psp_name.as_str(), kept.paid_at), ("Banca di prova", Some(instant("2026-11-23T23:30:00Z"))));
        let posted = ledger::get_posting(&mut tx, &town.ctx(), kept.posting.unwrap()).await.unwrap().unwrap();
        assert_eq!(posted.effective_on, date(2026, 11, 24), "paid at half past midnight in Rome");
        assert_eq!(posted.actor, "pagopa");
        assert_eq!(town.again(&position).await.paid_at, kept.paid_at);
        assert_eq!(town.count("select count(*) from job where kind = 'receipt.recorded'").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_receipt_from_the_future_counts_from_today() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let sent =
            pagopa::Receipt { paid_at: Some(instant("2031-01-01T00:00:00Z")), ..receipt("r1", position.notice_number, 4500) };
        town.record(&sent).await;
        let mut tx = town.db.read().await.unwrap();
        let kept = receipt::get_for_position(&mut tx, &town.ctx(), position.id).await.unwrap().unwrap();
        let posted = ledger::get_posting(&mut tx, &town.ctx(), kept.posting.unwrap()).await.unwrap().unwrap();
        assert_eq!(posted.effective_on, date(2026, 11, 24));
    })
    .await;
}

async fn record_together(town: &Town, sent: &[pagopa::Receipt], source: Source) -> Vec<Recorded> {
    let institution = town.institution().await;
    let mut tx = town.db.begin().await.unwrap();
    let deliveries: Vec<_> = sent.iter().map(|receipt| Delivery { receipt, raw_xml: "<raw/>", source }).collect();
    let recorded = receipt::record_all(&mut tx, &town.node(), &institution, &deliveries).await.unwrap();
    tx.commit().await.unwrap();
    recorded
}

/// Every kind of receipt, many of them about the same debts, and what is left of those in the end.
async fn mixed(town: &Town, name: &str) -> (Vec<pagopa::Receipt>, Vec<payments::Position>) {
    use PositionKind::*;
    let named = |origin: &str| format!("{name}:{origin}");
    let instalment = town.position(&named("instalment"), Instalment, 4500).await;
    let top_up = town.position(&named("top_up"), TopUp, 5000).await;
    let cancelled = town.position(&named("cancelled"), Instalment, 1000).await;
    let mut tx = town.db.begin().await.unwrap();
    payments::cancel(&mut tx, &town.ctx(), cancelled.id).await.unwrap();
    tx.commit().await.unwrap();
    let (whole, one, two) = town.choice(&named("whole first")).await;
    let (late_whole, part, _) = town.choice(&named("part first")).await;
    let sent = |id: &str, position: &payments::Position, cents| receipt(&named(id), position.notice_number, cents);
    let broadcast = pagopa::Receipt { fiscal_code: OTHER_FISCAL_CODE.to_owned(), ..sent("broadcast", &top_up, 700) };
    let receipts = vec![
        sent("short", &instalment, 4000),
        sent("short", &instalment, 4000),
        sent("nothing", &instalment, 0),
        sent("rest", &instalment, 500),
        sent("double", &instalment, 4500),
        sent("top-up", &top_up, 5500),
        sent("late", &cancelled, 1000),
        receipt(&named("unknown"), "302000600008408304".parse().unwrap(), 300),
        broadcast,
        sent("whole short", &whole, 3000),
        sent("part closed", &one, 2000),
        sent("whole too much", &whole, 2000),
        sent("part closed too", &two, 2500),
        sent("part", &part, 2000),
        sent("whole closed", &late_whole, 4500),
        sent("rest", &instalment, 1),
    ];
    (receipts, vec![instalment, top_up, cancelled, whole, one, two, late_whole, part])
}

#[tokio::test]
async fn receipts_taken_together_do_what_they_do_one_after_the_other() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let mut seen = Vec::new();
        for together in [false, true] {
            let (receipts, positions) = mixed(&town, if together { "together" } else { "alone" }).await;
            let (refund, suspense) = (town.refund().await, town.balance(AccountKind::Suspense, "pagopa").await);
            let mut recorded = Vec::new();
            if together {
                recorded = record_together(&town, &receipts, Source::Node).await;
            } else {
                for one in &receipts {
                    recorded.push(town.record(one).await);
                }
            }
            let outcomes: Vec<Option<Outcome>> =
                recorded.into_iter().map(|r| if let Recorded::New { outcome, .. } = r { Some(outcome) } else { None }).collect();
            let mut ends = Vec::new();
            for position in &positions {
                let end = town.again(position).await;
                let closed_by_its_own = end.closed_by.map(|by| positions.iter().position(|p| p.id == by));
                let balance = town.balance(account_kind(end.kind), &end.origin_key).await;
                ends.push((end.state, end.paid, end.paid_at, closed_by_its_own, balance));
            }
            let held = town.balance(AccountKind::Suspense, "pagopa").await - suspense;
            seen.push((outcomes, ends, town.refund().await - refund, held));
            town.check_ledger().await;
        }
        assert_eq!(seen[0], seen[1]);
        let count = "select count(*) from payment_receipt where receipt_id like 'together:%'";
        assert_eq!(town.count(count).await, 14, "two of the sixteen are copies");
    })
    .await;
}

#[tokio::test]
async fn a_receipt_and_its_copies_in_one_group_are_one() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("top_up:1", PositionKind::TopUp, 4500).await;
        let sent = receipt("r1", position.notice_number, 4500);
        let recorded = record_together(&town, &vec![sent.clone(); 64], Source::Node).await;
        assert_eq!(outcome(recorded[0]), Outcome::Applied);
        assert!(recorded[1..].iter().all(|r| *r == Recorded::Duplicate));
        assert_eq!(record_together(&town, &[sent], Source::Node).await, [Recorded::Duplicate]);
        assert_eq!(town.balance(AccountKind::Wallet, "top_up:1").await, Cents(4500));
        assert_eq!(town.count("select count(*) from job where kind = 'receipt.recorded'").await, 1);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn the_paper_of_a_reported_payment_comes_once_whatever_else_is_in_its_group() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("top_up:1", PositionKind::TopUp, 4500).await;
        let (told, other) = (receipt("told", position.notice_number, 4500), receipt("other", position.notice_number, 4500));
        let reported = record_together(&town, &[told.clone(), told.clone()], Source::Report).await;
        assert_eq!((outcome(reported[0]), reported[1]), (Outcome::Applied, Recorded::Duplicate));
        let papers = record_together(&town, &[told.clone(), other, told], Source::Node).await;
        assert_eq!((papers[0], papers[2]), (reported[0], Recorded::Duplicate));
        assert_eq!(outcome(papers[1]), Outcome::DoublePayment);
        assert_eq!(town.count("select count(*) from payment_receipt where source = 'node'").await, 2);
        town.check_ledger().await;
    })
    .await;
}

/// Delivers each receipt from many tasks at once; gives how many were new.
async fn storm(town: &Arc<Town>, receipts: Vec<pagopa::Receipt>, copies: usize) -> usize {
    let deliveries = (0..copies).flat_map(|_| receipts.clone()).map(|sent| {
        let town = town.clone();
        tokio::spawn(async move { deliver(&town, &sent).await })
    });
    let mut new = 0;
    for delivery in deliveries.collect::<Vec<_>>() {
        new += usize::from(delivery.await.unwrap() != Recorded::Duplicate);
    }
    new
}

/// As the door does it: again when two transactions met.
async fn deliver(town: &Town, sent: &pagopa::Receipt) -> Recorded {
    let institution = town.institution().await;
    for _ in 0..20 {
        let mut tx = town.db.begin().await.unwrap();
        match receipt::record(&mut tx, &town.node(), &institution, sent, "<raw/>").await {
            Ok(recorded) => {
                tx.commit().await.unwrap();
                return recorded;
            }
            Err(error) if error.is_retryable() => drop(tx),
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the transactions never stopped meeting");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_deliveries_at_once_make_one_credit() {
    on_both_engines(|db| async move {
        let town = Arc::new(Town::new(db).await);
        let position = town.position("top_up:1", PositionKind::TopUp, 4500).await;
        assert_eq!(storm(&town, vec![receipt("r1", position.notice_number, 4500)], 200).await, 1);
        assert_eq!(town.balance(AccountKind::Wallet, "top_up:1").await, Cents(4500));
        assert_eq!(town.count("select count(*) from ledger_posting").await, 1);
        assert_eq!(town.count("select count(*) from payment_receipt").await, 1);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_receipts_eight_times_each_are_each_booked_once() {
    on_both_engines(|db| async move {
        let town = Arc::new(Town::new(db).await);
        let account = town.account(AccountKind::Wallet, "badge").await;
        let new = (0..40).map(|i| town.asked(&format!("top_up:{i}"), PositionKind::TopUp, 100, account)).collect();
        let mut tx = town.db.begin().await.unwrap();
        let positions = payments::open_all(&mut tx, &town.ctx(), new).await.unwrap();
        tx.commit().await.unwrap();
        let receipts = positions.iter().map(|p| receipt(p.notice_number.as_str(), p.notice_number, 100)).collect();
        assert_eq!(storm(&town, receipts, 8).await, 40);
        assert_eq!(town.balance(AccountKind::Wallet, "badge").await, Cents(4000));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_receipts_at_once_for_one_notice_are_a_payment_and_a_double() {
    on_both_engines(|db| async move {
        let town = Arc::new(Town::new(db).await);
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let two = vec![receipt("a", position.notice_number, 4500), receipt("b", position.notice_number, 4500)];
        assert_eq!(storm(&town, two, 10).await, 2);
        assert_eq!(town.balance(AccountKind::Receivable, "instalment:1").await, Cents(4500));
        assert_eq!(town.refund().await, Cents(4500));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_receipt_nobody_expects_many_times_at_once_is_kept_once() {
    on_both_engines(|db| async move {
        let town = Arc::new(Town::new(db).await);
        let unknown = receipt("unknown", "302000600008408304".parse().unwrap(), 1000);
        assert_eq!(storm(&town, vec![unknown], 50).await, 1);
        assert_eq!(town.balance(AccountKind::Suspense, "pagopa").await, Cents(1000));
        town.check_ledger().await;
    })
    .await;
}
