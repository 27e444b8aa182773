//! Passwords at the doors: signing in with one and asking for a new one; setting it stands in [`set`]. Businesses and staff have the
//! same pages at addresses of their own.

pub mod set;

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::Response;
use identity::credentials::sign_in::{self, Attempt, Outcome};
use identity::credentials::{Kind, mail};
use kernel::VatNumber;

use crate::chrome::{Chrome, Crumb, FieldError, html};
use crate::cookies;
use crate::guard::{self, see_other};
use crate::public::local_path;
use crate::refusal::Refusal;
use crate::second_factor;
use crate::visit::Visit;

/// Who signs in here: an address, and the keys of the words that differ.
struct Door {
    kind: Kind,
    forgotten: &'static str,
    title: &'static str,
    lead: &'static str,
    user_label: &'static str,
    user_hint: &'static str,
    /// What was typed cannot be a user name.
    user_wrong: &'static str,
    /// The user name or the password is wrong; which is not said.
    wrong: &'static str,
    forgotten_lead: &'static str,
}

const BUSINESS: Door = Door {
    kind: Kind::Business,
    forgotten: "/accedi/imprese/password-dimenticata",
    title: "business-sign-in-title",
    lead: "business-sign-in-lead",
    user_label: "business-user-name",
    user_hint: "business-user-name-hint",
    user_wrong: "business-user-name-wrong",
    wrong: "business-wrong",
    forgotten_lead: "business-forgotten-lead",
};
const STAFF: Door = Door {
    kind: Kind::Staff,
    forgotten: "/ufficio/accedi/password-dimenticata",
    title: "staff-sign-in-title",
    lead: "staff-sign-in-lead",
    user_label: "staff-user-name",
    user_hint: "staff-user-name-hint",
    user_wrong: "staff-user-name-wrong",
    wrong: "staff-wrong",
    forgotten_lead: "staff-forgotten-lead",
};

impl Door {
    fn sign_in(&self) -> &'static str {
        mail::sign_in_path(self.kind)
    }

    fn chrome(&self, visit: &Visit, title: &str) -> Chrome {
        let crumb = |words: &str, href: Option<&str>| Crumb { words: words.to_owned(), href: href.map(str::to_owned) };
        let mut crumbs = vec![crumb(visit.t("crumb-home"), Some("/"))];
        match self.kind {
            Kind::Business => crumbs.push(crumb(visit.t("sign-in-title"), Some("/accedi"))),
            Kind::Staff => {}
        }
        if visit.path != self.sign_in() {
            crumbs.push(crumb(visit.t(self.title), Some(self.sign_in())));
        }
        crumbs.push(crumb(title, None));
        Chrome::new(visit, title, crumbs)
    }
}

#[derive(Template)]
#[template(path = "public/password_sign_in.html")]
struct SignInPage {
    c: Chrome,
    lead: String,
    user_label: String,
    user_hint: String,
    numeric: bool,
    user_name: String,
    back: String,
    forgotten: &'static str,
    errors: Vec<FieldError>,
}

fn sign_in_page(visit: &Visit, door: &Door, user_name: &str, back: &str, errors: Vec<FieldError>) -> Result<Response, Refusal> {
    let mut c = door.chrome(visit, visit.t(door.title));
    c.has_errors = !errors.is_empty();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    let page = SignInPage {
        c,
        lead: visit.t(door.lead).to_owned(),
        user_label: visit.t(door.user_label).to_owned(),
        user_hint: visit.t(door.user_hint).to_owned(),
        numeric: door.kind == Kind::Business,
        user_name: user_name.to_owned(),
        back: back.to_owned(),
        forgotten: door.forgotten,
        errors,
    };
    html(status, &page)
}

pub async fn business(visit: Visit) -> Result<Response, Refusal> {
    sign_in_page(&visit, &BUSINESS, "", visit.query.typed("poi"), Vec::new())
}

pub async fn staff(visit: Visit) -> Result<Response, Refusal> {
    sign_in_page(&visit, &STAFF, "", "", Vec::new())
}

pub async fn business_enter(visit: Visit) -> Result<Response, Refusal> {
    enter(&visit, &BUSINESS).await
}

pub async fn staff_enter(visit: Visit) -> Result<Response, Refusal> {
    enter(&visit, &STAFF).await
}

