use jiff::SignedDuration;
use kernel::Ctx;
use pagopa::fdr::{self, ListQuery, ListedFlow};
use payments::gateway::Service;
use payments::reconcile::{self, Imported, SettlementReport};
use payments::settings::Institution;

use super::Platform;
use crate::Error;

/// How far back reports are looked for each time: a published one may be revised for days.
const BACK: SignedDuration = SignedDuration::from_hours(10 * 24);
/// Pages of a list of reports.
const MOST_PAGES: u32 = 50;

/// Takes in the settlement reports the platform has published and we do not have; how many counted.
pub(super) async fn fetch(platform: &Platform, ctx: &Ctx, of: &Institution) -> Result<usize, Error> {
    let Some(endpoint) = platform.endpoint(ctx, Service::Fdr).await? else { return Ok(0) };
    let client = fdr::Client::new(platform.http.clone());
    let mut flows = Vec::new();
    for page in 1..=MOST_PAGES {
        let query = ListQuery { page, published_after: Some(ctx.now - BACK), ..ListQuery::default() };
        let listed = client.list(&endpoint, &of.fiscal_code, &query).await.map_err(away)?;
        flows.extend(listed.data);
        if page >= listed.metadata.total_pages {
            break;
        }
    }
    let mut came = 0;
    for flow in fdr::latest_revisions(&flows) {
        if !is_known(platform, ctx, flow).await? {
            let read = client.fetch(&endpoint, &of.fiscal_code, flow).await.map_err(away);
            came += usize::from(import(platform, ctx, of, flow, read).await?);
        }
    }
    Ok(came)
}

fn away(error: fdr::Error) -> Error {
    Error::Platform(error.to_string())
}

async fn is_known(platform: &Platform, ctx: &Ctx, flow: &ListedFlow) -> Result<bool, Error> {
    let mut tx = platform.parts.db.read().await?;
    Ok(reconcile::report::is_known(&mut tx, ctx, &flow.id, i64::from(flow.revision)).await?)
}

/// One that cannot be taken is said and stands in nobody's way.
async fn import(
    platform: &Platform,
    ctx: &Ctx,
    of: &Institution,
    flow: &ListedFlow,
    read: Result<fdr::Flow, Error>,
) -> Result<bool, Error> {
    let read = match read {
        Ok(read) => read,
        Err(error) => {
            tracing::warn!(%error, flow = flow.id, "a settlement report cannot be read");
            return Ok(false);
        }
    };
    let mut tx = platform.parts.db.begin().await?;
    match reconcile::import_report(&mut tx, ctx, of, &SettlementReport::from(&read), "rest").await {
        Ok(imported) => {
            tx.commit().await?;
            Ok(matches!(imported, Imported::New { .. }))
        }
        Err(error) => {
            tracing::warn!(%error, flow = flow.id, "a settlement report is refused");
            Ok(false)
        }
    }
}
