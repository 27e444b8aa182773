//! Test services that speak the real protocols, for the demo and the tests: an identity provider, an authority of
//! national services cards and a pagoPA.
//!
//! They know nothing of the system they serve but what its real counterparts would know.

pub mod cns;
pub mod idp;
pub mod pagopa;
