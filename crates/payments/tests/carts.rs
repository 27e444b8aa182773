//! Carts: the same set is the same cart, and what a browser says pays nothing.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;

use common::*;
use db::testing::on_both_engines;
use kernel::{Actor, CartId, Cents, Ctx, PositionId};
use ledger::AccountKind;
use payments::cart::{self, CartState, PrepareRequest, Prepared, Returned};
use payments::{Error, Position, PositionKind, State};

fn request(positions: &[&Position]) -> PrepareRequest {
    PrepareRequest {
        positions: positions.iter().map(|p| p.id).collect(),
        may_pay_for: vec![],
        elsewhere: Vec::new(),
        return_base_url: "https://portale.example/area-personale/pagamento/esito/".to_owned(),
        email: Some("genitore@example.it".to_owned()),
    }
}

async fn prepare(town: &Town, ctx: &Ctx, request: &PrepareRequest) -> Result<Prepared, Error> {
    let mut tx = town.db.begin().await.unwrap();
    let prepared = cart::prepare(&mut tx, ctx, request).await?;
    tx.commit().await.unwrap();
    Ok(prepared)
}

fn new(prepared: Prepared) -> (CartId, pagopa::Cart) {
    match prepared {
        Prepared::New { cart, request, .. } => (cart, *request),
        other => panic!("{other:?}"),
    }
}

async fn open(town: &Town, positions: &[&Position]) -> CartId {
    let (id, _) = new(prepare(town, &town.ctx(), &request(positions)).await.unwrap());
    let mut tx = town.db.begin().await.unwrap();
    cart::opened(&mut tx, &town.ctx(), id, "https://checkout.example/c").await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn come_back(town: &Town, id: CartId, outcome: Returned) -> cart::CartView {
    let mut tx = town.db.begin().await.unwrap();
    let view = cart::returned(&mut tx, &town.ctx(), id, outcome).await.unwrap();
    tx.commit().await.unwrap();
    view
}

#[tokio::test]
async fn a_cart_carries_its_notices_and_return_addresses() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let one = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let two = town.position("top_up:1", PositionKind::TopUp, 1050).await;
        let (id, wire) = new(prepare(&town, &town.ctx(), &request(&[&one, &two])).await.unwrap());
        let amounts: i64 = wire.payment_notices.iter().map(|n| n.amount_cents).sum();
        assert_eq!((wire.payment_notices.len(), amounts), (2, 5550));
        assert_eq!(wire.payment_notices[0].fiscal_code, FISCAL_CODE);
        assert_eq!(wire.return_urls.ok, format!("https://portale.example/area-personale/pagamento/esito/{id}?esito=ok"));
        assert_eq!(
            wire.return_urls.waiting,
            Some(format!("https://portale.example/area-personale/pagamento/esito/{id}?esito=attesa"))
        );
        assert_eq!(wire.id_cart, Some(id.to_string()));
        for outcome in [Returned::Ok, Returned::Waiting, Returned::Cancelled, Returned::Failed] {
            assert!(
                [
                    &wire.return_urls.ok,
                    wire.return_urls.waiting.as_ref().unwrap(),
                    &wire.return_urls.cancel,
                    &wire.return_urls.error
                ]
                .iter()
                .any(|url| Returned::from_query(url.split('=').next_back().unwrap()) == Some(outcome))
            );
        }
    })
    .await;
}

#[tokio::test]
async fn the_same_set_within_ten_minutes_is_the_same_cart() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let one = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let two = town.position("instalment:2", PositionKind::Instalment, 4500).await;
        let id = open(&town, &[&one, &two]).await;
        town.clock.set(instant("2026-11-24T09:09:59Z"));
        let again = prepare(&town, &town.ctx(), &request(&[&two, &one, &two])).await.unwrap();
        let Prepared::Reuse { cart, redirect_url } = again else { panic!("{again:?}") };
        assert_eq!((cart, redirect_url.as_str()), (id, "https://checkout.example/c"));
        town.clock.set(instant("2026-11-24T09:10:01Z"));
        assert_ne!(new(prepare(&town, &town.ctx(), &request(&[&one, &two])).await.unwrap()).0, id);
    })
    .await;
}

