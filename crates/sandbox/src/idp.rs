//! Test identity providers: three of SPID, one of CIE and an eIDAS node. They verify the request they get, let one be a persona with one
//! click, and answer with a signed response by the browser, as the real ones do.

mod login;
mod logout;
mod pages;
mod personas;
mod trial;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{get, post};
use jiff::civil::Date;
use kernel::{Clock, Entropy};
use saml::idp_side::{self, IdpMetadata, ReceivedRequest, ResponseDraft, ServiceProvider};
use saml::{Binding, Endpoint, KeyError, Scheme, SpKey, Subject};
use serde::Serialize;

/// Somebody to sign in as.
#[derive(Clone, Debug, Serialize)]
pub struct Persona {
    pub name: String,
    pub fiscal_code: String,
    pub look_at: String,
    /// Host name of the portal where the persona is known.
    pub host: String,
    #[serde(skip)]
    pub identity: Identity,
}

/// What a provider says of somebody.
#[derive(Clone, Debug)]
pub struct Identity {
    pub name: String,
    pub family_name: String,
    /// A codice fiscale; a VAT number for a legal person.
    pub code: String,
    pub date_of_birth: Option<Date>,
    /// A legal person: the service provider must refuse it.
    pub legal_person: bool,
}

/// An answer that comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The people of the registry, to enter as anyone of them.
pub trait People: Send + Sync {
    fn find<'a>(&'a self, fiscal_code: &'a str) -> Later<'a, Option<Identity>>;
}

/// A test provider with its key, made anew at each start.
#[derive(Clone, Debug)]
pub struct Provider {
    pub scheme: Scheme,
    /// `spid-1`, in its addresses.
    pub slug: &'static str,
    pub entity_id: String,
    pub display_name: &'static str,
    pub sso_url: String,
    key: SpKey,
}

const PROVIDERS: [(Scheme, &str, &str); 5] = [
    (Scheme::Spid, "spid-1", "Gestore di prova Uno"),
    (Scheme::Spid, "spid-2", "Gestore di prova Due"),
    (Scheme::Cie, "cie", "CIE di prova"),
    (Scheme::Spid, "spid-3", "Gestore di prova Tre"),
    (Scheme::Eidas, "eidas", "Nodo eIDAS di prova"),
];

impl Provider {
    /// The providers at this address.
    pub fn generate_all(public_url: &str, clock: &Clock) -> Result<Vec<Provider>, KeyError> {
        let make = |(scheme, slug, display_name): (Scheme, &'static str, &'static str)| {
            let entity_id = format!("{public_url}/idp/{slug}");
            let key = new_key(display_name, &entity_id, clock)?;
            Ok(Provider { scheme, slug, sso_url: format!("{entity_id}/sso"), entity_id, display_name, key })
        };
        PROVIDERS.into_iter().map(make).collect()
    }

    /// Where logout messages come.
    pub fn slo_url(&self) -> String {
        format!("{}/slo", self.entity_id)
    }

    pub fn metadata(&self) -> String {
        let at = |binding| Endpoint { binding, location: self.sso_url.clone() };
        let sso = [at(Binding::Post), at(Binding::Redirect)];
        let slo = [Binding::Post, Binding::Redirect].map(|binding| Endpoint { binding, location: self.slo_url() });
        let (entity_id, display_name) = (self.entity_id.as_str(), self.display_name);
        IdpMetadata { entity_id, display_name, sso: &sso, slo: &slo, keys: std::slice::from_ref(&self.key) }.document()
    }
}

fn new_key(name: &str, entity_id: &str, clock: &Clock) -> Result<SpKey, KeyError> {
    let subject = Subject {
        common_name: name.to_owned(),
        organization: name.to_owned(),
        city: "Castelmirto".to_owned(),
        ipa_code: "prova".to_owned(),
        entity_id: entity_id.to_owned(),
    };
    SpKey::generate(&subject, i32::from(kernel::rome_day(clock.now()).year()), 2)
}

