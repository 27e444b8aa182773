//! A fresh, migrated database of each engine for every scenario.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};

use crate::migrate::MIGRATIONS;
use crate::{Db, Error, Options, Tx};

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
    let house = Options { postgres_pool: 1, silence: Duration::ZERO, ..Options::default() };
    let house = Db::open_with(url, &house).await.expect("PostgreSQL answers");
    let (schema, _mine) = take_schema(&house).await;
    let here = Options { search_path: Some(schema.clone()), ..options.clone() };
    let db = Db::open_with(url, &here).await.expect("PostgreSQL answers");
    if !empty(&db).await || db.migrate().await.is_err() {
        run(&db, &format!("drop schema if exists {schema} cascade; create schema {schema}"))
            .await
            .expect("a schema for the test");
        db.migrate().await.expect("the migrations run on PostgreSQL");
    }
    scenario(db).await;
}

/// A schema that no other test uses for as long as the transaction lives. Making one takes a second, emptying one a few
/// milliseconds: so they stay, and their name tells which migrations made them.
async fn take_schema(house: &Db) -> (String, Tx) {
    let mut tx = house.begin().await.expect("a transaction");
    let text: Vec<u8> = MIGRATIONS.iter().flat_map(|m| m.sql.bytes()).collect();
    let made_by = digest(&SHA256, &text).as_ref().first_chunk().copied().map_or(0, i32::from_be_bytes);
    for place in 0_i32.. {
        let sql = "select pg_try_advisory_xact_lock($1, $2)";
        let row = tx.query_one(sql, &[&made_by, &place]).await.expect("PostgreSQL has locks");
        if row.get(0).expect("a lock is taken or not") {
            return (format!("scenario_{made_by:08x}_{place}"), tx);
        }
    }
    unreachable!("there are more places than tests")
}

/// Leaves the migrated tables without rows and no other table; false when that cannot be.
async fn empty(db: &Db) -> bool {
    let known: Vec<String> = MIGRATIONS.iter().flat_map(|m| tables(m.sql)).map(|name| format!("'{name}'")).collect();
    // As a replica does: without the triggers that refuse to remove what is evidence.
    let sql = format!(
        "do $$ declare one record; begin
             if to_regclass(current_schema() || '.schema_migration') is null then raise exception 'not migrated'; end if;
             set local session_replication_role = replica;
             for one in select tablename as name from pg_tables where schemaname = current_schema() and tablename <> 'schema_migration' loop
                 if one.name in ({}) then execute format('delete from %I', one.name);
                 else execute format('drop table %I cascade', one.name); end if;
             end loop;
         end $$",
        known.join(", ")
    );
    run(db, &sql).await.is_ok()
}

/// Columns by which a plan finds too many rows of a town to begin with them.
pub const COARSE: [&str; 10] = crate::sqlite::COARSE;

/// Different queries asked of SQLite by this process, with the number of their parameters; none while nobody watches.
static ASKED: Mutex<Option<BTreeMap<String, usize>>> = Mutex::new(None);

/// From now on the process remembers what it asks SQLite.
pub fn watch_queries() {
    *ASKED.lock().unwrap_or_else(PoisonError::into_inner) = Some(BTreeMap::new());
}

/// Ends the watch; gives each query with the number of its parameters.
pub fn watched_queries() -> BTreeMap<String, usize> {
    ASKED.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
}

pub(crate) fn note(sql: &str, parameters: usize) {
    if let Some(asked) = ASKED.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        asked.insert(sql.to_owned(), parameters);
    }
}

fn tables(sql: &str) -> impl Iterator<Item = &str> {
    sql.lines().filter_map(|line| line.strip_prefix("create table ")?.split_whitespace().next())
}

async fn run(db: &Db, sql: &str) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    tx.batch(sql).await?;
    tx.commit().await
}
