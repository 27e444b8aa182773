//! Every receipt has its home, once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;

use common::*;
use db::testing::on_both_engines;
use jiff::civil::date;
use kernel::{Cents, Page, TenantId};
use ledger::AccountKind;
use payments::receipt::{self, Outcome, Recorded};
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
