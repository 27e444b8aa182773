//! Lists fetched from where authorities publish them; the last good copy stays.
#![allow(clippy::unwrap_used, reason = "a scenario that meets an error has failed")]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use cns::{Refusal, Settings, Verifier};
use jiff::SignedDuration;
use kernel::Instant;
use sandbox::cns::{Authority, CardDraft};

fn now() -> Instant {
    "2026-11-25T10:00:00Z".parse().unwrap()
}

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

/// An authority's web server, whose list a test changes; one address that redirects to it and one that fails.
async fn published() -> (String, Arc<Mutex<Vec<u8>>>) {
    let list = Arc::new(Mutex::new(Vec::new()));
    let served = list.clone();
    let router = Router::new()
        .route("/ca.crl", get(move || async move { served.lock().unwrap().clone() }))
        .route("/moved.crl", get(|| async { (StatusCode::FOUND, [(header::LOCATION, "/ca.crl")]) }))
        .route("/broken.crl", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}"), list)
}

#[tokio::test]
async fn a_newer_list_takes_the_place_of_the_last_one_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::generate("CA di prova", now()).unwrap();
    let stranger = Authority::generate("CA di prova", now()).unwrap();
    let (trust_list_file, crl_folder) = (folder.path().join("trust.pem"), folder.path().join("crl"));
    std::fs::create_dir(&crl_folder).unwrap();
    std::fs::write(&trust_list_file, &authority.certificate_pem).unwrap();
    let verifier = Verifier::open(Settings { trust_list_file, crl_folder: crl_folder.clone(), crl_max_age: hours(48) }).unwrap();
    let card = authority.card(&CardDraft::of("RSSMRA85T10A562S", "Maria", "Rossi", 100, now())).unwrap().certificate_der;
    let (server, list) = published().await;
    let url = format!("{server}/ca.crl");
    let of = |by: &Authority, revoked: &[u64], from: i64| by.crl(revoked, now() + hours(from), now() + hours(24)).unwrap();
    let steps = [
        ("a first list", of(&authority, &[], -3), Ok(true), None),
        ("the same again", of(&authority, &[], -3), Ok(false), None),
        ("a newer one", of(&authority, &[100], -2), Ok(true), Some(Refusal::Revoked)),
        ("the old one played back", of(&authority, &[], -3), Err("older than the one held"), Some(Refusal::Revoked)),
        ("one with a forged signature", of(&stranger, &[], -1), Err("its signature is not that of"), Some(Refusal::Revoked)),
        ("an error page", b"<html>".to_vec(), Err("not a revocation list"), Some(Refusal::Revoked)),
        ("the card is in force again", of(&authority, &[], -1), Ok(true), None),
    ];
    for (what, published, expected, refusal) in steps {
        *list.lock().unwrap() = published;
        let fetched = cns::refresh(&verifier, std::slice::from_ref(&url)).await.unwrap().remove(0);
        match expected {
            Ok(replaced) => assert_eq!(fetched.result, Ok(replaced), "{what}"),
            Err(words) => assert!(fetched.result.as_ref().is_err_and(|why| why.contains(words)), "{what}: {fetched:?}"),
        }
        assert_eq!(verifier.verify(&card, now()).err(), refusal, "{what}");
        assert_eq!(std::fs::read_dir(&crl_folder).unwrap().count(), 1, "{what}: one file");
    }
    let others = ["/moved.crl", "/broken.crl"].map(|path| format!("{server}{path}"));
    for fetched in cns::refresh(&verifier, &others).await.unwrap() {
        assert!(fetched.result.as_ref().is_err_and(|why| why.starts_with("status ")), "{fetched:?}");
    }
    assert!(verifier.verify(&card, now()).is_ok(), "the last good copy stays");
}
