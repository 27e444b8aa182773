//! Commands about identity providers: whom to trust, with which keys to ask, what to ask for, and the register of traces.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use enrolment::Tenant;
use identity::keys::{self, Key};
use identity::settings::{self, Settings};
use identity::sign_in::Scheme;
use identity::{idp, trace};
use jiff::civil::time;
use kernel::{Actor, Clock, Ctx, Day, Entropy, rome_instant};
use saml::registry::{self, Listed};

use crate::accounts::Place;
use crate::commands::{no_such_tenant, open_existing};
use crate::{Failure, key_file};

fn scheme(text: &str) -> Result<Scheme, String> {
    Scheme::from_code(text).ok_or_else(|| "the schemes are spid, cie, eidas".to_owned())
}

#[derive(Subcommand)]
pub enum Idp {
    /// Trust the provider of a file, or all of a signed list
    Import {
        #[arg(long)]
        database: String,
        /// The tenant's code of the index of public administrations
        #[arg(long, required_unless_present = "all")]
        tenant: Option<String>,
        /// Every tenant
        #[arg(long, conflicts_with = "tenant")]
        all: bool,
        #[arg(long, value_parser = scheme)]
        scheme: Scheme,
        /// An EntityDescriptor, or AgID's EntitiesDescriptor
        file: PathBuf,
        /// Who must have signed the file (PEM, one or several); a list is never believed without
        #[arg(long)]
        certificate: Option<PathBuf>,
    },
    /// Print whom a tenant trusts
    List {
        #[command(flatten)]
        place: Place,
        #[arg(long, value_parser = scheme)]
        scheme: Scheme,
    },
}

/// Which key, whose, and what opens it.
#[derive(Args)]
pub struct KeyPlace {
    #[command(flatten)]
    place: Place,
    /// spid or cie
    #[arg(long, value_parser = scheme)]
    scheme: Scheme,
}

#[derive(Subcommand)]
pub enum SamlKey {
    /// Make a key and list it in the metadata; the first one signs at once
    New {
        #[command(flatten)]
        at: KeyPlace,
        /// Seals the private half
        #[arg(long)]
        key_file: PathBuf,
    },
    /// Print the keys: id, state, day they were made
    List {
        #[command(flatten)]
        at: KeyPlace,
        /// With their certificates
        #[arg(long)]
        certificates: bool,
    },
    /// Let a listed key sign from now on, once the providers have taken the metadata that list it
    Activate {
        #[command(flatten)]
        at: KeyPlace,
        id: uuid::Uuid,
    },
    /// Take a key that signs no more out of the metadata
    Retire {
        #[command(flatten)]
        at: KeyPlace,
        id: uuid::Uuid,
    },
}

#[derive(Subcommand)]
pub enum Trace {
    /// Print the register of traces, one JSON object a line
    Export {
        #[command(flatten)]
        place: Place,
        /// Opens the messages
        #[arg(long)]
        key_file: PathBuf,
        /// The first day
        #[arg(long)]
        from: Day,
        /// The last day
        #[arg(long)]
        to: Day,
    },
}

/// Set or print what a tenant asks of sign-ins
#[derive(Args)]
pub struct SignIn {
    #[command(flatten)]
    place: Place,
    /// The least level of assurance
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))]
    level: Option<u8>,
    /// Who runs the portal for the tenant, for CIE's metadata: a TOML file; see docs/operations.md
    #[arg(long)]
    supplier: Option<PathBuf>,
}

