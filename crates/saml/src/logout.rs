//! Single logout, both ways and by both bindings. A message is believed only when the provider's pinned keys signed it.

use jiff::{SignedDuration, Timestamp};
use uppsala::{Document, NodeId};

use crate::binding::{Endpoint, Kind, Outgoing, Received, Unsigned};
use crate::engine::{Engine, SignatureError};
use crate::request::whole_seconds;
use crate::xml::escape;
use crate::{ASSERTION, Bergshamra, DSIG, ENTITY, PROTOCOL, Refusal, SpKey, TRANSIENT, gate, xml};

/// How far the provider's clock may be from ours.
const SKEW: SignedDuration = SignedDuration::from_secs(60);
/// How long a message may have been on its way.
const FRESH: SignedDuration = SignedDuration::from_mins(5);

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

type Verdict<T> = Result<T, Refusal>;

/// Asks the other side to end its session too. A service provider does so only where the provider keeps one: at level 1,
/// which alone gives a `SessionIndex`.
#[derive(Clone, Debug)]
pub struct LogoutRequest<'a> {
    pub to: &'a Endpoint,
    /// Who asks.
    pub issuer: &'a str,
    /// `_` and 160 random bits in hexadecimal.
    pub id: &'a str,
    pub name_id: &'a str,
    pub name_qualifier: &'a str,
    pub session_index: Option<&'a str>,
    /// A random handle, never an address.
    pub relay_state: Option<&'a str>,
    pub now: Timestamp,
}

impl LogoutRequest<'_> {
    /// The signed request.
    ///
    /// # Errors
    /// [`SignatureError`] when the key cannot be used.
    pub fn signed(&self, key: &SpKey) -> Result<Outgoing, SignatureError> {
        let document = |signature: &str| self.document(signature);
        let unsigned = Unsigned { kind: Kind::Request, id: self.id, relay_state: self.relay_state, document: &document };
        unsigned.send(&Bergshamra, key, self.to)
    }

    fn document(&self, signature: &str) -> String {
        let session = |s| format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", escape(s));
        format!(
            "<samlp:LogoutRequest xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" Version=\"2.0\" \
             IssueInstant=\"{at}\" Destination=\"{destination}\" NotOnOrAfter=\"{until}\">\
             <saml:Issuer Format=\"{ENTITY}\" NameQualifier=\"{issuer}\">{issuer}</saml:Issuer>{signature}\
             <saml:NameID Format=\"{TRANSIENT}\" NameQualifier=\"{qualifier}\">{name}</saml:NameID>{session}</samlp:LogoutRequest>",
            id = escape(self.id),
            at = whole_seconds(self.now),
            until = whole_seconds(self.now + FRESH),
            destination = escape(&self.to.location),
            issuer = escape(self.issuer),
            qualifier = escape(self.name_qualifier),
            name = escape(self.name_id),
            session = self.session_index.map(session).unwrap_or_default(),
        )
    }
}

/// Answers whoever asked for the end of sessions: they are ended, be it that there were none.
#[derive(Clone, Debug)]
pub struct LogoutAnswer<'a> {
    pub to: &'a Endpoint,
    /// Who answers.
    pub issuer: &'a str,
    /// `_` and 160 random bits in hexadecimal.
    pub id: &'a str,
    pub in_response_to: &'a str,
    /// As it came.
    pub relay_state: Option<&'a str>,
    pub now: Timestamp,
}

