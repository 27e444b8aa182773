//! Work to be done after a commit, written in the transaction that causes it.
//!
//! A job may run twice (when a lease runs out under a slow worker), so what it does must have a key of its own.

use jiff::SignedDuration;
use kernel::{Ctx, Instant, JobId, TenantId};
use serde::Serialize;

use crate::{Error, Tx};

/// After this many attempts a job rests as `dead`, for a person to look at.
pub const MOST_ATTEMPTS: i64 = 8;
/// The first wait after a failure; the k-th is this long times 2^k - 1.
const SLOT: SignedDuration = SignedDuration::from_secs(15);

#[derive(Clone, Debug)]
pub struct Job {
    pub tenant: TenantId,
    pub id: JobId,
    pub kind: String,
    /// JSON, as it was enqueued.
    pub body: String,
    /// This one included.
    pub attempt: i64,
}

/// Enqueues work for `run_after`; with a key, nothing is added while a job of the same kind and key waits.
pub async fn enqueue(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: &str,
    key: Option<&str>,
    run_after: Instant,
    body: &impl Serialize,
) -> Result<(), Error> {
    let body = serde_json::to_string(body).map_err(|e| Error::Other(e.to_string()))?;
    let sql = "insert into job (tenant_id, id, kind, key, body, state, attempts, run_after, created_at)
               values ($1, $2, $3, $4, $5, 'waiting', 0, $6, $7) on conflict do nothing";
    tx.execute(sql, &[&ctx.tenant, &ctx.new_id::<JobId>(), &kind, &key, &body, &run_after, &ctx.now]).await?;
    Ok(())
}

/// Takes up to `limit` jobs that are due, of all tenants, oldest first; each is this worker's until the lease ends.
pub async fn claim(tx: &mut Tx, now: Instant, limit: i64, lease: SignedDuration) -> Result<Vec<Job>, Error> {
    let until = now + lease;
    let skip = if tx.for_update().is_empty() { "" } else { " for update skip locked" };
    let sql = format!(
        "update job set state = 'running', attempts = attempts + 1, run_after = $2
         where id in (select id from job where state in ('waiting', 'running') and run_after <= $1 order by run_after, id limit $3{skip})
         returning tenant_id, id, kind, body, attempts"
    );
    let rows = tx.query(&sql, &[&now, &until, &limit]).await?;
    let job = |row: &crate::Row| {
        Ok(Job { tenant: row.get(0)?, id: row.get(1)?, kind: row.get(2)?, body: row.get(3)?, attempt: row.get(4)? })
    };
    rows.iter().map(job).collect()
}

/// The work is done.
pub async fn done(tx: &mut Tx, job: &Job, now: Instant) -> Result<(), Error> {
    let sql = "update job set state = 'done', ended_at = $3 where tenant_id = $1 and id = $2";
    tx.execute_one(sql, &[&job.tenant, &job.id, &now]).await
}

/// The work failed: it waits longer each time, and rests as dead after [`MOST_ATTEMPTS`].
pub async fn failed(tx: &mut Tx, job: &Job, reason: &str, now: Instant) -> Result<(), Error> {
    let state = if job.attempt >= MOST_ATTEMPTS { "dead" } else { "waiting" };
    let waits = SLOT * ((1 << job.attempt.clamp(1, MOST_ATTEMPTS)) - 1);
    let sql = "update job set state = $3, last_error = $4, run_after = $5 where tenant_id = $1 and id = $2";
    tx.execute_one(sql, &[&job.tenant, &job.id, &state, &reason, &(now + waits)]).await
}

/// How many jobs of all tenants are not done, the dead ones left out.
pub async fn count_pending(tx: &mut Tx) -> Result<u64, Error> {
    let count: i64 = tx.query_one("select count(*) from job where state in ('waiting', 'running')", &[]).await?.get(0)?;
    Ok(count.unsigned_abs())
}
