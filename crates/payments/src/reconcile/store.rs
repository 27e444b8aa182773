use db::{Row, Tx, row};
use kernel::{Cents, Ctx, Day, Instant, ReceiptId, SettlementReportId, TreasuryEntryId};

use super::journal::JournalEntry;
use super::report::{ReportRow, SettlementReport};
use crate::Error;

/// A revision of a flow that is here.
pub(super) struct Standing {
    pub id: SettlementReportId,
    pub revision: i64,
    pub flow_at: Instant,
    pub total: Cents,
}

/// What the journal shows for a flow.
pub(super) struct Arrived {
    pub total: Cents,
    /// The last day of it.
    pub on: Day,
}

fn standing(row: &Row) -> Result<Standing, Error> {
    Ok(Standing { id: row.get(0)?, revision: row.get(1)?, flow_at: row.get(2)?, total: row.get(3)? })
}

const STANDING: &str = "select id, revision, flow_at, total_cents from settlement_report where tenant_id = $1 and flow_id = $2";

/// All revisions of a flow, locked: two imports of one wait for each other.
pub(super) async fn lock_revisions(tx: &mut Tx, ctx: &Ctx, flow_id: &str) -> Result<Vec<Standing>, Error> {
    let sql = format!("{STANDING} order by id{}", tx.for_update());
    tx.query(&sql, &[&ctx.tenant, &flow_id]).await?.iter().map(standing).collect()
}

pub(super) async fn has_revision(tx: &mut Tx, ctx: &Ctx, flow_id: &str, revision: i64) -> Result<bool, Error> {
    let sql = "select count(*) from settlement_report where tenant_id = $1 and flow_id = $2 and revision = $3";
    Ok(tx.query_one(sql, &[&ctx.tenant, &flow_id, &revision]).await?.get::<i64>(0)? > 0)
}

/// The revision that counts.
pub(super) async fn latest(tx: &mut Tx, ctx: &Ctx, flow_id: &str) -> Result<Option<Standing>, Error> {
    let sql =
        format!("{STANDING} and replaced_by is null and settled_on is null order by revision desc limit 1{}", tx.for_update());
    tx.query_opt(&sql, &[&ctx.tenant, &flow_id]).await?.as_ref().map(standing).transpose()
}

pub(super) async fn insert_report(
    tx: &mut Tx,
    ctx: &Ctx,
    id: SettlementReportId,
    revision: i64,
    report: &SettlementReport,
    source: &str,
    replaced_by: Option<SettlementReportId>,
) -> Result<(), Error> {
    let sql = "insert into settlement_report (tenant_id, id, flow_id, revision, psp_id, psp_name, regulation_id, regulation_on, flow_at,
                   payments, total_cents, source, imported_at, replaced_by)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let count = i64::try_from(report.rows.len()).expect("a report fits in memory");
    let params: [&dyn db::ToValue; 14] = [
        &ctx.tenant,
        &id,
        &report.flow_id,
        &revision,
        &report.psp_id,
        &report.psp_name,
        &report.regulation_id,
        &report.regulation_on,
        &report.flow_at,
        &count,
        &report.total,
        &source,
        &ctx.now,
        &replaced_by,
    ];
    tx.execute_one(sql, &params).await?;
    let numbered = (1_i64..).zip(&report.rows);
    let rows =
        numbered.map(|(number, r)| row![ctx.tenant, id, number, r.iuv, r.iur, r.transfer_index, r.amount, r.outcome, r.paid_on]);
    let insert =
        "insert into settlement_row (tenant_id, report_id, number, iuv, iur, transfer_index, amount_cents, outcome, paid_on)";
    tx.insert_many(insert, rows.collect(), "").await?;
    Ok(())
}

pub(super) async fn rows_of(tx: &mut Tx, ctx: &Ctx, id: SettlementReportId) -> Result<Vec<ReportRow>, Error> {
    let sql = "select iuv, iur, transfer_index, amount_cents, outcome, paid_on from settlement_row
               where tenant_id = $1 and report_id = $2 order by number";
    let report_row = |row: &Row| {
        Ok(ReportRow {
            iuv: row.get(0)?,
            iur: row.get(1)?,
            transfer_index: row.get(2)?,
            amount: row.get(3)?,
            outcome: row.get(4)?,
            paid_on: row.get(5)?,
        })
    };
    tx.query(sql, &[&ctx.tenant, &id]).await?.iter().map(report_row).collect()
}

