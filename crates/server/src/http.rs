//! One listener: HTTP/1.1 behind a proxy, or with TLS of its own where it asks for a client's certificate; with limits on
//! how long a client may take and an end that loses no request.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;
use tower_http::timeout::RequestBodyTimeoutLayer;
use web::cns::ClientCertificate;

use crate::tls::Tls;

/// How long clients may take, and how many there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For a handshake, in which a person may have to type a PIN.
    pub handshake: Duration,
    /// For the head of a request; also how long a connection may rest between two.
    pub head: Duration,
    /// Between two pieces of a body.
    pub body: Duration,
    /// Connections at once; the next ones wait in the system's queue.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            handshake: Duration::from_secs(120),
            head: Duration::from_secs(30),
            body: Duration::from_secs(15),
            connections: 2_000,
        }
    }
}

/// Where connections come from, and how they speak.
pub enum Wire {
    Plain(TcpListener),
    Tls(TcpListener, Arc<Tls>),
    Unix(UnixListener),
}

enum Socket {
    Plain(TcpStream, SocketAddr),
    Tls(TcpStream, SocketAddr, TlsAcceptor),
    Unix(UnixStream),
}

impl From<TcpListener> for Wire {
    fn from(listener: TcpListener) -> Wire {
        Wire::Plain(listener)
    }
}

impl Wire {
    /// Its certificates, where it has any.
    pub fn tls(&self) -> Option<Arc<Tls>> {
        if let Wire::Tls(_, tls) = self { Some(tls.clone()) } else { None }
    }

    async fn accept(&self) -> io::Result<Socket> {
        let tcp = |(socket, peer): (TcpStream, SocketAddr)| {
            let _ = socket.set_nodelay(true);
            (socket, peer)
        };
        match self {
            Wire::Plain(listener) => listener.accept().await.map(tcp).map(|(socket, peer)| Socket::Plain(socket, peer)),
            Wire::Tls(listener, tls) => {
                let (socket, peer) = listener.accept().await.map(tcp)?;
                Ok(Socket::Tls(socket, peer, TlsAcceptor::from(tls.current())))
            }
            Wire::Unix(listener) => Ok(Socket::Unix(listener.accept().await?.0)),
        }
    }
}

/// What every request of a connection is told of it.
#[derive(Clone, Default)]
struct Facts {
    peer: Option<SocketAddr>,
    certificate: Option<ClientCertificate>,
}

/// Serves until told to stop: then takes no new connection, and returns when the requests that have begun are answered.
pub async fn serve(wire: impl Into<Wire>, router: Router, limits: Limits, mut stop: watch::Receiver<bool>) {
    let wire = wire.into();
    let router = router.layer(RequestBodyTimeoutLayer::new(limits.body));
    let places = Arc::new(Semaphore::new(limits.connections));
    let ending = GracefulShutdown::new();
    loop {
        let place = places.clone().acquire_owned().await.expect("the places are never closed");
        let accepted = tokio::select! {
            accepted = wire.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok(socket) => {
                let (router, watcher, stop) = (router.clone(), ending.watcher(), stop.clone());
                tokio::spawn(async move {
                    attend(socket, router, limits, watcher, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of file descriptors, mostly: some are given back soon.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
    drop(wire);
    ending.shutdown().await;
}

async fn attend(socket: Socket, router: Router, limits: Limits, watcher: Watcher, mut stop: watch::Receiver<bool>) {
    match socket {
        Socket::Plain(socket, peer) => {
            converse(socket, Facts { peer: Some(peer), certificate: None }, router, limits, watcher).await;
        }
        Socket::Unix(socket) => converse(socket, Facts::default(), router, limits, watcher).await,
        Socket::Tls(socket, peer, acceptor) => {
            let handshake = tokio::select! {
                done = tokio::time::timeout(limits.handshake, acceptor.accept(socket)) => done,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            match handshake {
                Ok(Ok(stream)) => {
                    let facts = Facts { peer: Some(peer), certificate: certificate(&stream) };
                    converse(stream, facts, router, limits, watcher).await;
                }
                Ok(Err(error)) => tracing::info!(%error, "a handshake failed"),
                Err(_) => tracing::debug!("a handshake took too long"),
            }
        }
    }
}

fn certificate(stream: &TlsStream<TcpStream>) -> Option<ClientCertificate> {
    let first = stream.get_ref().1.peer_certificates()?.first()?;
    Some(ClientCertificate(Arc::from(first.as_ref())))
}

async fn converse<S>(socket: S, facts: Facts, router: Router, limits: Limits, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        let Facts { peer, certificate } = facts.clone();
        if let Some(peer) = peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        if let Some(certificate) = certificate {
            request.extensions_mut().insert(certificate);
        }
        router.clone().oneshot(request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head);
    let connection = builder.serve_connection(TokioIo::new(socket), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use axum::extract::ConnectInfo;
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinHandle;

    use super::*;

    struct Served {
        address: SocketAddr,
        stop: watch::Sender<bool>,
        task: JoinHandle<()>,
    }

    async fn served(connections: usize) -> Served {
        let router = Router::new()
            .route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { format!("from {}", peer.ip()) }))
            .route("/slow", get(|| async { tokio::time::sleep(Duration::from_millis(600)).await }))
            .route("/read", post(|body: String| async move { body }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = watch::channel(false);
        let limits =
            Limits { head: Duration::from_millis(300), body: Duration::from_millis(300), connections, ..Limits::default() };
        Served { address, stop, task: tokio::spawn(serve(listener, router, limits, stopped)) }
    }

    /// Sends a text and reads until the server closes.
    async fn said(address: SocketAddr, text: &str) -> String {
        let mut socket = TcpStream::connect(address).await.expect("a connection");
        socket.write_all(text.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        let read = tokio::time::timeout(Duration::from_secs(5), socket.read_to_string(&mut answer));
        read.await.expect("the server closes").expect("text");
        answer
    }

    #[tokio::test]
    async fn a_request_is_answered_and_its_source_is_known() {
        let served = served(5).await;
        let answer = said(served.address, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("from 127.0.0.1"), "{answer}");
    }

    #[tokio::test]
    async fn a_client_that_does_not_finish_its_head_or_body_is_let_go() {
        let served = served(5).await;
        let began = Instant::now();
        said(served.address, "GET / HTTP/1.1\r\nhost: a\r\nx-slow: ").await;
        let answer = said(served.address, "POST /read HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc").await;
        assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn connections_beyond_the_limit_wait_for_a_place() {
        let served = served(1).await;
        let idle = TcpStream::connect(served.address).await.expect("the one place");
        let answer = said(served.address, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "served once the idle one was let go: {answer}");
        drop(idle);
    }

    #[tokio::test]
    async fn at_the_end_what_has_begun_is_finished_and_nothing_new_is_taken() {
        let served = served(5).await;
        let idle = TcpStream::connect(served.address).await.expect("a connection that says nothing");
        let (address, stop) = (served.address, served.stop);
        let begun = tokio::spawn(async move { said(address, "GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await });
        tokio::time::sleep(Duration::from_millis(200)).await;
        stop.send_replace(true);
        let answer = begun.await.expect("the client lives");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        tokio::time::timeout(Duration::from_secs(2), served.task).await.expect("it ends").expect("without a panic");
        assert!(TcpStream::connect(address).await.is_err());
        drop(idle);
    }
}
