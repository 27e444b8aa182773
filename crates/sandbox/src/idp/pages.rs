//! The pages of the test providers.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Persona, Provider};

const STYLE: &str = include_str!("style.css");
/// Sends the answer on without a press, where scripts run.
const SCRIPT: &str = "document.querySelectorAll('form[data-auto-submit]').forEach((form) => form.submit());\n";

#[derive(Template)]
#[template(path = "idp/scegli.html")]
struct Choose<'a> {
    provider: &'a Provider,
    handle: &'a str,
    personas: &'a [&'a Persona],
}

#[derive(Template)]
#[template(path = "idp/invio.html")]
struct SendOn<'a> {
    acs_url: &'a str,
    response: &'a str,
    relay_state: &'a str,
}

#[derive(Template)]
#[template(path = "idp/persone.html")]
struct People<'a> {
    personas: &'a [Persona],
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
}

impl Message {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Message::UnknownSender => {
                ("Richiesta sconosciuta", "Chi ha inviato la richiesta non è tra i fornitori di servizi conosciuti.")
            }
            Message::BadSignature => ("Firma non valida", "La richiesta non è firmata da chi dice di averla inviata."),
            Message::TooLate => ("Richiesta scaduta", "Torna al portale e ricomincia l'accesso."),
            Message::Nobody => ("Persona non trovata", "Nessuno nel registro ha questo codice fiscale."),
        }
    }
}

pub fn choose(provider: &Provider, handle: &str, personas: &[&Persona]) -> Response {
    page(StatusCode::OK, &Choose { provider, handle, personas }, None)
}

pub fn send_on(acs_url: &str, response: &str, relay_state: &str) -> Response {
    let origin = acs_url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    page(StatusCode::OK, &SendOn { acs_url, response, relay_state }, Some(&origin))
}

pub fn personas(personas: &[Persona]) -> Response {
    page(StatusCode::OK, &People { personas }, None)
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
