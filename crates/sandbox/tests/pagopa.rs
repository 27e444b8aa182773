//! The test pagoPA against an institution that keeps its notices in memory.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use kernel::{Clock, Entropy};
use pagopa::*;
use sandbox::pagopa::{Config, Creditor, Directory, Later, ListedNotice};

const INSTITUTION: &str = "77777777777";

#[derive(Default)]
struct Notices {
    /// Amount and the ids of the receipts delivered.
    notices: HashMap<String, (i64, Vec<String>)>,
    requests: Vec<Request>,
    /// How many deliveries to answer with a failure.
    failures: u32,
}

type Institution = Arc<Mutex<Notices>>;

struct Known(Institution);

impl Directory for Known {
    fn notices<'a>(&'a self, _state: &'a str, limit: u32) -> Later<'a, Vec<ListedNotice>> {
        let listed = |(number, (amount_cents, _)): (&String, &(i64, Vec<String>))| ListedNotice {
            fiscal_code: INSTITUTION.into(),
            notice_number: number.clone(),
            amount_cents: *amount_cents,
            broker: "88888888888".into(),
            station: "88888888888_01".into(),
        };
        let all = self.0.lock().unwrap().notices.iter().map(listed).take(limit as usize).collect();
        Box::pin(async move { Ok(all) })
    }

    fn creditors(&self) -> Later<'_, Vec<Creditor>> {
        let creditor = Creditor {
            fiscal_code: INSTITUTION.into(),
            name: "Comune Dimostrativo".into(),
            broker: "88888888888".into(),
            station: "88888888888_01".into(),
        };
        Box::pin(async move { Ok(vec![creditor]) })
    }
}

async fn answer(State(institution): State<Institution>, body: Bytes) -> (StatusCode, String) {
    let request = Request::decode(&body).unwrap();
    let mut institution = institution.lock().unwrap();
    institution.requests.push(request.clone());
    if matches!(request, Request::Receipt(_)) && institution.failures > 0 {
        institution.failures -= 1;
        return (StatusCode::SERVICE_UNAVAILABLE, String::new());
    }
    let response = answer_to(&mut institution, &request)
        .unwrap_or_else(|code| Response::refuse(request.operation(), Fault::new(code, INSTITUTION)));
    (StatusCode::OK, response.encode().unwrap())
}

fn answer_to(institution: &mut Notices, request: &Request) -> Result<Response, FaultCode> {
    let number = match request {
        Request::Verify(asked) => asked.qr_code.notice_number,
        Request::Payment(asked) => asked.qr_code.notice_number,
        Request::Receipt(sent) => sent.receipt.notice_number,
        Request::Demand(_) => return Err(FaultCode::SystemError),
    };
    let (amount_cents, receipts) = institution.notices.get_mut(number.as_str()).ok_or(FaultCode::PagamentoSconosciuto)?;
    if let Request::Receipt(sent) = request {
        receipts.push(sent.receipt.receipt_id.clone());
        return Ok(Response::Receipt(sent.version, Ok(())));
    }
    if !receipts.is_empty() {
        return Err(FaultCode::PagamentoDuplicato);
    }
    let company_name = "Comune Dimostrativo".to_owned();
    let description = "Refezione scolastica".to_owned();
    if let Request::Verify(_) = request {
        return Ok(Response::Verify(Ok(PaymentSummary {
            amount_cents: *amount_cents,
            due_on: None,
            is_all_postal: false,
            description,
            fiscal_code_pa: INSTITUTION.into(),
            company_name,
            office_name: None,
        })));
    }
    let transfer = Transfer {
        index: 1,
        amount_cents: *amount_cents,
        fiscal_code_pa: INSTITUTION.into(),
        company_name: None,
        destination: Destination::Iban("IT60X0542811101000000123456".into()),
        remittance_information: description.clone(),
        category: "9/0107101TS/".into(),
        metadata: vec![],
    };
    Ok(Response::Payment(
        Version::V2,
        Ok(Box::new(Payment {
            creditor_reference_id: number.iuv().into(),
            amount_cents: *amount_cents,
            due_on: NO_DUE_DATE,
            description,
            company_name,
            office_name: None,
            debtor: Subject { identifier: "RSSMRA80A01H501U".into(), full_name: "Mario Rossi".into(), ..Subject::default() },
            transfers: vec![transfer],
            metadata: vec![],
        })),
    ))
}

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

struct World {
    sandbox: String,
    institution: Institution,
    http: reqwest::Client,
}

const FIRST: &str = "301002026000000178";
const SECOND: &str = "312000000000000725";

