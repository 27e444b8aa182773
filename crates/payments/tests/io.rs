//! What is told in app IO: each thing once, as it is when it is sent, and no more than the service takes.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::*;
use db::testing::on_both_engines;
use jiff::civil::date;
use kernel::{Cents, Ctx, MessageId, TenantId};
use payments::io::{self, IoEnd, IoKind, IoSettings, Outgoing, ToTell};
use payments::{Error, Position, PositionKind, Revision};

async fn opt_in(town: &Town, days: i64) -> IoSettings {
    let mut tx = town.db.begin().await.unwrap();
    let settings = io::opt_in(&mut tx, &town.ctx(), "servizio", days).await.unwrap();
    tx.commit().await.unwrap();
    settings
}

async fn due_on(town: &Town, position: &Position, day: kernel::Day) {
    let mut tx = town.db.begin().await.unwrap();
    let to = Revision { amount: position.amount, due_on: Some(day), reason: "prova".to_owned() };
    payments::revise(&mut tx, &town.ctx(), position.id, &to).await.unwrap();
    tx.commit().await.unwrap();
}

/// Puts what is found, as the worker does; the origins of what was new.
async fn find(town: &Town, settings: &IoSettings) -> Vec<(IoKind, String)> {
    let ctx = town.ctx();
    let mut tx = town.db.begin().await.unwrap();
    let new = io::list_new(&mut tx, &ctx, settings, 50).await.unwrap();
    let near = io::list_near(&mut tx, &ctx, settings, 50).await.unwrap();
    let mut found = Vec::new();
    for (kind, position) in new.iter().map(|p| (IoKind::Notice, p)).chain(near.iter().map(|p| (IoKind::Reminder, p))) {
        let to_tell = if kind == IoKind::Notice { ToTell::Notice(position) } else { ToTell::Reminder(position) };
        assert!(io::put(&mut tx, &ctx, &to_tell, ctx.new_id::<MessageId>()).await.unwrap());
        assert!(!io::put(&mut tx, &ctx, &to_tell, ctx.new_id::<MessageId>()).await.unwrap(), "told once");
        found.push((kind, position.origin_key.clone()));
    }
    tx.commit().await.unwrap();
    found
}

async fn claim(town: &Town, ctx: &Ctx, limit: i64) -> Vec<Outgoing> {
    let mut tx = town.db.begin().await.unwrap();
    let claimed = io::claim(&mut tx, ctx, limit).await.unwrap();
    tx.commit().await.unwrap();
    claimed
}

async fn states(town: &Town) -> Vec<(String, i64)> {
    io::count(&mut town.db.read().await.unwrap(), &town.ctx()).await.unwrap()
}

#[tokio::test]
async fn a_tenant_that_did_not_opt_in_tells_nothing_and_one_that_did_tells_what_is_new() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        town.position("instalment:old", PositionKind::Instalment, 100).await;
        assert_eq!(io::find(&mut town.db.read().await.unwrap(), town.ctx().tenant).await.unwrap(), None);
        town.clock.set(instant("2026-11-25T09:00:00Z"));
        let settings = opt_in(&town, 7).await;
        assert_eq!(io::tenants(&mut town.db.read().await.unwrap()).await.unwrap(), [town.ctx().tenant]);
        town.clock.set(instant("2026-11-25T10:00:00Z"));
        assert_eq!(opt_in(&town, 5).await.since, settings.since, "the beginning stays");
        town.position("instalment:new", PositionKind::Instalment, 100).await;
        town.position("top_up:1", PositionKind::TopUp, 100).await;
        assert_eq!(find(&town, &settings).await, [(IoKind::Notice, "instalment:new".to_owned())]);
        assert_eq!(find(&town, &settings).await, []);
        let mut there = town.ctx();
        there.tenant = TenantId(there.tenant.0 + 1);
        assert!(claim(&town, &there, 9).await.is_empty(), "another tenant has none of them");
        assert_eq!(claim(&town, &town.ctx(), 9).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn of_a_debt_in_instalments_the_whole_is_told_and_each_part_called_to_mind() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        town.clock.set(instant("2026-09-01T10:00:00Z"));
        let settings = opt_in(&town, 7).await;
        let (whole, first, _) = town.choice("1").await;
        assert_eq!(find(&town, &settings).await, [(IoKind::Notice, whole.origin_key.clone())]);
        town.clock.set(instant("2026-10-23T21:59:59Z"));
        assert_eq!(find(&town, &settings).await, [], "the 23rd in Rome, eight days before");
        town.clock.set(instant("2026-10-23T22:00:00Z"));
        assert_eq!(find(&town, &settings).await, [(IoKind::Reminder, first.origin_key.clone())]);
        assert_eq!(find(&town, &settings).await, []);
        due_on(&town, &first, date(2026, 10, 30)).await;
        assert_eq!(find(&town, &settings).await, [(IoKind::Reminder, first.origin_key.clone())], "another day is told again");
        town.record(&receipt("r1", whole.notice_number, whole.amount.0)).await;
        town.clock.set(instant("2026-12-26T10:00:00Z"));
        assert_eq!(find(&town, &settings).await, [], "paid at once, nobody is reminded of a part");
        assert!(claim(&town, &town.ctx(), 9).await.iter().all(|one| one.position.due() == Cents::ZERO), "as it is now");
    })
    .await;
}

