//! Handshakes over loopback: who gets through to a page, and who gets no connection.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use axum::Router;
use axum::http::Request;
use axum::routing::get;
use kernel::{Clock, Instant};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use sandbox::cns::{Authority, CardDraft, Issued};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use web::cns::ClientCertificate;

use super::*;
use crate::http::{self, Limits, Wire};

const FORWARDER: &str = "forwarder.platform.pagopa.it";
const ONLY_13: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

fn now() -> Instant {
    Clock::System.now()
}

/// The files of a listener, and the authorities of both sides.
struct World {
    folder: TempDir,
    servers: Authority,
    clients: Authority,
}

impl World {
    fn new() -> World {
        let authority = |name| Authority::generate(name, now()).expect("an authority");
        let (folder, servers, clients) = (tempfile::tempdir().expect("a folder"), authority("Server"), authority("Client"));
        let world = World { folder, servers, clients };
        std::fs::write(world.path("clients.pem"), &world.clients.certificate_pem).expect("written");
        world.put_server_certificate();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put_server_certificate(&self) {
        let server = self.servers.server(&["127.0.0.1"], now()).expect("a certificate");
        std::fs::write(self.path("server.pem"), server.certificate_pem).expect("written");
        std::fs::write(self.path("server.key"), server.private_key_pem).expect("written");
        std::fs::set_permissions(self.path("server.key"), Permissions::from_mode(0o600)).expect("its owner may");
    }

    fn tls(&self, versions: &'static [&'static SupportedProtocolVersion], verifier: Arc<dyn ClientCertVerifier>) -> Arc<Tls> {
        let (certificate, key) = (self.path("server.pem"), self.path("server.key"));
        Arc::new(Tls::new(move || server(&certificate, &key, versions, verifier.clone())).expect("the files are good"))
    }

    fn node(&self) -> Arc<Tls> {
        let named = Named::read(&self.path("clients.pem"), &[FORWARDER.to_owned()]).expect("a file of authorities");
        self.tls(BOTH, Arc::new(named))
    }

