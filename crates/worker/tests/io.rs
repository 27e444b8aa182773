//! Messages in app IO, over HTTP: the sandbox plays the service.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::Scene;
use db::testing::on_both_engines;
use jiff::civil::date;
use kernel::{Cents, Day};
use payments::gateway::{self, Service};
use payments::io;
use payments::{Position, Revision};
use sandbox::pagopa::{Config, Creditor, Directory, Later, ListedNotice};
use worker::Platform;

const ELENA: &str = "CNTLNE82E65Z999X";
/// Nothing of this may be read by a stranger.
const CHILD: &str = "Giulia";

struct Nobody;

impl Directory for Nobody {
    fn notices<'a>(&'a self, _: &'a str, _: u32) -> Later<'a, Vec<ListedNotice>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn creditors(&self) -> Later<'_, Vec<Creditor>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

struct World {
    scene: Scene,
    platform: Platform,
    sandbox: String,
    http: reqwest::Client,
}

impl World {
    async fn new(db: db::Db) -> World {
        World::with_key(db, Some("chiave")).await
    }

    async fn with_key(db: db::Db, key: Option<&str>) -> World {
        let scene = Scene::new(db).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let config = Config {
            public_url: url.clone(),
            node_url: "http://127.0.0.1:9/pagopa/paForNode".to_owned(),
            directory: Arc::new(Nobody),
            clock: scene.town.clock.clone(),
            entropy: scene.town.entropy.clone(),
        };
        let router = sandbox::pagopa::router(config).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let mut tx = scene.town.db.begin().await.unwrap();
        let ctx = scene.town.office();
        let sealed = key.map(|key| (&scene.town.vault, key));
        gateway::put_service(&mut tx, &ctx, Service::Io, &format!("{url}/io/api/v1"), sealed).await.unwrap();
        io::opt_in(&mut tx, &ctx, "servizio", 7).await.unwrap();
        tx.commit().await.unwrap();
        let http = pagopa::Http::new(Duration::from_secs(5)).unwrap();
        let platform = Platform::new(scene.parts(), scene.town.vault.clone(), http, Duration::from_secs(60));
        World { scene, platform, sandbox: url, http: reqwest::Client::new() }
    }

    async fn play(&self, mood: &str) {
        let request = self.http.post(format!("{}/io", self.sandbox)).body(format!("codice={ELENA}&come={mood}"));
        request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    }

    /// What would be on the telephones.
    async fn telephone(&self) -> String {
        self.http.get(format!("{}/io", self.sandbox)).send().await.unwrap().text().await.unwrap()
    }

    async fn due_on(&self, position: &Position, day: Day) {
        let mut tx = self.scene.town.db.begin().await.unwrap();
        let to = Revision { amount: Cents(4500), due_on: Some(day), reason: "prova".to_owned() };
        payments::revise(&mut tx, &self.scene.town.office(), position.id, &to).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Looks for what is to be told and sends it; how many messages are at their end.
    async fn round(&self) -> usize {
        self.platform.find_to_tell().await.unwrap();
        self.platform.tell().await.unwrap()
    }

    async fn state(&self, kind: &str) -> String {
        self.scene.text(&format!("select state from io_message where kind = '{kind}'")).await
    }

    fn set(&self, at: &str) {
        self.scene.town.clock.set(at.parse().unwrap());
    }
}

#[tokio::test]
async fn a_notice_its_reminder_and_its_receipt_are_told_once_each_and_stand_in_the_personal_area() {
    on_both_engines(|db| async move {
        let world = World::new(db).await;
        let position = world.scene.instalment(4500, true).await;
        world.due_on(&position, date(2026, 12, 15)).await;
        assert_eq!(world.round().await, 1);
        assert_eq!(world.round().await, 0);
        let page = world.telephone().await;
        assert!(page.contains("Nuovo avviso di pagamento: 45,00") && page.contains(position.notice_number.as_str()), "{page}");
        assert!(page.contains("15/12/2026 23:59:59") && page.contains("00000000018"), "{page}");
        world.set("2026-12-08T09:00:00Z");
        assert_eq!(world.round().await, 1);
        assert_eq!(world.round().await, 0);
        assert!(world.telephone().await.contains("Promemoria: 45,00"));
        world.scene.pay(&position, 4500, "r1").await;
        world.scene.work().await;
        assert_eq!(world.round().await, 1);
        let page = world.telephone().await;
        assert!(page.contains("Pagamento ricevuto: 45,00") && !page.contains(CHILD), "{page}");
        world.scene.repeat(payments::receipt::RECORDED_JOB).await;
        world.scene.work().await;
        assert_eq!(world.round().await, 0, "a job that runs twice tells once");
        let told = world.scene.told(world.scene.town.people.elena).await;
        let kinds: Vec<&str> = told.iter().map(|message| message.kind.as_str()).collect();
        assert_eq!(kinds, ["payment.notice", "payment.reminder", "payment.received"]);
        let ids: Vec<_> = told.iter().map(|message| message.id).collect();
        let mut tx = world.scene.town.db.read().await.unwrap();
        assert_eq!(io::sent_at(&mut tx, &world.scene.town.office(), &ids).await.unwrap().len(), 3);
        drop(tx);
        let mailed = "select count(*) from message where kind in ('payment.notice', 'payment.reminder') and mail_state <> 'none'";
        assert_eq!(world.scene.count(mailed).await, 0, "who reads app IO is not mailed the same");
    })
    .await;
}

/// A notice for somebody who is played so ends with a mail.
async fn mailed_instead(mood: &str) {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.play(mood).await;
        world.scene.instalment(4500, true).await;
        assert_eq!(world.round().await, 1);
        assert_eq!(world.state("notice").await, "not_wanted");
        assert!(!world.telephone().await.contains("Nuovo avviso"));
        let mail = "select mail_state from message where kind = 'payment.notice'";
        assert_eq!(world.scene.text(mail).await, "pending");
        assert_eq!(world.scene.count("select count(*) from job where kind = 'message.mail' and state = 'waiting'").await, 1);
    })
    .await;
}

