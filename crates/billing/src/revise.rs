//! Changing what an instalment asks after its document was issued: a line more, a posting more, the same notice number.

use kernel::{AccountId, Cents, Ctx, Day, InstalmentId, PositionId};
use ledger::{AccountKind, Cause, Posting};

use crate::Error;
use crate::store::revise::{self as store, Asked};

/// What an instalment asks from now on.
#[derive(Clone, Debug)]
pub struct InstalmentRevision {
    /// Its notice, which keeps its number: it may be printed.
    pub position: PositionId,
    /// What is to be paid by the notice in all, with what was paid by it.
    pub amount: Cents,
    pub due_on: Day,
    /// In the words of the line added to the document: never a minor's name.
    pub reason: String,
}

/// Changes the amount and the due day of an instalment; asked again it changes nothing. For the office.
///
/// # Errors
/// [`Error::NotVisible`] where no instalment is asked by the notice; as [`payments::revise`].
pub async fn revise(tx: &mut db::Tx, ctx: &Ctx, to: &InstalmentRevision) -> Result<(), Error> {
    let asked = store::asked(tx, ctx, to.position).await?.ok_or(Error::NotVisible)?;
    // positions before postings: the order in which payments and the ledger are locked everywhere
    let before = payments::get(tx, ctx, to.position).await?.amount;
    let revision = payments::Revision { amount: to.amount, due_on: Some(to.due_on), reason: to.reason.clone() };
    let by = payments::revise(tx, ctx, to.position, &revision).await?.amount - before;
    store::set(tx, ctx, &asked, to.due_on, by).await?;
    if by.is_zero() {
        return Ok(());
    }
    store::add_line(tx, ctx, asked.document, &to.reason, by).await?;
    let revenue = ledger::open_account(tx, ctx, AccountKind::Revenue, &asked.service.to_string()).await?;
    ledger::post(tx, ctx, posting(ctx, &asked, revenue, by)).await?;
    Ok(())
}

fn posting(ctx: &Ctx, asked: &Asked, revenue: AccountId, by: Cents) -> Posting {
    Posting {
        source_key: format!("revision:{}:{}", asked.instalment, ctx.new_id::<InstalmentId>()),
        cause: Cause::Adjustment,
        description: format!("Rettifica documento {}", asked.number),
        effective_on: ctx.today(),
        entries: vec![(asked.receivable, -by), (revenue, by)],
    }
}
