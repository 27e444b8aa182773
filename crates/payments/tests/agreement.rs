//! A cart over several tenants: each keeps its own share, and a share is all another can reach.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;

use common::*;
use db::testing::on_both_engines;
use kernel::{Actor, CartId, Cents, Ctx, TenantId};
use ledger::AccountKind;
use payments::cart::{self, CartView, Elsewhere, PrepareRequest, Prepared, Returned};
use payments::settings::{self, PagoPa};
use payments::{Error, NewPosition, Position, PositionKind, State, agreement};

const THERE: TenantId = TenantId(2);

/// The same person, as the other tenant knows it.
fn there(town: &Town) -> Ctx {
    Ctx { tenant: THERE, actor: Actor::Person(town.pupil.0.into()), ..town.ctx() }
}

async fn join(town: &Town, ctx: &Ctx, name: &str) {
    let mut tx = town.db.begin().await.unwrap();
    agreement::join(&mut tx, &ctx.acting_as(Actor::System("office")), name).await.unwrap();
    tx.commit().await.unwrap();
}

async fn both_join(town: &Town) {
    join(town, &town.ctx(), "Unione").await;
    join(town, &there(town), "Unione").await;
}

/// A position of the other tenant, whose debtor is the person it knows.
async fn position_there(town: &Town, origin: &str, cents: i64) -> Position {
    let ctx = there(town);
    let mut tx = town.db.begin().await.unwrap();
    let account = ledger::open_account(&mut tx, &ctx, AccountKind::Receivable, origin).await.unwrap();
    let asked = town.asked(origin, PositionKind::Instalment, cents, account);
    let new = NewPosition { debtor: ctx.actor.person().unwrap(), pupil: None, ..asked };
    let position = payments::open(&mut tx, &ctx, new).await.unwrap();
    tx.commit().await.unwrap();
    position
}

async fn again(town: &Town, ctx: &Ctx, position: &Position) -> Position {
    payments::get(&mut town.db.read().await.unwrap(), ctx, position.id).await.unwrap()
}

fn request(town: &Town, own: &[&Position], theirs: &[&Position]) -> PrepareRequest {
    let positions = theirs.iter().map(|p| p.id).collect();
    let elsewhere = Elsewhere { ctx: there(town), positions, may_pay_for: Vec::new() };
    PrepareRequest {
        positions: own.iter().map(|p| p.id).collect(),
        may_pay_for: Vec::new(),
        elsewhere: if theirs.is_empty() { Vec::new() } else { vec![elsewhere] },
        return_base_url: "https://portale.example/esito".to_owned(),
        email: None,
    }
}

async fn prepare(town: &Town, request: &PrepareRequest) -> Result<Prepared, Error> {
    let mut tx = town.db.begin().await.unwrap();
    let prepared = cart::prepare(&mut tx, &town.ctx(), request).await?;
    tx.commit().await.unwrap();
    Ok(prepared)
}

async fn open(town: &Town, own: &[&Position], theirs: &[&Position]) -> (CartId, pagopa::Cart) {
    let Prepared::New { cart, request, .. } = prepare(town, &request(town, own, theirs)).await.unwrap() else {
        panic!("not new")
    };
    let mut tx = town.db.begin().await.unwrap();
    cart::opened(&mut tx, &town.ctx(), cart, "https://checkout.example/c").await.unwrap();
    tx.commit().await.unwrap();
    (cart, *request)
}

async fn view(town: &Town, ctx: &Ctx, id: CartId) -> Result<CartView, Error> {
    cart::get(&mut town.db.read().await.unwrap(), ctx, id).await
}

async fn come_back(town: &Town, ctx: &Ctx, id: CartId, outcome: Returned) {
    let mut tx = town.db.begin().await.unwrap();
    cart::returned(&mut tx, ctx, id, outcome).await.unwrap();
    tx.commit().await.unwrap();
}

async fn audited(town: &Town, tenant: TenantId) -> Vec<String> {
    let mut tx = town.db.read().await.unwrap();
    let sql = "select details from audit_event where tenant_id = $1 and what = 'cart.shared' order by details";
    tx.query(sql, &[&tenant]).await.unwrap().iter().map(|row| row.get(0).unwrap()).collect()
}