/// A later revision takes the place of one: what that named waits to be named again, and goes back to no earlier state.
pub(super) async fn replace_report(
    tx: &mut Tx,
    ctx: &Ctx,
    old: SettlementReportId,
    new: SettlementReportId,
) -> Result<(), Error> {
    let replaced = "update settlement_report set replaced_by = $3 where tenant_id = $1 and id = $2";
    tx.execute_one(replaced, &[&ctx.tenant, &old, &new]).await?;
    let transfers = "update payment_transfer set report_id = null where tenant_id = $1 and report_id = $2";
    tx.execute(transfers, &[&ctx.tenant, &old]).await?;
    Ok(())
}

/// The transfer a row names is reported by this report; false when we have no such transfer.
pub(super) async fn set_reported(tx: &mut Tx, ctx: &Ctx, id: SettlementReportId, row: &ReportRow) -> Result<bool, Error> {
    let receipt = "select id from payment_receipt where tenant_id = $1 and receipt_id = $2";
    let Some(found) = tx.query_opt(receipt, &[&ctx.tenant, &row.iur]).await? else { return Ok(false) };
    let receipt: ReceiptId = found.get(0)?;
    let sql = "update payment_transfer set report_id = $4, state = case when state = 'paid' then 'reported' else state end
               where tenant_id = $1 and receipt_id = $2 and transfer_index = $3";
    Ok(tx.execute(sql, &[&ctx.tenant, &receipt, &row.transfer_index, &id]).await? == 1)
}

pub(super) async fn arrived(tx: &mut Tx, ctx: &Ctx, flow_id: &str) -> Result<Option<Arrived>, Error> {
    let sql =
        "select cast(sum(amount_cents) as bigint), max(booked_on) from treasury_entry where tenant_id = $1 and flow_id = $2";
    let row = tx.query_one(sql, &[&ctx.tenant, &flow_id]).await?;
    let (total, on): (Option<Cents>, Option<Day>) = (row.get(0)?, row.get(1)?);
    Ok(total.zip(on).map(|(total, on)| Arrived { total, on }))
}

pub(super) async fn settled_before(tx: &mut Tx, ctx: &Ctx, flow_id: &str) -> Result<bool, Error> {
    let sql = "select count(*) from settlement_report where tenant_id = $1 and flow_id = $2 and settled_on is not null";
    Ok(tx.query_one(sql, &[&ctx.tenant, &flow_id]).await?.get::<i64>(0)? > 0)
}

pub(super) async fn set_settled(tx: &mut Tx, ctx: &Ctx, id: SettlementReportId, on: Day) -> Result<(), Error> {
    let report = "update settlement_report set settled_on = $3 where tenant_id = $1 and id = $2";
    tx.execute_one(report, &[&ctx.tenant, &id, &on]).await?;
    let transfers =
        "update payment_transfer set state = 'settled' where tenant_id = $1 and report_id = $2 and state = 'reported'";
    tx.execute(transfers, &[&ctx.tenant, &id]).await?;
    Ok(())
}

/// What came in under a key, and the flow it is of.
pub(super) async fn find_entry(tx: &mut Tx, ctx: &Ctx, key: &str) -> Result<Option<(Cents, Option<String>)>, Error> {
    let sql = "select amount_cents, flow_id from treasury_entry where tenant_id = $1 and external_key = $2";
    let row = tx.query_opt(sql, &[&ctx.tenant, &key]).await?;
    Ok(row.map(|row| Ok::<_, db::Error>((row.get(0)?, row.get(1)?))).transpose()?)
}

/// None: it is new. Else whether the line that is here under its number says the same.
pub(super) async fn insert_entry(
    tx: &mut Tx,
    ctx: &Ctx,
    entry: &JournalEntry,
    flow_id: Option<&str>,
) -> Result<Option<bool>, Error> {
    let sql =
        "insert into treasury_entry (tenant_id, id, external_key, booked_on, amount_cents, payer, reason, flow_id, imported_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (tenant_id, external_key) do nothing";
    let id = ctx.new_id::<TreasuryEntryId>();
    let params: [&dyn db::ToValue; 9] =
        [&ctx.tenant, &id, &entry.external_key, &entry.booked_on, &entry.amount, &entry.payer, &entry.reason, &flow_id, &ctx.now];
    if tx.execute(sql, &params).await? == 1 {
        return Ok(None);
    }
    let same = "select booked_on, amount_cents, reason from treasury_entry where tenant_id = $1 and external_key = $2";
    let row = tx.query_one(same, &[&ctx.tenant, &entry.external_key]).await?;
    let known: (Day, Cents, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(Some(known == (entry.booked_on, entry.amount, entry.reason.clone())))
}
