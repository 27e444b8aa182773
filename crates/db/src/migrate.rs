//! Migrations: numbered, forward only, one text for both engines and a variant only where one must differ.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};

use crate::{Db, Engine, Error, Tx, sqlite};

pub(crate) struct Migration {
    pub name: &'static str,
    /// None: for both engines.
    pub engine: Option<Engine>,
    pub sql: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

const LOG: &str = "create table if not exists schema_migration (name text not null, checksum text not null, constraint schema_migration_pk primary key (name))";

/// Applies what is not applied yet, all or nothing; gives the names of what it applied.
///
/// # Errors
/// [`Error::Other`] when a migration that was applied reads otherwise now.
pub(crate) async fn migrate(db: &Db) -> Result<Vec<String>, Error> {
    let mut tx = db.begin().await?;
    if tx.engine() == Engine::Postgres {
        // Two programs that start at once: the second waits here and finds the work done.
        tx.batch("select pg_advisory_xact_lock(4821907)").await?;
    }
    tx.batch(LOG).await?;
    let known = known(&mut tx).await?;
    let engine = tx.engine();
    let mut applied = Vec::new();
    for migration in MIGRATIONS.iter().filter(|m| m.engine.is_none_or(|e| e == engine)) {
        if apply(&mut tx, migration, &known).await? {
            applied.push(migration.name.to_owned());
        }
    }
    if engine == Engine::Sqlite && !applied.is_empty() {
        tx.batch(&sqlite::TELL).await?;
    }
    tx.commit().await?;
    Ok(applied)
}

/// The checksums of what was applied, by name.
async fn known(tx: &mut Tx) -> Result<HashMap<String, String>, Error> {
    let rows = tx.query("select name, checksum from schema_migration order by name", &[]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

async fn apply(tx: &mut Tx, migration: &Migration, known: &HashMap<String, String>) -> Result<bool, Error> {
    let checksum: String = digest(&SHA256, migration.sql.as_bytes()).as_ref().iter().map(|b| format!("{b:02x}")).collect();
    if let Some(known) = known.get(migration.name) {
        let changed = || Error::Other(format!("migration {} was applied with another text", migration.name));
        return if *known == checksum { Ok(false) } else { Err(changed()) };
    }
    tx.batch(migration.sql).await?;
    tx.execute_one("insert into schema_migration (name, checksum) values ($1, $2)", &[&migration.name, &checksum]).await?;
    Ok(true)
}

/// The tables of a PostgreSQL schema, by name.
pub(crate) async fn tables(tx: &mut Tx) -> Result<Vec<String>, Error> {
    let sql = "select cast(c.relname as text) from pg_class c join pg_namespace n on n.oid = c.relnamespace
               where n.nspname = current_schema() and c.relkind = 'r' order by c.relname";
    tx.query(sql, &[]).await?.iter().map(|r| r.get(0)).collect()
}

/// Drops every table, trigger and function of ours from a PostgreSQL schema: only a demo begins anew.
pub(crate) async fn drop_everything(db: &Db) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    let tables = tables(&mut tx).await?;
    if !tables.is_empty() && !tables.iter().any(|t| t == "schema_migration") {
        return Err(Error::Other("the database holds tables that are not ours: nothing was dropped".to_owned()));
    }
    for table in tables {
        tx.batch(&format!("drop table {table} cascade")).await?;
    }
    let sql = "select cast(p.proname as text) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
               where n.nspname = current_schema() and p.prorettype = 'trigger'::regtype order by p.proname";
    let functions: Vec<String> = tx.query(sql, &[]).await?.iter().map(|r| r.get(0)).collect::<Result<_, _>>()?;
    for function in functions {
        tx.batch(&format!("drop function {function}() cascade")).await?;
    }
    tx.commit().await
}
