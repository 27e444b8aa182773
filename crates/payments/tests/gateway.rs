//! What the platform is told of positions: each change, in order, as they are, and no more than it takes.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Mutex;

use common::*;
use db::testing::on_both_engines;
use kernel::{Cents, Ctx, Day, Instant, TenantId};
use payments::cart::{self, PrepareRequest, Prepared};
use payments::gateway::push::{self, Push};
use payments::gateway::{self, Debt, Fetched, GatewayError, GatewayKind, Later, PaymentGateway};
use payments::settings::Institution;
use payments::{Position, PositionKind, Revision};

/// Writes down what it is told: verb, notice, amount.
#[derive(Default)]
struct Listener(Mutex<Vec<(&'static str, String, i64)>>);

impl Listener {
    fn hear(&self, verb: &'static str, debt: &Debt) -> Result<(), GatewayError> {
        let position = &debt.position;
        self.0.lock().unwrap().push((verb, position.origin_key.clone(), position.due().0));
        Ok(())
    }

    fn heard(&self) -> Vec<(&'static str, String, i64)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl PaymentGateway for Listener {
    fn publish<'a>(&'a self, _: &'a Institution, debt: &'a Debt, _: Instant) -> Later<'a, ()> {
        Box::pin(async { self.hear("publish", debt) })
    }

    fn update<'a>(&'a self, _: &'a Institution, debt: &'a Debt, _: Instant) -> Later<'a, ()> {
        Box::pin(async { self.hear("update", debt) })
    }

    fn cancel<'a>(&'a self, _: &'a Institution, debt: &'a Debt, _: Instant) -> Later<'a, ()> {
        Box::pin(async { self.hear("cancel", debt) })
    }

    fn fetch_receipts<'a>(&'a self, _: &'a Institution, _: Day) -> Later<'a, Vec<Fetched>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

async fn choose(town: &Town, kind: GatewayKind) {
    let mut tx = town.db.begin().await.unwrap();
    gateway::set_kind(&mut tx, &town.ctx(), kind).await.unwrap();
    tx.commit().await.unwrap();
}

async fn claim(town: &Town, ctx: &Ctx, limit: i64) -> Vec<Push> {
    let mut tx = town.db.begin().await.unwrap();
    let pushes = push::claim(&mut tx, ctx, limit).await.unwrap();
    tx.commit().await.unwrap();
    pushes
}

async fn end(town: &Town, push: &Push, how: Result<(), GatewayError>) {
    let (mut tx, ctx) = (town.db.begin().await.unwrap(), town.ctx());
    match how {
        Ok(()) => push::done(&mut tx, &ctx, push).await.unwrap(),
        Err(GatewayError::Later(words)) => push::failed(&mut tx, &ctx, push, &words).await.unwrap(),
        Err(GatewayError::Refused(words)) => push::refused(&mut tx, &ctx, push, &words).await.unwrap(),
    }
    tx.commit().await.unwrap();
}

/// One round with a gateway that takes everything; what it heard.
async fn round(town: &Town) -> Vec<(&'static str, String, i64)> {
    let (listener, institution) = (Listener::default(), town.institution().await);
    for push in claim(town, &town.ctx(), 50).await {
        let said = gateway::tell(&listener, &institution, &push.debt, push.is_known, town.ctx().now).await;
        end(town, &push, said).await;
    }
    listener.heard()
}

async fn waiting(town: &Town) -> Vec<TenantId> {
    push::tenants_waiting(&mut town.db.read().await.unwrap(), town.ctx().now).await.unwrap()
}

