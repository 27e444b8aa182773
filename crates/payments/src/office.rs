//! What the office does to a position: withdraw it, change what it asks, have it printed.

use kernel::{Cents, Ctx, Day, PositionId};
use serde_json::json;

use crate::choice::Family;
use crate::state::{self, State, StepCause};
use crate::{Error, Position, PositionKind, get, store};

/// What a notice asks from now on; its number stays, for it may be printed already.
#[derive(Clone, Debug)]
pub struct Revision {
    pub amount: Cents,
    pub due_on: Option<Day>,
    /// For the audit trail.
    pub reason: String,
}

/// Withdraws a notice, and takes it out of the one for the whole; one that is cancelled stays so.
///
/// # Errors
/// [`Error::AlreadyPaid`]: money that came is given back otherwise. [`Error::NotVisible`] when there is none.
pub async fn cancel(tx: &mut db::Tx, ctx: &Ctx, id: PositionId) -> Result<Position, Error> {
    let family = Family::lock(tx, ctx.tenant, id).await?.ok_or(Error::NotVisible)?;
    let position = &family.position;
    if position.state == State::Cancelled {
        return Ok(family.position);
    }
    if state::after(position.state, StepCause::Cancelled).is_none() || !position.paid.is_zero() {
        return Err(Error::AlreadyPaid);
    }
    withdraw(tx, ctx, position).await?;
    if let Some(whole) = family.whole() {
        match whole.amount - position.amount {
            Cents::ZERO => withdraw(tx, ctx, whole).await?,
            rest => write(tx, ctx, whole, rest, whole.due_on, State::Payable).await?,
        }
    }
    get(tx, ctx, id).await
}

/// As [`cancel`], for what its payer asked for and does not want any more, or let expire: not while it is being paid.
///
/// # Errors
/// As [`cancel`]; [`Error::InProgress`].
pub async fn give_up(tx: &mut db::Tx, ctx: &Ctx, id: PositionId) -> Result<Position, Error> {
    let family = Family::lock(tx, ctx.tenant, id).await?.ok_or(Error::NotVisible)?;
    if let Some(until) = family.position.attempt_at(ctx.now) {
        return Err(Error::InProgress { until });
    }
    cancel(tx, ctx, id).await
}

async fn withdraw(tx: &mut db::Tx, ctx: &Ctx, position: &Position) -> Result<(), Error> {
    store::cancel_position(tx, ctx, position.id).await?;
    store::touch_pushes(tx, ctx, [position.id].into_iter()).await?;
    audit(tx, ctx, "position.cancelled", position, json!({ "amount_cents": position.amount.0 })).await
}

/// Changes the amount or the due day of a notice that can be paid: the node and the cart see it from now on. The
/// notice for the whole follows. Whoever changes an amount posts the difference to the account it credits.
///
/// # Errors
/// [`Error::AlreadyPaid`], [`Error::Cancelled`]; [`Error::Malformed`] for less than was paid, for nothing (which is a
/// cancellation), and for a whole, which asks what its parts ask.
pub async fn revise(tx: &mut db::Tx, ctx: &Ctx, id: PositionId, to: &Revision) -> Result<Position, Error> {
    let family = Family::lock(tx, ctx.tenant, id).await?.ok_or(Error::NotVisible)?;
    let position = &family.position;
    if (position.amount, position.due_on) == (to.amount, to.due_on) {
        return Ok(family.position);
    }
    let becomes = revised(position, to)?;
    write(tx, ctx, position, to.amount, to.due_on, becomes).await?;
    let details = json!({ "from_cents": position.amount.0, "to_cents": to.amount.0, "due_on": to.due_on, "reason": to.reason });
    audit(tx, ctx, "position.revised", position, details).await?;
    if let Some(whole) = family.whole() {
        write(tx, ctx, whole, whole.amount + (to.amount - position.amount), whole.due_on, State::Payable).await?;
    }
    get(tx, ctx, id).await
}

fn revised(position: &Position, to: &Revision) -> Result<State, Error> {
    let cause = if to.amount == position.paid { StepCause::RevisedToPaid } else { StepCause::Revised };
    match (position.state, state::after(position.state, cause)) {
        (State::Cancelled, _) => Err(Error::Cancelled),
        (_, None) => Err(Error::AlreadyPaid),
        _ if position.kind == PositionKind::Whole => Err(Error::Malformed("a whole asks what its parts ask")),
        _ if to.amount.0 <= 0 || to.amount < position.paid => Err(Error::Malformed("amount")),
        (_, Some(becomes)) => Ok(becomes),
    }
}

async fn write(
    tx: &mut db::Tx,
    ctx: &Ctx,
    position: &Position,
    amount: Cents,
    due_on: Option<Day>,
    state: State,
) -> Result<(), Error> {
    store::set_revised(tx, ctx, position.id, amount, due_on, state).await?;
    store::touch_pushes(tx, ctx, [position.id].into_iter()).await
}

async fn audit(tx: &mut db::Tx, ctx: &Ctx, what: &str, position: &Position, details: serde_json::Value) -> Result<(), Error> {
    Ok(db::audit::record(tx, ctx, what, &format!("position:{}", position.id), &details).await?)
}

/// A notice was printed, so somebody may pay it anywhere: from now on the platform's archive is told of it. What a payer
/// asked for begins without, for most is paid at once.
pub async fn publish(tx: &mut db::Tx, ctx: &Ctx, id: PositionId) -> Result<(), Error> {
    store::insert_pushes(tx, ctx, std::iter::once(id)).await
}
