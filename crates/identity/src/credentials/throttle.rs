//! How fast something may be tried: a bucket a key, in the database, so that several processes share it.
//!
//! The generic cell rate algorithm: a row holds the moment at which all tries so far are forgotten; each try moves it by a step,
//! and one that would move it too far is refused. One statement decides, so that a hundred at once are counted like a hundred in
//! a row.

use db::{Engine, Tx};
use kernel::Ctx;

use super::{Error, Kind};
use crate::hash;

/// So many at once, then one each step: in any hour no more than `burst` + one hour / step.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub burst: i64,
    pub step_ms: i64,
}

const MINUTE: i64 = 60_000;
/// Passwords tried on one account, from wherever: at most ten in an hour.
pub const ACCOUNT: Limit = Limit { burst: 5, step_ms: 12 * MINUTE };
/// Passwords tried from one address, on whatever accounts; an office behind one address must not feel it.
pub const SOURCE: Limit = Limit { burst: 30, step_ms: MINUTE };
/// Codes of a second factor tried on one account.
pub const CODE: Limit = ACCOUNT;
/// Mails with a link for a new password to one account.
pub const RESET: Limit = Limit { burst: 3, step_ms: 20 * MINUTE };
/// Such mails asked for from one address.
pub const RESET_SOURCE: Limit = Limit { burst: 10, step_ms: 5 * MINUTE };

/// The key of the tries on an account.
pub fn account(kind: Kind, user_name: &str) -> String {
    format!("account:{}:{user_name}", kind.code())
}

/// The key of the tries from an address.
pub fn source(source: &str) -> String {
    format!("source:{source}")
}

/// Takes a try; gives none, or the seconds to wait. The caller commits in both cases.
pub async fn take(tx: &mut Tx, ctx: &Ctx, key: &str, limit: Limit) -> Result<Option<u32>, Error> {
    let now = ctx.now.as_millisecond();
    let latest = now + (limit.burst - 1) * limit.step_ms;
    let sql = "insert into throttle (tenant_id, key_hash, free_at_ms) values ($1, $2, $3)
               on conflict (tenant_id, key_hash) do update
               set free_at_ms = case when throttle.free_at_ms > $4 then throttle.free_at_ms + $5 else $3 end
               where throttle.free_at_ms <= $6";
    let first = now + limit.step_ms;
    let taken = tx.execute(sql, &[&ctx.tenant, &hash(key), &first, &now, &limit.step_ms, &latest]).await?;
    if taken == 1 {
        return Ok(None);
    }
    let sql = "select free_at_ms from throttle where tenant_id = $1 and key_hash = $2";
    let free_at: i64 = tx.query_one(sql, &[&ctx.tenant, &hash(key)]).await?.get(0)?;
    let wait_ms = (free_at - latest).max(1).unsigned_abs();
    Ok(Some(u32::try_from(wait_ms.div_ceil(1000)).unwrap_or(u32::MAX)))
}

/// Gives a try back: it was right.
pub async fn give_back(tx: &mut Tx, ctx: &Ctx, key: &str, limit: Limit) -> Result<(), Error> {
    let sql = "update throttle set free_at_ms = free_at_ms - $3 where tenant_id = $1 and key_hash = $2";
    tx.execute(sql, &[&ctx.tenant, &hash(key), &limit.step_ms]).await?;
    Ok(())
}

/// Forgets the tries of a key: its owner has proved who they are by another way.
pub async fn forget(tx: &mut Tx, ctx: &Ctx, key: &str) -> Result<(), Error> {
    tx.execute("delete from throttle where tenant_id = $1 and key_hash = $2", &[&ctx.tenant, &hash(key)]).await?;
    Ok(())
}

/// Removes rows that mean nothing any more, without waiting for those in use; the last thing a transaction does.
pub async fn sweep(tx: &mut Tx, ctx: &Ctx) -> Result<(), Error> {
    let skip = if tx.engine() == Engine::Postgres { " for update skip locked" } else { "" };
    let sql = format!(
        "delete from throttle where tenant_id = $1 and key_hash in
         (select key_hash from throttle where tenant_id = $1 and free_at_ms <= $2 order by free_at_ms limit 200{skip})"
    );
    tx.execute(&sql, &[&ctx.tenant, &ctx.now.as_millisecond()]).await?;
    Ok(())
}
