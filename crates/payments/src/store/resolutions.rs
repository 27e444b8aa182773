use db::{Row, Tx};
use kernel::{AccountId, Cents, Ctx, Day, PositionId, PostingId, ReceiptId};

use super::receipts::{RECEIPT_COLUMNS, receipt};
use crate::Error;
use crate::receipt::{Outcome, Receipt};
use crate::resolve::{Held, ResolutionKind};

pub(crate) struct ResolutionRow<'a> {
    pub kind: ResolutionKind,
    pub position: Option<PositionId>,
    pub amount: Cents,
    pub paid_on: Option<Day>,
    pub reason: &'a str,
    pub posted: PostingId,
}

pub(crate) async fn lock_receipt(tx: &mut Tx, ctx: &Ctx, id: ReceiptId) -> Result<Option<Receipt>, Error> {
    let sql = format!("select {RECEIPT_COLUMNS} from payment_receipt where tenant_id = $1 and id = $2{}", tx.for_update());
    tx.query_opt(&sql, &[&ctx.tenant, &id]).await?.as_ref().map(receipt).transpose()
}

/// The first thing done about a receipt: its kind, the position of a match, the amount.
pub(crate) async fn resolution(
    tx: &mut Tx,
    ctx: &Ctx,
    id: ReceiptId,
) -> Result<Option<(String, Option<PositionId>, Cents)>, Error> {
    let sql = "select kind, position_id, amount_cents from receipt_resolution where tenant_id = $1 and receipt_id = $2
               order by kind limit 1";
    let row = tx.query_opt(sql, &[&ctx.tenant, &id]).await?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).transpose()
}

pub(crate) async fn refund(tx: &mut Tx, ctx: &Ctx, id: ReceiptId) -> Result<Option<(Cents, Option<Day>)>, Error> {
    let sql =
        "select amount_cents, paid_on from receipt_resolution where tenant_id = $1 and receipt_id = $2 and kind = 'refunded'";
    let row = tx.query_opt(sql, &[&ctx.tenant, &id]).await?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

pub(crate) async fn insert_resolution(tx: &mut Tx, ctx: &Ctx, id: ReceiptId, row: &ResolutionRow<'_>) -> Result<(), Error> {
    let sql = "insert into receipt_resolution (tenant_id, receipt_id, kind, position_id, amount_cents, paid_on, reason, actor, at, posting_id)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let (kind, actor) = (row.kind.code(), ctx.actor.label());
    let params: [&dyn db::ToValue; 10] =
        [&ctx.tenant, &id, &kind, &row.position, &row.amount, &row.paid_on, &row.reason, &actor, &ctx.now, &row.posted];
    Ok(tx.execute_one(sql, &params).await?)
}

/// A receipt nobody expected has its notice now.
pub(crate) async fn set_matched(
    tx: &mut Tx,
    ctx: &Ctx,
    id: ReceiptId,
    position: PositionId,
    outcome: Outcome,
) -> Result<(), Error> {
    let sql = "update payment_receipt set position_id = $3, outcome = $4
               where tenant_id = $1 and id = $2 and outcome = 'unmatched' and position_id is null";
    Ok(tx.execute_one(sql, &[&ctx.tenant, &id, &position, &outcome.code()]).await?)
}

/// The postings of a receipt: its own, and those of what was done about it.
const POSTINGS: &str = "p.id = r.posting_id
    or p.id in (select s.posting_id from receipt_resolution s where s.tenant_id = r.tenant_id and s.receipt_id = r.id)";

/// What a receipt's postings left in the suspense and refund accounts, by account.
pub(crate) async fn held_accounts(tx: &mut Tx, ctx: &Ctx, id: ReceiptId) -> Result<Vec<(AccountId, Cents)>, Error> {
    let sql = format!(
        "select e.account_id, cast(sum(e.amount_cents) as bigint)
         from payment_receipt r
         join ledger_posting p on p.tenant_id = r.tenant_id and ({POSTINGS})
         join ledger_entry e on e.tenant_id = r.tenant_id and e.posting_number = p.number
         join ledger_account a on a.tenant_id = r.tenant_id and a.id = e.account_id and a.kind in ('suspense', 'refund')
         where r.tenant_id = $1 and r.id = $2
         group by e.account_id having sum(e.amount_cents) <> 0 order by e.account_id"
    );
    let held = |row: &Row| Ok((row.get(0)?, row.get(1)?));
    tx.query(&sql, &[&ctx.tenant, &id]).await?.iter().map(held).collect()
}

pub(crate) async fn held_receipts(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<Held>, Error> {
    let sql = format!(
        "select {RECEIPT_COLUMNS}, held from (
             select r.*, (select cast(sum(e.amount_cents) as bigint)
                 from ledger_posting p
                 join ledger_entry e on e.tenant_id = r.tenant_id and e.posting_number = p.number
                 join ledger_account a on a.tenant_id = r.tenant_id and a.id = e.account_id and a.kind in ('suspense', 'refund')
                 where p.tenant_id = r.tenant_id and ({POSTINGS})) as held
             from payment_receipt r
             where r.tenant_id = $1
               and (r.outcome <> 'applied' or exists
                   (select 1 from receipt_resolution s where s.tenant_id = $1 and s.receipt_id = r.id))
         ) as receipts
         where held <> 0 order by received_at, id"
    );
    let held = |row: &Row| Ok(Held { receipt: receipt(row)?, amount: row.get(20)? });
    tx.query(&sql, &[&ctx.tenant]).await?.iter().map(held).collect()
}