#[tokio::test]
async fn a_click_while_the_first_is_opening_waits_for_it_and_a_lost_one_is_replaced() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let one = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let (id, _) = new(prepare(&town, &town.ctx(), &request(&[&one])).await.unwrap());
        let second = prepare(&town, &town.ctx(), &request(&[&one])).await.unwrap();
        assert!(matches!(second, Prepared::Opening { cart } if cart == id), "{second:?}");
        let mut tx = town.db.begin().await.unwrap();
        cart::refused(&mut tx, &town.ctx(), id).await.unwrap();
        tx.commit().await.unwrap();
        assert_ne!(new(prepare(&town, &town.ctx(), &request(&[&one])).await.unwrap()).0, id);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_clicks_at_once_open_one_cart() {
    on_both_engines(|db| async move {
        let town = Arc::new(Town::new(db).await);
        let one = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let clicks = (0..20).map(|_| {
            let (town, request) = (town.clone(), request(&[&one]));
            tokio::spawn(async move { matches!(prepare(&town, &town.ctx(), &request).await.unwrap(), Prepared::New { .. }) })
        });
        let mut opened = 0;
        for click in clicks.collect::<Vec<_>>() {
            opened += usize::from(click.await.unwrap());
        }
        assert_eq!(opened, 1);
        assert_eq!(town.count("select count(*) from payment_cart").await, 1);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_paid_is_refused_by_its_reason() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let mut six = Vec::new();
        for i in 0..6 {
            six.push(town.position(&format!("instalment:{i}"), PositionKind::Instalment, 100).await);
        }
        let all: Vec<&Position> = six.iter().collect();
        assert!(matches!(prepare(&town, &town.ctx(), &request(&all)).await, Err(Error::TooMany)));
        assert!(matches!(prepare(&town, &town.ctx(), &request(&[])).await, Err(Error::NothingChosen)));
        let nobody = Ctx { actor: Actor::Person(town.ctx().new_id()), ..town.ctx() };
        assert!(matches!(prepare(&town, &nobody, &request(&all[..1])).await, Err(Error::NotVisible)));
        let other_guardian = PrepareRequest { may_pay_for: vec![town.pupil], ..request(&all[..1]) };
        assert!(prepare(&town, &nobody, &other_guardian).await.is_ok());
        let missing = PrepareRequest { positions: vec![town.ctx().new_id::<PositionId>()], ..request(&[]) };
        assert!(matches!(prepare(&town, &town.ctx(), &missing).await, Err(Error::NotVisible)));
        town.record(&receipt("r", six[1].notice_number, 100)).await;
        assert!(matches!(prepare(&town, &town.ctx(), &request(&all[1..2])).await, Err(Error::AlreadyPaid)));
        let mut tx = town.db.begin().await.unwrap();
        payments::cancel(&mut tx, &town.ctx(), six[2].id).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(prepare(&town, &town.ctx(), &request(&all[2..3])).await, Err(Error::Cancelled)));
    })
    .await;
}

#[tokio::test]
async fn a_notice_under_way_is_free_again_when_its_browser_gives_up() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let one = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let two = town.position("instalment:2", PositionKind::Instalment, 4500).await;
        let id = open(&town, &[&one]).await;
        let both = request(&[&one, &two]);
        assert!(matches!(prepare(&town, &town.ctx(), &both).await, Err(Error::InProgress { .. })));
        come_back(&town, id, Returned::Cancelled).await;
        assert!(matches!(prepare(&town, &town.ctx(), &both).await, Ok(Prepared::New { .. })));
    })
    .await;
}

#[tokio::test]
async fn coming_back_with_success_pays_nothing() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let one = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let id = open(&town, &[&one]).await;
        let view = come_back(&town, id, Returned::Ok).await;
        assert!(!view.is_all_paid());
        assert_eq!(
            (view.state, view.positions[0].state, view.positions[0].due()),
            (CartState::Open, State::Payable, Cents(4500))
        );
        assert_eq!(view.positions[0].attempt_at(town.ctx().now), Some(instant("2026-11-24T10:00:00Z")));
        assert_eq!(come_back(&town, id, Returned::Failed).await.returned, Some(Returned::Ok), "the first word counts");
        town.record(&receipt("r", one.notice_number, 4500)).await;
        let mut tx = town.db.read().await.unwrap();
        let view = cart::get(&mut tx, &town.ctx(), id).await.unwrap();
        assert!(view.is_all_paid());
        assert_eq!(view.positions[0].attempt_until, None);
        assert_eq!(town.balance(AccountKind::Receivable, "instalment:1").await, Cents(4500));
        let nobody = Ctx { actor: Actor::Person(town.ctx().new_id()), ..town.ctx() };
        assert!(matches!(cart::get(&mut tx, &nobody, id).await, Err(Error::NotVisible)));
    })
    .await;
}
