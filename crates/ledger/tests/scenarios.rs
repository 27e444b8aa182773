//! The verbs of the ledger, on both engines.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use db::testing::on_both_engines;
use db::{Db, Tx};
use jiff::civil::date;
use kernel::{AccountId, Actor, Cents, Clock, Ctx, Day, Entropy, TenantId};
use ledger::{AccountKind, Cause, Error, Posting};

const TENANT: TenantId = TenantId(7);

fn ctx() -> Ctx {
    let clock = Clock::fixed("2026-10-05T10:00:00.123456789Z".parse().unwrap());
    Ctx::new(TENANT, Actor::System("test"), &clock, &Entropy::seeded(7))
}

fn posting(key: &str, day: Day, entries: &[(AccountId, i64)]) -> Posting {
    Posting {
        source_key: key.to_owned(),
        cause: Cause::TopUp,
        description: format!("Ricarica {key}"),
        effective_on: day,
        entries: entries.iter().map(|(id, amount)| (*id, Cents(*amount))).collect(),
    }
}

async fn wallet_and_clearing(tx: &mut Tx, ctx: &Ctx) -> (AccountId, AccountId) {
    let wallet = ledger::open_account(tx, ctx, AccountKind::Wallet, "badge-1").await.unwrap();
    let clearing = ledger::open_account(tx, ctx, AccountKind::Clearing, "pagopa").await.unwrap();
    (wallet, clearing)
}

async fn sound(db: &Db) -> ledger::Verified {
    let mut tx = db.read().await.unwrap();
    ledger::check_balanced(&mut tx, TENANT).await.unwrap();
    ledger::verify(&mut tx, TENANT).await.unwrap()
}

#[tokio::test]
async fn the_same_key_posts_once_and_with_other_money_never() {
    on_both_engines(|db: Db| async move {
        let (ctx, day) = (ctx(), date(2026, 10, 5));
        let mut tx = db.begin().await.unwrap();
        let (wallet, clearing) = wallet_and_clearing(&mut tx, &ctx).await;
        let request = posting("receipt:1", day, &[(clearing, -5000), (wallet, 5000)]);
        let first = ledger::post(&mut tx, &ctx, request.clone()).await.unwrap();
        tx.commit().await.unwrap();

        let mut tx = db.begin().await.unwrap();
        let mut turned = request.clone();
        turned.entries.reverse();
        let again = ledger::post(&mut tx, &ctx, turned).await.unwrap();
        assert!(first.new && !again.new && first.id == again.id);
        let other = posting("receipt:1", day, &[(clearing, -6000), (wallet, 6000)]);
        assert!(matches!(ledger::post(&mut tx, &ctx, other).await, Err(Error::SameKeyOtherContent(key)) if key == "receipt:1"));
        assert_eq!(ledger::balance(&mut tx, &ctx, wallet).await.unwrap(), Cents(5000));
        tx.commit().await.unwrap();
        assert_eq!(sound(&db).await.postings, 1);
    })
    .await;
}

#[tokio::test]
async fn a_refused_posting_of_a_batch_leaves_nothing_of_it() {
    on_both_engines(|db: Db| async move {
        let (ctx, day) = (ctx(), date(2026, 10, 5));
        let mut tx = db.begin().await.unwrap();
        let (wallet, clearing) = wallet_and_clearing(&mut tx, &ctx).await;
        let good = posting("a", day, &[(clearing, -100), (wallet, 100)]);
        let nobody = ctx.new_id();
        let cases = [
            posting("b", day, &[(clearing, -100), (wallet, 99)]),
            posting("b", day, &[]),
            posting("b", day, &[(clearing, -100), (nobody, 100)]),
            posting("a", day, &[(clearing, -200), (wallet, 200)]),
        ];
        for bad in cases {
            let refused = ledger::post_all(&mut tx, &ctx, vec![good.clone(), bad]).await;
            assert!(refused.is_err());
            assert_eq!(ledger::balance(&mut tx, &ctx, wallet).await.unwrap(), Cents::ZERO);
        }
        let twice = ledger::post_all(&mut tx, &ctx, vec![good.clone(), good]).await.unwrap();
        assert!(twice[0].new && !twice[1].new && twice[0].id == twice[1].id);
        tx.commit().await.unwrap();
        assert_eq!(sound(&db).await.entries, 2);
    })
    .await;
}