async fn revise(town: &Town, position: &Position, cents: i64) {
    let mut tx = town.db.begin().await.unwrap();
    let to = Revision { amount: Cents(cents), due_on: position.due_on, reason: "prova".to_owned() };
    payments::revise(&mut tx, &town.ctx(), position.id, &to).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn every_change_the_archive_must_hear_of_is_told_once() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        choose(&town, GatewayKind::Synchronous).await;
        assert!(waiting(&town).await.is_empty());
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        assert_eq!(waiting(&town).await, [TenantId(1)]);
        assert_eq!(round(&town).await, [("publish", "instalment:1".to_owned(), 4500)]);
        assert!(round(&town).await.is_empty(), "nothing changed");
        revise(&town, &position, 4000).await;
        revise(&town, &position, 3500).await;
        assert_eq!(round(&town).await, [("update", "instalment:1".to_owned(), 3500)], "two changes are told as they stand");
        town.record(&receipt("short", position.notice_number, 500)).await;
        assert_eq!(round(&town).await, [("update", "instalment:1".to_owned(), 3000)]);
        town.record(&receipt("rest", position.notice_number, 3000)).await;
        assert!(round(&town).await.is_empty(), "of a payment the archive hears through pagoPA");
        let gone = town.position("instalment:2", PositionKind::Instalment, 100).await;
        round(&town).await;
        let mut tx = town.db.begin().await.unwrap();
        payments::cancel(&mut tx, &town.ctx(), gone.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(round(&town).await, [("cancel", "instalment:2".to_owned(), 0)]);
    })
    .await;
}

#[tokio::test]
async fn a_side_closed_by_the_other_is_taken_back() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        choose(&town, GatewayKind::Synchronous).await;
        let (whole, ..) = town.choice("d").await;
        assert_eq!(round(&town).await.len(), 3);
        town.record(&receipt("w", whole.notice_number, 4500)).await;
        let mut heard = round(&town).await;
        heard.sort();
        assert_eq!(heard, [("cancel", "d:1".to_owned(), 0), ("cancel", "d:2".to_owned(), 0)]);
    })
    .await;
}

#[tokio::test]
async fn a_top_up_is_told_when_its_notice_is_printed_and_not_before() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        choose(&town, GatewayKind::Synchronous).await;
        let position = town.position("top_up:1", PositionKind::TopUp, 2000).await;
        assert!(round(&town).await.is_empty());
        for _ in 0..2 {
            let mut tx = town.db.begin().await.unwrap();
            payments::publish(&mut tx, &town.ctx(), position.id).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(round(&town).await, [("publish", "top_up:1".to_owned(), 2000)]);
    })
    .await;
}

#[tokio::test]
async fn a_change_during_a_call_waits_for_it_and_is_told_after() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        choose(&town, GatewayKind::Synchronous).await;
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let under_way = claim(&town, &town.ctx(), 50).await;
        revise(&town, &position, 4000).await;
        assert!(claim(&town, &town.ctx(), 50).await.is_empty(), "another worker leaves it to the one that is at it");
        end(&town, &under_way[0], Ok(())).await;
        assert_eq!(round(&town).await, [("update", "instalment:1".to_owned(), 4000)]);
        end(&town, &under_way[0], Ok(())).await;
        assert!(round(&town).await.is_empty(), "an old answer that comes late undoes nothing");
    })
    .await;
}

