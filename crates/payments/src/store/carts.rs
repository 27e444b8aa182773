use db::{Row, Tx, row};
use kernel::{CartId, Cents, Ctx, Instant, PersonId, PositionId, TenantId};

use super::unknown_word;
use crate::cart::{CartState, Returned};
use crate::{Error, Position};

/// A cart without its positions.
pub(crate) struct CartRow {
    pub id: CartId,
    pub person: PersonId,
    pub state: CartState,
    pub total: Cents,
    pub redirect_url: Option<String>,
    pub created_at: Instant,
    pub returned: Option<Returned>,
    /// Of a cart that was opened in another tenant's portal.
    pub is_share: bool,
}

/// How the set of a share begins: it is nobody's set to find again.
const SHARE: &str = "share:";

const COLUMNS: &str = "id, person_id, state, total_cents, redirect_url, created_at, returned_outcome, set_key";

fn cart_row(row: &Row) -> Result<CartRow, Error> {
    let (state, returned): (String, Option<String>) = (row.get(2)?, row.get(6)?);
    Ok(CartRow {
        id: row.get(0)?,
        person: row.get(1)?,
        state: CartState::from_code(&state).ok_or_else(|| unknown_word("cart state", &state))?,
        total: row.get(3)?,
        redirect_url: row.get(4)?,
        created_at: row.get(5)?,
        returned: returned.as_deref().and_then(Returned::from_code),
        is_share: row.get::<String>(7)?.starts_with(SHARE),
    })
}

pub(crate) async fn cart(tx: &mut Tx, ctx: &Ctx, id: CartId) -> Result<Option<CartRow>, Error> {
    let sql = format!("select {COLUMNS} from payment_cart where tenant_id = $1 and id = $2");
    tx.query_opt(&sql, &[&ctx.tenant, &id]).await?.as_ref().map(cart_row).transpose()
}

/// The newest cart of the set that no browser has come back from.
pub(crate) async fn live_cart(
    tx: &mut Tx,
    ctx: &Ctx,
    person: PersonId,
    set_key: &str,
    since: Instant,
) -> Result<Option<CartRow>, Error> {
    let sql = format!(
        "select {COLUMNS} from payment_cart
         where tenant_id = $1 and set_key = $2 and person_id = $3 and created_at > $4 and state <> 'refused' and returned_at is null
         order by created_at desc, id desc limit 1"
    );
    tx.query_opt(&sql, &[&ctx.tenant, &set_key, &person, &since]).await?.as_ref().map(cart_row).transpose()
}

pub(crate) async fn insert_cart(
    tx: &mut Tx,
    ctx: &Ctx,
    id: CartId,
    person: PersonId,
    set_key: &str,
    total: Cents,
    positions: &[Position],
) -> Result<(), Error> {
    let sql = "insert into payment_cart (tenant_id, id, person_id, set_key, state, total_cents, created_at) values ($1, $2, $3, $4, $5, $6, $7)";
    tx.execute_one(sql, &[&ctx.tenant, &id, &person, &set_key, &CartState::Opening.code(), &total, &ctx.now]).await?;
    let rows = positions.iter().map(|p| row![ctx.tenant, id, p.id, p.due()]).collect();
    tx.insert_many("insert into payment_cart_position (tenant_id, cart_id, position_id, amount_cents)", rows, "").await?;
    Ok(())
}

/// The part of a cart that is another tenant's than the one whose portal opened it.
pub(crate) async fn insert_share(
    tx: &mut Tx,
    ctx: &Ctx,
    id: CartId,
    person: PersonId,
    positions: &[Position],
) -> Result<(), Error> {
    let total: Cents = positions.iter().map(Position::due).sum();
    insert_cart(tx, ctx, id, person, &format!("{SHARE}{id}"), total, positions).await
}

/// After the shares: it refers to them.
pub(crate) async fn insert_others(tx: &mut Tx, ctx: &Ctx, id: CartId, others: &[TenantId]) -> Result<(), Error> {
    let rows = others.iter().map(|other| row![ctx.tenant, id, *other]).collect();
    tx.insert_many("insert into payment_cart_share (tenant_id, cart_id, other_tenant_id)", rows, "").await?;
    Ok(())
}

/// The other tenants of a cart that was opened in this one's portal, with their names and portals.
pub(crate) async fn others(tx: &mut Tx, ctx: &Ctx, id: CartId) -> Result<Vec<(TenantId, String, String)>, Error> {
    let sql = "select s.other_tenant_id, t.name, t.public_url from payment_cart_share s join tenant t on t.id = s.other_tenant_id
               where s.tenant_id = $1 and s.cart_id = $2 order by s.other_tenant_id";
    let rows = tx.query(sql, &[&ctx.tenant, &id]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}

pub(crate) async fn update_cart(
    tx: &mut Tx,
    ctx: &Ctx,
    id: CartId,
    state: CartState,
    redirect_url: Option<&str>,
) -> Result<(), Error> {
    let sql = "update payment_cart set state = $3, redirect_url = $4 where tenant_id = $1 and id = $2 and state = 'opening'";
    Ok(tx.execute_one(sql, &[&ctx.tenant, &id, &state.code(), &redirect_url]).await?)
}

pub(crate) async fn set_returned(tx: &mut Tx, ctx: &Ctx, id: CartId, outcome: Returned) -> Result<(), Error> {
    let sql = "update payment_cart set returned_at = $3, returned_outcome = $4 where tenant_id = $1 and id = $2 and returned_at is null";
    tx.execute(sql, &[&ctx.tenant, &id, &ctx.now, &outcome.code()]).await?;
    Ok(())
}

pub(crate) async fn cart_positions(tx: &mut Tx, ctx: &Ctx, id: CartId) -> Result<Vec<PositionId>, Error> {
    let sql = "select position_id from payment_cart_position where tenant_id = $1 and cart_id = $2 order by position_id";
    let rows = tx.query(sql, &[&ctx.tenant, &id]).await?;
    rows.iter().map(|row| Ok(row.get(0)?)).collect()
}

/// Until when the cart's notices are believed to be under way; those that are paid or cancelled are left alone.
pub(crate) async fn set_attempt(tx: &mut Tx, ctx: &Ctx, cart: CartId, until: Option<Instant>) -> Result<(), Error> {
    let sql = "update debt_position set attempt_until = $3
               where tenant_id = $1 and state = 'payable'
                 and id in (select position_id from payment_cart_position where tenant_id = $1 and cart_id = $2)";
    tx.execute(sql, &[&ctx.tenant, &cart, &until]).await?;
    Ok(())
}
