//! Pages of refusals.

use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use catalogue::Locale;

use crate::assets;
use crate::chrome::{Chrome, Crumb, html};
use crate::cookies;
use crate::guard::{self, see_other};
use crate::refusal::{Action, Refusal};
use crate::state::AppState;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage {
    c: Chrome,
    text: String,
    action: Action,
    /// What the office needs to find the cause in the log.
    code: Option<String>,
    /// Who is signed in, where that is the question.
    signed_in_as: Option<(String, String)>,
    back: String,
    /// How long to wait, in words.
    wait: Option<String>,
}

/// A refusal where no tenant is known yet: without chrome.
#[derive(Template)]
#[template(path = "bare.html")]
struct BarePage {
    lang: &'static str,
    title: String,
    text: String,
    style: String,
}

pub fn bare(state: &AppState, locale: Locale, refusal: &Refusal) -> Response {
    let words = refusal.words();
    let text = |end: &str| state.catalogue.text(locale, &format!("{}-{end}", words.stem)).to_owned();
    let page = BarePage { lang: locale.code(), title: text("title"), text: text("text"), style: assets::url("portal.css") };
    finish(html(words.status, &page).unwrap_or_else(|_| words.status.into_response()), words.retry_after_s)
}

pub async fn refuse(visit: &Visit, refusal: &Refusal) -> Response {
    match refusal {
        Refusal::SignInFirst => return see_other(&sign_in_address(visit)),
        Refusal::NotRelated => note_refusal(visit).await,
        _ => {}
    }
    let words = refusal.words();
    let title = visit.t(&format!("{}-title", words.stem)).to_owned();
    let crumbs = vec![
        Crumb { words: visit.t("crumb-home").to_owned(), href: Some("/".to_owned()) },
        Crumb { words: title.clone(), href: None },
    ];
    // Without the end of the session, which moves by the second: what is not there and what is not theirs are the same bytes.
    let mut c = Chrome::new(visit, title, crumbs);
    c.session_end = None;
    let page = RefusalPage {
        c,
        text: visit.t(&format!("{}-text", words.stem)).to_owned(),
        action: words.action,
        code: (*refusal == Refusal::Unexpected).then(|| short_code(visit)),
        signed_in_as: signed_in_as(visit, refusal),
        back: back(visit, refusal),
        wait: words.retry_after_s.filter(|_| matches!(refusal, Refusal::TooMany { .. })).map(|s| wait_words(visit, s)),
    };
    let mut response = html(words.status, &page).unwrap_or_else(|_| words.status.into_response());
    // What is typed about passwords and codes is kept nowhere.
    let may_keep = !guard::is_office(&visit.path) && !visit.path.starts_with("/area-personale/accessi");
    if *refusal == Refusal::SessionEnded && may_keep {
        keep_form(visit, &mut response).await;
    }
    finish(response, words.retry_after_s)
}

fn back(visit: &Visit, refusal: &Refusal) -> String {
    match refusal {
        Refusal::SessionEnded => sign_in_address(visit),
        Refusal::LinkNotValid if guard::is_office(&visit.path) => "/ufficio/accedi/password-dimenticata".to_owned(),
        Refusal::LinkNotValid => "/accedi/imprese/password-dimenticata".to_owned(),
        Refusal::SignIn { .. } if guard::is_office(&visit.path) => "/ufficio/accedi".to_owned(),
        Refusal::SignIn { .. } => "/accedi".to_owned(),
        _ => visit.path.clone(),
    }
}

/// `Puoi riprovare tra 12 minuti.`
fn wait_words(visit: &Visit, seconds: u32) -> String {
    if seconds > 60 {
        visit.f("wait-minutes", &[("minutes", seconds.div_ceil(60).into())])
    } else {
        visit.f("wait-seconds", &[("seconds", seconds.into())])
    }
}

fn finish(mut response: Response, retry_after_s: Option<u32>) -> Response {
    if let Some(seconds) = retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The sign-in page, that comes back here.
fn sign_in_address(visit: &Visit) -> String {
    if guard::is_office(&visit.path) {
        return "/ufficio/accedi".to_owned();
    }
    let here = format!("{}{}", visit.path, visit.query.query());
    let here = if visit.form.is_empty() { here } else { page_of(&visit.path) };
    let back = crate::fields::Fields::default().with("poi", &here);
    format!("/accedi{}", back.query())
}

fn short_code(visit: &Visit) -> String {
    let id = visit.ctx.request_id.simple().to_string().to_uppercase();
    format!("{}-{}", &id[24..28], &id[28..32])
}

fn signed_in_as(visit: &Visit, refusal: &Refusal) -> Option<(String, String)> {
    let session = visit.session.as_ref().filter(|_| *refusal == Refusal::NotRelated)?;
    Some((session.full_name(), session.code_ending()))
}

/// The refusal is logged: who was told no must be found when they telephone.
async fn note_refusal(visit: &Visit) {
    let Some(session) = &visit.session else { return };
    let noted = async {
        let mut tx = visit.begin().await?;
        let kind = identity::events::Kind::Refused;
        identity::events::record(&mut tx, &visit.ctx, session.person, kind, &session.scheme, None, Some("not_related")).await?;
        let details = serde_json::json!({ "path": visit.path });
        db::audit::record(&mut tx, &visit.ctx, "visit.refused", &format!("session:{}", session.id), &details).await?;
        tx.commit().await.map_err(Refusal::from)
    };
    let noted: Result<(), Refusal> = noted.await;
    if noted.is_err() {
        tracing::warn!(request_id = %visit.ctx.request_id, "a refusal could not be logged");
    }
}

/// Keeps what was sent after the session had ended, for this browser.
async fn keep_form(visit: &Visit, response: &mut Response) {
    let key = visit.ctx.entropy.token();
    let body = visit.form.with("csrf", "").query();
    let kept = async {
        let mut tx = visit.begin().await?;
        let path = page_of(&visit.path);
        identity::draft::keep(&mut tx, &visit.ctx, &key, &path, body.trim_start_matches('?')).await?;
        tx.commit().await.map_err(Refusal::from)
    };
    if kept.await.is_ok() {
        response.headers_mut().append(header::SET_COOKIE, cookies::DRAFT.set(visit, &key, 1800));
    }
}

/// The page whose form posts to this path: a step of a flow comes back to its first page.
fn page_of(path: &str) -> String {
    const BELOW: &str = "/area-personale/pagamento/spontaneo";
    let parts = if path.starts_with(BELOW) { 4 } else { 3 };
    path.split('/').take(parts).collect::<Vec<_>>().join("/")
}
