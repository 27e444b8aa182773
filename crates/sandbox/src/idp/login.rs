//! From a request to a response.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use saml::Scheme;
use saml::idp_side::{self, ReceivedRequest, ResponseDraft, ServiceProvider};

use super::pages::{self, Message};
use super::personas::FOREIGN;
use super::{Identity, Idp, Login, trial};

/// `GET /idp/{slug}/metadata`
pub async fn metadata(State(idp): State<Arc<Idp>>, Path(slug): Path<String>) -> Response {
    match idp.provider(&slug) {
        Some(at) => ([(header::CONTENT_TYPE, "application/samlmetadata+xml")], idp.providers[at].metadata()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub fn fields(body: &str) -> Vec<(String, String)> {
    serde_urlencoded::from_str(body).unwrap_or_default()
}

pub fn get<'f>(fields: &'f [(String, String)], name: &str) -> &'f str {
    fields.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
}

/// `POST /idp/{slug}/sso`: a request that its sender signed; the page to choose who one is.
pub async fn ask(State(idp): State<Arc<Idp>>, Path(slug): Path<String>, body: String) -> Response {
    let fields = fields(&body);
    let message = get(&fields, "SAMLRequest");
    let Some(sender) = idp.sender(idp_side::issuer_of(message)) else {
        return pages::say(StatusCode::FORBIDDEN, Message::UnknownSender);
    };
    let request = idp_side::read_request(message, &sender.certificates);
    choose(&idp, &slug, &sender, request.map(|r| (r, get(&fields, "RelayState").to_owned())))
}

/// `GET /idp/{slug}/sso`: the same, by HTTP-Redirect.
pub async fn ask_by_address(State(idp): State<Arc<Idp>>, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let Some(sender) = idp.sender(idp_side::issuer_of_query(&query)) else {
        return pages::say(StatusCode::FORBIDDEN, Message::UnknownSender);
    };
    choose(&idp, &slug, &sender, idp_side::read_query(&query, &sender.certificates))
}

fn choose(idp: &Idp, slug: &str, sender: &ServiceProvider, request: Option<(ReceivedRequest, String)>) -> Response {
    let Some(provider) = idp.provider(slug) else { return StatusCode::NOT_FOUND.into_response() };
    let for_us = request.filter(|(r, _)| r.destination == idp.providers[provider].sso_url);
    let Some((request, relay_state)) = for_us else { return pages::say(StatusCode::FORBIDDEN, Message::BadSignature) };
    let handle = idp.keep(Login { provider, request, acs_url: sender.acs_url.clone(), relay_state });
    let host = host_of(&sender.acs_url);
    let local = ["127.0.0.1", "localhost"];
    let shown: Vec<_> = idp
        .personas
        .iter()
        .filter(|p| p.host == host || (local.contains(&host.as_str()) && local.contains(&p.host.as_str())))
        .collect();
    pages::choose(&idp.providers[provider], &handle, &shown)
}

fn host_of(url: &str) -> String {
    let host = url.split('/').nth(2).unwrap_or_default();
    host.split(':').next().unwrap_or_default().to_owned()
}

/// `POST /idp/{slug}/persona`: the signed answer, in a form the browser sends on; or a trial.
pub async fn answer(State(idp): State<Arc<Idp>>, Path(slug): Path<String>, body: String) -> Response {
    let fields = fields(&body);
    let Some(login) = idp.login(get(&fields, "handle")).filter(|l| idp.providers[l.provider].slug == slug) else {
        return pages::say(StatusCode::BAD_REQUEST, Message::TooLate);
    };
    let trial = trial::find(get(&fields, "esito"));
    let attributes = match foreign(&fields) {
        Some(foreign) => foreign,
        None => match identity(&idp, &fields).await {
            Some(identity) => attributes(&identity),
            None if trial.is_some() => Vec::new(),
            None => return pages::say(StatusCode::NOT_FOUND, Message::Nobody),
        },
    };
    let draft = ResponseDraft { attributes, ..draft(&idp, &login) };
    let key = &idp.providers[login.provider].key;
    let response = match trial {
        Some(trial) => trial.answer(draft, key, &idp.stranger),
        None => {
            idp.remember(&login, &draft);
            draft.signed(key)
        }
    };
    match response {
        Ok(response) => pages::send_on(&login.acs_url, "SAMLResponse", &response, Some(&login.relay_state)),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The attributes of somebody of another country.
fn foreign(fields: &[(String, String)]) -> Option<Vec<(String, String)>> {
    let found = FOREIGN.iter().find(|f| f.id == get(fields, "straniera"))?;
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Some(vec![
        own("spidCode", found.id),
        own("name", found.name),
        own("familyName", found.family_name),
        own("dateOfBirth", found.date_of_birth),
    ])
}

/// The persona whose button was pressed, or anyone of the registry by codice fiscale.
async fn identity(idp: &Idp, fields: &[(String, String)]) -> Option<Identity> {
    let code = get(fields, "persona");
    if let Some(persona) = idp.personas.iter().find(|p| p.fiscal_code == code) {
        return Some(persona.identity.clone());
    }
    let code = get(fields, "fiscal_code").trim().to_uppercase();
    match idp.personas.iter().find(|p| p.fiscal_code == code) {
        Some(persona) => Some(persona.identity.clone()),
        None => idp.people.find(&code).await,
    }
}

fn draft(idp: &Idp, login: &Login) -> ResponseDraft {
    let provider = &idp.providers[login.provider];
    ResponseDraft {
        idp_entity_id: provider.entity_id.clone(),
        sp_entity_id: login.request.issuer.clone(),
        acs_url: login.acs_url.clone(),
        in_response_to: login.request.id.clone(),
        response_id: idp.id(),
        assertion_id: idp.id(),
        name_id: idp.id(),
        level: login.request.level,
        issued_at: idp.clock.now(),
        attributes: Vec::new(),
        issuer_format: provider.scheme != Scheme::Cie,
        // As SPID's providers do: a session of their own at level 1 only.
        session_index: (login.request.level == 1).then(|| idp.id()),
    }
}

fn attributes(identity: &Identity) -> Vec<(String, String)> {
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    if identity.legal_person {
        return vec![
            own("ivaCode", &format!("VATIT-{}", identity.code)),
            own("companyName", &identity.family_name),
            own("name", &identity.family_name),
        ];
    }
    let mut attributes = vec![
        own("fiscalNumber", &format!("TINIT-{}", identity.code)),
        own("name", &identity.name),
        own("familyName", &identity.family_name),
    ];
    attributes.extend(identity.date_of_birth.map(|day| own("dateOfBirth", &day.to_string())));
    attributes
}
