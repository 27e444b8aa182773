//! Choosing a password: by a one-time link, or in place of the present one.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use identity::credentials::sign_in::{self, Outcome};
use identity::credentials::{Error, Kind, Weakness, account, link, password};

use super::{BUSINESS, Door, STAFF, go_on, with_session};
use crate::chrome::{Chrome, FieldError, html};
use crate::guard::see_other;
use crate::refusal::Refusal;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "public/password_set.html")]
struct SetPage {
    c: Chrome,
    name: String,
    user_label: String,
    user_name: String,
    limits: String,
    /// Whether the present password is asked for too.
    present: bool,
    errors: Vec<FieldError>,
}

fn set_page(
    visit: &Visit,
    door: &Door,
    of: &identity::credentials::Credential,
    present: bool,
    errors: Vec<FieldError>,
) -> Result<Response, Refusal> {
    let title = visit.t(if of.has_password() { "password-set-new-title" } else { "password-set-title" });
    let mut c = match (present, door.kind) {
        (false, _) => door.chrome(visit, title),
        (true, Kind::Business) => Chrome::personal(visit, title, vec![crate::accesses::crumb(visit)]),
        (true, Kind::Staff) => Chrome::office(visit, title),
    };
    c.has_errors = !errors.is_empty();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let limits = [("least", password::SHORTEST.into()), ("most", password::LONGEST.into())];
    let page = SetPage {
        c,
        name: of.name.clone(),
        user_label: visit.t(door.user_label).to_owned(),
        user_name: of.user_name.clone(),
        limits: visit.f("password-limits", &limits),
        present,
        errors,
    };
    html(status, &page)
}

pub async fn business_link(Path(token): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    show_link(&visit, &BUSINESS, &token).await
}

pub async fn staff_link(Path(token): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    show_link(&visit, &STAFF, &token).await
}

async fn show_link(visit: &Visit, door: &Door, token: &str) -> Result<Response, Refusal> {
    let credential = link::find(&mut visit.read().await?, &visit.ctx, door.kind, token).await?;
    set_page(visit, door, &credential, false, Vec::new())
}

pub async fn business_set(Path(token): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    set(&visit, &BUSINESS, &token).await
}

pub async fn staff_set(Path(token): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    set(&visit, &STAFF, &token).await
}

async fn set(visit: &Visit, door: &Door, token: &str) -> Result<Response, Refusal> {
    let credential = link::find(&mut visit.read().await?, &visit.ctx, door.kind, token).await?;
    let new = visit.form.typed("nuova");
    if new != visit.form.typed("ripeti") {
        return set_page(visit, door, &credential, false, vec![not_the_same(visit)]);
    }
    let state = &visit.state;
    match sign_in::by_link(&state.db, &visit.ctx, &state.passwords, door.kind, token, new).await {
        Ok(outcome) => go_on(visit, outcome, ""),
        Err(Error::Weak(weakness)) => set_page(visit, door, &credential, false, vec![weak(visit, weakness)]),
        Err(other) => Err(other.into()),
    }
}

fn not_the_same(visit: &Visit) -> FieldError {
    FieldError { field: "ripeti", words: visit.t("password-not-the-same").to_owned() }
}

fn weak(visit: &Visit, weakness: Weakness) -> FieldError {
    let words = match weakness {
        Weakness::TooShort => visit.f("password-too-short", &[("least", password::SHORTEST.into())]),
        Weakness::TooLong => visit.f("password-too-long", &[("most", password::LONGEST.into())]),
        Weakness::Breached => visit.t("password-breached").to_owned(),
        Weakness::Personal => visit.t("password-personal").to_owned(),
    };
    FieldError { field: "nuova", words }
}

pub async fn business_change(visit: Visit) -> Result<Response, Refusal> {
    show_change(&visit, &BUSINESS).await
}

pub async fn staff_change(visit: Visit) -> Result<Response, Refusal> {
    show_change(&visit, &STAFF).await
}

async fn show_change(visit: &Visit, door: &Door) -> Result<Response, Refusal> {
    let own = account::find_own(&mut visit.read().await?, &visit.ctx).await?.ok_or(Refusal::NotFound)?;
    set_page(visit, door, &own, true, Vec::new())
}

pub async fn business_put(visit: Visit) -> Result<Response, Refusal> {
    put(&visit, &BUSINESS).await
}

pub async fn staff_put(visit: Visit) -> Result<Response, Refusal> {
    put(&visit, &STAFF).await
}

async fn put(visit: &Visit, door: &Door) -> Result<Response, Refusal> {
    let own = account::find_own(&mut visit.read().await?, &visit.ctx).await?.ok_or(Refusal::NotFound)?;
    let (present, new) = (visit.form.typed("attuale"), visit.form.typed("nuova"));
    if new != visit.form.typed("ripeti") {
        return set_page(visit, door, &own, true, vec![not_the_same(visit)]);
    }
    let state = &visit.state;
    match sign_in::change_password(&state.db, &visit.ctx, &state.passwords, present, new).await {
        Ok(Outcome::Wrong) => {
            let words = visit.t("password-present-wrong").to_owned();
            set_page(visit, door, &own, true, vec![FieldError { field: "attuale", words }])
        }
        Ok(Outcome::SignedIn { session_token }) => Ok(changed(visit, door, &session_token)),
        Ok(outcome) => go_on(visit, outcome, ""),
        Err(Error::Weak(weakness)) => set_page(visit, door, &own, true, vec![weak(visit, weakness)]),
        Err(other) => Err(other.into()),
    }
}

fn changed(visit: &Visit, door: &Door, session_token: &str) -> Response {
    let to = match door.kind {
        Kind::Business => "/area-personale/accessi?password=cambiata",
        Kind::Staff => "/ufficio?password=cambiata",
    };
    with_session(visit, door.kind, see_other(to), session_token)
}