#[tokio::test]
async fn a_statement_runs_in_the_order_of_days_and_closes_where_the_next_opens() {
    on_both_engines(|db: Db| async move {
        let ctx = ctx();
        let mut tx = db.begin().await.unwrap();
        let (wallet, clearing) = wallet_and_clearing(&mut tx, &ctx).await;
        for (key, day, amount) in [("c", 20, -450), ("a", 1, 5000), ("b", 10, -450), ("d", 10, 1000)] {
            let request = posting(key, date(2026, 10, day), &[(wallet, amount), (clearing, -amount)]);
            ledger::post(&mut tx, &ctx, request).await.unwrap();
        }
        let all = ledger::statement(&mut tx, &ctx, wallet, date(2026, 10, 1), date(2026, 10, 31)).await.unwrap();
        let told: Vec<_> = all.movements.iter().map(|m| (m.source_key.as_str(), m.balance_after.0)).collect();
        assert_eq!(told, [("a", 5000), ("b", 4550), ("d", 5550), ("c", 5100)]);
        assert_eq!((all.opening, all.closing, all.totals[&Cause::TopUp]), (Cents::ZERO, Cents(5100), Cents(5100)));
        let middle = ledger::statement(&mut tx, &ctx, wallet, date(2026, 10, 2), date(2026, 10, 19)).await.unwrap();
        assert_eq!((middle.opening, middle.closing, middle.movements.len()), (Cents(5000), Cents(5550), 2));
        let before = ledger::statement(&mut tx, &ctx, wallet, date(2026, 9, 1), date(2026, 9, 30)).await.unwrap();
        assert_eq!((before.opening, before.closing), (Cents::ZERO, Cents::ZERO));
        tx.commit().await.unwrap();
        sound(&db).await;
    })
    .await;
}

