#![doc = include_str!("../README.md")]
//!
//! # How an identity is read
//!
//! An identity is read only from what the one identity provider asked has signed: a response passes a narrow structural
//! gate, every signature is verified with the provider's pinned keys, the signed node must be the assertion itself, and
//! the attributes are read from that node's canonical bytes. What the profile does not foresee is refused before any
//! cryptography.
//!
//! Not here: storage, cookies, single use. The caller keeps the [`Pending`] record of each request, gives it back with
//! the response of the same browser, and marks it used; and keeps accepted assertion ids until they expire.

mod binding;
mod engine;
mod gate;
mod idp;
pub mod idp_side;
mod keys;
mod logout;
mod metadata;
mod outline;
mod refusal;
pub mod registry;
mod request;
mod response;
mod xml;

pub use binding::{Binding, Carrier, Endpoint, Kind, Outgoing, PostForm};
pub use engine::{Bergshamra, Covered, Engine, SignatureError};
pub use gate::MAX_MESSAGE_BYTES;
pub use idp::{IdpDescriptor, IdpError, LogoutEndpoint};
pub use keys::{KeyError, SpKey, Subject, certificates_of_pem};
pub use logout::{Incoming, LogoutAnswer, LogoutMessage, LogoutRequest};
pub use metadata::{Aggregator, AttributeSet, Contact, Metadata, Organization, Role};
pub use outline::Outline;
pub use refusal::{Refusal, RequestError, UserAnomaly};
pub use request::{AuthnRequest, Pending};
pub use response::{PersonCode, VerifiedIdentity, verify, verify_with};
pub use uppsala::{Document, NodeId};

use serde::{Deserialize, Serialize};

/// The schemes that speak this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    Spid,
    Cie,
    /// The Italian eIDAS node, asked with SPID's metadata and the attribute sets 99 and 100.
    Eidas,
}

impl Scheme {
    pub const ALL: [Scheme; 3] = [Scheme::Spid, Scheme::Cie, Scheme::Eidas];

    /// `spid`, `cie`, `eidas`.
    pub fn code(self) -> &'static str {
        match self {
            Scheme::Spid => "spid",
            Scheme::Cie => "cie",
            Scheme::Eidas => "eidas",
        }
    }

    /// The scheme with this code.
    pub fn from_code(code: &str) -> Option<Scheme> {
        Scheme::ALL.into_iter().find(|scheme| scheme.code() == code)
    }

    /// The scheme whose metadata, keys and addresses this one uses.
    #[must_use]
    pub fn door(self) -> Scheme {
        if self == Scheme::Eidas { Scheme::Spid } else { self }
    }
}

/// The level of assurance a class reference stands for.
pub(crate) const LEVELS: [(u8, &str); 3] =
    [(1, "https://www.spid.gov.it/SpidL1"), (2, "https://www.spid.gov.it/SpidL2"), (3, "https://www.spid.gov.it/SpidL3")];

pub(crate) const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub(crate) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub(crate) const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
pub(crate) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(crate) const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
pub(crate) const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
pub(crate) const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
pub(crate) const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
