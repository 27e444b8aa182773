//! A fresh, migrated database of each engine for every scenario.

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt;

use crate::{Db, Options};

/// Names the PostgreSQL the tests may use: a `postgres://` address of a database of theirs.
pub const POSTGRES: &str = "CAMPANELLA_TEST_POSTGRES";

/// Runs the scenario on SQLite and, where [`POSTGRES`] names one, on PostgreSQL in a schema of its own.
///
/// # Panics
/// When the scenario does, or a database cannot be made.
pub async fn on_both_engines<F, Fut>(scenario: F)
where
    F: Fn(Db) -> Fut,
    Fut: Future<Output = ()>,
{
    on_both_engines_with(&Options::default(), scenario).await;
}

/// The same, with other options than a program's.
///
/// # Panics
/// When the scenario does, or a database cannot be made.
pub async fn on_both_engines_with<F, Fut>(options: &Options, scenario: F)
where
    F: Fn(Db) -> Fut,
    Fut: Future<Output = ()>,
{
    on_sqlite(options, &scenario).await;
    match std::env::var(POSTGRES) {
        Ok(url) => on_postgres(&url, options, &scenario).await,
        Err(_) => println!("PostgreSQL not tested: {POSTGRES} is not set"),
    }
}

async fn on_sqlite<F, Fut>(options: &Options, scenario: &F)
where
    F: Fn(Db) -> Fut,
    Fut: Future<Output = ()>,
{
    let folder = tempfile::tempdir().expect("a folder for the test");
    scenario(migrated(&folder.path().join("test.sqlite"), options).await).await;
}

async fn migrated(file: &Path, options: &Options) -> Db {
    let db = Db::open_with(&format!("sqlite:{}", file.display()), options).await.expect("SQLite opens");
    db.migrate().await.expect("the migrations run on SQLite");
    db
}

async fn on_postgres<F, Fut>(url: &str, options: &Options, scenario: &F)
where
    F: Fn(Db) -> Fut,
    Fut: Future<Output = ()>,
{
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let schema = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let house = Db::open_with(url, &Options { postgres_pool: 1, ..Options::default() }).await.expect("PostgreSQL answers");
    run(&house, &format!("drop schema if exists {schema} cascade; create schema {schema}")).await;
    let here = Options { search_path: Some(schema.clone()), ..options.clone() };
    let db = Db::open_with(url, &here).await.expect("PostgreSQL answers");
    db.migrate().await.expect("the migrations run on PostgreSQL");
    // The schema goes even when the scenario fails.
    let outcome = AssertUnwindSafe(scenario(db)).catch_unwind().await;
    run(&house, &format!("drop schema {schema} cascade")).await;
    outcome.unwrap_or_else(|panic| resume_unwind(panic));
}

async fn run(db: &Db, sql: &str) {
    let mut tx = db.begin().await.expect("a transaction");
    tx.batch(sql).await.expect("a statement of the test's house");
    tx.commit().await.expect("it is committed");
}
