//! Receipts that a settlement report tells of and that never came: which to ask the platform for, and when.
//!
//! The platform wants at most [`MOST`] such calls an hour, and no loop. So one that is not there yet is asked for once
//! a day, a few times; then it is the office's, on the work list.

use db::{Row, Tx};
use jiff::SignedDuration;
use kernel::Ctx;
use uuid::Uuid;

use crate::Error;

/// Calls in [`WITHIN`].
pub const MOST: i64 = 10;
pub const WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// Between two questions for the same receipt.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(24);
const MOST_TIMES: i64 = 5;

/// A receipt to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Of the question, for its answer.
    pub id: Uuid,
    pub iur: String,
    pub iuv: String,
}

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    Found,
    Missing,
    Failed,
}

impl Answered {
    fn code(self) -> &'static str {
        match self {
            Answered::Found => "found",
            Answered::Missing => "missing",
            Answered::Failed => "failed",
        }
    }
}

/// The receipts to ask for now, noted as asked: commit, then ask with no transaction open. Oldest first, and no more
/// than the platform takes.
pub async fn next(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<Missing>, Error> {
    let asked = "select count(*) from receipt_fetch where tenant_id = $1 and at > $2";
    let asked: i64 = tx.query_one(asked, &[&ctx.tenant, &(ctx.now - WITHIN)]).await?.get(0)?;
    if asked >= MOST {
        return Ok(Vec::new());
    }
    let sql = "select r.receipt_id, r.iuv from payment_receipt r
               where r.tenant_id = $1 and r.source = 'report'
                 and not exists (select 1 from receipt_fetch f where f.tenant_id = $1 and f.iur = r.receipt_id and f.at > $2)
                 and (select count(*) from receipt_fetch f where f.tenant_id = $1 and f.iur = r.receipt_id) < $3
               order by r.received_at, r.id limit $4";
    let rows = tx.query(sql, &[&ctx.tenant, &(ctx.now - AGAIN_AFTER), &MOST_TIMES, &(MOST - asked)]).await?;
    let missing: Vec<Missing> = rows.iter().map(|row| missing(row, ctx)).collect::<Result<_, Error>>()?;
    let rows = missing.iter().map(|m| db::row![ctx.tenant, m.id, m.iur, m.iuv, ctx.now]).collect();
    tx.insert_many("insert into receipt_fetch (tenant_id, id, iur, iuv, at)", rows, "").await?;
    Ok(missing)
}

fn missing(row: &Row, ctx: &Ctx) -> Result<Missing, Error> {
    Ok(Missing { id: ctx.new_id::<Uuid>(), iur: row.get(0)?, iuv: row.get(1)? })
}

/// Notes how a question ended.
pub async fn answered(tx: &mut Tx, ctx: &Ctx, of: &Missing, how: Answered) -> Result<(), Error> {
    let sql = "update receipt_fetch set outcome = $3 where tenant_id = $1 and id = $2 and outcome is null";
    Ok(tx.execute_one(sql, &[&ctx.tenant, &of.id, &how.code()]).await?)
}
