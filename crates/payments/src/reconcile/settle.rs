//! The whole sum of a report is in the journal: the money has arrived.

use kernel::Ctx;
use ledger::{AccountKind, Cause, Posting};

use super::store;
use crate::Error;
use crate::receipt::CLEARING;
use crate::resolve::TREASURY;

/// Settles the report of a flow when the journal shows its whole sum; whether it did so now. Asked again, or when the
/// sums differ, nothing happens: the difference stands on its work list.
pub(super) async fn settle(tx: &mut db::Tx, ctx: &Ctx, flow_id: &str) -> Result<bool, Error> {
    let Some(report) = store::latest(tx, ctx, flow_id).await? else { return Ok(false) };
    let Some(arrived) = store::arrived(tx, ctx, flow_id).await?.filter(|a| a.total == report.total) else { return Ok(false) };
    if store::settled_before(tx, ctx, flow_id).await? {
        // A later revision of a report whose money was there: its transfers follow, the money does not come twice.
        store::set_settled(tx, ctx, report.id, arrived.on).await?;
        return Ok(false);
    }
    if !report.total.is_zero() {
        let clearing = ledger::open_account(tx, ctx, AccountKind::Clearing, CLEARING).await?;
        let treasury = ledger::open_account(tx, ctx, AccountKind::Clearing, TREASURY).await?;
        let posting = Posting {
            source_key: format!("settlement:{}", report.id),
            cause: Cause::Settled,
            description: format!("Riversamento {flow_id}"),
            effective_on: arrived.on.min(ctx.today()),
            entries: vec![(clearing, report.total), (treasury, -report.total)],
        };
        ledger::post(tx, ctx, posting).await?;
    }
    store::set_settled(tx, ctx, report.id, arrived.on).await?;
    Ok(true)
}
