//! The node's door under 200 callers: verify, request for payment, receipt; beside a SOAP handler that reads a body and
//! answers a constant one, and with few and with many positions in the tables.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use db::Db;
use pagopa::{Head, NoticeNumber, QrCode, Request};

use crate::load::{self, Ask, Measure};
use crate::positions::{self, Creditor, Numbers};
use crate::process::{Server, free_port};

#[derive(Args, Clone)]
pub struct Options {
    /// The program to measure.
    #[arg(long)]
    campanella: String,
    /// Its database, `sqlite:FILE` or `postgres://…`; made anew.
    #[arg(long)]
    database: String,
    /// How many positions there are; each number in turn.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 1_000_000])]
    positions: Vec<u64>,
    /// How long each operation is asked for.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    #[arg(long, default_value_t = 200)]
    callers: usize,
}

/// What is asked for, and what must hold: a share of the empty handler's requests per second, or a number of them.
struct Operation {
    name: &'static str,
    expected: &'static str,
    goal: Goal,
    request: fn(&Creditor, NoticeNumber, u64) -> Request,
}

enum Goal {
    Share(f64),
    PerSecond(f64),
}

/// The longest a caller may wait, 95 times out of 100.
const P95_MS: f64 = 100.0;
/// With many positions an operation keeps at least this share of the requests per second it had with the fewest: a
/// walk over the table would leave a hundredth, the rest is noise of the machine.
const FLAT: f64 = 0.7;

const OPERATIONS: [Operation; 3] = [
    Operation {
        name: "verify",
        expected: "<outcome>OK</outcome>",
        goal: Goal::Share(0.5),
        request: |creditor, number, _| {
            Request::Verify(pagopa::VerifyRequest { head: head(creditor), qr_code: qr_code(creditor, number) })
        },
    },
    Operation {
        name: "request for payment",
        expected: "<outcome>OK</outcome>",
        goal: Goal::Share(0.5),
        request: |creditor, number, _| {
            Request::Payment(pagopa::PaymentRequest {
                version: pagopa::Version::V2,
                head: head(creditor),
                qr_code: qr_code(creditor, number),
                amount_cents: Some(positions::AMOUNT_CENTS),
                payment_note: None,
                transfer_type: Some(pagopa::TransferType::Pagopa),
                due_on: None,
            })
        },
    },
    Operation {
        name: "receipt, durable",
        expected: "<outcome>OK</outcome>",
        goal: Goal::PerSecond(1000.0),
        request: positions::receipt,
    },
];

pub async fn run(options: Options) -> ExitCode {
    println!("\n{} · {} callers, {} s an operation", engine(&options.database), options.callers, options.seconds);
    println!("| positions | operation | requests/s | x empty | CPU ms/request | x empty | p50 ms | p95 ms | p99 ms | failures |");
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let floor = floor(&options).await;
    row("–", "empty SOAP handler", &floor, &floor);
    prepare(&options).await;
    let database = Db::open(&options.database).await.expect("the demo's database opens");
    let creditor = positions::creditor(&database).await;
    let mut numbers = Numbers::default();
    let (mut missed, mut fewest) = (Vec::new(), Vec::new());
    for size in options.positions.clone() {
        positions::fill(&database, &creditor, &mut numbers, size).await;
        let (url, server) = start(&options).await;
        let server = match positions::backend(&database).await {
            Some(backend) => server.beside(backend),
            None => server,
        };
        warm_up(&options, &server, &url, &creditor, &mut numbers).await;
        positions::fill(&database, &creditor, &mut numbers, size).await;
        positions::analyze(&database).await;
        for (place, operation) in OPERATIONS.iter().enumerate() {
            let measured = measure(&options, &server, &url, &creditor, &mut numbers, operation).await;
            row(&size.to_string(), operation.name, &measured, &floor);
            let first = *fewest.get(place).unwrap_or(&measured.per_second());
            missed.extend(
                operation.missed(&measured, &floor, first).map(|goal| format!("{size} positions, {}: {goal}", operation.name)),
            );
            fewest.push(measured.per_second());
        }
    }
    println!("{}", if missed.is_empty() { "all within the goals".to_owned() } else { format!("missed: {}", missed.join("; ")) });
    if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Operation {
    /// The goals that do not hold, beside the floor of this run and what the operation did with the fewest positions.
    fn missed(&self, measured: &Measure, floor: &Measure, first: f64) -> impl Iterator<Item = &'static str> {
        let goals = [
            (measured.failures == 0, "a call failed"),
            (measured.p95_ms < P95_MS, "p95"),
            (self.goal.holds(measured, floor), "requests/s"),
            (measured.per_second() >= FLAT * first, "not flat"),
        ];
        goals.into_iter().filter(|(holds, _)| !holds).map(|(_, goal)| goal)
    }
}

