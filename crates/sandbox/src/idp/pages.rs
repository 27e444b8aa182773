//! The pages of the test providers.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use saml::Scheme;

use super::personas::{FOREIGN, Foreign};
use super::trial::{TRIALS, Trial};
use super::{Persona, Provider, Session};

const STYLE: &str = include_str!("style.css");
/// Sends the answer on without a press, where scripts run.
const SCRIPT: &str = "document.querySelectorAll('form[data-auto-submit]').forEach((form) => form.submit());\n";

#[derive(Template)]
#[template(path = "idp/scegli.html")]
struct Choose<'a> {
    provider: &'a Provider,
    handle: &'a str,
    personas: &'a [&'a Persona],
    foreign: &'a [Foreign],
    trials: &'a [(&'static str, &'static str, Trial)],
}

#[derive(Template)]
#[template(path = "idp/invio.html")]
struct SendOn<'a> {
    address: &'a str,
    field: &'a str,
    message: &'a str,
    relay_state: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "idp/persone.html")]
struct People<'a> {
    personas: &'a [Persona],
    foreign: &'a [Foreign],
    providers: &'a [Provider],
}

#[derive(Template)]
#[template(path = "idp/sessioni.html")]
struct Sessions<'a> {
    provider: &'a Provider,
    sessions: &'a [Session],
}

#[derive(Template)]
#[template(path = "idp/messaggio.html")]
struct Say {
    title: &'static str,
    text: &'static str,
}

/// What is said where there is nothing to choose.
#[derive(Clone, Copy, Debug)]
pub enum Message {
    UnknownSender,
    BadSignature,
    TooLate,
    Nobody,
    SignedOut,
}

impl Message {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Message::UnknownSender => {
                ("Richiesta sconosciuta", "Chi ha inviato la richiesta non è tra i fornitori di servizi conosciuti.")
            }
            Message::BadSignature => ("Firma non valida", "La richiesta non è firmata da chi dice di averla inviata."),
            Message::TooLate => ("Richiesta scaduta", "Torna al portale e ricomincia l'accesso."),
            Message::SignedOut => ("Sessione terminata", "Il portale e il gestore sono d'accordo: la sessione è finita."),
            Message::Nobody => ("Persona non trovata", "Nessuno nel registro ha questo codice fiscale."),
        }
    }
}

pub fn choose(provider: &Provider, handle: &str, personas: &[&Persona]) -> Response {
    let foreign = if provider.scheme == Scheme::Eidas { FOREIGN.as_slice() } else { &[] };
    page(StatusCode::OK, &Choose { provider, handle, personas, foreign, trials: &TRIALS }, None)
}

/// A form the browser sends on.
pub fn send_on(address: &str, field: &str, message: &str, relay_state: Option<&str>) -> Response {
    let origin = address.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    page(StatusCode::OK, &SendOn { address, field, message, relay_state }, Some(&origin))
}

pub fn personas(personas: &[Persona], providers: &[Provider]) -> Response {
    page(StatusCode::OK, &People { personas, foreign: &FOREIGN, providers }, None)
}

/// Where the form leads on to the portal that is asked.
pub fn sessions(provider: &Provider, sessions: &[Session]) -> Response {
    page(StatusCode::OK, &Sessions { provider, sessions }, None)
}

pub fn say(status: StatusCode, message: Message) -> Response {
    let (title, text) = message.words();
    page(status, &Say { title, text }, None)
}

fn page(status: StatusCode, page: &impl Template, form_leads_to: Option<&str>) -> Response {
    let Ok(body) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let leads = form_leads_to.map(|origin| format!(" {origin}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'{leads}"
    );
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    (status, [(header::CONTENT_TYPE, html), (header::CONTENT_SECURITY_POLICY, policy)], body).into_response()
}

pub async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

pub async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT).into_response()
}
