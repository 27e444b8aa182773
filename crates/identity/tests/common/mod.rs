//! The town and its neighbour, a provider both trust, and a browser.
#![allow(dead_code, reason = "each test binary uses what it needs")]
#![allow(clippy::unwrap_used, reason = "a scenario that meets an error has failed")]

use std::sync::OnceLock;

use enrolment::Tenant;
use enrolment::tenant;
use identity::idp;
use identity::sign_in::{self, Refusal, Scheme, SignedIn, Started};
use jiff::SignedDuration;
use kernel::{Actor, Ctx};
use saml::idp_side::{self, IdpMetadata, ResponseDraft};
use saml::{Binding, Carrier, Endpoint, SpKey, Subject};
use testkit::TestTown;

pub const ENTITY_ID: &str = "https://idp.example";
/// Asked at SPID's door.
pub const EIDAS_NODE: &str = "https://eidas.example";
pub const BROWSER: &str = "the cookie of a browser";

pub fn provider_key() -> &'static SpKey {
    static KEY: OnceLock<SpKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let name = "idp.example".to_owned();
        let (ipa_code, entity_id) = ("prova".to_owned(), ENTITY_ID.to_owned());
        let subject =
            Subject { common_name: name.clone(), organization: name, city: "Castelmirto".to_owned(), ipa_code, entity_id };
        SpKey::generate(&subject, 2026, 2).unwrap()
    })
}

/// A provider of this name, with the one key, that takes logout messages too.
pub fn provider_metadata(entity_id: &str) -> String {
    let sso = [Endpoint { binding: Binding::Post, location: format!("{entity_id}/sso") }];
    let slo = [Endpoint { binding: Binding::Redirect, location: format!("{entity_id}/slo") }];
    let keys = std::slice::from_ref(provider_key());
    IdpMetadata { entity_id, display_name: "Gestore di prova", sso: &sso, slo: &slo, keys }.document()
}

pub struct World {
    pub town: TestTown,
    pub tenant: Tenant,
    pub other: Tenant,
}

impl World {
    /// The town and its neighbour, both trusting the one provider for both schemes.
    pub async fn build(db: db::Db) -> World {
        let town = TestTown::build(db).await;
        let mut tx = town.db.begin().await.unwrap();
        let tenant = tenant::find_by_host(&mut tx, town.host).await.unwrap().unwrap();
        let other = tenant::find_by_host(&mut tx, town.other_host).await.unwrap().unwrap();
        let (metadata, node) = (provider_metadata(ENTITY_ID), provider_metadata(EIDAS_NODE));
        for at in [tenant.id, other.id] {
            let ctx = Ctx { tenant: at, ..town.ctx_as(Actor::Anonymous) };
            for scheme in [Scheme::Spid, Scheme::Cie] {
                idp::import(&mut tx, &ctx, scheme, &metadata).await.unwrap();
            }
            idp::import(&mut tx, &ctx, Scheme::Eidas, &node).await.unwrap();
        }
        tx.commit().await.unwrap();
        World { town, tenant, other }
    }

    /// Nobody's context, at the hour of the town's clock moved by these seconds.
    pub fn ctx(&self, tenant: &Tenant, seconds: i64) -> Ctx {
        let ctx = self.town.ctx_as(Actor::Anonymous);
        Ctx { tenant: tenant.id, now: ctx.now + SignedDuration::from_secs(seconds), ..ctx }
    }

    pub async fn start(&self, tenant: &Tenant, scheme: Scheme) -> Started {
        let mut tx = self.town.db.begin().await.unwrap();
        let (ctx, vault) = (self.ctx(tenant, 0), &self.town.vault);
        let started = sign_in::start(
            &mut tx,
            &ctx,
            vault,
            tenant,
            scheme.door(),
            provider_of(scheme),
            "/area-personale/ricariche",
            BROWSER,
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        started
    }

    pub async fn accept(
        &self,
        tenant: &Tenant,
        answer: &Answer,
        browser: Option<&str>,
        seconds: i64,
    ) -> Result<SignedIn, Refusal> {
        let mut tx = self.town.db.begin().await.unwrap();
        let ctx = self.ctx(tenant, seconds);
        let Answer { scheme, response, relay_state } = answer;
        let given = sign_in::Answer { scheme: *scheme, response, relay_state, browser_token: browser };
        let result = sign_in::accept(&mut tx, &ctx, &self.town.vault, tenant, given).await;
        tx.commit().await.unwrap();
        result
    }

    pub async fn count(&self, sql: &str) -> i64 {
        let mut tx = self.town.db.read().await.unwrap();
        tx.query_one(sql, &[]).await.unwrap().get(0).unwrap()
    }

    pub async fn code_of_anna(&self) -> String {
        let mut tx = self.town.db.read().await.unwrap();
        let ctx = self.town.ctx(self.town.people.anna);
        let anna = enrolment::person::get(&mut tx, &ctx, self.town.people.anna).await.unwrap();
        anna.fiscal_code.unwrap().as_str().to_owned()
    }
}

pub struct Answer {
    pub scheme: Scheme,
    pub response: String,
    pub relay_state: String,
}

pub fn provider_of(scheme: Scheme) -> &'static str {
    if scheme == Scheme::Eidas { EIDAS_NODE } else { ENTITY_ID }
}

pub fn posted(started: &Started) -> &str {
    let Carrier::Form(form) = &started.outgoing.carrier else { panic!("the provider takes POST") };
    &form.message
}

/// What the provider is asked for, once it has verified the request with the tenant's metadata.
pub async fn draft(world: &World, tenant: &Tenant, scheme: Scheme, started: &Started, code: &str) -> ResponseDraft {
    let mut tx = world.town.db.begin().await.unwrap();
    let metadata = sign_in::metadata(&mut tx, &world.ctx(tenant, 0), &world.town.vault, tenant, scheme).await.unwrap();
    tx.commit().await.unwrap();
    let known = idp_side::service_provider(&metadata).expect("the metadata are signed");
    let request =
        idp_side::read_request(posted(started), &known.certificates).expect("the request is signed with a key of the metadata");
    assert_eq!(request.issuer, known.entity_id);
    let attributes =
        [("fiscalNumber", format!("TINIT-{code}")), ("name", "Anna".to_owned()), ("familyName", "Bianchi".to_owned())];
    ResponseDraft {
        idp_entity_id: provider_of(scheme).to_owned(),
        acs_url: known.acs_url,
        sp_entity_id: known.entity_id,
        in_response_to: request.id.clone(),
        response_id: format!("_r{}", &request.id[1..]),
        assertion_id: format!("_a{}", &request.id[1..]),
        name_id: "_transient".to_owned(),
        level: request.level,
        issued_at: world.ctx(tenant, 5).now,
        attributes: attributes.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        issuer_format: scheme != Scheme::Cie,
        session_index: None,
    }
}

pub fn signed(draft: &ResponseDraft, scheme: Scheme, started: &Started) -> Answer {
    let response = draft.signed(provider_key()).unwrap();
    Answer { scheme, response, relay_state: started.relay_state.clone() }
}

/// A started sign-in of Anna in the town, with the provider's honest answer.
pub async fn honest(world: &World, scheme: Scheme) -> Answer {
    let started = world.start(&world.tenant, scheme).await;
    let code = world.code_of_anna().await;
    signed(&draft(world, &world.tenant, scheme, &started, &code).await, scheme, &started)
}

pub fn key_of(result: Result<SignedIn, Refusal>) -> &'static str {
    result.expect_err("it is refused").key()
}
