//! A form that was sent after its session had ended: kept for the browser that sent it, given back after sign-in.

use db::Tx;
use jiff::SignedDuration;
use kernel::Ctx;

use crate::{Error, hash};

const KEPT: SignedDuration = SignedDuration::from_mins(30);

/// Keeps what was sent to `path`, for whoever holds `key`; gives the number of drafts that were too old and went.
pub async fn keep(tx: &mut Tx, ctx: &Ctx, key: &str, path: &str, body: &str) -> Result<u64, Error> {
    let gone = tx.execute("delete from form_draft where tenant_id = $1 and expires_at <= $2", &[&ctx.tenant, &ctx.now]).await?;
    let sql = "insert into form_draft (tenant_id, key_hash, path, body, expires_at) values ($1, $2, $3, $4, $5)
               on conflict (tenant_id, key_hash, path) do update set body = excluded.body, expires_at = excluded.expires_at";
    tx.execute(sql, &[&ctx.tenant, &hash(key), &path, &body, &(ctx.now + KEPT)]).await?;
    Ok(gone)
}

/// Gives a draft back, once.
pub async fn take(tx: &mut Tx, ctx: &Ctx, key: &str, path: &str) -> Result<Option<String>, Error> {
    let sql = "delete from form_draft where tenant_id = $1 and key_hash = $2 and path = $3 and expires_at > $4 returning body";
    let row = tx.query_opt(sql, &[&ctx.tenant, &hash(key), &path, &ctx.now]).await?;
    Ok(row.map(|r| r.get(0)).transpose()?)
}
