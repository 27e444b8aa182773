//! What waits to be told to the platform. What is told is the position as it is then: an older state never overtakes a
//! newer one, and many changes may be told by one call.

use jiff::SignedDuration;
use kernel::{Ctx, Instant, TenantId};

use super::Debt;
use crate::{Error, Position, State, get, store};

/// Calls the platform takes from one installation, in [`WITHIN`].
pub const MOST: i64 = 150;
pub const WITHIN: SignedDuration = SignedDuration::from_secs(10);
/// How long one worker has for a call: then another may try, for it died.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// The first wait; the k-th is this long times 2^k - 1, an hour at most.
const SLOT: SignedDuration = SignedDuration::from_secs(5);
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// A position this worker is to tell of.
#[derive(Clone, Debug)]
pub struct Push {
    pub debt: Debt,
    /// What it is told as.
    pub version: i64,
    /// Whether the archive knew of it before.
    pub is_known: bool,
    pub attempts: i64,
}

/// Takes up to `limit` positions of the tenant that wait, longest first, and no more than the platform takes now. Commit,
/// then call with no transaction open.
pub async fn claim(tx: &mut db::Tx, ctx: &Ctx, limit: i64) -> Result<Vec<Push>, Error> {
    let free = MOST - store::calls_since(tx, ctx.now - WITHIN).await?;
    let mut pushes = Vec::new();
    for row in store::claim_pushes(tx, ctx, limit.min(free), ctx.now + LEASE).await? {
        let position = get(tx, ctx, row.position).await?;
        let debt = debt(tx, ctx, position).await?;
        pushes.push(Push { debt, version: row.version, is_known: row.pushed_version > 0, attempts: row.attempts });
    }
    Ok(pushes)
}

async fn debt(tx: &mut db::Tx, ctx: &Ctx, position: Position) -> Result<Debt, Error> {
    let family = match &position.choice_key {
        Some(key) => store::by_choice(tx, ctx.tenant, key).await?,
        None => vec![position.clone()],
    };
    Ok(Debt {
        key: position.choice_key.clone().unwrap_or_else(|| position.origin_key.clone()),
        open: family.into_iter().filter(|p| p.state == State::Payable).collect(),
        position,
    })
}

/// The archive has it.
pub async fn done(tx: &mut db::Tx, ctx: &Ctx, push: &Push) -> Result<(), Error> {
    store::push_ended(tx, ctx, push.debt.position.id, push.version, None).await
}

/// The archive will not have it so: it waits for another change, and for a person.
pub async fn refused(tx: &mut db::Tx, ctx: &Ctx, push: &Push, words: &str) -> Result<(), Error> {
    store::push_ended(tx, ctx, push.debt.position.id, push.version, Some(words)).await
}

/// The platform is away: again later, each time after longer.
pub async fn failed(tx: &mut db::Tx, ctx: &Ctx, push: &Push, words: &str) -> Result<(), Error> {
    store::push_failed(tx, ctx, push.debt.position.id, ctx.now + wait(push.attempts), words).await
}

fn wait(attempts: i64) -> SignedDuration {
    let slots = (1_i32 << attempts.clamp(1, 20)) - 1;
    (SLOT * slots).min(LONGEST)
}

/// How many positions wait to be told, and how many were refused.
pub async fn count(tx: &mut db::Tx, ctx: &Ctx) -> Result<(i64, i64), Error> {
    store::count_pushes(tx, ctx).await
}

/// The tenants with positions to tell of now, by id: most have none, and are left alone.
pub async fn tenants_waiting(tx: &mut db::Tx, now: Instant) -> Result<Vec<TenantId>, Error> {
    store::tenants_waiting(tx, now).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_by_powers_of_two_up_to_an_hour() {
        let waits: Vec<i64> = [1, 2, 3, 10, 40].into_iter().map(|attempts| wait(attempts).as_secs()).collect();
        assert_eq!(waits, [5, 15, 35, 3600, 3600]);
    }
}
