//! Plans brought in and found again, on both engines.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use db::Db;
use db::testing::on_both_engines;
use jiff::civil::date;
use kernel::{Actor, Cents, Clock, Ctx, Day, Entropy, ServiceId, TenantId};
use tariffs::{Band, Effect, Error, NewPlan, Rule};

fn ctx(tenant: i64) -> Ctx {
    let clock = Clock::fixed("2026-10-05T10:00:00Z".parse().unwrap());
    Ctx::new(TenantId(tenant), Actor::System("test"), &clock, &Entropy::seeded(1))
}

fn plan(key: &str, service_id: ServiceId, from_on: Day, price: i64) -> NewPlan {
    let rules = vec![Rule::always(Effect::Flat { label: None, price: Cents(price) })];
    NewPlan {
        external_key: key.to_owned(),
        service_id,
        name: format!("Tariffe {key}"),
        resolution_number: "41".to_owned(),
        resolution_on: date(2026, 5, 28),
        from_on,
        to_on: date(2027, 8, 31),
        rules,
    }
}

#[tokio::test]
async fn the_plan_that_began_last_is_in_force_and_a_second_load_replaces_it() {
    on_both_engines(|db: Db| async move {
        let (ctx, other) = (ctx(1), ctx(2));
        let service: ServiceId = ctx.new_id();
        let mut tx = db.begin().await.unwrap();
        let (year, winter) = (plan("year", service, date(2026, 9, 1), 400), plan("winter", service, date(2027, 1, 1), 450));
        let ids = tariffs::load(&mut tx, &ctx, vec![year.clone(), winter]).await.unwrap();
        let again = NewPlan { rules: plan("year", service, date(2026, 9, 1), 420).rules, ..year };
        assert_eq!(tariffs::load(&mut tx, &ctx, vec![again]).await.unwrap(), ids[..1]);
        for (day, expected) in [
            (date(2026, 8, 31), None),
            (date(2026, 9, 1), Some((ids[0], 420))),
            (date(2026, 12, 31), Some((ids[0], 420))),
            (date(2027, 1, 1), Some((ids[1], 450))),
            (date(2027, 9, 1), None),
        ] {
            let found = tariffs::plan_in_force(&mut tx, &ctx, service, day).await.unwrap();
            let price = |rule: &Rule| if let Effect::Flat { price, .. } = rule.effect { price.0 } else { 0 };
            assert_eq!(found.map(|p| (p.id, price(&p.rules[0]))), expected, "{day}");
            assert_eq!(tariffs::plan_in_force(&mut tx, &other, service, day).await.unwrap(), None);
        }
        assert_eq!(tariffs::list_plans(&mut tx, &ctx, service, date(2026, 9, 1), date(2027, 6, 30)).await.unwrap().len(), 2);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_plan_that_cannot_be_right_is_refused_with_words() {
    on_both_engines(|db: Db| async move {
        let ctx = ctx(1);
        let service: ServiceId = ctx.new_id();
        let good = plan("good", service, date(2026, 9, 1), 400);
        let with = |effect| NewPlan { rules: vec![Rule::always(effect)], external_key: "bad".to_owned(), ..good.clone() };
        let band = |up_to: Option<i64>| Band { label: String::new(), up_to: up_to.map(Cents), price: Cents(1) };
        for bad in [
            with(Effect::Discount { label: String::new(), basis_points: 100 }),
            with(Effect::Flat { label: None, price: Cents(-1) }),
            with(Effect::Bands { bands: vec![] }),
            with(Effect::Bands { bands: vec![band(Some(100))] }),
            with(Effect::Bands { bands: vec![band(Some(200)), band(Some(100)), band(None)] }),
            with(Effect::Linear { from_isee: Cents(5), from_price: Cents(1), to_isee: Cents(5), to_price: Cents(2) }),
            NewPlan { from_on: date(2028, 1, 1), external_key: "bad".to_owned(), ..good.clone() },
        ] {
            let mut tx = db.begin().await.unwrap();
            let refused = tariffs::load(&mut tx, &ctx, vec![good.clone(), bad]).await;
            assert!(matches!(&refused, Err(Error::BadPlan { plan, .. }) if plan == "bad"), "{refused:?}");
            assert_eq!(tariffs::plan_in_force(&mut tx, &ctx, service, date(2026, 10, 5)).await.unwrap(), None);
        }
    })
    .await;
}
