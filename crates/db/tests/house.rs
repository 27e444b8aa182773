//! The house's own tables: migrations, audit trail, jobs.

#![allow(clippy::unwrap_used, reason = "the helpers of a test may stop it")]

use db::testing::on_both_engines;
use db::{Db, Engine, Error, audit, jobs};
use jiff::SignedDuration;
use kernel::{Actor, Clock, Ctx, Entropy, Instant, TenantId};

fn ctx() -> Ctx {
    let clock = Clock::fixed("2026-09-14T07:00:00Z".parse().unwrap());
    Ctx::new(TenantId(1), Actor::System("test"), &clock, &Entropy::seeded(1))
}

fn after(seconds: i64) -> Instant {
    ctx().now + SignedDuration::from_secs(seconds)
}

async fn enqueue(db: &Db, ctx: &Ctx, kind: &str, key: Option<&str>) {
    let mut tx = db.begin().await.unwrap();
    jobs::enqueue(&mut tx, ctx, kind, key, ctx.now, &serde_json::json!({ "n": 1 })).await.unwrap();
    tx.commit().await.unwrap();
}

async fn claim(db: &Db, now: Instant) -> Vec<jobs::Job> {
    let mut tx = db.begin().await.unwrap();
    let jobs = jobs::claim(&mut tx, now, &["mail"], 10, 60).await.unwrap();
    tx.commit().await.unwrap();
    jobs
}

async fn fail(db: &Db, job: &jobs::Job, now: Instant) {
    let mut tx = db.begin().await.unwrap();
    jobs::failed(&mut tx, job, "the mail server is away", now).await.unwrap();
    tx.commit().await.unwrap();
}

async fn pending(db: &Db) -> u64 {
    jobs::count_pending(&mut db.read().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn migrations_are_applied_once() {
    on_both_engines(|db| async move { assert!(db.migrate().await.unwrap().is_empty()) }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_that_start_together_migrate_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new.sqlite").display());
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { Db::open(&url).await?.migrate().await })
        })
        .collect();
    let mut applied = 0;
    for start in starts {
        applied += usize::from(!start.await.unwrap().unwrap().is_empty());
    }
    assert_eq!(applied, 1);
}

#[tokio::test]
async fn a_migration_that_was_changed_afterwards_is_refused() {
    on_both_engines(|db| async move {
        let mut tx = db.begin().await.unwrap();
        tx.execute_one("update schema_migration set checksum = 'other' where name = '0000_house'", &[]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(db.migrate().await, Err(Error::Other(words)) if words.contains("0000_house")));
    })
    .await;
}

