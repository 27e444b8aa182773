//! The test identity providers, asked by a service provider over HTTP as a browser would carry it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Arc, OnceLock};

use kernel::{Clock, Entropy};
use saml::idp_side::IdpMetadata;
use saml::{
    AttributeSet, AuthnRequest, Carrier, Contact, IdpDescriptor, Metadata, Organization, Pending, PersonCode, PostForm, Refusal,
    Role, Scheme, SpKey, Subject, UserAnomaly, VerifiedIdentity, verify,
};
use sandbox::idp::{Config, Identity, Later, People, Persona, Provider, router};

const ENTITY_ID: &str = "https://scuola.example/spid/metadata";
const ACS: &str = "https://scuola.example/spid/acs";
const NOW: &str = "2026-11-24T08:00:00Z";
const ANNA: &str = "GDASDV00A01H501J";
const COMPANY: &str = "80000230005";

fn key() -> &'static SpKey {
    static KEY: OnceLock<SpKey> = OnceLock::new();
    KEY.get_or_init(|| new_key("scuola.example"))
}

fn new_key(name: &str) -> SpKey {
    let (name, city, ipa_code) = (name.to_owned(), "Castelmirto".to_owned(), "c_z999".to_owned());
    let subject = Subject { common_name: name.clone(), organization: name, city, ipa_code, entity_id: ENTITY_ID.to_owned() };
    SpKey::generate(&subject, 2026, 2).unwrap()
}

fn metadata() -> String {
    let text = str::to_owned;
    let organization = Organization { name: text("Comune"), display_name: text("Comune"), url: text("https://scuola.example") };
    let role = Role::SpidPublic { ipa_code: text("c_z999") };
    let contact = Contact { role, company: text("Comune"), email: text("a@scuola.example"), telephone: None };
    let metadata = Metadata {
        entity_id: text(ENTITY_ID),
        acs_url: text(ACS),
        slo_url: text("https://scuola.example/spid/slo"),
        attribute_sets: AttributeSet::of(Scheme::Spid, "Servizi scolastici"),
        organization,
        contacts: vec![contact],
    };
    metadata.signed(std::slice::from_ref(key())).unwrap()
}

/// Knows one person besides the personas.
struct Registry;

impl People for Registry {
    fn find<'a>(&'a self, fiscal_code: &'a str) -> Later<'a, Option<Identity>> {
        let known = (fiscal_code == "RSSMRA85A01Z999L").then(|| identity("Mario", "Rossi", fiscal_code, false));
        Box::pin(async move { known })
    }
}

fn identity(name: &str, family_name: &str, code: &str, legal_person: bool) -> Identity {
    let date_of_birth = (!legal_person).then(|| jiff::civil::date(2000, 1, 1));
    Identity { name: name.to_owned(), family_name: family_name.to_owned(), code: code.to_owned(), date_of_birth, legal_person }
}

fn persona(host: &str, identity: Identity) -> Persona {
    let name = format!("{} {}", identity.name, identity.family_name).trim().to_owned();
    Persona { name, fiscal_code: identity.code.clone(), look_at: "Un figlio".to_owned(), host: host.to_owned(), identity }
}

struct World {
    http: reqwest::Client,
    url: String,
    providers: Vec<IdpDescriptor>,
}

impl World {
    async fn serve() -> World {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let clock = Clock::fixed(NOW.parse().unwrap());
        let providers = Provider::generate_all(&url, &clock).unwrap();
        let known = providers.iter().map(|p| IdpDescriptor::parse(&p.metadata()).unwrap()).collect();
        let config = Config {
            providers,
            personas: vec![
                persona("scuola.example", identity("Ada", "Gadda", ANNA, false)),
                persona("scuola.example", identity("", "Corte Mirtilla S.r.l.", COMPANY, true)),
                persona("altrove.example", identity("Sara", "Galli", "GLLSRA88M48Z999X", false)),
            ],
            people: Arc::new(Registry),
            service_providers: vec![metadata()],
            clock,
            entropy: Entropy::seeded(7),
        };
        let router = router(config).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        World { http: reqwest::Client::new(), url, providers: known }
    }

    /// A request to one of the providers, signed with this key; and what its answer is compared with.
    fn request(&self, provider: usize, key: &SpKey, sp_entity_id: &str) -> (PostForm, Pending) {
        let idp = &self.providers[provider];
        let scheme = if provider == 2 { Scheme::Cie } else { Scheme::Spid };
        let (id, relay_state) = ("_0123456789".to_owned(), "handle".to_owned());
        let now = NOW.parse().unwrap();
        let request = AuthnRequest { scheme, idp, sp_entity_id, acs_url: ACS, level: 2, attribute_set: 0, id, relay_state, now };
        let Carrier::Form(form) = request.signed(key).unwrap().carrier else { panic!("the provider takes POST") };
        (form, request.pending())
    }

    async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Page {
        let body = serde_urlencoded::to_string(fields).unwrap();
        let request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
        let response = request.send().await.unwrap();
        let policy =
            response.headers().get("content-security-policy").map(|p| p.to_str().unwrap().to_owned()).unwrap_or_default();
        Page { status: response.status().as_u16(), policy, text: response.text().await.unwrap() }
    }

