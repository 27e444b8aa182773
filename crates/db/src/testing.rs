//! A fresh, migrated database of each engine for every scenario.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{Db, Options};

/// Names the PostgreSQL the tests may use: a `postgres://` address of a database of theirs.
pub const POSTGRES: &str = "CAMPANELLA_TEST_POSTGRES";

/// Runs the scenario on SQLite and, where [`POSTGRES`] names one, on PostgreSQL in a schema of its own.
pub async fn on_both_engines<F, Fut>(scenario: F)
where
    F: Fn(Db) -> Fut,
    Fut: Future<Output = ()>,
{
    on_sqlite(&scenario).await;
    match std::env::var(POSTGRES) {
        Ok(url) => on_postgres(&url, &scenario).await,
        Err(_) => println!("PostgreSQL not tested: {POSTGRES} is not set"),
    }
}

async fn on_sqlite<F, Fut>(scenario: &F)
where
    F: Fn(Db) -> Fut,
    Fut: Future<Output = ()>,
{
    let folder = tempfile::tempdir().expect("a folder for the test");
    let db = Db::open(&format!("sqlite:{}", folder.path().join("test.sqlite").display())).await.expect("SQLite opens");
    db.migrate().await.expect("the migrations run on SQLite");
    scenario(db).await;
}

async fn on_postgres<F, Fut>(url: &str, scenario: &F)
where
    F: Fn(Db) -> Fut,
    Fut: Future<Output = ()>,
{
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let schema = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let small = Options { postgres_pool: 2, ..Options::default() };
    let house = Db::open_with(url, &small).await.expect("PostgreSQL answers");
    run(&house, &format!("create schema {schema}")).await;
    let db = Db::open_with(url, &Options { search_path: Some(schema.clone()), ..Options::default() })
        .await
        .expect("PostgreSQL answers");
    db.migrate().await.expect("the migrations run on PostgreSQL");
    scenario(db).await;
    run(&house, &format!("drop schema {schema} cascade")).await;
}

async fn run(db: &Db, sql: &str) {
    let mut tx = db.begin().await.expect("a transaction");
    tx.batch(sql).await.expect("a statement of the test's house");
    tx.commit().await.expect("it is committed");
}