#[tokio::test]
async fn a_cart_holds_notices_of_both_and_marks_the_attempt_in_both() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        both_join(&town).await;
        let own = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let theirs = position_there(&town, "instalment:1", 3000).await;
        let (id, wire) = open(&town, &[&own], &[&theirs]).await;
        let notices: Vec<_> =
            wire.payment_notices.iter().map(|n| (n.fiscal_code.as_str(), n.company_name.as_str(), n.amount_cents)).collect();
        assert_eq!(notices, [(FISCAL_CODE, "Comune Dimostrativo", 4500), (OTHER_FISCAL_CODE, "Comune Vicino", 3000)]);
        let until = Some(instant("2026-11-24T09:10:00Z"));
        assert_eq!(town.again(&own).await.attempt_until, until);
        assert_eq!(again(&town, &there(&town), &theirs).await.attempt_until, until);
        assert_eq!(view(&town, &town.ctx(), id).await.unwrap().total, Cents(7500));
        assert_eq!(audited(&town, TenantId(1)).await, [r#"{"amount_cents":4500,"notices":1,"opened_here":true}"#]);
        assert_eq!(audited(&town, THERE).await, [r#"{"amount_cents":3000,"notices":1,"opened_here":false}"#]);
        let second = prepare(&town, &request(&town, &[&own], &[&theirs])).await.unwrap();
        assert!(matches!(second, Prepared::Reuse { cart, .. } if cart == id), "a second click is the same cart");
        let alone = prepare(&town, &request(&town, &[&own], &[])).await;
        assert!(matches!(alone, Err(Error::InProgress { .. })), "{alone:?}");
        let mut tx = town.db.begin().await.unwrap();
        let in_its_own = PrepareRequest { positions: vec![theirs.id], ..request(&town, &[], &[]) };
        let there_alone = cart::prepare(&mut tx, &there(&town), &in_its_own).await;
        assert!(matches!(there_alone, Err(Error::InProgress { .. })), "the other portal knows it is being paid");
    })
    .await;
}

#[tokio::test]
async fn what_the_browser_says_counts_in_both_and_pays_in_neither() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        both_join(&town).await;
        let own = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let theirs = position_there(&town, "instalment:1", 3000).await;
        let (id, _) = open(&town, &[&own], &[&theirs]).await;
        come_back(&town, &there(&town), id, Returned::Cancelled).await;
        assert!(again(&town, &there(&town), &theirs).await.attempt_until.is_some(), "only the portal that opened it is heard");
        come_back(&town, &town.ctx(), id, Returned::Cancelled).await;
        assert_eq!(town.again(&own).await.attempt_until, None);
        assert_eq!(again(&town, &there(&town), &theirs).await.attempt_until, None);
        let (id, _) = open(&town, &[&own], &[&theirs]).await;
        come_back(&town, &town.ctx(), id, Returned::Ok).await;
        let states = |view: &CartView| (view.positions[0].state, view.elsewhere[0].positions[0].state);
        assert_eq!(states(&view(&town, &town.ctx(), id).await.unwrap()), (State::Payable, State::Payable));
        town.record(&receipt("r", own.notice_number, 4500)).await;
        let half = view(&town, &town.ctx(), id).await.unwrap();
        assert_eq!(states(&half), (State::Paid, State::Payable));
        assert!(half.is_partly_paid() && !half.is_all_paid(), "each notice has its own state");
        let sent = pagopa::Receipt { fiscal_code: OTHER_FISCAL_CODE.to_owned(), ..receipt("r", theirs.notice_number, 3000) };
        let mut tx = town.db.begin().await.unwrap();
        let institution = settings::find_institution(&mut tx, OTHER_FISCAL_CODE).await.unwrap().unwrap();
        payments::receipt::record(&mut tx, &town.node(), &institution, &sent, "<raw/>").await.unwrap();
        tx.commit().await.unwrap();
        assert!(view(&town, &town.ctx(), id).await.unwrap().is_all_paid());
    })
    .await;
}

#[tokio::test]
async fn each_portal_shows_its_own_share_and_only_to_its_payer() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        both_join(&town).await;
        let own = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let theirs = position_there(&town, "instalment:1", 3000).await;
        let (id, _) = open(&town, &[&own], &[&theirs]).await;
        let home = view(&town, &town.ctx(), id).await.unwrap();
        assert_eq!((home.positions.len(), home.elsewhere.len()), (1, 1));
        assert_eq!((home.elsewhere[0].name.as_str(), home.elsewhere[0].positions[0].id), ("Comune Vicino", theirs.id));
        let share = view(&town, &there(&town), id).await.unwrap();
        assert_eq!((share.positions[0].id, share.total, share.elsewhere.len()), (theirs.id, Cents(3000), 0));
        let same_id_there = Ctx { tenant: THERE, ..town.ctx() };
        assert!(matches!(view(&town, &same_id_there, id).await, Err(Error::NotVisible)));
        let nobody = town.ctx().acting_as(Actor::Person(town.ctx().new_id()));
        assert!(matches!(view(&town, &nobody, id).await, Err(Error::NotVisible)));
    })
    .await;
}

