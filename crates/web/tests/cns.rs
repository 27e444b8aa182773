//! Sign-in by national services card over the portal's doors and the card's listener, on both engines: the way in, and
//! everything that must not be one.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use cns::{Settings, Verifier};
use db::testing::on_both_engines;
use identity::session;
use jiff::SignedDuration;
use kernel::Instant;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sandbox::cns::{Authority, CardDraft, Issued};
use tempfile::TempDir;
use testkit::TestTown;
use tower::ServiceExt;
use web::cns::{CERTIFICATE_HEADER, CardState, ClientCertificate, SECRET_HEADER, Shown};
use web::{AppState, Parts};

const LISTENER: &str = "https://carta.esempio.test";
const SECRET: &str = "a secret the proxy shares with us, of more than 32 letters";

struct World {
    town: TestTown,
    authority: Authority,
    portal: Router,
    listener: Router,
    behind_proxy: Router,
    anna: String,
    _lists: TempDir,
}

struct Answer {
    status: StatusCode,
    location: String,
    cookies: Vec<String>,
    text: String,
}

impl Answer {
    /// The value of a cookie it sets.
    fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find_map(|c| c.strip_prefix(name)?.strip_prefix('=')?.split(';').next())
    }
}

impl World {
    async fn build(db: db::Db) -> World {
        World::with(db, Some(LISTENER)).await
    }

    async fn with(db: db::Db, cns_url: Option<&str>) -> World {
        let town = TestTown::build(db).await;
        let authority = Authority::generate("CA di prova", town.clock.now()).unwrap();
        let (lists, cards) = lists(&authority, town.clock.now());
        let app = AppState::new(parts(&town, cns_url));
        let state = |shown| CardState { app: app.clone(), cards: cards.clone(), shown };
        let listener = web::cns::router(state(Shown::Handshake));
        let behind_proxy = web::cns::router(state(Shown::Header { secret: SECRET.into() }));
        let anna = code_of_anna(&town).await;
        World { portal: web::router(app.clone()), town, authority, listener, behind_proxy, anna, _lists: lists }
    }

    fn card(&self) -> CardDraft {
        CardDraft::of(&self.anna, "Anna", "Bianchi", 100, self.town.clock.now())
    }

    fn issued(&self) -> Issued {
        self.authority.card(&self.card()).unwrap()
    }

    async fn at_portal(&self, host: &str, path: &str, cookie: Option<&str>, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(path).header(header::HOST, host);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(&self.portal, request.body(Body::empty()).unwrap()).await
    }

