//! Asking an identity provider who the person is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::binding::{Kind, Outgoing, Unsigned};
use crate::engine::{Engine, SignatureError};
use crate::xml::escape;
use crate::{ASSERTION, Bergshamra, ENTITY, IdpDescriptor, LEVELS, PROTOCOL, Scheme, SpKey, TRANSIENT};

/// What to ask, of whom, for whom.
#[derive(Clone, Debug)]
pub struct AuthnRequest<'a> {
    pub scheme: Scheme,
    pub idp: &'a IdpDescriptor,
    pub sp_entity_id: &'a str,
    pub acs_url: &'a str,
    /// 1 to 3; 2 for what concerns children and payments.
    pub level: u8,
    /// The index of a set of attributes in our metadata: 0, or 99 and 100 for the eIDAS node.
    pub attribute_set: u16,
    /// `_` and 160 random bits in hexadecimal.
    pub id: String,
    /// A random handle, never an address.
    pub relay_state: String,
    pub now: Timestamp,
}

/// What the response will be compared with. Kept by the caller for one browser, used once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub request_id: String,
    pub scheme: Scheme,
    pub idp_entity_id: String,
    pub sp_entity_id: String,
    pub acs_url: String,
    pub level: u8,
    pub issued_at: Timestamp,
}

impl AuthnRequest<'_> {
    /// What to keep until the response comes.
    pub fn pending(&self) -> Pending {
        Pending {
            request_id: self.id.clone(),
            scheme: self.scheme,
            idp_entity_id: self.idp.entity_id.clone(),
            sp_entity_id: self.sp_entity_id.to_owned(),
            acs_url: self.acs_url.to_owned(),
            level: self.level,
            issued_at: self.now,
        }
    }

    /// The signed request, by HTTP-POST where the provider takes it and else by HTTP-Redirect.
    ///
    /// # Errors
    /// [`SignatureError`] when the key cannot be used.
    pub fn signed(&self, key: &SpKey) -> Result<Outgoing, SignatureError> {
        self.signed_with(&Bergshamra, key)
    }

    /// [`AuthnRequest::signed`], by another engine.
    ///
    /// # Errors
    /// The same.
    pub fn signed_with(&self, engine: &dyn Engine, key: &SpKey) -> Result<Outgoing, SignatureError> {
        let to = self.idp.sso();
        let document = |signature: &str| self.document(&to.location, signature);
        let unsigned = Unsigned { kind: Kind::Request, id: &self.id, relay_state: Some(&self.relay_state), document: &document };
        unsigned.send(engine, key, to)
    }

    fn document(&self, destination: &str, signature: &str) -> String {
        let class = LEVELS.iter().find(|(level, _)| *level == self.level).map_or(LEVELS[1].1, |(_, class)| class);
        // Always for CIE; for SPID from level 2 on.
        let force = if self.level > 1 || self.scheme == Scheme::Cie { " ForceAuthn=\"true\"" } else { "" };
        format!(
            "<samlp:AuthnRequest xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" \
             ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{at}\" Destination=\"{destination}\"{force} \
             AssertionConsumerServiceIndex=\"0\" AttributeConsumingServiceIndex=\"{set}\">\
             <saml:Issuer Format=\"{ENTITY}\" NameQualifier=\"{issuer}\">{issuer}</saml:Issuer>{signature}\
             <samlp:NameIDPolicy Format=\"{TRANSIENT}\"/>\
             <samlp:RequestedAuthnContext Comparison=\"minimum\"><saml:AuthnContextClassRef>{class}</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>\
             </samlp:AuthnRequest>",
            id = self.id,
            at = whole_seconds(self.now),
            destination = escape(destination),
            set = self.attribute_set,
            issuer = escape(self.sp_entity_id),
        )
    }
}

/// `2026-11-24T07:59:12Z`
pub(crate) fn whole_seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