impl World {
    async fn new() -> World {
        let institution = Institution::default();
        institution.lock().unwrap().notices.extend([(FIRST.to_owned(), (4500, vec![])), (SECOND.to_owned(), (1050, vec![]))]);
        let node = serve(Router::new().route("/pagopa/paForNode", post(answer)).with_state(institution.clone())).await;
        let config = Config {
            public_url: "http://sandbox.example".into(),
            node_url: format!("{node}/pagopa/paForNode"),
            directory: Arc::new(Known(institution.clone())),
            clock: Clock::fixed("2026-11-24T09:00:00Z".parse().unwrap()),
            entropy: Entropy::seeded(1),
        };
        let sandbox = serve(sandbox::pagopa::router(config).unwrap()).await;
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        World { sandbox, institution, http }
    }

    async fn post_cart(&self, version: &str, notices: &[(&str, i64)]) -> (u16, String, String) {
        let body = serde_json::json!({
            "paymentNotices": notices.iter().map(|(number, amount)| serde_json::json!({"noticeNumber": number, "fiscalCode": INSTITUTION,
                "amount": amount, "companyName": "Comune Dimostrativo", "description": "Refezione"})).collect::<Vec<_>>(),
            "returnUrls": {"returnOkUrl": "https://p.example/ok", "returnCancelUrl": "https://p.example/annullato",
                "returnErrorUrl": "https://p.example/errore", "returnWaitingUrl": "https://p.example/attesa"},
            "idCart": "c-1", "emailNotice": "genitore@example.it"
        });
        self.post(&format!("/checkout/{version}/carts"), "application/json", body.to_string()).await
    }

    /// Status, location and body.
    async fn post(&self, path: &str, content_type: &str, body: String) -> (u16, String, String) {
        let request = self.http.post(format!("{}{path}", self.sandbox)).header("content-type", content_type);
        let answer = request.body(body).send().await.unwrap();
        let location = answer.headers().get("location").map(|l| l.to_str().unwrap().to_owned()).unwrap_or_default();
        (answer.status().as_u16(), location, answer.text().await.unwrap())
    }

    async fn submit(&self, path: &str, fields: &str) -> (u16, String, String) {
        self.post(path, "application/x-www-form-urlencoded", fields.to_owned()).await
    }

    async fn page(&self, path: &str) -> String {
        self.http.get(format!("{}{path}", self.sandbox)).send().await.unwrap().text().await.unwrap()
    }

    /// The path of a new cart's payment page.
    async fn cart(&self, notices: &[(&str, i64)]) -> String {
        let (status, location, body) = self.post_cart("ec/v2", notices).await;
        assert_eq!(status, 302, "{body}");
        location.strip_prefix("http://sandbox.example").unwrap().to_owned()
    }

    fn receipts(&self, number: &str) -> Vec<String> {
        self.institution.lock().unwrap().notices[number].1.clone()
    }
}

#[tokio::test]
async fn a_cart_is_shown_and_paid_with_a_receipt_for_each_notice() {
    let world = World::new().await;
    let path = world.cart(&[(FIRST, 4500), (SECOND, 1050)]).await;
    let page = world.page(&path).await;
    for words in ["2 avvisi da pagare", "45,00 €", "10,50 €", "56,50 €", "3010 0202 6000 0001 78", "genitore@example.it"] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    let (status, location, _) = world.submit(&path, "azione=paga&nome=Anna+Verdi&email=").await;
    assert_eq!((status, location.as_str()), (303, "https://p.example/ok"));
    assert_eq!((world.receipts(FIRST).len(), world.receipts(SECOND).len()), (1, 1));
    let requests = world.institution.lock().unwrap().requests.clone();
    let Some(Request::Receipt(sent)) = requests.last() else { panic!("{requests:?}") };
    assert_eq!(sent.receipt.payment_note.as_deref(), Some("c-1"));
    assert_eq!(sent.receipt.payer.as_ref().unwrap().full_name, "Anna Verdi");
    assert!(requests.iter().any(|r| matches!(r, Request::Payment(p) if p.payment_note.as_deref() == Some("c-1"))));
}

#[tokio::test]
async fn a_second_click_pays_nothing_more() {
    let world = World::new().await;
    let path = world.cart(&[(FIRST, 4500)]).await;
    for action in ["paga", "paga", "annulla"] {
        let (_, location, _) = world.submit(&path, &format!("azione={action}")).await;
        assert_eq!(location, "https://p.example/ok");
    }
    assert_eq!(world.receipts(FIRST).len(), 1);
    assert!(world.page(&path).await.contains("Questa sessione è conclusa"));
}

