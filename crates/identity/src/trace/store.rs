//! All SQL of the register of traces.

use db::{Row, Tx};
use kernel::{Instant, TenantId};

use super::chain::{Link, NO_HASH};

/// Where a chain ends, and up to where it was purged.
pub(super) struct Head {
    pub last_number: i64,
    pub last_hash: Vec<u8>,
    pub purged_number: i64,
    pub purged_hash: Vec<u8>,
}

/// A trace as it was read back.
pub(super) struct Stored {
    pub number: i64,
    pub scheme: String,
    pub idp_entity_id: String,
    pub request_id: String,
    pub outcome: String,
    pub recorded_at: Instant,
    pub sealed: Vec<u8>,
    pub previous_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

impl Stored {
    pub fn link(&self) -> Link<'_> {
        Link {
            number: self.number,
            scheme: &self.scheme,
            idp_entity_id: &self.idp_entity_id,
            request_id: &self.request_id,
            outcome: &self.outcome,
            recorded_at: self.recorded_at,
            sealed: &self.sealed,
            previous_hash: &self.previous_hash,
        }
    }
}

const COLUMNS: &str = "number, scheme, idp_entity_id, request_id, outcome, recorded_at, sealed, previous_hash, hash";

/// The head, held until the transaction ends: of two sign-ins at once, one is written after the other.
pub(super) async fn lock_head(tx: &mut Tx, tenant: TenantId) -> Result<Head, db::Error> {
    let first = "insert into sign_in_trace_chain (tenant_id, last_number, last_hash, purged_number, purged_hash) values ($1, 0, $2, 0, $2)
                 on conflict (tenant_id) do nothing";
    tx.execute(first, &[&tenant, &NO_HASH]).await?;
    let lock = tx.for_update();
    read_head(tx, tenant, lock).await
}

pub(super) async fn head(tx: &mut Tx, tenant: TenantId) -> Result<Head, db::Error> {
    read_head(tx, tenant, "").await
}

async fn read_head(tx: &mut Tx, tenant: TenantId, lock: &str) -> Result<Head, db::Error> {
    let sql =
        format!("select last_number, last_hash, purged_number, purged_hash from sign_in_trace_chain where tenant_id = $1{lock}");
    let Some(row) = tx.query_opt(&sql, &[&tenant]).await? else {
        let none = || NO_HASH.to_vec();
        return Ok(Head { last_number: 0, last_hash: none(), purged_number: 0, purged_hash: none() });
    };
    Ok(Head { last_number: row.get(0)?, last_hash: row.get(1)?, purged_number: row.get(2)?, purged_hash: row.get(3)? })
}

pub(super) async fn insert(tx: &mut Tx, tenant: TenantId, link: &Link<'_>, hash: &[u8]) -> Result<(), db::Error> {
    let sql = format!("insert into sign_in_trace (tenant_id, {COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
    let (number, at) = (link.number, link.recorded_at);
    tx.execute_one(
        &sql,
        &[
            &tenant,
            &number,
            &link.scheme,
            &link.idp_entity_id,
            &link.request_id,
            &link.outcome,
            &at,
            &link.sealed,
            &link.previous_hash,
            &hash,
        ],
    )
    .await
}

pub(super) async fn advance(tx: &mut Tx, tenant: TenantId, number: i64, hash: &[u8]) -> Result<(), db::Error> {
    let sql = "update sign_in_trace_chain set last_number = $2, last_hash = $3 where tenant_id = $1";
    tx.execute_one(sql, &[&tenant, &number, &hash]).await
}

pub(super) async fn after(tx: &mut Tx, tenant: TenantId, number: i64, most: i64) -> Result<Vec<Stored>, db::Error> {
    let sql = format!("select {COLUMNS} from sign_in_trace where tenant_id = $1 and number > $2 order by number limit $3");
    rows(&tx.query(&sql, &[&tenant, &number, &most]).await?)
}

pub(super) async fn between(
    tx: &mut Tx,
    tenant: TenantId,
    from: Instant,
    to: Instant,
    after: i64,
    most: i64,
) -> Result<Vec<Stored>, db::Error> {
    let sql = format!(
        "select {COLUMNS} from sign_in_trace where tenant_id = $1 and recorded_at >= $2 and recorded_at < $3 and number > $4 order by number limit $5"
    );
    rows(&tx.query(&sql, &[&tenant, &from, &to, &after, &most]).await?)
}

pub(super) async fn count(tx: &mut Tx, tenant: TenantId) -> Result<i64, db::Error> {
    tx.query_one("select count(*) from sign_in_trace where tenant_id = $1", &[&tenant]).await?.get(0)
}

/// The last trace of the front that is older than this; none when the first one is not.
pub(super) async fn last_before(tx: &mut Tx, tenant: TenantId, limit: Instant) -> Result<Option<(i64, Vec<u8>)>, db::Error> {
    let sql = "select number, hash from sign_in_trace t where tenant_id = $1 and recorded_at < $2
               and not exists (select 1 from sign_in_trace e where e.tenant_id = t.tenant_id and e.number < t.number and e.recorded_at >= $2)
               order by number desc limit 1";
    tx.query_opt(sql, &[&tenant, &limit]).await?.map(|r| Ok((r.get(0)?, r.get(1)?))).transpose()
}

pub(super) async fn mark_purged(tx: &mut Tx, tenant: TenantId, number: i64, hash: &[u8]) -> Result<(), db::Error> {
    let sql = "update sign_in_trace_chain set purged_number = $2, purged_hash = $3 where tenant_id = $1";
    tx.execute_one(sql, &[&tenant, &number, &hash]).await
}

pub(super) async fn remove_purged(tx: &mut Tx, tenant: TenantId, number: i64) -> Result<(), db::Error> {
    tx.execute("delete from sign_in_trace where tenant_id = $1 and number <= $2", &[&tenant, &number]).await?;
    Ok(())
}

fn rows(rows: &[Row]) -> Result<Vec<Stored>, db::Error> {
    let stored = |r: &Row| {
        Ok(Stored {
            number: r.get(0)?,
            scheme: r.get(1)?,
            idp_entity_id: r.get(2)?,
            request_id: r.get(3)?,
            outcome: r.get(4)?,
            recorded_at: r.get(5)?,
            sealed: r.get(6)?,
            previous_hash: r.get(7)?,
            hash: r.get(8)?,
        })
    };
    rows.iter().map(stored).collect()
}
