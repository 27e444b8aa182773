//! The node's door over HTTP, and the whole way from a cart to a credit with the test pagoPA on the other side.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../payments/tests/common/mod.rs"]
mod common;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use common::*;
use db::testing::on_both_engines;
use kernel::Cents;
use ledger::AccountKind;
use pagopa::*;
use payments::cart::{self, PrepareRequest, Prepared};
use payments::{Position, PositionKind, State};
use sandbox::pagopa::{Config, Creditor, Directory, Later, ListedNotice};
use web::pagopa_node::{NodeState, router};

struct Node {
    town: Arc<Town>,
    url: String,
    http: reqwest::Client,
}

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    format!("http://{address}")
}

impl Node {
    async fn new(db: db::Db) -> Node {
        Node::allowing(db, &[]).await
    }

    async fn allowing(db: db::Db, sources: &[IpAddr]) -> Node {
        let town = Arc::new(Town::new(db).await);
        let state = NodeState {
            db: town.db.clone(),
            clock: town.clock.clone(),
            entropy: town.entropy.clone(),
            allowed_sources: sources.into(),
        };
        let url = format!("{}/pagopa/paForNode", serve(router(state)).await);
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Node { town, url, http }
    }

    async fn post(&self, body: impl Into<reqwest::Body>) -> (u16, String) {
        let answer = self.http.post(&self.url).header("content-type", CONTENT_TYPE).body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn ask(&self, request: Request) -> Response {
        let (status, body) = self.post(request.encode()).await;
        assert_eq!(status, 200, "{body}");
        Response::decode(body.as_bytes()).unwrap()
    }

    async fn fault(&self, request: Request) -> FaultCode {
        self.ask(request).await.fault().unwrap().known_code().unwrap()
    }
}

fn head() -> Head {
    Head { id_pa: FISCAL_CODE.into(), id_broker_pa: "88888888888".into(), id_station: "88888888888_01".into() }
}

fn verify(head: Head, fiscal_code: &str, notice_number: NoticeNumber) -> Request {
    Request::Verify(VerifyRequest { head, qr_code: QrCode { fiscal_code: fiscal_code.into(), notice_number } })
}

fn get(version: Version, notice_number: NoticeNumber) -> Request {
    Request::Payment(PaymentRequest {
        version,
        head: head(),
        qr_code: QrCode { fiscal_code: FISCAL_CODE.into(), notice_number },
        amount_cents: None,
        payment_note: None,
        transfer_type: None,
        due_on: None,
    })
}

fn send(version: Version, head: Head, receipt: Receipt) -> Request {
    Request::Receipt(ReceiptRequest { version, head, receipt: Box::new(receipt) })
}

#[tokio::test]
async fn a_notice_is_verified_asked_for_paid_and_then_refused() {
    on_both_engines(|db| async move {
        let node = Node::new(db).await;
        for (origin, version) in [("instalment:1", Version::V1), ("instalment:2", Version::V2)] {
            let position = node.town.position(origin, PositionKind::Instalment, 4500).await;
            let number = position.notice_number;
            let Response::Verify(Ok(summary)) = node.ask(verify(head(), FISCAL_CODE, number)).await else { panic!("no summary") };
            assert_eq!((summary.amount_cents, summary.company_name.as_str()), (4500, "Comune Dimostrativo"));
            let Response::Payment(_, Ok(payment)) = node.ask(get(version, number)).await else { panic!("no payment") };
            assert_eq!((payment.creditor_reference_id.as_str(), payment.amount_cents), (number.iuv(), 4500));
            assert_eq!(payment.debtor.full_name, "Mario Rossi");
            let sent = send(version, head(), receipt(origin, number, 4500));
            assert_eq!(node.ask(sent).await, Response::Receipt(version, Ok(())));
            assert_eq!(node.fault(verify(head(), FISCAL_CODE, number)).await, FaultCode::PagamentoDuplicato);
            assert_eq!(node.fault(get(version, number)).await, FaultCode::PagamentoDuplicato);
        }
        let kept = node.town.count("select count(*) from payment_receipt where raw_xml like '%paSendRT%<receiptId>%'").await;
        assert_eq!(kept, 2, "receipts are kept as they came");
        node.town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn every_refusal_has_its_code_and_no_tenant_sees_anothers_notice() {
    on_both_engines(|db| async move {
        let node = Node::new(db).await;
        let number = node.town.position("instalment:1", PositionKind::Instalment, 4500).await.notice_number;
        let other = Head { id_pa: OTHER_FISCAL_CODE.into(), ..head() };
        for (request, expected) in [
            (verify(Head { id_pa: "11111111111".into(), ..head() }, "11111111111", number), FaultCode::IdDominioErrato),
            (verify(head(), OTHER_FISCAL_CODE, number), FaultCode::IdDominioErrato),
            (
                verify(Head { id_broker_pa: "99999999999".into(), ..head() }, FISCAL_CODE, number),
                FaultCode::IdIntermediarioErrato,
            ),
            (verify(Head { id_station: "88888888888_02".into(), ..head() }, FISCAL_CODE, number), FaultCode::StazioneIntErrata),
            (verify(other, OTHER_FISCAL_CODE, number), FaultCode::PagamentoSconosciuto),
            (verify(head(), FISCAL_CODE, "302000600008408304".parse().unwrap()), FaultCode::PagamentoSconosciuto),
            (
                send(Version::V2, Head { id_pa: "11111111111".into(), ..head() }, receipt("r", number, 4500)),
                FaultCode::IdDominioErrato,
            ),
            (send(Version::V2, head(), Receipt { is_paid: false, ..receipt("r", number, 4500) }), FaultCode::Semantica),
        ] {
            assert_eq!(node.fault(request.clone()).await, expected, "{request:?}");
        }
        assert_eq!(node.town.count("select count(*) from payment_receipt").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_switched_off_tenant_is_no_institution_of_ours() {
    on_both_engines(|db| async move {
        let node = Node::new(db).await;
        let number = node.town.position("instalment:1", PositionKind::Instalment, 4500).await.notice_number;
        let mut tx = node.town.db.begin().await.unwrap();
        tx.execute_one("update tenant set enabled = $2 where id = $1", &[&1i64, &false]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(node.fault(verify(head(), FISCAL_CODE, number)).await, FaultCode::IdDominioErrato);
    })
    .await;
}

#[tokio::test]
async fn a_receipt_from_a_moved_station_is_taken() {
    on_both_engines(|db| async move {
        let node = Node::new(db).await;
        let number = node.town.position("top_up:1", PositionKind::TopUp, 4500).await.notice_number;
        let moved = Head { id_broker_pa: "99999999999".into(), id_station: "99999999999_07".into(), ..head() };
        assert_eq!(node.ask(send(Version::V2, moved, receipt("r", number, 4500))).await, Response::Receipt(Version::V2, Ok(())));
        assert_eq!(node.town.balance(AccountKind::Wallet, "top_up:1").await, Cents(4500));
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_a_soap_fault_and_touches_nothing() {
    on_both_engines(|db| async move {
        let node = Node::new(db).await;
        let number = node.town.position("instalment:1", PositionKind::Instalment, 4500).await.notice_number;
        let valid = send(Version::V2, head(), receipt("r", number, 4500)).encode();
        for body in [
            String::new(),
            "ciao".into(),
            valid[..valid.len() - 20].into(),
            valid.replace("paSendRTV2Request", "paSendNothing"),
            valid.replacen("<soapenv:Envelope", "<!DOCTYPE a [<!ENTITY b \"c\">]><soapenv:Envelope", 1),
        ] {
            let (status, answer) = node.post(body).await;
            assert_eq!(status, 500);
            assert!(answer.contains("<soapenv:Fault><faultcode>soapenv:Client</faultcode>"), "{answer}");
        }
        let (status, answer) = node.post(valid.replace("<noticeNumber>", "<noticeNumber>1")).await;
        assert_eq!(status, 200);
        assert!(answer.contains("<faultCode>PAA_SINTASSI_XSD</faultCode>"), "{answer}");
        let too_long = node.http.post(&node.url).body(vec![b' '; 2 * MAX_BODY_BYTES]).send().await.unwrap();
        assert_eq!((too_long.status().as_u16(), &too_long.headers()["connection"]), (413, &"close".parse().unwrap()));
        assert_eq!(node.http.get(&node.url).send().await.unwrap().status().as_u16(), 405);
        assert_eq!(node.town.count("select count(*) from payment_receipt").await, 0);
    })
    .await;
}

#[tokio::test]
async fn calls_from_elsewhere_are_turned_away() {
    on_both_engines(|db| async move {
        let node = Node::allowing(db, &["203.0.113.7".parse().unwrap()]).await;
        assert_eq!(node.post("<a/>").await.0, 403);
    })
    .await;
    on_both_engines(|db| async move {
        let node = Node::allowing(db, &["127.0.0.1".parse().unwrap()]).await;
        assert_eq!(node.post("<a/>").await.0, 500);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_deliveries_at_once_over_http_make_one_credit() {
    on_both_engines(|db| async move {
        let node = Arc::new(Node::new(db).await);
        let number = node.town.position("top_up:1", PositionKind::TopUp, 4500).await.notice_number;
        let request = send(Version::V2, head(), receipt("r", number, 4500));
        let deliveries = (0..200).map(|_| {
            let (node, request) = (node.clone(), request.clone());
            tokio::spawn(async move { node.ask(request).await.fault().and_then(Fault::known_code) })
        });
        let mut taken = 0;
        for delivery in deliveries.collect::<Vec<_>>() {
            match delivery.await.unwrap() {
                None => taken += 1,
                Some(code) => assert_eq!(code, FaultCode::ReceiptDuplicata),
            }
        }
        assert_eq!(taken, 1);
        assert_eq!(node.town.balance(AccountKind::Wallet, "top_up:1").await, Cents(4500));
        node.town.check_ledger().await;
    })
    .await;
}

/// Sends all at once; the fault of each, in their order.
async fn all_at_once(node: &Arc<Node>, requests: Vec<Request>) -> Vec<Option<FaultCode>> {
    let calls = requests.into_iter().map(|request| {
        let node = node.clone();
        tokio::spawn(async move { node.ask(request).await.fault().and_then(Fault::known_code) })
    });
    let mut faults = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        faults.push(call.await.unwrap());
    }
    faults
}

async fn set_balance(town: &Town, subject: &str, cents: i64) {
    let mut tx = town.db.begin().await.unwrap();
    let sql = "update ledger_account set balance_cents = $2 where tenant_id = 1 and subject = $1";
    tx.execute_one(sql, &[&subject, &cents]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_receipt_that_cannot_be_booked_takes_no_other_with_it() {
    on_both_engines(|db| async move {
        let node = Arc::new(Node::new(db).await);
        let mut requests = Vec::new();
        for n in 0..40 {
            let number = node.town.position(&format!("top_up:{n}"), PositionKind::TopUp, 4500).await.notice_number;
            requests.push(send(Version::V2, head(), receipt(&format!("r{n}"), number, 4500)));
        }
        // No cent more has a place on this one.
        set_balance(&node.town, "top_up:17", i64::MAX).await;
        let faults = all_at_once(&node, requests.clone()).await;
        for (n, fault) in faults.into_iter().enumerate() {
            assert_eq!(fault, (n == 17).then_some(FaultCode::SystemError), "receipt {n}");
        }
        set_balance(&node.town, "top_up:17", 0).await;
        assert_eq!(node.town.count("select count(*) from payment_receipt").await, 39);
        let again = all_at_once(&node, requests).await;
        assert_eq!(again.iter().filter(|fault| fault.is_none()).count(), 1, "the one that was refused is taken now");
        assert_eq!(node.town.count("select count(*) from payment_receipt").await, 40);
        node.town.check_ledger().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_that_are_answered_together_each_hear_of_their_own_notice() {
    on_both_engines(|db| async move {
        let node = Arc::new(Node::new(db).await);
        let mut numbers = Vec::new();
        for n in 0..20 {
            numbers.push(node.town.position(&format!("top_up:{n}"), PositionKind::TopUp, 1000 + n).await.notice_number);
        }
        let calls = (0..200).map(|turn| {
            let (node, n) = (node.clone(), turn % 20);
            let number = numbers[n];
            tokio::spawn(async move {
                let Response::Payment(_, Ok(payment)) = node.ask(get(Version::V2, number)).await else { panic!("no payment") };
                assert_eq!((payment.creditor_reference_id.as_str(), payment.amount_cents), (number.iuv(), 1000 + n as i64));
                let other = Head { id_pa: OTHER_FISCAL_CODE.into(), ..head() };
                let elsewhere = node.fault(verify(other, OTHER_FISCAL_CODE, number)).await;
                assert_eq!(elsewhere, FaultCode::PagamentoSconosciuto, "another tenant's call shares nothing with it");
                let unknown = Head { id_pa: "11111111111".into(), ..head() };
                assert_eq!(node.fault(verify(unknown, "11111111111", number)).await, FaultCode::IdDominioErrato);
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
    })
    .await;
}

/// What the test pagoPA is told of the town.
struct Known(Arc<Town>);

impl Directory for Known {
    fn notices<'a>(&'a self, _state: &'a str, limit: u32) -> Later<'a, Vec<ListedNotice>> {
        Box::pin(async move {
            let mut tx = self.0.db.read().await.map_err(|e| e.to_string())?;
            let listed = payments::notice::list_for_test_node(&mut tx, State::Payable, limit, self.0.clock.now())
                .await
                .map_err(|e| e.to_string())?;
            let notice = |n: payments::notice::ListedNotice| ListedNotice {
                fiscal_code: n.fiscal_code,
                notice_number: n.notice_number,
                amount_cents: n.amount.0,
                broker: n.broker,
                station: n.station,
            };
            Ok(listed.into_iter().map(notice).collect())
        })
    }

    fn creditors(&self) -> Later<'_, Vec<Creditor>> {
        Box::pin(async move {
            let mut tx = self.0.db.read().await.map_err(|e| e.to_string())?;
            let all = payments::settings::list_institutions(&mut tx).await.map_err(|e| e.to_string())?;
            let creditor = |i: payments::settings::Institution| Creditor {
                fiscal_code: i.fiscal_code,
                name: i.name,
                broker: i.pagopa.broker,
                station: i.pagopa.station,
            };
            Ok(all.into_iter().map(creditor).collect())
        })
    }
}

async fn test_pagopa(node: &Node) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let config = Config {
        public_url: url.clone(),
        node_url: node.url.clone(),
        directory: Arc::new(Known(node.town.clone())),
        clock: node.town.clock.clone(),
        entropy: node.town.entropy.clone(),
    };
    let router = sandbox::pagopa::router(config).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// What the portal's door does on "Paga": prepare, commit, ask with no transaction open, record.
async fn open_cart(node: &Node, pagopa: &str, positions: &[&Position]) -> (kernel::CartId, Result<String, CartError>) {
    let town = &node.town;
    let request = PrepareRequest {
        positions: positions.iter().map(|p| p.id).collect(),
        may_pay_for: vec![],
        elsewhere: Vec::new(),
        return_base_url: "https://portale.example/esito".into(),
        email: None,
    };
    let mut tx = town.db.begin().await.unwrap();
    let Prepared::New { cart, request, settings } = cart::prepare(&mut tx, &town.ctx(), &request).await.unwrap() else {
        panic!("no new cart")
    };
    tx.commit().await.unwrap();
    let config = CartsConfig {
        base_url: format!("{pagopa}/checkout/ec/v2"),
        checkout_hosts: vec![pagopa.trim_start_matches("http://").to_owned()],
        ..settings.carts_config(&db::vault::Vault::from_key([0; 32]))
    };
    let client = CartsClient::new(std::time::Duration::from_secs(5)).unwrap();
    let opened = client.open(&config, &request).await.map(|url| url.to_string());
    let mut tx = town.db.begin().await.unwrap();
    match &opened {
        Ok(url) => cart::opened(&mut tx, &town.ctx(), cart, url).await.unwrap(),
        Err(_) => cart::refused(&mut tx, &town.ctx(), cart).await.unwrap(),
    }
    tx.commit().await.unwrap();
    (cart, opened)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cart_goes_the_whole_way_to_the_wallet() {
    on_both_engines(|db| async move {
        let node = Node::new(db).await;
        let pagopa = test_pagopa(&node).await;
        let top_up = node.town.position("top_up:1", PositionKind::TopUp, 5000).await;
        let instalment = node.town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let (id, url) = open_cart(&node, &pagopa, &[&top_up, &instalment]).await;
        let pay = node.http.post(url.unwrap()).header("content-type", "application/x-www-form-urlencoded");
        let paid = pay.body("azione=paga&ricevute=ripetuta").send().await.unwrap();
        let back = paid.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(back, format!("https://portale.example/esito/{id}?esito=ok"));
        let mut tx = node.town.db.read().await.unwrap();
        assert!(cart::get(&mut tx, &node.town.ctx(), id).await.unwrap().is_all_paid());
        assert_eq!(node.town.balance(AccountKind::Wallet, "top_up:1").await, Cents(5000));
        assert_eq!(node.town.balance(AccountKind::Receivable, "instalment:1").await, Cents(4500));
        assert_eq!(node.town.count("select count(*) from payment_receipt").await, 2);
        node.town.check_ledger().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cart_refused_by_the_service_leaves_its_notices_free() {
    on_both_engines(|db| async move {
        let node = Node::new(db).await;
        let pagopa = test_pagopa(&node).await;
        let position = node.town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let broken = Node { url: node.url.replace("paForNode", "nowhere"), town: node.town.clone(), http: node.http.clone() };
        let unreachable = test_pagopa(&broken).await;
        let (_, refused) = open_cart(&node, &unreachable, &[&position]).await;
        assert!(matches!(refused, Err(CartError::NotPayable(_))), "{refused:?}");
        assert_eq!(node.town.again(&position).await.attempt_until, None);
        assert!(open_cart(&node, &pagopa, &[&position]).await.1.is_ok());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_test_node_lists_notices_and_the_tobacconist_takes_one() {
    on_both_engines(|db| async move {
        let node = Node::new(db).await;
        let pagopa = test_pagopa(&node).await;
        let position = node.town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let listed = node.http.get(format!("{pagopa}/notices?state=payable&limit=5")).send().await.unwrap();
        let listed: serde_json::Value = listed.json().await.unwrap();
        assert_eq!(listed[0]["notice_number"], position.notice_number.as_str());
        assert_eq!((&listed[0]["fiscal_code"], &listed[0]["amount_cents"]), (&FISCAL_CODE.into(), &4500.into()));
        let pay =
            node.http.post(format!("{pagopa}/tabaccheria/paga")).header("content-type", "application/x-www-form-urlencoded");
        let fields = format!("codice={}&ente={FISCAL_CODE}", position.notice_number);
        let page = pay.body(fields).send().await.unwrap().text().await.unwrap();
        assert!(page.contains("Pagamento eseguito"), "{page}");
        assert_eq!(node.town.again(&position).await.state, State::Paid);
    })
    .await;
}

/// The balance of a wallet after the receipts of one notice, and how many there are.
async fn after(node: &Node, origin: &str, receipts: Vec<Request>) -> (Cents, i64) {
    for request in receipts {
        let version = request.operation();
        let answer = node.ask(request).await;
        assert_eq!((answer.operation(), answer.fault()), (version, None));
    }
    node.town.check_ledger().await;
    let kept = node.town.count("select count(*) from payment_receipt").await;
    (node.town.balance(AccountKind::Wallet, origin).await, kept)
}

#[tokio::test]
async fn govpay_844_a_canteen_top_up_stays_payable_until_its_receipt_comes() {
    on_both_engines(|db| async move {
        let node = Node::new(db).await;
        let number = node.town.position("top_up:1", PositionKind::TopUp, 4500).await.notice_number;
        for _ in 0..20 {
            assert!(node.ask(verify(head(), FISCAL_CODE, number)).await.fault().is_none());
            assert!(node.ask(get(Version::V2, number)).await.fault().is_none());
        }
        let late = Receipt { paid_at: Some("2026-11-01T10:00:00Z".parse().unwrap()), ..receipt("late", number, 4500) };
        assert_eq!(after(&node, "top_up:1", vec![send(Version::V2, head(), late)]).await, (Cents(4500), 1));
    })
    .await;
}

#[tokio::test]
async fn govpay_832_833_625_607_no_receipt_is_refused_for_what_it_says() {
    on_both_engines(|db| async move {
        let node = Node::new(db).await;
        let number = |origin: &'static str| {
            let town = node.town.clone();
            async move { town.position(origin, PositionKind::TopUp, 4500).await.notice_number }
        };
        let moved = Head { id_station: "99999999999_07".into(), ..head() };
        let first = send(Version::V2, moved, receipt("832", number("832").await, 4500));
        let other = Subject { identifier: "BNCLRA80A41H501X".into(), full_name: "Laura Bianchi".into(), ..Subject::default() };
        let second = Receipt { debtor: other, ..receipt("833", number("833").await, 4500) };
        let third = receipt("625", "302000600008408304".parse().unwrap(), 4500);
        let fourth = Receipt { is_stand_in: true, ..receipt("607", number("607").await, 4600) };
        let rest = [second, third, fourth].map(|r| send(Version::V2, head(), r));
        let (stand_in, kept) = after(&node, "607", [vec![first], rest.to_vec()].concat()).await;
        assert_eq!((stand_in, kept), (Cents(4600), 4));
        assert_eq!(node.town.balance(AccountKind::Wallet, "832").await, Cents(4500));
        assert_eq!(node.town.balance(AccountKind::Wallet, "833").await, Cents(4500));
        assert_eq!(node.town.balance(AccountKind::Suspense, "pagopa").await, Cents(4500), "unmatched money is not lost");
    })
    .await;
}

#[tokio::test]
async fn govpay_635_pagopa_api_169_a_second_receipt_of_a_notice_is_money_to_give_back() {
    on_both_engines(|db| async move {
        let node = Node::new(db).await;
        let number = node.town.position("top_up:1", PositionKind::TopUp, 4500).await.notice_number;
        let twice = ["one", "two"].map(|id| send(Version::V2, head(), receipt(id, number, 4500)));
        assert_eq!(after(&node, "top_up:1", twice.to_vec()).await, (Cents(4500), 2));
        assert_eq!(node.town.refund().await, Cents(4500));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn govpay_62_651_a_hundred_payers_at_once_are_told_the_same_and_none_is_told_to_wait() {
    on_both_engines(|db| async move {
        let node = Arc::new(Node::new(db).await);
        let number = node.town.position("top_up:1", PositionKind::TopUp, 4500).await.notice_number;
        let asked = (0..100).map(|i| {
            let node = node.clone();
            let request = if i % 2 == 0 { verify(head(), FISCAL_CODE, number) } else { get(Version::V2, number) };
            tokio::spawn(async move { node.ask(request).await.fault().cloned() })
        });
        for answer in asked.collect::<Vec<_>>() {
            assert_eq!(answer.await.unwrap(), None);
        }
        assert_eq!(node.town.count("select count(*) from debt_position where attempt_until is not null").await, 0);
    })
    .await;
}

#[tokio::test]
async fn govpay_750_what_is_paid_stays_paid() {
    on_both_engines(|db| async move {
        let node = Node::new(db).await;
        let position = node.town.position("top_up:1", PositionKind::TopUp, 4500).await;
        let sent = |id, cents| send(Version::V2, head(), receipt(id, position.notice_number, cents));
        after(&node, "top_up:1", vec![sent("paid", 4500)]).await;
        // Less, more and the same again come afterwards.
        after(&node, "top_up:1", vec![sent("less", 1), sent("more", 9000), sent("same", 4500)]).await;
        assert_eq!(node.fault(sent("paid", 4500)).await, FaultCode::ReceiptDuplicata);
        assert_eq!(node.town.again(&position).await.state, State::Paid);
        assert_eq!(node.fault(verify(head(), FISCAL_CODE, position.notice_number)).await, FaultCode::PagamentoDuplicato);
    })
    .await;
}

/// SQLite alone: PostgreSQL has no way to be made full in a test.
#[tokio::test]
async fn govpay_749_a_full_disk_is_a_system_error_and_the_receipt_is_taken_once_there_is_room() {
    on_both_engines(|db| async move {
        if db.engine() == db::Engine::Postgres {
            return;
        }
        let node = Node::new(db).await;
        let number = node.town.position("top_up:1", PositionKind::TopUp, 4500).await.notice_number;
        let padding = format!("<!-- {} --><receipt>", "x".repeat(500_000));
        let body = send(Version::V2, head(), receipt("r", number, 4500)).encode().replace("<receipt>", &padding);
        allow_pages(&node, 1).await;
        let (status, refused) = node.post(body.clone()).await;
        assert!(status == 200 && refused.contains("PAA_SYSTEM_ERROR"), "{status} {refused}");
        assert!(node.ask(verify(head(), FISCAL_CODE, number)).await.fault().is_none(), "reads go on");
        allow_pages(&node, 1_000_000).await;
        let (_, taken) = node.post(body).await;
        assert!(taken.contains("<outcome>OK</outcome>"), "{taken}");
        assert_eq!(after(&node, "top_up:1", vec![]).await, (Cents(4500), 1));
    })
    .await;
}

/// Lets the database grow to so many pages; never below those it has.
async fn allow_pages(node: &Node, pages: u32) {
    let mut tx = node.town.db.begin().await.unwrap();
    tx.query(&format!("pragma max_page_count = {pages}"), &[]).await.unwrap();
    tx.rollback().await.unwrap();
}

/// SQLite's file may have no page more than it has: what a full disk is to it.
async fn limit_pages(db: &db::Db, to: Option<i64>) {
    let mut tx = db.begin().await.unwrap();
    let pages: i64 = match to {
        Some(pages) => pages,
        None => tx.query_one("pragma page_count", &[]).await.unwrap().get(0).unwrap(),
    };
    tx.query(&format!("pragma max_page_count = {pages}"), &[]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn govpay_749_a_full_disk_is_a_system_error_that_books_nothing_and_the_next_delivery_books_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let db = db::Db::open(&format!("sqlite:{}", folder.path().join("town.sqlite").display())).await.unwrap();
    db.migrate().await.unwrap();
    let node = Node::new(db).await;
    let position = node.town.position("instalment:1", PositionKind::Instalment, 4500).await;
    limit_pages(&node.town.db, None).await;
    let sent = receipt("r1", position.notice_number, 4500);
    // longer than what the last pages have room for
    let long = Receipt { metadata: (0..15).map(|n| (format!("k{n}"), "x".repeat(140))).collect(), ..sent };
    let mut faults = Vec::new();
    for n in 0..40 {
        let one = Receipt { receipt_id: format!("r{n}"), ..long.clone() };
        let answer = node.ask(send(Version::V2, head(), one)).await;
        faults.extend(answer.fault().and_then(|fault| fault.known_code()));
        if faults.len() == 2 {
            break;
        }
    }
    assert_eq!(faults, [FaultCode::SystemError; 2], "the disk is full");
    let kept = node.town.count("select count(*) from payment_receipt").await;
    assert_eq!(node.town.count("select count(*) from ledger_posting where source_key like 'receipt:%'").await, kept);
    limit_pages(&node.town.db, Some(1_000_000)).await;
    let again = Receipt { receipt_id: "again".to_owned(), ..long };
    assert!(node.ask(send(Version::V2, head(), again)).await.fault().is_none());
    assert_eq!(node.town.count("select count(*) from payment_receipt").await, kept + 1);
    node.town.check_ledger().await;
}
