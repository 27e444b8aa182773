//! A provider, a service provider and a stranger, with their keys.
#![allow(dead_code, reason = "each test binary uses what it needs")]

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use saml::idp_side::{IdpMetadata, ResponseDraft};
use saml::{
    AttributeSet, AuthnRequest, Binding, Contact, Endpoint, IdpDescriptor, Metadata, Organization, Pending, Role, Scheme, SpKey,
    Subject,
};

pub const IDP: &str = "https://idp.example";
pub const SP: &str = "https://sp.example/spid/metadata";
pub const SLO: &str = "https://sp.example/spid/slo";

pub struct World {
    /// The provider's.
    pub key: SpKey,
    pub stranger: SpKey,
    pub sp_key: SpKey,
    pub idp: IdpDescriptor,
    pub pending: Pending,
    pub now: Timestamp,
}

/// The key of this name: made once, for it takes a while, and kept beside the test programs.
pub fn new_key(name: &str) -> SpKey {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("saml-{name}.json"));
    if let Some(kept) = std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
        return kept;
    }
    let key = generate(name);
    let own = file.with_extension(std::process::id().to_string());
    std::fs::write(&own, serde_json::to_vec(&key).expect("JSON")).expect("a file");
    std::fs::rename(own, file).expect("it is put in its place whole");
    key
}

fn generate(name: &str) -> SpKey {
    let subject = Subject {
        common_name: name.to_owned(),
        organization: name.to_owned(),
        city: "Castelmirto".to_owned(),
        ipa_code: "c_z999".to_owned(),
        entity_id: format!("https://{name}.example"),
    };
    SpKey::generate(&subject, 2026, 2).expect("a key")
}

pub fn at(binding: Binding, location: &str) -> Endpoint {
    Endpoint { binding, location: location.to_owned() }
}

/// A provider that is asked in these ways.
pub fn provider(key: &SpKey, sso: &[Endpoint]) -> IdpDescriptor {
    let slo = [at(Binding::Redirect, "https://idp.example/slo"), at(Binding::Post, "https://idp.example/slo")];
    let keys = std::slice::from_ref(key);
    let metadata = IdpMetadata { entity_id: IDP, display_name: "Gestore di prova", sso, slo: &slo, keys };
    IdpDescriptor::parse(&metadata.document()).expect("metadata")
}

pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let (key, stranger, sp_key) = (new_key("idp"), new_key("intruder"), new_key("sp"));
        let now = "2026-11-24T08:00:00Z".parse().expect("an instant");
        let idp = provider(&key, &[at(Binding::Post, "https://idp.example/sso")]);
        let pending = request(&idp, now).pending();
        World { key, stranger, sp_key, idp, pending, now }
    })
}

pub fn request(idp: &IdpDescriptor, now: Timestamp) -> AuthnRequest<'_> {
    AuthnRequest {
        scheme: Scheme::Spid,
        idp,
        sp_entity_id: SP,
        acs_url: "https://sp.example/spid/acs",
        level: 2,
        attribute_set: 0,
        id: "_request".to_owned(),
        relay_state: "handle".to_owned(),
        now,
    }
}

/// An honest answer to the pending request, before it is signed.
pub fn draft(w: &World) -> ResponseDraft {
    ResponseDraft {
        idp_entity_id: w.idp.entity_id.clone(),
        sp_entity_id: w.pending.sp_entity_id.clone(),
        acs_url: w.pending.acs_url.clone(),
        in_response_to: w.pending.request_id.clone(),
        response_id: "_response".to_owned(),
        assertion_id: "_assertion".to_owned(),
        name_id: "_name".to_owned(),
        level: 2,
        issued_at: w.now + SignedDuration::from_secs(5),
        attributes: [
            ("fiscalNumber", "TINIT-GDASDV00A01H501J"),
            ("name", "Ada"),
            ("familyName", "D'Amico & Figli"),
            ("dateOfBirth", "2000-01-01"),
        ]
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .to_vec(),
        issuer_format: true,
        session_index: None,
    }
}

pub fn encode(text: &str) -> String {
    STANDARD.encode(text)
}

/// The XML of an honest, signed answer.
pub fn honest(w: &World) -> String {
    let signed = draft(w).signed(&w.key).expect("it is signed");
    String::from_utf8(STANDARD.decode(signed).expect("base64")).expect("text")
}

pub fn metadata(contacts: Vec<Contact>, scheme: Scheme) -> Metadata {
    Metadata {
        entity_id: SP.to_owned(),
        acs_url: "https://sp.example/spid/acs".to_owned(),
        slo_url: SLO.to_owned(),
        attribute_sets: AttributeSet::of(scheme, "Servizi scolastici"),
        organization: Organization {
            name: "Comune".to_owned(),
            display_name: "Comune".to_owned(),
            url: "https://sp.example".to_owned(),
        },
        contacts,
    }
}

pub fn contact(role: Role) -> Contact {
    Contact { role, company: "Comune".to_owned(), email: "a@sp.example".to_owned(), telephone: Some("+390600000000".to_owned()) }
}
