//! The registry of identity providers, fetched over HTTP.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::{Arc, Mutex};

use common::Scene;
use db::testing::on_both_engines;
use identity::sign_in::Scheme;
use kernel::{Actor, Ctx};
use saml::idp_side::{self, IdpMetadata};
use saml::{Binding, Endpoint, SpKey, Subject};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use worker::Registry;

fn key(name: &str) -> SpKey {
    let own = || name.to_owned();
    let subject = Subject { common_name: own(), organization: own(), city: own(), ipa_code: own(), entity_id: own() };
    SpKey::generate(&subject, 2026, 2).unwrap()
}

fn list(names: &[&str], provider: &SpKey, signer: &SpKey) -> String {
    let document = |name: &&str| {
        let (entity_id, sso) =
            (format!("https://{name}"), [Endpoint { binding: Binding::Post, location: format!("https://{name}/sso") }]);
        IdpMetadata { entity_id: &entity_id, display_name: name, sso: &sso, slo: &[], keys: std::slice::from_ref(provider) }
            .document()
    };
    idp_side::signed_registry(&names.iter().map(document).collect::<Vec<_>>(), signer).unwrap()
}

/// A server on this machine that answers every request with what stands in the box.
async fn serve(body: Arc<Mutex<(u16, String)>>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/registry.xml", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let _ = stream.read(&mut head).await;
            let (status, text) = body.lock().unwrap().clone();
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}", text.len());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

impl Scene {
    async fn providers(&self) -> Vec<String> {
        let ctx = Ctx { tenant: self.town.tenant, ..self.town.ctx_as(Actor::System("test")) };
        let mut tx = self.town.db.read().await.unwrap();
        identity::idp::list(&mut tx, &ctx, Scheme::Spid).await.unwrap().into_iter().map(|i| i.entity_id).collect()
    }
}

#[tokio::test]
async fn a_good_registry_is_taken_and_a_bad_one_changes_nothing() {
    let (signer, provider) = (key("agid"), key("idp"));
    on_both_engines(|db| {
        let (signer, provider) = (signer.clone(), provider.clone());
        async move {
            let scene = Scene::with(db, None).await;
            let served = Arc::new(Mutex::new((200, list(&["a.example", "b.example"], &provider, &signer))));
            let registry = Registry::new(&serve(served.clone()).await, &signer.certificate_pem).unwrap();
            let parts = scene.parts();
            assert_eq!(worker::registry::refresh(&parts, &registry).await.unwrap(), 2, "both tenants are told");
            assert_eq!(scene.providers().await, ["https://a.example", "https://b.example"]);
            assert_eq!(worker::registry::refresh(&parts, &registry).await.unwrap(), 0, "nothing is new");
            let good = list(&["c.example"], &provider, &signer);
            for (what, status, body) in [
                ("signed by another", 200, list(&["evil.example"], &provider, &provider)),
                ("empty", 200, list(&[], &provider, &signer)),
                ("changed on the way", 200, good.replace("https://c.example/sso", "https://evil.example/sso")),
                ("cut off", 200, good[..good.len() / 2].to_owned()),
                ("nothing", 200, String::new()),
                ("an error page", 503, good.clone()),
                ("elsewhere", 302, good.clone()),
            ] {
                *served.lock().unwrap() = (status, body);
                assert!(worker::registry::refresh(&parts, &registry).await.is_err(), "{what}");
                assert_eq!(scene.providers().await, ["https://a.example", "https://b.example"], "{what}");
            }
            *served.lock().unwrap() = (200, good);
            worker::registry::refresh(&parts, &registry).await.unwrap();
            assert_eq!(scene.providers().await, ["https://c.example"]);
        }
    })
    .await;
}

#[test]
fn a_registry_without_a_certificate_is_none() {
    assert!(Registry::new("https://registry.example", "no certificate").is_err());
}
