//! The listeners, built once, and their end: what has begun is finished.

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use catalogue::Catalogue;
use db::Db;
use db::vault::Vault;
use identity::credentials::Passwords;
use kernel::{Clock, Entropy};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use web::cns::CardState;
use web::pagopa_node::NodeState;
use web::{AppState, Demo, Parts};
use worker::{Mailer, Platform, Worker};

use crate::Failure;
use crate::cns::CardDoor;
use crate::config::{Mail, NodeTls};
use crate::http::{self, Limits, Wire};
use crate::tls::{self, Named, Tls};

/// How long the Checkout may take to answer.
const CHECKOUT_WAITS: Duration = Duration::from_secs(10);
/// How long a service of the platform may take to answer.
const PLATFORM_WAITS: Duration = Duration::from_secs(15);
/// Between two questions for settlement reports and receipts.
const ASKS_PLATFORM: Duration = Duration::from_secs(30 * 60);
const ASKS_A_SANDBOX: Duration = Duration::from_secs(20);
/// How long requests that have begun may take to finish after SIGTERM.
const DRAIN: Duration = Duration::from_secs(20);

/// What one process serves; the addresses are taken already.
pub struct Services {
    pub db: Db,
    pub vault: Vault,
    pub portal: TcpListener,
    pub node: Option<Wire>,
    pub node_allowed_sources: Vec<IpAddr>,
    pub mail: Option<Mail>,
    pub passwords: Passwords,
    pub trusted_proxies: Vec<ipnet::IpNet>,
    pub cns: Option<CardDoor>,
    /// Where identity providers come from, besides files.
    pub registry: Option<worker::Registry>,
    /// The test services of a demo.
    pub sandbox: Option<Sandbox>,
}

/// The test services, and where they are reached.
pub struct Sandbox {
    pub url: String,
    pub listener: TcpListener,
    pub router: Router,
}

/// Takes an address, before the work of starting is done: an address in use is said at once.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|e| format!("cannot listen on {address}: {e}").into())
}

/// The node's listener: with TLS and the node's certificate where that is configured, plain behind a proxy otherwise.
pub async fn node(address: SocketAddr, tls: Option<NodeTls>) -> Result<Wire, Failure> {
    let listener = bind(address).await?;
    let Some(files) = tls else { return Ok(Wire::Plain(listener)) };
    if files.client_names.is_empty() {
        return Err("node_tls.client_names is empty: nobody could call".into());
    }
    let tls = Tls::new(move || {
        let named = Named::read(&files.client_ca_file, &files.client_names)?;
        tls::server(&files.certificate_file, &files.key_file, tls::BOTH, Arc::new(named))
    })?;
    Ok(Wire::Tls(listener, Arc::new(tls)))
}

/// Serves until SIGTERM or SIGINT; `ready` is told when everything listens.
pub async fn serve(services: Services, ready: impl FnOnce()) -> Result<ExitCode, Failure> {
    // Before anybody hears that we are ready, for they may end us at once.
    let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (stop, stopped) = watch::channel(false);
    let platform = tokio::spawn(platform(&services)?.run(stopped.clone()));
    let mut work = tokio::spawn(worker(&services)?.run(stopped.clone()));
    let hangup = signal(SignalKind::hangup())?;
    let mut listeners = JoinSet::new();
    listeners.spawn(crate::disk::keep_an_eye_on(services.db.clone(), stopped.clone()));
    if let Some(door) = &services.cns {
        listeners.spawn(crate::cns::keep_fresh(door.cards.clone(), door.crl_urls.clone(), stopped.clone()));
    }
    let doors = doors(services)?;
    listeners.spawn(reload(doors.iter().filter_map(|(wire, _)| wire.tls()).collect(), hangup, stopped.clone()));
    for (wire, router) in doors {
        listeners.spawn(http::serve(wire, router, Limits::default(), stopped.clone()));
    }
    ready();
    tokio::select! {
        () = either(terminate, interrupt) => {}
        ended = &mut work => return Err(format!("the worker ended: {ended:?}").into()),
    }
    tracing::info!("ending: what has begun is finished");
    stop.send_replace(true);
    let finished = async { while listeners.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, async { tokio::join!(finished, work, platform) }).await.is_err() {
        tracing::warn!("not everything finished in time");
    }
    Ok(ExitCode::SUCCESS)
}

fn worker(services: &Services) -> Result<Worker, Failure> {
    Ok(Worker::new(worker_parts(services)?))
}

fn worker_parts(services: &Services) -> Result<worker::Parts, Failure> {
    let mailer = services.mail.as_ref().map(|m| Mailer::connect(&m.server, &m.from)).transpose()?;
    let (clock, entropy) = (Clock::System, Entropy::System);
    let (db, catalogue, registry) = (services.db.clone(), Arc::new(Catalogue::load()), services.registry.clone());
    Ok(worker::Parts { db, clock, entropy, catalogue, mailer, registry })
}

/// A demo's platform is on this machine and is asked often, so that what one tries is soon seen.
fn platform(services: &Services) -> Result<Platform, Failure> {
    let asks_every = if services.sandbox.is_some() { ASKS_A_SANDBOX } else { ASKS_PLATFORM };
    let http = pagopa::Http::new(PLATFORM_WAITS)?;
    Ok(Platform::new(worker_parts(services)?, services.vault.clone(), http, asks_every))
}

/// The listeners, each with what it serves.
fn doors(services: Services) -> Result<Vec<(Wire, Router)>, Failure> {
    let (clock, entropy) = (Clock::System, Entropy::System);
    let mut doors = Vec::new();
    if let Some(listener) = services.node {
        let allowed_sources = Arc::from(services.node_allowed_sources);
        let state = NodeState { db: services.db.clone(), clock: clock.clone(), entropy: entropy.clone(), allowed_sources };
        doors.push((listener, web::pagopa_node::router(state)));
    }
    let parts = Parts {
        db: services.db,
        vault: services.vault,
        clock,
        entropy,
        catalogue: Catalogue::load(),
        papers: paper::Papers::new(),
        checkout: pagopa::CartsClient::new(CHECKOUT_WAITS)?,
        passwords: services.passwords,
        trusted_proxies: services.trusted_proxies,
        cns_url: services.cns.as_ref().map(|door| door.public_url.clone()),
        demo: services.sandbox.as_ref().map(|s| Demo { sandbox_url: s.url.clone() }),
    };
    let app = AppState::new(parts);
    if let Some(door) = services.cns {
        let state = CardState { app: app.clone(), cards: door.cards, shown: door.shown };
        doors.push((door.wire, web::cns::router(state)));
    }
    doors.push((services.portal.into(), web::router(app)));
    doors.extend(services.sandbox.map(|s| (s.listener.into(), s.router)));
    Ok(doors)
}

/// On SIGHUP the certificates of listeners with TLS are read anew; connections that stand are left alone.
async fn reload(listeners: Vec<Arc<Tls>>, mut hangup: Signal, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = hangup.recv() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        for tls in &listeners {
            match tls.reload() {
                Ok(()) => tracing::info!("the certificates of a listener were read anew"),
                Err(error) => tracing::error!(%error, "certificates cannot be read; those held stay"),
            }
        }
    }
}

async fn either(mut terminate: Signal, mut interrupt: Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
