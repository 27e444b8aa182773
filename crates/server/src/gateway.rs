//! How a tenant's positions reach pagoPA: which gateway, and where its services are.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use payments::gateway::{self, GatewayKind, Service, push};

use crate::money::{Where, enter};
use crate::{Failure, key_file};

/// Where the subscription key of a service is read: an argument would stand in the list of processes.
const KEY: &str = "PAGOPA_SUBSCRIPTION_KEY";

#[derive(Subcommand)]
pub enum Gateway {
    /// Choose the tenant's gateway; every notice that can be paid is told to it from the beginning
    Choose {
        #[command(flatten)]
        at: Where,
        kind: Kind,
    },
    /// Say where a service of the platform is called; its subscription key, if any, is in PAGOPA_SUBSCRIPTION_KEY
    Service {
        #[command(flatten)]
        at: Where,
        /// Seals the key
        #[arg(long)]
        key_file: PathBuf,
        service: ServiceName,
        base_url: String,
    },
    /// Print how many positions wait to be told, and how many were refused
    Status {
        #[command(flatten)]
        at: Where,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Kind {
    /// We answer the node and push to the archive (ACA)
    Synchronous,
    /// pagoPA answers the node for us (GPD)
    Gpd,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ServiceName {
    Aca,
    Gpd,
    Fdr,
    Receipts,
    Io,
}

pub async fn run(command: Gateway) -> Result<ExitCode, Failure> {
    match command {
        Gateway::Choose { at, kind } => choose(&at, kind).await,
        Gateway::Service { at, key_file, service, base_url } => put_service(&at, &key_file, service, &base_url).await,
        Gateway::Status { at } => status(&at).await,
    }
}

async fn choose(at: &Where, kind: Kind) -> Result<ExitCode, Failure> {
    let office = enter(at).await?;
    let kind = match kind {
        Kind::Synchronous => GatewayKind::Synchronous,
        Kind::Gpd => GatewayKind::Gpd,
    };
    let mut tx = office.db.begin().await?;
    gateway::set_kind(&mut tx, &office.ctx, kind).await?;
    tx.commit().await?;
    status(at).await
}

async fn put_service(at: &Where, key: &std::path::Path, service: ServiceName, base_url: &str) -> Result<ExitCode, Failure> {
    if !base_url.starts_with("https://") && !base_url.starts_with("http://127.0.0.1") {
        return Err("a service is called over https".into());
    }
    let (office, vault) = (enter(at).await?, key_file::read(key)?);
    let service = match service {
        ServiceName::Aca => Service::Aca,
        ServiceName::Gpd => Service::Gpd,
        ServiceName::Fdr => Service::Fdr,
        ServiceName::Receipts => Service::Receipts,
        ServiceName::Io => Service::Io,
    };
    let subscription = std::env::var(KEY).ok().filter(|key| !key.is_empty());
    let mut tx = office.db.begin().await?;
    let sealed = subscription.as_deref().map(|subscription| (&vault, subscription));
    gateway::put_service(&mut tx, &office.ctx, service, base_url, sealed).await?;
    tx.commit().await?;
    println!("{}: {base_url}, {} key", service.code(), if sealed.is_some() { "with a" } else { "without a" });
    Ok(ExitCode::SUCCESS)
}

async fn status(at: &Where) -> Result<ExitCode, Failure> {
    let office = enter(at).await?;
    let mut tx = office.db.read().await?;
    let kind = gateway::find_kind(&mut tx, office.ctx.tenant).await?;
    let (waiting, refused) = push::count(&mut tx, &office.ctx).await?;
    println!("{}: {waiting} positions wait, {refused} were refused", kind.map_or("none", GatewayKind::code));
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
