use std::collections::BTreeMap;

use kernel::{AccountId, Cents, Ctx, Day, Instant, PostingId};

use crate::{Cause, Error, store};

/// What happened on an account between two days, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub first: Day,
    pub last: Day,
    /// The balance before `first`.
    pub opening: Cents,
    /// By effective day, then in the order they were posted.
    pub movements: Vec<Movement>,
    /// The balance at the end of `last`.
    pub closing: Cents,
    /// The sum of the movements of each cause that occurs.
    pub totals: BTreeMap<Cause, Cents>,
}

/// One entry of an account, with the balance it leaves in the order of the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    pub posting_id: PostingId,
    pub number: i64,
    pub effective_on: Day,
    pub posted_at: Instant,
    pub cause: Cause,
    pub description: String,
    pub source_key: String,
    pub amount: Cents,
    pub balance_after: Cents,
}

/// The balance now: the sum of all entries, whatever day they count from.
///
/// # Errors
/// [`Error::UnknownAccount`]
pub async fn balance(tx: &mut db::Tx, ctx: &Ctx, account: AccountId) -> Result<Cents, Error> {
    store::balance(tx, ctx.tenant, account).await
}

/// The statement of an account; reversed days give one without movements.
///
/// # Errors
/// [`Error::UnknownAccount`]
pub async fn statement(tx: &mut db::Tx, ctx: &Ctx, account: AccountId, first: Day, last: Day) -> Result<Statement, Error> {
    // from the end backwards: what comes after `last` is little or nothing, what came before grows for ever
    let closing = store::balance_at_end_of(tx, ctx.tenant, account, last).await?;
    let mut movements = store::movements(tx, ctx.tenant, account, first, last).await?;
    let opening = closing - movements.iter().map(|m| m.amount).sum();
    let (mut running, mut totals) = (opening, BTreeMap::new());
    for movement in &mut movements {
        running += movement.amount;
        movement.balance_after = running;
        *totals.entry(movement.cause).or_insert(Cents::ZERO) += movement.amount;
    }
    Ok(Statement { first, last, opening, movements, closing, totals })
}
