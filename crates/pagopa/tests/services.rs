//! The clients of the REST services against a server that gives prepared answers, one for each call.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
mod common_json;

use std::time::Duration;

use common_json::*;
use jiff::civil::date;
use pagopa::{Endpoint, Http, aca, fdr, gpd, io, receipts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const INSTITUTION: &str = "77777777777";

fn http() -> Http {
    Http::new(Duration::from_secs(5)).unwrap()
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// Serves the answers in order and gives back the requests.
async fn answering(answers: Vec<String>) -> (Endpoint, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/base/v1/", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut got = Vec::new();
            let mut buffer = [0; 4096];
            while !is_whole(&got) {
                let read = socket.read(&mut buffer).await.unwrap();
                assert_ne!(read, 0, "the client hung up");
                got.extend_from_slice(&buffer[..read]);
            }
            socket.write_all(answer.as_bytes()).await.unwrap();
            requests.push(String::from_utf8(got).unwrap());
        }
        requests
    });
    (Endpoint { base_url, subscription_key: Some("chiave".into()) }, served)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).map_or(0, |l| l.parse().unwrap());
    body.len() >= length
}

fn ok(body: &impl serde::Serialize) -> String {
    answer("200 OK", "content-type: application/json\r\n", &serde_json::to_string(body).unwrap())
}

fn body_of(request: &str) -> serde_json::Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn a_position_is_told_to_the_archive_with_key_and_body() {
    let kept = aca::Kept { iuv: "01002026000000178".into(), amount_cents: 4500, ..aca::Kept::default() };
    let (endpoint, served) = answering(vec![ok(&kept)]).await;
    let got = aca::Client::new(http()).put(&endpoint, &aca_position()).await.unwrap();
    assert_eq!(got, kept);
    let request = &served.await.unwrap()[0];
    assert!(request.starts_with("POST /base/v1/paCreatePosition HTTP/1.1\r\n"), "{request}");
    assert!(request.to_lowercase().contains("ocp-apim-subscription-key: chiave\r\n"), "{request}");
    let body = body_of(request);
    assert_eq!(body, serde_json::to_value(aca_position()).unwrap());
    assert_eq!((&body["entityType"], &body["amount"]), (&"F".into(), &4500.into()));
    assert_eq!(body["expirationDate"], "2026-04-30T21:59:59.000Z");
}

#[tokio::test]
async fn every_refusal_of_the_archive_keeps_its_meaning() {
    let problem = r#"{"title":"x","status":422,"detail":"già chiusa"}"#;
    let of = async |status: &str, headers: &str| {
        let (endpoint, _served) = answering(vec![answer(status, headers, problem)]).await;
        aca::Client::new(http()).put(&endpoint, &aca_position().closed()).await.unwrap_err()
    };
    assert!(matches!(of("400 Bad Request", "").await, aca::Error::Refused(_)));
    assert!(matches!(of("404 Not Found", "").await, aca::Error::NotFound(_)));
    assert!(matches!(of("409 Conflict", "").await, aca::Error::Conflict(_)));
    assert!(matches!(of("422 Unprocessable Entity", "").await, aca::Error::NotAccepted(p) if p.detail == "già chiusa"));
    assert!(matches!(of("401 Unauthorized", "").await, aca::Error::Unauthorised));
    let limited = of("429 Too Many Requests", "retry-after: 7\r\n").await;
    assert_eq!(limited, aca::Error::TooManyCalls { retry_after: Some(Duration::from_secs(7)) });
    assert!(limited.is_retryable() && of("502 Bad Gateway", "").await.is_retryable());
    assert!(matches!(of("302 Found", "location: http://127.0.0.1:1/\r\n").await, aca::Error::Unavailable(_)));
    let broken = aca::Position { amount_cents: -1, ..aca_position() };
    let nowhere = Endpoint { base_url: "http://127.0.0.1:1".into(), subscription_key: None };
    assert!(matches!(aca::Client::new(http()).put(&nowhere, &broken).await, Err(aca::Error::Malformed(_))));
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let (endpoint, _served) = answering(vec![answer("200 OK", "", &" ".repeat(100_000))]).await;
    let failed = aca::Client::new(http()).put(&endpoint, &aca_position()).await.unwrap_err();
    assert!(matches!(failed, aca::Error::Unavailable(_)), "{failed}");
}

