//! The register of traces on both engines: what is kept, that nobody can change it, and how it ends.
#![allow(clippy::unwrap_used, reason = "a scenario that meets an error has failed")]

mod common;

use common::{Answer, BROWSER, World, draft, honest, signed};
use db::testing::on_both_engines;
use identity::sign_in::Scheme;
use identity::trace::{self, TraceError};
use jiff::SignedDuration;
use kernel::Ctx;

const DAY: i64 = 24 * 3600;

impl World {
    async fn verified(&self) -> Result<trace::Verified, TraceError> {
        trace::verify(&mut self.town.db.read().await.unwrap(), self.tenant.id).await
    }

    async fn exported(&self) -> Vec<serde_json::Value> {
        let ctx = self.ctx(&self.tenant, 0);
        let (from, to) = (ctx.now - SignedDuration::from_hours(24), ctx.now + SignedDuration::from_hours(24));
        let mut tx = self.town.db.read().await.unwrap();
        trace::export(&mut tx, &ctx, &self.town.vault, from, to, 0).await.unwrap()
    }

    /// A sign-in and its accepted answer.
    async fn sign_in(&self) {
        self.accept(&self.tenant, &honest(self, Scheme::Spid).await, Some(BROWSER), 10).await.unwrap();
    }

    async fn purged(&self, ctx: &Ctx) -> i64 {
        let mut tx = self.town.db.begin().await.unwrap();
        let gone = trace::purge(&mut tx, ctx).await.unwrap();
        tx.commit().await.unwrap();
        gone
    }

    /// Whether the database itself lets this through.
    async fn may(&self, sql: &str) -> bool {
        let mut tx = self.town.db.begin().await.unwrap();
        tx.execute(sql, &[]).await.is_ok()
    }

    async fn append(&self, at: i64) {
        let mut tx = self.town.db.begin().await.unwrap();
        let details = serde_json::json!({ "request": "<a/>" });
        let entry = trace::Entry {
            scheme: "spid",
            idp_entity_id: "https://idp.example",
            request_id: "_a",
            outcome: "accepted",
            details: &details,
        };
        trace::append(&mut tx, &self.ctx(&self.tenant, at), &self.town.vault, &entry).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_sign_in_leaves_its_request_and_its_answer_sealed() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        world.sign_in().await;
        let traces = world.exported().await;
        assert_eq!(traces.len(), 1);
        let messages = &traces[0]["messages"];
        assert_eq!((&traces[0]["outcome"], &traces[0]["scheme"]), (&"accepted".into(), &"spid".into()));
        assert!(messages["request"].as_str().unwrap().contains("<samlp:AuthnRequest"));
        assert!(messages["response"].as_str().unwrap().contains(&world.code_of_anna().await));
        assert_eq!(messages["response_outline"]["subject"], "_transient");
        assert_eq!(messages["response_outline"]["issuer"], common::ENTITY_ID);
        let mut tx = world.town.db.read().await.unwrap();
        let sealed: Vec<u8> = tx.query_one("select sealed from sign_in_trace", &[]).await.unwrap().get(0).unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains("AuthnRequest"), "it is not kept in the open");
        let (ctx, other) = (world.ctx(&world.tenant, 0), db::vault::Vault::from_key([9; 32]));
        let range = (ctx.now - SignedDuration::from_hours(1), ctx.now + SignedDuration::from_hours(1));
        assert!(matches!(trace::export(&mut tx, &ctx, &other, range.0, range.1, 0).await, Err(TraceError::Sealed)));
        let neighbour = world.ctx(&world.other, 0);
        assert!(trace::export(&mut tx, &neighbour, &world.town.vault, range.0, range.1, 0).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_refused_answer_leaves_its_trace_too_and_junk_does_not_fill_the_register() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let started = world.start(&world.tenant, Scheme::Spid).await;
        let code = world.code_of_anna().await;
        let good = draft(&world, &world.tenant, Scheme::Spid, &started, &code).await;
        let cancelled = Answer { scheme: Scheme::Spid, response: good.refusal(25), relay_state: started.relay_state.clone() };
        for _ in 0..7 {
            assert!(world.accept(&world.tenant, &cancelled, Some(BROWSER), 10).await.is_err());
        }
        // Another browser's junk belongs to no sign-in.
        assert!(world.accept(&world.tenant, &cancelled, Some("another"), 10).await.is_err());
        let outcomes: Vec<_> = world.exported().await.iter().map(|t| t["outcome"].as_str().unwrap().to_owned()).collect();
        assert_eq!(outcomes, vec!["the person did not get in: number 25"; 5]);
        world.accept(&world.tenant, &signed(&good, Scheme::Spid, &started), Some(BROWSER), 11).await.unwrap();
        assert_eq!(world.exported().await.last().unwrap()["outcome"], "accepted", "what counts is always kept");
        assert_eq!(world.verified().await.unwrap().kept, 6);
    })
    .await;
}

