//! Agreements (convenzioni) between tenants: whoever pays one of them may put notices of the others in the same cart.
//!
//! A tenant is under none until it joins one, and under one at most; each joins and leaves for itself. Nothing else of a
//! tenant is seen through it: what somebody owes there is read with that tenant's own context and rules.

use kernel::{Ctx, TenantId};
use serde_json::json;

use crate::{Error, store};

/// A tenant under the same agreement whose notices can be paid in one cart with this one's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    pub tenant: TenantId,
    pub ipa_code: String,
    pub name: String,
    /// Of its portal, without a slash at its end.
    pub public_url: String,
    /// Whether its notices may still be paid after their due day.
    pub accepts_after_due: bool,
}

/// The tenant takes part from now on, in the place of any agreement it had.
///
/// # Errors
/// [`Error::Malformed`] without a name.
pub async fn join(tx: &mut db::Tx, ctx: &Ctx, name: &str) -> Result<(), Error> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Error::Malformed("the name of an agreement"));
    }
    if find(tx, ctx).await?.as_deref() == Some(name) {
        return Ok(());
    }
    store::put_agreement(tx, ctx, name).await?;
    audit(tx, ctx, "agreement.joined", name).await
}

/// The tenant is on its own again; carts that are open stay as they are.
pub async fn leave(tx: &mut db::Tx, ctx: &Ctx) -> Result<(), Error> {
    let Some(name) = find(tx, ctx).await? else { return Ok(()) };
    store::delete_agreement(tx, ctx).await?;
    audit(tx, ctx, "agreement.left", &name).await
}

/// The name of the agreement the tenant is under.
pub async fn find(tx: &mut db::Tx, ctx: &Ctx) -> Result<Option<String>, Error> {
    store::agreement(tx, ctx.tenant).await
}

/// The other tenants under it, by id: those that are switched on, take payments and open carts with the same service.
pub async fn partners(tx: &mut db::Tx, ctx: &Ctx) -> Result<Vec<Partner>, Error> {
    store::partners(tx, ctx.tenant).await
}

async fn audit(tx: &mut db::Tx, ctx: &Ctx, what: &str, name: &str) -> Result<(), Error> {
    Ok(db::audit::record(tx, ctx, what, &format!("tenant:{}", ctx.tenant.0), &json!({ "agreement": name })).await?)
}