#[tokio::test]
async fn every_other_button_ends_where_the_real_page_would() {
    for (fields, expected) in [
        ("azione=annulla", "https://p.example/annullato"),
        ("azione=errore", "https://p.example/errore"),
        ("azione=esci&seguito=mai", "https://p.example/attesa"),
    ] {
        let world = World::new().await;
        let path = world.cart(&[(FIRST, 4500)]).await;
        assert_eq!(world.submit(&path, fields).await.1, expected);
        assert!(world.receipts(FIRST).is_empty());
    }
}

#[tokio::test]
async fn a_cart_that_cannot_be_paid_is_refused_with_a_problem() {
    let world = World::new().await;
    let (status, _, body) = world.post_cart("ec/v1", &[(FIRST, 4500), ("301002026000000279", 100)]).await;
    assert_eq!(status, 422);
    assert!(body.contains("PAA_PAGAMENTO_SCONOSCIUTO"), "{body}");
    assert_eq!(world.post_cart("ec/v1", &[(FIRST, 4500), (FIRST, 4500)]).await.0, 422);
    assert_eq!(world.post_cart("ec/v1", &[]).await.0, 400);
    assert_eq!(world.post_cart("ec/v1", &[(FIRST, 0)]).await.0, 400);
    assert_eq!(world.post("/checkout/ec/v1/carts", "application/json", "{".into()).await.0, 400);
    assert_eq!(world.post_cart("carts-auth/v1", &[(FIRST, 4500)]).await.0, 401);
}

#[tokio::test]
async fn a_notice_paid_meanwhile_ends_in_an_error() {
    let world = World::new().await;
    let (one, other) = (world.cart(&[(FIRST, 4500)]).await, world.cart(&[(FIRST, 4500)]).await);
    assert_eq!(world.submit(&one, "azione=paga").await.1, "https://p.example/ok");
    assert_eq!(world.submit(&other, "azione=paga").await.1, "https://p.example/errore");
    assert_eq!(world.receipts(FIRST).len(), 1);
}

#[tokio::test]
async fn receipts_come_twice_on_request() {
    let world = World::new().await;
    let path = world.cart(&[(FIRST, 4500)]).await;
    world.submit(&path, "azione=paga&ricevute=ripetuta").await;
    let receipts = world.receipts(FIRST);
    assert_eq!(receipts.len(), 2);
    assert_eq!(receipts[0], receipts[1]);
    let path = world.cart(&[(SECOND, 1050)]).await;
    world.submit(&path, "azione=paga&ricevute=doppia").await;
    let receipts = world.receipts(SECOND);
    assert_eq!(receipts.len(), 2);
    assert_ne!(receipts[0], receipts[1]);
}

#[tokio::test]
async fn a_receipt_is_delivered_until_it_is_taken() {
    let world = World::new().await;
    world.institution.lock().unwrap().failures = 2;
    let path = world.cart(&[(FIRST, 4500)]).await;
    assert_eq!(world.submit(&path, "azione=paga").await.1, "https://p.example/ok");
    assert!(world.receipts(FIRST).is_empty(), "the first delivery failed");
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if !world.receipts(FIRST).is_empty() {
            break;
        }
    }
    assert_eq!(world.receipts(FIRST).len(), 1);
}

#[tokio::test]
async fn the_tobacconist_takes_a_number_or_a_code() {
    let world = World::new().await;
    assert!(world.page("/tabaccheria").await.contains("Comune Dimostrativo (77777777777)"));
    let (status, _, page) =
        world.submit("/tabaccheria", "codice=PAGOPA%7C002%7C301002026000000178%7C77777777777%7C4500&ente=").await;
    assert_eq!(status, 200);
    assert!(page.contains("46,00 €"), "{page}");
    let (_, _, page) = world.submit("/tabaccheria/paga", "codice=301002026000000178&ente=77777777777").await;
    assert!(page.contains("Pagamento eseguito"), "{page}");
    assert_eq!(world.receipts(FIRST).len(), 1);
    let (status, _, page) = world.submit("/tabaccheria", "codice=3010+0202+6000+0001+78&ente=77777777777").await;
    assert_eq!(status, 422);
    assert!(page.contains("già pagato") && page.contains("value=\"3010 0202 6000 0001 78\""), "{page}");
    assert_eq!(world.submit("/tabaccheria", "codice=ciao&ente=77777777777").await.0, 422);
}

#[tokio::test]
async fn notices_are_listed_as_json() {
    let world = World::new().await;
    let listed: serde_json::Value = serde_json::from_str(&world.page("/notices?state=payable&limit=1").await).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    for field in ["fiscal_code", "notice_number", "amount_cents", "broker", "station"] {
        assert!(!listed[0][field].is_null(), "{field}");
    }
    let page = world.page("/pagopa").await;
    assert!(page.contains("Ancora nessuna chiamata"));
}