#[tokio::test]
async fn who_has_no_app_io_is_mailed_instead() {
    mailed_instead("assente").await;
}

#[tokio::test]
async fn who_switched_the_service_off_is_mailed_instead() {
    mailed_instead("spento").await;
}

#[tokio::test]
async fn a_service_that_is_busy_or_broken_is_asked_again_later_and_nothing_is_lost() {
    on_both_engines(|db| async move {
        let world = World::new(db).await;
        world.scene.instalment(4500, true).await;
        let began = world.scene.town.clock.now();
        for (mood, seconds) in [("guasto", 0), ("troppe", 10), ("guasto", 40)] {
            world.play(mood).await;
            world.scene.town.clock.set(began + jiff::SignedDuration::from_secs(seconds));
            assert_eq!(world.round().await, 0, "{mood}");
            assert_eq!(world.state("notice").await, "waiting");
        }
        world.play("bene").await;
        assert_eq!(world.round().await, 0, "not before its time");
        world.scene.town.clock.set(began + jiff::SignedDuration::from_secs(80));
        assert_eq!(world.round().await, 1);
        assert_eq!((world.state("notice").await.as_str(), world.telephone().await.matches("Nuovo avviso").count()), ("sent", 1));
    })
    .await;
}

#[tokio::test]
async fn what_was_paid_before_the_message_went_out_is_not_asked_for() {
    on_both_engines(|db| async move {
        let world = World::new(db).await;
        let position = world.scene.instalment(4500, true).await;
        world.platform.find_to_tell().await.unwrap();
        world.scene.pay(&position, 4500, "r1").await;
        assert_eq!(world.platform.tell().await.unwrap(), 1);
        assert_eq!(world.state("notice").await, "overtaken");
        assert!(!world.telephone().await.contains("Nuovo avviso"));
    })
    .await;
}

#[tokio::test]
async fn a_wrong_key_holds_messages_back_until_the_office_puts_it_right() {
    on_both_engines(|db| async move {
        let world = World::with_key(db, None).await;
        world.scene.instalment(4500, true).await;
        assert_eq!(world.round().await, 0);
        assert_eq!(world.scene.text("select answer from io_message").await, "401: the subscription key");
        let mut tx = world.scene.town.db.begin().await.unwrap();
        let url = format!("{}/io/api/v1", world.sandbox);
        let (ctx, vault) = (world.scene.town.office(), &world.scene.town.vault);
        gateway::put_service(&mut tx, &ctx, Service::Io, &url, Some((vault, "chiave"))).await.unwrap();
        tx.commit().await.unwrap();
        world.scene.town.clock.set(ctx.now + jiff::SignedDuration::from_mins(11));
        assert_eq!(world.round().await, 1);
    })
    .await;
}
