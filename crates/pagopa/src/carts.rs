//! The Checkout carts service: up to five notices paid online in one go.
//!
//! A cart lives ten minutes from its creation to its opening in the browser. The addresses to which the payer comes
//! back are information only: that a notice is paid is known from its receipt and from nothing else.

use std::time::Duration;

use reqwest::header::LOCATION;
use reqwest::{Method, StatusCode, Url};
use serde::{Deserialize, Serialize};

use crate::NoticeNumber;
use crate::api::{Answer, Call, Endpoint, Http, Problem, Unavailable, to_json, unavailable};

/// How many notices one cart holds.
const MAX_NOTICES: usize = 5;
/// The longest answer worth reading.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// One notice of a cart. The amount must be the one due now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CartNotice {
    pub notice_number: String,
    pub fiscal_code: String,
    #[serde(rename = "amount")]
    pub amount_cents: i64,
    pub company_name: String,
    pub description: String,
}

/// Where the payer's browser comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnUrls {
    #[serde(rename = "returnOkUrl")]
    pub ok: String,
    #[serde(rename = "returnCancelUrl")]
    pub cancel: String,
    #[serde(rename = "returnErrorUrl")]
    pub error: String,
    /// The second version of the service wants it; the first knows none.
    #[serde(rename = "returnWaitingUrl", default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
}

/// What is sent to `POST /carts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cart {
    pub payment_notices: Vec<CartNotice>,
    pub return_urls: ReturnUrls,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_notice: Option<String>,
    /// Comes back as the payment note of requests and receipts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_cart: Option<String>,
    /// Whether every transfer of every notice may be paid to a postal account.
    #[serde(rename = "allCCP", default, skip_serializing_if = "Option::is_none")]
    pub is_all_postal: Option<bool>,
}

/// Which service to ask, per institution.
#[derive(Clone, Debug)]
pub struct CartsConfig {
    /// As `https://api.platform.pagopa.it/checkout/ec/v1`; `/carts` is added.
    pub base_url: String,
    /// Sent as `Ocp-Apim-Subscription-Key` when there is one.
    pub subscription_key: Option<String>,
    /// The hosts a payer may be sent to, as `checkout.pagopa.it` or `127.0.0.1:8081`.
    pub checkout_hosts: Vec<String>,
    /// Whether a payment page without TLS is taken: for a test service on this machine only.
    pub accepts_plain_http: bool,
}

/// Why there is no cart.
#[derive(Debug, thiserror::Error)]
pub enum CartError {
    #[error("a cart holds one to five different notices of at least one cent")]
    Malformed,
    #[error("the carts service takes this for a malformed request: {}", .0.detail)]
    Refused(Problem),
    /// A notice is paid, unknown or expired for the node, or its amount is not the one asked.
    #[error("a notice of the cart cannot be paid: {}", .0.detail)]
    NotPayable(Problem),
    #[error("the carts service wants another subscription key")]
    Unauthorised,
    #[error("the carts service wants fewer calls")]
    TooManyCalls,
    #[error("the carts service does not answer: {0}")]
    Unavailable(String),
    #[error("the carts service sends payers to {0}, which is not a payment page of ours")]
    ForeignPage(String),
}

#[derive(Deserialize)]
struct CheckoutRedirect {
    #[serde(rename = "checkoutRedirectUrl")]
    url: String,
}

/// A client of the carts service; cheap to clone, one for all institutions.
#[derive(Clone, Debug)]
pub struct CartsClient {
    http: Http,
}

impl CartsClient {
    /// A client that never follows a redirect and gives up after `timeout`.
    pub fn new(timeout: Duration) -> Result<CartsClient, CartError> {
        Ok(CartsClient { http: Http::new(timeout)? })
    }

    /// Opens a cart and gives the address of its payment page. Hold no database transaction meanwhile: the node
    /// verifies every notice with us before it answers.
    pub async fn open(&self, config: &CartsConfig, cart: &Cart) -> Result<Url, CartError> {
        check(cart)?;
        let endpoint = Endpoint { base_url: config.base_url.clone(), subscription_key: config.subscription_key.clone() };
        let body = Some(to_json(cart));
        let call = Call { method: Method::POST, path: &["carts"], query: vec![], body, max_bytes: MAX_ANSWER_BYTES };
        let answer = self.http.call(&endpoint, call).await?;
        let url = match (answer.status, answer.headers.get(LOCATION)) {
            (StatusCode::FOUND | StatusCode::SEE_OTHER, Some(location)) => location.to_str().map_err(unavailable)?.to_owned(),
            (StatusCode::OK, _) => answer.json::<CheckoutRedirect>()?.url,
            _ => return Err(refusal(&answer)),
        };
        payment_page(config, &url)
    }
}

