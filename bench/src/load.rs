//! A closed loop of callers, and the floor they are compared with.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::Html;
use axum::routing::{get, post};
use reqwest::Client;

use crate::process::Server;

/// One request: a page as one parent, or a message where there is a body.
#[derive(Clone)]
pub struct Ask {
    pub url: String,
    pub cookie: String,
    pub body: Option<String>,
    /// Must stand in the answer: a quick error is no speed.
    pub expected: &'static str,
}

/// The request of each turn.
pub type Asks = Arc<dyn Fn(u64) -> Ask + Send + Sync>;

pub struct Measure {
    pub requests: u64,
    pub failures: u64,
    pub seconds: f64,
    pub cpu_ms: f64,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub bytes: u64,
}

impl Measure {
    pub fn per_second(&self) -> f64 {
        self.requests as f64 / self.seconds
    }
}

const EMPTY_SOAP: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope \
    xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body/></soapenv:Envelope>";

pub async fn serve_empty(listen: SocketAddr) -> ExitCode {
    let soap = |_body: Bytes| async { ([(CONTENT_TYPE, "text/xml; charset=utf-8")], EMPTY_SOAP) };
    let router = Router::new()
        .route("/", get(|| async { Html("<!doctype html><title>empty</title>") }))
        .route("/pagopa/paForNode", post(soap));
    let listener = tokio::net::TcpListener::bind(listen).await.expect("the port is free");
    println!("ready http://{listen}/");
    axum::serve(listener, router).await.expect("it serves until it is ended");
    ExitCode::SUCCESS
}

/// `callers` make the requests turn by turn for `length`, or until `most` were made; the server's own CPU is read
/// before and after.
pub async fn measure(server: &Server, asks: Asks, callers: usize, length: Duration, most: u64) -> Measure {
    let client = Client::builder().pool_max_idle_per_host(callers).build().expect("a client builds");
    let next = Arc::new(AtomicU64::new(0));
    let (cpu_before, began) = (server.cpu(), Instant::now());
    let caller = || Caller { client: client.clone(), asks: asks.clone(), next: next.clone(), until: began + length, most };
    let tasks: Vec<_> = (0..callers).map(|_| tokio::spawn(caller().call())).collect();
    let mut all = Vec::new();
    let (mut failures, mut bytes) = (0, 0);
    for task in tasks {
        let (times, failed, size) = task.await.expect("a caller does not panic");
        all.extend(times);
        failures += failed;
        bytes = bytes.max(size);
    }
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), server.cpu() - cpu_before);
    summary(all, failures, seconds, cpu, bytes)
}

struct Caller {
    client: Client,
    asks: Asks,
    next: Arc<AtomicU64>,
    until: Instant,
    most: u64,
}

impl Caller {
    /// How long each request took, how many failed, and the longest answer.
    async fn call(self) -> (Vec<Duration>, u64, u64) {
        let (mut times, mut failures, mut size) = (Vec::new(), 0, 0);
        while Instant::now() < self.until {
            let turn = self.next.fetch_add(1, Ordering::Relaxed);
            if turn >= self.most {
                break;
            }
            let ask = (self.asks)(turn);
            let began = Instant::now();
            let answered = self.send(&ask).await;
            times.push(began.elapsed());
            match answered {
                Some(text) if text.contains(ask.expected) => size = size.max(text.len() as u64),
                _ => failures += 1,
            }
        }
        (times, failures, size)
    }

    async fn send(&self, ask: &Ask) -> Option<String> {
        let request = match &ask.body {
            Some(body) => self.client.post(&ask.url).header("content-type", "text/xml; charset=utf-8").body(body.clone()),
            None => self.client.get(&ask.url).header("cookie", &ask.cookie),
        };
        let answer = request.send().await.ok().filter(|a| a.status().is_success())?;
        answer.text().await.ok()
    }
}

fn summary(mut times: Vec<Duration>, failures: u64, seconds: f64, cpu: Duration, bytes: u64) -> Measure {
    times.sort();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default().as_secs_f64() * 1000.0;
    let requests = times.len() as u64;
    let cpu_ms = cpu.as_secs_f64() * 1000.0 / requests.max(1) as f64;
    Measure { requests, failures, seconds, cpu_ms, p50_ms: at(50), p95_ms: at(95), p99_ms: at(99), bytes }
}
