//! Sign-in by national services card: the portal's two doors, and the one page of the card's own listener.
//!
//! Browsers ask for a card only when a connection begins, so the card is shown to a listener with an address of its own;
//! the portal never asks for one. The listener sees the certificate itself, or takes it from a proxy that shares a secret
//! with it; either way every check is made here. The portal looks at no header of theirs.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use catalogue::Locale;
use cns::Verifier;
use enrolment::Tenant;
use identity::sign_in::Refusal as NotIn;
use kernel::{Actor, Ctx};
use percent_encoding::percent_decode;
use subtle::ConstantTimeEq;

use crate::chrome::html;
use crate::fields::Fields;
use crate::guard::see_other;
use crate::refusal::Refusal;
use crate::state::AppState;
use crate::visit::Visit;
use crate::{assets, headers, sign_in};

/// What the proxy puts in place of its own: the certificate as PEM in percent-encoding, and the secret it shares with us.
pub const CERTIFICATE_HEADER: &str = "x-cns-certificate";
pub const SECRET_HEADER: &str = "x-cns-secret";

/// `GET /cns/login?poi=`: off to the card's listener, pending for this browser.
pub async fn start(visit: Visit, headers: HeaderMap) -> Result<Response, Refusal> {
    let listener = visit.state.cns_url.as_ref().ok_or(Refusal::NotFound)?;
    let (back, browser) = (sign_in::destination(&visit), sign_in::browser_token(&visit, &headers));
    let mut tx = visit.begin().await?;
    let handle = identity::cns::begin(&mut tx, &visit.ctx, back, &browser).await?;
    tx.commit().await?;
    let query = Fields::default().with("accesso", &handle).with("lingua", visit.locale.code()).query();
    let mut response = see_other(&format!("{listener}/{query}"));
    response.headers_mut().append(header::SET_COOKIE, sign_in::browser_cookie(&visit, &browser));
    Ok(response)
}

/// `GET /cns/entra?ticket=`: one session for one ticket, and back to where the person was going.
pub async fn enter(visit: Visit, headers: HeaderMap) -> Result<Response, Refusal> {
    visit.state.cns_url.as_ref().ok_or(Refusal::NotFound)?;
    let mut tickets = visit.query.all("ticket");
    let (Some(ticket), None) = (tickets.next(), tickets.next()) else { return Err(Refusal::BadRequest) };
    let mut tx = visit.begin().await?;
    let entered =
        identity::cns::enter(&mut tx, &visit.ctx, &visit.state.vault, ticket, sign_in::browser_of(&visit, &headers)).await;
    // A refusal leaves its event behind too.
    tx.commit().await?;
    Ok(sign_in::welcome(&visit, &entered?))
}

/// What the card's listener needs.
#[derive(Clone)]
pub struct CardState {
    pub app: AppState,
    pub cards: Arc<Verifier>,
    pub shown: Shown,
}

/// How certificates reach the listener.
#[derive(Clone)]
pub enum Shown {
    /// By its own handshake, as [`ClientCertificate`].
    Handshake,
    /// In a header of a proxy that knows the secret.
    Header { secret: Arc<str> },
}

/// The certificate whose key the client proved to hold, in DER: put among a request's extensions by a TLS listener.
#[derive(Clone, Debug)]
pub struct ClientCertificate(pub Arc<[u8]>);

/// The card's listener: one page, and the files its words are dressed in.
pub fn router(state: CardState) -> Router {
    Router::new()
        .route("/", get(show_card))
        .route("/assets/{name}", get(assets::serve))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(tower_http::catch_panic::CatchPanicLayer::new())
        .with_state(state)
}

