//! Accounts with a password: businesses with a VAT number, invited by the office, and the Comune's staff, who need a second
//! factor too.
//!
//! Invariants: a password is kept only as its argon2id hash, a link's token only as its SHA-256; a code of a second factor and a
//! link serve once; an answer never tells whether there is such an account; no more than ten tries an account and hour are
//! looked at, whatever address they come from, and other ways in are not touched by it.

pub mod account;
pub mod breached;
mod error;
pub mod link;
pub mod mail;
pub mod password;
pub mod second_factor;
pub mod sign_in;
pub mod throttle;

pub use account::{Credential, Kind};
pub use error::Error;
pub use password::{Passwords, Weakness};
