//! What stands before every door: the tenant by Host name, the session, the form's token; and after it, the page of a
//! refusal and the headers every answer carries.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use catalogue::Locale;
use enrolment::Tenant;
use identity::session::{self, Session};
use kernel::{Actor, Ctx, Instant};
use subtle::ConstantTimeEq;

use crate::fields::Fields;
use crate::headers;
use crate::pages;
use crate::refusal::Refusal;
use crate::state::AppState;
use crate::visit::Visit;
use crate::{cookies, device, source};

/// Who may pass a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Everybody; a form sent here carries no token because nobody is known yet.
    Public,
    /// Everybody; a form sent here must come from a page of this portal, since it opens a session or sets a password.
    PublicForm,
    /// Somebody signed in who is something to somebody here; a sent form carries the session's token.
    SignedIn,
    /// Somebody signed in, related or not: to sign out.
    AnySession,
    /// Somebody of the staff with a role in force.
    Staff,
    /// Somebody of the staff, whether any role is left or not: to sign out.
    AnyStaff,
}

/// Forms are small: five notices, a year of days, a search.
const FORM_BYTES: usize = 64 * 1024;

pub async fn enter(State((state, guard)): State<(AppState, Guard)>, request: Request, next: Next) -> Response {
    let (locale, path) = (locale(request.headers()), request.uri().path().to_owned());
    let source = source::of(&request, &state.trusted_proxies);
    let mut visit = match arrive(&state, request.headers(), &path, request.uri().query(), source).await {
        Ok(visit) => visit,
        Err(refusal) => return headers::harden(pages::bare(&state, locale, &refusal), None),
    };
    let mut response = match pass(guard, &mut visit, request, next).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    };
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        response = pages::refuse(&visit, &refusal).await;
    }
    headers::harden(response, Some(&visit))
}

/// A visit of nobody yet, at the tenant the Host names.
async fn arrive(
    state: &AppState,
    headers: &HeaderMap,
    path: &str,
    query: Option<&str>,
    source: String,
) -> Result<Visit, Refusal> {
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    let tenant = state.tenant(host, state.clock.now()).await?.ok_or(Refusal::UnknownHost)?;
    let query = Fields::parse(query.unwrap_or_default()).ok_or(Refusal::BadRequest)?;
    Ok(Visit {
        state: state.clone(),
        ctx: Ctx::new(tenant.id, Actor::Anonymous, &state.clock, &state.entropy),
        tenant,
        session: None,
        roles: Vec::new(),
        source,
        locale: locale(headers),
        path: path.to_owned(),
        query,
        form: Fields::default(),
        restored: false,
    })
}

/// Finds out who the visitor is, and notes that the session is in use.
async fn recognise(guard: Guard, visit: &mut Visit, headers: &HeaderMap) -> Result<(), Refusal> {
    let now = visit.ctx.now;
    let mut session = find_session(&visit.state, headers, &visit.path, &visit.tenant, now).await?;
    if let Some(session) = &session {
        visit.ctx = visit.ctx.clone().acting_as(session.actor());
    }
    if let Some(session) = session.as_mut().filter(|s| guard != Guard::Public && s.wants_touch(now)) {
        let device = device::of(headers);
        let mut tx = visit.begin().await?;
        session::touch(&mut tx, &visit.ctx, session.id, &device).await?;
        tx.commit().await?;
        (session.seen_at, session.device) = (now, Some(device));
    }
    visit.session = session;
    if let (Guard::Staff, Some(operator)) = (guard, visit.ctx.actor.operator()) {
        visit.roles = identity::staff::roles(&mut visit.read().await?, &visit.ctx, operator).await?;
    }
    Ok(())
}

/// Whether a path is of the staff's area; the cookie of its sessions is sent there alone.
pub fn is_office(path: &str) -> bool {
    path == "/ufficio" || path.starts_with("/ufficio/")
}

/// The session of this part of the portal: a citizen's is none in the office, and the other way round.
async fn find_session(
    state: &AppState,
    headers: &HeaderMap,
    path: &str,
    tenant: &Tenant,
    now: Instant,
) -> Result<Option<Session>, Refusal> {
    let cookie = if is_office(path) { cookies::STAFF } else { cookies::SESSION };
    let Some(token) = cookie.of(headers, tenant.has_tls()) else { return Ok(None) };
    let mut tx = state.db.read().await?;
    let found = if is_office(path) {
        session::find_staff(&mut tx, tenant.id, token, now).await?
    } else {
        session::find(&mut tx, tenant.id, token, now).await?
    };
    Ok(found)
}

/// Lets the request in; a sent form is read into the visit, so that a refusal can keep it.
async fn pass(guard: Guard, visit: &mut Visit, request: Request, next: Next) -> Result<Response, Refusal> {
    let (mut parts, body) = request.into_parts();
    recognise(guard, visit, &parts.headers).await?;
    let sent = parts.method == Method::POST;
    let draft_key = cookies::DRAFT.of(&parts.headers, visit.tenant.has_tls()).map(str::to_owned);
    let mut body = body;
    if sent {
        let bytes = to_bytes(body, limit(guard)).await.map_err(|_| Refusal::TooLarge)?;
        if guard != Guard::Public {
            let text = std::str::from_utf8(&bytes).map_err(|_| Refusal::BadRequest)?;
            visit.form = Fields::parse(text).ok_or(Refusal::BadRequest)?;
        }
        body = Body::from(bytes);
    }
    if sent && guard == Guard::PublicForm && !source::is_same_site(&parts.headers) {
        return Err(Refusal::FormNotValid);
    }
    check(guard, visit, sent)?;
    if !sent
        && guard == Guard::SignedIn
        && let Some(kept) = restore(visit, draft_key.as_deref()).await?
    {
        visit.form = kept;
        visit.restored = true;
    }
    parts.extensions.insert(visit.clone());
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// Identity providers post documents larger than forms.
fn limit(guard: Guard) -> usize {
    if guard == Guard::Public { 512 * 1024 } else { FORM_BYTES }
}

fn check(guard: Guard, visit: &Visit, sent: bool) -> Result<(), Refusal> {
    if matches!(guard, Guard::Public | Guard::PublicForm) {
        return Ok(());
    }
    let missing = if sent { Refusal::SessionEnded } else { Refusal::SignInFirst };
    let session = visit.session.as_ref().ok_or(missing)?;
    let token = visit.form.typed("csrf").as_bytes();
    if sent && !bool::from(token.ct_eq(session.csrf_token.as_bytes())) {
        return Err(Refusal::FormNotValid);
    }
    match guard {
        Guard::SignedIn if !session.related => Err(Refusal::NotRelated),
        Guard::Staff if visit.roles.is_empty() => Err(Refusal::NoRole),
        _ => Ok(()),
    }
}

/// The form that was kept for this browser and this page, once.
async fn restore(visit: &Visit, key: Option<&str>) -> Result<Option<Fields>, Refusal> {
    let Some(key) = key else { return Ok(None) };
    let mut tx = visit.begin().await?;
    let kept = identity::draft::take(&mut tx, &visit.ctx, key, &visit.path).await?;
    tx.commit().await?;
    Ok(kept.as_deref().and_then(Fields::parse))
}

pub fn locale(headers: &HeaderMap) -> Locale {
    cookies::LANGUAGE.of(headers, false).and_then(Locale::from_code).unwrap_or_default()
}

/// An answer that leads elsewhere with a GET.
pub fn see_other(to: &str) -> Response {
    let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}