    /// From the portal's button to the card's listener: the browser's cookie, and where it is sent.
    async fn begun(&self) -> (String, String) {
        let answer = self.at_portal(self.town.host, "/cns/login?poi=/area-personale/ricariche", None, &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let path = answer.location.strip_prefix(LISTENER).expect("the card's listener").to_owned();
        (format!("__Host-campanella_accesso={}", answer.cookie("__Host-campanella_accesso").unwrap()), path)
    }

    /// A card, or none, shown in a handshake.
    async fn show(&self, path: &str, certificate: Option<&[u8]>) -> Answer {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        if let Some(der) = certificate {
            request.extensions_mut().insert(ClientCertificate(Arc::from(der)));
        }
        answer(&self.listener, request).await
    }

    /// The whole way to a ticket: the browser's cookie and the portal's door.
    async fn ticket(&self) -> (String, String) {
        let (cookie, path) = self.begun().await;
        let shown = self.show(&path, Some(&self.issued().certificate_der)).await;
        assert_eq!(shown.status, StatusCode::SEE_OTHER, "{}", shown.text);
        let (_, door) = shown.location.split_once("/cns/entra?").expect("the portal's door");
        (cookie, format!("/cns/entra?{door}"))
    }

    async fn count(&self, sql: &str) -> i64 {
        self.town.db.read().await.unwrap().query_one(sql, &[]).await.unwrap().get(0).unwrap()
    }

    async fn sessions(&self) -> i64 {
        self.count("select count(*) from session").await
    }

    fn wait(&self, seconds: i64) {
        self.town.clock.set(self.town.clock.now() + SignedDuration::from_secs(seconds));
    }
}

fn parts(town: &TestTown, cns_url: Option<&str>) -> Parts {
    Parts { cns_url: cns_url.map(str::to_owned), ..common::parts(town) }
}

/// The authority alone is trusted; its list, of now, names card 7.
fn lists(authority: &Authority, now: Instant) -> (TempDir, Arc<Verifier>) {
    let folder = tempfile::tempdir().unwrap();
    let (trust_list_file, crl_folder) = (folder.path().join("trust.pem"), folder.path().join("crl"));
    std::fs::create_dir(&crl_folder).unwrap();
    std::fs::write(&trust_list_file, &authority.certificate_pem).unwrap();
    let crl = authority.crl(&[7], now, now + SignedDuration::from_hours(24)).unwrap();
    std::fs::write(crl_folder.join("a.crl"), crl).unwrap();
    let crl_max_age = SignedDuration::from_hours(12);
    (folder, Arc::new(Verifier::open(Settings { trust_list_file, crl_folder, crl_max_age }).unwrap()))
}

async fn code_of_anna(town: &TestTown) -> String {
    let mut tx = town.db.read().await.unwrap();
    let anna = enrolment::person::get(&mut tx, &town.ctx(town.people.anna), town.people.anna).await.unwrap();
    anna.fiscal_code.unwrap().as_str().to_owned()
}

async fn answer(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let text = |name| response.headers().get_all(name).iter().map(|v| v.to_str().unwrap().to_owned()).collect::<Vec<_>>();
    let (status, cookies) = (response.status(), text(header::SET_COOKIE));
    let location = text(header::LOCATION).pop().unwrap_or_default();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    Answer { status, location, cookies, text: String::from_utf8(body.to_vec()).unwrap() }
}

#[tokio::test]
async fn a_card_in_force_ends_in_the_personal_area_of_its_holder() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let choice = world.at_portal(world.town.host, "/accedi?poi=/area-personale/ricariche", None, &[]).await;
        assert!(choice.text.contains("/cns/login?poi=%2Farea-personale%2Fricariche") && choice.text.contains("Entra con CNS"));
        let (cookie, door) = world.ticket().await;
        let entered = world.at_portal(world.town.host, &door, Some(&cookie), &[]).await;
        assert_eq!((entered.status, entered.location.as_str()), (StatusCode::SEE_OTHER, "/area-personale/ricariche"));
        let token = entered.cookie("__Host-campanella_session").expect("a session").to_owned();
        let area =
            world.at_portal(world.town.host, "/area-personale", Some(&format!("__Host-campanella_session={token}")), &[]).await;
        assert_eq!(area.status, StatusCode::OK);
        assert!(area.text.contains("Anna Bianchi"));
        let mut tx = world.town.db.read().await.unwrap();
        let session = session::find(&mut tx, world.town.tenant, &token, world.town.clock.now()).await.unwrap().unwrap();
        assert_eq!((session.person, session.scheme.as_str(), session.level), (Some(world.town.people.anna), "cns", 3));
        drop(tx);
        let noted = "select count(*) from audit_event where what = 'cns.signed_in' and subject = 'certificate:64'";
        assert_eq!(world.count(noted).await, 1, "the certificate's serial number is in the log");
        let traced = "select count(*) from sign_in_trace where scheme = 'cns' and outcome = 'accepted' and request_id = '64'";
        assert_eq!(world.count(traced).await, 1, "and the certificate in the register of traces");
        let event = "select count(*) from sign_in_event where scheme = 'cns' and kind = 'signed_in' and idp_entity_id like '%CA di prova%'";
        assert_eq!(world.count(event).await, 1);
        assert_eq!(world.count("select count(*) from cns_sign_in").await, 0, "nothing of the card stays");
    })
    .await;
}

#[tokio::test]
async fn a_card_without_names_takes_those_of_the_registry() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let (cookie, path) = world.begun().await;
        let nameless = CardDraft { name: String::new(), family_name: String::new(), ..world.card() };
        let shown = world.show(&path, Some(&world.authority.card(&nameless).unwrap().certificate_der)).await;
        let door = shown.location.split_once(world.town.host).unwrap().1.to_owned();
        let entered = world.at_portal(world.town.host, &door, Some(&cookie), &[]).await;
        assert!(entered.cookie("__Host-campanella_session").is_some());
        assert_eq!(world.count("select count(*) from session where name = 'Anna' and family_name = 'Bianchi'").await, 1);
    })
    .await;
}

