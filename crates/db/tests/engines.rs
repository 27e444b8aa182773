//! What every verb above relies on, on both engines.

use db::{Db, Error, row};
use jiff::SignedDuration;
use jiff::civil::date;
use kernel::{Actor, Clock, Ctx, Day, Entropy, Instant, TenantId};
use uuid::Uuid;

fn ctx(seed: u64) -> Ctx {
    let clock = Clock::fixed("2026-11-24T07:59:12.123456Z".parse().expect("an instant"));
    Ctx::new(TenantId(1), Actor::System("test"), &clock, &Entropy::seeded(seed))
}

const ADD: &str = "insert into job (tenant_id, id, kind, key, body, state, attempts, run_after, created_at)
                   values ($1, $2, 'test', $3, '{}', 'done', $4, $5, $5)";

async fn add(tx: &mut db::Tx, ctx: &Ctx, key: &str) -> Result<(), Error> {
    tx.execute_one(ADD, &[&ctx.tenant, &ctx.new_id::<Uuid>(), &key, &0, &ctx.now]).await
}

async fn count(db: &Db) -> i64 {
    let mut tx = db.read().await.expect("a snapshot");
    tx.query_one("select count(*) from job", &[]).await.expect("a count").get(0).expect("a number")
}

#[tokio::test]
async fn every_kind_of_value_comes_back_as_it_went() {
    db::testing::on_both_engines(|db| async move {
        let ctx = ctx(1);
        let mut tx = db.begin().await.expect("a transaction");
        let sql = "select cast($1 as bigint), cast($2 as text), cast($3 as bytea), cast($4 as uuid), cast($5 as boolean),
                   cast($6 as date), cast($7 as timestamptz), cast($8 as text), cast($9 as integer)";
        let id = ctx.new_id::<Uuid>();
        // SQLite's cast to bytea, uuid, date and timestamptz would convert to a number: plain parameters there.
        let sql = if tx.engine() == db::Engine::Sqlite { "select $1, $2, $3, $4, $5, $6, $7, $8, $9" } else { sql };
        let day = date(2026, 3, 29);
        let bytes = vec![0u8, 1, 255];
        let nothing: Option<String> = None;
        let row = tx
            .query_one(sql, &[&i64::MIN, &"Nicolò D'Amìco 🍝", &bytes, &id, &true, &day, &ctx.now, &nothing, &-7])
            .await
            .expect("a row");
        assert_eq!(row.get::<i64>(0).ok(), Some(i64::MIN));
        assert_eq!(row.get::<String>(1).ok().as_deref(), Some("Nicolò D'Amìco 🍝"));
        assert_eq!(row.get::<Vec<u8>>(2).ok(), Some(bytes));
        assert_eq!(row.get::<Uuid>(3).ok(), Some(id));
        assert_eq!(row.get::<bool>(4).ok(), Some(true));
        assert_eq!(row.get::<Day>(5).ok(), Some(day));
        assert_eq!(row.get::<Instant>(6).ok(), Some(ctx.now));
        assert_eq!(row.get::<Option<String>>(7).ok(), Some(None));
        assert_eq!(row.get::<i64>(8).ok(), Some(-7));
        assert!(matches!(row.get::<String>(7), Err(Error::Row { column: 7, .. })));
        assert!(matches!(row.get::<i64>(1), Err(Error::Row { column: 1, .. })));
    })
    .await;
}

