//! The program towards pagoPA's platform, over HTTP: the sandbox plays it, the clients are those of every day.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use catalogue::Catalogue;
use common::Scene;
use db::testing::on_both_engines;
use db::vault::Vault;
use kernel::{Cents, Ctx};
use payments::gateway::{self, GatewayKind, Service};
use payments::receipt::{self, Source};
use payments::{Position, Revision, State};
use sandbox::pagopa::{Config, Creditor, Directory, GPD_RECEIPTS, Later, ListedNotice, SERVICES};
use worker::{Parts, Platform};

const FISCAL_CODE: &str = "00000000018";

/// The one institution, whose station nobody reaches.
struct Alone;

impl Directory for Alone {
    fn notices<'a>(&'a self, _: &'a str, _: u32) -> Later<'a, Vec<ListedNotice>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn creditors(&self) -> Later<'_, Vec<Creditor>> {
        let creditor = Creditor {
            fiscal_code: FISCAL_CODE.to_owned(),
            name: "Comune".to_owned(),
            broker: FISCAL_CODE.to_owned(),
            station: format!("{FISCAL_CODE}_01"),
        };
        Box::pin(async move { Ok(vec![creditor]) })
    }
}

struct World {
    scene: Scene,
    platform: Platform,
    sandbox: String,
    http: reqwest::Client,
}

impl World {
    async fn new(db: db::Db, kind: GatewayKind) -> World {
        let scene = Scene::new(db).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let config = Config {
            public_url: url.clone(),
            node_url: "http://127.0.0.1:9/pagopa/paForNode".to_owned(),
            directory: Arc::new(Alone),
            clock: scene.town.clock.clone(),
            entropy: scene.town.entropy.clone(),
        };
        let router = sandbox::pagopa::router(config).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let mut tx = scene.town.db.begin().await.unwrap();
        for (service, path) in SERVICES {
            let service = Service::from_code(service).unwrap();
            let gpd = kind == GatewayKind::Gpd && service == Service::Receipts;
            let base_url = format!("{url}{}", if gpd { GPD_RECEIPTS } else { path });
            gateway::put_service(&mut tx, &scene.town.office(), service, &base_url, None).await.unwrap();
        }
        gateway::set_kind(&mut tx, &scene.town.office(), kind).await.unwrap();
        tx.commit().await.unwrap();
        let (db, clock, entropy) = (scene.town.db.clone(), scene.town.clock.clone(), scene.town.entropy.clone());
        let parts = Parts { db, clock, entropy, catalogue: Arc::new(Catalogue::load()), mailer: None, registry: None };
        let http = pagopa::Http::new(Duration::from_secs(5)).unwrap();
        let platform = Platform::new(parts, Vault::from_key([7; 32]), http, Duration::from_secs(60));
        World { scene, platform, sandbox: url, http: reqwest::Client::new() }
    }

    fn ctx(&self) -> Ctx {
        self.scene.town.office()
    }

    async fn post(&self, path: &str, fields: &str) -> String {
        let request = self.http.post(format!("{}{path}", self.sandbox));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(fields.to_owned());
        request.send().await.unwrap().text().await.unwrap()
    }

    async fn pay(&self, position: &Position, how: &str) -> String {
        self.post("/tabaccheria/paga", &format!("codice={}&ente={FISCAL_CODE}&ricevute={how}", position.notice_number)).await
    }

    async fn again(&self, position: &Position) -> Position {
        let mut tx = self.scene.town.db.read().await.unwrap();
        payments::get(&mut tx, &self.ctx(), position.id).await.unwrap()
    }

    async fn source(&self, position: &Position) -> Source {
        let mut tx = self.scene.town.db.read().await.unwrap();
        receipt::get_for_position(&mut tx, &self.ctx(), position.id).await.unwrap().unwrap().source
    }
}

#[tokio::test]
async fn a_stand_in_payment_whose_receipt_never_comes_is_found_in_the_report_and_its_receipt_fetched() {
    on_both_engines(|db| async move {
        let world = World::new(db, GatewayKind::Synchronous).await;
        let position = world.scene.instalment(4500, true).await;
        let refused = world.pay(&position, "mai").await;
        assert!(!refused.contains("Pagamento eseguito"), "the archive does not know it yet");
        assert_eq!(world.platform.push().await.unwrap(), 1);
        assert_eq!(world.platform.push().await.unwrap(), 0, "told once");
        assert!(world.pay(&position, "mai").await.contains("Pagamento eseguito"));
        assert_eq!(world.platform.ask().await.unwrap(), 0, "nothing is asked before a report tells of it");
        assert_eq!(world.again(&position).await.state, State::Payable);
        world.post("/pagopa/flussi", &format!("ente={FISCAL_CODE}")).await;
        assert_eq!(world.platform.ask().await.unwrap(), 2, "a report, and the receipt it tells of");
        assert_eq!((world.again(&position).await.state, world.source(&position).await), (State::Paid, Source::Fetched));
        assert_eq!(world.platform.ask().await.unwrap(), 0);
        let mut tx = world.scene.town.db.read().await.unwrap();
        ledger::verify(&mut tx, world.ctx().tenant).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn gpd_answers_for_a_tenant_that_fetches_its_receipts() {
    on_both_engines(|db| async move {
        let world = World::new(db, GatewayKind::Gpd).await;
        let position = world.scene.instalment(4500, true).await;
        assert_eq!(world.platform.push().await.unwrap(), 1);
        let mut tx = world.scene.town.db.begin().await.unwrap();
        let to = Revision { amount: Cents(4000), due_on: None, reason: "prova".to_owned() };
        payments::revise(&mut tx, &world.ctx(), position.id, &to).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.platform.push().await.unwrap(), 1);
        let page = world.pay(&position, "").await;
        assert!(page.contains("40,00 €") && page.contains("Pagamento eseguito"), "{page}");
        assert_eq!(world.again(&position).await.state, State::Payable, "nobody delivers a receipt");
        assert_eq!(world.platform.ask().await.unwrap(), 1);
        assert_eq!((world.again(&position).await.state, world.source(&position).await), (State::Paid, Source::Fetched));
        assert_eq!(world.platform.ask().await.unwrap(), 0);
        assert!(world.pay(&position, "").await.contains("PAA_PAGAMENTO_DUPLICATO"));
    })
    .await;
}

#[tokio::test]
async fn what_is_cancelled_cannot_be_paid_at_gpd_either() {
    on_both_engines(|db| async move {
        let world = World::new(db, GatewayKind::Gpd).await;
        let position = world.scene.instalment(4500, true).await;
        world.platform.push().await.unwrap();
        let mut tx = world.scene.town.db.begin().await.unwrap();
        payments::cancel(&mut tx, &world.ctx(), position.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.platform.push().await.unwrap(), 1);
        assert!(world.pay(&position, "").await.contains("PAA_PAGAMENTO_ANNULLATO"));
    })
    .await;
}
