//! The program `campanella`.

mod accounts;
mod agreement;
mod app_io;
mod arms;
mod cards;
mod cns;
mod commands;
mod config;
mod demo;
mod demo_accounts;
mod directory;
mod disk;
mod documents;
mod gateway;
mod http;
mod identities;
mod key_file;
mod listen;
mod money;
mod print;
mod tls;
mod trusted;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use commands::Command;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The online school services of a municipality.
#[derive(Parser)]
#[command(name = "campanella", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Why a command ends with an error, in words for whoever typed it.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // Colours are for a person at a terminal; in a journal they are noise, and they cost.
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    match commands::run(Arguments::parse().command).await {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("campanella: {failure}");
            ExitCode::FAILURE
        }
    }
}
