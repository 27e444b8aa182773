//! Opening a cart of the hosted Checkout: prepare, commit, call, record. No transaction is open during the call,
//! because the node verifies each notice with us meanwhile. Where pagoPA answers for a tenant it must know the notice first.

use std::time::Duration;

use axum::response::Response;
use kernel::{CartId, PositionId};
use payments::cart::Prepared;

use super::pay::{self, Chosen};
use crate::guard::see_other;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// How often, and how long between, a second click looks for the address the first one is opening.
const LOOKS: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(250);

/// The address of the payment page, or the key of the words that say why there is none.
pub async fn go(visit: &Visit, chosen: Chosen) -> Result<Result<String, &'static str>, Refusal> {
    let mut tx = visit.begin().await?;
    let prepared = match pay::prepare(&mut tx, visit, chosen).await? {
        Ok(prepared) => prepared,
        Err(key) => return Ok(Err(key)),
    };
    tx.commit().await?;
    match prepared {
        Prepared::Reuse { redirect_url, .. } => Ok(Ok(redirect_url)),
        Prepared::Opening { cart } => wait_for_first_click(visit, cart).await,
        Prepared::New { cart, request, settings } => {
            wait_until_told(visit, cart).await?;
            let opened = visit.state.checkout.open(&settings.carts_config(&visit.state.vault), &request).await;
            record(visit, cart, opened).await
        }
    }
}

/// What the page of a notice may be asked to say, by the keys of its words: an address can ask for anything.
const TROUBLES: [&str; 4] = ["pay-error-checkout", "pay-error-in-progress", "pay-error-not-configured", "pay-error-paid"];

/// On from a notice that was just asked for: to the Checkout where that was wanted, else to the notice's own page, which
/// also says why there is no Checkout.
pub async fn onwards(visit: &Visit, position: PositionId, own_page: &str) -> Result<Response, Refusal> {
    if visit.form.get("modo") != Some("adesso") {
        return Ok(see_other(own_page));
    }
    match go(visit, position.into()).await? {
        Ok(address) => Ok(see_other(&address)),
        Err(key) => Ok(see_other(&format!("{own_page}?problema={key}"))),
    }
}

/// Why there was no Checkout, in words, where the page's address says it.
pub fn trouble(visit: &Visit) -> Option<String> {
    visit.query.get("problema").filter(|p| TROUBLES.contains(p)).map(|key| visit.t(key).to_owned())
}

/// A platform that is told of nothing in this time has its own words for it.
async fn wait_until_told(visit: &Visit, cart: CartId) -> Result<(), Refusal> {
    for _ in 0..LOOKS {
        if payments::cart::is_told(&mut visit.read().await?, &visit.ctx, cart).await? {
            break;
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Ok(())
}

async fn record(
    visit: &Visit,
    cart: CartId,
    opened: Result<reqwest::Url, pagopa::CartError>,
) -> Result<Result<String, &'static str>, Refusal> {
    let mut tx = visit.begin().await?;
    let answer = match opened {
        Ok(url) => {
            payments::cart::opened(&mut tx, &visit.ctx, cart, url.as_str()).await?;
            Ok(url.to_string())
        }
        Err(error) => {
            tracing::warn!(%error, cart = %cart, "the Checkout did not open the cart");
            payments::cart::refused(&mut tx, &visit.ctx, cart).await?;
            Err("pay-error-checkout")
        }
    };
    tx.commit().await?;
    Ok(answer)
}

async fn wait_for_first_click(visit: &Visit, cart: CartId) -> Result<Result<String, &'static str>, Refusal> {
    for _ in 0..LOOKS {
        tokio::time::sleep(BETWEEN).await;
        let view = payments::cart::get(&mut visit.read().await?, &visit.ctx, cart).await?;
        if let Some(url) = view.redirect_url {
            return Ok(Ok(url));
        }
    }
    Ok(Err("pay-error-in-progress"))
}
