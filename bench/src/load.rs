//! A closed loop of callers, and the floor they are compared with.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use reqwest::Client;

use crate::process::Server;

/// A page to ask for, as one parent.
#[derive(Clone)]
pub struct Visit {
    pub url: String,
    pub cookie: String,
    /// Must stand on the page: a quick error page is no speed.
    pub expected: String,
}

pub struct Measure {
    pub requests: u64,
    pub failures: u64,
    pub seconds: f64,
    pub cpu_ms: f64,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub bytes: u64,
}

pub async fn serve_empty(listen: SocketAddr) -> ExitCode {
    let router = Router::new().route("/", get(|| async { Html("<!doctype html><title>empty</title>") }));
    let listener = tokio::net::TcpListener::bind(listen).await.expect("the port is free");
    println!("ready http://{listen}/");
    axum::serve(listener, router).await.expect("it serves until it is ended");
    ExitCode::SUCCESS
}

/// `callers` ask for the visits in rotation for `length`; the server's own CPU is read before and after.
pub async fn measure(server: &Server, visits: &[Visit], callers: usize, length: Duration) -> Measure {
    let client = Client::builder().pool_max_idle_per_host(callers).build().expect("a client builds");
    let (next, visits) = (Arc::new(AtomicU64::new(0)), Arc::new(visits.to_vec()));
    let (cpu_before, began) = (server.cpu(), Instant::now());
    let tasks: Vec<_> =
        (0..callers).map(|_| tokio::spawn(call(client.clone(), visits.clone(), next.clone(), began + length))).collect();
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

async fn call(client: Client, visits: Arc<Vec<Visit>>, next: Arc<AtomicU64>, until: Instant) -> (Vec<Duration>, u64, u64) {
    let (mut times, mut failures, mut size) = (Vec::new(), 0, 0);
    while Instant::now() < until {
        let turn = next.fetch_add(1, Ordering::Relaxed) as usize % visits.len();
        let (visit, began) = (&visits[turn], Instant::now());
        let answer = client.get(&visit.url).header("cookie", &visit.cookie).send().await;
        let good = match answer {
            Ok(answer) if answer.status().is_success() => match answer.text().await {
                Ok(text) => {
                    size = size.max(text.len() as u64);
                    text.contains(&visit.expected)
                }
                Err(_) => false,
            },
            _ => false,
        };
        times.push(began.elapsed());
        failures += u64::from(!good);
    }
    (times, failures, size)
}

fn summary(mut times: Vec<Duration>, failures: u64, seconds: f64, cpu: Duration, bytes: u64) -> Measure {
    times.sort();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default().as_secs_f64() * 1000.0;
    let requests = times.len() as u64;
    let cpu_ms = cpu.as_secs_f64() * 1000.0 / requests.max(1) as f64;
    Measure { requests, failures, seconds, cpu_ms, p50_ms: at(50), p95_ms: at(95), bytes }
}
