//! The pages parents open most, each with the gate it must pass and the goal beside it.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::ToSpan;

use crate::load::{self, Ask, Asks, Measure};
use crate::parents::{self, Parent, Whose};
use crate::process::{Server, free_port};

#[derive(Args)]
pub struct Options {
    /// The program to measure.
    #[arg(long)]
    campanella: String,
    /// Its database, `sqlite:FILE` or `postgres://…`; made anew.
    #[arg(long)]
    database: String,
    #[arg(long, default_value_t = 15_000)]
    people: u32,
    /// How long each page is asked for.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    #[arg(long, default_value_t = 8)]
    callers: usize,
    #[arg(long, default_value_t = 40)]
    parents: i64,
}

/// Gate and goal in CPU milliseconds per request.
struct Page {
    name: &'static str,
    gate: f64,
    goal: f64,
    whose: Whose,
    expected: &'static str,
    address: fn(&str, &jiff::civil::Date) -> String,
}

/// Of the whole program, in megabytes.
const MEMORY_MB: u64 = 100;

const PAGES: [Page; 5] = [
    Page {
        name: "sign-in page",
        gate: 0.3,
        goal: 0.1,
        whose: Whose::Prepaid,
        expected: "SPID",
        address: |portal, _| format!("{portal}/accedi"),
    },
    Page {
        name: "documents",
        gate: 0.5,
        goal: 0.2,
        whose: Whose::Billed,
        expected: "Trovati",
        address: |portal, _| format!("{portal}/area-personale/documenti-contabili"),
    },
    Page {
        name: "account, a month",
        gate: 0.6,
        goal: 0.25,
        whose: Whose::Prepaid,
        expected: "Saldo",
        address: |portal, today| {
            format!("{portal}/area-personale/conto-corrente-virtuale?da={}&a={today}", today.saturating_sub(1.month()))
        },
    },
    Page {
        name: "account, a year",
        gate: 1.2,
        goal: 0.6,
        whose: Whose::Prepaid,
        expected: "Saldo",
        address: |portal, today| {
            format!("{portal}/area-personale/conto-corrente-virtuale?da={}&a={today}", today.saturating_sub(365.days()))
        },
    },
    Page {
        name: "calendar of a month",
        gate: 1.0,
        goal: 0.4,
        whose: Whose::Prepaid,
        expected: "calendar",
        address: |portal, today| {
            format!("{portal}/area-personale/refezione-scolastica?mese={:04}-{:02}", today.year(), today.month())
        },
    },
];

pub async fn run(options: Options) -> ExitCode {
    let (portal, town) = start_town(&options).await;
    let floor = floor(&options).await;
    println!(
        "\n{} · {} people · {} callers, {} s a page",
        engine(&options.database),
        options.people,
        options.callers,
        options.seconds
    );
    println!("| page | CPU ms/request | x empty | gate | goal | requests/s | p50 ms | p95 ms | kB | failures |");
    println!("|---|---|---|---|---|---|---|---|---|---|");
    row("empty handler", &floor, &floor, None);
    let prepaid = parents::sign_in(&options.database, &portal, Whose::Prepaid, options.parents).await;
    let billed = parents::sign_in(&options.database, &portal, Whose::Billed, options.parents).await;
    let today = kernel::rome_day(kernel::Clock::System.now());
    let mut passed = true;
    for page in &PAGES {
        let parents = if page.whose == Whose::Prepaid { &prepaid } else { &billed };
        let asks = visits(page, &portal, parents, &today);
        let measured = load::measure(&town, asks, options.callers, Duration::from_secs(options.seconds), u64::MAX).await;
        passed &= measured.failures == 0 && measured.cpu_ms <= page.gate;
        row(page.name, &measured, &floor, Some(page));
    }
    let memory = town.pss_mb();
    passed &= memory <= MEMORY_MB;
    println!("memory of the program after the run: {memory} MB (shared pages by their share; gate {MEMORY_MB})");
    println!("{}", if passed { "all pages within their gates" } else { "a gate is exceeded, or a page failed" });
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn start_town(options: &Options) -> (String, Server) {
    let ports = [free_port(), free_port(), free_port()];
    let mut arguments = vec!["demo".to_owned()];
    for (name, port) in ["--listen", "--sandbox", "--node"].iter().zip(ports) {
        arguments.extend([(*name).to_owned(), format!("127.0.0.1:{port}")]);
    }
    let rest =
        ["--database", &options.database, "--people", &options.people.to_string(), "--seed", "7", "--reset"].map(str::to_owned);
    arguments.extend(rest);
    (format!("http://127.0.0.1:{}", ports[0]), Server::start(&options.campanella, &arguments).await)
}

async fn floor(options: &Options) -> Measure {
    let address = format!("127.0.0.1:{}", free_port());
    let program = std::env::current_exe().expect("this program has a path");
    let empty =
        Server::start(&program.display().to_string(), &["empty".to_owned(), "--listen".to_owned(), address.clone()]).await;
    let ask = Ask { url: format!("http://{address}/"), cookie: String::new(), body: None, expected: "empty" };
    let asks: Asks = Arc::new(move |_| ask.clone());
    load::measure(&empty, asks, options.callers, Duration::from_secs(options.seconds), u64::MAX).await
}

/// The page as each parent in rotation.
fn visits(page: &Page, portal: &str, parents: &[Parent], today: &jiff::civil::Date) -> Asks {
    let url = (page.address)(portal, today);
    let ask = |parent: &Parent| Ask { url: url.clone(), cookie: parent.cookie.clone(), body: None, expected: page.expected };
    let asks: Vec<Ask> = parents.iter().map(ask).collect();
    Arc::new(move |turn| asks[turn as usize % asks.len()].clone())
}

fn row(name: &str, measured: &Measure, floor: &Measure, page: Option<&Page>) {
    let limits = page.map_or(" – | –".to_owned(), |p| format!(" {} | {}", p.gate, p.goal));
    println!(
        "| {name} | {:.3} | {:.1} |{limits} | {:.0} | {:.1} | {:.1} | {} | {} |",
        measured.cpu_ms,
        measured.cpu_ms / floor.cpu_ms.max(0.001),
        measured.requests as f64 / measured.seconds,
        measured.p50_ms,
        measured.p95_ms,
        measured.bytes / 1024,
        measured.failures
    );
}

fn engine(database: &str) -> &'static str {
    if database.starts_with("sqlite") { "SQLite" } else { "PostgreSQL" }
}
