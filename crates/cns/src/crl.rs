//! Revocation lists: each is of one authority, signed by it, and young enough or not.

use jiff::SignedDuration;
use kernel::Instant;
use webpki::{CertRevocationList, OwnedCertRevocationList};
use x509_parser::prelude::{CertificateRevocationList as Parsed, FromDer};

use crate::TrustList;
use crate::trust::Authority;

/// Clocks of authorities may be this much ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// A list whose signature is that of a listed authority.
#[derive(Debug)]
pub struct Crl {
    /// The key of the authority that signed it.
    pub(crate) signed_by: Vec<u8>,
    pub(crate) list: CertRevocationList<'static>,
    pub issuer: String,
    pub this_update: Instant,
    pub next_update: Instant,
    pub revoked: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum CrlError {
    #[error("it is not a revocation list in DER or PEM: {0}")]
    Unreadable(String),
    #[error("its issuer {0} is not in the trust list")]
    IssuerNotListed(String),
    #[error("its signature is not that of {0}")]
    Signature(String),
    #[error("it does not say when the next one comes")]
    NoNextUpdate,
    /// Delta lists, and lists of one authority about another's certificates.
    #[error("it is of a kind that is not taken: {0}")]
    Kind(String),
}

impl Crl {
    /// Reads a list and checks whose it is.
    ///
    /// # Errors
    /// Whatever makes the list worth nothing, in words for the operator. Age is not one: see [`Crl::is_fresh`].
    pub fn read(bytes: &[u8], trust: &TrustList) -> Result<Crl, CrlError> {
        let der = der_of(bytes)?;
        let (_, parsed) = Parsed::from_der(&der).map_err(|e| CrlError::Unreadable(e.to_string()))?;
        let authority = signer(&parsed, trust)?;
        let next_update = parsed.next_update().ok_or(CrlError::NoNextUpdate)?.timestamp();
        let this_update = parsed.last_update().timestamp();
        let list = OwnedCertRevocationList::from_der(&der).map_err(|e| CrlError::Kind(e.to_string()))?;
        let list = CertRevocationList::from(list);
        let instant = |seconds| Instant::from_second(seconds).map_err(|e| CrlError::Unreadable(e.to_string()));
        Ok(Crl {
            signed_by: authority.anchor.subject_public_key_info.to_vec(),
            issuer: authority.name.clone(),
            this_update: instant(this_update)?,
            next_update: instant(next_update)?,
            revoked: parsed.iter_revoked_certificates().count(),
            list,
        })
    }

    /// Whether it may be relied on: announced for this time by its authority, and not older than the operator allows.
    pub fn is_fresh(&self, now: Instant, max_age: SignedDuration) -> bool {
        self.this_update <= now + AHEAD && now < self.next_update && self.age(now) <= max_age
    }

    /// Since its authority made it.
    pub fn age(&self, now: Instant) -> SignedDuration {
        now.duration_since(self.this_update)
    }

    /// Names the certificates it speaks of, in hexadecimal digits: those of one key, all or a part.
    pub(crate) fn scope(&self) -> String {
        let part = self.list.issuing_distribution_point().unwrap_or_default();
        crate::fingerprint(&[self.signed_by.as_slice(), part].concat())
    }
}

fn der_of(bytes: &[u8]) -> Result<Vec<u8>, CrlError> {
    use rustls_pki_types::CertificateRevocationListDer as Der;
    use rustls_pki_types::pem::PemObject;
    if !bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
        return Ok(bytes.to_vec());
    }
    let der = Der::from_pem_slice(bytes).map_err(|e| CrlError::Unreadable(e.to_string()))?;
    Ok(der.as_ref().to_vec())
}

fn signer<'t>(parsed: &Parsed<'_>, trust: &'t TrustList) -> Result<&'t Authority, CrlError> {
    let (name, raw) = (parsed.issuer().to_string(), parsed.issuer().as_raw());
    let mut named = trust.named(raw).peekable();
    if named.peek().is_none() {
        return Err(CrlError::IssuerNotListed(name));
    }
    let (bytes, signature) = (parsed.tbs_cert_list.as_ref(), &parsed.signature_value.data);
    named.find(|authority| authority.signed(bytes, signature)).ok_or(CrlError::Signature(name))
}
