//! Single logout on both engines: what a provider ends, what it cannot, and when it is told.
#![allow(clippy::unwrap_used, reason = "a scenario that meets an error has failed")]

mod common;

use common::{Answer, BROWSER, ENTITY_ID, World, draft, honest, provider_key};
use db::testing::on_both_engines;
use enrolment::Tenant;
use identity::logout::{self, Taken};
use identity::session::{self, Session};
use identity::settings::{self, Settings};
use identity::sign_in::{Refusal, Scheme};
use saml::{Binding, Carrier, Endpoint, Incoming, Kind, LogoutAnswer, LogoutMessage, LogoutRequest, SpKey};

impl World {
    async fn live(&self, token: &str) -> Option<Session> {
        let mut tx = self.town.db.read().await.unwrap();
        session::find(&mut tx, self.tenant.id, token, self.ctx(&self.tenant, 30).now).await.unwrap()
    }

    async fn take(&self, tenant: &Tenant, door: Scheme, message: &str, kind: Kind) -> Result<Taken, Refusal> {
        let incoming = Incoming::Form { kind, message, relay_state: Some("theirs") };
        let mut tx = self.town.db.begin().await.unwrap();
        let taken = logout::take(&mut tx, &self.ctx(tenant, 30), &self.town.vault, tenant, door, incoming).await;
        tx.commit().await.unwrap();
        taken
    }

    /// The provider's request to end the sessions of a name, in base64.
    fn asked(&self, tenant: &Tenant, door: Scheme, issuer: &str, name_id: &str, key: &SpKey) -> String {
        let to = Endpoint { binding: Binding::Post, location: format!("{}/{}/slo", tenant.public_url, door.code()) };
        let now = self.ctx(tenant, 30).now;
        let request = LogoutRequest {
            to: &to,
            issuer,
            id: "_theirs",
            name_id,
            name_qualifier: issuer,
            session_index: None,
            relay_state: None,
            now,
        };
        let Carrier::Form(form) = request.signed(key).unwrap().carrier else { panic!("it goes by POST") };
        form.message
    }
}

#[tokio::test]
async fn a_provider_ends_the_sessions_of_a_name_it_gave_and_is_answered() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let token =
            world.accept(&world.tenant, &honest(&world, Scheme::Spid).await, Some(BROWSER), 10).await.unwrap().session_token;
        assert!(world.live(&token).await.is_some());
        let asked = world.asked(&world.tenant, Scheme::Spid, ENTITY_ID, "_transient", provider_key());
        let taken = world.take(&world.tenant, Scheme::Spid, &asked, Kind::Request).await.unwrap();
        let Taken::Ended { sessions: 1, answer: Some(answer) } = taken else { panic!("{taken:?}") };
        assert!(world.live(&token).await.is_none());
        // The answer is signed with the tenant's key, for the address of the provider's metadata.
        let Carrier::Address(address) = answer.carrier else { panic!("the provider takes redirects") };
        let (mut tx, ctx) = (world.town.db.read().await.unwrap(), world.ctx(&world.tenant, 0));
        let keys = identity::keys::load(&mut tx, &ctx, &world.town.vault, Scheme::Spid).await.unwrap();
        drop(tx);
        let certificates = [keys[0].certificate_der().unwrap()];
        let query = address.strip_prefix("https://idp.example/slo?").unwrap();
        let issuer = identity::sign_in::entity_id(&world.tenant, Scheme::Spid);
        let now = world.ctx(&world.tenant, 31).now;
        let read = Incoming::Query(query).verify(&issuer, &certificates, "https://idp.example/slo", now).unwrap();
        assert_eq!(read, LogoutMessage::Response { in_response_to: "_theirs".to_owned(), complete: true });
        // Asked again, there is nothing to end, and the answer is the same yes.
        let again = world.take(&world.tenant, Scheme::Spid, &asked, Kind::Request).await.unwrap();
        assert!(matches!(again, Taken::Ended { sessions: 0, answer: Some(_) }), "{again:?}");
        assert_eq!(
            world.count("select count(*) from sign_in_event where kind = 'signed_out' and reason = 'by_provider'").await,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn nobody_else_ends_a_session() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let token =
            world.accept(&world.tenant, &honest(&world, Scheme::Spid).await, Some(BROWSER), 10).await.unwrap().session_token;
        let stranger = SpKey::generate(
            &saml::Subject {
                common_name: "x".to_owned(),
                organization: "x".to_owned(),
                city: "x".to_owned(),
                ipa_code: "x".to_owned(),
                entity_id: ENTITY_ID.to_owned(),
            },
            2026,
            1,
        )
        .unwrap();
        let (here, there) = (&world.tenant, &world.other);
        for (what, message, tenant, door) in [
            ("another's key", world.asked(here, Scheme::Spid, ENTITY_ID, "_transient", &stranger), here, Scheme::Spid),
            (
                "a provider nobody trusts",
                world.asked(here, Scheme::Spid, "https://evil.example", "_transient", &stranger),
                here,
                Scheme::Spid,
            ),
            (
                "made for the other tenant",
                world.asked(there, Scheme::Spid, ENTITY_ID, "_transient", provider_key()),
                here,
                Scheme::Spid,
            ),
            (
                "made for the other door",
                world.asked(here, Scheme::Cie, ENTITY_ID, "_transient", provider_key()),
                here,
                Scheme::Spid,
            ),
        ] {
            assert!(world.take(tenant, door, &message, Kind::Request).await.is_err(), "{what}");
        }
        // Properly asked, at places where that name has no session: a yes that ends nothing here.
        for (tenant, door, issuer, name) in [
            (there, Scheme::Spid, ENTITY_ID, "_transient"),
            (here, Scheme::Cie, ENTITY_ID, "_transient"),
            (here, Scheme::Spid, common::EIDAS_NODE, "_transient"),
            (here, Scheme::Spid, ENTITY_ID, "_another"),
        ] {
            let message = world.asked(tenant, door, issuer, name, provider_key());
            let taken = world.take(tenant, door, &message, Kind::Request).await.unwrap();
            assert!(matches!(taken, Taken::Ended { sessions: 0, .. }), "{issuer} {name}");
        }
        assert!(world.live(&token).await.is_some());
    })
    .await;
}