#[tokio::test]
async fn a_notice_that_is_younger_than_the_time_before_its_day_needs_no_reminder() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let settings = opt_in(&town, 7).await;
        let position = town.position("instalment:1", PositionKind::Instalment, 100).await;
        due_on(&town, &position, date(2026, 11, 28)).await;
        assert_eq!(find(&town, &settings).await, [(IoKind::Notice, "instalment:1".to_owned())]);
        let never = opt_in(&town, 0).await;
        town.clock.set(instant("2026-12-20T10:00:00Z"));
        due_on(&town, &position, date(2026, 12, 22)).await;
        assert_eq!(find(&town, &never).await, [], "no reminders were asked for");
        assert_eq!(find(&town, &settings).await.len(), 1);
        town.clock.set(instant("2026-12-23T10:00:00Z"));
        due_on(&town, &position, date(2026, 12, 21)).await;
        assert_eq!(find(&town, &settings).await, [], "its day is over");
    })
    .await;
}

#[tokio::test]
async fn messages_end_once_and_failures_wait_longer_each_time_and_as_long_as_the_service_asks() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let settings = opt_in(&town, 7).await;
        for n in 0..80 {
            town.position(&format!("instalment:{n}"), PositionKind::Instalment, 100).await;
        }
        while !find(&town, &settings).await.is_empty() {}
        let first = claim(&town, &town.ctx(), 100).await;
        assert_eq!(first.len(), 75, "two calls each, 150 in five seconds");
        assert!(claim(&town, &town.ctx(), 100).await.is_empty());
        let ctx = town.ctx();
        let mut tx = town.db.begin().await.unwrap();
        io::ended(&mut tx, &ctx, &first[0], &IoEnd::Sent("A1".to_owned())).await.unwrap();
        io::ended(&mut tx, &ctx, &first[0], &IoEnd::Refused("later".to_owned())).await.unwrap();
        io::ended(&mut tx, &ctx, &first[1], &IoEnd::NotWanted).await.unwrap();
        io::ended(&mut tx, &ctx, &first[2], &IoEnd::Refused("no".to_owned())).await.unwrap();
        io::failed(&mut tx, &ctx, &first[3], None, "429").await.unwrap();
        io::failed(&mut tx, &ctx, &first[4], Some(jiff::SignedDuration::from_secs(60)), "429").await.unwrap();
        let sent = io::sent_at(&mut tx, &ctx, &[first[0].message, first[1].message]).await.unwrap();
        assert_eq!(sent.keys().copied().collect::<Vec<_>>(), [first[0].message]);
        tx.commit().await.unwrap();
        let expected = [("not_wanted", 1), ("refused", 1), ("sent", 1), ("waiting", 77)].map(|(s, n)| (s.to_owned(), n));
        assert_eq!(states(&town).await, expected);
        let later = |seconds: i64| ctx.now + jiff::SignedDuration::from_secs(seconds);
        town.clock.set(later(6));
        let again: Vec<MessageId> = claim(&town, &town.ctx(), 100).await.iter().map(|one| one.message).collect();
        assert!(again.contains(&first[3].message) && !again.contains(&first[4].message));
        town.clock.set(later(61));
        let again = claim(&town, &town.ctx(), 100).await;
        assert!(again.iter().any(|one| one.message == first[4].message && one.attempt == 2));
        let mut tx = town.db.begin().await.unwrap();
        assert!(io::opt_out(&mut tx, &town.ctx()).await.unwrap() && !io::opt_out(&mut tx, &town.ctx()).await.unwrap());
        tx.commit().await.unwrap();
        town.clock.set(later(600));
        assert!(claim(&town, &town.ctx(), 100).await.is_empty(), "what waited is not sent");
        let mut tx = town.db.begin().await.unwrap();
        for (service, days) in [("", 7), ("x", -1), ("x", 61)] {
            assert!(matches!(io::opt_in(&mut tx, &town.ctx(), service, days).await, Err(Error::Malformed(_))));
        }
    })
    .await;
}