pub async fn idp(command: Idp) -> Result<ExitCode, Failure> {
    match command {
        Idp::Import { database, tenant, all: _, scheme, file, certificate } => {
            let listed = read(&file, certificate.as_deref())?;
            let db = open_existing(&database).await?;
            let mut tenants = enrolment::tenant::list_all(&mut db.read().await?).await?;
            tenants.retain(|t| tenant.as_ref().is_none_or(|code| t.ipa_code == *code));
            if let (true, Some(code)) = (tenants.is_empty(), &tenant) {
                return Err(no_such_tenant(code));
            }
            let mut tx = db.begin().await?;
            for tenant in &tenants {
                trust(&mut tx, tenant, scheme, &listed).await?;
            }
            tx.commit().await?;
        }
        Idp::List { place, scheme } => {
            let (db, _, ctx) = open(&place).await?;
            for idp in idp::list(&mut db.read().await?, &ctx, scheme).await? {
                println!("{}  {}  {} keys", idp.entity_id, idp.display_name, idp.certificates.len());
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What a file brings: one provider, or a whole list.
enum Brought {
    One(Listed),
    List(Vec<Listed>),
}

fn read(file: &Path, certificate: Option<&Path>) -> Result<Brought, Failure> {
    let text = |path: &Path| std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
    let certificates = match certificate {
        Some(path) => saml::certificates_of_pem(&text(path)?),
        None => Vec::new(),
    };
    if certificate.is_some() && certificates.is_empty() {
        return Err("the certificate's file holds no certificate in PEM".into());
    }
    let document = text(file)?;
    let mut listed =
        registry::read(&document, &certificates, Clock::System.now()).map_err(|e| format!("{}: {e}", file.display()))?;
    let single = saml::IdpDescriptor::parse(&document).is_ok();
    Ok(match listed.pop() {
        Some(only) if single => Brought::One(only),
        last => {
            listed.extend(last);
            Brought::List(listed)
        }
    })
}

async fn trust(tx: &mut db::Tx, tenant: &Tenant, scheme: Scheme, brought: &Brought) -> Result<(), Failure> {
    let ctx = Ctx::new(tenant.id, Actor::System("idp"), &Clock::System, &Entropy::System);
    match brought {
        Brought::One(listed) => {
            let entity_id = idp::import(tx, &ctx, scheme, &listed.metadata).await?;
            println!("{}: {entity_id} is trusted", tenant.name);
        }
        Brought::List(listed) => {
            let idp::Changes { added, changed, removed } = idp::take_registry(tx, &ctx, scheme, listed).await?;
            println!(
                "{}: {} listed, {} added, {} changed, {} removed",
                tenant.name,
                listed.len(),
                added.len(),
                changed.len(),
                removed.len()
            );
            for (entity_id, parts) in changed {
                println!("  {entity_id}: {}", parts.join(", "));
            }
        }
    }
    Ok(())
}

pub async fn saml_key(command: SamlKey) -> Result<ExitCode, Failure> {
    let (SamlKey::New { at, .. } | SamlKey::List { at, .. } | SamlKey::Activate { at, .. } | SamlKey::Retire { at, .. }) =
        &command;
    let (db, tenant, ctx) = open(&at.place).await?;
    let scheme = at.scheme;
    let mut tx = db.begin().await?;
    match &command {
        SamlKey::New { key_file, .. } => {
            print(&keys::add(&mut tx, &ctx, &key_file::read(key_file)?, &tenant, scheme).await?, true)
        }
        SamlKey::List { certificates, .. } => {
            keys::list(&mut tx, &ctx, scheme).await?.iter().for_each(|key| print(key, *certificates));
        }
        SamlKey::Activate { id, .. } => keys::activate(&mut tx, &ctx, scheme, *id).await?,
        SamlKey::Retire { id, .. } => keys::retire(&mut tx, &ctx, scheme, *id).await?,
    }
    tx.commit().await?;
    Ok(ExitCode::SUCCESS)
}

fn print(key: &Key, certificate: bool) {
    println!("{}  {:<8} {}", key.id, key.state.code(), kernel::rome_day(key.made_at));
    if certificate {
        println!("{}", key.certificate_pem);
    }
}

pub async fn trace(command: Trace) -> Result<ExitCode, Failure> {
    let Trace::Export { place, key_file, from, to } = command;
    if to < from {
        return Err("the last day is before the first".into());
    }
    let (db, _, ctx) = open(&place).await?;
    let vault = key_file::read(&key_file)?;
    let midnight = |day: Day| rome_instant(day, time(0, 0, 0, 0));
    let (start, end) = (midnight(from), midnight(to.tomorrow()?));
    let (mut tx, mut after) = (db.read().await?, 0);
    loop {
        let page = trace::export(&mut tx, &ctx, &vault, start, end, after).await?;
        let Some(last) = page.last() else { break };
        after = last["number"].as_i64().unwrap_or(i64::MAX);
        page.iter().for_each(|line| println!("{line}"));
    }
    Ok(ExitCode::SUCCESS)
}

pub async fn sign_in(command: SignIn) -> Result<ExitCode, Failure> {
    let (db, tenant, ctx) = open(&command.place).await?;
    let mut tx = db.begin().await?;
    let mut said = settings::find(&mut tx, &ctx).await?;
    let changes = command.level.is_some() || command.supplier.is_some();
    said.level = command.level.unwrap_or(said.level);
    if let Some(file) = &command.supplier {
        let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
        use figment::providers::Format;
        said.supplier = Some(figment::Figment::from(figment::providers::Toml::string(&text)).extract().map_err(Box::new)?);
    }
    if changes {
        settings::set(&mut tx, &ctx, &said).await?;
    }
    tx.commit().await?;
    let Settings { level, supplier } = said;
    println!("{}: level {level}, supplier {}", tenant.name, supplier.map_or("none".to_owned(), |s| s.name));
    Ok(ExitCode::SUCCESS)
}

async fn open(place: &Place) -> Result<(db::Db, Tenant, Ctx), Failure> {
    let db = open_existing(&place.database).await?;
    let found = enrolment::tenant::find_by_ipa_code(&mut db.read().await?, &place.tenant).await?;
    let tenant = found.ok_or_else(|| no_such_tenant(&place.tenant))?;
    let ctx = Ctx::new(tenant.id, Actor::System("command"), &Clock::System, &Entropy::System);
    Ok((db, tenant, ctx))
}