/// The schema of the service does not say it, its code does: up to five, all different.
fn check(cart: &Cart) -> Result<(), CartError> {
    let notices = &cart.payment_notices;
    let repeated = notices
        .iter()
        .enumerate()
        .any(|(i, n)| notices[..i].iter().any(|m| (&m.notice_number, &m.fiscal_code) == (&n.notice_number, &n.fiscal_code)));
    let valid = |n: &CartNotice| NoticeNumber::parse(&n.notice_number).is_ok() && n.fiscal_code.len() == 11 && n.amount_cents > 0;
    if notices.is_empty() || notices.len() > MAX_NOTICES || repeated || !notices.iter().all(valid) {
        return Err(CartError::Malformed);
    }
    Ok(())
}

fn refusal(answer: &Answer) -> CartError {
    match answer.status {
        StatusCode::BAD_REQUEST => CartError::Refused(answer.problem()),
        StatusCode::UNPROCESSABLE_ENTITY => CartError::NotPayable(answer.problem()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => CartError::Unauthorised,
        StatusCode::TOO_MANY_REQUESTS => CartError::TooManyCalls,
        status => CartError::Unavailable(format!("status {status}")),
    }
}

impl From<Unavailable> for CartError {
    fn from(Unavailable(why): Unavailable) -> CartError {
        CartError::Unavailable(why)
    }
}

/// A payer is sent to the payment page and nowhere else, whatever the answer says.
fn payment_page(config: &CartsConfig, url: &str) -> Result<Url, CartError> {
    let foreign = || CartError::ForeignPage(url.chars().take(200).collect());
    let page = Url::parse(url).map_err(|_| foreign())?;
    let host = page.host_str().unwrap_or_default();
    let host_and_port = page.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let secure = page.scheme() == "https" || (page.scheme() == "http" && config.accepts_plain_http);
    let plain = page.username().is_empty() && page.password().is_none();
    if secure && plain && config.checkout_hosts.contains(&host_and_port) { Ok(page) } else { Err(foreign()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> CartsConfig {
        CartsConfig {
            base_url: "https://api.platform.pagopa.it/checkout/ec/v1".into(),
            subscription_key: None,
            checkout_hosts: vec!["checkout.pagopa.it".into()],
            accepts_plain_http: false,
        }
    }

    #[test]
    fn payers_are_sent_to_the_payment_page_and_nowhere_else() {
        assert!(payment_page(&config(), "https://checkout.pagopa.it/c/1?x=2").is_ok());
        for url in [
            "http://checkout.pagopa.it/c/1",
            "https://checkout.pagopa.it.evil.example/c",
            "https://checkout.pagopa.it:8443/c",
            "https://user@checkout.pagopa.it/c",
            "https://evil.example/?checkout.pagopa.it",
            "javascript:alert(1)",
            "//checkout.pagopa.it/c",
            "/c/1",
        ] {
            assert!(matches!(payment_page(&config(), url), Err(CartError::ForeignPage(_))), "{url}");
        }
        let test = CartsConfig { checkout_hosts: vec!["127.0.0.1:8081".into()], accepts_plain_http: true, ..config() };
        assert!(payment_page(&test, "http://127.0.0.1:8081/checkout/1").is_ok());
        assert!(payment_page(&test, "http://127.0.0.1:8082/checkout/1").is_err());
    }

    #[test]
    fn the_body_is_what_the_service_documents() {
        let cart = Cart {
            payment_notices: vec![CartNotice {
                notice_number: "301002026000000178".into(),
                fiscal_code: "77777777777".into(),
                amount_cents: 4500,
                company_name: "Comune Dimostrativo".into(),
                description: "Refezione".into(),
            }],
            return_urls: ReturnUrls {
                ok: "https://p.it/ok".into(),
                cancel: "https://p.it/c".into(),
                error: "https://p.it/e".into(),
                waiting: None,
            },
            email_notice: None,
            id_cart: Some("c-1".into()),
            is_all_postal: None,
        };
        let json: serde_json::Value = serde_json::to_value(&cart).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "paymentNotices": [{"noticeNumber": "301002026000000178", "fiscalCode": "77777777777", "amount": 4500,
                    "companyName": "Comune Dimostrativo", "description": "Refezione"}],
                "returnUrls": {"returnOkUrl": "https://p.it/ok", "returnCancelUrl": "https://p.it/c", "returnErrorUrl": "https://p.it/e"},
                "idCart": "c-1"
            })
        );
    }
}
