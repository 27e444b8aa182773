//! The carts client against a server that answers one request in a given way.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use pagopa::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

fn notice(number: &str) -> CartNotice {
    CartNotice {
        notice_number: number.into(),
        fiscal_code: "77777777777".into(),
        amount_cents: 4500,
        company_name: "Comune Dimostrativo".into(),
        description: "Refezione scolastica".into(),
    }
}

fn cart() -> Cart {
    Cart {
        payment_notices: vec![notice("301002026000000178")],
        return_urls: ReturnUrls {
            ok: "https://portale.example/ok".into(),
            cancel: "https://portale.example/annullato".into(),
            error: "https://portale.example/errore".into(),
            waiting: Some("https://portale.example/attesa".into()),
        },
        email_notice: Some("genitore@example.it".into()),
        id_cart: Some("c-7f3a".into()),
        is_all_postal: None,
    }
}

/// Serves one answer and gives back the request it got.
async fn answering(answer: String) -> (CartsConfig, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut got = Vec::new();
        let mut buffer = [0; 4096];
        while !String::from_utf8_lossy(&got).trim_end().ends_with('}') {
            let read = socket.read(&mut buffer).await.unwrap();
            assert_ne!(read, 0, "the client hung up");
            got.extend_from_slice(&buffer[..read]);
        }
        socket.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(got).unwrap()
    });
    let config = CartsConfig {
        base_url: format!("http://{address}/checkout/ec/v2/"),
        subscription_key: Some("chiave".into()),
        checkout_hosts: vec!["checkout.example".into()],
        accepts_plain_http: true,
    };
    (config, served)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

async fn open_against(answer: String) -> Result<String, CartError> {
    let (config, _served) = answering(answer).await;
    let client = CartsClient::new(Duration::from_secs(2)).unwrap();
    client.open(&config, &cart()).await.map(|url| url.to_string())
}

#[tokio::test]
async fn a_redirect_is_taken_but_not_followed() {
    let (config, served) = answering(answer("302 Found", "location: https://checkout.example/c/1\r\n", "")).await;
    let client = CartsClient::new(Duration::from_secs(2)).unwrap();
    assert_eq!(client.open(&config, &cart()).await.unwrap().as_str(), "https://checkout.example/c/1");
    let request = served.await.unwrap();
    assert!(request.starts_with("POST /checkout/ec/v2/carts HTTP/1.1\r\n"), "{request}");
    assert!(request.to_lowercase().contains("ocp-apim-subscription-key: chiave\r\n"), "{request}");
    assert!(request.contains("\"returnWaitingUrl\":\"https://portale.example/attesa\""), "{request}");
}

#[tokio::test]
async fn an_address_in_the_body_is_taken_too() {
    let body = r#"{"checkoutRedirectUrl":"https://checkout.example/c/2"}"#;
    assert_eq!(open_against(answer("200 OK", "", body)).await.unwrap(), "https://checkout.example/c/2");
}

#[tokio::test]
async fn a_redirect_to_a_foreign_page_is_refused() {
    let foreign = answer("302 Found", "location: https://evil.example/c/1\r\n", "");
    assert!(matches!(open_against(foreign).await, Err(CartError::ForeignPage(_))));
}

#[tokio::test]
async fn every_refusal_keeps_its_meaning() {
    let problem = r#"{"title":"Invalid cart","status":422,"detail":"PPT_PAGAMENTO_DUPLICATO"}"#;
    let of = |status: &'static str| open_against(answer(status, "content-type: application/problem+json\r\n", problem));
    let CartError::NotPayable(told) = of("422 Unprocessable Entity").await.unwrap_err() else { panic!("422") };
    assert_eq!(told.detail, "PPT_PAGAMENTO_DUPLICATO");
    assert!(matches!(of("400 Bad Request").await, Err(CartError::Refused(_))));
    assert!(matches!(of("401 Unauthorized").await, Err(CartError::Unauthorised)));
    assert!(matches!(of("429 Too Many Requests").await, Err(CartError::TooManyCalls)));
    assert!(matches!(of("500 Internal Server Error").await, Err(CartError::Unavailable(_))));
    assert!(matches!(open_against(answer("200 OK", "", "non json")).await, Err(CartError::Unavailable(_))));
    assert!(matches!(open_against(answer("302 Found", "", "")).await, Err(CartError::Unavailable(_))));
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = CartsConfig {
        base_url: format!("http://{}", listener.local_addr().unwrap()),
        subscription_key: None,
        checkout_hosts: vec![],
        accepts_plain_http: true,
    };
    let client = CartsClient::new(Duration::from_millis(150)).unwrap();
    assert!(matches!(client.open(&config, &cart()).await, Err(CartError::Unavailable(_))));
}

#[tokio::test]
async fn checkout_771_787_an_impossible_cart_never_leaves_the_backend() {
    let (config, served) = answering(String::new()).await;
    let client = CartsClient::new(Duration::from_secs(1)).unwrap();
    let six = (0..6).map(|i| notice(&format!("30100202600000{i:04}"))).collect();
    let twice = vec![notice("301002026000000178"), notice("301002026000000178")];
    let free = vec![CartNotice { amount_cents: 0, ..notice("301002026000000178") }];
    for payment_notices in [vec![], six, twice, free] {
        let refused = client.open(&config, &Cart { payment_notices, ..cart() }).await;
        assert!(matches!(refused, Err(CartError::Malformed)));
    }
    served.abort();
}
