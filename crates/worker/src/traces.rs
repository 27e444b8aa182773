//! The purge of traces that were kept long enough.

use kernel::{Actor, Ctx};

use crate::{Error, Parts};

/// Purges the register of each tenant; how many traces went.
pub async fn purge(parts: &Parts) -> Result<i64, Error> {
    let mut gone = 0;
    for tenant in enrolment::tenant::list_all(&mut parts.db.read().await?).await? {
        let ctx = Ctx::new(tenant.id, Actor::System("worker"), &parts.clock, &parts.entropy);
        let mut tx = parts.db.begin().await?;
        let purged = identity::trace::purge(&mut tx, &ctx).await?;
        tx.commit().await?;
        if purged > 0 {
            tracing::info!(tenant = tenant.id.0, purged, "traces older than 24 months were purged");
        }
        gone += purged;
    }
    Ok(gone)
}