/// A session at level 1, where the provider keeps one too; without an index where there is none.
async fn at_level_1(world: &World, index: Option<&str>) -> Session {
    let mut tx = world.town.db.begin().await.unwrap();
    let ctx = world.ctx(&world.tenant, 0);
    settings::set(&mut tx, &ctx, &Settings { level: 1, supplier: None }).await.unwrap();
    tx.commit().await.unwrap();
    let started = world.start(&world.tenant, Scheme::Spid).await;
    assert!(started.outgoing.xml.contains("SpidL1") && !started.outgoing.xml.contains("ForceAuthn"));
    let known = idp_answer(world, &started, index).await;
    let token = world.accept(&world.tenant, &known, Some(BROWSER), 10).await.unwrap().session_token;
    world.live(&token).await.unwrap()
}

async fn idp_answer(world: &World, started: &identity::sign_in::Started, index: Option<&str>) -> Answer {
    let code = world.code_of_anna().await;
    let mut draft = draft(world, &world.tenant, Scheme::Spid, started, &code).await;
    draft.session_index = index.map(str::to_owned);
    draft.level = 1;
    common::signed(&draft, Scheme::Spid, started)
}

#[tokio::test]
async fn a_provider_is_told_of_a_sign_out_only_where_it_keeps_a_session() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let (ctx, vault) = (world.ctx(&world.tenant, 30), &world.town.vault);
        let without = at_level_1(&world, None).await;
        let with = at_level_1(&world, Some("_index")).await;
        let mut tx = world.town.db.begin().await.unwrap();
        assert!(logout::ask(&mut tx, &ctx, vault, &world.tenant, without.id).await.unwrap().is_none());
        let told = logout::ask(&mut tx, &ctx, vault, &world.tenant, with.id).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        assert!(
            told.xml.contains("<samlp:SessionIndex>_index</samlp:SessionIndex>")
                && told.xml.contains(">_transient</saml:NameID>")
        );
        let id = told.xml.split("ID=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let to = Endpoint { binding: Binding::Post, location: format!("{}/spid/slo", world.tenant.public_url) };
        let answer = |request: &str, issuer: &str| {
            let answer = LogoutAnswer { to: &to, issuer, id: "_a", in_response_to: request, relay_state: None, now: ctx.now };
            let Carrier::Form(form) = answer.signed(provider_key()).unwrap().carrier else { panic!("it goes by POST") };
            form.message
        };
        for (what, message) in
            [("another request", answer("_other", ENTITY_ID)), ("another provider", answer(&id, common::EIDAS_NODE))]
        {
            let refused = world.take(&world.tenant, Scheme::Spid, &message, Kind::Response).await;
            assert!(matches!(refused, Err(Refusal::NotPending)), "{what}");
        }
        let good = answer(&id, ENTITY_ID);
        assert!(matches!(world.take(&world.tenant, Scheme::Spid, &good, Kind::Response).await, Ok(Taken::Answered)));
        let again = world.take(&world.tenant, Scheme::Spid, &good, Kind::Response).await;
        assert!(matches!(again, Err(Refusal::NotPending)), "once");
    })
    .await;
}
