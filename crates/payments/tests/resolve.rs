//! What the office does about receipts on its work lists.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::*;
use db::testing::on_both_engines;
use jiff::civil::date;
use kernel::{Cents, Ctx, ReceiptId, TenantId};
use ledger::AccountKind;
use payments::receipt::{self, Outcome, Recorded};
use payments::resolve::{self, Resolved};
use payments::{Error, Position, PositionKind, State};

async fn came(town: &Town, sent: &pagopa::Receipt) -> ReceiptId {
    match town.record(sent).await {
        Recorded::New { id, .. } => id,
        Recorded::Duplicate => panic!("it was here"),
    }
}

async fn unknown(town: &Town, id: &str, cents: i64) -> ReceiptId {
    came(town, &receipt(id, "302000600008408304".parse().unwrap(), cents)).await
}

async fn match_with(town: &Town, id: ReceiptId, position: &Position, reason: &str) -> Result<Resolved, Error> {
    let mut tx = town.db.begin().await.unwrap();
    let resolved = resolve::match_receipt(&mut tx, &town.ctx(), id, position.notice_number, reason).await?;
    tx.commit().await.unwrap();
    Ok(resolved)
}

async fn give_back(town: &Town, id: ReceiptId, day: i8) -> Result<Resolved, Error> {
    let mut tx = town.db.begin().await.unwrap();
    let resolved = resolve::refunded(&mut tx, &town.ctx(), id, date(2026, 11, day), "mandato 12/2026").await?;
    tx.commit().await.unwrap();
    Ok(resolved)
}

async fn held(town: &Town) -> Vec<(Outcome, Cents)> {
    let mut tx = town.db.read().await.unwrap();
    let held = resolve::list_held(&mut tx, &town.ctx()).await.unwrap();
    held.into_iter().map(|h| (h.receipt.outcome, h.amount)).collect()
}

#[tokio::test]
async fn an_unmatched_receipt_is_matched_by_hand_once_with_its_reason() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let other = town.position("instalment:2", PositionKind::Instalment, 4500).await;
        let id = unknown(&town, "u", 4500).await;
        assert_eq!(held(&town).await, [(Outcome::Unmatched, Cents(4500))]);
        assert!(matches!(match_with(&town, id, &position, " ").await, Err(Error::Malformed(_))));
        let first = match_with(&town, id, &position, "avviso del vecchio gestionale").await.unwrap();
        assert_eq!(first, Resolved { amount: Cents(4500), new: true });
        let again = match_with(&town, id, &position, "di nuovo").await.unwrap();
        assert_eq!(again, Resolved { amount: Cents(4500), new: false });
        assert!(matches!(match_with(&town, id, &other, "un altro").await, Err(Error::AlreadyResolved)));
        assert_eq!(town.again(&position).await.state, State::Paid);
        assert_eq!(town.balance(AccountKind::Receivable, "instalment:1").await, Cents(4500));
        assert_eq!(town.balance(AccountKind::Suspense, "pagopa").await, Cents::ZERO);
        assert!(held(&town).await.is_empty());
        assert_eq!(town.count("select count(*) from audit_event where what = 'receipt.matched'").await, 1);
        let mut tx = town.db.read().await.unwrap();
        let paper = receipt::get_for_position(&mut tx, &town.ctx(), position.id).await.unwrap().unwrap();
        assert_eq!((paper.receipt_id.as_str(), paper.outcome), ("u", Outcome::Applied));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_match_follows_the_table_as_the_receipt_would_have() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        // what came for a debt of 4500: the debt's state, what is left to pay, what is held to be given back
        for (n, (cents, state, due, left)) in
            [(4000, State::Payable, 500, 0), (5000, State::Paid, 0, 500), (4500, State::Paid, 0, 0)].into_iter().enumerate()
        {
            let position = town.position(&format!("instalment:{n}"), PositionKind::Instalment, 4500).await;
            let id = unknown(&town, &format!("u{n}"), cents).await;
            match_with(&town, id, &position, "prova").await.unwrap();
            let after = town.again(&position).await;
            assert_eq!((after.state, after.due()), (state, Cents(due)));
            assert_eq!(held(&town).await.iter().map(|(_, c)| c.0).sum::<i64>(), left, "row {n}");
            if left > 0 {
                assert_eq!(give_back(&town, id, 24).await.unwrap().amount, Cents(left));
            }
        }
        let (whole, one, _) = town.choice("d").await;
        let id = unknown(&town, "whole", 4500).await;
        match_with(&town, id, &whole, "prova").await.unwrap();
        assert_eq!(town.again(&one).await.state, State::Closed);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn only_what_waits_is_matched_and_only_with_what_takes_money() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let paid = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let applied = came(&town, &receipt("r", paid.notice_number, 4500)).await;
        let gone = town.position("instalment:2", PositionKind::Instalment, 4500).await;
        let mut tx = town.db.begin().await.unwrap();
        payments::cancel(&mut tx, &town.ctx(), gone.id).await.unwrap();
        tx.commit().await.unwrap();
        let open = town.position("instalment:3", PositionKind::Instalment, 4500).await;
        let id = unknown(&town, "u", 4500).await;
        assert!(matches!(match_with(&town, applied, &open, "prova").await, Err(Error::NotHeld)));
        assert!(matches!(match_with(&town, id, &paid, "prova").await, Err(Error::AlreadyPaid)));
        assert!(matches!(match_with(&town, id, &gone, "prova").await, Err(Error::Cancelled)));
        assert!(matches!(match_with(&town, town.ctx().new_id(), &open, "prova").await, Err(Error::NotVisible)));
        let there = Ctx { tenant: TenantId(2), ..town.ctx() };
        let mut tx = town.db.begin().await.unwrap();
        let elsewhere = resolve::match_receipt(&mut tx, &there, id, open.notice_number, "prova").await;
        assert!(matches!(elsewhere, Err(Error::NotVisible)), "another tenant has no such receipt");
        drop(tx);
        assert_eq!(town.again(&open).await, open);
    })
    .await;
}

#[tokio::test]
async fn money_held_leaves_the_refund_account_when_the_treasurer_has_paid_it_back() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        came(&town, &receipt("first", position.notice_number, 4500)).await;
        let double = came(&town, &receipt("second", position.notice_number, 4500)).await;
        assert_eq!(held(&town).await, [(Outcome::DoublePayment, Cents(4500))]);
        assert!(matches!(give_back(&town, double, 25).await, Err(Error::Malformed(_))), "tomorrow");
        assert_eq!(give_back(&town, double, 23).await.unwrap(), Resolved { amount: Cents(4500), new: true });
        assert_eq!(give_back(&town, double, 23).await.unwrap(), Resolved { amount: Cents(4500), new: false });
        assert!(matches!(give_back(&town, double, 22).await, Err(Error::AlreadyResolved)));
        assert_eq!(town.refund().await, Cents::ZERO);
        assert_eq!(town.balance(AccountKind::Clearing, "treasury").await, Cents(4500));
        assert!(held(&town).await.is_empty());
        let id = unknown(&town, "stranger", 100).await;
        give_back(&town, id, 24).await.unwrap();
        assert!(matches!(match_with(&town, id, &position, "prova").await, Err(Error::AlreadyResolved)));
        town.check_ledger().await;
    })
    .await;
}