#[tokio::test]
async fn every_refused_card_has_a_page_of_its_own_and_opens_nothing() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let other = Authority::generate("CA di prova", world.town.clock.now()).unwrap();
        let hour = SignedDuration::from_hours(1);
        let spoilt = |spoil: &dyn Fn(&mut CardDraft)| {
            let mut draft = world.card();
            spoil(&mut draft);
            Some(world.authority.card(&draft).unwrap().certificate_der)
        };
        let now = world.town.clock.now();
        let cases = [
            (None, 401, "Non abbiamo visto nessuna carta"),
            (Some(vec![0x30, 0x00]), 403, "La carta non si legge"),
            (Some(other.card(&world.card()).unwrap().certificate_der), 403, "Questa carta non è una CNS"),
            (spoilt(&|d| d.until = now - hour), 403, "La carta è scaduta"),
            (spoilt(&|d| d.from = now + hour), 403, "La carta non è ancora valida"),
            (spoilt(&|d| d.serial = 7), 403, "La carta è revocata o sospesa"),
            (spoilt(&|d| d.cns_policy = false), 403, "Questo certificato non è una CNS"),
            (spoilt(&|d| d.client_authentication = false), 403, "Hai scelto il certificato sbagliato"),
            (spoilt(&|d| d.common_name = "Anna Bianchi".to_owned()), 403, "La carta non dice il tuo codice fiscale"),
        ];
        let tried = i64::try_from(cases.len()).unwrap();
        let (_, path) = world.begun().await;
        for (certificate, status, words) in cases {
            let shown = world.show(&path, certificate.as_deref()).await;
            assert_eq!(shown.status.as_u16(), status, "{words}");
            assert!(shown.text.contains(&format!("<h1>{words}</h1>")), "{words}: {}", shown.text);
            assert!(shown.text.contains("/cns/login?poi=") && shown.text.contains("/accedi?poi="), "{words}: the ways on");
        }
        world.wait(13 * 3600);
        let (_, path) = world.begun().await;
        let stale = world.show(&path, Some(&world.issued().certificate_der)).await;
        assert_eq!(stale.status, StatusCode::FORBIDDEN);
        assert!(stale.text.contains("Ora non possiamo controllare la carta"), "{}", stale.text);
        assert_eq!(world.sessions().await, 0);
        assert_eq!(world.count("select count(*) from cns_sign_in where ticket_hash is not null").await, 0);
        assert_eq!(world.count("select count(*) from sign_in_event where scheme = 'cns' and kind = 'failed'").await, tried + 1);
    })
    .await;
}

#[tokio::test]
async fn a_refused_card_may_be_followed_by_the_right_one() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let (_, path) = world.begun().await;
        assert_eq!(world.show(&path, None).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(world.show(&path, Some(&world.issued().certificate_der)).await.status, StatusCode::SEE_OTHER);
    })
    .await;
}

#[tokio::test]
async fn a_ticket_opens_one_session_of_its_own_browser_and_tenant_within_a_minute() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let (host, other_host) = (world.town.host, world.town.other_host);
        let (cookie, door) = world.ticket().await;
        let strangers = format!("__Host-campanella_accesso={}", "0".repeat(64));
        for (what, host, cookie) in [
            ("no cookie", host, None),
            ("another browser", host, Some(strangers.as_str())),
            ("another tenant", other_host, Some(cookie.as_str())),
        ] {
            let refused = world.at_portal(host, &door, cookie, &[]).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{what}");
            assert!(refused.cookie("__Host-campanella_session").is_none(), "{what}");
        }
        for door in ["/cns/entra", "/cns/entra?ticket=", "/cns/entra?ticket=a&ticket=b", "/cns/entra?ticket=0000"] {
            let status = world.at_portal(host, door, Some(&cookie), &[]).await.status;
            assert!(status == StatusCode::BAD_REQUEST || status == StatusCode::FORBIDDEN, "{door}: {status}");
        }
        assert_eq!(world.sessions().await, 0, "and none of these burnt it:");
        world.wait(59);
        assert_eq!(world.at_portal(host, &door, Some(&cookie), &[]).await.status, StatusCode::SEE_OTHER);
        let again = world.at_portal(host, &door, Some(&cookie), &[]).await;
        assert_eq!((again.status, world.sessions().await), (StatusCode::FORBIDDEN, 1), "a second time");
        let (cookie, door) = world.ticket().await;
        world.wait(60);
        let late = world.at_portal(host, &door, Some(&cookie), &[]).await;
        assert_eq!((late.status, world.sessions().await), (StatusCode::FORBIDDEN, 1), "after 60 seconds");
    })
    .await;
}