impl World {
    fn service(&self, name: &str) -> (Http, Endpoint) {
        let (_, path) = sandbox::pagopa::SERVICES.iter().find(|(service, _)| *service == name).unwrap();
        let endpoint = Endpoint { base_url: format!("{}{path}", self.sandbox), subscription_key: None };
        (Http::new(Duration::from_secs(5)).unwrap(), endpoint)
    }

    async fn archive(&self, number: &str, amount_cents: i64) -> Result<aca::Kept, aca::Error> {
        let (http, endpoint) = self.service("aca");
        let position = aca::Position {
            pa_fiscal_code: INSTITUTION.into(),
            debtor_kind: SubjectKind::Natural,
            debtor_fiscal_code: "RSSMRA80A01H501U".into(),
            debtor_full_name: "Mario Rossi".into(),
            iuv: number[1..].into(),
            nav: Some(number.into()),
            amount_cents,
            description: "Refezione scolastica".into(),
            expires_at: "2099-12-31T22:59:59Z".parse().unwrap(),
            iban: Some("IT60X0542811101000000123456".into()),
            postal_iban: None,
            switch_to_expired: false,
            may_stand_in: true,
        };
        aca::Client::new(http).put(&endpoint, &position).await
    }

    async fn flows(&self) -> Vec<fdr::Flow> {
        let (http, endpoint) = self.service("fdr");
        let client = fdr::Client::new(http);
        let listed = client.list(&endpoint, INSTITUTION, &fdr::ListQuery::default()).await.unwrap().data;
        let mut flows = Vec::new();
        for flow in fdr::latest_revisions(&listed) {
            flows.push(client.fetch(&endpoint, INSTITUTION, flow).await.unwrap());
        }
        flows
    }
}

#[tokio::test]
async fn the_archive_takes_changes_and_closes_a_position_once() {
    let world = World::new().await;
    assert!(matches!(world.archive(FIRST, 0).await, Err(aca::Error::NotFound(_))));
    assert_eq!(world.archive(FIRST, 4500).await.unwrap().amount_cents, 4500);
    assert_eq!(world.archive(FIRST, 4000).await.unwrap().amount_cents, 4000);
    assert_eq!(world.archive(FIRST, 0).await.unwrap().status.as_deref(), Some("INVALID"));
    assert!(matches!(world.archive(FIRST, 0).await, Err(aca::Error::NotAccepted(_))));
    world.archive(SECOND, 1050).await.unwrap();
    world.submit("/tabaccheria/paga", &format!("codice={SECOND}&ente={INSTITUTION}")).await;
    assert!(matches!(world.archive(SECOND, 900).await, Err(aca::Error::Conflict(_))));
}

#[tokio::test]
async fn while_the_station_is_away_only_what_the_archive_knows_is_paid() {
    let world = World::new().await;
    let form = |number: &str| format!("codice={number}&ente={INSTITUTION}&stazione=assente");
    let (status, _, page) = world.submit("/tabaccheria", &form(FIRST)).await;
    assert_eq!(status, 422, "{page}");
    world.archive(FIRST, 4400).await.unwrap();
    let (status, _, page) = world.submit("/tabaccheria", &form(FIRST)).await;
    assert_eq!(status, 200);
    assert!(page.contains("44,00 €"), "the archive's amount, not the institution's: {page}");
    let (_, _, page) = world.submit("/tabaccheria/paga", &form(FIRST)).await;
    assert!(page.contains("Pagamento eseguito"), "{page}");
    assert!(world.institution.lock().unwrap().requests.is_empty(), "nobody asked the institution");
    assert_eq!(world.submit("/tabaccheria/paga", &form(FIRST)).await.0, 422, "it is paid");
}