async fn enter(visit: &Visit, door: &Door) -> Result<Response, Refusal> {
    let (user_name, back) = (visit.form.typed("utente"), visit.form.typed("poi"));
    let attempt = Attempt { kind: door.kind, user_name, password: visit.form.typed("password"), source: &visit.source };
    match sign_in::with_password(&visit.state.db, &visit.ctx, &visit.state.passwords, attempt).await? {
        Outcome::Wrong => {
            let words = visit.t(door.wrong).to_owned();
            sign_in_page(visit, door, user_name, back, vec![FieldError { field: "utente", words }])
        }
        outcome => go_on(visit, outcome, back),
    }
}

/// Where a right password leads.
fn go_on(visit: &Visit, outcome: Outcome, back: &str) -> Result<Response, Refusal> {
    match outcome {
        Outcome::SignedIn { session_token } => {
            let to = match local_path(Some(back).filter(|b| !b.is_empty())) {
                "/" => "/area-personale",
                path if guard::is_office(path) => "/area-personale",
                path => path,
            };
            Ok(with_session(visit, Kind::Business, see_other(to), &session_token))
        }
        Outcome::CodeAwaited { pending_token, has_factor } => Ok(second_factor::ask(visit, &pending_token, has_factor)),
        Outcome::Wait { seconds } => Err(Refusal::TooMany { wait_s: seconds }),
        Outcome::Wrong => Err(Refusal::BadRequest),
    }
}

#[derive(Template)]
#[template(path = "public/password_forgotten.html")]
struct ForgottenPage {
    c: Chrome,
    lead: String,
    user_label: String,
    user_hint: String,
    numeric: bool,
    user_name: String,
    errors: Vec<FieldError>,
}

fn forgotten_page(visit: &Visit, door: &Door, user_name: &str, errors: Vec<FieldError>) -> Result<Response, Refusal> {
    let mut c = door.chrome(visit, visit.t("password-forgotten-title"));
    c.has_errors = !errors.is_empty();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = ForgottenPage {
        c,
        lead: visit.t(door.forgotten_lead).to_owned(),
        user_label: visit.t(door.user_label).to_owned(),
        user_hint: visit.t(door.user_hint).to_owned(),
        numeric: door.kind == Kind::Business,
        user_name: user_name.to_owned(),
        errors,
    };
    html(status, &page)
}

pub async fn business_forgotten(visit: Visit) -> Result<Response, Refusal> {
    forgotten_page(&visit, &BUSINESS, "", Vec::new())
}

pub async fn staff_forgotten(visit: Visit) -> Result<Response, Refusal> {
    forgotten_page(&visit, &STAFF, "", Vec::new())
}

pub async fn business_ask(visit: Visit) -> Result<Response, Refusal> {
    ask(&visit, &BUSINESS).await
}

pub async fn staff_ask(visit: Visit) -> Result<Response, Refusal> {
    ask(&visit, &STAFF).await
}

#[derive(Template)]
#[template(path = "public/password_asked.html")]
struct AskedPage {
    c: Chrome,
    sign_in: &'static str,
}

/// The same page in the same time, whoever has an account.
async fn ask(visit: &Visit, door: &Door) -> Result<Response, Refusal> {
    let typed = visit.form.typed("utente");
    let user_name = door.kind.user_name(typed);
    let is_one = match door.kind {
        Kind::Business => VatNumber::parse(&user_name).is_ok(),
        Kind::Staff => user_name.contains('@'),
    };
    if !is_one {
        let words = visit.t(door.user_wrong).to_owned();
        return forgotten_page(visit, door, typed, vec![FieldError { field: "utente", words }]);
    }
    let mut tx = visit.begin().await?;
    let wait = mail::request_reset(&mut tx, &visit.ctx, door.kind, &user_name, &visit.source).await?;
    tx.commit().await?;
    if let Some(wait_s) = wait {
        return Err(Refusal::TooMany { wait_s });
    }
    html(StatusCode::OK, &AskedPage { c: door.chrome(visit, visit.t("password-asked-title")), sign_in: door.sign_in() })
}

/// The answer, with the cookie of a new session.
pub fn with_session(visit: &Visit, kind: Kind, mut response: Response, session_token: &str) -> Response {
    use identity::session::{Kind as Whose, limits};
    let (cookie, whose) = match kind {
        Kind::Business => (cookies::SESSION, Whose::Citizen),
        Kind::Staff => (cookies::STAFF, Whose::Staff),
    };
    let cookie = cookie.set(visit, session_token, limits(whose).absolute.as_secs());
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
