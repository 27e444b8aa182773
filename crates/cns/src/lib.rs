//! The national services card (CNS, TS-CNS): is this certificate that of a card in force, and whose is it?
//!
//! A certificate is believed when its issuer itself stands in the trust list (AgID's list of CNS authorities, imported as
//! a file), when that issuer's own, fresh revocation list does not name it, and when it says of itself that it is a CNS
//! for signing in: policy 1.3.76.16.2.1, extended use client authentication. A common name alone proves nothing: other
//! authorities issue certificates that look alike. There is no soft fail: without a fresh list nobody enters.
//!
//! That whoever shows the certificate holds its key is proved by the TLS handshake, which is not here; nor is any table
//! or page.

mod card;
mod crl;
mod folder;
mod refresh;
mod refusal;
mod trust;
mod verifier;

pub use card::{Card, certificate_from_pem};
pub use crl::{Crl, CrlError};
pub use refresh::{Fetched, refresh};
pub use refusal::Refusal;
pub use trust::{TrustError, TrustList};
pub use verifier::{Error, Line, Settings, Standing, Verifier};

/// The policy that makes a certificate a CNS (CNIPA, "Linee guida per l'emissione e l'utilizzo della CNS").
pub const POLICY: &str = "1.3.76.16.2.1";

/// SHA-256 in lower-case hexadecimal digits.
fn fingerprint(bytes: &[u8]) -> String {
    hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
