//! `POST /carts`, as the Checkout service answers it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::Instant;
use pagopa::{Cart, CartNotice, NoticeNumber, Problem};

use super::payment::Station;
use super::{Creditor, Sandbox, Shared};

/// How long a cart waits for its browser, and how long what became of it is remembered.
const OPENING_S: i64 = 10 * 60;
const MEMORY_S: i64 = 6 * 60 * 60;

/// What became of a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CartState {
    Open,
    /// Taken in hand by the first click: later ones change nothing.
    Paid,
    Cancelled,
    Failed,
    TakenInCharge,
}

#[derive(Clone)]
pub(crate) struct OpenCart {
    pub cart: Cart,
    pub notices: Vec<CartEntry>,
    pub created_at: Instant,
    pub state: CartState,
}

/// A notice of a cart as the institution knew it when the cart was opened.
#[derive(Clone)]
pub(crate) struct CartEntry {
    pub creditor: Creditor,
    pub number: NoticeNumber,
    pub amount_cents: i64,
    pub description: String,
    pub company_name: String,
}

#[derive(Default)]
pub(crate) struct CartStore(Mutex<HashMap<String, OpenCart>>);

impl CartStore {
    fn insert(&self, id: String, cart: OpenCart) {
        let mut carts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = cart.created_at.as_second();
        carts.retain(|_, old| now - old.created_at.as_second() < MEMORY_S);
        carts.insert(id, cart);
    }

    /// The cart, unless nobody came for it in time.
    pub fn find(&self, id: &str, now: Instant) -> Option<OpenCart> {
        let carts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cart = carts.get(id)?;
        let in_time = cart.state != CartState::Open || now.as_second() - cart.created_at.as_second() <= OPENING_S;
        in_time.then(|| cart.clone())
    }

    /// Closes an open cart; false when somebody did before.
    pub fn close(&self, id: &str, state: CartState) -> bool {
        let mut carts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match carts.get_mut(id) {
            Some(cart) if cart.state == CartState::Open => {
                cart.state = state;
                true
            }
            _ => false,
        }
    }

    /// A payment that turned out impossible after the click.
    pub fn fail(&self, id: &str) {
        if let Some(cart) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(id) {
            cart.state = CartState::Failed;
        }
    }
}

pub(crate) async fn create_v1(State(sandbox): State<Shared>, body: Bytes) -> Response {
    match create(&sandbox, &body, false).await {
        Ok(url) => (StatusCode::FOUND, [(header::LOCATION, url)]).into_response(),
        Err(refusal) => *refusal,
    }
}

pub(crate) async fn create_v2(State(sandbox): State<Shared>, body: Bytes) -> Response {
    match create(&sandbox, &body, true).await {
        Ok(url) => (StatusCode::FOUND, [(header::LOCATION, url)]).into_response(),
        Err(refusal) => *refusal,
    }
}

/// The sibling service, which wants a subscription key and answers with the address in its body.
pub(crate) async fn create_answering_200(State(sandbox): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    if headers.get("ocp-apim-subscription-key").is_none_or(|key| key.is_empty()) {
        return problem(StatusCode::UNAUTHORIZED, "Access denied", "missing subscription key");
    }
    match create(&sandbox, &body, false).await {
        Ok(url) => Json(serde_json::json!({ "checkoutRedirectUrl": url })).into_response(),
        Err(refusal) => *refusal,
    }
}

async fn create(sandbox: &Sandbox, body: &[u8], wants_waiting_url: bool) -> Result<String, Box<Response>> {
    let cart =
        read(body, wants_waiting_url).map_err(|why| Box::new(problem(StatusCode::BAD_REQUEST, "Invalid request", &why)))?;
    let unprocessable = |why: String| Box::new(problem(StatusCode::UNPROCESSABLE_ENTITY, "Invalid cart", &why));
    let mut notices: Vec<CartEntry> = Vec::new();
    for asked in &cart.payment_notices {
        let entry = verify(sandbox, asked).await.map_err(unprocessable)?;
        if notices.iter().any(|n| n.number == entry.number && n.creditor.fiscal_code == entry.creditor.fiscal_code) {
            return Err(unprocessable("the same notice twice".to_owned()));
        }
        notices.push(entry);
    }
    if notices.len() > 5 {
        return Err(unprocessable("more than five notices".to_owned()));
    }
    let id = sandbox.entropy.token()[..32].to_owned();
    let url = format!("{}/checkout/{id}", sandbox.public_url);
    sandbox.carts.insert(id, OpenCart { cart, notices, created_at: sandbox.clock.now(), state: CartState::Open });
    Ok(url)
}

fn read(body: &[u8], wants_waiting_url: bool) -> Result<Cart, String> {
    let cart: Cart = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    let urls = &cart.return_urls;
    let absolute = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    let all = [Some(&urls.ok), Some(&urls.cancel), Some(&urls.error), urls.waiting.as_ref()];
    if wants_waiting_url && urls.waiting.is_none() {
        return Err("returnWaitingUrl is missing".to_owned());
    }
    if !all.into_iter().flatten().all(|u| absolute(u)) {
        return Err("return addresses must be absolute".to_owned());
    }
    if cart.payment_notices.is_empty() || cart.payment_notices.iter().any(|n| !is_valid(n)) {
        return Err("a payment notice is malformed".to_owned());
    }
    Ok(cart)
}

fn is_valid(notice: &CartNotice) -> bool {
    let short = |text: &str| (1..=140).contains(&text.chars().count());
    let fiscal_code = notice.fiscal_code.len() == 11 && notice.fiscal_code.bytes().all(|b| b.is_ascii_digit());
    let number = NoticeNumber::parse(&notice.notice_number).is_ok();
    fiscal_code && number && notice.amount_cents > 0 && short(&notice.company_name) && short(&notice.description)
}

async fn verify(sandbox: &Sandbox, asked: &CartNotice) -> Result<CartEntry, String> {
    let creditor = sandbox.creditor(&asked.fiscal_code).await?;
    let number = NoticeNumber::parse(&asked.notice_number).map_err(|e| e.to_string())?;
    let summary = sandbox.verify(&creditor, number, Station::Asked).await?;
    Ok(CartEntry {
        creditor,
        number,
        amount_cents: summary.amount_cents,
        description: summary.description,
        company_name: summary.company_name,
    })
}

pub(super) fn problem(status: StatusCode, title: &str, detail: &str) -> Response {
    let problem = Problem { title: title.to_owned(), status: status.as_u16(), detail: detail.to_owned(), ..Problem::default() };
    let body = serde_json::to_string(&problem).expect("a problem is plain text and numbers");
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
}
