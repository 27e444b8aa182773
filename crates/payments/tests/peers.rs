//! The bad days other systems had, by the name of the report that told of them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::*;
use db::testing::on_both_engines;
use kernel::Cents;
use payments::cart::{self, PrepareRequest, Prepared, Returned};
use payments::receipt::{Outcome, Recorded};
use payments::{Position, PositionKind, State, notice, resolve};

fn request(position: &Position) -> PrepareRequest {
    PrepareRequest {
        positions: vec![position.id],
        may_pay_for: vec![],
        elsewhere: Vec::new(),
        return_base_url: "https://portale.example/esito".to_owned(),
        email: None,
    }
}

async fn open(town: &Town, position: &Position) -> kernel::CartId {
    let mut tx = town.db.begin().await.unwrap();
    let prepared = cart::prepare(&mut tx, &town.ctx(), &request(position)).await.unwrap();
    let Prepared::New { cart, .. } = prepared else { panic!("{prepared:?}") };
    cart::opened(&mut tx, &town.ctx(), cart, "https://checkout.example/c").await.unwrap();
    tx.commit().await.unwrap();
    cart
}

async fn come_back(town: &Town, cart: kernel::CartId, said: Returned) {
    let mut tx = town.db.begin().await.unwrap();
    cart::returned(&mut tx, &town.ctx(), cart, said).await.unwrap();
    tx.commit().await.unwrap();
}

async fn is_payable_for_the_node(town: &Town, position: &Position) -> bool {
    let mut tx = town.db.read_once().await.unwrap();
    let notices = notice::ask(&mut tx, FISCAL_CODE, &[position.notice_number]).await.unwrap().unwrap();
    notices.payable(position.notice_number, town.ctx().now).is_ok()
}

#[tokio::test]
async fn govpay_335_and_355_the_browser_says_paid_and_only_the_receipt_pays() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let cart = open(&town, &position).await;
        come_back(&town, cart, Returned::Ok).await;
        assert_eq!(town.again(&position).await.state, State::Payable);
        assert!(is_payable_for_the_node(&town, &position).await, "a counter elsewhere may still take the money");
        town.record(&receipt("r", position.notice_number, 4500)).await;
        assert_eq!(town.again(&position).await.state, State::Paid);
    })
    .await;
}

#[tokio::test]
async fn govpay_589_who_leaves_before_the_redirect_can_pay_again() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        open(&town, &position).await;
        let attempt = town.again(&position).await.attempt_at(town.ctx().now);
        assert!(attempt.is_some(), "it shows as in progress while the cart lives");
        town.clock.set(instant("2026-11-24T09:10:01Z"));
        assert_eq!(town.again(&position).await.attempt_at(town.ctx().now), None);
        open(&town, &position).await;
    })
    .await;
}

#[tokio::test]
async fn govpay_62_651_and_844_no_payment_in_progress_ever_blocks_the_node() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let cart = open(&town, &position).await;
        for said in [Returned::Waiting, Returned::Ok] {
            come_back(&town, cart, said).await;
            assert!(is_payable_for_the_node(&town, &position).await);
        }
        town.clock.set(instant("2026-11-24T10:30:00Z"));
        assert_eq!(town.again(&position).await.attempt_at(town.ctx().now), None, "waiting for a receipt ends by itself");
    })
    .await;
}

#[tokio::test]
async fn govpay_607_a_stand_in_receipt_of_another_amount_is_taken_and_stands_on_a_list() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let sent = pagopa::Receipt { is_stand_in: true, ..receipt("r", position.notice_number, 5000) };
        let recorded = town.record(&sent).await;
        assert!(matches!(recorded, Recorded::New { outcome: Outcome::AmountDiffers, .. }), "{recorded:?}");
        assert_eq!(town.again(&position).await.state, State::Paid);
        let mut tx = town.db.read().await.unwrap();
        let held = resolve::list_held(&mut tx, &town.ctx()).await.unwrap();
        assert_eq!(held.iter().map(|h| (h.receipt.is_stand_in, h.amount)).collect::<Vec<_>>(), [(true, Cents(500))]);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn govpay_635_two_receipts_for_one_iuv_are_a_payment_and_a_refund_to_make() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        town.record(&receipt("one", position.notice_number, 4500)).await;
        let second = town.record(&receipt("two", position.notice_number, 4500)).await;
        assert!(matches!(second, Recorded::New { outcome: Outcome::DoublePayment, .. }));
        let mut tx = town.db.read().await.unwrap();
        let held = resolve::list_held(&mut tx, &town.ctx()).await.unwrap();
        let list: Vec<_> = held.iter().map(|h| (h.receipt.receipt_id.as_str(), h.amount)).collect();
        assert_eq!(list, [("two", Cents(4500))]);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn govpay_833_a_receipt_with_another_debtor_pays_all_the_same() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let debtor = pagopa::Subject { identifier: "ANONIMO".into(), full_name: "ANONIMO".into(), ..Default::default() };
        let recorded = town.record(&pagopa::Receipt { debtor, ..receipt("r", position.notice_number, 4500) }).await;
        assert!(matches!(recorded, Recorded::New { outcome: Outcome::Applied, .. }));
    })
    .await;
}
