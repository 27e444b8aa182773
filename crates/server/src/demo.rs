//! `campanella demo`: an invented Comune, a second tiny one, a test identity provider and a test pagoPA.
//!
//! Nothing here is in the path of `serve`: the test services listen on an address of their own, and the tenants are told
//! of them as they would be told of the real ones.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use ::demo::{DemoOptions, Persona};
use clap::Args;
use db::vault::Vault;
use db::{Db, Engine};
use enrolment::Tenant;
use identity::credentials::Passwords;
use identity::sign_in::{self, Scheme};
use kernel::{Actor, Clock, Ctx, Day, Entropy, TenantId, rome_day};
use payments::gateway::{self, GatewayKind, Service};
use sandbox::idp;

use crate::directory::Registry;
use crate::{Failure, cards, cns, demo_accounts, key_file, listen, trusted};

#[derive(Args)]
pub struct Options {
    /// Where the portal listens
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the test identity provider and the test payment page listen
    #[arg(long, default_value = "127.0.0.1:8081")]
    sandbox: SocketAddr,
    /// Where the (test) pagoPA node calls
    #[arg(long, default_value = "127.0.0.1:8082")]
    node: SocketAddr,
    /// `sqlite:FILE` or `postgres://…`
    #[arg(long)]
    database: String,
    /// People of the invented Comune
    #[arg(long, default_value_t = 15_000)]
    people: u32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where test cards (CNS) are shown, with TLS; without it the demo takes none
    #[arg(long, value_name = "ADDRESS")]
    cns: Option<SocketAddr>,
    /// The folder the test cards are written to; beside the database without it
    #[arg(long, value_name = "DIR", requires = "cns")]
    cns_folder: Option<PathBuf>,
    /// Begin anew, dropping what the database holds
    #[arg(long)]
    reset: bool,
    /// Metadata of one more test identity provider, which both Comuni trust for SPID and for CIE; repeatable
    #[arg(long, value_name = "FILE")]
    trust_idp: Vec<PathBuf>,
}

/// Under which both Comuni are paid in one cart.
const AGREEMENT: &str = "Convenzione Castelmirto - Pievelieta";
const SECOND_HOST: &str = "pievelieta.localhost";

pub async fn run(options: Options) -> Result<ExitCode, Failure> {
    let (portal, node) = (listen::bind(options.listen).await?, listen::bind(options.node).await?);
    let listener = listen::bind(options.sandbox).await?;
    let key = key_path(&options.database)?;
    let db = open(&options, &key).await?;
    let vault = key_file::read_or_create(&key)?;
    let personas = town(&db, &vault, &options).await?;
    let tenants = enrolment::tenant::list_all(&mut db.read().await?).await?;
    let router = sandbox(&db, &vault, &options, &tenants, &personas).await?;
    let accounts = demo_accounts::make(&db, &vault, &tenants, &personas).await?;
    let (cards, cns) = match options.cns {
        Some(address) => {
            let folder = options.cns_folder.clone().unwrap_or_else(|| key.with_extension("cns"));
            let config = cards::make(&folder, address, &personas, Clock::System.now())?;
            (Some(folder), Some(cns::open(&config).await?))
        }
        None => (None, None),
    };
    let services = listen::Services {
        db,
        vault,
        portal,
        node: Some(node.into()),
        node_allowed_sources: Vec::new(),
        mail: None,
        passwords: Passwords::default(),
        trusted_proxies: Vec::new(),
        cns,
        registry: None,
        sandbox: Some(listen::Sandbox { url: format!("http://{}", options.sandbox), listener, router }),
    };
    listen::serve(services, || announce(&options, &personas, &accounts, cards.as_deref())).await
}

/// The database of a demo, with the tables of this version. A demo trusts a test identity provider, so a database that is
/// not a demo's is left as it is.
async fn open(options: &Options, key: &Path) -> Result<Db, Failure> {
    match options.database.strip_prefix("sqlite:") {
        Some(file) => prepare_file(Path::new(file), key, options.reset)?,
        None if options.reset => {
            let db = Db::open(&options.database).await?;
            refuse_others(&db).await?;
            db.drop_everything().await?;
        }
        None => {}
    }
    let db = Db::open(&options.database).await?;
    refuse_others(&db).await?;
    db.migrate().await?;
    Ok(db)
}

