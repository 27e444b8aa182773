//! The end of spontaneous payments that nobody paid in their days.

use kernel::{Actor, Ctx};

use crate::{Error, Parts};

/// Withdraws them, tenant by tenant; how many. What fails for one tenant does not stop the others.
pub async fn expire(parts: &Parts) -> Result<usize, Error> {
    let tenants = enrolment::tenant::list_all(&mut parts.db.read().await?).await?;
    let mut withdrawn = 0;
    for tenant in tenants.iter().filter(|t| t.enabled) {
        let ctx = Ctx::new(tenant.id, Actor::System("worker"), &parts.clock, &parts.entropy);
        match expire_of(parts, &ctx).await {
            Ok(count) => withdrawn += count,
            Err(error) => tracing::warn!(%error, tenant = tenant.id.0, "old spontaneous payments were not withdrawn"),
        }
    }
    Ok(withdrawn)
}

async fn expire_of(parts: &Parts, ctx: &Ctx) -> Result<usize, Error> {
    let mut tx = parts.db.begin().await?;
    let count = billing::spontaneous::expire(&mut tx, ctx).await?;
    tx.commit().await?;
    Ok(count)
}
