//! Passwords, second factors and sessions through the doors, as browsers without JavaScript meet them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use identity::credentials::link::{self, Purpose};
use identity::credentials::{Credential, account, second_factor};
use identity::staff::{self, Role};
use kernel::{Ctx, SessionId};
use reqwest::{Method, StatusCode, Url};
use testkit::TestTown;
use testkit::browser::{Answer, Browser};
use web::Guard;

const GOOD: &str = "tre pecore sul tetto";
const ADA: &str = "ada.neri@comune.example";

struct Portal {
    town: TestTown,
    url: String,
    _folder: tempfile::TempDir,
}

impl Portal {
    async fn open() -> Portal {
        let folder = tempfile::tempdir().unwrap();
        let town = common::town(&folder).await;
        let url = common::serve(&town).await;
        Portal { town, url, _folder: folder }
    }

    fn browser(&self) -> Browser {
        let mut browser = Browser::new();
        browser.host = Some(self.town.host.to_owned());
        browser
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    async fn link_of(&self, credential: &Credential) -> String {
        let mut tx = self.town.db.begin().await.unwrap();
        let token = link::make(&mut tx, &self.town.office(), credential, Purpose::Invitation).await.unwrap();
        tx.commit().await.unwrap();
        self.at(&link::path(credential.kind, &token))
    }

    async fn invite(&self) -> String {
        let mut tx = self.town.db.begin().await.unwrap();
        let credential = account::invite_business(&mut tx, &self.town.office(), VAT, "a@faro.example").await.unwrap();
        tx.commit().await.unwrap();
        self.link_of(&credential).await
    }

    async fn invite_ada(&self) -> (Credential, String) {
        let mut tx = self.town.db.begin().await.unwrap();
        let credential = account::invite_staff(&mut tx, &self.town.office(), ADA, "Ada Neri", Role::Operator).await.unwrap();
        tx.commit().await.unwrap();
        let link = self.link_of(&credential).await;
        (credential, link)
    }

    /// Sets the password by a link, in this browser.
    async fn choose(&self, browser: &mut Browser, link: &str) -> Answer {
        let form = browser.get(link).await.form_to("/password/");
        browser.press(&form.set("nuova", GOOD).set("ripeti", GOOD), "Salva").await
    }

    async fn sign_in(&self, browser: &mut Browser, path: &str, user_name: &str, password: &str) -> Answer {
        let form = browser.get(&self.at(path)).await.form_to("/accedi");
        browser.press(&form.set("utente", user_name).set("password", password), "Entra").await
    }

    /// Ada in her browser, and her key.
    async fn ada(&self) -> (Browser, Credential, second_factor::Key) {
        let (credential, link) = self.invite_ada().await;
        let mut browser = self.browser();
        let page = self.choose(&mut browser, &link).await;
        assert!(page.url.path().ends_with("/attivazione"), "{}", page.url);
        let key = second_factor::Key { text: key_on(&page), uri: String::new() };
        let code = second_factor::code_of(&key, &self.now()).unwrap();
        let page = browser.press(&page.form_to("/attivazione").set("codice", &code), "Attiva").await;
        assert_eq!((page.status, page.text().matches("<li><code>").count()), (StatusCode::OK, 10));
        (browser, credential, key)
    }

    fn now(&self) -> Ctx {
        self.town.office()
    }
}

const VAT: &str = "00000000034";

/// The key as it stands on the page, to be typed.
fn key_on(page: &Answer) -> String {
    let text = page.text();
    text.split("factor-text\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

fn token_in(browser: &Browser, url: &str, cookie: &str) -> String {
    let all = browser.cookie_header(url);
    all.split("; ").find_map(|pair| pair.strip_prefix(cookie)?.strip_prefix('=')).unwrap().to_owned()
}

async fn with_cookie(portal: &Portal, method: Method, path: &str, cookie: &str, form: Option<&str>) -> StatusCode {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = client.request(method, portal.at(path)).header("host", portal.town.host).header("cookie", cookie);
    let request = match form {
        Some(body) => request.header("content-type", "application/x-www-form-urlencoded").body(body.to_owned()),
        None => request,
    };
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn a_business_chooses_a_password_sees_its_own_and_signs_out() {
    let portal = Portal::open().await;
    let link = portal.invite().await;
    let mut browser = portal.browser();
    let form = browser.get(&link).await.form_to("/password/");
    for (new, again, words) in [
        ("corta", "corta", "almeno 12 caratteri"),
        (GOOD, "un'altra cosa ancora", "non sono uguali"),
        ("Il Faro S.r.l. 2026", "Il Faro S.r.l. 2026", "facile da indovinare"),
    ] {
        let page = browser.press(&form.clone().set("nuova", new).set("ripeti", again), "Salva").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.words().contains(words) && !page.text().contains(&format!("\"{new}\"")), "{}", page.words());
    }
    let page = portal.choose(&mut browser, &link).await;
    assert_eq!((page.status, page.url.path()), (StatusCode::OK, "/area-personale"));
    assert!(page.words().contains("Il Faro S.r.l."));
    let page = browser.get(&link).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.words().contains("non è più valido"), "{}", page.words());
    for path in ["pagamento", "documenti-contabili"] {
        assert_eq!(browser.get(&portal.at(&format!("/area-personale/{path}"))).await.status, StatusCode::OK);
    }
    let page = browser.get(&portal.at("/area-personale/accessi")).await;
    assert!(page.words().contains("Accesso con password") && page.words().contains("Questa"), "{}", page.words());
    let page = browser.press(&page.form_to("/esci-ovunque"), "").await;
    assert_eq!(page.url.path(), "/");
    let mut other = portal.browser();
    let page = portal.sign_in(&mut other, "/accedi/imprese?poi=%2Farea-personale%2Fpagamento", VAT, GOOD).await;
    assert_eq!(page.url.path(), "/area-personale/pagamento");
    other.press(&page.form_to("/esci"), "").await;
    assert!(other.get(&portal.at("/area-personale")).await.url.path().starts_with("/accedi"));
}

#[tokio::test]
async fn wrong_passwords_are_answered_alike_and_slowed_with_the_time_to_wait() {
    let portal = Portal::open().await;
    let mut browser = portal.browser();
    portal.choose(&mut browser, &portal.invite().await).await;
    let mut stranger = portal.browser();
    let nobody = portal.sign_in(&mut stranger, "/accedi/imprese", "01199250158", "sbagliata").await;
    let wrong = portal.sign_in(&mut stranger, "/accedi/imprese", VAT, "sbagliata").await;
    assert_eq!((nobody.status, wrong.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(nobody.words(), wrong.words(), "which half was wrong is not said");
    for _ in 0..4 {
        assert_eq!(portal.sign_in(&mut stranger, "/accedi/imprese", VAT, "sbagliata").await.status, StatusCode::UNAUTHORIZED);
    }
    let page = portal.sign_in(&mut stranger, "/accedi/imprese", VAT, GOOD).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(page.headers.get("retry-after").unwrap(), "720");
    assert!(page.words().contains("tra 12 minuti"), "{}", page.words());
    assert_eq!(browser.get(&portal.at("/area-personale")).await.status, StatusCode::OK, "who is in stays in");
}

#[tokio::test]
async fn a_header_that_anybody_can_write_does_not_make_another_source() {
    let portal = Portal::open().await;
    let client = reqwest::Client::new();
    let mut looked_at = 0;
    for n in 0..40 {
        let answer = client
            .post(portal.at("/accedi/imprese"))
            .header("host", portal.town.host)
            .header("x-forwarded-for", format!("198.51.100.{n}"))
            .header("user-agent", format!("agente {n}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("utente={n:011}&password=sbagliata"))
            .send()
            .await
            .unwrap();
        looked_at += u32::from(answer.status() == StatusCode::UNAUTHORIZED);
    }
    assert_eq!(looked_at, 30);
}

#[tokio::test]
async fn a_form_of_another_site_signs_nobody_in() {
    let portal = Portal::open().await;
    portal.choose(&mut portal.browser(), &portal.invite().await).await;
    let post = async |name: &'static str, value: &'static str| {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let request = client.post(portal.at("/accedi/imprese")).header("host", portal.town.host).header(name, value);
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("utente={VAT}&password={}", GOOD.replace(' ', "+")))
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(post("origin", "https://altrove.example").await, StatusCode::FORBIDDEN);
    assert_eq!(post("sec-fetch-site", "cross-site").await, StatusCode::FORBIDDEN);
    assert_eq!(post("origin", "http://scuola.esempio.test").await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_forgot_a_password_hears_the_same_as_who_never_had_one() {
    let portal = Portal::open().await;
    portal.choose(&mut portal.browser(), &portal.invite().await).await;
    let mut pages = Vec::new();
    for number in [VAT, "01199250158"] {
        let mut browser = portal.browser();
        let form = browser.get(&portal.at("/accedi/imprese/password-dimenticata")).await.form_to("/password-dimenticata");
        let page = browser.press(&form.set("utente", number), "").await;
        assert_eq!(page.status, StatusCode::OK);
        pages.push(page.words());
    }
    assert_eq!(pages[0], pages[1]);
    let mut browser = portal.browser();
    let form = browser.get(&portal.at("/accedi/imprese/password-dimenticata")).await.form_to("/password-dimenticata");
    let page = browser.press(&form.set("utente", "ottantamila"), "").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text().contains("value=\"ottantamila\""));
}

#[tokio::test]
async fn staff_get_in_with_password_and_code_and_a_removed_role_counts_at_once() {
    let portal = Portal::open().await;
    let (mut browser, credential, key) = portal.ada().await;
    let page = browser.get(&portal.at("/ufficio")).await;
    for words in ["Ada Neri", "Ufficio servizi scolastici", "Ne restano 10", "Accesso con password"] {
        assert!(page.words().contains(words), "{words}: {}", page.words());
    }
    portal.town.set_clock("2026-11-23T07:05:00Z");
    let mut second = portal.browser();
    let page = portal.sign_in(&mut second, "/ufficio/accedi", ADA, GOOD).await;
    assert!(page.url.path().ends_with("/codice"));
    assert!(second.get(&portal.at("/ufficio")).await.url.path().ends_with("/ufficio/accedi"), "half in is not in");
    let form = second.get(&portal.at("/ufficio/accedi/codice")).await.form_to("/codice");
    let page = second.press(&form.clone().set("codice", "12345"), "").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    let code = second_factor::code_of(&key, &portal.now()).unwrap();
    let page = second.press(&form.set("codice", &format!(" {} {} ", &code[..3], &code[3..])), "").await;
    assert_eq!((page.status, page.url.path()), (StatusCode::OK, "/ufficio"));
    let page = second.press(&page.form_to("/ufficio/accessi/termina"), "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(browser.get(&portal.at("/ufficio")).await.url.path().ends_with("/accedi"), "the first session was ended");
    let page = second.get(&portal.at("/ufficio")).await;
    let again = second.press(&page.form_to("/codici-di-recupero").set("codice", &code), "").await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "that code was used");
    let mut tx = portal.town.db.begin().await.unwrap();
    staff::revoke(&mut tx, &portal.now(), credential.operator.unwrap(), None).await.unwrap();
    tx.commit().await.unwrap();
    let page = second.get(&portal.at("/ufficio")).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.words().contains("Nessun ruolo attivo"));
    let page = second.press(&page.form_to("/ufficio/esci"), "").await;
    assert!(page.url.path().ends_with("/ufficio/accedi"));
}

#[tokio::test]
async fn no_session_of_one_kind_opens_a_door_of_the_other() {
    let portal = Portal::open().await;
    let mut business = portal.browser();
    portal.choose(&mut business, &portal.invite().await).await;
    let (ada, _, _) = portal.ada().await;
    let (citizen, staff) = (
        token_in(&business, &portal.url, "__Host-campanella_session"),
        token_in(&ada, &portal.url, "__Secure-campanella_ufficio"),
    );
    let everything = |token: &str| {
        format!("__Host-campanella_session={token}; __Secure-campanella_ufficio={token}; __Secure-campanella_codice={token}")
    };
    let csrf = async |token: &str| {
        let mut tx = portal.town.db.read().await.unwrap();
        let hash = "select csrf_token, id from session order by created_at, id";
        let rows = tx.query(hash, &[]).await.unwrap();
        let mut found = Vec::new();
        for row in rows {
            found.push((row.get::<String>(0).unwrap(), row.get::<SessionId>(1).unwrap()));
        }
        let now = portal.now();
        let of_citizen = identity::session::find(&mut tx, now.tenant, token, now.now).await.unwrap();
        let of_staff = identity::session::find_staff(&mut tx, now.tenant, token, now.now).await.unwrap();
        assert!(found.len() >= 2);
        of_citizen.or(of_staff).unwrap().csrf_token
    };
    let (citizens_csrf, staffs_csrf) = (csrf(&citizen).await, csrf(&staff).await);
    let nobody = "01900000-0000-7000-8000-000000000000";
    let mut walked = 0;
    for door in web::routes::DOORS {
        let path: String =
            door.path.split('/').map(|part| if part.starts_with('{') { nobody } else { part }).collect::<Vec<_>>().join("/");
        let (wrong, csrf) = match door.guard {
            Guard::Public | Guard::PublicForm => continue,
            Guard::SignedIn | Guard::AnySession => (everything(&staff), &staffs_csrf),
            Guard::Staff | Guard::AnyStaff => (everything(&citizen), &citizens_csrf),
        };
        for method in door.methods.split(' ') {
            let (method, form, refused) = match method {
                "GET" => (Method::GET, None, StatusCode::SEE_OTHER),
                _ => (Method::POST, Some(format!("csrf={csrf}")), StatusCode::UNAUTHORIZED),
            };
            let status = with_cookie(&portal, method.clone(), &path, &wrong, form.as_deref()).await;
            assert_eq!(status, refused, "{method} {} {:?}", door.path, door.guard);
            walked += 1;
        }
    }
    assert!(walked > 40, "{walked}");
    let own = format!("__Host-campanella_session={citizen}");
    assert_eq!(with_cookie(&portal, Method::GET, "/area-personale", &own, None).await, StatusCode::OK);
    let own = format!("__Secure-campanella_ufficio={staff}");
    assert_eq!(with_cookie(&portal, Method::GET, "/ufficio", &own, None).await, StatusCode::OK);
    assert_eq!(
        with_cookie(&portal, Method::POST, "/ufficio/accessi/esci-ovunque", &own, Some("csrf=x")).await,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn the_end_of_a_session_is_said_beforehand_and_can_be_put_off() {
    let portal = Portal::open().await;
    let mut browser = portal.browser();
    portal.choose(&mut browser, &portal.invite().await).await;
    let page = browser.get(&portal.at("/area-personale/pagamento")).await;
    assert!(page.text().contains("data-session-ends-in=\"1800\""));
    assert!(page.text().contains("dura fino alle 8:30"), "the line for who has no JavaScript");
    portal.town.set_clock("2026-11-23T07:28:30Z");
    let left = browser.get(&portal.at("/area-personale/accessi/resta")).await;
    assert_eq!((left.status, left.text().as_str()), (StatusCode::OK, "1800"));
    portal.town.set_clock("2026-11-23T07:58:30Z");
    let ended = browser.get(&portal.at("/area-personale/accessi/resta")).await;
    assert!(ended.url.path().starts_with("/accedi"));
}

#[tokio::test]
async fn what_is_typed_as_a_password_is_kept_by_no_draft() {
    let portal = Portal::open().await;
    let mut browser = portal.browser();
    portal.choose(&mut browser, &portal.invite().await).await;
    let form = browser.get(&portal.at("/area-personale/accessi/password")).await.form_to("/accessi/password");
    portal.town.set_clock("2026-11-23T09:00:00Z");
    let page = browser
        .press(&form.set("attuale", GOOD).set("nuova", "altra frase segreta").set("ripeti", "altra frase segreta"), "")
        .await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    let mut tx = portal.town.db.read().await.unwrap();
    let kept: i64 = tx.query_one("select count(*) from form_draft", &[]).await.unwrap().get(0).unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn a_changed_password_signs_every_other_device_out() {
    let portal = Portal::open().await;
    let (mut browser, mut other) = (portal.browser(), portal.browser());
    portal.choose(&mut browser, &portal.invite().await).await;
    portal.sign_in(&mut other, "/accedi/imprese", VAT, GOOD).await;
    let form = browser.get(&portal.at("/area-personale/accessi/password")).await.form_to("/accessi/password");
    let fill = |present: &str| {
        form.clone().set("attuale", present).set("nuova", "altra frase segreta").set("ripeti", "altra frase segreta")
    };
    let page = browser.press(&fill("sbagliata"), "").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = browser.press(&fill(GOOD), "").await;
    assert_eq!(page.url, Url::parse(&portal.at("/area-personale/accessi?password=cambiata")).unwrap());
    assert!(page.words().contains("è stata cambiata"));
    assert!(other.get(&portal.at("/area-personale")).await.url.path().starts_with("/accedi"));
}

#[tokio::test]
async fn what_is_not_there_is_said_in_the_same_bytes_a_second_later() {
    let portal = Portal::open().await;
    let mut browser = portal.browser();
    portal.choose(&mut browser, &portal.invite().await).await;
    let address = portal.at("/area-personale/documenti-contabili/01900000-0000-7000-8000-000000000000");
    let before = browser.get(&address).await;
    portal.town.set_clock("2026-11-23T07:02:03Z");
    let after = browser.get(&address).await;
    assert_eq!(before.status, StatusCode::NOT_FOUND);
    assert_eq!(before.text(), after.text());
}