#[tokio::test]
async fn a_platform_that_is_away_is_tried_again_later_and_a_refusal_waits_for_a_change() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        choose(&town, GatewayKind::Synchronous).await;
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        for (second, wait) in [(0, 5), (5, 15), (20, 35)] {
            let now = instant("2026-11-24T09:00:00Z") + jiff::SignedDuration::from_secs(second);
            town.clock.set(now);
            let pushes = claim(&town, &town.ctx(), 50).await;
            assert_eq!(pushes.len(), 1, "after {second} s");
            end(&town, &pushes[0], Err(GatewayError::Later("503".to_owned()))).await;
            town.clock.set(now + jiff::SignedDuration::from_secs(wait - 1));
            assert!(claim(&town, &town.ctx(), 50).await.is_empty());
        }
        town.clock.set(instant("2026-11-24T10:00:00Z"));
        let pushes = claim(&town, &town.ctx(), 50).await;
        end(&town, &pushes[0], Err(GatewayError::Refused("400".to_owned()))).await;
        town.clock.set(instant("2026-11-25T10:00:00Z"));
        assert!(claim(&town, &town.ctx(), 50).await.is_empty());
        let mut tx = town.db.read().await.unwrap();
        assert_eq!(push::count(&mut tx, &town.ctx()).await.unwrap(), (0, 1));
        drop(tx);
        revise(&town, &position, 4000).await;
        assert_eq!(round(&town).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn no_more_calls_are_made_than_the_platform_takes_in_ten_seconds() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let account = town.account(ledger::AccountKind::Receivable, "many").await;
        let new = (0..200).map(|n| town.asked(&format!("instalment:{n}"), PositionKind::Instalment, 100, account)).collect();
        let mut tx = town.db.begin().await.unwrap();
        payments::open_all(&mut tx, &town.ctx(), new).await.unwrap();
        tx.commit().await.unwrap();
        choose(&town, GatewayKind::Gpd).await;
        let first: usize = [claim(&town, &town.ctx(), 100).await.len(), claim(&town, &town.ctx(), 100).await.len()].iter().sum();
        assert_eq!(first, 150, "what could be paid before the gateway was chosen is told too");
        assert!(claim(&town, &town.ctx(), 100).await.is_empty());
        town.clock.set(instant("2026-11-24T09:00:10Z"));
        assert_eq!(claim(&town, &town.ctx(), 100).await.len(), 50);
    })
    .await;
}

#[tokio::test]
async fn no_more_positions_are_taken_than_the_platform_takes() {
    on_both_engines(async |db| {
        let town = Town::new(db).await;
        choose(&town, GatewayKind::Synchronous).await;
        for n in 0..60 {
            town.position(&format!("instalment:{n}"), PositionKind::Instalment, 100).await;
        }
        assert_eq!(claim(&town, &town.ctx(), 20).await.len(), 20);
        assert_eq!(claim(&town, &town.ctx(), 50).await.len(), 40);
    })
    .await;
}

/// Whether a cart of the position may be opened, before and after the platform was told.
async fn told(town: &Town, position: &Position) -> (bool, usize, bool) {
    let request = PrepareRequest {
        positions: vec![position.id],
        may_pay_for: Vec::new(),
        elsewhere: Vec::new(),
        return_base_url: "https://p.example".to_owned(),
        email: None,
    };
    let mut tx = town.db.begin().await.unwrap();
    let Prepared::New { cart, .. } = cart::prepare(&mut tx, &town.ctx(), &request).await.unwrap() else { panic!("not new") };
    let before = cart::is_told(&mut tx, &town.ctx(), cart).await.unwrap();
    tx.commit().await.unwrap();
    let pushes = claim(town, &town.ctx(), 10).await;
    let mut tx = town.db.begin().await.unwrap();
    for push in &pushes {
        push::done(&mut tx, &town.ctx(), push).await.unwrap();
    }
    let after = cart::is_told(&mut tx, &town.ctx(), cart).await.unwrap();
    tx.commit().await.unwrap();
    (before, pushes.len(), after)
}

#[tokio::test]
async fn who_answers_for_the_tenant_is_told_of_a_cart_before_it_is_opened() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        choose(&town, GatewayKind::Synchronous).await;
        let position = town.position("top_up:1", PositionKind::TopUp, 1000).await;
        assert_eq!(told(&town, &position).await, (true, 0, true), "we answer ourselves");
        choose(&town, GatewayKind::Gpd).await;
        for (origin, kind) in [("top_up:2", PositionKind::TopUp), ("spontaneous:1", PositionKind::Spontaneous)] {
            let position = town.position(origin, kind, 1000).await;
            assert_eq!(told(&town, &position).await, (false, 1, true), "{origin}");
        }
    })
    .await;
}
