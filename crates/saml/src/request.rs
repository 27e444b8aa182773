//! Asking an identity provider who the person is.

use std::io::Write as _;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::engine::{Engine, SignatureError, template};
use crate::keys::{decode_base64, encode_base64};
use crate::xml::escape;
use crate::{Bergshamra, ENTITY, IdpDescriptor, LEVELS, Scheme, SpKey, TRANSIENT};

/// What to ask, of whom, for whom.
#[derive(Clone, Debug)]
pub struct AuthnRequest<'a> {
    pub scheme: Scheme,
    pub idp: &'a IdpDescriptor,
    pub sp_entity_id: &'a str,
    pub acs_url: &'a str,
    /// 1 to 3; 2 for what concerns children and payments.
    pub level: u8,
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

/// A form that carries the request to the provider.
#[derive(Clone, Debug)]
pub struct PostForm {
    pub destination: String,
    /// Base64.
    pub saml_request: String,
    pub relay_state: String,
}

impl AuthnRequest<'_> {
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

    /// By HTTP-POST, with the signature inside.
    ///
    /// # Errors
    /// [`SignatureError::Sign`] also when the provider takes no POST.
    pub fn post(&self, key: &SpKey) -> Result<PostForm, SignatureError> {
        let destination = self.idp.sso_post.clone().ok_or(SignatureError::Sign)?;
        let unsigned = self.document(&destination, &template(&self.id, &key.certificate_base64()));
        let signed = Bergshamra.sign(&unsigned, &key.private_key_pem)?;
        Ok(PostForm { destination, saml_request: encode_base64(signed.as_bytes()), relay_state: self.relay_state.clone() })
    }

    /// By HTTP-Redirect, with the signature beside: the whole address.
    ///
    /// # Errors
    /// [`SignatureError::Sign`] also when the provider takes no redirect.
    pub fn redirect(&self, key: &SpKey) -> Result<String, SignatureError> {
        let destination = self.idp.sso_redirect.clone().ok_or(SignatureError::Sign)?;
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::best());
        deflated.write_all(self.document(&destination, "").as_bytes()).map_err(|_| SignatureError::Sign)?;
        let request = encode_base64(&deflated.finish().map_err(|_| SignatureError::Sign)?);
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let algorithm = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
        let query =
            format!("SAMLRequest={}&RelayState={}&SigAlg={}", encode(&request), encode(&self.relay_state), encode(algorithm));
        let signature = encode_base64(&detached(query.as_bytes(), &key.private_key_pem)?);
        let joint = if destination.contains('?') { '&' } else { '?' };
        Ok(format!("{destination}{joint}{query}&Signature={}", encode(&signature)))
    }

    fn document(&self, destination: &str, signature: &str) -> String {
        let class = LEVELS.iter().find(|(level, _)| *level == self.level).map_or(LEVELS[1].1, |(_, class)| class);
        // Always for CIE; for SPID from level 2 on.
        let force = if self.level > 1 || self.scheme == Scheme::Cie { " ForceAuthn=\"true\"" } else { "" };
        format!(
            "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
             ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{at}\" Destination=\"{destination}\"{force} AssertionConsumerServiceIndex=\"0\" AttributeConsumingServiceIndex=\"0\">\
             <saml:Issuer Format=\"{ENTITY}\" NameQualifier=\"{issuer}\">{issuer}</saml:Issuer>{signature}\
             <samlp:NameIDPolicy Format=\"{TRANSIENT}\"/>\
             <samlp:RequestedAuthnContext Comparison=\"minimum\"><saml:AuthnContextClassRef>{class}</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>\
             </samlp:AuthnRequest>",
            id = self.id,
            at = whole_seconds(self.now),
            destination = escape(destination),
            issuer = escape(self.sp_entity_id),
        )
    }
}

/// `2026-11-24T07:59:12Z`
pub(crate) fn whole_seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn detached(bytes: &[u8], private_key_pem: &str) -> Result<Vec<u8>, SignatureError> {
    let der: String = private_key_pem.lines().filter(|l| !l.starts_with("-----")).collect();
    let key = RsaKeyPair::from_pkcs8(&decode_base64(&der).ok_or(SignatureError::Key)?).map_err(|_| SignatureError::Key)?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).map_err(|_| SignatureError::Sign)?;
    Ok(signature)
}
