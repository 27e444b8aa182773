//! The proof that receipts and their money agree, and that it notices when they do not.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::*;
use db::testing::on_both_engines;
use kernel::TenantId;
use payments::PositionKind;
use payments::verify::{Unsound, verify};

async fn proven(town: &Town) -> Result<i64, Unsound> {
    let mut tx = town.db.read().await.unwrap();
    verify(&mut tx, TenantId(1)).await.unwrap()
}

async fn tamper(town: &Town, sql: &str) {
    let mut tx = town.db.begin().await.unwrap();
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn every_receipt_is_counted_and_a_missing_or_borrowed_posting_is_named() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        assert_eq!(proven(&town).await, Ok(0));
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        for (id, cents) in [("first", 4500), ("double", 4500), ("nothing", 0)] {
            town.record(&receipt(id, position.notice_number, cents)).await;
        }
        assert_eq!(proven(&town).await, Ok(3), "a receipt of nothing needs no posting");

        tamper(&town, "update payment_receipt set posting_id = (select posting_id from payment_receipt where receipt_id = 'first') where receipt_id = 'double'").await;
        assert_eq!(proven(&town).await, Err(Unsound::Strays { postings: 1, receipts: 2 }));

        tamper(&town, "update payment_receipt set posting_id = null where receipt_id = 'double'").await;
        assert_eq!(proven(&town).await, Err(Unsound::Unbooked("double".into())));

        tamper(&town, "update payment_receipt set amount_cents = 4400 where receipt_id = 'first'").await;
        tamper(&town, "update payment_receipt set amount_cents = 0 where receipt_id = 'double'").await;
        assert_eq!(proven(&town).await, Err(Unsound::Unbooked("first".into())), "another amount than was booked");
    })
    .await;
}