impl LogoutAnswer<'_> {
    /// The signed answer.
    ///
    /// # Errors
    /// [`SignatureError`] when the key cannot be used.
    pub fn signed(&self, key: &SpKey) -> Result<Outgoing, SignatureError> {
        let document = |signature: &str| self.document(signature);
        let unsigned = Unsigned { kind: Kind::Response, id: self.id, relay_state: self.relay_state, document: &document };
        unsigned.send(&Bergshamra, key, self.to)
    }

    fn document(&self, signature: &str) -> String {
        format!(
            "<samlp:LogoutResponse xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" Version=\"2.0\" \
             IssueInstant=\"{at}\" Destination=\"{destination}\" InResponseTo=\"{request}\">\
             <saml:Issuer Format=\"{ENTITY}\" NameQualifier=\"{issuer}\">{issuer}</saml:Issuer>{signature}\
             <samlp:Status><samlp:StatusCode Value=\"{SUCCESS}\"/></samlp:Status></samlp:LogoutResponse>",
            id = escape(self.id),
            at = whole_seconds(self.now),
            destination = escape(&self.to.location),
            request = escape(self.in_response_to),
            issuer = escape(self.issuer),
        )
    }
}

/// A logout message as it came through the browser.
#[derive(Clone, Copy, Debug)]
pub enum Incoming<'a> {
    /// The fields of a form.
    Form { kind: Kind, message: &'a str, relay_state: Option<&'a str> },
    /// The query of an address, exactly as it came.
    Query(&'a str),
}

/// What the other side says of a logout, believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogoutMessage {
    /// It wants the sessions of this name ended.
    Request { id: String, name_id: String, relay_state: Option<String> },
    /// It answers the request with this id; `complete` is false when it could not end everything.
    Response { in_response_to: String, complete: bool },
}

/// A message read and not yet believed.
struct Opened {
    kind: Kind,
    text: String,
    relay_state: Option<String>,
    by_address: Option<Received>,
}

impl Incoming<'_> {
    fn open(&self) -> Verdict<Opened> {
        match self {
            Incoming::Form { kind, message, relay_state } => Ok(Opened {
                kind: *kind,
                text: gate::decode(message)?,
                relay_state: relay_state.map(str::to_owned),
                by_address: None,
            }),
            Incoming::Query(query) => {
                let received = Received::parse(query)?;
                let (kind, text, relay_state) = (received.kind, received.xml.clone(), received.relay_state.clone());
                Ok(Opened { kind, text, relay_state, by_address: Some(received) })
            }
        }
    }

    /// Who says to have sent it, to look its keys up. Nothing is verified yet.
    pub fn issuer(&self) -> Option<String> {
        let opened = self.open().ok()?;
        let doc = xml::parse(&opened.text)?;
        xml::text(&doc, xml::one(&doc, doc.document_element()?, ASSERTION, "Issuer")?)
    }

    /// Verifies that `sender`, one of whose certificates (DER) are these, sent the message to this address.
    ///
    /// # Errors
    /// [`Refusal`]: it is of another form, nobody trusted signed it, or it is not for this address and hour.
    pub fn verify(&self, sender: &str, certificates: &[Vec<u8>], slo_url: &str, now: Timestamp) -> Verdict<LogoutMessage> {
        self.verify_with(&Bergshamra, sender, certificates, slo_url, now)
    }

    /// [`Incoming::verify`], by another engine.
    ///
    /// # Errors
    /// The same.
    pub fn verify_with(
        &self,
        engine: &dyn Engine,
        sender: &str,
        certificates: &[Vec<u8>],
        slo_url: &str,
        now: Timestamp,
    ) -> Verdict<LogoutMessage> {
        let opened = self.open()?;
        let name = if opened.kind == Kind::Request { "LogoutRequest" } else { "LogoutResponse" };
        let signed = authentic(engine, certificates, &opened, name)?;
        let doc = xml::parse(&signed).ok_or(Refusal::Signature("no canonical form"))?;
        let root = gate::check(&doc, name)?;
        envelope(&doc, root, sender, slo_url, now)?;
        if opened.kind == Kind::Request { request(&doc, root, opened.relay_state, now) } else { response(&doc, root) }
    }
}