#[tokio::test]
async fn a_position_lives_in_gpd_through_its_calls() {
    let now = "2026-03-01T00:00:00Z".parse().unwrap();
    let position = gpd_position();
    let created = answer("201 Created", "", &serde_json::to_string(&position).unwrap());
    let answers = vec![
        created,
        ok(&position),
        ok(&position),
        ok(&position),
        ok(&gpd_answer()),
        ok(&gpd::v1::Positions { positions: vec![gpd_answer()], page_info: gpd::PageInfo::default() }),
        ok(&gpd::v1::IbanChanged { description: "ok".into(), updated_transfers: 2 }),
        answer("200 OK", "", "\"Deleted\""),
    ];
    let (endpoint, served) = answering(answers).await;
    let client = gpd::Client::new(http());
    assert_eq!(client.create(&endpoint, INSTITUTION, &position, false, now).await.unwrap(), position);
    client.update(&endpoint, INSTITUTION, &position, true, now).await.unwrap();
    client.publish(&endpoint, INSTITUTION, &position.iupd).await.unwrap();
    client.invalidate(&endpoint, INSTITUTION, &position.iupd).await.unwrap();
    assert_eq!(client.get(&endpoint, INSTITUTION, &position.iupd).await.unwrap(), gpd_answer());
    let query = gpd::ListQuery {
        page: 2,
        due: Some((date(2026, 4, 1), date(2026, 4, 30))),
        status: Some(gpd::v1::PositionStatus::PartiallyPaid),
        ..gpd::ListQuery::default()
    };
    client.list(&endpoint, INSTITUTION, &query).await.unwrap();
    client.change_iban(&endpoint, INSTITUTION, "IT1", "IT2").await.unwrap();
    assert_eq!(client.delete(&endpoint, INSTITUTION, &position.iupd).await.unwrap().0, "Deleted");
    let requests = served.await.unwrap();
    let base = "/base/v1/organizations/77777777777/debtpositions";
    for (request, line) in requests.iter().zip([
        format!("POST {base}?toPublish=false"),
        format!("PUT {base}/doc-1?toPublish=true"),
        format!("POST {base}/doc-1/publish"),
        format!("POST {base}/doc-1/invalidate"),
        format!("GET {base}/doc-1"),
        format!("GET {base}?limit=50&page=2&due_date_from=2026-04-01&due_date_to=2026-04-30&status=PARTIALLY_PAID"),
        format!("PATCH {base}/transfers?oldIban=IT1"),
        format!("DELETE {base}/doc-1"),
    ]) {
        assert!(request.starts_with(&format!("{line} HTTP/1.1\r\n")), "{line}: {request}");
    }
}

#[tokio::test]
async fn gpd_refuses_by_name_and_a_broken_position_never_leaves() {
    let of = async |status: &str| {
        let (endpoint, _served) = answering(vec![answer(status, "", "{}")]).await;
        gpd::Client::new(http()).publish(&endpoint, INSTITUTION, "doc-1").await.unwrap_err()
    };
    assert!(matches!(of("400 Bad Request").await, gpd::Error::Refused(_)));
    assert_eq!(of("404 Not Found").await, gpd::Error::NotFound);
    assert!(matches!(of("409 Conflict").await, gpd::Error::Conflict(_)));
    assert_eq!(of("403 Forbidden").await, gpd::Error::Unauthorised);
    assert!(of("429 Too Many Requests").await.is_retryable() && of("500 Internal Server Error").await.is_retryable());
    let nowhere = Endpoint { base_url: "http://127.0.0.1:1".into(), subscription_key: None };
    let late = "2027-01-01T00:00:00Z".parse().unwrap();
    let refused = gpd::Client::new(http()).create(&nowhere, INSTITUTION, &gpd_position(), true, late).await;
    assert_eq!(refused, Err(gpd::Error::Broken(gpd::Broken::DueTooEarly)));
}

