//! The second factor of staff at the doors: the question for a code, and the first time the key for an authenticator.

use std::fmt::Write;

use askama::Template;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use fast_qr::{ECL, QRBuilder};
use identity::credentials::sign_in::{self, Outcome};
use identity::credentials::{Error, Kind, second_factor};

use crate::chrome::{Chrome, Crumb, FieldError, html};
use crate::cookies;
use crate::guard::see_other;
use crate::password::with_session;
use crate::refusal::Refusal;
use crate::visit::Visit;

const PENDING_SECONDS: i64 = 600;

/// The secret of who gave a right password and must give a code.
fn pending_token<'h>(visit: &Visit, headers: &'h HeaderMap) -> Option<&'h str> {
    cookies::PENDING.of(headers, visit.tenant.has_tls())
}

/// On to the question.
pub fn ask(visit: &Visit, pending_token: &str, has_factor: bool) -> Response {
    let mut response = see_other(if has_factor { "/ufficio/accedi/codice" } else { "/ufficio/accedi/attivazione" });
    response.headers_mut().append(header::SET_COOKIE, cookies::PENDING.set(visit, pending_token, PENDING_SECONDS));
    response
}

fn chrome(visit: &Visit, title: &str) -> Chrome {
    let crumb = |words: &str, href: Option<&str>| Crumb { words: words.to_owned(), href: href.map(str::to_owned) };
    let crumbs = vec![
        crumb(visit.t("crumb-home"), Some("/")),
        crumb(visit.t("staff-sign-in-title"), Some("/ufficio/accedi")),
        crumb(title, None),
    ];
    Chrome::new(visit, title, crumbs)
}

#[derive(Template)]
#[template(path = "public/second_factor.html")]
struct CodePage {
    c: Chrome,
    errors: Vec<FieldError>,
}

fn code_page(visit: &Visit, errors: Vec<FieldError>) -> Result<Response, Refusal> {
    let mut c = chrome(visit, visit.t("factor-title"));
    c.has_errors = !errors.is_empty();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    html(status, &CodePage { c, errors })
}

fn wrong(visit: &Visit) -> Vec<FieldError> {
    vec![FieldError { field: "codice", words: visit.t("factor-wrong").to_owned() }]
}

/// Whose code is awaited; nobody's leads back to the password.
async fn pending(visit: &Visit, headers: &HeaderMap) -> Result<Option<identity::credentials::Credential>, Refusal> {
    let Some(token) = pending_token(visit, headers) else { return Ok(None) };
    match sign_in::pending(&mut visit.read().await?, &visit.ctx, token).await {
        Ok(credential) => Ok(Some(credential)),
        Err(Error::NotPending) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// `GET /ufficio/accedi/codice`
pub async fn show(visit: Visit, headers: HeaderMap) -> Result<Response, Refusal> {
    match pending(&visit, &headers).await? {
        Some(credential) if credential.totp_since.is_some() => code_page(&visit, Vec::new()),
        Some(_) => Ok(see_other("/ufficio/accedi/attivazione")),
        None => Ok(see_other("/ufficio/accedi")),
    }
}

/// `POST /ufficio/accedi/codice`
pub async fn enter(visit: Visit, headers: HeaderMap) -> Result<Response, Refusal> {
    let token = pending_token(&visit, &headers).unwrap_or_default();
    let state = &visit.state;
    match sign_in::with_code(&state.db, &visit.ctx, &state.vault, token, visit.form.typed("codice")).await? {
        Outcome::SignedIn { session_token } => Ok(signed_in(&visit, see_other("/ufficio"), &session_token)),
        Outcome::Wait { seconds } => Err(Refusal::TooMany { wait_s: seconds }),
        Outcome::Wrong | Outcome::CodeAwaited { .. } => code_page(&visit, wrong(&visit)),
    }
}

fn signed_in(visit: &Visit, response: Response, session_token: &str) -> Response {
    let mut response = with_session(visit, Kind::Staff, response, session_token);
    response.headers_mut().append(header::SET_COOKIE, cookies::PENDING.end(visit));
    response
}

#[derive(Template)]
#[template(path = "public/second_factor_start.html")]
struct StartPage {
    c: Chrome,
    key: String,
    uri: String,
    /// The path of the QR symbol, and its side in modules with the quiet zone.
    qr: String,
    side: usize,
    errors: Vec<FieldError>,
}

async fn start_page(visit: &Visit, of: &identity::credentials::Credential, errors: Vec<FieldError>) -> Result<Response, Refusal> {
    let mut tx = visit.begin().await?;
    let key = second_factor::begin(&mut tx, &visit.ctx, &visit.state.vault, of, &visit.tenant.name).await?;
    tx.commit().await?;
    let (qr, side) = qr(&key.uri)?;
    let mut c = chrome(visit, visit.t("factor-start-title"));
    c.has_errors = !errors.is_empty();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    html(status, &StartPage { c, key: key.text, uri: key.uri, qr, side, errors })
}

/// The dark modules as one path, four modules of quiet around.
fn qr(text: &str) -> Result<(String, usize), Refusal> {
    let symbol = QRBuilder::new(text).ecl(ECL::M).build().map_err(|_| Refusal::Unexpected)?;
    let mut path = String::new();
    for y in 0..symbol.size {
        for x in (0..symbol.size).filter(|x| symbol[y][*x].value()) {
            write!(path, "M{} {}h1v1h-1z", x + 4, y + 4).expect("a string takes every text");
        }
    }
    Ok((path, symbol.size + 8))
}

/// `GET /ufficio/accedi/attivazione`
pub async fn start(visit: Visit, headers: HeaderMap) -> Result<Response, Refusal> {
    match pending(&visit, &headers).await? {
        Some(credential) if credential.totp_since.is_none() => start_page(&visit, &credential, Vec::new()).await,
        Some(_) => Ok(see_other("/ufficio/accedi/codice")),
        None => Ok(see_other("/ufficio/accedi")),
    }
}

#[derive(Template)]
#[template(path = "office/recovery_codes.html")]
struct RecoveryPage {
    c: Chrome,
    codes: Vec<String>,
}

/// `POST /ufficio/accedi/attivazione`: puts the key in force; the recovery codes are shown here and nowhere again.
pub async fn confirm(visit: Visit, headers: HeaderMap) -> Result<Response, Refusal> {
    let token = pending_token(&visit, &headers).unwrap_or_default();
    let state = &visit.state;
    let typed = visit.form.typed("codice");
    let (outcome, codes) = sign_in::with_first_code(&state.db, &visit.ctx, &state.vault, token, typed).await?;
    match outcome {
        Outcome::SignedIn { session_token } => Ok(signed_in(&visit, recovery_page(&visit, codes)?, &session_token)),
        Outcome::Wait { seconds } => Err(Refusal::TooMany { wait_s: seconds }),
        Outcome::Wrong | Outcome::CodeAwaited { .. } => {
            let credential = pending(&visit, &headers).await?.ok_or(Refusal::BadRequest)?;
            start_page(&visit, &credential, wrong(&visit)).await
        }
    }
}

pub fn recovery_page(visit: &Visit, codes: Vec<String>) -> Result<Response, Refusal> {
    html(StatusCode::OK, &RecoveryPage { c: Chrome::office(visit, visit.t("recovery-title")), codes })
}
