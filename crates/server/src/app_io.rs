//! Messages in app IO: a tenant opts in with the service it has registered there.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use payments::gateway::{self, Service};
use payments::io;

use crate::money::{Office, Where, enter};
use crate::{Failure, key_file};

/// Where the key of the service is read: an argument would stand in the list of processes.
const KEY: &str = "IO_SUBSCRIPTION_KEY";
const BASE_URL: &str = "https://api.io.pagopa.it/api/v1";
/// What happened to messages, as the status prints it, with what it means.
const STATES: [(&str, &str); 5] = [
    ("waiting", "wait to be sent"),
    ("sent", "sent"),
    ("not_wanted", "mailed instead: no app IO, or the service is switched off"),
    ("refused", "refused by the service, and mailed instead"),
    ("overtaken", "not sent: paid, cancelled or late"),
];

#[derive(Subcommand)]
pub enum AppIo {
    /// Tell parents of new notices, due days and payments from now on; the service's key is in IO_SUBSCRIPTION_KEY
    On {
        #[command(flatten)]
        at: Where,
        /// Seals the key
        #[arg(long)]
        key_file: PathBuf,
        /// The service's id in the IO back office
        #[arg(long)]
        service_id: String,
        /// How many days before a due day it is called to mind; 0: never
        #[arg(long, default_value_t = 7)]
        remind_days: i64,
        #[arg(long, default_value = BASE_URL)]
        base_url: String,
    },
    /// Tell nothing any more; what waits is not sent
    Off {
        #[command(flatten)]
        at: Where,
    },
    /// Print how many messages were sent, and what became of the others
    Status {
        #[command(flatten)]
        at: Where,
    },
}

pub async fn run(command: AppIo) -> Result<ExitCode, Failure> {
    match command {
        AppIo::On { at, key_file, service_id, remind_days, base_url } => {
            let office = enter(&at).await?;
            turn_on(&office, &key_file, &service_id, remind_days, &base_url).await?;
            status(&office).await
        }
        AppIo::Off { at } => turn_off(&enter(&at).await?).await,
        AppIo::Status { at } => status(&enter(&at).await?).await,
    }
}

async fn turn_on(office: &Office, key: &Path, service_id: &str, remind_days: i64, base_url: &str) -> Result<(), Failure> {
    if !base_url.starts_with("https://") && !base_url.starts_with("http://127.0.0.1") {
        return Err("a service is called over https".into());
    }
    let vault = key_file::read(key)?;
    let subscription = std::env::var(KEY).ok().filter(|key| !key.is_empty()).ok_or_else(|| format!("{KEY} is not set"))?;
    let mut tx = office.db.begin().await?;
    gateway::put_service(&mut tx, &office.ctx, Service::Io, base_url, Some((&vault, &subscription))).await?;
    io::opt_in(&mut tx, &office.ctx, service_id, remind_days).await?;
    Ok(tx.commit().await?)
}

async fn turn_off(office: &Office) -> Result<ExitCode, Failure> {
    let mut tx = office.db.begin().await?;
    let was_on = io::opt_out(&mut tx, &office.ctx).await?;
    tx.commit().await?;
    println!("{}", if was_on { "off" } else { "it was off" });
    Ok(ExitCode::SUCCESS)
}

async fn status(office: &Office) -> Result<ExitCode, Failure> {
    let mut tx = office.db.read().await?;
    match io::find(&mut tx, office.ctx.tenant).await? {
        Some(on) => {
            println!("on: service {}, notices since {}, reminders {} days before", on.service_id, on.since, on.remind_days)
        }
        None => println!("off"),
    }
    let counted = io::count(&mut tx, &office.ctx).await?;
    for (state, words) in STATES {
        let count = counted.iter().find(|(known, _)| known == state).map_or(0, |(_, count)| *count);
        println!("{count:>8} {words}");
    }
    Ok(ExitCode::SUCCESS)
}
