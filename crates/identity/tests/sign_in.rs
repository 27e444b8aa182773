//! Sign-ins from the request to the session on both engines, and what must not become one.
#![allow(clippy::unwrap_used, reason = "a scenario that meets an error has failed")]

use std::sync::OnceLock;

use db::testing::on_both_engines;
use enrolment::Tenant;
use enrolment::tenant;
use identity::sign_in::{self, Refusal, Scheme, SignedIn, Started};
use identity::{events, idp, session};
use jiff::SignedDuration;
use kernel::{Actor, Ctx};
use saml::idp_side::{self, ResponseDraft};
use saml::{Carrier, SpKey, Subject};
use testkit::TestTown;

const ENTITY_ID: &str = "https://idp.example";
const BROWSER: &str = "the cookie of a browser";

fn provider_key() -> &'static SpKey {
    static KEY: OnceLock<SpKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let name = "idp.example".to_owned();
        let (ipa_code, entity_id) = ("prova".to_owned(), ENTITY_ID.to_owned());
        let subject =
            Subject { common_name: name.clone(), organization: name, city: "Castelmirto".to_owned(), ipa_code, entity_id };
        SpKey::generate(&subject, 2026, 2).unwrap()
    })
}

struct World {
    town: TestTown,
    tenant: Tenant,
    other: Tenant,
}

