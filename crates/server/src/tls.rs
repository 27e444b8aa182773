//! TLS of the listeners that ask for a client's certificate in the first handshake: rustls, TLS 1.2 and 1.3.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig, SignatureScheme,
    SupportedProtocolVersion,
};

use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

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

/// Takes only certificates of the given authorities that bear one of the given names; who shows none gets no connection.
#[derive(Debug)]
pub struct Named {
    of_authorities: Arc<dyn ClientCertVerifier>,
    names: Vec<String>,
}

impl Named {
    /// `authorities_file` holds certificates in PEM; a name is that of a DNS entry among the alternative names, or the
    /// common name.
    pub fn read(authorities_file: &Path, names: &[String]) -> Result<Named, Failure> {
        let named = |e: &dyn std::fmt::Display| Failure::from(format!("{}: {e}", authorities_file.display()));
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(authorities_file).map_err(|e| named(&e))? {
            roots.add(certificate.map_err(|e| named(&e))?).map_err(|e| named(&e))?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        Ok(Named { of_authorities: verifier.build().map_err(|e| named(&e))?, names: names.to_vec() })
    }

    fn knows(&self, certificate: &CertificateDer<'_>) -> bool {
        let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return false };
        let mut bears: Vec<&str> = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok()).collect();
        if let Ok(Some(names)) = certificate.subject_alternative_name() {
            bears.extend(names.value.general_names.iter().filter_map(|name| match name {
                GeneralName::DNSName(name) => Some(*name),
                _ => None,
            }));
        }
        bears.iter().any(|name| self.names.iter().any(|allowed| allowed.eq_ignore_ascii_case(name)))
    }
}

impl ClientCertVerifier for Named {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.of_authorities.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.of_authorities.verify_client_cert(certificate, between, now)?;
        if self.knows(certificate) { Ok(verified) } else { Err(CertificateError::NotValidForName.into()) }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.of_authorities.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.of_authorities.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.of_authorities.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests;