#[tokio::test]
async fn the_trace_and_the_session_are_one_transaction() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let answer = honest(&world, Scheme::Spid).await;
        let mut tx = world.town.db.begin().await.unwrap();
        let ctx = world.ctx(&world.tenant, 10);
        let given = identity::sign_in::Answer {
            scheme: answer.scheme,
            response: &answer.response,
            relay_state: &answer.relay_state,
            browser_token: Some(BROWSER),
        };
        identity::sign_in::accept(&mut tx, &ctx, &world.town.vault, &world.tenant, given).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(world.count("select count(*) from session").await, 0);
        assert_eq!(world.count("select count(*) from sign_in_trace").await, 0);
        world.accept(&world.tenant, &answer, Some(BROWSER), 10).await.unwrap();
        assert_eq!(world.count("select count(*) from session").await, 1);
        assert_eq!(world.count("select count(*) from sign_in_trace").await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_database_refuses_to_change_or_remove_a_trace() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        for at in [0, 1, 2] {
            world.append(at).await;
        }
        for sql in [
            "update sign_in_trace set outcome = 'other' where number = 2",
            "delete from sign_in_trace where number = 2",
            "delete from sign_in_trace",
            "update sign_in_trace_chain set last_number = 1",
            "update sign_in_trace_chain set purged_number = 9",
            "delete from sign_in_trace_chain",
        ] {
            assert!(!world.may(sql).await, "{sql}");
        }
        assert_eq!(world.verified().await.unwrap().kept, 3);
    })
    .await;
}

#[tokio::test]
async fn the_chain_names_the_first_trace_that_is_not_as_it_was_written() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        for at in [0, 1, 2, 3] {
            world.append(at).await;
        }
        let off = match world.town.db.engine() {
            db::Engine::Sqlite => "drop trigger sign_in_trace_never_changed",
            // For this transaction only: the schema is used again by other scenarios.
            db::Engine::Postgres => "set local session_replication_role = replica",
        };
        let mut tx = world.town.db.begin().await.unwrap();
        tx.execute(off, &[]).await.unwrap();
        tx.execute("update sign_in_trace set outcome = 'refused' where number = 3", &[]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(world.verified().await, Err(TraceError::Broken(3))));
    })
    .await;
}

#[tokio::test]
async fn traces_are_purged_after_24_months_and_the_rest_still_verifies() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        for day in [0, 1, 400] {
            world.append(day * DAY).await;
        }
        let now = |days: i64| world.ctx(&world.tenant, days * DAY);
        let head = world.verified().await.unwrap().chain_head;
        // 730 days are 24 months here: 2026-11 to 2028-11 has a 29 February.
        assert_eq!(world.purged(&now(729)).await, 0);
        assert_eq!(world.purged(&now(733)).await, 2);
        assert_eq!(world.purged(&now(733)).await, 0);
        let verified = world.verified().await.unwrap();
        assert_eq!((verified.kept, verified.purged, verified.chain_head), (1, 2, head), "the chain ends where it ended");
        world.append(733 * DAY).await;
        assert_eq!(world.verified().await.unwrap().kept, 2);
        assert_eq!(world.purged(&now(3000)).await, 2);
        let verified = world.verified().await.unwrap();
        assert_eq!((verified.kept, verified.purged), (0, 4));
        assert_eq!(world.count("select count(*) from audit_event where what = 'sign_in_trace.purged'").await, 2);
    })
    .await;
}