/// `GET /?accesso=`: back to the portal with a ticket, or a page that says why not.
async fn show_card(State(state): State<CardState>, request: Request) -> Response {
    let query = Fields::parse(request.uri().query().unwrap_or_default()).unwrap_or_default();
    let locale = query.get("lingua").and_then(Locale::from_code).unwrap_or_default();
    let (shown, mut back) = (certificate(&state.shown, &request), None);
    drop(request);
    let answer = match answer(&state, shown, query.typed("accesso"), &mut back).await {
        Ok(portal) => see_other(&portal),
        Err(refusal) => say_no(&state, locale, &refusal, back),
    };
    let mut answer = headers::harden(answer, None);
    // The next try must begin with a new handshake: a browser shows another card only then.
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// Where the person came from, once that is known.
struct Back {
    tenant: Tenant,
    path: String,
}

/// The address of the portal's door, with a ticket. What does not come from the proxy learns nothing, not even of the handle.
async fn answer(
    state: &CardState,
    certificate: Result<Vec<u8>, Refusal>,
    handle: &str,
    back: &mut Option<Back>,
) -> Result<String, Refusal> {
    let app = &state.app;
    if certificate == Err(NO_PROXY) {
        return Err(NO_PROXY);
    }
    let mut tx = app.db.begin().await?;
    let begun = identity::cns::find_begun(&mut tx, handle, app.clock.now()).await?.ok_or(NotIn::NotPending)?;
    let tenant = enrolment::tenant::find(&mut tx, begun.tenant).await?.ok_or(NotIn::NotPending)?;
    let ctx = Ctx::new(tenant.id, Actor::Anonymous, &app.clock, &app.entropy);
    let portal = tenant.public_url.clone();
    *back = Some(Back { tenant, path: begun.return_path });
    let card = certificate.and_then(|der| state.cards.verify(&der, ctx.now).map_err(refused_card));
    let ticket = match &card {
        Ok(card) => Ok(identity::cns::mint(&mut tx, &ctx, handle, card).await?),
        Err(refusal) => {
            identity::cns::refused(&mut tx, &ctx, refusal.words().stem).await?;
            Err(refusal.clone())
        }
    };
    tx.commit().await?;
    Ok(format!("{portal}/cns/entra{}", Fields::default().with("ticket", &ticket?).query()))
}

const NO_PROXY: Refusal = Refusal::SignIn { key: "cns-proxy", status: 403 };
const NO_CARD: Refusal = Refusal::SignIn { key: "cns-none", status: 401 };

fn refused_card(refusal: cns::Refusal) -> Refusal {
    tracing::info!(reason = %refusal, "a card was refused");
    Refusal::SignIn { key: refusal.code(), status: 403 }
}

/// The certificate that was shown, in DER.
fn certificate(shown: &Shown, request: &Request) -> Result<Vec<u8>, Refusal> {
    match shown {
        Shown::Handshake => {
            let certificate = request.extensions().get::<ClientCertificate>().ok_or(NO_CARD)?;
            Ok(certificate.0.to_vec())
        }
        Shown::Header { secret } => from_proxy(request.headers(), secret),
    }
}

/// Each header once: a second one is the client's, that the proxy failed to take away.
fn from_proxy(headers: &HeaderMap, secret: &str) -> Result<Vec<u8>, Refusal> {
    let sent = single(headers, SECRET_HEADER).ok_or(NO_PROXY)?;
    if !bool::from(sent.ct_eq(secret.as_bytes())) {
        return Err(NO_PROXY);
    }
    let pem: Vec<u8> = percent_decode(single(headers, CERTIFICATE_HEADER).ok_or(NO_PROXY)?).collect();
    if pem.is_empty() { Err(NO_CARD) } else { cns::certificate_from_pem(&pem).map_err(refused_card) }
}

/// The header's bytes, empty where there is none; nothing when it stands there twice.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h [u8]> {
    let mut all = headers.get_all(name).iter();
    let first = all.next().map_or(&b""[..], HeaderValue::as_bytes);
    all.next().is_none().then_some(first)
}

#[derive(Template)]
#[template(path = "cns.html")]
struct NoPage<'a> {
    state: &'a AppState,
    locale: Locale,
    key: &'static str,
    back: Option<Ways>,
}

/// The ways on from a refusal, all of the portal.
struct Ways {
    tenant: String,
    again: String,
    other: String,
}

impl NoPage<'_> {
    fn t<'k>(&'k self, key: &'k str) -> &'k str {
        self.state.catalogue.text(self.locale, key)
    }

    fn words(&self, end: &str) -> String {
        self.t(&format!("{}-{end}", self.key)).to_owned()
    }

    fn asset(&self, logical: &str) -> String {
        assets::url(logical)
    }
}

fn say_no(state: &CardState, locale: Locale, refusal: &Refusal, back: Option<Back>) -> Response {
    let words = refusal.words();
    let ways = |Back { tenant, path }: Back| {
        let query = Fields::default().with("poi", &path).query();
        Ways {
            again: format!("{}/cns/login{query}", tenant.public_url),
            other: format!("{}/accedi{query}", tenant.public_url),
            tenant: tenant.name,
        }
    };
    let page = NoPage { state: &state.app, locale, key: words.stem, back: back.map(ways) };
    html(words.status, &page).unwrap_or_else(|_| words.status.into_response())
}
