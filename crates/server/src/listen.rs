//! The listeners, built once, and their end: what has begun is finished.

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use catalogue::Catalogue;
use db::Db;
use db::vault::Vault;
use kernel::{Clock, Entropy};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use web::pagopa_node::NodeState;
use web::{AppState, Demo, Parts};

use crate::Failure;
use crate::config::Mail;

/// How long the Checkout may take to answer.
const CHECKOUT_WAITS: Duration = Duration::from_secs(10);
/// How long requests that have begun may take to finish after SIGTERM.
const DRAIN: Duration = Duration::from_secs(20);

/// What one process serves.
pub struct Services {
    pub db: Db,
    pub vault: Vault,
    pub portal: SocketAddr,
    pub node: Option<SocketAddr>,
    pub node_allowed_sources: Vec<IpAddr>,
    pub mail: Option<Mail>,
    /// The test services of a demo, with their address.
    pub sandbox: Option<(SocketAddr, Router)>,
}

/// Serves until SIGTERM or SIGINT; `ready` is told when everything listens.
pub async fn serve(services: Services, ready: impl FnOnce()) -> Result<ExitCode, Failure> {
    let (stop, stopped) = watch::channel(false);
    let (clock, entropy) = (Clock::System, Entropy::System);
    let demo = services.sandbox.as_ref().map(|(address, _)| Demo { sandbox_url: format!("http://{address}") });
    let parts = Parts {
        db: services.db.clone(),
        vault: services.vault.clone(),
        clock: clock.clone(),
        entropy: entropy.clone(),
        catalogue: Catalogue::load(),
        papers: paper::Papers::new(),
        checkout: pagopa::CartsClient::new(CHECKOUT_WAITS)?,
        demo,
    };
    let mut listeners = vec![listen(services.portal, web::router(AppState::new(parts)), &stopped).await?];
    if let Some(address) = services.node {
        let allowed_sources = Arc::from(services.node_allowed_sources);
        let state = NodeState { db: services.db.clone(), clock: clock.clone(), entropy: entropy.clone(), allowed_sources };
        listeners.push(listen(address, web::pagopa_node::router(state), &stopped).await?);
    }
    if let Some((address, router)) = services.sandbox {
        listeners.push(listen(address, router, &stopped).await?);
    }
    let mailer = services.mail.as_ref().map(|m| worker::Mailer::connect(&m.server, &m.from)).transpose()?;
    let work = worker::Parts { db: services.db, clock, entropy, catalogue: Arc::new(Catalogue::load()), mailer };
    listeners.push(tokio::spawn(worker::Worker::new(work).run(stopped.clone())));
    ready();
    wait_for_end().await?;
    tracing::info!("ending: what has begun is finished");
    stop.send_replace(true);
    let finished = async {
        for listener in listeners {
            let _ = listener.await;
        }
    };
    if tokio::time::timeout(DRAIN, finished).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    Ok(ExitCode::SUCCESS)
}

async fn listen(
    address: SocketAddr,
    router: Router,
    stopped: &watch::Receiver<bool>,
) -> Result<tokio::task::JoinHandle<()>, Failure> {
    let listener = TcpListener::bind(address).await.map_err(|e| format!("cannot listen on {address}: {e}"))?;
    let mut stopped = stopped.clone();
    let end = async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(end).await {
            tracing::error!(%error, %address, "a listener ended");
        }
    }))
}

async fn wait_for_end() -> Result<(), Failure> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
