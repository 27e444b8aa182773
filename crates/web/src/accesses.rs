//! Accesses and sessions: where one is signed in, what was done with one's account, and the way out of everywhere. The same for
//! citizens and for staff.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::events::{self, Kind as Event};
use identity::session::{self, Session};
use kernel::{Instant, SessionId};

use crate::chrome::{Chrome, Crumb, html};
use crate::cookies;
use crate::guard::{self, see_other};
use crate::refusal::Refusal;
use crate::visit::Visit;

/// How many events are shown.
const EVENTS: i64 = 12;

pub struct SessionLine {
    pub id: SessionId,
    pub device: String,
    pub how: String,
    pub created_at: Instant,
    pub seen_at: Instant,
    pub is_this: bool,
}

pub struct EventLine {
    pub words: String,
    pub at: Instant,
    pub is_good: bool,
}

/// What both pages show.
pub struct Accesses {
    pub sessions: Vec<SessionLine>,
    pub events: Vec<EventLine>,
    /// The stem of the addresses of its forms.
    pub base: &'static str,
}

pub fn crumb(visit: &Visit) -> Crumb {
    Crumb { words: visit.t("accesses-title").to_owned(), href: Some("/area-personale/accessi".to_owned()) }
}

pub async fn load(visit: &Visit) -> Result<Accesses, Refusal> {
    let session = own(visit)?;
    let mut tx = visit.read().await?;
    let sessions = session::list_own(&mut tx, &visit.ctx, session).await?;
    let events = events::list_for(&mut tx, &visit.ctx, EVENTS).await?;
    Ok(Accesses {
        sessions: sessions.into_iter().map(|s| session_line(visit, session, s)).collect(),
        events: events.into_iter().map(|e| event_line(visit, e)).collect(),
        base: if guard::is_office(&visit.path) { "/ufficio/accessi" } else { "/area-personale/accessi" },
    })
}

fn own(visit: &Visit) -> Result<&Session, Refusal> {
    visit.session.as_ref().ok_or(Refusal::SignInFirst)
}

fn session_line(visit: &Visit, this: &Session, s: Session) -> SessionLine {
    let device = s.device.filter(|d| !d.is_empty()).unwrap_or_else(|| visit.t("device-unknown").to_owned());
    let (how, is_this) = (scheme(visit, &s.scheme), s.id == this.id);
    SessionLine { id: s.id, device, how, created_at: s.created_at, seen_at: s.seen_at, is_this }
}

fn event_line(visit: &Visit, event: events::Event) -> EventLine {
    let words = visit.f(&format!("event-{}", event.kind.replace('_', "-")), &[("how", scheme(visit, &event.scheme).into())]);
    let is_good = ![Event::Failed.code(), Event::Refused.code()].contains(&event.kind.as_str());
    EventLine { words, at: event.at, is_good }
}

/// `SPID`, `CIE`, `password`, as people say it.
fn scheme(visit: &Visit, code: &str) -> String {
    visit.t(&format!("scheme-{code}")).to_owned()
}

#[derive(Template)]
#[template(path = "portal/accesses.html")]
struct Page {
    c: Chrome,
    a: Accesses,
    /// Whether the way in is a password, which can be changed here.
    by_password: bool,
    changed: bool,
}

/// `GET /area-personale/accessi`
pub async fn show(visit: Visit) -> Result<Response, Refusal> {
    let c = Chrome::personal(&visit, visit.t("accesses-title"), Vec::new());
    let by_password = own(&visit)?.scheme == "password";
    let changed = visit.query.get("password").is_some();
    html(StatusCode::OK, &Page { c, a: load(&visit).await?, by_password, changed })
}

/// `GET …/accessi/resta`: how many seconds the session has now that it was used.
pub async fn stay(visit: Visit) -> Result<Response, Refusal> {
    let left = own(&visit)?.ends_at().duration_since(visit.ctx.now).as_secs();
    Ok(left.to_string().into_response())
}

/// `POST …/accessi/termina`: ends one session; this one is a sign-out.
pub async fn end(visit: Visit) -> Result<Response, Refusal> {
    let session = own(&visit)?;
    let id: SessionId = visit.form.get("sessione").and_then(|id| id.parse().ok()).ok_or(Refusal::NotFound)?;
    let mut tx = visit.begin().await?;
    if !session::end_own(&mut tx, &visit.ctx, session, id).await? {
        return Err(Refusal::NotFound);
    }
    events::record_of(&mut tx, &visit.ctx, &session.actor(), Event::SignedOut, &session.scheme, None).await?;
    tx.commit().await?;
    if id == session.id {
        return Ok(out(&visit));
    }
    Ok(see_other(if guard::is_office(&visit.path) { "/ufficio" } else { "/area-personale/accessi" }))
}

/// `POST …/accessi/esci-ovunque`
pub async fn end_everywhere(visit: Visit) -> Result<Response, Refusal> {
    let session = own(&visit)?;
    let mut tx = visit.begin().await?;
    session::end_everywhere(&mut tx, &visit.ctx, session).await?;
    events::record_of(&mut tx, &visit.ctx, &session.actor(), Event::SignedOutEverywhere, &session.scheme, None).await?;
    tx.commit().await?;
    Ok(out(&visit))
}

/// Off to the first page, without the cookie.
pub fn out(visit: &Visit) -> Response {
    let (to, cookie) = if guard::is_office(&visit.path) {
        ("/ufficio/accedi", cookies::STAFF.end(visit))
    } else {
        ("/", cookies::SESSION.end(visit))
    };
    let mut response = see_other(to);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
