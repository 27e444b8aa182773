//! What is served to everybody: the coat of arms, an image that is kept for ever and does nothing, under the address of its
//! content; and whether the program is ready.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use enrolment::arms::{self, Drawing};
use reqwest::StatusCode;
use testkit::TestTown;
use testkit::browser::Browser;

const SVG: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><path d='M0 0h9v9z'/></svg>";

fn at(host: &str) -> Browser {
    let mut browser = Browser::new();
    browser.host = Some(host.to_owned());
    browser
}

/// The address of the image in the header of the home page.
async fn address(browser: &mut Browser, url: &str) -> Option<String> {
    let page = browser.get(&format!("{url}/")).await;
    let html = String::from_utf8(page.body).unwrap();
    let after = html.split_once("class=\"arms\" src=\"")?.1;
    after.split('"').next().map(str::to_owned)
}

async fn town(folder: &tempfile::TempDir, disk_alarm_bytes: u64) -> TestTown {
    let options = db::Options { disk_alarm_bytes, ..db::Options::default() };
    let url = format!("sqlite:{}", folder.path().join("town.sqlite").display());
    let db = db::Db::open_with(&url, &options).await.unwrap();
    db.migrate().await.unwrap();
    TestTown::build(db).await
}

#[tokio::test]
async fn a_disk_that_is_nearly_full_is_said_and_requests_still_come() {
    let folder = tempfile::tempdir().unwrap();
    let url = common::serve(&town(&folder, u64::MAX).await).await;
    let answer = reqwest::get(format!("{url}/readyz")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let words = answer.text().await.unwrap();
    assert!(words.starts_with("ready; the disk of the database is nearly full: ") && words.ends_with(" MB\n"), "{words}");
}

#[tokio::test]
async fn a_tenant_with_arms_shows_them_and_the_other_shows_none() {
    let folder = tempfile::tempdir().unwrap();
    let town = town(&folder, 0).await;
    let mut tx = town.db.begin().await.unwrap();
    arms::set(&mut tx, &town.office(), &Drawing::read(SVG.as_bytes()).unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    let url = common::serve(&town).await;
    assert_eq!(reqwest::get(format!("{url}/readyz")).await.unwrap().text().await.unwrap(), "ready\n");
    let (mut here, mut there) = (at(town.host), at(town.other_host));
    let path = address(&mut here, &url).await.expect("the header shows them");
    assert_eq!(address(&mut there, &url).await, None);
    let image = here.get(&format!("{url}{path}")).await;
    let header = |name: &str| image.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!((image.status, header("content-type")), (StatusCode::OK, "image/svg+xml; charset=utf-8"));
    assert_eq!(header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(header("x-content-type-options"), "nosniff");
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && policy.ends_with("sandbox") && !policy.contains("script"), "{policy}");
    assert!(String::from_utf8_lossy(&image.body).contains("M0 0h9v9z"));
    assert_eq!(there.get(&format!("{url}{path}")).await.status, StatusCode::NOT_FOUND, "another tenant's address");
    let other = path.replace("/stemma-", "/stemma-0");
    assert_eq!(here.get(&format!("{url}{other}")).await.status, StatusCode::NOT_FOUND, "another drawing's address");
}
