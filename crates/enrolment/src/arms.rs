//! A tenant's coat of arms: an SVG drawing for its pages and papers, kept only after it was read and written anew.

mod rules;
mod svg;

use aws_lc_rs::digest::{SHA256, digest};
use db::Tx;
use kernel::{Ctx, TenantId};

use crate::Error;

pub use svg::{Drawing, MOST_BYTES, MOST_DEEP, MOST_ELEMENTS, Refused};

/// What became of a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    Inserted,
    Updated,
    /// The tenant has this very drawing.
    Unchanged,
}

/// The drawing of a tenant, as SVG.
pub async fn find(tx: &mut Tx, tenant: TenantId) -> Result<Option<String>, Error> {
    let row = tx.query_opt("select svg from tenant_arms where tenant_id = $1", &[&tenant]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

/// The drawing of a tenant as long as it is the one of this hash: what an address promises never changes.
pub async fn find_by_hash(tx: &mut Tx, tenant: TenantId, hash: &str) -> Result<Option<String>, Error> {
    let sql = "select svg from tenant_arms where tenant_id = $1 and hash = $2";
    Ok(tx.query_opt(sql, &[&tenant, &hash]).await?.map(|row| row.get(0)).transpose()?)
}

/// Gives the context's tenant a drawing in place of the one it has.
pub async fn set(tx: &mut Tx, ctx: &Ctx, drawing: &Drawing) -> Result<Set, Error> {
    let known = hash(tx, ctx.tenant).await?;
    let new = hash_of(drawing.svg());
    if known.as_ref() == Some(&new) {
        return Ok(Set::Unchanged);
    }
    let sql = "insert into tenant_arms (tenant_id, hash, svg, set_at) values ($1, $2, $3, $4)
               on conflict (tenant_id) do update set hash = excluded.hash, svg = excluded.svg, set_at = excluded.set_at";
    tx.execute_one(sql, &[&ctx.tenant, &new, &drawing.svg(), &ctx.now]).await?;
    db::audit::record(tx, ctx, "tenant.arms_set", &format!("tenant:{}", ctx.tenant.0), &serde_json::json!({ "hash": new }))
        .await?;
    Ok(if known.is_some() { Set::Updated } else { Set::Inserted })
}

/// Takes the drawing away; false when there was none.
pub async fn remove(tx: &mut Tx, ctx: &Ctx) -> Result<bool, Error> {
    let removed = tx.execute("delete from tenant_arms where tenant_id = $1", &[&ctx.tenant]).await? == 1;
    if removed {
        let nothing = serde_json::json!({});
        db::audit::record(tx, ctx, "tenant.arms_removed", &format!("tenant:{}", ctx.tenant.0), &nothing).await?;
    }
    Ok(removed)
}

async fn hash(tx: &mut Tx, tenant: TenantId) -> Result<Option<String>, Error> {
    let row = tx.query_opt("select hash from tenant_arms where tenant_id = $1", &[&tenant]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

fn hash_of(svg: &str) -> String {
    digest(&SHA256, svg.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
