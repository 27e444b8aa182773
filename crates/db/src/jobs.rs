//! Work to be done after a commit, written in the transaction that causes it.
//!
//! A job may run twice (when a lease runs out under a slow worker), so what it does must have a key of its own.

use jiff::SignedDuration;
use kernel::{Ctx, Instant, JobId, TenantId};
use serde::Serialize;

use crate::{Engine, Error, Row, ToValue, Tx, Value};

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

/// Enqueues work for `run_after`; with a key, nothing is added while a job of the same kind and key waits. One that is
/// running already does not count: it may have read what was before this transaction.
pub async fn enqueue(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: &str,
    key: Option<&str>,
    run_after: Instant,
    body: &impl Serialize,
) -> Result<(), Error> {
    insert(tx, vec![row(ctx, kind, key, run_after, body)?]).await
}

/// As [`enqueue`], many of a kind at once, each with its key.
pub async fn enqueue_all<B: Serialize>(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: &str,
    run_after: Instant,
    jobs: &[(String, B)],
) -> Result<(), Error> {
    let rows = jobs.iter().map(|(key, body)| row(ctx, kind, Some(key), run_after, body)).collect::<Result<_, _>>()?;
    insert(tx, rows).await
}

fn row(ctx: &Ctx, kind: &str, key: Option<&str>, run_after: Instant, body: &impl Serialize) -> Result<Vec<Value>, Error> {
    let body = serde_json::to_string(body).map_err(|e| Error::Other(e.to_string()))?;
    Ok(crate::row![ctx.tenant, ctx.new_id::<JobId>(), kind, key, body, "waiting", 0_i64, run_after, ctx.now])
}

async fn insert(tx: &mut Tx, rows: Vec<Vec<Value>>) -> Result<(), Error> {
    let insert = "insert into job (tenant_id, id, kind, key, body, state, attempts, run_after, created_at)";
    tx.insert_many(insert, rows, "on conflict do nothing").await?;
    Ok(())
}

/// Takes up to `limit` jobs of these kinds that are due, of all tenants, those due longest first; each is this worker's
/// for `lease_s` seconds. A job whose worker died goes to the next one, and to rest when that was its last attempt.
pub async fn claim(tx: &mut Tx, now: Instant, kinds: &[&str], limit: i64, lease_s: i64) -> Result<Vec<Job>, Error> {
    let until = now + SignedDuration::from_secs(lease_s);
    let mut params: Vec<&dyn ToValue> = vec![&now, &until, &limit, &MOST_ATTEMPTS];
    params.extend(kinds.iter().map(|kind| kind as &dyn ToValue));
    let rows = tx.query(&claim_sql(tx, kinds.len()), &params).await?;
    let jobs: Vec<(Job, Instant)> = rows.iter().map(claimed).collect::<Result<_, Error>>()?;
    let mut jobs: Vec<(Job, Instant)> = jobs.into_iter().filter(|(job, _)| job.attempt <= MOST_ATTEMPTS).collect();
    jobs.sort_by_key(|(job, created_at)| (*created_at, job.id));
    Ok(jobs.into_iter().map(|(job, _)| job).collect())
}

fn claim_sql(tx: &Tx, kinds: usize) -> String {
    let kinds: Vec<String> = (5..5 + kinds).map(|n| format!("${n}")).collect();
    // Two workers that ask at once take different jobs. Chosen once, or PostgreSQL may look again for each row it changes,
    // and take more than the limit.
    let skip = if tx.engine() == Engine::Postgres { " for update skip locked" } else { "" };
    format!(
        "with next as materialized (select tenant_id, id from job
             where state in ('waiting', 'running') and run_after <= $1 and kind in ({})
             order by run_after, id limit $3{skip})
         update job set attempts = attempts + 1, run_after = $2,
                state = case when attempts < $4 then 'running' else 'dead' end,
                last_error = case when attempts < $4 then last_error else 'its worker did not come back' end
         where (tenant_id, id) in (select tenant_id, id from next)
         returning tenant_id, id, kind, body, attempts, created_at",
        kinds.join(", ")
    )
}

fn claimed(row: &Row) -> Result<(Job, Instant), Error> {
    let job = Job { tenant: row.get(0)?, id: row.get(1)?, kind: row.get(2)?, body: row.get(3)?, attempt: row.get(4)? };
    Ok((job, row.get(5)?))
}

/// The work is done.
pub async fn done(tx: &mut Tx, job: &Job, now: Instant) -> Result<(), Error> {
    let sql = "update job set state = 'done', ended_at = $3 where tenant_id = $1 and id = $2";
    tx.execute_one(sql, &[&job.tenant, &job.id, &now]).await
}

/// The work failed: it waits longer each time, and rests as dead after [`MOST_ATTEMPTS`].
///
/// Nothing changes when the lease ran out and the job is another worker's; a job whose key waits again already is done,
/// for the newer one does the work.
pub async fn failed(tx: &mut Tx, job: &Job, reason: &str, now: Instant) -> Result<(), Error> {
    let state = if job.attempt >= MOST_ATTEMPTS { "dead" } else { "waiting" };
    let waits = SLOT * ((1 << job.attempt.clamp(1, MOST_ATTEMPTS)) - 1);
    let sql = "update job set last_error = $4, run_after = $5,
                      state = case when exists (select 1 from job as newer where newer.tenant_id = $1 and newer.kind = job.kind
                                                and newer.key = job.key and newer.state = 'waiting') then 'done' else $3 end
               where tenant_id = $1 and id = $2 and state = 'running' and attempts = $6";
    tx.execute(sql, &[&job.tenant, &job.id, &state, &reason, &(now + waits), &job.attempt]).await?;
    Ok(())
}

/// How many jobs of all tenants are not done, the dead ones left out.
pub async fn count_pending(tx: &mut Tx) -> Result<u64, Error> {
    let count: i64 = tx.query_one("select count(*) from job where state in ('waiting', 'running')", &[]).await?.get(0)?;
    Ok(count.unsigned_abs())
}