#[tokio::test]
async fn what_is_paid_is_reported_by_rest_and_as_a_file_and_its_receipt_can_be_fetched() {
    let world = World::new().await;
    for number in [FIRST, SECOND] {
        world.submit("/tabaccheria/paga", &format!("codice={number}&ente={INSTITUTION}&ricevute=mai")).await;
    }
    assert!(world.receipts(FIRST).is_empty(), "the receipt never comes");
    assert!(world.flows().await.is_empty(), "today's payments are reported tomorrow");
    world.submit("/pagopa/flussi", &format!("ente={INSTITUTION}")).await;
    let flow = world.flows().await.remove(0);
    assert_eq!((flow.count, flow.sum_cents, flow.revision), (2, 5550, Some(1)));
    let (http, endpoint) = world.service("receipts");
    let payment = flow.payments.iter().find(|p| p.iuv == FIRST[1..]).unwrap();
    let client = receipts::Client::new(http);
    let told = client.get_by_iur(&endpoint, INSTITUTION, &payment.iur, &payment.iuv).await.unwrap().receipt().unwrap();
    assert_eq!((told.receipt_id.as_str(), told.amount_cents), (payment.iur.as_str(), 4500));
    let missing = client.get_by_iur(&endpoint, INSTITUTION, "none", &payment.iuv).await;
    assert_eq!(missing, Err(receipts::Error::NotFound));
    let path = format!("/pagopa/flusso.xml?ente={INSTITUTION}&flusso={}&revisione=1", flow.id);
    let file = fdr::read_file(world.page(&path).await.as_bytes()).unwrap();
    assert_eq!((file.id.as_str(), file.sum_cents), (flow.id.as_str(), 5550));
    assert!(fdr::read_file(world.page(&format!("{path}&guasto=totale")).await.as_bytes()).is_err());
    world.submit("/pagopa/flussi", &format!("ente={INSTITUTION}&flusso={}", flow.id)).await;
    assert_eq!(world.flows().await[0].revision, Some(2));
    let journal = world.page(&format!("/pagopa/giornale.csv?ente={INSTITUTION}")).await;
    assert!(journal.contains(&format!("/URI/{}", flow.id)) && journal.lines().count() == 2, "{journal}");
    assert!(world.page("/pagopa/flussi").await.contains(&flow.id));
}

#[tokio::test]
async fn a_receipt_that_is_held_comes_when_somebody_says_so_and_once() {
    let world = World::new().await;
    world.submit("/tabaccheria/paga", &format!("codice={FIRST}&ente={INSTITUTION}&ricevute=trattenuta")).await;
    assert!(world.receipts(FIRST).is_empty());
    let page = world.page("/pagopa/giornate").await;
    assert!(page.contains("Consegna adesso") && page.contains("45,00 €"), "{page}");
    let id = page.split("name=\"ricevuta\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for _ in 0..2 {
        let (status, location, _) = world.submit("/pagopa/giornate/consegna", &format!("ricevuta={id}")).await;
        assert_eq!((status, location.as_str()), (303, "/pagopa/giornate"));
    }
    assert_eq!(world.receipts(FIRST), [id]);
    assert!(!world.page("/pagopa/giornate").await.contains("Consegna adesso"));
}

#[tokio::test]
async fn a_receipt_for_a_notice_nobody_knows_is_sent_and_one_for_a_known_notice_is_not() {
    let world = World::new().await;
    let unknown = "301002026000000279";
    let fields = |number: &str, amount: &str| format!("ente={INSTITUTION}&codice={number}&importo={amount}");
    let (status, _, page) = world.submit("/pagopa/giornate/sconosciuto", &fields(unknown, "12,00")).await;
    assert!(status == 200 && page.contains("inviata a Comune Dimostrativo"), "{page}");
    let requests = world.institution.lock().unwrap().requests.clone();
    let Some(Request::Receipt(sent)) = requests.last() else { panic!("{requests:?}") };
    assert_eq!((sent.receipt.notice_number.as_str(), sent.receipt.amount_cents), (unknown, 1200));
    for (number, amount) in [(FIRST, "12,00"), ("1", "12,00"), (unknown, "1e9"), (unknown, "0"), (unknown, "-5")] {
        let (status, _, page) = world.submit("/pagopa/giornate/sconosciuto", &fields(number, amount)).await;
        assert!(status == 422 && page.contains(&format!("value=\"{number}\"")), "{number} {amount}: what was typed stays");
    }
    assert!(world.receipts(FIRST).is_empty());
}

#[tokio::test]
async fn receipts_can_come_from_another_station_with_another_debtor_or_a_euro_short() {
    let sent = async |word: &str| {
        let world = World::new().await;
        world.submit("/tabaccheria/paga", &format!("codice={FIRST}&ente={INSTITUTION}&ricevute={word}")).await;
        let request = world.institution.lock().unwrap().requests.last().cloned().unwrap();
        let Request::Receipt(sent) = request else { panic!("{request:?}") };
        sent
    };
    assert_eq!(sent("stazione").await.head.id_station, "88888888888_99");
    assert_eq!(sent("debitore").await.receipt.debtor.full_name, "Debitore Diverso");
    let short = sent("meno").await.receipt;
    assert_eq!((short.amount_cents, short.transfers[0].amount_cents), (4400, 4400));
}
