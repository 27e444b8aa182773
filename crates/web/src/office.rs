//! The staff's own page: who is signed in, with which roles, and the account.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use identity::credentials::sign_in::{self, Outcome};
use identity::credentials::{account, second_factor};
use identity::events::{self, Kind as Event};
use kernel::Instant;

use crate::accesses::{self, Accesses};
use crate::chrome::{Chrome, FieldError, html};
use crate::refusal::Refusal;
use crate::second_factor::recovery_page;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "office/account.html")]
struct AccountPage {
    c: Chrome,
    name: String,
    email: String,
    roles: Vec<String>,
    factor_since: Option<Instant>,
    codes_left: i64,
    a: Accesses,
    changed: bool,
    errors: Vec<FieldError>,
}

/// `GET /ufficio`
pub async fn show(visit: Visit) -> Result<Response, Refusal> {
    page(&visit, Vec::new()).await
}

async fn page(visit: &Visit, errors: Vec<FieldError>) -> Result<Response, Refusal> {
    let mut tx = visit.read().await?;
    let own = account::find_own(&mut tx, &visit.ctx).await?.ok_or(Refusal::NotFound)?;
    let codes_left = second_factor::recovery_codes_left(&mut tx, &visit.ctx, own.id).await?;
    drop(tx);
    let mut c = Chrome::office(visit, visit.t("office-title"));
    c.has_errors = !errors.is_empty();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = AccountPage {
        c,
        name: own.name,
        email: own.email,
        roles: visit.roles.iter().map(|role| visit.t(&format!("role-{}", role.code())).to_owned()).collect(),
        factor_since: own.totp_since,
        codes_left,
        a: accesses::load(visit).await?,
        changed: visit.query.get("password").is_some(),
        errors,
    };
    html(status, &page)
}

/// `POST /ufficio/codici-di-recupero`
pub async fn renew_codes(visit: Visit) -> Result<Response, Refusal> {
    let (state, typed) = (&visit.state, visit.form.typed("codice"));
    match sign_in::renew_recovery_codes(&state.db, &visit.ctx, &state.vault, typed).await? {
        Ok(codes) => recovery_page(&visit, codes),
        Err(Outcome::Wait { seconds }) => Err(Refusal::TooMany { wait_s: seconds }),
        Err(_) => page(&visit, vec![FieldError { field: "codice", words: visit.t("factor-wrong").to_owned() }]).await,
    }
}

/// `POST /ufficio/esci`
pub async fn sign_out(visit: Visit) -> Result<Response, Refusal> {
    let session = visit.session.as_ref().ok_or(Refusal::SignInFirst)?;
    let mut tx = visit.begin().await?;
    identity::session::end(&mut tx, &visit.ctx, session.id).await?;
    events::record_of(&mut tx, &visit.ctx, &session.actor(), Event::SignedOut, &session.scheme, None).await?;
    tx.commit().await?;
    Ok(accesses::out(&visit))
}