#[tokio::test]
async fn a_ticket_sent_fifty_times_at_once_makes_one_session() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let (cookie, door) = world.ticket().await;
        let tries = (0..50).map(|_| {
            let request = Request::get(&door).header(header::HOST, world.town.host).header(header::COOKIE, &cookie);
            let (portal, request) = (world.portal.clone(), request.body(Body::empty()).unwrap());
            tokio::spawn(async move { portal.oneshot(request).await.unwrap().status() })
        });
        let mut entered = 0;
        for one in tries.collect::<Vec<_>>() {
            entered += i64::from(one.await.unwrap() == StatusCode::SEE_OTHER);
        }
        assert_eq!((entered, world.sessions().await), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_second_card_ends_the_first_ones_ticket_and_a_sign_in_ends_after_a_quarter_of_an_hour() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let (cookie, path) = world.begun().await;
        let der = world.issued().certificate_der;
        let first = world.show(&path, Some(&der)).await.location;
        let second = world.show(&path, Some(&der)).await.location;
        let door = |location: &str| format!("/cns/entra?{}", location.split_once("/cns/entra?").unwrap().1);
        assert_eq!(world.at_portal(world.town.host, &door(&first), Some(&cookie), &[]).await.status, StatusCode::FORBIDDEN);
        assert_eq!(world.at_portal(world.town.host, &door(&second), Some(&cookie), &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(world.show(&path, Some(&der)).await.status, StatusCode::FORBIDDEN, "over: the ticket was spent");
        let (_, path) = world.begun().await;
        world.wait(15 * 60);
        let late = world.show(&path, Some(&der)).await;
        assert_eq!(late.status, StatusCode::FORBIDDEN);
        assert!(
            late.text.contains("L&#39;accesso non è più valido") || late.text.contains("L'accesso non è più valido"),
            "{}",
            late.text
        );
        assert_eq!(world.show("/?accesso=nobodys", Some(&der)).await.status, StatusCode::FORBIDDEN);
    })
    .await;
}

#[tokio::test]
async fn a_planted_session_is_never_the_one_that_signs_in() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let (cookie, door) = world.ticket().await;
        let planted = "f".repeat(64);
        let entered =
            world.at_portal(world.town.host, &door, Some(&format!("{cookie}; __Host-campanella_session={planted}")), &[]).await;
        let token = entered.cookie("__Host-campanella_session").unwrap();
        assert!(token != planted && token.len() == 64);
        let mut tx = world.town.db.read().await.unwrap();
        assert!(session::find(&mut tx, world.town.tenant, &planted, world.town.clock.now()).await.unwrap().is_none());
    })
    .await;
}

fn encoded(pem: &str) -> String {
    utf8_percent_encode(pem, NON_ALPHANUMERIC).to_string()
}