impl World {
    /// The town and its neighbour, both trusting the one provider for both schemes.
    async fn build(db: db::Db) -> World {
        let town = TestTown::build(db).await;
        let mut tx = town.db.begin().await.unwrap();
        let tenant = tenant::find_by_host(&mut tx, town.host).await.unwrap().unwrap();
        let other = tenant::find_by_host(&mut tx, town.other_host).await.unwrap().unwrap();
        let metadata = idp_side::metadata(ENTITY_ID, "Gestore di prova", "https://idp.example/sso", provider_key());
        for at in [tenant.id, other.id] {
            let ctx = Ctx { tenant: at, ..town.ctx_as(Actor::Anonymous) };
            for scheme in [Scheme::Spid, Scheme::Cie] {
                idp::import(&mut tx, &ctx, scheme, &metadata).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
        World { town, tenant, other }
    }

    /// Nobody's context, at the hour of the town's clock moved by these seconds.
    fn ctx(&self, tenant: &Tenant, seconds: i64) -> Ctx {
        let ctx = self.town.ctx_as(Actor::Anonymous);
        Ctx { tenant: tenant.id, now: ctx.now + SignedDuration::from_secs(seconds), ..ctx }
    }

    async fn start(&self, tenant: &Tenant, scheme: Scheme) -> Started {
        let mut tx = self.town.db.begin().await.unwrap();
        let (ctx, vault) = (self.ctx(tenant, 0), &self.town.vault);
        let started =
            sign_in::start(&mut tx, &ctx, vault, tenant, scheme, ENTITY_ID, "/area-personale/ricariche", BROWSER).await.unwrap();
        tx.commit().await.unwrap();
        started
    }

    async fn accept(&self, tenant: &Tenant, answer: &Answer, browser: Option<&str>, seconds: i64) -> Result<SignedIn, Refusal> {
        let mut tx = self.town.db.begin().await.unwrap();
        let ctx = self.ctx(tenant, seconds);
        let result = sign_in::accept(&mut tx, &ctx, tenant, answer.scheme, &answer.response, &answer.relay_state, browser).await;
        tx.commit().await.unwrap();
        result
    }

    async fn count(&self, sql: &str) -> i64 {
        let mut tx = self.town.db.read().await.unwrap();
        tx.query_one(sql, &[]).await.unwrap().get(0).unwrap()
    }

    async fn code_of_anna(&self) -> String {
        let mut tx = self.town.db.read().await.unwrap();
        let ctx = self.town.ctx(self.town.people.anna);
        let anna = enrolment::person::get(&mut tx, &ctx, self.town.people.anna).await.unwrap();
        anna.fiscal_code.unwrap().as_str().to_owned()
    }
}

struct Answer {
    scheme: Scheme,
    response: String,
    relay_state: String,
}

fn posted(started: &Started) -> &str {
    let Carrier::Form(form) = &started.outgoing.carrier else { panic!("the provider takes POST") };
    &form.message
}

/// What the provider is asked for, once it has verified the request with the tenant's metadata.
async fn draft(world: &World, tenant: &Tenant, scheme: Scheme, started: &Started, code: &str) -> ResponseDraft {
    let mut tx = world.town.db.begin().await.unwrap();
    let metadata = sign_in::metadata(&mut tx, &world.ctx(tenant, 0), &world.town.vault, tenant, scheme).await.unwrap();
    tx.commit().await.unwrap();
    let known = idp_side::service_provider(&metadata).expect("the metadata are signed");
    let request =
        idp_side::read_request(posted(started), &known.certificates).expect("the request is signed with a key of the metadata");
    assert_eq!((request.issuer.as_str(), request.level), (known.entity_id.as_str(), 2));
    let attributes =
        [("fiscalNumber", format!("TINIT-{code}")), ("name", "Anna".to_owned()), ("familyName", "Bianchi".to_owned())];
    ResponseDraft {
        idp_entity_id: ENTITY_ID.to_owned(),
        acs_url: known.acs_url,
        sp_entity_id: known.entity_id,
        in_response_to: request.id.clone(),
        response_id: format!("_r{}", &request.id[1..]),
        assertion_id: format!("_a{}", &request.id[1..]),
        name_id: "_transient".to_owned(),
        level: 2,
        issued_at: world.ctx(tenant, 5).now,
        attributes: attributes.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        issuer_format: scheme == Scheme::Spid,
    }
}

fn signed(draft: &ResponseDraft, scheme: Scheme, started: &Started) -> Answer {
    let response = draft.signed(provider_key()).unwrap();
    Answer { scheme, response, relay_state: started.relay_state.clone() }
}

/// A started sign-in of Anna in the town, with the provider's honest answer.
async fn honest(world: &World, scheme: Scheme) -> Answer {
    let started = world.start(&world.tenant, scheme).await;
    let code = world.code_of_anna().await;
    signed(&draft(world, &world.tenant, scheme, &started, &code).await, scheme, &started)
}

fn key_of(result: Result<SignedIn, Refusal>) -> &'static str {
    result.expect_err("it is refused").key()
}

#[tokio::test]
async fn a_parent_gets_in_by_spid_and_by_cie() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        for scheme in [Scheme::Spid, Scheme::Cie] {
            let signed_in = world.accept(&world.tenant, &honest(&world, scheme).await, Some(BROWSER), 10).await.unwrap();
            assert_eq!((signed_in.return_path.as_str(), signed_in.person_known), ("/area-personale/ricariche", true));
            let mut tx = world.town.db.read().await.unwrap();
            let now = world.ctx(&world.tenant, 11).now;
            let session = session::find(&mut tx, world.tenant.id, &signed_in.session_token, now).await.unwrap().unwrap();
            assert_eq!(
                (session.person, session.scheme.as_str(), session.level),
                (Some(world.town.people.anna), scheme.code(), 2)
            );
            assert!(session::find(&mut tx, world.other.id, &signed_in.session_token, now).await.unwrap().is_none());
        }
        let mut tx = world.town.db.read().await.unwrap();
        let seen = events::list_for(&mut tx, &world.town.ctx(world.town.people.anna), 10).await.unwrap();
        assert_eq!(seen.iter().filter(|e| e.kind == "signed_in" && e.idp_entity_id.as_deref() == Some(ENTITY_ID)).count(), 2);
    })
    .await;
}

#[tokio::test]
async fn somebody_the_registry_does_not_know_gets_a_session_without_a_person() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let started = world.start(&world.tenant, Scheme::Spid).await;
        let draft = draft(&world, &world.tenant, Scheme::Spid, &started, "GDASDV00A01H501J").await;
        let signed_in = world.accept(&world.tenant, &signed(&draft, Scheme::Spid, &started), Some(BROWSER), 10).await.unwrap();
        assert!(!signed_in.person_known);
    })
    .await;
}