    fn cards(&self, versions: &'static [&'static SupportedProtocolVersion]) -> Arc<Tls> {
        let issuers = [&b"0\0"[..]];
        self.tls(versions, Arc::new(AnyCertificate::hinting(issuers.into_iter())))
    }

    /// A certificate with this common name and no others.
    fn common(&self, authority: &Authority, name: &str) -> Issued {
        let draft = CardDraft { common_name: name.to_owned(), ..CardDraft::of("x", "x", "x", 5, now()) };
        authority.card(&draft).expect("a certificate")
    }

    fn client(&self, versions: &[&'static SupportedProtocolVersion], shown: Option<&Issued>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.servers.certificate_pem.as_bytes()).expect("PEM")).expect("an authority");
        let builder = ClientConfig::builder_with_provider(provider()).with_protocol_versions(versions).expect("versions");
        let builder = builder.with_root_certificates(roots);
        let Some(issued) = shown else { return builder.with_no_client_auth() };
        let key = PrivateKeyDer::from_pem_slice(issued.private_key_pem.as_bytes()).expect("PEM");
        builder.with_client_auth_cert(vec![CertificateDer::from(issued.certificate_der.clone())], key).expect("a key of its own")
    }

    /// What a client hears; nothing where there is no connection.
    async fn hears(
        &self,
        at: SocketAddr,
        versions: &[&'static SupportedProtocolVersion],
        shown: Option<&Issued>,
    ) -> Option<String> {
        let connector = TlsConnector::from(Arc::new(self.client(versions, shown)));
        let socket = TcpStream::connect(at).await.expect("a connection");
        let mut stream = connector.connect(ServerName::try_from("127.0.0.1").expect("a name"), socket).await.ok()?;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
    }
}

/// A listener whose page says how many bytes of a certificate it was shown.
async fn listens(tls: Arc<Tls>) -> (SocketAddr, watch::Sender<bool>) {
    let page = |request: Request<axum::body::Body>| async move {
        let shown = request.extensions().get::<ClientCertificate>().map(|c| c.0.len());
        format!("{shown:?}")
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(http::serve(Wire::Tls(listener, tls), Router::new().route("/", get(page)), Limits::default(), stopped));
    (address, stop)
}

#[tokio::test]
async fn the_node_gets_in_with_its_own_certificate_and_nobody_else_does() {
    let world = World::new();
    let (at, _stop) = listens(world.node()).await;
    let stranger = Authority::generate("Client", now()).expect("an authority");
    let named = |names: &[&str]| world.clients.client(names, now()).expect("a certificate");
    let cases = [
        ("the common name", Some(world.common(&world.clients, FORWARDER)), true),
        ("an alternative name", Some(named(&["altro.esempio.it", FORWARDER])), true),
        ("in capitals", Some(named(&["Forwarder.Platform.PagoPA.it"])), true),
        ("another name", Some(named(&["api.platform.pagopa.it"])), false),
        ("a name that only ends so", Some(named(&["x.forwarder.platform.pagopa.it"])), false),
        ("another authority of the same name", Some(stranger.client(&[FORWARDER], now()).expect("a certificate")), false),
        ("a server's certificate", Some(world.clients.server(&[FORWARDER], now()).expect("a certificate")), false),
        ("no certificate", None, false),
    ];
    for (what, shown, enters) in cases {
        for versions in [ONLY_13, ONLY_12] {
            let heard = world.hears(at, versions, shown.as_ref()).await;
            let expected = shown.as_ref().filter(|_| enters).map(|issued| format!("Some({})", issued.certificate_der.len()));
            assert_eq!(heard, expected, "{what}");
        }
    }
}

#[tokio::test]
async fn the_listener_of_cards_takes_any_certificate_and_none_and_hands_it_on() {
    let world = World::new();
    let (at, _stop) = listens(world.cards(BOTH)).await;
    let stranger = world.common(&Authority::generate("Altra", now()).expect("an authority"), "x");
    for versions in [ONLY_13, ONLY_12] {
        assert_eq!(world.hears(at, versions, None).await.as_deref(), Some("None"));
        let length = format!("Some({})", stranger.certificate_der.len());
        assert_eq!(world.hears(at, versions, Some(&stranger)).await, Some(length));
    }
}

#[tokio::test]
async fn a_listener_for_old_cards_speaks_only_the_old_version() {
    let world = World::new();
    let (at, _stop) = listens(world.cards(ONLY_12)).await;
    assert_eq!(world.hears(at, ONLY_13, None).await, None);
    assert_eq!(world.hears(at, BOTH, None).await.as_deref(), Some("None"));
}

#[tokio::test]
async fn certificates_are_read_anew_and_broken_ones_leave_those_held() {
    let mut world = World::new();
    let tls = world.cards(BOTH);
    let (at, _stop) = listens(tls.clone()).await;
    world.servers = Authority::generate("Server rinnovato", now()).expect("an authority");
    world.put_server_certificate();
    assert_eq!(world.hears(at, BOTH, None).await, None, "the old one is still served");
    tls.reload().expect("the new files are good");
    assert_eq!(world.hears(at, BOTH, None).await.as_deref(), Some("None"));
    std::fs::write(world.path("server.pem"), "no certificate").expect("written");
    assert!(tls.reload().is_err());
    assert_eq!(world.hears(at, BOTH, None).await.as_deref(), Some("None"));
    std::fs::set_permissions(world.path("server.key"), Permissions::from_mode(0o644)).expect("its owner may");
    assert!(tls.reload().is_err_and(|why| why.to_string().contains("chmod 600")));
}

#[tokio::test]
async fn a_listener_ends_though_somebody_has_not_finished_the_handshake() {
    let world = World::new();
    let (at, stop) = listens(world.cards(BOTH)).await;
    let silent = TcpStream::connect(at).await.expect("a connection");
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    stop.send_replace(true);
    let ended = tokio::time::timeout(std::time::Duration::from_secs(3), stop.closed()).await;
    assert!(ended.is_ok(), "nobody listens for the end any more");
    drop(silent);
}