#[tokio::test]
async fn a_database_in_memory_is_private_and_shared_by_its_clones() {
    let (one, other) = (Db::open("sqlite::memory:").await.unwrap(), Db::open("sqlite::memory:").await.unwrap());
    assert!(!one.migrate().await.unwrap().is_empty());
    assert!(one.clone().migrate().await.unwrap().is_empty());
    assert!(!other.migrate().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_in_the_audit_trail_stays_as_it_is() {
    on_both_engines(|db| async move {
        let mut tx = db.begin().await.unwrap();
        audit::record(&mut tx, &ctx(), "absence.reported", "pupil:1", &serde_json::json!({ "days": 2 })).await.unwrap();
        tx.commit().await.unwrap();
        for change in ["update audit_event set actor = 'nobody'", "delete from audit_event"] {
            let mut tx = db.begin().await.unwrap();
            assert!(matches!(tx.execute(change, &[]).await, Err(Error::Constraint(_))), "{change}");
        }
        let row = db.read().await.unwrap().query_one("select actor, what, details from audit_event", &[]).await.unwrap();
        assert_eq!(row.get::<String>(0).unwrap(), "system:test");
        assert_eq!(row.get::<String>(1).unwrap(), "absence.reported");
        assert_eq!(row.get::<String>(2).unwrap(), r#"{"days":2}"#);
    })
    .await;
}

#[tokio::test]
async fn a_job_is_done_once_by_one_worker() {
    on_both_engines(|db| async move {
        let ctx = ctx();
        enqueue(&db, &ctx, "mail", None).await;
        enqueue(&db, &ctx, "push", None).await;
        assert!(claim(&db, after(-1)).await.is_empty(), "not due yet");
        let taken = claim(&db, after(0)).await;
        assert_eq!((taken.len(), taken[0].attempt, taken[0].body.as_str()), (1, 1, r#"{"n":1}"#));
        assert!(claim(&db, after(59)).await.is_empty(), "the lease holds");
        let mut tx = db.begin().await.unwrap();
        jobs::done(&mut tx, &taken[0], after(59)).await.unwrap();
        tx.commit().await.unwrap();
        assert!(claim(&db, after(1_000)).await.is_empty());
        assert_eq!(pending(&db).await, 1, "the other kind waits for its own worker");
    })
    .await;
}

#[tokio::test]
async fn a_job_with_a_key_waits_once_and_again_after_it_has_begun() {
    on_both_engines(|db| async move {
        let ctx = ctx();
        enqueue(&db, &ctx, "mail", Some("a")).await;
        enqueue(&db, &ctx, "mail", Some("a")).await;
        enqueue(&db, &ctx, "mail", Some("b")).await;
        let first = claim(&db, after(0)).await;
        assert_eq!(first.len(), 2);
        enqueue(&db, &ctx, "mail", Some("a")).await;
        assert_eq!(pending(&db).await, 3);
        for job in &first {
            fail(&db, job, after(1)).await;
        }
        assert_eq!(pending(&db).await, 2, "the newer one with the same key takes over");
    })
    .await;
}

#[tokio::test]
async fn a_failing_job_waits_longer_each_time_and_then_rests() {
    on_both_engines(|db| async move {
        enqueue(&db, &ctx(), "mail", None).await;
        let mut now = after(0);
        for attempt in 1..=jobs::MOST_ATTEMPTS {
            let taken = claim(&db, now).await;
            assert_eq!(taken[0].attempt, attempt);
            fail(&db, &taken[0], now).await;
            let wait = SignedDuration::from_secs(15 * ((1 << attempt) - 1));
            assert!(claim(&db, now + wait - SignedDuration::from_secs(1)).await.is_empty(), "attempt {attempt}");
            now += wait;
        }
        assert!(claim(&db, now).await.is_empty());
        assert_eq!(pending(&db).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_job_whose_worker_died_goes_to_the_next_and_not_for_ever() {
    on_both_engines(|db| async move {
        enqueue(&db, &ctx(), "mail", None).await;
        let lost = claim(&db, after(0)).await.remove(0);
        let taken = claim(&db, after(60)).await.remove(0);
        assert_eq!(taken.attempt, 2);
        fail(&db, &lost, after(61)).await;
        assert!(claim(&db, after(80)).await.is_empty(), "who lost the lease has no say");
        for attempt in 3..=jobs::MOST_ATTEMPTS {
            assert_eq!(claim(&db, after(60 * attempt)).await.len(), 1);
        }
        assert!(claim(&db, after(10_000)).await.is_empty());
        assert_eq!(pending(&db).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_ask_at_once_take_different_jobs() {
    on_both_engines(|db| async move {
        let ctx = ctx();
        for _ in 0..40 {
            enqueue(&db, &ctx, "mail", None).await;
        }
        let workers: Vec<_> = (0..8)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move { claim(&db, after(0)).await })
            })
            .collect();
        let mut taken = Vec::new();
        for worker in workers {
            taken.extend(worker.await.unwrap().into_iter().map(|job| job.id));
        }
        while let more @ [_, ..] = &claim(&db, after(0)).await[..] {
            taken.extend(more.iter().map(|job| job.id));
        }
        assert_eq!(taken.len(), 40);
        taken.sort();
        taken.dedup();
        assert_eq!(taken.len(), 40);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_may_forget_what_it_acknowledged_is_refused() {
    let Ok(url) = std::env::var(db::testing::POSTGRES) else { return println!("PostgreSQL not tested") };
    let forgetful = format!("{url}?options=-csynchronous_commit%3Doff");
    assert!(matches!(Db::open(&forgetful).await, Err(Error::Other(words)) if words.contains("synchronous_commit")));
    assert_eq!(Db::open(&url).await.unwrap().engine(), Engine::Postgres);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let refused = Db::open("postgres://campanella@127.0.0.1:1/none").await;
    assert!(refused.is_err_and(|e| e.is_unavailable()));
    let nowhere = Db::open("sqlite:/nowhere/at/all.sqlite").await;
    assert!(nowhere.is_err_and(|e| e.is_unavailable()));
}

#[tokio::test]
async fn no_more_jobs_are_taken_than_were_asked_for_and_none_is_left_behind() {
    on_both_engines(|db| async move {
        let ctx = ctx();
        for n in 0..35 {
            enqueue(&db, &ctx, "mail", Some(&n.to_string())).await;
        }
        let mut taken = std::collections::BTreeSet::new();
        for expected in [10, 10, 10, 5, 0] {
            let jobs = claim(&db, after(0)).await;
            assert_eq!(jobs.len(), expected);
            taken.extend(jobs.iter().map(|job| job.id));
        }
        assert_eq!(taken.len(), 35);
    })
    .await;
}
