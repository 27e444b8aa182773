//! How a message travels through the browser: in a form that it posts, or in an address that it is sent to.

use std::io::{Read as _, Write as _};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaParameters, UnparsedPublicKey,
};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::engine::{Engine, SignatureError, template};
use crate::gate::{self, MAX_MESSAGE_BYTES};
use crate::keys::{self, decode_base64, encode_base64};
use crate::{Refusal, SpKey};

/// All but RFC 3986's unreserved characters: who encodes the parameters again, to verify the signature over them, gets the
/// same bytes.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whether a message asks or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Request,
    Response,
}

impl Kind {
    /// The name of the field, or of the parameter, that carries the message.
    pub fn parameter(self) -> &'static str {
        match self {
            Kind::Request => "SAMLRequest",
            Kind::Response => "SAMLResponse",
        }
    }
}

/// The two bindings of the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Binding {
    Post,
    Redirect,
}

impl Binding {
    /// Its name in metadata.
    pub fn uri(self) -> &'static str {
        match self {
            Binding::Post => crate::POST,
            Binding::Redirect => crate::REDIRECT,
        }
    }
}

/// Where a message is sent, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub binding: Binding,
    pub location: String,
}

/// A signed message on its way.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// As it was made, to be kept where the rules ask for it.
    pub xml: String,
    pub carrier: Carrier,
}

#[derive(Clone, Debug)]
pub enum Carrier {
    /// HTTP-POST: the signature is inside.
    Form(PostForm),
    /// HTTP-Redirect: the whole address, with the signature beside the message.
    Address(String),
}

/// The fields of a form that posts the message.
#[derive(Clone, Debug)]
pub struct PostForm {
    pub destination: String,
    pub kind: Kind,
    /// Base64.
    pub message: String,
    pub relay_state: Option<String>,
}

/// A message before it is signed: its document with the signature in its place, or with none.
pub(crate) struct Unsigned<'a> {
    pub kind: Kind,
    pub id: &'a str,
    pub relay_state: Option<&'a str>,
    pub document: &'a dyn Fn(&str) -> String,
}

impl Unsigned<'_> {
    pub(crate) fn send(&self, engine: &dyn Engine, key: &SpKey, to: &Endpoint) -> Result<Outgoing, SignatureError> {
        match to.binding {
            Binding::Post => self.post(engine, key, &to.location),
            Binding::Redirect => self.redirect(key, &to.location),
        }
    }

    fn post(&self, engine: &dyn Engine, key: &SpKey, destination: &str) -> Result<Outgoing, SignatureError> {
        let unsigned = (self.document)(&template(self.id, &key.certificate_base64()));
        let xml = engine.sign(&unsigned, &key.private_key_pem)?;
        let form = PostForm {
            destination: destination.to_owned(),
            kind: self.kind,
            message: encode_base64(xml.as_bytes()),
            relay_state: self.relay_state.map(str::to_owned),
        };
        Ok(Outgoing { xml, carrier: Carrier::Form(form) })
    }

    fn redirect(&self, key: &SpKey, destination: &str) -> Result<Outgoing, SignatureError> {
        let xml = (self.document)("");
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::best());
        deflated.write_all(xml.as_bytes()).map_err(|_| SignatureError::Sign)?;
        let message = encode_base64(&deflated.finish().map_err(|_| SignatureError::Sign)?);
        let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
        let relay_state = self.relay_state.map(|r| format!("&RelayState={}", encode(r))).unwrap_or_default();
        let query = format!("{}={}{relay_state}&SigAlg={}", self.kind.parameter(), encode(&message), encode(DETACHED[0].0));
        let signature = encode_base64(&detached(query.as_bytes(), &key.private_key_pem)?);
        let joint = if destination.contains('?') { '&' } else { '?' };
        Ok(Outgoing { xml, carrier: Carrier::Address(format!("{destination}{joint}{query}&Signature={}", encode(&signature))) })
    }
}