/// Only what has a demo's key beside it is removed.
fn prepare_file(file: &Path, key: &Path, reset: bool) -> Result<(), Failure> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if !reset || !file.exists() {
        return Ok(());
    }
    if !key.exists() {
        return Err(format!("{} was not made by a demo: it is not removed", file.display()).into());
    }
    // The write-ahead log first: without its database it means nothing, the other way round it would spoil the next one.
    for end in ["-wal", "-shm", ""] {
        let path = format!("{}{end}", file.display());
        if Path::new(&path).exists() {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// The hosts tell a demo's tenants from a Comune's. A database without our tables has none.
async fn refuse_others(db: &Db) -> Result<(), Failure> {
    let mut tx = db.read().await?;
    let ours = match db.engine() {
        Engine::Sqlite => "select count(*) from sqlite_master where type = 'table' and name = 'tenant_host'",
        Engine::Postgres => "select count(*) from pg_tables where schemaname = current_schema() and tablename = 'tenant_host'",
    };
    if tx.query_one(ours, &[]).await?.get::<i64>(0)? == 0 {
        return Ok(());
    }
    let others = "select count(*) from tenant t where not exists
                  (select 1 from tenant_host h where h.tenant_id = t.id and h.host in ('127.0.0.1', $1))";
    match tx.query_one(others, &[&SECOND_HOST]).await?.get::<i64>(0)? {
        0 => Ok(()),
        _ => Err("the database holds tenants that are no demo's: a demo leaves it alone".into()),
    }
}

/// Beside the SQLite file; for PostgreSQL in the user's cache folder.
fn key_path(database: &str) -> Result<PathBuf, Failure> {
    if let Some(file) = database.strip_prefix("sqlite:") {
        return Ok(PathBuf::from(format!("{file}.key")));
    }
    let home = std::env::var_os("HOME").ok_or("HOME is not set: there is nowhere to keep the demo's key")?;
    let folder = PathBuf::from(home).join(".cache/campanella");
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join("demo-postgres.key"))
}

/// The town, built where it is not there yet or a start was cut short between the two Comuni; and whom one can sign in as.
async fn town(db: &Db, vault: &Vault, options: &Options) -> Result<Vec<Persona>, Failure> {
    let folder = tempfile::tempdir()?;
    let known = enrolment::tenant::list_all(&mut db.read().await?).await?;
    // The people are those of the day the town was made.
    let made = match known.first() {
        Some(first) => enrolment::tenant::created_at(&mut db.read().await?, first.id).await?,
        None => Clock::System.now(),
    };
    let wanted = demo_options(options, rome_day(made));
    if known.len() >= 2 {
        return Ok(::demo::write_files(&folder.path().join("main"), &folder.path().join("second"), &wanted)?);
    }
    let began = std::time::Instant::now();
    let ctx = Ctx { now: made, ..Ctx::new(TenantId(1), Actor::System("demo"), &Clock::System, &Entropy::System) };
    let town = ::demo::build(db, &ctx, vault, folder.path(), &wanted).await?;
    let rows: u64 = town.reports.iter().map(import::Report::rows).sum();
    println!("Comune dimostrativo creato: {rows} righe in {:.1} s", began.elapsed().as_secs_f32());
    Ok(town.personas)
}

fn demo_options(options: &Options, today: Day) -> DemoOptions {
    DemoOptions {
        people: options.people,
        seed: options.seed,
        today,
        public_url: format!("http://{}", options.listen),
        second_host: SECOND_HOST.to_owned(),
        sandbox_url: format!("http://{}", options.sandbox),
    }
}

/// Tells the tenants of this start's addresses and test providers, and the providers of the tenants.
async fn sandbox(
    db: &Db,
    vault: &Vault,
    options: &Options,
    tenants: &[Tenant],
    personas: &[Persona],
) -> Result<axum::Router, Failure> {
    let (clock, sandbox_url) = (Clock::System, format!("http://{}", options.sandbox));
    let providers = idp::Provider::generate_all(&sandbox_url, &clock)?;
    let mut known: Vec<_> = providers.iter().map(|p| (p.scheme, p.metadata())).collect();
    known.extend(trusted::read(&options.trust_idp)?);
    let mut service_providers = Vec::new();
    for tenant in tenants {
        service_providers.extend(introduce(db, vault, options, tenant, &known).await?);
    }
    let registry = Arc::new(Registry { db: db.clone(), clock: clock.clone(), tenants: tenants.iter().map(|t| t.id).collect() });
    let identities = idp::router(idp::Config {
        providers,
        personas: personas.iter().map(persona).collect(),
        people: registry.clone(),
        service_providers,
        clock: clock.clone(),
        entropy: Entropy::System,
    })?;
    let pagopa = sandbox::pagopa::router(sandbox::pagopa::Config {
        public_url: sandbox_url,
        node_url: format!("http://{}/pagopa/paForNode", options.node),
        directory: registry,
        clock,
        entropy: Entropy::System,
    })?;
    Ok(identities.merge(pagopa))
}

async fn introduce(
    db: &Db,
    vault: &Vault,
    options: &Options,
    tenant: &Tenant,
    providers: &[(Scheme, String)],
) -> Result<Vec<String>, Failure> {
    let ctx = Ctx::new(tenant.id, Actor::System("demo"), &Clock::System, &Entropy::System);
    let host = if tenant.id == TenantId(1) { options.listen.ip().to_string() } else { SECOND_HOST.to_owned() };
    let tenant = Tenant { public_url: format!("http://{host}:{}", options.listen.port()), ..tenant.clone() };
    let mut tx = db.begin().await?;
    enrolment::tenant::set_public_url(&mut tx, tenant.id, &tenant.public_url).await?;
    if let Some(mut settings) = payments::settings::find(&mut tx, tenant.id).await? {
        settings.checkout_base_url = format!("http://{}/checkout/ec/v2", options.sandbox);
        settings.checkout_hosts = vec![options.sandbox.to_string()];
        payments::settings::insert(&mut tx, &settings).await?;
        introduce_platform(&mut tx, &ctx, vault, options).await?;
        payments::agreement::join(&mut tx, &ctx, AGREEMENT).await?;
    }
    let mut metadata = Vec::new();
    for scheme in Scheme::ALL {
        identity::idp::forget_all(&mut tx, &ctx, scheme).await?;
        for (_, metadata) in providers.iter().filter(|(of, _)| *of == scheme) {
            identity::idp::import(&mut tx, &ctx, scheme, metadata).await?;
        }
    }
    for scheme in [Scheme::Spid, Scheme::Cie] {
        metadata.push(sign_in::metadata(&mut tx, &ctx, vault, &tenant, scheme).await?);
    }
    if !options.trust_idp.is_empty() {
        trusted::add_validator(&mut tx, &ctx, &tenant).await?;
    }
    tx.commit().await?;
    Ok(metadata)
}

/// The sandbox asks for a key and takes any.
const DEMO_KEY: &str = "chiave-di-prova";
const DEMO_REMIND_DAYS: i64 = 7;

/// The services of the sandbox, in the place of the platform's.
async fn introduce_platform(tx: &mut db::Tx, ctx: &Ctx, vault: &Vault, options: &Options) -> Result<(), Failure> {
    for (service, path) in sandbox::pagopa::SERVICES {
        let service = Service::from_code(service).ok_or("a service of the sandbox that the program does not know")?;
        gateway::put_service(tx, ctx, service, &format!("http://{}{path}", options.sandbox), Some((vault, DEMO_KEY))).await?;
    }
    payments::io::opt_in(tx, ctx, "servizi-scolastici", DEMO_REMIND_DAYS).await?;
    Ok(gateway::set_kind(tx, ctx, GatewayKind::Synchronous).await?)
}

fn persona(p: &Persona) -> idp::Persona {
    let identity = idp::Identity {
        name: p.name.clone(),
        family_name: p.family_name.clone(),
        code: p.fiscal_code.clone(),
        date_of_birth: p.date_of_birth,
        legal_person: p.scheme == ::demo::Scheme::Business,
    };
    idp::Persona {
        name: format!("{} {}", p.name, p.family_name).trim().to_owned(),
        fiscal_code: p.fiscal_code.clone(),
        look_at: p.look_at.to_owned(),
        host: p.host.clone(),
        identity,
    }
}

fn announce(options: &Options, personas: &[Persona], accounts: &[demo_accounts::Account], cards: Option<&Path>) {
    let port = options.listen.port();
    println!();
    println!("  Portale del Comune dimostrativo   http://{}/", options.listen);
    println!("  Un secondo Comune, piccolo        http://{SECOND_HOST}:{port}/");
    println!("  Con chi entrare                   http://{}/personas", options.sandbox);
    println!("  Tabaccheria di prova              http://{}/tabaccheria", options.sandbox);
    println!("  Giornate storte di pagoPA         http://{}/pagopa/giornate", options.sandbox);
    println!("  App IO di prova                   http://{}/io", options.sandbox);
    println!();
    println!("  Apri il portale, «Accedi», «Entra con SPID» e scegli una persona:");
    for p in personas {
        println!("    {:<26} {}", format!("{} {}", p.name, p.family_name).trim(), p.look_at);
    }
    println!("\n  Con password:");
    for account in accounts {
        println!("    {account}");
    }
    println!();
    if let Some(folder) = cards {
        cards::announce(folder);
    }
    println!("ready http://{}/", options.listen);
}