impl Goal {
    fn holds(&self, measured: &Measure, floor: &Measure) -> bool {
        match self {
            Goal::Share(share) => measured.per_second() >= share * floor.per_second(),
            Goal::PerSecond(least) => measured.per_second() >= *least,
        }
    }
}

/// Not measured: the tables of a house that lives are not empty, and their statistics are not those of empty ones.
async fn warm_up(options: &Options, server: &Server, url: &str, creditor: &Creditor, numbers: &mut Numbers) {
    let once = Options { seconds: 1, ..options.clone() };
    for operation in &OPERATIONS {
        measure(&once, server, url, creditor, numbers, operation).await;
    }
}

async fn measure(
    options: &Options,
    server: &Server,
    url: &str,
    creditor: &Creditor,
    numbers: &mut Numbers,
    operation: &Operation,
) -> Measure {
    let pays = matches!(operation.goal, Goal::PerSecond(_));
    let (asked, range) = (operation.request, if pays { numbers.unpaid() } else { numbers.readable() });
    let (url, creditor, expected) = (url.to_owned(), creditor.clone(), operation.expected);
    let first = range.clone();
    let ask = move |turn: u64| {
        // Read all over the table, as the node does; paid in order, each once.
        let index = if pays { first.start + turn } else { first.start + (turn * 7919) % (first.end - first.start) };
        let body = asked(&creditor, positions::number(index), index).encode();
        Ask { url: url.clone(), cookie: String::new(), body: Some(body), expected }
    };
    let most = if pays { range.end - range.start } else { u64::MAX };
    let measured = load::measure(server, Arc::new(ask), options.callers, Duration::from_secs(options.seconds), most).await;
    if pays {
        numbers.paid += measured.requests;
    }
    measured
}

fn head(creditor: &Creditor) -> Head {
    Head { id_pa: creditor.fiscal_code.clone(), id_broker_pa: creditor.broker.clone(), id_station: creditor.station.clone() }
}

fn qr_code(creditor: &Creditor, notice_number: NoticeNumber) -> QrCode {
    QrCode { fiscal_code: creditor.fiscal_code.clone(), notice_number }
}

/// A small town, so that there is a tenant with an account to credit.
async fn prepare(options: &Options) {
    drop(start_with(options, &["--reset"]).await);
}

async fn start(options: &Options) -> (String, Server) {
    start_with(options, &[]).await
}

async fn start_with(options: &Options, more: &[&str]) -> (String, Server) {
    let ports = [free_port(), free_port(), free_port()];
    let mut arguments = vec!["demo".to_owned()];
    for (name, port) in ["--listen", "--sandbox", "--node"].iter().zip(ports) {
        arguments.extend([(*name).to_owned(), format!("127.0.0.1:{port}")]);
    }
    let given = ["--database", options.database.as_str(), "--people", "2000", "--seed", "7"];
    arguments.extend(given.iter().chain(more).map(|a| (*a).to_owned()));
    (format!("http://127.0.0.1:{}/pagopa/paForNode", ports[2]), Server::start(&options.campanella, &arguments).await)
}

async fn floor(options: &Options) -> Measure {
    let address = format!("127.0.0.1:{}", free_port());
    let program = std::env::current_exe().expect("this program has a path");
    let empty =
        Server::start(&program.display().to_string(), &["empty".to_owned(), "--listen".to_owned(), address.clone()]).await;
    let nobody = Creditor::nobody();
    let ask = move |turn: u64| {
        let body = (OPERATIONS[0].request)(&nobody, positions::number(turn % 10_000), turn).encode();
        Ask { url: format!("http://{address}/pagopa/paForNode"), cookie: String::new(), body: Some(body), expected: "Envelope" }
    };
    load::measure(&empty, Arc::new(ask), options.callers, Duration::from_secs(options.seconds), u64::MAX).await
}

fn row(positions: &str, name: &str, measured: &Measure, floor: &Measure) {
    println!(
        "| {positions} | {name} | {:.0} | {:.2} | {:.3} | {:.1} | {:.1} | {:.1} | {:.1} | {} |",
        measured.per_second(),
        measured.per_second() / floor.per_second().max(1.0),
        measured.cpu_ms,
        measured.cpu_ms / floor.cpu_ms.max(0.001),
        measured.p50_ms,
        measured.p95_ms,
        measured.p99_ms,
        measured.failures
    );
}

fn engine(database: &str) -> &'static str {
    if database.starts_with("sqlite") { "SQLite" } else { "PostgreSQL" }
}
