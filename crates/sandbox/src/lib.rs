//! Test services that speak the real protocols, for the demo and the tests: an identity provider and a pagoPA.
//!
//! They know nothing of the system they serve but what its real counterparts would know.

pub mod idp;
pub mod pagopa;