#[tokio::test]
async fn receipts_are_listed_read_as_xml_and_found_by_iur() {
    let receipt = common::receipt();
    let request = pagopa::Request::Receipt(pagopa::ReceiptRequest {
        version: pagopa::Version::V2,
        head: common::head(),
        receipt: Box::new(receipt.clone()),
    });
    let xml = request.encode();
    let bare = xml[xml.find("<paf:").unwrap()..xml.find("</soapenv:Body>").unwrap()].replacen(
        "paSendRTV2Request>",
        "paSendRTV2Request xmlns:paf=\"http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd\">",
        1,
    );
    let listed = receipts::Listed {
        current_page_number: 0,
        length: 1,
        total_pages: 1,
        results: vec![receipts::ListedReceipt {
            organization_fiscal_code: INSTITUTION.into(),
            iuv: receipt.creditor_reference_id.clone(),
            debtor: "RSSMRA80A01H501U".into(),
            payment_date_time: None,
            status: Some("PAID".into()),
        }],
    };
    let (endpoint, served) =
        answering(vec![ok(&listed), answer("200 OK", "", &bare), ok(&biz_receipt()), answer("404 Not Found", "", "")]).await;
    let client = receipts::Client::new(http());
    let query = receipts::ListQuery { from: Some(date(2026, 3, 1)), ..receipts::ListQuery::default() };
    assert_eq!(client.list(&endpoint, INSTITUTION, &query).await.unwrap(), listed);
    let raw = client.get_xml(&endpoint, INSTITUTION, &receipt.creditor_reference_id).await.unwrap();
    assert_eq!(receipts::read_xml(raw.as_bytes()).unwrap(), receipt);
    assert_eq!(receipts::read_xml(xml.as_bytes()).unwrap(), receipt, "in its envelope too");
    let found = client.get_by_iur(&endpoint, INSTITUTION, "iur-1", "01002026000000178").await.unwrap().receipt().unwrap();
    assert_eq!((found.amount_cents, found.fee_cents, found.transfers[0].amount_cents), (4500, Some(150), 4500));
    let missing = client.get_by_iur(&endpoint, INSTITUTION, "iur-2", "01002026000000178").await;
    assert_eq!(missing, Err(receipts::Error::NotFound));
    let requests = served.await.unwrap();
    assert!(requests[0].starts_with("GET /base/v1/payments/77777777777/receipts?pageNum=0&pageSize=100&from=2026-03-01 "));
    assert!(requests[2].starts_with("GET /base/v1/organizations/77777777777/receipts/iur-1/paymentoptions/01002026000000178 "));
    for text in ["", "<a/>", &xml.replace("paSendRTV2Request", "paGetPaymentV2Request"), &xml.replace("45.00", "45")] {
        assert!(matches!(receipts::read_xml(text.as_bytes()), Err(receipts::Error::Unreadable(_))), "{text}");
    }
}