#[tokio::test]
async fn five_notices_are_the_most_in_all() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        both_join(&town).await;
        let (mut own, mut theirs) = (Vec::new(), Vec::new());
        for n in 0..3 {
            own.push(town.position(&format!("instalment:{n}"), PositionKind::Instalment, 100).await);
            theirs.push(position_there(&town, &format!("instalment:{n}"), 100).await);
        }
        let (own, theirs): (Vec<_>, Vec<_>) = (own.iter().collect(), theirs.iter().collect());
        assert!(matches!(prepare(&town, &request(&town, &own, &theirs)).await, Err(Error::TooMany)));
        assert!(matches!(prepare(&town, &request(&town, &own, &theirs[..2])).await, Ok(Prepared::New { .. })));
    })
    .await;
}

#[tokio::test]
async fn without_an_agreement_of_both_there_is_nothing_of_the_other() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let own = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let theirs = position_there(&town, "instalment:1", 3000).await;
        let refused = async || {
            let refused = prepare(&town, &request(&town, &[&own], &[&theirs])).await;
            assert!(matches!(refused, Err(Error::NotVisible)), "{refused:?}");
            assert_eq!(again(&town, &there(&town), &theirs).await.attempt_until, None);
        };
        refused().await;
        join(&town, &town.ctx(), "Unione").await;
        refused().await;
        join(&town, &there(&town), "Altra unione").await;
        refused().await;
        join(&town, &there(&town), "Unione").await;
        let mut tx = town.db.begin().await.unwrap();
        let names: Vec<String> = agreement::partners(&mut tx, &town.ctx()).await.unwrap().into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["Comune Vicino"]);
        agreement::leave(&mut tx, &there(&town)).await.unwrap();
        agreement::leave(&mut tx, &there(&town)).await.unwrap();
        tx.commit().await.unwrap();
        refused().await;
    })
    .await;
}

#[tokio::test]
async fn a_partner_takes_payments_by_the_same_service_and_is_switched_on() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        both_join(&town).await;
        let count = async || agreement::partners(&mut town.db.read().await.unwrap(), &town.ctx()).await.unwrap().len();
        assert_eq!(count().await, 1);
        let mut tx = town.db.begin().await.unwrap();
        let standing = settings::get(&mut tx, THERE).await.unwrap();
        let elsewhere = PagoPa { checkout_base_url: "https://other.example/v2".to_owned(), ..standing.clone() };
        settings::insert(&mut tx, &elsewhere).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count().await, 0, "a cart is one service's");
        let mut tx = town.db.begin().await.unwrap();
        settings::insert(&mut tx, &standing).await.unwrap();
        tx.execute_one("update tenant set enabled = false where id = $1", &[&THERE]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count().await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_portals_that_open_the_same_notices_at_once_one_does() {
    on_both_engines(|db| async move {
        let town = Arc::new(Town::new(db).await);
        both_join(&town).await;
        let own = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let theirs = position_there(&town, "instalment:1", 3000).await;
        let from_here = request(&town, &[&own], &[&theirs]);
        let back = Elsewhere { ctx: town.ctx(), positions: vec![own.id], may_pay_for: Vec::new() };
        let from_there = PrepareRequest { positions: vec![theirs.id], elsewhere: vec![back], ..request(&town, &[], &[]) };
        let clicks: Vec<_> = (0..8)
            .map(|n| {
                let (town, here, there_too) = (town.clone(), from_here.clone(), from_there.clone());
                tokio::spawn(async move {
                    let (ctx, request) = if n % 2 == 0 { (town.ctx(), here) } else { (there(&town), there_too) };
                    let mut tx = town.db.begin().await?;
                    let prepared = cart::prepare(&mut tx, &ctx, &request).await?;
                    tx.commit().await?;
                    Ok::<_, Error>(prepared)
                })
            })
            .collect();
        let (mut new, mut refused) = (0, 0);
        for click in clicks {
            match click.await.unwrap() {
                Ok(Prepared::New { .. }) => new += 1,
                Ok(Prepared::Opening { .. }) => {}
                Err(Error::InProgress { .. }) => refused += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((new, refused), (1, 4), "one portal opened it, the other hears that it is being paid");
    })
    .await;
}