#[tokio::test]
async fn an_answer_opens_one_session_and_no_second_one() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let answer = honest(&world, Scheme::Spid).await;
        world.accept(&world.tenant, &answer, Some(BROWSER), 10).await.unwrap();
        assert_eq!(key_of(world.accept(&world.tenant, &answer, Some(BROWSER), 11).await), "sign-in-expired");
        assert_eq!(world.count("select count(*) from session").await, 1);
        assert_eq!(world.count("select count(*) from sign_in_event where kind = 'failed'").await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_assertion_spent_on_one_request_is_not_accepted_for_another() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let code = world.code_of_anna().await;
        let first = world.start(&world.tenant, Scheme::Spid).await;
        let one = draft(&world, &world.tenant, Scheme::Spid, &first, &code).await;
        world.accept(&world.tenant, &signed(&one, Scheme::Spid, &first), Some(BROWSER), 10).await.unwrap();
        let second = world.start(&world.tenant, Scheme::Spid).await;
        let two = draft(&world, &world.tenant, Scheme::Spid, &second, &code).await;
        let again = ResponseDraft { assertion_id: one.assertion_id, ..two.clone() };
        let replayed = world.accept(&world.tenant, &signed(&again, Scheme::Spid, &second), Some(BROWSER), 10).await;
        assert_eq!(key_of(replayed), "sign-in-expired");
        assert_eq!(world.count("select count(*) from session").await, 1);
        assert_eq!(world.count("select count(*) from spent_assertion").await, 1);
        let good = world.accept(&world.tenant, &signed(&two, Scheme::Spid, &second), Some(BROWSER), 10).await;
        assert!(good.is_ok(), "the second request is still open");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_posts_of_one_answer_at_once_one_gets_in() {
    on_both_engines(|db| async move {
        let world = std::sync::Arc::new(World::build(db).await);
        let answer = std::sync::Arc::new(honest(&world, Scheme::Spid).await);
        let post = |_| {
            let (world, answer) = (world.clone(), answer.clone());
            tokio::spawn(async move { world.accept(&world.tenant, &answer, Some(BROWSER), 10).await })
        };
        let mut got_in = 0;
        for one in (0..20).map(post).collect::<Vec<_>>() {
            match one.await.unwrap() {
                Ok(_) => got_in += 1,
                Err(refusal) => assert_eq!(refusal.key(), "sign-in-expired", "{refusal}"),
            }
        }
        assert_eq!((got_in, world.count("select count(*) from session").await), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn another_browser_is_refused_and_burns_nothing() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let answer = honest(&world, Scheme::Spid).await;
        for browser in [None, Some("the cookie of another browser"), Some("")] {
            assert_eq!(key_of(world.accept(&world.tenant, &answer, browser, 10).await), "sign-in-expired");
        }
        assert!(world.accept(&world.tenant, &answer, Some(BROWSER), 10).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_forged_answer_burns_nothing() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let started = world.start(&world.tenant, Scheme::Spid).await;
        let good = draft(&world, &world.tenant, Scheme::Spid, &started, &world.code_of_anna().await).await;
        let relay_state = started.relay_state.clone();
        let unsigned = {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(good.document(""))
        };
        for response in [unsigned, "junk".to_owned(), String::new()] {
            let forged = Answer { scheme: Scheme::Spid, response, relay_state: relay_state.clone() };
            assert_eq!(key_of(world.accept(&world.tenant, &forged, Some(BROWSER), 10).await), "sign-in-failed");
        }
        let cancelled = Answer { scheme: Scheme::Spid, response: good.refusal(25), relay_state };
        assert_eq!(key_of(world.accept(&world.tenant, &cancelled, Some(BROWSER), 10).await), "sign-in-cancelled");
        assert!(world.accept(&world.tenant, &signed(&good, Scheme::Spid, &started), Some(BROWSER), 10).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn an_answer_for_one_tenant_opens_nothing_at_another() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let answer = honest(&world, Scheme::Spid).await;
        assert_eq!(key_of(world.accept(&world.other, &answer, Some(BROWSER), 10).await), "sign-in-expired");
        // Nor does it answer a request that the same browser really began there.
        let there = world.start(&world.other, Scheme::Spid).await;
        let crossed = Answer { scheme: Scheme::Spid, response: answer.response.clone(), relay_state: there.relay_state };
        assert_eq!(key_of(world.accept(&world.other, &crossed, Some(BROWSER), 10).await), "sign-in-failed");
        assert_eq!(world.count("select count(*) from session").await, 0);
        assert!(world.accept(&world.tenant, &answer, Some(BROWSER), 10).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn an_answer_by_one_scheme_is_none_by_the_other() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let answer = Answer { scheme: Scheme::Cie, ..honest(&world, Scheme::Spid).await };
        assert_eq!(key_of(world.accept(&world.tenant, &answer, Some(BROWSER), 10).await), "sign-in-expired");
    })
    .await;
}

#[tokio::test]
async fn a_request_waits_a_quarter_of_an_hour() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let code = world.code_of_anna().await;
        for (seconds, accepted) in [(899, true), (900, false)] {
            let started = world.start(&world.tenant, Scheme::Spid).await;
            let mut late = draft(&world, &world.tenant, Scheme::Spid, &started, &code).await;
            late.issued_at = world.ctx(&world.tenant, seconds - 5).now;
            let result = world.accept(&world.tenant, &signed(&late, Scheme::Spid, &started), Some(BROWSER), seconds).await;
            assert_eq!(result.is_ok(), accepted, "after {seconds} s");
        }
    })
    .await;
}

#[tokio::test]
async fn a_code_with_a_wrong_check_character_is_refused() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let started = world.start(&world.tenant, Scheme::Spid).await;
        let draft = draft(&world, &world.tenant, Scheme::Spid, &started, "GDASDV00A01H501K").await;
        let result = world.accept(&world.tenant, &signed(&draft, Scheme::Spid, &started), Some(BROWSER), 10).await;
        assert_eq!(key_of(result), "sign-in-identity-kind");
    })
    .await;
}

