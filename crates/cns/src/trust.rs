//! The authorities whose cards are CNS.

use kernel::Instant;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use x509_parser::prelude::{FromDer, X509Certificate};

/// The list of CNS authorities, as a file says: certificates one after the other, PEM.
#[derive(Clone, Debug)]
pub struct TrustList {
    /// In the file's order.
    pub authorities: Vec<Authority>,
}

/// One listed authority.
#[derive(Clone, Debug)]
pub struct Authority {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) anchor: TrustAnchor<'static>,
    /// The distinguished name in DER, to compare; and for people to read.
    pub(crate) subject: Vec<u8>,
    pub name: String,
    /// Seconds since 1970: outside them the authority vouches for nobody.
    valid: (i64, i64),
}

#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("the trust list is not PEM: {0}")]
    Pem(String),
    #[error("certificate {0} of the trust list cannot be read: {1}")]
    Certificate(usize, String),
    #[error("the trust list is empty")]
    Empty,
}

impl TrustList {
    /// Reads a bundle of PEM certificates; text between them is passed over.
    ///
    /// # Errors
    /// One certificate that cannot be read refuses the whole: a list is not silently shorter than its file.
    pub fn parse(bundle: &[u8]) -> Result<TrustList, TrustError> {
        let mut authorities = Vec::new();
        for (place, certificate) in CertificateDer::pem_slice_iter(bundle).enumerate() {
            let certificate = certificate.map_err(|e| TrustError::Pem(e.to_string()))?;
            authorities.push(Authority::read(certificate).map_err(|why| TrustError::Certificate(place + 1, why))?);
        }
        if authorities.is_empty() { Err(TrustError::Empty) } else { Ok(TrustList { authorities }) }
    }

    /// Distinguished names in DER, for a server to say whose certificates it takes.
    pub fn subjects(&self) -> impl Iterator<Item = &[u8]> {
        self.authorities.iter().map(|a| a.subject.as_slice())
    }

    /// The authorities of this name; more than one where a key was renewed under it.
    pub(crate) fn named<'a, 's>(&'a self, subject: &'s [u8]) -> impl Iterator<Item = &'a Authority> + use<'a, 's> {
        self.authorities.iter().filter(move |a| a.subject == subject)
    }
}

impl Authority {
    fn read(certificate: CertificateDer<'static>) -> Result<Authority, String> {
        let (_, parsed) = X509Certificate::from_der(&certificate).map_err(|e| e.to_string())?;
        let (subject, name) = (parsed.subject().as_raw().to_vec(), parsed.subject().to_string());
        let valid = (parsed.validity().not_before.timestamp(), parsed.validity().not_after.timestamp());
        let anchor = webpki::anchor_from_trusted_cert(&certificate).map_err(|e| e.to_string())?.to_owned();
        Ok(Authority { certificate, anchor, subject, name, valid })
    }

    pub fn is_valid(&self, now: Instant) -> bool {
        (self.valid.0..=self.valid.1).contains(&now.as_second())
    }

    /// Whether this authority signed these bytes, by any algorithm that certificates may be signed with.
    pub(crate) fn signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let Ok(own) = webpki::EndEntityCert::try_from(&self.certificate) else { return false };
        webpki::ALL_VERIFICATION_ALGS.iter().any(|algorithm| own.verify_signature(*algorithm, bytes, signature).is_ok())
    }
}