    async fn ask(&self, provider: usize) -> (Page, Pending) {
        let (form, pending) = self.request(provider, key(), ENTITY_ID);
        let fields = [("SAMLRequest", form.message.as_str()), ("RelayState", "handle")];
        (self.post(&form.destination, &fields).await, pending)
    }

    /// Asks, makes this choice on the page, and verifies the answer as a service provider does.
    async fn choose(&self, provider: usize, choice: (&str, &str)) -> Result<VerifiedIdentity, Refusal> {
        let (page, pending) = self.ask(provider).await;
        let answer = self.press(provider, &page, choice).await;
        assert_eq!((answer.status, answer.hidden("RelayState").as_str()), (200, "handle"));
        verify(&self.providers[provider], &pending, &answer.hidden("SAMLResponse"), NOW.parse().unwrap())
    }

    async fn press(&self, provider: usize, page: &Page, choice: (&str, &str)) -> Page {
        let url = format!("{}/persona", self.providers[provider].entity_id);
        self.post(&url, &[("handle", &page.hidden("handle")), choice]).await
    }
}

struct Page {
    status: u16,
    policy: String,
    text: String,
}

impl Page {
    fn hidden(&self, name: &str) -> String {
        let before = format!("name=\"{name}\" value=\"");
        let start = self.text.find(&before).unwrap_or_else(|| panic!("{name} in {}", self.text)) + before.len();
        self.text[start..].split('"').next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn one_click_on_a_persona_gives_an_answer_a_service_provider_accepts() {
    let world = World::serve().await;
    for provider in 0..3 {
        let identity = world.choose(provider, ("persona", ANNA)).await.unwrap();
        assert_eq!(
            (&identity.who, identity.name.as_str(), identity.family_name.as_str()),
            (&PersonCode::Italian(ANNA.to_owned()), "Ada", "Gadda")
        );
        assert_eq!((identity.level, identity.date_of_birth), (2, Some(jiff::civil::date(2000, 1, 1))));
    }
}

#[tokio::test]
async fn a_request_by_redirect_is_answered_like_one_by_post() {
    let world = World::serve().await;
    let known = &world.providers[0];
    let sso = [saml::Endpoint { binding: saml::Binding::Redirect, location: known.sso().location.clone() }];
    let (entity_id, keys) = (known.entity_id.as_str(), std::slice::from_ref(key()));
    let metadata = IdpMetadata { entity_id, display_name: "Gestore", sso: &sso, slo: &[], keys }.document();
    let idp = IdpDescriptor::parse(&metadata).unwrap();
    let (id, relay_state, now) = ("_0123456789".to_owned(), "handle".to_owned(), NOW.parse().unwrap());
    let (scheme, sp_entity_id) = (Scheme::Spid, ENTITY_ID);
    let request =
        AuthnRequest { scheme, idp: &idp, sp_entity_id, acs_url: ACS, level: 2, attribute_set: 0, id, relay_state, now };
    let Carrier::Address(address) = request.signed(key()).unwrap().carrier else { panic!("only redirect is offered") };
    let response = world.http.get(&address).send().await.unwrap();
    let page = Page { status: response.status().as_u16(), policy: String::new(), text: response.text().await.unwrap() };
    assert_eq!(page.status, 200, "{}", page.text);
    let answer = world.press(0, &page, ("persona", ANNA)).await;
    assert!(verify(known, &request.pending(), &answer.hidden("SAMLResponse"), now).is_ok());
    let forged = world.http.get(address.replace("handle", "other")).send().await.unwrap();
    assert_eq!(forged.status().as_u16(), 403);
}

#[tokio::test]
async fn the_page_shows_the_personas_of_the_portal_that_asks() {
    let world = World::serve().await;
    let (page, _) = world.ask(0).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("<strong>Ada Gadda</strong>") && page.text.contains("Ambiente di prova"));
    assert!(!page.text.contains("Sara Galli"), "she is known at another portal");
    assert!(page.policy.ends_with("form-action 'self'"), "{}", page.policy);
    let answer = world.press(0, &page, ("persona", ANNA)).await;
    assert!(answer.policy.ends_with("form-action 'self' https://scuola.example"), "{}", answer.policy);
    assert!(answer.text.contains("data-auto-submit") && answer.text.contains(">Continua</button>"));
}

#[tokio::test]
async fn anyone_of_the_registry_can_be_entered_as_by_codice_fiscale() {
    let world = World::serve().await;
    let mario = world.choose(1, ("fiscal_code", " rssmra85a01z999l ")).await.unwrap();
    assert_eq!((mario.who, mario.name.as_str()), (PersonCode::Italian("RSSMRA85A01Z999L".to_owned()), "Mario"));
    let (page, _) = world.ask(1).await;
    let nobody = world.press(1, &page, ("fiscal_code", "VRDLGU80A01Z999X")).await;
    assert_eq!((nobody.status, nobody.text.contains("SAMLResponse")), (404, false));
}

#[tokio::test]
async fn giving_up_is_told_by_its_number() {
    let world = World::serve().await;
    for (choice, anomaly) in [("annulla", UserAnomaly::Cancelled), ("nega", UserAnomaly::ConsentDenied)] {
        assert_eq!(world.choose(0, ("esito", choice)).await, Err(Refusal::Person(anomaly)));
    }
}

#[tokio::test]
async fn each_trial_ends_as_it_says() {
    let world = World::serve().await;
    let person = |number| Refusal::Person(UserAnomaly::from_number(number).unwrap());
    for (trial, expected) in [
        ("19", person(19)),
        ("20", person(20)),
        ("21", person(21)),
        ("22", person(22)),
        ("23", person(23)),
        ("24", Refusal::PersonUnsaid),
        ("25", person(25)),
        ("30", person(30)),
        ("16", Refusal::Request(saml::RequestError(Some(16)))),
        ("senza-firma", Refusal::Signature("the Assertion is not signed")),
        ("firma-estranea", Refusal::Signature("not good")),
        ("tardi", Refusal::Content("IssueInstant")),
        ("livello", Refusal::Content("level of the sign-in")),
    ] {
        let (page, pending) = world.ask(0).await;
        assert!(page.text.contains(&format!("name=\"esito\" value=\"{trial}\"")), "{trial} has a button");
        let url = format!("{}/persona", world.providers[0].entity_id);
        let fields = [("handle", page.hidden("handle")), ("persona", ANNA.to_owned()), ("esito", trial.to_owned())];
        let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let answer = world.post(&url, &fields).await;
        let verdict = verify(&world.providers[0], &pending, &answer.hidden("SAMLResponse"), NOW.parse().unwrap());
        assert_eq!(verdict, Err(expected), "{trial}");
    }
}

#[tokio::test]
async fn a_provider_ends_a_session_it_opened() {
    let world = World::serve().await;
    let url = format!("{}/uscita", world.providers[0].entity_id);
    let empty = world.http.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(empty.contains("Nessuno è entrato"), "{empty}");
    let identity = world.choose(0, ("persona", ANNA)).await.unwrap();
    let listed = world.http.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(listed.contains("Termina la sessione di Ada Gadda") && listed.contains(&identity.name_id));
    let asked = world.post(&url, &[("name_id", &identity.name_id)]).await;
    let message = asked.hidden("SAMLRequest");
    let incoming = saml::Incoming::Form { kind: saml::Kind::Request, message: &message, relay_state: None };
    let (idp, slo, now) = (&world.providers[0], "https://scuola.example/spid/slo", NOW.parse().unwrap());
    let verdict = incoming.verify(&idp.entity_id, &idp.certificates, slo, now).unwrap();
    assert!(matches!(verdict, saml::LogoutMessage::Request { ref name_id, .. } if *name_id == identity.name_id));
    let there = format!("{}/uscita", world.providers[1].entity_id);
    assert_eq!(world.post(&there, &[("name_id", &identity.name_id)]).await.status, 404, "another provider's session");
}

#[tokio::test]
async fn a_company_is_answered_for_and_refused_as_no_natural_person() {
    let world = World::serve().await;
    assert_eq!(world.choose(0, ("persona", COMPANY)).await, Err(Refusal::WrongIdentity));
}

#[tokio::test]
async fn only_a_request_its_known_sender_signed_for_this_provider_is_taken() {
    let world = World::serve().await;
    let intruder = new_key("intruder");
    let (good, _) = world.request(0, key(), ENTITY_ID);
    let (forged, _) = world.request(0, &intruder, ENTITY_ID);
    let (unknown, _) = world.request(0, &intruder, "https://intruder.example");
    let for_another = PostForm { destination: world.providers[1].sso().location.clone(), ..good.clone() };
    for (what, form, status) in
        [("good", good, 200), ("forged", forged, 403), ("unknown", unknown, 403), ("for another", for_another, 403)]
    {
        let page = world.post(&form.destination, &[("SAMLRequest", &form.message), ("RelayState", "handle")]).await;
        assert_eq!(page.status, status, "{what}");
    }
    let (page, _) = world.ask(0).await;
    let handle = page.hidden("handle");
    let url = format!("{}/persona", world.providers[1].entity_id);
    assert_eq!(world.post(&url, &[("handle", &handle), ("persona", ANNA)]).await.status, 400, "a handle of another provider");
    let url = format!("{}/persona", world.providers[0].entity_id);
    assert_eq!(world.post(&url, &[("handle", "guessed"), ("persona", ANNA)]).await.status, 400);
}

#[tokio::test]
async fn personas_are_listed_for_programs_and_for_people() {
    let world = World::serve().await;
    let get = |accept| world.http.get(format!("{}/personas", world.url)).header("accept", accept).send();
    let json: serde_json::Value = serde_json::from_str(&get("application/json").await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(json[0]["name"], "Ada Gadda");
    assert_eq!((&json[0]["fiscal_code"], &json[0]["look_at"]), (&ANNA.into(), &"Un figlio".into()));
    let page = get("text/html,application/xhtml+xml,*/*;q=0.8").await.unwrap().text().await.unwrap();
    assert!(page.contains("<html lang=\"it\">") && page.contains("Ada Gadda"));
}
