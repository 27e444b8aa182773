//! The close of each day.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::Scene;
use db::testing::on_both_engines;
use jiff::civil::date;
use kernel::{Cents, Day};
use ledger::{AccountKind, Cause, Posting};

impl Scene {
    async fn closed_here(&self) -> Vec<Day> {
        let mut tx = self.town.db.read().await.unwrap();
        let sql = "select day from closed_day where tenant_id = $1 order by closed_at, day";
        let rows = tx.query(sql, &[&self.town.tenant]).await.unwrap();
        rows.iter().map(|row| row.get(0).unwrap()).collect()
    }
}

#[tokio::test]
async fn a_day_is_closed_in_the_evening_and_charged_once() {
    on_both_engines(|db| async move {
        let scene = Scene::new(db).await;
        scene.town.set_clock("2026-11-23T18:29:59Z");
        assert_eq!(scene.worker.turn().await.unwrap(), 0);
        scene.town.set_clock("2026-11-23T18:30:00Z");
        assert_eq!(scene.worker.turn().await.unwrap(), 2, "the canteens of both tenants");
        assert_eq!(scene.closed_here().await, [date(2026, 11, 23)]);
        let charges = "select count(*) from meal_charge where tenant_id = 1";
        let charged = scene.count(charges).await;
        assert!(charged >= 3, "Luca, Giulia and Pietro ate; {charged} charged");
        assert_eq!(scene.worker.turn().await.unwrap(), 0);
        assert_eq!(scene.count(charges).await, charged);
        let mut tx = scene.town.db.read().await.unwrap();
        ledger::verify(&mut tx, scene.town.tenant).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn days_that_were_missed_are_closed_oldest_first_and_weekends_not_at_all() {
    on_both_engines(|db| async move {
        let scene = Scene::new(db).await;
        // Tuesday morning of the next week
        scene.town.set_clock("2026-12-01T09:00:00Z");
        let days = [23, 24, 25, 26, 27, 30].map(|day| date(2026, 11, day));
        for closed in 1..=days.len() {
            scene.worker.turn().await.unwrap();
            assert_eq!(scene.closed_here().await, days[..closed], "one day a round");
        }
        assert_eq!(scene.worker.turn().await.unwrap(), 0);
        assert_eq!(scene.count("select count(*) from closed_day where day < '2026-11-23'").await, 0, "those are an import's");
    })
    .await;
}

#[tokio::test]
async fn a_tenant_whose_day_fails_does_not_stop_the_others() {
    on_both_engines(|db| async move {
        let scene = Scene::new(db).await;
        spoil(&scene).await;
        scene.town.set_clock("2026-11-23T19:00:00Z");
        assert_eq!(scene.worker.turn().await.unwrap(), 1);
        assert!(scene.closed_here().await.is_empty());
        assert_eq!(scene.count("select count(*) from closed_day where tenant_id = 2").await, 1);
        assert_eq!(scene.count("select count(*) from attendance where tenant_id = 1").await, 0, "nothing half done");
    })
    .await;
}

/// The key of Luca's meal is taken by another posting.
async fn spoil(scene: &Scene) {
    let (town, ctx) = (&scene.town, scene.town.office());
    let mut tx = town.db.begin().await.unwrap();
    let one = ledger::open_account(&mut tx, &ctx, AccountKind::Revenue, "x").await.unwrap();
    let other = ledger::open_account(&mut tx, &ctx, AccountKind::Suspense, "x").await.unwrap();
    let posting = Posting {
        source_key: format!("meal:{}:{}:2026-11-23", town.pupils.luca, town.services.meal),
        cause: Cause::Adjustment,
        description: "Altro".to_owned(),
        effective_on: date(2026, 11, 23),
        entries: vec![(one, Cents(1)), (other, Cents(-1))],
    };
    ledger::post(&mut tx, &ctx, posting).await.unwrap();
    tx.commit().await.unwrap();
}
