//! The work lists of reconciliation: what does not agree, since when, and how many cents it is about.

use db::{Row, Tx};
use jiff::ToSpan;
use kernel::{Cents, Ctx, Day};
use ledger::AccountKind;

use super::TransferState;
use crate::Error;
use crate::receipt::CLEARING;
use crate::resolve::{self, Held, TREASURY};

/// A report is to be there two days after the payment; bank holidays and weekends make it five.
pub const REPORT_AFTER_DAYS: i32 = 5;

/// Where the money of receipts is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkLists {
    /// How many transfers, and their cents, in each state.
    pub transfers: Vec<(TransferState, i64, Cents)>,
    /// Receipts that no report names after [`REPORT_AFTER_DAYS`], oldest first.
    pub not_reported: Vec<Line>,
    /// Payments a report tells of whose receipt has not come: paid for the citizen, the paper is to be fetched.
    pub no_receipt: Vec<Line>,
    /// Rows of reports that are no collected payment of ours: revoked, unknown codes, numbers that can be none of ours.
    pub not_booked: Vec<Line>,
    /// A row and its receipt with different amounts: the difference, from the report's side.
    pub amount_differs: Vec<Line>,
    /// Reports whose money the journal does not show, or not all of it: what is missing.
    pub not_arrived: Vec<Line>,
    /// Journal lines that name a report which is not here.
    pub no_report: Vec<Line>,
    /// Receipts whose money waits to be matched or given back.
    pub held: Vec<Held>,
    /// What is on its way and what the treasurer has, as the ledger says.
    pub clearing: Cents,
    pub treasury: Cents,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// A receipt's id, a flow's id or a journal number.
    pub what: String,
    /// More of it: the IUV, the provider.
    pub more: String,
    pub since: Day,
    pub amount: Cents,
    /// Days since then.
    pub age: i64,
}

impl WorkLists {
    /// Whether nothing waits for a person.
    pub fn is_empty(&self) -> bool {
        let lists =
            [&self.not_reported, &self.no_receipt, &self.not_booked, &self.amount_differs, &self.not_arrived, &self.no_report];
        lists.iter().all(|list| list.is_empty()) && self.held.is_empty()
    }
}

/// All lists of the tenant as of now.
pub async fn work_lists(tx: &mut Tx, ctx: &Ctx) -> Result<WorkLists, Error> {
    let overdue = ctx.today().saturating_sub(REPORT_AFTER_DAYS.days());
    Ok(WorkLists {
        transfers: transfers(tx, ctx).await?,
        not_reported: lines(tx, ctx, NOT_REPORTED, Some(overdue)).await?,
        no_receipt: lines(tx, ctx, NO_RECEIPT, None).await?,
        not_booked: lines(tx, ctx, NOT_BOOKED, None).await?,
        amount_differs: lines(tx, ctx, AMOUNT_DIFFERS, None).await?,
        not_arrived: lines(tx, ctx, NOT_ARRIVED, None).await?,
        no_report: lines(tx, ctx, NO_REPORT, None).await?,
        held: resolve::list_held(tx, ctx).await?,
        clearing: balance(tx, ctx, CLEARING).await?,
        treasury: balance(tx, ctx, TREASURY).await?,
    })
}

async fn balance(tx: &mut Tx, ctx: &Ctx, subject: &str) -> Result<Cents, Error> {
    match ledger::find_account(tx, ctx, AccountKind::Clearing, subject).await? {
        // Seen from the Comune: what it has, or is to get.
        Some(account) => Ok(-ledger::balance(tx, ctx, account).await?),
        None => Ok(Cents::ZERO),
    }
}

async fn transfers(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<(TransferState, i64, Cents)>, Error> {
    let sql = "select state, count(*), cast(sum(amount_cents) as bigint) from payment_transfer where tenant_id = $1
               group by state order by state";
    let counted = |row: &Row| {
        let word: String = row.get(0)?;
        let state = TransferState::from_code(&word).ok_or_else(|| crate::store::unknown_word("transfer state", &word))?;
        Ok((state, row.get(1)?, row.get(2)?))
    };
    tx.query(sql, &[&ctx.tenant]).await?.iter().map(counted).collect()
}

const NOT_REPORTED: &str = "select r.receipt_id, r.iuv, t.paid_on, t.amount_cents
    from payment_transfer t join payment_receipt r on r.tenant_id = $1 and r.id = t.receipt_id
    where t.tenant_id = $1 and t.report_id is null and t.paid_on < $2
    order by t.paid_on, r.receipt_id, t.transfer_index";

const NO_RECEIPT: &str = "select r.receipt_id, r.iuv, r.application_on, r.amount_cents from payment_receipt r
    where r.tenant_id = $1 and r.source = 'report' order by r.application_on, r.receipt_id";

const NOT_BOOKED: &str = "select w.iur, w.iuv, w.paid_on, w.amount_cents
    from settlement_row w join settlement_report f on f.tenant_id = $1 and f.id = w.report_id and f.replaced_by is null
    where w.tenant_id = $1 and (w.outcome not in (0, 4, 8, 9) or not exists
        (select 1 from payment_receipt r join payment_transfer t on t.tenant_id = $1 and t.receipt_id = r.id
             and t.transfer_index = w.transfer_index
         where r.tenant_id = $1 and r.receipt_id = w.iur))
    order by w.paid_on, w.iur, w.number";

const AMOUNT_DIFFERS: &str = "select w.iur, w.iuv, w.paid_on, w.amount_cents - t.amount_cents
    from settlement_row w
    join settlement_report f on f.tenant_id = $1 and f.id = w.report_id and f.replaced_by is null
    join payment_receipt r on r.tenant_id = $1 and r.receipt_id = w.iur
    join payment_transfer t on t.tenant_id = $1 and t.receipt_id = r.id and t.transfer_index = w.transfer_index
    where w.tenant_id = $1 and w.outcome in (0, 4, 8, 9) and w.amount_cents <> t.amount_cents
    order by w.paid_on, w.iur, w.number";

const NOT_ARRIVED: &str = "select flow_id, psp_name, regulation_on, missing from (
        select f.flow_id, f.psp_name, f.regulation_on, f.total_cents - coalesce(
            (select cast(sum(e.amount_cents) as bigint) from treasury_entry e
             where e.tenant_id = $1 and e.flow_id = f.flow_id), 0) as missing
        from settlement_report f where f.tenant_id = $1 and f.replaced_by is null) as reports
    where missing <> 0 order by regulation_on, flow_id";

const NO_REPORT: &str = "select e.external_key, e.flow_id, e.booked_on, e.amount_cents from treasury_entry e
    where e.tenant_id = $1 and e.flow_id is not null and not exists
        (select 1 from settlement_report f where f.tenant_id = $1 and f.flow_id = e.flow_id)
    order by e.booked_on, e.external_key";

async fn lines(tx: &mut Tx, ctx: &Ctx, sql: &str, before: Option<Day>) -> Result<Vec<Line>, Error> {
    let mut params: Vec<&dyn db::ToValue> = vec![&ctx.tenant];
    params.extend(before.as_ref().map(|day| day as &dyn db::ToValue));
    tx.query(sql, &params).await?.iter().map(|row| line(row, ctx.today())).collect()
}

fn line(row: &Row, today: Day) -> Result<Line, Error> {
    let since: Day = row.get(2)?;
    let age = today.since(since).map_or(0, |span| i64::from(span.get_days()));
    Ok(Line { what: row.get(0)?, more: row.get(1)?, since, amount: row.get(3)?, age })
}
