//! The commands of whoever keeps the accounts: settlement reports, the cash journal, work lists, receipts.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use db::Db;
use kernel::{Cents, Ctx};
use payments::reconcile::lists::Line;
use payments::reconcile::{self, Imported, SettlementReport, WorkLists};
use payments::resolve::{self, Held};
use payments::settings::{self, Institution};

use crate::Failure;
use crate::commands::office;

/// Whose accounts, and where.
#[derive(Args, Clone)]
pub struct Where {
    /// `sqlite:FILE` or `postgres://…`
    #[arg(long)]
    pub database: String,
    /// The tenant's code of the index of public administrations
    #[arg(long)]
    pub tenant: String,
}

#[derive(Subcommand)]
pub enum Fdr {
    /// Take in settlement reports (XML), each whole or not at all
    Import {
        #[command(flatten)]
        at: Where,
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Subcommand)]
pub enum Journal {
    /// Take in the treasurer's cash journal: XML of SIOPE+, or CSV numero;data;importo;ordinante;causale
    Import {
        #[command(flatten)]
        at: Where,
        file: PathBuf,
    },
}

#[derive(Subcommand)]
pub enum Receipts {
    /// Book receipts nobody expected for the notices they were meant for: ricevuta;avviso;motivo
    Match {
        #[command(flatten)]
        at: Where,
        file: PathBuf,
    },
    /// Note money that was given back: ricevuta;data;motivo
    Refunded {
        #[command(flatten)]
        at: Where,
        file: PathBuf,
    },
}

#[derive(Subcommand)]
pub enum Notice {
    /// Withdraw notices: from now on nobody is asked for them, and money that still comes is held to be given back
    Cancel {
        #[command(flatten)]
        at: Where,
        #[arg(required = true)]
        numbers: Vec<String>,
    },
}

/// A database and a tenant of it that takes payments.
pub(crate) struct Office {
    pub db: Db,
    pub ctx: Ctx,
    of: Institution,
}

pub(crate) async fn enter(at: &Where) -> Result<Office, Failure> {
    let (db, ctx) = office(&at.database, &at.tenant).await?;
    let found = settings::list_institutions(&mut db.read().await?).await?.into_iter().find(|i| i.tenant == ctx.tenant);
    let of = found.ok_or_else(|| format!("{} takes no payments", at.tenant))?;
    Ok(Office { db, ctx, of })
}