#[tokio::test]
async fn another_tenant_has_its_own_chain_and_sees_no_account_of_the_first() {
    on_both_engines(|db: Db| async move {
        let here = ctx();
        let there = Ctx { tenant: TenantId(8), entropy: Entropy::seeded(8), ..ctx() };
        let mut tx = db.begin().await.unwrap();
        let (wallet, clearing) = wallet_and_clearing(&mut tx, &here).await;
        let (other, _) = wallet_and_clearing(&mut tx, &there).await;
        assert_ne!(wallet, other);
        let request = posting("a", date(2026, 10, 5), &[(clearing, -100), (wallet, 100)]);
        assert!(matches!(ledger::post(&mut tx, &there, request.clone()).await, Err(Error::UnknownAccount(_))));
        let posted = ledger::post(&mut tx, &here, request).await.unwrap();
        assert!(matches!(ledger::balance(&mut tx, &there, wallet).await, Err(Error::UnknownAccount(_))));
        assert_eq!(ledger::get_posting(&mut tx, &there, posted.id).await.unwrap(), None);
        let view = ledger::get_posting(&mut tx, &here, posted.id).await.unwrap().unwrap();
        assert_eq!((view.entries.len(), view.actor.as_str()), (2, "system:test"));
        tx.commit().await.unwrap();
        sound(&db).await;
    })
    .await;
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_or_remove_a_posting_or_an_entry() {
    on_both_engines(|db: Db| async move {
        three_postings(&db).await;
        for sql in [
            "update ledger_posting set description = 'x' where tenant_id = 7",
            "delete from ledger_posting where tenant_id = 7",
            "update ledger_entry set amount_cents = amount_cents + 1 where tenant_id = 7",
            "delete from ledger_entry where tenant_id = 7",
        ] {
            let mut tx = db.begin().await.unwrap();
            assert!(tx.execute(sql, &[]).await.is_err(), "{sql}");
            drop(tx);
        }
        sound(&db).await;
    })
    .await;
}

async fn three_postings(db: &Db) {
    let ctx = ctx();
    let mut tx = db.begin().await.unwrap();
    let (wallet, clearing) = wallet_and_clearing(&mut tx, &ctx).await;
    for key in ["a", "b", "c"] {
        let request = posting(key, date(2026, 10, 5), &[(clearing, -100), (wallet, 100)]);
        ledger::post(&mut tx, &ctx, request).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn drop_triggers(tx: &mut Tx, db: &Db) {
    let drops: &[&str] = match db.engine() {
        db::Engine::Sqlite => &[
            "drop trigger ledger_posting_never_changed",
            "drop trigger ledger_posting_never_removed",
            "drop trigger ledger_entry_never_changed",
            "drop trigger ledger_entry_never_removed",
        ],
        db::Engine::Postgres => &[
            "drop trigger ledger_posting_append_only on ledger_posting",
            "drop trigger ledger_entry_append_only on ledger_entry",
        ],
    };
    for sql in drops {
        tx.execute(sql, &[]).await.unwrap();
    }
}

#[tokio::test]
async fn tampering_is_found_and_the_first_bad_posting_is_named() {
    on_both_engines(|db: Db| async move {
        three_postings(&db).await;
        sound(&db).await;
        for (sql, number) in [
            ("update ledger_entry set amount_cents = amount_cents * 2 where tenant_id = 7 and posting_number = 2", 2),
            ("update ledger_entry set balance_after_cents = 0 where tenant_id = 7 and posting_number = 2", 2),
            ("update ledger_entry set effective_on = '2026-10-01' where tenant_id = 7 and posting_number = 3", 3),
            ("update ledger_posting set description = 'Altro' where tenant_id = 7 and number = 1", 1),
            ("update ledger_posting set actor = 'person:x' where tenant_id = 7 and number = 3", 3),
            ("update ledger_posting set hash = previous_hash where tenant_id = 7 and number = 2", 2),
            ("delete from ledger_entry where tenant_id = 7 and posting_number = 2", 2),
            ("delete from ledger_entry where tenant_id = 7 and posting_number = 3", 3),
            ("update ledger_account set balance_cents = balance_cents + 1 where tenant_id = 7 and kind = 'wallet'", 0),
            ("update ledger_chain set last_number = 2 where tenant_id = 7", 0),
        ] {
            let mut tx = db.begin().await.unwrap();
            drop_triggers(&mut tx, &db).await;
            assert!(tx.execute(sql, &[]).await.unwrap() > 0, "{sql}");
            let found = ledger::verify(&mut tx, TENANT).await;
            assert!(matches!(&found, Err(Error::Broken(bad)) if bad.number == number), "{sql}: {found:?}");
            drop(tx);
        }
        assert_eq!(sound(&db).await.postings, 3);
    })
    .await;
}

#[tokio::test]
async fn a_posting_removed_with_its_entries_is_named_as_missing() {
    on_both_engines(|db: Db| async move {
        three_postings(&db).await;
        let mut tx = db.begin().await.unwrap();
        drop_triggers(&mut tx, &db).await;
        for sql in [
            "delete from ledger_entry where tenant_id = 7 and posting_number = 2",
            "delete from ledger_posting where tenant_id = 7 and number = 2",
        ] {
            tx.execute(sql, &[]).await.unwrap();
        }
        let found = ledger::verify(&mut tx, TENANT).await.unwrap_err().to_string();
        assert!(found.contains("posting 2: missing"), "{found}");
    })
    .await;
}

#[tokio::test]
async fn writers_at_once_leave_one_chain_and_right_balances() {
    on_both_engines(|db: Db| async move {
        let mut tx = db.begin().await.unwrap();
        let (wallet, clearing) = wallet_and_clearing(&mut tx, &ctx()).await;
        tx.commit().await.unwrap();
        let writers: Vec<_> = (0..16).map(|n| tokio::spawn(write_some(db.clone(), n, wallet, clearing))).collect();
        for writer in writers {
            writer.await.unwrap();
        }
        // 16 writers: five keys of their own each, and five that all of them try
        assert_eq!(sound(&db).await.postings, 16 * 5 + 5);
        let mut tx = db.read().await.unwrap();
        assert_eq!(ledger::balance(&mut tx, &ctx(), wallet).await.unwrap(), Cents(85 * 100));
    })
    .await;
}

async fn write_some(db: Db, writer: u64, wallet: AccountId, clearing: AccountId) {
    let ctx = Ctx { entropy: Entropy::seeded(writer), ..ctx() };
    for n in 0..5 {
        let mut tx = db.begin().await.unwrap();
        let keys = [format!("own:{writer}:{n}"), format!("shared:{n}")];
        let both = keys.map(|key| posting(&key, date(2026, 10, 5), &[(clearing, -100), (wallet, 100)]));
        ledger::post_all(&mut tx, &ctx, both.to_vec()).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// `cargo test --release -p campanella-ledger -- --ignored --nocapture`
#[tokio::test]
#[ignore = "a measurement: 110,000 postings"]
async fn a_years_postings_take_seconds() {
    on_both_engines(|db: Db| async move {
        let ctx = ctx();
        let mut tx = db.begin().await.unwrap();
        let wanted: Vec<_> = (0..825).map(|n| (AccountKind::Wallet, format!("badge-{n}"))).collect();
        let wallets = ledger::open_accounts(&mut tx, &ctx, &wanted).await.unwrap();
        let revenue = ledger::open_account(&mut tx, &ctx, AccountKind::Revenue, "mensa").await.unwrap();
        let meal = |n: usize| {
            let day = date(2026, 1, 1).checked_add(jiff::Span::new().days(i64::try_from(n / 825).unwrap())).unwrap();
            posting(&format!("meal:{n}"), day, &[(wallets[n % 825], -450), (revenue, 450)])
        };
        let postings: Vec<_> = (0..110_000).map(meal).collect();
        let start = std::time::Instant::now();
        ledger::post_all(&mut tx, &ctx, postings).await.unwrap();
        tx.commit().await.unwrap();
        let posted = start.elapsed();
        let mut tx = db.begin().await.unwrap();
        tx.execute("analyze", &[]).await.unwrap();
        tx.commit().await.unwrap();
        sound(&db).await;
        println!("{:?}: {:?} for each posting; proof {:?}", db.engine(), posted / 110_000, start.elapsed() - posted);
    })
    .await;
}