#[tokio::test]
async fn requests_and_assertions_are_forgotten_when_they_are_over() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        world.accept(&world.tenant, &honest(&world, Scheme::Spid).await, Some(BROWSER), 10).await.unwrap();
        for (seconds, requests, assertions) in [(300, 2, 1), (900, 2, 0)] {
            let mut tx = world.town.db.begin().await.unwrap();
            let (ctx, vault) = (world.ctx(&world.tenant, seconds), &world.town.vault);
            sign_in::start(&mut tx, &ctx, vault, &world.tenant, Scheme::Spid, ENTITY_ID, "/", BROWSER).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(world.count("select count(*) from sign_in_request").await, requests, "after {seconds} s");
            assert_eq!(world.count("select count(*) from spent_assertion").await, assertions, "after {seconds} s");
        }
    })
    .await;
}

#[tokio::test]
async fn a_provider_nobody_trusts_is_not_asked() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let mut tx = world.town.db.begin().await.unwrap();
        let (ctx, vault) = (world.ctx(&world.tenant, 0), &world.town.vault);
        let refused =
            sign_in::start(&mut tx, &ctx, vault, &world.tenant, Scheme::Spid, "https://evil.example", "/", BROWSER).await;
        assert!(matches!(refused, Err(Refusal::UnknownProvider)));
        assert_eq!(idp::list(&mut tx, &ctx, Scheme::Spid).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_tenants_key_is_made_once_and_kept_sealed() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        world.start(&world.tenant, Scheme::Spid).await;
        world.start(&world.tenant, Scheme::Spid).await;
        assert_eq!(world.count("select count(*) from tenant_saml_key").await, 1);
        let mut tx = world.town.db.read().await.unwrap();
        let row = tx.query_one("select private_key_sealed from tenant_saml_key", &[]).await.unwrap();
        let sealed: Vec<u8> = row.get(0).unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains("PRIVATE KEY"));
        let ctx = world.ctx(&world.tenant, 0);
        let other = db::vault::Vault::from_key([9; 32]);
        assert!(matches!(identity::keys::load(&mut tx, &ctx, &other, Scheme::Spid).await, Err(Refusal::Keys)));
        assert_eq!(identity::keys::load(&mut tx, &ctx, &world.town.vault, Scheme::Spid).await.unwrap().len(), 1);
    })
    .await;
}
