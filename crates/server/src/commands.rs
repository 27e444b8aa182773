//! The commands, a line each; the longer ones have a file of their own.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use db::Db;
use enrolment::Tenant;
use identity::credentials::Passwords;
use kernel::{Actor, Clock, Ctx, Entropy, TenantId};

use crate::agreement::{self, Agreement};
use crate::config::Config;
use crate::documents::{self, Document};
use crate::gateway::{self, Gateway};
use crate::money::{self, Fdr, Journal, Notice, Receipts};
use crate::{Failure, accounts, app_io, arms, cns, demo, identities, key_file, listen, print};

#[derive(Subcommand)]
pub enum Command {
    /// Serve an invented Comune, with a test identity provider and a test pagoPA
    Demo(demo::Options),
    /// Serve the tenants of a database
    Serve {
        /// The configuration file; see docs/operations.md
        #[arg(long)]
        config: PathBuf,
    },
    /// Bring a database to this version's tables
    Migrate {
        /// `sqlite:FILE` or `postgres://…`
        #[arg(long)]
        database: String,
    },
    /// Recompute every balance, the chain of postings and the chain of traces; name the first that does not hold
    Verify {
        #[arg(long)]
        database: String,
        /// The tenant's code of the index of public administrations; all tenants without it
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Load a folder of CSV files; see docs/import.md
    Import {
        folder: PathBuf,
        #[arg(long)]
        database: String,
        /// Seals and signs; made if it is not there
        #[arg(long)]
        key_file: PathBuf,
        /// The tenant's code; not needed where the folder has a comune.csv
        #[arg(long)]
        tenant: Option<String>,
        /// Say what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Accounts of businesses
    #[command(subcommand)]
    Business(accounts::Business),
    /// Accounts and roles of the Comune's staff
    #[command(subcommand)]
    Staff(accounts::Staff),
    /// The coat of arms on a tenant's pages and papers
    #[command(subcommand)]
    Arms(arms::Arms),
    /// Print the papers of many documents
    #[command(subcommand)]
    Print(Print),
    /// The revocation lists of national services cards
    #[command(subcommand)]
    Cns(cns::Command),
    /// Settlement reports (flussi di rendicontazione)
    #[command(subcommand)]
    Fdr(Fdr),
    /// The treasurer's cash journal (giornale di cassa)
    #[command(subcommand)]
    Journal(Journal),
    /// Print the work lists of reconciliation with their totals
    Reconcile(money::Where),
    /// What the office does about receipts on its work lists
    #[command(subcommand)]
    Receipts(Receipts),
    /// What the office does about documents
    #[command(subcommand)]
    Document(Document),
    /// What the office does about notices
    #[command(subcommand)]
    Notice(Notice),
    /// Agreements between tenants to be paid in one cart
    #[command(subcommand)]
    Agreement(Agreement),
    /// How a tenant's positions reach pagoPA
    #[command(subcommand)]
    Gateway(Gateway),
    /// Messages to parents in app IO
    #[command(subcommand)]
    Io(app_io::AppIo),
    /// Identity providers a tenant trusts
    #[command(subcommand)]
    Idp(identities::Idp),
    /// Keys with which a tenant signs what it asks of identity providers
    #[command(subcommand)]
    SamlKey(identities::SamlKey),
    /// What a tenant asks of sign-ins
    SignIn(identities::SignIn),
    /// The register of traces of sign-ins
    #[command(subcommand)]
    Trace(identities::Trace),
    /// Print every door of the portal: methods, who may pass, path
    Doors,
    /// Print the states of a debt position and what each receipt does to them
    States,
}

#[derive(Subcommand)]
pub enum Print {
    /// The payment notices of documents, into one archive or one PDF
    Run(print::Options),
}

pub async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Demo(options) => demo::run(options).await,
        Command::Serve { config } => serve(&Config::read(&config)?).await,
        Command::Migrate { database } => migrate(&database).await,
        Command::Verify { database, tenant } => verify(&database, tenant.as_deref()).await,
        Command::Import { folder, database, key_file, tenant, dry_run } => {
            let mode = if dry_run { import::Mode::DryRun } else { import::Mode::Apply };
            load(&folder, &database, &key_file, tenant.as_deref(), mode).await
        }
        Command::Business(command) => accounts::business(command).await,
        Command::Staff(command) => accounts::staff(command).await,
        Command::Arms(command) => arms::run(command).await,
        Command::Print(Print::Run(options)) => print::run(options).await,
        Command::Cns(command) => cns::run(command).await,
        Command::Fdr(command) => money::fdr(command).await,
        Command::Journal(command) => money::journal(command).await,
        Command::Reconcile(at) => money::reconcile(&at).await,
        Command::Receipts(command) => money::receipts(command).await,
        Command::Document(command) => documents::run(command).await,
        Command::Notice(command) => money::notice(command).await,
        Command::Agreement(command) => agreement::run(command).await,
        Command::Gateway(command) => gateway::run(command).await,
        Command::Io(command) => app_io::run(command).await,
        Command::Idp(command) => identities::idp(command).await,
        Command::SamlKey(command) => identities::saml_key(command).await,
        Command::SignIn(command) => identities::sign_in(command).await,
        Command::Trace(command) => identities::trace(command).await,
        Command::Doors => {
            for door in web::routes::DOORS {
                println!("{} {:?} {}", door.methods, door.guard, door.path);
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::States => {
            print!("{}", payments::state_table());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Only a proxy on this machine reaches a loopback address: without its name all who try a password are one.
fn warn_of_one_source(config: &Config) {
    if config.listen.ip().is_loopback() && config.trusted_proxies.is_empty() {
        tracing::warn!("trusted_proxies is not set: wrong passwords of all visitors are counted together");
    }
}

async fn serve(config: &Config) -> Result<ExitCode, Failure> {
    warn_of_one_source(config);
    let vault = key_file::read(&config.key_file)?;
    let portal = listen::bind(config.listen).await?;
    let node = match config.node_listen {
        Some(address) => Some(listen::node(address, config.node_tls.clone()).await?),
        None if config.node_tls.is_some() => return Err("node_tls needs node_listen".into()),
        None => None,
    };
    let cns = match &config.cns {
        Some(cns) => Some(cns::open(cns).await?),
        None => None,
    };
    let options = db::Options { disk_alarm_bytes: config.disk_alarm_mb.saturating_mul(1024 * 1024), ..db::Options::default() };
    let db = Db::open_with(&config.database, &options).await?;
    db.migrate().await?;
    let passwords = match &config.passwords.breached_file {
        Some(file) => Passwords::with_breached_file(file)?,
        None => Passwords::default(),
    };
    let services = listen::Services {
        db,
        vault,
        portal,
        node,
        node_allowed_sources: config.node_allowed_sources.clone(),
        mail: config.mail.clone(),
        passwords,
        trusted_proxies: config.trusted_proxies.clone(),
        cns,
        registry: config.spid.registry()?,
        sandbox: None,
    };
    listen::serve(services, || println!("ready http://{}/", config.listen)).await
}

async fn migrate(database: &str) -> Result<ExitCode, Failure> {
    let applied = Db::open(database).await?.migrate().await?;
    println!("{} migrations applied", applied.len());
    for name in applied {
        println!("  {name}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Tenants without a fault have a line each; so has the first fault of each of the others, which make it fail.
async fn verify(database: &str, tenant: Option<&str>) -> Result<ExitCode, Failure> {
    let db = open_existing(database).await?;
    let mut tx = db.read().await?;
    let mut known = enrolment::tenant::list_all(&mut tx).await?;
    known.retain(|t| tenant.is_none_or(|code| t.ipa_code == code));
    if let (true, Some(code)) = (known.is_empty(), tenant) {
        return Err(no_such_tenant(code));
    }
    let mut sound = true;
    for Tenant { id, name, .. } in known {
        match ledger::verify(&mut tx, id).await {
            Ok(v) => {
                println!(
                    "{name}: {} postings, {} entries, {} accounts, all hold; chain {}",
                    v.postings, v.entries, v.accounts, v.chain_head
                );
                sound &= verify_receipts(&mut tx, id, &name).await?;
            }
            Err(ledger::Error::Broken(bad)) => {
                println!("{name}: BROKEN at {bad}");
                sound = false;
            }
            Err(other) => return Err(other.into()),
        }
        sound &= verify_traces(&mut tx, id, &name).await?;
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn verify_receipts(tx: &mut db::Tx, tenant: kernel::TenantId, name: &str) -> Result<bool, Failure> {
    match payments::verify::verify(tx, tenant).await? {
        Ok(receipts) => println!("{name}: {receipts} receipts, each booked once"),
        Err(unsound) => {
            println!("{name}: BROKEN, {unsound}");
            return Ok(false);
        }
    }
    Ok(true)
}

async fn verify_traces(tx: &mut db::Tx, id: TenantId, name: &str) -> Result<bool, Failure> {
    match identity::trace::verify(tx, id).await {
        Ok(v) => {
            println!("{name}: {} traces of sign-ins, {} purged before them, all hold; chain {}", v.kept, v.purged, v.chain_head)
        }
        Err(broken @ identity::trace::TraceError::Broken(_)) => {
            println!("{name}: BROKEN at {broken}");
            return Ok(false);
        }
        Err(other) => return Err(other.into()),
    }
    Ok(true)
}

/// A mistyped name must not become an empty database.
pub async fn open_existing(database: &str) -> Result<Db, Failure> {
    match database.strip_prefix("sqlite:") {
        Some(file) if !Path::new(file).exists() => Err(format!("there is no database {file}").into()),
        _ => Ok(Db::open(database).await?),
    }
}

/// The office of a tenant: its database, and the context in which the office acts.
pub async fn office(database: &str, tenant: &str) -> Result<(Db, Ctx), Failure> {
    let db = open_existing(database).await?;
    let found = enrolment::tenant::find_by_ipa_code(&mut db.read().await?, tenant).await?;
    let tenant = found.ok_or_else(|| no_such_tenant(tenant))?;
    Ok((db, Ctx::new(tenant.id, Actor::System("office"), &Clock::System, &Entropy::System)))
}

pub fn no_such_tenant(code: &str) -> Failure {
    format!("no tenant has the code {code}").into()
}

async fn load(
    folder: &std::path::Path,
    database: &str,
    key: &std::path::Path,
    tenant: Option<&str>,
    mode: import::Mode,
) -> Result<ExitCode, Failure> {
    let db = Db::open(database).await?;
    db.migrate().await?;
    let id = match tenant {
        None => TenantId(0),
        Some(code) => {
            let found = enrolment::tenant::find_by_ipa_code(&mut db.read().await?, code).await?;
            found.ok_or_else(|| no_such_tenant(code))?.id
        }
    };
    let ctx = Ctx::new(id, Actor::System("import"), &Clock::System, &Entropy::System);
    let report = import::run(&db, &ctx, &key_file::read_or_create(key)?, folder, mode).await?;
    println!("{report}");
    Ok(if report.bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
