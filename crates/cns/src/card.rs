//! A certificate, and what must be true of it.

use std::time::Duration;

use jiff::SignedDuration;
use kernel::{FiscalCode, Instant};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage, RevocationCheckDepth, RevocationOptionsBuilder,
    UnknownStatusPolicy,
};
use x509_parser::oid_registry::{OID_X509_GIVEN_NAME, OID_X509_SURNAME, Oid};
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate, X509Name};

use crate::trust::Authority;
use crate::{Crl, POLICY, Refusal, TrustList, fingerprint, hex};

/// A card in force, and what it says of its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub fiscal_code: FiscalCode,
    /// From the certificate; many cards leave them out.
    pub name: Option<String>,
    pub family_name: Option<String>,
    /// Of the certificate, in hexadecimal digits: what a log of sign-ins keeps, with the issuer.
    pub serial: String,
    /// The authority's distinguished name.
    pub issuer: String,
    /// SHA-256 of the certificate in hexadecimal digits.
    pub fingerprint: String,
    /// The certificate itself (DER) in hexadecimal digits, for the register of traces.
    pub certificate: String,
}

/// The one certificate of a PEM text, in DER.
///
/// # Errors
/// [`Refusal::Unreadable`] when there is none, or more than one.
pub fn certificate_from_pem(pem: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut all = CertificateDer::pem_slice_iter(pem);
    match (all.next(), all.next()) {
        (Some(Ok(certificate)), None) => Ok(certificate.to_vec()),
        _ => Err(Refusal::Unreadable),
    }
}

/// Extended use client authentication, said outright: a certificate without the extension is none for signing in.
const CLIENT_AUTHENTICATION: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

/// Every check, the chain first: nothing is read out of a certificate that nobody vouches for.
///
/// # Errors
/// The first check that fails.
pub fn verify(
    certificate: &[u8],
    trust: &TrustList,
    crls: &[&Crl],
    max_age: SignedDuration,
    now: Instant,
) -> Result<Card, Refusal> {
    let (rest, parsed) = X509Certificate::from_der(certificate).map_err(|_| Refusal::Unreadable)?;
    if !rest.is_empty() {
        return Err(Refusal::Unreadable);
    }
    let authority = issuer(certificate, &parsed, trust, crls, max_age, now)?;
    if !has_policy(&parsed) {
        return Err(Refusal::NoCnsPolicy);
    }
    if !may_sign(&parsed) {
        return Err(Refusal::NotForSigningIn);
    }
    let subject = parsed.subject();
    Ok(Card {
        fiscal_code: fiscal_code(subject)?,
        name: attribute(subject, &OID_X509_GIVEN_NAME),
        family_name: attribute(subject, &OID_X509_SURNAME),
        serial: hex(parsed.raw_serial()),
        issuer: authority.name.clone(),
        fingerprint: fingerprint(certificate),
        certificate: hex(certificate),
    })
}

/// The listed authority that issued the certificate and does not revoke it. Of several with one name (a renewed key) the
/// one that signed decides.
fn issuer<'t>(
    certificate: &[u8],
    parsed: &X509Certificate<'_>,
    trust: &'t TrustList,
    crls: &[&Crl],
    max_age: SignedDuration,
    now: Instant,
) -> Result<&'t Authority, Refusal> {
    let mut why = Refusal::IssuerNotListed;
    for authority in trust.named(parsed.issuer().as_raw()).filter(|a| a.is_valid(now)) {
        match vouched(certificate, authority, crls, max_age, now) {
            Ok(()) => return Ok(authority),
            Err(Refusal::IssuerNotListed) => {}
            Err(refusal) => why = refusal,
        }
    }
    Err(why)
}

/// Signature, validity, use and revocation, by this authority alone: no certificate in between is taken from the client.
fn vouched(
    certificate: &[u8],
    authority: &Authority,
    crls: &[&Crl],
    max_age: SignedDuration,
    now: Instant,
) -> Result<(), Refusal> {
    let der = CertificateDer::from(certificate);
    let end_entity = EndEntityCert::try_from(&der).map_err(Refusal::from)?;
    let seconds = u64::try_from(now.as_second()).map_err(|_| Refusal::NotYetValid)?;
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let anchors = std::slice::from_ref(&authority.anchor);
    let algorithms = webpki::ALL_VERIFICATION_ALGS;
    let usage = || KeyUsage::required(CLIENT_AUTHENTICATION);
    let own = usable(authority, crls, max_age, now);
    let Ok(revocation) = RevocationOptionsBuilder::new(&own) else {
        // Without a list the certificate's own faults are still named first.
        end_entity.verify_for_usage(algorithms, anchors, &[], at, usage(), None, None)?;
        return Err(Refusal::RevocationUnknown);
    };
    let revocation = revocation
        .with_depth(RevocationCheckDepth::EndEntity)
        .with_status_policy(UnknownStatusPolicy::Deny)
        .with_expiration_policy(ExpirationPolicy::Enforce)
        .build();
    end_entity.verify_for_usage(algorithms, anchors, &[], at, usage(), Some(revocation), None)?;
    Ok(())
}

/// The authority's fresh lists, newest first: the first that covers a certificate decides on it.
fn usable<'c>(
    authority: &Authority,
    crls: &[&'c Crl],
    max_age: SignedDuration,
    now: Instant,
) -> Vec<&'c CertRevocationList<'static>> {
    let key = authority.anchor.subject_public_key_info.as_ref();
    let mut own: Vec<&Crl> = crls.iter().copied().filter(|crl| crl.signed_by == key && crl.is_fresh(now, max_age)).collect();
    own.sort_by_key(|crl| std::cmp::Reverse(crl.this_update));
    own.into_iter().map(|crl| &crl.list).collect()
}

fn has_policy(certificate: &X509Certificate<'_>) -> bool {
    certificate.extensions().iter().any(|extension| match extension.parsed_extension() {
        ParsedExtension::CertificatePolicies(policies) => policies.iter().any(|p| p.policy_id.to_id_string() == POLICY),
        _ => false,
    })
}

/// Where a certificate says what its key is for, signing (of a handshake) must be among it.
fn may_sign(certificate: &X509Certificate<'_>) -> bool {
    match certificate.key_usage() {
        Ok(usage) => usage.is_none_or(|usage| usage.value.digital_signature()),
        Err(_) => false,
    }
}

/// The common name is `CODICEFISCALE/card number.hash`; one, and its beginning is a whole code.
fn fiscal_code(subject: &X509Name<'_>) -> Result<FiscalCode, Refusal> {
    let mut names = subject.iter_common_name();
    let (Some(name), None) = (names.next(), names.next()) else { return Err(Refusal::NoFiscalCode) };
    let text = name.as_str().map_err(|_| Refusal::NoFiscalCode)?;
    let (code, _) = text.split_once('/').ok_or(Refusal::NoFiscalCode)?;
    FiscalCode::parse(code).map_err(|_| Refusal::NoFiscalCode)
}

fn attribute(subject: &X509Name<'_>, which: &Oid<'_>) -> Option<String> {
    let text = subject.iter_by_oid(which).next()?.as_str().ok()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