/// Every file has a line; a refused one makes the command fail and leaves the others as they are.
pub async fn fdr(command: Fdr) -> Result<ExitCode, Failure> {
    let Fdr::Import { at, files } = command;
    let office = enter(&at).await?;
    let mut all_taken = true;
    for file in &files {
        match import_report(&office, file).await {
            Ok(imported) => println!("{}: {}", file.display(), in_words(&imported)),
            Err(why) => {
                println!("{}: refused: {why}", file.display());
                all_taken = false;
            }
        }
    }
    Ok(if all_taken { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn import_report(office: &Office, file: &Path) -> Result<Imported, Failure> {
    let report = SettlementReport::from(&pagopa::fdr::read_file(&std::fs::read(file)?)?);
    let mut tx = office.db.begin().await?;
    let imported = reconcile::import_report(&mut tx, &office.ctx, &office.of, &report, "file").await?;
    tx.commit().await?;
    Ok(imported)
}

fn in_words(imported: &Imported) -> String {
    match imported {
        Imported::New { revision, matched, without_receipt } => {
            format!("revision {revision}: {matched} transfers matched, {without_receipt} payments without receipt")
        }
        Imported::Outdated { revision } => format!("revision {revision}: a later one is here, kept as history"),
        Imported::Known { revision } => format!("revision {revision}: here already, nothing changed"),
    }
}

pub async fn journal(command: Journal) -> Result<ExitCode, Failure> {
    let Journal::Import { at, file } = command;
    let office = enter(&at).await?;
    let read = reconcile::read_journal(&std::fs::read(&file)?)?;
    let mut tx = office.db.begin().await?;
    let done = reconcile::import_journal(&mut tx, &office.ctx, &office.of, &read).await?;
    tx.commit().await?;
    println!(
        "{} new lines ({} taken back), {} known, {} reports settled, {} without a report's name, {} movements of other kinds",
        done.new, done.taken_back, done.known, done.settled, done.without_flow, read.passed_over
    );
    Ok(ExitCode::SUCCESS)
}

/// Ends with 1 when something waits for a person.
pub async fn reconcile(at: &Where) -> Result<ExitCode, Failure> {
    let office = enter(at).await?;
    let lists = reconcile::work_lists(&mut office.db.read().await?, &office.ctx).await?;
    print(&lists);
    Ok(if lists.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(lists: &WorkLists) {
    for (state, count, amount) in &lists.transfers {
        println!("{:<10} {count:>8} transfers {:>16}", state.code(), amount.format_it());
    }
    println!("on its way {:>35}", lists.clearing.format_it());
    println!("treasury   {:>35}", lists.treasury.format_it());
    for (title, lines) in [
        ("receipts that no report names", &lists.not_reported),
        ("payments of reports whose receipt is missing", &lists.no_receipt),
        ("rows of reports that are not booked", &lists.not_booked),
        ("rows with another amount than their receipt", &lists.amount_differs),
        ("reports whose money is not in the journal", &lists.not_arrived),
        ("journal lines that name no report of ours", &lists.no_report),
    ] {
        print_lines(title, lines);
    }
    print_held(&lists.held);
}

fn print_lines(title: &str, lines: &[Line]) {
    let total: Cents = lines.iter().map(|line| line.amount).sum();
    println!("\n{title}: {} for {}", lines.len(), total.format_it());
    for line in lines {
        println!("  {} {:>4} days {:>14}  {}  {}", line.since, line.age, line.amount.format_it(), line.what, line.more);
    }
}

fn print_held(held: &[Held]) {
    let total: Cents = held.iter().map(|h| h.amount).sum();
    println!("\nmoney held, to be matched or given back: {} for {}", held.len(), total.format_it());
    for h in held {
        let (receipt, outcome) = (&h.receipt, h.receipt.outcome.code());
        println!("  {:<18} {:>14}  {}  {}", outcome, h.amount.format_it(), receipt.receipt_id, receipt.notice_number);
    }
}

pub async fn receipts(command: Receipts) -> Result<ExitCode, Failure> {
    let (at, file, is_match) = match &command {
        Receipts::Match { at, file } => (at, file, true),
        Receipts::Refunded { at, file } => (at, file, false),
    };
    let office = enter(at).await?;
    let columns = if is_match { ["ricevuta", "avviso", "motivo"] } else { ["ricevuta", "data", "motivo"] };
    let rows = read_rows(file, columns)?;
    // All or nothing: a file with a bad row changes nothing.
    let mut tx = office.db.begin().await?;
    let (mut new, mut total) = (0, Cents::ZERO);
    for (n, [receipt, what, reason]) in rows.iter().enumerate() {
        let resolved = if is_match {
            match_one(&mut tx, &office, receipt, what, reason).await
        } else {
            refund_one(&mut tx, &office, receipt, what, reason).await
        };
        let resolved = resolved.map_err(|why| format!("row {}: {why}", n + 2))?;
        new += usize::from(resolved.new);
        total += resolved.amount;
    }
    tx.commit().await?;
    println!("{} receipts, {new} now, for {}", rows.len(), total.format_it());
    Ok(ExitCode::SUCCESS)
}

async fn match_one(
    tx: &mut db::Tx,
    office: &Office,
    receipt: &str,
    notice: &str,
    reason: &str,
) -> Result<resolve::Resolved, Failure> {
    let id = resolve::find_by_receipt_id(tx, &office.ctx, receipt).await?.ok_or_else(|| format!("no receipt {receipt}"))?;
    let notice = pagopa::NoticeNumber::parse(notice)?;
    Ok(resolve::match_receipt(tx, &office.ctx, id, notice, reason).await?)
}

async fn refund_one(
    tx: &mut db::Tx,
    office: &Office,
    receipt: &str,
    day: &str,
    reason: &str,
) -> Result<resolve::Resolved, Failure> {
    let id = resolve::find_by_receipt_id(tx, &office.ctx, receipt).await?.ok_or_else(|| format!("no receipt {receipt}"))?;
    let day = reconcile::journal::read_day(day).ok_or_else(|| format!("{day} is no day"))?;
    Ok(resolve::refunded(tx, &office.ctx, id, day, reason).await?)
}

/// All or nothing; one that is withdrawn already stays so.
pub async fn notice(command: Notice) -> Result<ExitCode, Failure> {
    let Notice::Cancel { at, numbers } = command;
    let office = enter(&at).await?;
    let mut tx = office.db.begin().await?;
    for number in &numbers {
        let asked = pagopa::NoticeNumber::parse(number).map_err(|why| format!("{number}: {why}"))?;
        let position = payments::find_by_notice(&mut tx, &office.ctx, asked).await?;
        let position = position.ok_or_else(|| format!("no notice {number}"))?;
        payments::cancel(&mut tx, &office.ctx, position.id).await.map_err(|why| format!("{number}: {why}"))?;
    }
    tx.commit().await?;
    println!("{} notices withdrawn", numbers.len());
    Ok(ExitCode::SUCCESS)
}

fn read_rows(file: &Path, columns: [&'static str; 3]) -> Result<Vec<[String; 3]>, Failure> {
    Ok(reconcile::journal::read_columns(&std::fs::read(file)?, columns)?)
}