#[tokio::test]
async fn a_flow_is_fetched_page_by_page_and_believed_only_when_it_adds_up() {
    let page = |number, rows: Vec<fdr::PaymentRow>| fdr::PaymentsPage {
        metadata: fdr::PageMetadata { page_size: 1, page_number: number, total_pages: 2 },
        count: 2,
        data: rows,
    };
    let pages = || vec![ok(&page(1, vec![row(1, 1999)])), ok(&page(2, vec![row(2, 2501)]))];
    let listed = listed_flow(1);
    let list = fdr::FlowsPage { metadata: fdr::PageMetadata::default(), count: 1, data: vec![listed.clone()] };
    let (endpoint, served) = answering([vec![ok(&list), ok(&header(2, 4500))], pages()].concat()).await;
    let client = fdr::Client::new(http());
    let query = fdr::ListQuery { published_after: Some("2026-03-10T00:00:00Z".parse().unwrap()), ..fdr::ListQuery::default() };
    assert_eq!(client.list(&endpoint, INSTITUTION, &query).await.unwrap().data, vec![listed.clone()]);
    let flow = client.fetch(&endpoint, INSTITUTION, &listed).await.unwrap();
    assert_eq!((flow.sum_cents, flow.payments.len(), flow.revision), (4500, 2, Some(1)));
    assert_eq!(flow.payments[0].paid_on, date(2026, 3, 11), "23:30 UTC is the next day in Rome");
    let requests = served.await.unwrap();
    let list_line = "GET /base/v1/organizations/77777777777/fdrs?page=1&size=1000&publishedGt=2026-03-10T00%3A00%3A00.000Z ";
    assert!(requests[0].starts_with(list_line), "{}", requests[0]);
    let path = "GET /base/v1/organizations/77777777777/fdrs/2026-03-11AGID_01-1/revisions/1/psps/AGID_01";
    assert!(requests[1].starts_with(&format!("{path} ")), "{}", requests[1]);
    assert!(requests[3].starts_with(&format!("{path}/payments?page=2&size=1000 ")), "{}", requests[3]);

    for (told, why) in [
        (header(3, 4500), fdr::Mismatch::Count { said: 3, found: 2 }),
        (header(2, 4501), fdr::Mismatch::Sum { said: 4501, found: 4500 }),
    ] {
        let (endpoint, _served) = answering([vec![ok(&told)], pages()].concat()).await;
        assert_eq!(client.fetch(&endpoint, INSTITUTION, &listed).await, Err(fdr::Error::Totals(why)));
    }
}

#[test]
fn only_the_highest_revision_of_a_flow_counts() {
    let other = fdr::ListedFlow { psp_id: "ALTRA".into(), ..listed_flow(1) };
    let flows = [listed_flow(1), listed_flow(3), listed_flow(2), other.clone()];
    assert_eq!(fdr::latest_revisions(&flows), [&listed_flow(3), &other]);
}

#[tokio::test]
async fn app_io_is_asked_first_and_then_told() {
    let sent = answer("201 Created", "", r#"{"id":"01BX"}"#);
    let allowed = r#"{"sender_allowed":true,"preferred_languages":["it_IT"]}"#;
    let (endpoint, served) =
        answering(vec![answer("200 OK", "", allowed), answer("404 Not Found", "", ""), sent, answer("403 Forbidden", "", "")])
            .await;
    let client = io::Client::new(http());
    assert!(client.find_profile(&endpoint, "RSSMRA80A01H501U").await.unwrap().unwrap().sender_allowed);
    assert_eq!(client.find_profile(&endpoint, "RSSMRA80A01H501U").await, Ok(None));
    assert_eq!(client.send(&endpoint, &io_message()).await.unwrap().id, "01BX");
    assert_eq!(client.send(&endpoint, &io_message()).await, Err(io::Error::NotAllowed));
    let requests = served.await.unwrap();
    assert!(requests[0].starts_with("POST /base/v1/profiles ") && requests[2].starts_with("POST /base/v1/messages "));
    assert_eq!(body_of(&requests[2])["content"]["payment_data"]["notice_number"], "301002026000000178");
}

#[test]
fn a_message_outside_the_limits_of_app_io_is_refused_here() {
    let with = |change: fn(&mut io::NewMessage)| {
        let mut message = io_message();
        change(&mut message);
        message.check()
    };
    assert_eq!(with(|_| {}), Ok(()));
    assert_eq!(with(|m| m.content.subject = "è".repeat(120)), Ok(()));
    for broken in [
        with(|m| m.content.subject = "Avviso".into()),
        with(|m| m.content.subject = "x".repeat(121)),
        with(|m| m.content.markdown = "x".repeat(79)),
        with(|m| m.content.markdown = "x".repeat(10_001)),
        with(|m| m.fiscal_code = "77777777777".into()),
        with(|m| m.content.payment.as_mut().unwrap().amount_cents = 0),
        with(|m| m.content.payment.as_mut().unwrap().notice_number = "901002026000000178".into()),
    ] {
        assert!(matches!(broken, Err(io::Error::Malformed(_))));
    }
}
