//! A portal over a town, on a port of its own.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::net::SocketAddr;
use std::time::Duration;

use catalogue::Catalogue;
use identity::credentials::Passwords;
use testkit::TestTown;
use web::{AppState, Parts};

/// A town in a file of the folder.
pub async fn town(folder: &tempfile::TempDir) -> TestTown {
    let db = db::Db::open(&format!("sqlite:{}", folder.path().join("town.sqlite").display())).await.unwrap();
    db.migrate().await.unwrap();
    TestTown::build(db).await
}

pub fn parts(town: &TestTown) -> Parts {
    Parts {
        db: town.db.clone(),
        vault: town.vault.clone(),
        clock: town.clock.clone(),
        entropy: town.entropy.clone(),
        catalogue: Catalogue::load(),
        papers: paper::Papers::new(),
        checkout: pagopa::CartsClient::new(Duration::from_secs(1)).unwrap(),
        passwords: Passwords::default(),
        cns_url: None,
        trusted_proxies: Vec::new(),
        demo: None,
    }
}

/// Its portal's address, without a slash at its end.
pub async fn serve(town: &TestTown) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = web::router(AppState::new(parts(town))).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    url
}