#[tokio::test]
async fn a_proxy_that_knows_the_secret_may_pass_a_certificate_and_every_check_is_made_again() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let good = encoded(&world.issued().certificate_pem);
        let other = Authority::generate("CA di prova", world.town.clock.now()).unwrap();
        let forged = encoded(&other.card(&world.card()).unwrap().certificate_pem);
        let twice = encoded(&world.issued().certificate_pem.repeat(2));
        let wrong = SECRET.replace('a', "b");
        let cases: [(&str, Vec<(&str, &str)>, u16); 10] = [
            ("the secret and a good card", vec![(SECRET_HEADER, SECRET), (CERTIFICATE_HEADER, &good)], 303),
            ("no secret", vec![(CERTIFICATE_HEADER, &good)], 403),
            ("an empty secret", vec![(SECRET_HEADER, ""), (CERTIFICATE_HEADER, &good)], 403),
            ("a wrong secret", vec![(SECRET_HEADER, &wrong), (CERTIFICATE_HEADER, &good)], 403),
            ("two secrets", vec![(SECRET_HEADER, SECRET), (SECRET_HEADER, SECRET), (CERTIFICATE_HEADER, &good)], 403),
            ("two headers", vec![(SECRET_HEADER, SECRET), (CERTIFICATE_HEADER, &good), (CERTIFICATE_HEADER, &good)], 403),
            ("another authority's card", vec![(SECRET_HEADER, SECRET), (CERTIFICATE_HEADER, &forged)], 403),
            ("two certificates", vec![(SECRET_HEADER, SECRET), (CERTIFICATE_HEADER, &twice)], 403),
            ("words", vec![(SECRET_HEADER, SECRET), (CERTIFICATE_HEADER, "SUCCESS")], 403),
            ("no card", vec![(SECRET_HEADER, SECRET), (CERTIFICATE_HEADER, "")], 401),
        ];
        for (what, headers, status) in cases {
            let (_, path) = world.begun().await;
            let request = headers.iter().fold(Request::get(&path), |request, (name, value)| request.header(*name, *value));
            let mut request = request.body(Body::empty()).unwrap();
            // What a handshake of the proxy's own connection might leave here does not count.
            request.extensions_mut().insert(ClientCertificate(world.issued().certificate_der.into()));
            assert_eq!(answer(&world.behind_proxy, request).await.status.as_u16(), status, "{what}");
        }
    })
    .await;
}

#[tokio::test]
async fn headers_with_a_certificate_open_nothing_at_the_portal_or_at_the_listener_with_handshakes() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let good = encoded(&world.issued().certificate_pem);
        let injected = [(SECRET_HEADER, SECRET), (CERTIFICATE_HEADER, good.as_str()), ("x-ssl-client-cert", good.as_str())];
        let (cookie, path) = world.begun().await;
        for door in ["/area-personale", "/cns/entra?ticket=x", "/cns/login", path.as_str(), "/accedi"] {
            let answer = world.at_portal(world.town.host, door, Some(&cookie), &injected).await;
            assert!(answer.cookie("__Host-campanella_session").is_none(), "{door}");
            assert!(!answer.location.contains("ticket="), "{door}");
        }
        let request = injected.iter().fold(Request::get(&path), |request, (name, value)| request.header(*name, *value));
        let shown = answer(&world.listener, request.body(Body::empty()).unwrap()).await;
        assert_eq!((shown.status, world.sessions().await), (StatusCode::UNAUTHORIZED, 0));
    })
    .await;
}

#[tokio::test]
async fn where_it_is_not_set_up_there_are_no_doors_and_no_button() {
    on_both_engines(|db| async move {
        let world = World::with(db, None).await;
        for door in ["/cns/login", "/cns/entra?ticket=x"] {
            assert_eq!(world.at_portal(world.town.host, door, None, &[]).await.status, StatusCode::NOT_FOUND, "{door}");
        }
        let choice = world.at_portal(world.town.host, "/accedi", None, &[]).await.text;
        assert!(!choice.contains("Entra con CNS") && choice.contains("non è ancora attivo"));
    })
    .await;
}

#[tokio::test]
async fn an_identity_the_registry_does_not_know_is_told_so() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let (cookie, path) = world.begun().await;
        let draft = CardDraft { common_name: "RSSMRA85T10A562S/1.prova".to_owned(), ..world.card() };
        let shown = world.show(&path, Some(&world.authority.card(&draft).unwrap().certificate_der)).await;
        let door = format!("/cns/entra?{}", shown.location.split_once("/cns/entra?").unwrap().1);
        let entered = world.at_portal(world.town.host, &door, Some(&cookie), &[]).await;
        let session = format!("__Host-campanella_session={}", entered.cookie("__Host-campanella_session").unwrap());
        assert_eq!(world.at_portal(world.town.host, "/area-personale", Some(&session), &[]).await.status, StatusCode::FORBIDDEN);
    })
    .await;
}