#[tokio::test]
async fn what_is_dropped_leaves_nothing_and_what_is_committed_stays() {
    db::testing::on_both_engines(|db| async move {
        let ctx = ctx(2);
        let mut tx = db.begin().await.expect("a transaction");
        add(&mut tx, &ctx, "dropped").await.expect("a row");
        drop(tx);
        assert_eq!(count(&db).await, 0);
        let mut tx = db.begin().await.expect("a transaction");
        add(&mut tx, &ctx, "kept").await.expect("a row");
        tx.commit().await.expect("it is committed");
        assert_eq!(count(&db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn two_hundred_writers_at_once_all_land_and_a_failing_one_harms_no_neighbour() {
    db::testing::on_both_engines(|db| async move {
        let writers = (0..200).map(|n| {
            let (db, ctx) = (db.clone(), ctx(100 + n));
            tokio::spawn(async move {
                let mut tx = db.begin().await?;
                add(&mut tx, &ctx, &n.to_string()).await?;
                if n % 10 == 0 {
                    tx.query("select no_such_column from job", &[]).await?;
                }
                tx.commit().await
            })
        });
        let mut landed = 0;
        for writer in writers.collect::<Vec<_>>() {
            landed += i64::from(writer.await.expect("no panic").is_ok());
        }
        assert_eq!((landed, count(&db).await), (180, 180));
    })
    .await;
}

#[tokio::test]
async fn a_broken_unique_constraint_says_its_name() {
    db::testing::on_both_engines(|db| async move {
        let (ctx, id) = (ctx(3), Uuid::from_u128(7));
        let mut tx = db.begin().await.expect("a transaction");
        tx.execute_one(ADD, &[&ctx.tenant, &id, &"a", &0, &ctx.now]).await.expect("the first");
        let again = tx.execute_one(ADD, &[&ctx.tenant, &id, &"a", &0, &ctx.now]).await;
        assert!(matches!(again, Err(Error::Unique { ref constraint }) if constraint == "job_pk"), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn many_rows_go_in_one_hop_and_counts_are_checked() {
    db::testing::on_both_engines(|db| async move {
        let ctx = ctx(4);
        let mut tx = db.begin().await.expect("a transaction");
        let insert = "insert into job (tenant_id, id, kind, key, body, state, attempts, run_after, created_at)";
        let rows = (0..10_000)
            .map(|n| row![ctx.tenant, ctx.new_id::<Uuid>(), "test", Some(n.to_string()), "{}", "done", 0, ctx.now, ctx.now]);
        assert_eq!(tx.insert_many(insert, rows.collect(), "").await.expect("rows"), 10_000);
        assert_eq!(tx.insert_many(insert, Vec::new(), "").await.expect("no rows"), 0);
        let update = "update job set attempts = $3 where tenant_id = $1 and key = $2";
        let rows = (0..2_500).map(|n| row![ctx.tenant, n.to_string(), 5]).collect();
        assert_eq!(tx.execute_many(update, rows).await.expect("rows"), 2_500);
        let wrong = tx.execute_one(update, &[&ctx.tenant, &"nobody", &5]).await;
        assert!(matches!(wrong, Err(Error::WrongCount { found: 0, .. })));
        let several = tx.query_opt("select id from job where attempts = 5 order by id", &[]).await;
        assert!(matches!(several, Err(Error::WrongCount { found: 2_500, .. })));
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_sees_no_later_commit_and_cannot_write() {
    db::testing::on_both_engines(|db| async move {
        let ctx = ctx(5);
        let mut snapshot = db.read().await.expect("a snapshot");
        snapshot.query("select count(*) from job", &[]).await.expect("a count");
        let mut tx = db.begin().await.expect("a transaction");
        add(&mut tx, &ctx, "later").await.expect("a row");
        tx.commit().await.expect("it is committed");
        let seen: i64 = snapshot.query_one("select count(*) from job", &[]).await.expect("a count").get(0).expect("a number");
        assert_eq!((seen, count(&db).await), (0, 1));
        assert!(add(&mut snapshot, &ctx, "no").await.is_err());
    })
    .await;
}

#[tokio::test]
async fn the_audit_trail_takes_rows_and_gives_none_back() {
    db::testing::on_both_engines(|db| async move {
        let ctx = ctx(6);
        let mut tx = db.begin().await.expect("a transaction");
        db::audit::record(&mut tx, &ctx, "test.done", "test:1", &serde_json::json!({"n": 1})).await.expect("an event");
        tx.commit().await.expect("it is committed");
        for change in ["update audit_event set what = 'other'", "delete from audit_event"] {
            let mut tx = db.begin().await.expect("a transaction");
            assert!(tx.execute(change, &[]).await.is_err(), "{change}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_job_waits_once_is_leased_retried_later_and_done() {
    db::testing::on_both_engines(|db| async move {
        let (ctx, lease) = (ctx(7), SignedDuration::from_secs(60));
        let mut tx = db.begin().await.expect("a transaction");
        for _ in 0..2 {
            db::jobs::enqueue(&mut tx, &ctx, "mail", Some("one"), ctx.now, &1).await.expect("a job");
        }
        assert_eq!(db::jobs::count_pending(&mut tx).await.expect("a count"), 1);
        let job = db::jobs::claim(&mut tx, ctx.now, 10, lease).await.expect("jobs").pop().expect("one is due");
        assert_eq!((job.kind.as_str(), job.body.as_str(), job.attempt), ("mail", "1", 1));
        assert!(db::jobs::claim(&mut tx, ctx.now, 10, lease).await.expect("jobs").is_empty());
        let later = ctx.now + SignedDuration::from_secs(61);
        let again = db::jobs::claim(&mut tx, later, 10, lease).await.expect("jobs").pop().expect("the lease ran out");
        assert_eq!(again.attempt, 2);
        db::jobs::failed(&mut tx, &again, "no mail server", later).await.expect("it may fail");
        let waits = later + SignedDuration::from_secs(45);
        assert!(db::jobs::claim(&mut tx, waits - SignedDuration::from_secs(1), 10, lease).await.expect("jobs").is_empty());
        let last = db::jobs::claim(&mut tx, waits, 10, lease).await.expect("jobs").pop().expect("15 s times 2^2 - 1 have passed");
        db::jobs::done(&mut tx, &last, waits).await.expect("it is done");
        assert_eq!(db::jobs::count_pending(&mut tx).await.expect("a count"), 0);
    })
    .await;
}

#[tokio::test]
async fn migrations_run_once_even_when_two_programs_start_together() {
    db::testing::on_both_engines(|db| async move {
        let (one, other) = tokio::join!(db.migrate(), db.migrate());
        assert_eq!((one.expect("the first"), other.expect("the second")), (Vec::<String>::new(), Vec::new()));
    })
    .await;
}
