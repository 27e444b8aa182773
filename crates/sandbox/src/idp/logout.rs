//! Single logout at a test provider: it asks, and answers who asks.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use saml::idp_side::ServiceProvider;
use saml::{Carrier, Incoming, Kind, LogoutAnswer, LogoutMessage, LogoutRequest, Outgoing, SignatureError};

use super::pages::{self, Message};
use super::{Idp, Session};
use crate::idp::login::{fields, get};

/// `GET /idp/{slug}/uscita`: who signed in here, to end a session from this side.
pub async fn list(State(idp): State<Arc<Idp>>, Path(slug): Path<String>) -> Response {
    let Some(at) = idp.provider(&slug) else { return StatusCode::NOT_FOUND.into_response() };
    pages::sessions(&idp.providers[at], &idp.sessions_of(at))
}

/// `POST /idp/{slug}/uscita`: asks the service provider to end it.
pub async fn ask(State(idp): State<Arc<Idp>>, Path(slug): Path<String>, body: String) -> Response {
    let Some(at) = idp.provider(&slug) else { return StatusCode::NOT_FOUND.into_response() };
    let fields = fields(&body);
    let Some(session) = idp.sessions_of(at).into_iter().find(|s| s.name_id == get(&fields, "name_id")) else {
        return pages::say(StatusCode::NOT_FOUND, Message::TooLate);
    };
    let Some(to) = idp.service_providers.get(&session.sp_entity_id).and_then(|sp| sp.slo.first()) else {
        return pages::say(StatusCode::NOT_FOUND, Message::UnknownSender);
    };
    let (provider, id) = (&idp.providers[at], idp.id());
    let request = LogoutRequest {
        to: &to.requests,
        issuer: &provider.entity_id,
        id: &id,
        name_id: &session.name_id,
        name_qualifier: &provider.entity_id,
        session_index: session.session_index.as_deref(),
        relay_state: None,
        now: idp.clock.now(),
    };
    carry(request.signed(&provider.key))
}

/// `GET /idp/{slug}/slo`
pub async fn by_address(State(idp): State<Arc<Idp>>, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Response {
    take(&idp, &slug, Incoming::Query(&query.unwrap_or_default()))
}

/// `POST /idp/{slug}/slo`
pub async fn by_form(State(idp): State<Arc<Idp>>, Path(slug): Path<String>, body: String) -> Response {
    let fields = fields(&body);
    let request = get(&fields, Kind::Request.parameter());
    let (kind, message) = match request {
        "" => (Kind::Response, get(&fields, Kind::Response.parameter())),
        message => (Kind::Request, message),
    };
    let relay_state = Some(get(&fields, "RelayState")).filter(|r| !r.is_empty());
    take(&idp, &slug, Incoming::Form { kind, message, relay_state })
}

fn take(idp: &Idp, slug: &str, incoming: Incoming<'_>) -> Response {
    let Some(at) = idp.provider(slug) else { return StatusCode::NOT_FOUND.into_response() };
    let provider = &idp.providers[at];
    let Some(sender) = idp.sender(incoming.issuer()) else {
        return pages::say(StatusCode::FORBIDDEN, Message::UnknownSender);
    };
    match incoming.verify(&sender.entity_id, &sender.certificates, &provider.slo_url(), idp.clock.now()) {
        Ok(LogoutMessage::Request { id, name_id, relay_state }) => {
            idp.end(at, &sender.entity_id, &name_id);
            answer(idp, at, &sender, &id, relay_state.as_deref())
        }
        Ok(LogoutMessage::Response { .. }) => pages::say(StatusCode::OK, Message::SignedOut),
        Err(_) => pages::say(StatusCode::FORBIDDEN, Message::BadSignature),
    }
}

fn answer(idp: &Idp, at: usize, to: &ServiceProvider, request: &str, relay_state: Option<&str>) -> Response {
    let Some(slo) = to.slo.first() else { return pages::say(StatusCode::OK, Message::SignedOut) };
    let (provider, id) = (&idp.providers[at], idp.id());
    let (issuer, now) = (provider.entity_id.as_str(), idp.clock.now());
    let answer = LogoutAnswer { to: &slo.responses, issuer, id: &id, in_response_to: request, relay_state, now };
    carry(answer.signed(&provider.key))
}

fn carry(outgoing: Result<Outgoing, SignatureError>) -> Response {
    match outgoing.map(|o| o.carrier) {
        Ok(Carrier::Address(address)) => Redirect::to(&address).into_response(),
        Ok(Carrier::Form(form)) => {
            pages::send_on(&form.destination, form.kind.parameter(), &form.message, form.relay_state.as_deref())
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Idp {
    /// The sessions this provider opened, newest first.
    fn sessions_of(&self, provider: usize) -> Vec<Session> {
        let sessions = self.sessions.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sessions.iter().rev().filter(|s| s.provider == provider).cloned().collect()
    }

    fn end(&self, provider: usize, sp_entity_id: &str, name_id: &str) {
        let mut sessions = self.sessions.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sessions.retain(|s| s.provider != provider || s.sp_entity_id != sp_entity_id || s.name_id != name_id);
    }
}