fn detached(bytes: &[u8], private_key_pem: &str) -> Result<Vec<u8>, SignatureError> {
    let der: String = private_key_pem.lines().filter(|l| !l.starts_with("-----")).collect();
    let key = RsaKeyPair::from_pkcs8(&decode_base64(&der).ok_or(SignatureError::Key)?).map_err(|_| SignatureError::Key)?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).map_err(|_| SignatureError::Sign)?;
    Ok(signature)
}

/// The algorithms a detached signature may have; ours is the first.
const DETACHED: [(&str, &RsaParameters); 3] = [
    ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", &RSA_PKCS1_2048_8192_SHA256),
    ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", &RSA_PKCS1_2048_8192_SHA384),
    ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", &RSA_PKCS1_2048_8192_SHA512),
];

/// A message that came by HTTP-Redirect. Its text may be read, and must not be believed before [`Received::verify`].
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub kind: Kind,
    pub xml: String,
    pub relay_state: Option<String>,
    /// What was signed: the parameters as they were sent, in the order of the standard.
    signed: String,
    algorithm: &'static RsaParameters,
    signature: Vec<u8>,
}

impl Received {
    /// Reads the query of an address exactly as it came.
    pub(crate) fn parse(query: &str) -> Result<Received, Refusal> {
        let raw = |name: &str| one_parameter(query, name);
        let (kind, message) = match (raw("SAMLRequest")?, raw("SAMLResponse")?) {
            (Some(message), None) => (Kind::Request, message),
            (None, Some(message)) => (Kind::Response, message),
            _ => return Err(Refusal::Shape("not one message")),
        };
        let algorithm = raw("SigAlg")?.ok_or(Refusal::Signature("none"))?;
        let signature = raw("Signature")?.ok_or(Refusal::Signature("none"))?;
        let relay = raw("RelayState")?;
        let relay_part = relay.map(|r| format!("&RelayState={r}")).unwrap_or_default();
        let signed = format!("{}={message}{relay_part}&SigAlg={algorithm}", kind.parameter());
        let name = plain(algorithm)?;
        let known = DETACHED.iter().find(|(uri, _)| *uri == name).ok_or(Refusal::Signature("another algorithm"))?;
        let signature = decode_base64(&plain(signature)?).ok_or(Refusal::Signature("not base64"))?;
        let relay_state = relay.map(plain).transpose()?;
        Ok(Received { kind, xml: inflate(&plain(message)?)?, relay_state, signed, algorithm: known.1, signature })
    }

    /// Whether one of these certificates' keys signed the message.
    pub(crate) fn verify(&self, certificates: &[Vec<u8>]) -> Result<(), Refusal> {
        let good = |certificate: &Vec<u8>| {
            let key = keys::public_key(certificate)?;
            UnparsedPublicKey::new(self.algorithm, key).verify(self.signed.as_bytes(), &self.signature).ok()
        };
        certificates.iter().find_map(good).ok_or(Refusal::Signature("not good"))
    }
}

/// The parameter of this name as it was sent; twice is refused.
fn one_parameter<'q>(query: &'q str, name: &str) -> Result<Option<&'q str>, Refusal> {
    let values = query.split('&').filter_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    match values.collect::<Vec<_>>().as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        _ => Err(Refusal::Shape("a parameter comes twice")),
    }
}

fn plain(encoded: &str) -> Result<String, Refusal> {
    let spaced = encoded.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| Refusal::Shape("not UTF-8"))?;
    Ok(decoded.into_owned())
}

/// Base64 and DEFLATE undone, up to the size no message reaches.
fn inflate(message: &str) -> Result<String, Refusal> {
    if message.len() > MAX_MESSAGE_BYTES {
        return Err(Refusal::Shape("too large"));
    }
    // A blank stands where a plus was not encoded.
    let packed = decode_base64(&message.replace(' ', "+")).ok_or(Refusal::Shape("not base64"))?;
    let (mut bytes, most) = (Vec::new(), u64::try_from(MAX_MESSAGE_BYTES).expect("a small number") + 1);
    DeflateDecoder::new(packed.as_slice()).take(most).read_to_end(&mut bytes).map_err(|_| Refusal::Shape("not deflated"))?;
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(Refusal::Shape("too large"));
    }
    gate::text(bytes)
}
