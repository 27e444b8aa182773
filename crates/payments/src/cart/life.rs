//! A cart from its opening to what the browser says on its return.

use jiff::SignedDuration;
use kernel::{CartId, Ctx};

use super::{CartState, CartView, Returned, ShareView};
use crate::{Error, Position, store};

/// How long a browser that came back with success is believed to have paid, until the receipt says so.
const AWAITING_RECEIPT: SignedDuration = SignedDuration::from_mins(60);

/// The context of each tenant that has a share in a cart of this one, in the order their positions are locked.
async fn all_of(tx: &mut db::Tx, ctx: &Ctx, cart: CartId) -> Result<Vec<Ctx>, Error> {
    let others = store::others(tx, ctx, cart).await?.into_iter().map(|(tenant, ..)| Ctx { tenant, ..ctx.clone() });
    let mut all: Vec<Ctx> = [ctx.clone()].into_iter().chain(others).collect();
    all.sort_by_key(|ctx| ctx.tenant);
    Ok(all)
}

/// Whether every notice of the cart is known to who is asked for it: where pagoPA answers for a tenant it is told of what
/// a payer asked for when the cart is made, and the carts service must wait for that.
pub async fn is_told(tx: &mut db::Tx, ctx: &Ctx, cart: CartId) -> Result<bool, Error> {
    for ctx in all_of(tx, ctx, cart).await? {
        if store::count_untold(tx, &ctx, cart).await? > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The carts service gave the address of the payment page.
pub async fn opened(tx: &mut db::Tx, ctx: &Ctx, cart: CartId, redirect_url: &str) -> Result<(), Error> {
    for ctx in all_of(tx, ctx, cart).await? {
        store::update_cart(tx, &ctx, cart, CartState::Open, Some(redirect_url)).await?;
    }
    Ok(())
}

/// The carts service gave none: the notices are free for another try.
pub async fn refused(tx: &mut db::Tx, ctx: &Ctx, cart: CartId) -> Result<(), Error> {
    for ctx in all_of(tx, ctx, cart).await? {
        store::update_cart(tx, &ctx, cart, CartState::Refused, None).await?;
        store::set_attempt(tx, &ctx, cart, None).await?;
    }
    Ok(())
}

/// The cart of the person who acts.
///
/// # Errors
/// [`Error::NotVisible`] when there is none, or it is another person's.
pub async fn get(tx: &mut db::Tx, ctx: &Ctx, id: CartId) -> Result<CartView, Error> {
    let row = own(tx, ctx, id).await?;
    let mut elsewhere = Vec::new();
    for (tenant, name, public_url) in store::others(tx, ctx, id).await? {
        let positions = positions_of(tx, &Ctx { tenant, ..ctx.clone() }, id).await?;
        elsewhere.push(ShareView { name, public_url, positions });
    }
    Ok(CartView {
        id,
        person: row.person,
        state: row.state,
        total: row.total,
        redirect_url: row.redirect_url,
        created_at: row.created_at,
        returned: row.returned,
        positions: positions_of(tx, ctx, id).await?,
        elsewhere,
    })
}

async fn own(tx: &mut db::Tx, ctx: &Ctx, id: CartId) -> Result<store::CartRow, Error> {
    store::cart(tx, ctx, id).await?.filter(|c| Some(c.person) == ctx.actor.person()).ok_or(Error::NotVisible)
}

async fn positions_of(tx: &mut db::Tx, ctx: &Ctx, cart: CartId) -> Result<Vec<Position>, Error> {
    let ids = store::cart_positions(tx, ctx, cart).await?;
    store::by_ids(tx, ctx.tenant, &ids, false).await
}

/// Notes what the browser of the person who acts said. It pays nothing; it only tells how long to wait for a receipt
/// before the notices may go into another cart. The first word counts, and only in the portal that opened the cart.
///
/// # Errors
/// As [`get`].
pub async fn returned(tx: &mut db::Tx, ctx: &Ctx, id: CartId, outcome: Returned) -> Result<CartView, Error> {
    let row = own(tx, ctx, id).await?;
    if row.returned.is_some() || row.is_share {
        return get(tx, ctx, id).await;
    }
    let until = match outcome {
        Returned::Ok | Returned::Waiting => Some(ctx.now + AWAITING_RECEIPT),
        Returned::Cancelled | Returned::Failed => None,
    };
    for ctx in all_of(tx, ctx, id).await? {
        store::set_returned(tx, &ctx, id, outcome).await?;
        store::set_attempt(tx, &ctx, id, until).await?;
    }
    get(tx, ctx, id).await
}
