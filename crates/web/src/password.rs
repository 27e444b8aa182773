//! Passwords at the doors: signing in with one, asking for a new one, setting it by a link, changing it. Businesses and staff
//! have the same pages at addresses of their own.

use askama::Template;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::Response;
use identity::credentials::sign_in::{self, Attempt, Outcome};
use identity::credentials::{Error, Kind, Weakness, account, link, mail, password};
use kernel::VatNumber;

use crate::chrome::{Chrome, Crumb, FieldError, html};
use crate::guard::{self, see_other};
use crate::public::local_path;
use crate::refusal::Refusal;
use crate::second_factor;
use crate::visit::Visit;

/// Who signs in here, in catalogue keys and addresses.
struct Door {
    kind: Kind,
    /// The stem of the words: `business-sign-in-title`.
    stem: &'static str,
    forgotten: &'static str,
}

const BUSINESS: Door = Door { kind: Kind::Business, stem: "business", forgotten: "/accedi/imprese/password-dimenticata" };
const STAFF: Door = Door { kind: Kind::Staff, stem: "staff", forgotten: "/ufficio/accedi/password-dimenticata" };

impl Door {
    fn sign_in(&self) -> &'static str {
        mail::sign_in_path(self.kind)
    }

    fn t(&self, visit: &Visit, end: &str) -> String {
        visit.t(&format!("{}-{end}", self.stem)).to_owned()
    }

    fn chrome(&self, visit: &Visit, title: &str) -> Chrome {
        let crumb = |words: &str, href: Option<&str>| Crumb { words: words.to_owned(), href: href.map(str::to_owned) };
        let mut crumbs = vec![crumb(visit.t("crumb-home"), Some("/"))];
        match self.kind {
            Kind::Business => crumbs.push(crumb(visit.t("sign-in-title"), Some("/accedi"))),
            Kind::Staff => {}
        }
        if visit.path != self.sign_in() {
            crumbs.push(crumb(&self.t(visit, "sign-in-title"), Some(self.sign_in())));
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
    let mut c = door.chrome(visit, &door.t(visit, "sign-in-title"));
    c.has_errors = !errors.is_empty();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    let page = SignInPage {
        c,
        lead: door.t(visit, "sign-in-lead"),
        user_label: door.t(visit, "user-name"),
        user_hint: door.t(visit, "user-name-hint"),
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
            let words = door.t(visit, "wrong");
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
        lead: door.t(visit, "forgotten-lead"),
        user_label: door.t(visit, "user-name"),
        user_hint: door.t(visit, "user-name-hint"),
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
        let words = door.t(visit, "user-name-wrong");
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
        user_label: door.t(visit, "user-name"),
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

/// The answer, with the cookie of a new session.
pub fn with_session(visit: &Visit, kind: Kind, mut response: Response, session_token: &str) -> Response {
    use identity::session::{Kind as Whose, limits};
    let cookie = match kind {
        Kind::Business => {
            guard::set_cookie(visit, guard::SESSION_COOKIE, session_token, limits(Whose::Citizen).absolute.as_secs())
        }
        Kind::Staff => {
            let seconds = limits(Whose::Staff).absolute.as_secs();
            guard::set_cookie_at(visit, "/ufficio", guard::STAFF_COOKIE, session_token, seconds)
        }
    };
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
