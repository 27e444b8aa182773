use kernel::Ctx;
use payments::gateway::{self, GatewayError, GatewayKind, Gpd, PaymentGateway, Service, Synchronous, push};
use payments::settings::Institution;

use super::Platform;
use crate::Error;

const AT_ONCE: i64 = 50;

/// Tells of a tenant's positions that wait, one after the other; how many were told.
pub(super) async fn round(platform: &Platform, ctx: &Ctx, of: &Institution) -> Result<usize, Error> {
    let Some(gateway) = gateway_of(platform, ctx).await? else { return Ok(0) };
    let mut tx = platform.parts.db.begin().await?;
    let pushes = push::claim(&mut tx, ctx, AT_ONCE).await?;
    tx.commit().await?;
    let mut told = 0;
    for push in &pushes {
        let ctx = platform.ctx(of.tenant);
        let said = gateway::tell(gateway.as_ref(), of, &push.debt, push.is_known, ctx.now).await;
        told += usize::from(said.is_ok());
        note(platform, &ctx, push, said).await?;
    }
    Ok(told)
}

async fn note(platform: &Platform, ctx: &Ctx, push: &push::Push, said: Result<(), GatewayError>) -> Result<(), Error> {
    let mut tx = platform.parts.db.begin().await?;
    match said {
        Ok(()) => push::done(&mut tx, ctx, push).await?,
        Err(GatewayError::Refused(words)) => {
            tracing::warn!(%words, tenant = ctx.tenant.0, position = %push.debt.position.id, "the platform refuses a position");
            push::refused(&mut tx, ctx, push, &words).await?;
        }
        Err(GatewayError::Later(words)) => push::failed(&mut tx, ctx, push, &words).await?,
    }
    Ok(tx.commit().await?)
}

/// The way the tenant has chosen, where it is set up.
pub(super) async fn gateway_of(platform: &Platform, ctx: &Ctx) -> Result<Option<Box<dyn PaymentGateway>>, Error> {
    let kind = gateway::find_kind(&mut platform.parts.db.read().await?, ctx.tenant).await?;
    let (http, of) = (platform.http.clone(), |service| platform.endpoint(ctx, service));
    Ok(match kind {
        None => None,
        Some(GatewayKind::Synchronous) => {
            of(Service::Aca).await?.map(|archive| Box::new(Synchronous::new(http, archive)) as Box<dyn PaymentGateway>)
        }
        Some(GatewayKind::Gpd) => {
            let receipts = of(Service::Receipts).await?;
            of(Service::Gpd).await?.map(|positions| Box::new(Gpd::new(http, positions, receipts)) as Box<dyn PaymentGateway>)
        }
    })
}
