use jiff::SignedDuration;
use kernel::{Ctx, rome_day};
use pagopa::receipts::{self, Client};
use payments::gateway::{self, Fetched, GatewayKind, Service};
use payments::receipt::{self, Recorded, Source};
use payments::reconcile::recovery::{self, Answered, Missing};
use payments::settings::Institution;

use super::{Platform, pushes};
use crate::Error;

/// How far back receipts are fetched each time.
const BACK: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Takes the receipts of a gateway that does not deliver them; how many were new.
pub(super) async fn fetch(platform: &Platform, ctx: &Ctx, of: &Institution) -> Result<usize, Error> {
    let Some(gateway) = pushes::gateway_of(platform, ctx).await? else { return Ok(0) };
    let since = rome_day(ctx.now - BACK);
    let fetched = gateway.fetch_receipts(of, since).await.map_err(|e| Error::Platform(e.to_string()))?;
    let mut new = 0;
    for one in fetched {
        new += usize::from(record(platform, ctx, of, &one).await?);
    }
    Ok(new)
}

async fn record(platform: &Platform, ctx: &Ctx, of: &Institution, one: &Fetched) -> Result<bool, Error> {
    let mut tx = platform.parts.db.begin().await?;
    let recorded = receipt::record_from(&mut tx, ctx, of, &one.receipt, &one.raw, Source::Fetched).await?;
    tx.commit().await?;
    Ok(matches!(recorded, Recorded::New { .. }))
}

/// Asks for receipts that a settlement report told of and that never came; how many did now.
pub(super) async fn recover(platform: &Platform, ctx: &Ctx, of: &Institution) -> Result<usize, Error> {
    let Some(endpoint) = platform.endpoint(ctx, Service::Receipts).await? else { return Ok(0) };
    let mut tx = platform.parts.db.begin().await?;
    // A tenant of GPD has its receipts from there.
    if gateway::find_kind(&mut tx, ctx.tenant).await? == Some(GatewayKind::Gpd) {
        return Ok(0);
    }
    let missing = recovery::next(&mut tx, ctx).await?;
    tx.commit().await?;
    let client = Client::new(platform.http.clone());
    let mut found = 0;
    for one in &missing {
        let answer = client.get_by_iur(&endpoint, &of.fiscal_code, &one.iur, &one.iuv).await;
        found += usize::from(note(platform, ctx, of, one, answer).await?);
    }
    Ok(found)
}

async fn note(
    platform: &Platform,
    ctx: &Ctx,
    of: &Institution,
    one: &Missing,
    answer: Result<receipts::BizReceipt, receipts::Error>,
) -> Result<bool, Error> {
    let (how, fetched) = match answer.and_then(fetched_from) {
        Ok(fetched) => (Answered::Found, Some(fetched)),
        Err(receipts::Error::NotFound) => (Answered::Missing, None),
        Err(error) => {
            tracing::warn!(%error, tenant = ctx.tenant.0, "a missing receipt cannot be asked for");
            (Answered::Failed, None)
        }
    };
    let mut tx = platform.parts.db.begin().await?;
    if let Some(fetched) = fetched.filter(|f| f.receipt.receipt_id == one.iur) {
        receipt::record_from(&mut tx, ctx, of, &fetched.receipt, &fetched.raw, Source::Fetched).await?;
    }
    recovery::answered(&mut tx, ctx, one, how).await?;
    tx.commit().await?;
    Ok(how == Answered::Found)
}

/// The service has no XML: its JSON is kept as the evidence.
fn fetched_from(told: receipts::BizReceipt) -> Result<Fetched, receipts::Error> {
    let raw = serde_json::to_string(&told).map_err(|e| receipts::Error::Unreadable(e.to_string()))?;
    Ok(Fetched { receipt: told.receipt()?, raw })
}