/// What the test providers are made of.
pub struct Config {
    pub providers: Vec<Provider>,
    pub personas: Vec<Persona>,
    pub people: Arc<dyn People>,
    /// Signed metadata of those who may ask.
    pub service_providers: Vec<String>,
    pub clock: Clock,
    pub entropy: Entropy,
}

pub(crate) struct Idp {
    providers: Vec<Provider>,
    personas: Vec<Persona>,
    people: Arc<dyn People>,
    service_providers: HashMap<String, ServiceProvider>,
    clock: Clock,
    entropy: Entropy,
    logins: Mutex<HashMap<String, Login>>,
    sessions: Mutex<Vec<Session>>,
    /// A key that is in no metadata.
    stranger: SpKey,
}

/// Somebody who signed in here, until either side ends it.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    provider: usize,
    sp_entity_id: String,
    name_id: String,
    session_index: Option<String>,
    /// For the list.
    who: String,
}

/// A request that waits for a person to choose.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    provider: usize,
    request: ReceivedRequest,
    acs_url: String,
    relay_state: String,
}

/// More than a demo or a test has open at once.
const MOST_LOGINS: usize = 10_000;

impl Idp {
    fn provider(&self, slug: &str) -> Option<usize> {
        self.providers.iter().position(|p| p.slug == slug)
    }

    /// Whoever may ask under this name.
    fn sender(&self, issuer: Option<String>) -> Option<ServiceProvider> {
        self.service_providers.get(&issuer?).cloned()
    }

    fn keep(&self, login: Login) -> String {
        let handle = self.entropy.token();
        let mut logins = self.logins.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if logins.len() >= MOST_LOGINS {
            logins.clear();
        }
        logins.insert(handle.clone(), login);
        handle
    }

    /// `_` and 160 random bits.
    fn id(&self) -> String {
        format!("_{}", &self.entropy.token()[..40])
    }

    fn remember(&self, login: &Login, draft: &ResponseDraft) {
        let of = |name: &str| draft.attributes.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value);
        let session = Session {
            provider: login.provider,
            sp_entity_id: draft.sp_entity_id.clone(),
            name_id: draft.name_id.clone(),
            session_index: draft.session_index.clone(),
            who: format!("{} {}", of("name"), of("familyName")),
        };
        let mut sessions = self.sessions.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if sessions.len() >= MOST_LOGINS {
            sessions.clear();
        }
        sessions.push(session);
    }

    fn login(&self, handle: &str) -> Option<Login> {
        self.logins.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(handle).cloned()
    }
}

/// The routes of the test providers.
///
/// # Errors
/// The metadata of a service provider whose signature is not good.
pub fn router(config: Config) -> Result<Router, String> {
    let mut service_providers = HashMap::new();
    for metadata in &config.service_providers {
        let known = idp_side::service_provider(metadata).ok_or("the metadata of a service provider cannot be trusted")?;
        service_providers.insert(known.entity_id.clone(), known);
    }
    let stranger = new_key("estraneo", "https://estraneo.example", &config.clock).map_err(|e| e.to_string())?;
    let idp = Arc::new(Idp {
        providers: config.providers,
        personas: config.personas,
        people: config.people,
        service_providers,
        clock: config.clock,
        entropy: config.entropy,
        logins: Mutex::default(),
        sessions: Mutex::default(),
        stranger,
    });
    let router = Router::new()
        .route("/", get(personas::show))
        .route("/personas", get(personas::list))
        .route("/idp/stile.css", get(pages::style))
        .route("/idp/invio.js", get(pages::script))
        // Browsers ask for it on every page; there is none.
        .route("/favicon.ico", get(|| async { axum::http::StatusCode::NO_CONTENT }))
        .route("/idp/{slug}/metadata", get(login::metadata))
        .route("/idp/{slug}/sso", get(login::ask_by_address).post(login::ask))
        .route("/idp/{slug}/persona", post(login::answer))
        .route("/idp/{slug}/slo", get(logout::by_address).post(logout::by_form))
        .route("/idp/{slug}/uscita", get(logout::list).post(logout::ask));
    Ok(router.with_state(idp))
}
