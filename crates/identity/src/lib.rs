//! Who is signed in: sign-ins, passwords, sessions, staff and their roles, expired forms, the events a person may read of
//! their own and the register of traces.
//!
//! Invariants: a sign-in request is used once, by the browser that began it; an identity is read only from what the asked
//! provider signed; a secret that stands in a cookie is kept only as its hash. Not here: what a person may see (enrolment).

pub mod cns;
pub mod credentials;
pub mod draft;
mod error;
pub mod events;
pub mod foreign;
pub mod idp;
pub mod keys;
pub mod logout;
mod metadata;
pub mod session;
pub mod settings;
pub mod sign_in;
pub mod staff;
pub mod trace;

pub use error::Error;
pub use session::Session;

/// SHA-256 of a secret.
pub(crate) fn hash(secret: &str) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}
