//! Sign-ins from the request to the session on both engines, and what must not become one.
#![allow(clippy::unwrap_used, reason = "a scenario that meets an error has failed")]

mod common;

use common::{Answer, BROWSER, ENTITY_ID, World, draft, honest, key_of, signed};
use db::testing::on_both_engines;
use identity::sign_in::{self, Refusal, Scheme};
use identity::{events, idp, session};
use saml::idp_side::ResponseDraft;

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
async fn of_fifty_equal_answers_at_once_one_opens_a_session() {
    on_both_engines(|db| async move {
        let world = std::sync::Arc::new(World::build(db).await);
        let answer = std::sync::Arc::new(honest(&world, Scheme::Spid).await);
        let post = |_| {
            let (world, answer) = (world.clone(), answer.clone());
            tokio::spawn(async move { world.accept(&world.tenant, &answer, Some(BROWSER), 10).await.is_ok() })
        };
        let posted: Vec<_> = (0..50).map(post).collect();
        let mut accepted = 0;
        for one in posted {
            accepted += usize::from(one.await.unwrap());
        }
        assert_eq!(accepted, 1);
        assert_eq!(world.count("select count(*) from session").await, 1);
        assert_eq!(world.count("select count(*) from sign_in_trace where outcome = 'accepted'").await, 1);
        identity::trace::verify(&mut world.town.db.read().await.unwrap(), world.tenant.id).await.unwrap();
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
