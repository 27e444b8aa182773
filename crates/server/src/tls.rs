//! TLS of the listeners that ask for a client's certificate in the first handshake: rustls, TLS 1.2 and 1.3.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme, SupportedProtocolVersion};

use crate::{Failure, key_file};

/// A listener's certificate and rules; may be read anew while it listens.
pub struct Tls {
    make: Make,
    current: RwLock<Arc<ServerConfig>>,
}

type Make = Box<dyn Fn() -> Result<ServerConfig, Failure> + Send + Sync>;

impl Tls {
    /// `make` reads the files; it is called now and at every [`Tls::reload`].
    pub fn new(make: impl Fn() -> Result<ServerConfig, Failure> + Send + Sync + 'static) -> Result<Tls, Failure> {
        let current = RwLock::new(Arc::new(make()?));
        Ok(Tls { make: Box::new(make), current })
    }

    /// What the next handshake goes by.
    pub fn current(&self) -> Arc<ServerConfig> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the files anew; on an error what was read before stays.
    pub fn reload(&self) -> Result<(), Failure> {
        let fresh = Arc::new((self.make)()?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

/// The versions a listener speaks.
pub const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];
pub const ONLY_12: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];

/// A server with this certificate chain and key (PEM), for clients that pass `verifier`. No handshake is resumed: every
/// connection proves its key anew.
pub fn server(
    certificate_file: &Path,
    key: &Path,
    versions: &[&'static SupportedProtocolVersion],
    verifier: Arc<dyn ClientCertVerifier>,
) -> Result<ServerConfig, Failure> {
    let named = |e: &dyn std::fmt::Display, file: &Path| Failure::from(format!("{}: {e}", file.display()));
    let chain = CertificateDer::pem_file_iter(certificate_file).map_err(|e| named(&e, certificate_file))?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(|e| named(&e, certificate_file))?;
    let private = PrivateKeyDer::from_pem_slice(key_file::private_text(key)?.as_bytes()).map_err(|e| named(&e, key))?;
    let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(versions)?;
    let mut config = builder.with_client_cert_verifier(verifier).with_single_cert(chain, private)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Takes any certificate, and none: whoever shows one must hold its key, and what it is worth is said on a page that can
/// say why not, instead of by a broken connection.
#[derive(Debug)]
pub struct AnyCertificate {
    /// Whose certificates a browser should offer.
    hints: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl AnyCertificate {
    /// `issuers` are distinguished names in DER.
    pub fn hinting<'a>(issuers: impl Iterator<Item = &'a [u8]>) -> AnyCertificate {
        let hints = issuers.map(|name| DistinguishedName::from(name.to_vec())).collect();
        AnyCertificate { hints, algorithms: provider().signature_verification_algorithms }
    }
}

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
