//! The listener where national services cards are shown: how it is set up, and its lists kept fresh.

use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Subcommand;
use cns::{Fetched, Line, Settings, Standing, Verifier};
use jiff::SignedDuration;
use kernel::{Clock, Instant};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use web::cns::Shown;

use crate::config::Cns;
use crate::http::Wire;
use crate::tls::{self, AnyCertificate, Tls};
use crate::{Failure, key_file, listen};

/// Between two fetches of the lists.
const FETCH: Duration = Duration::from_secs(3600);
/// Between two looks whether a file has changed.
const LOOK: Duration = Duration::from_secs(60);
/// A secret shorter than this can be guessed.
const SECRET_LETTERS: usize = 32;

/// The listener, its address taken already.
pub struct CardDoor {
    pub wire: Wire,
    pub shown: Shown,
    pub cards: Arc<Verifier>,
    pub public_url: String,
    pub crl_urls: Vec<String>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Print every revocation list: issuer, age, next one; end with 1 when an authority's cards cannot enter
    Status {
        /// The configuration file of `campanella serve`
        #[arg(long)]
        config: std::path::PathBuf,
    },
    /// Fetch the revocation lists from `cns.crl_urls`
    Refresh {
        #[arg(long)]
        config: std::path::PathBuf,
    },
}

pub async fn run(command: Command) -> Result<ExitCode, Failure> {
    let (Command::Status { config } | Command::Refresh { config }) = &command;
    let config = crate::config::Config::read(config)?.cns.ok_or("the configuration has no [cns]")?;
    let cards = verifier(&config)?;
    let mut sound = true;
    if matches!(command, Command::Refresh { .. }) {
        for fetched in cns::refresh(&cards, &config.crl_urls).await? {
            sound &= fetched.result.is_ok();
            println!("{}", fetched_words(&fetched));
        }
    }
    let now = Clock::System.now();
    for line in cards.status(now) {
        println!("{}", line_words(&line));
    }
    let shut = cards.without_fresh_list(now);
    for name in &shut {
        println!("NO FRESH LIST   {name}: its cards cannot enter");
    }
    Ok(if sound && shut.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn fetched_words(fetched: &Fetched) -> String {
    match &fetched.result {
        Ok(true) => format!("newer list      {}", fetched.url),
        Ok(false) => format!("no newer list   {}", fetched.url),
        Err(why) => format!("FAILED          {}: {why}", fetched.url),
    }
}

fn line_words(Line { file, standing }: &Line) -> String {
    match standing {
        Standing::Unusable(why) => format!("UNUSABLE        {file}: {why}"),
        Standing::Signed { issuer, this_update, next_update, age, revoked, fresh } => {
            let state = if *fresh { "fresh" } else { "STALE" };
            let (this, next, hours) = (minute(*this_update), minute(*next_update), age.as_hours());
            format!("{state}           {file}: {issuer}; of {this}, {hours} h old, next {next}, {revoked} revoked")
        }
    }
}

fn minute(at: Instant) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn verifier(config: &Cns) -> Result<Verifier, Failure> {
    Ok(Verifier::open(Settings {
        trust_list_file: config.trust_list_file.clone(),
        crl_folder: config.crl_folder.clone(),
        crl_max_age: SignedDuration::from_hours(i64::from(config.crl_max_age_hours)),
    })?)
}

/// Takes the listener's address. Certificates come by its own handshakes or from a proxy: one of the two is configured.
pub async fn open(config: &Cns) -> Result<CardDoor, Failure> {
    let cards = Arc::new(verifier(config)?);
    let (wire, shown) = match (config.listen, &config.proxy_listen) {
        (Some(address), None) => {
            (Wire::Tls(listen::bind(address).await?, Arc::new(handshakes(config, &cards)?)), Shown::Handshake)
        }
        (None, Some(address)) => (behind_proxy(address).await?, Shown::Header { secret: secret(config)? }),
        _ => return Err("cns: set either cns.listen or cns.proxy_listen".into()),
    };
    let public_url = config.public_url.trim_end_matches('/').to_owned();
    if !public_url.starts_with("https://") {
        return Err("cns.public_url must begin with https://".into());
    }
    Ok(CardDoor { wire, shown, cards, public_url, crl_urls: config.crl_urls.clone() })
}

fn handshakes(config: &Cns, cards: &Arc<Verifier>) -> Result<Tls, Failure> {
    let needed = "cns.listen needs cns.server_certificate_file and cns.server_key_file";
    let certificate = config.server_certificate_file.clone().ok_or(needed)?;
    let key = config.server_key_file.clone().ok_or(needed)?;
    let (cards, versions) = (cards.clone(), if config.tls12_only { tls::ONLY_12 } else { tls::BOTH });
    Tls::new(move || {
        let any = AnyCertificate::hinting(cards.trust().subjects());
        tls::server(&certificate, &key, versions, Arc::new(any))
    })
}

/// Only what runs on this machine may say which certificate a browser showed.
async fn behind_proxy(address: &str) -> Result<Wire, Failure> {
    if let Some(path) = address.strip_prefix("unix:") {
        return Ok(Wire::Unix(unix_listener(Path::new(path))?));
    }
    let address: std::net::SocketAddr = address.parse().map_err(|_| "cns.proxy_listen is an address and port, or unix:PATH")?;
    if !address.ip().is_loopback() {
        return Err("cns.proxy_listen must be a loopback address or unix:PATH".into());
    }
    let listener: TcpListener = listen::bind(address).await?;
    Ok(Wire::Plain(listener))
}

/// A socket that an ended program left behind is taken away; a file of another kind is not ours.
fn unix_listener(path: &Path) -> Result<UnixListener, Failure> {
    if std::fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_socket()) {
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(format!("another program listens on {}", path.display()).into());
        }
        std::fs::remove_file(path)?;
    }
    UnixListener::bind(path).map_err(|e| format!("cannot listen on {}: {e}", path.display()).into())
}

fn secret(config: &Cns) -> Result<Arc<str>, Failure> {
    let file = config.proxy_secret_file.as_ref().ok_or("cns.proxy_listen needs cns.proxy_secret_file")?;
    let text = key_file::private_text(file)?;
    let secret = text.trim();
    if secret.len() < SECRET_LETTERS {
        return Err(format!("the secret in {} has fewer than {SECRET_LETTERS} letters", file.display()).into());
    }
    Ok(secret.into())
}

/// Fetches the lists every hour and reads them anew when a file has changed, until told to stop.
pub async fn keep_fresh(cards: Arc<Verifier>, urls: Vec<String>, mut stop: watch::Receiver<bool>) {
    let mut due = tokio::time::Instant::now();
    while !*stop.borrow() {
        if due <= tokio::time::Instant::now() {
            fetch(&cards, &urls).await;
            due = tokio::time::Instant::now() + FETCH;
        }
        match cards.follow_files() {
            Ok(true) => tracing::info!("the lists of cards were read anew"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the lists of cards cannot be read; those held stay"),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

async fn fetch(cards: &Verifier, urls: &[String]) {
    match cns::refresh(cards, urls).await {
        Ok(all) => {
            for Fetched { url, result } in all {
                if let Err(why) = result {
                    tracing::warn!(url, why, "a revocation list was not fetched; the last good one stays");
                }
            }
        }
        Err(error) => tracing::error!(%error, "the lists of cards cannot be read; those held stay"),
    }
    for authority in cards.without_fresh_list(Clock::System.now()) {
        tracing::error!(authority, "no fresh revocation list: this authority's cards cannot enter");
    }
}