/// The text that the sender signed.
fn authentic(engine: &dyn Engine, certificates: &[Vec<u8>], opened: &Opened, name: &str) -> Verdict<String> {
    let doc = xml::parse(&opened.text).ok_or(Refusal::Shape("not XML"))?;
    let root = gate::check(&doc, name)?;
    let inside = xml::descendants(&doc, root).into_iter().any(|n| xml::is(&doc, n, DSIG, "Signature"));
    if let Some(received) = &opened.by_address {
        // Beside the message, or inside: never two that could disagree.
        if inside {
            return Err(Refusal::Shape("a Signature of another form"));
        }
        received.verify(certificates)?;
        return Ok(opened.text.clone());
    }
    if xml::one(&doc, root, DSIG, "Signature").is_none() {
        return Err(Refusal::Signature("none"));
    }
    let covered = engine.verify(&doc, &opened.text, certificates).map_err(|_| Refusal::Signature("not good"))?;
    match covered.as_slice() {
        [one] if one.node == root && doc.parent(one.signature) == Some(root) => {}
        _ => return Err(Refusal::Signature("it covers another node")),
    }
    let bytes = engine.canonical(&doc, root).map_err(|_| Refusal::Signature("no canonical form"))?;
    String::from_utf8(bytes).map_err(|_| Refusal::Signature("no canonical form"))
}

fn envelope(doc: &Document<'_>, root: NodeId, sender: &str, slo_url: &str, now: Timestamp) -> Verdict<()> {
    if xml::attribute(doc, root, "ID").is_none() || xml::attribute(doc, root, "Version") != Some("2.0") {
        return Err(Refusal::Content("ID or Version"));
    }
    if xml::attribute(doc, root, "Destination") != Some(slo_url) {
        return Err(Refusal::Content("Destination"));
    }
    let issuer = xml::one(doc, root, ASSERTION, "Issuer").and_then(|i| xml::text(doc, i));
    if issuer.as_deref() != Some(sender) {
        return Err(Refusal::Content("Issuer"));
    }
    let issued = xml::instant(doc, root, "IssueInstant").ok_or(Refusal::Content("IssueInstant"))?;
    let in_time = issued <= now + SKEW && issued >= now - FRESH - SKEW;
    if in_time { Ok(()) } else { Err(Refusal::Content("IssueInstant")) }
}

fn request(doc: &Document<'_>, root: NodeId, relay_state: Option<String>, now: Timestamp) -> Verdict<LogoutMessage> {
    if xml::attribute(doc, root, "NotOnOrAfter").is_some() {
        let until = xml::instant(doc, root, "NotOnOrAfter").ok_or(Refusal::Content("NotOnOrAfter"))?;
        if until + SKEW <= now {
            return Err(Refusal::Content("NotOnOrAfter"));
        }
    }
    let name = xml::one(doc, root, ASSERTION, "NameID").and_then(|n| xml::text(doc, n)).filter(|n| !n.is_empty());
    let name_id = name.ok_or(Refusal::Content("NameID"))?;
    let id = xml::attribute(doc, root, "ID").unwrap_or_default().to_owned();
    Ok(LogoutMessage::Request { id, name_id, relay_state })
}

fn response(doc: &Document<'_>, root: NodeId) -> Verdict<LogoutMessage> {
    let answered = xml::attribute(doc, root, "InResponseTo").filter(|r| !r.is_empty());
    let in_response_to = answered.ok_or(Refusal::Content("InResponseTo"))?.to_owned();
    let status = xml::one(doc, root, PROTOCOL, "Status").ok_or(Refusal::Content("Status"))?;
    let code = xml::one(doc, status, PROTOCOL, "StatusCode").ok_or(Refusal::Content("StatusCode"))?;
    // A partial logout is a success with a second code below: other service providers could not be reached.
    let partial = !xml::children(doc, code, PROTOCOL, "StatusCode").is_empty();
    let complete = xml::attribute(doc, code, "Value") == Some(SUCCESS) && !partial;
    Ok(LogoutMessage::Response { in_response_to, complete })
}
