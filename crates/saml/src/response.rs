//! The verification of a response: shape, signature, content, in this order.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uppsala::{Document, NodeId};

use crate::engine::Engine;
use crate::{
    ASSERTION, Bergshamra, DSIG, ENTITY, IdpDescriptor, LEVELS, PROTOCOL, Pending, Refusal, Scheme, TRANSIENT, gate, refusal, xml,
};

/// How far the provider's clock may be from ours.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// Who the provider says the person is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedIdentity {
    pub who: PersonCode,
    pub name: String,
    pub family_name: String,
    pub date_of_birth: Option<Date>,
    pub email: Option<String>,
    pub level: u8,
    pub assertion_id: String,
    /// Until when the assertion's id must be remembered.
    pub not_on_or_after: Timestamp,
    /// The provider's name for this sign-in, by which it may ask for its end.
    pub name_id: String,
    pub name_qualifier: String,
    /// Present where the provider keeps a session of its own, which is at level 1 only.
    pub session_index: Option<String>,
}

/// By what a person is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonCode {
    /// Sixteen characters, as they stand after `TINIT-`; the caller checks the check character.
    Italian(String),
    /// The identifier of another country's scheme, by the eIDAS node: `ES/IT/…`.
    Foreign(String),
}

type Verdict<T> = Result<T, Refusal>;

const STATUS_SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// Verifies the response to a pending request of this very browser.
///
/// # Errors
/// [`Refusal`]; whatever it is, the request stays pending and may be answered properly.
pub fn verify(idp: &IdpDescriptor, pending: &Pending, response_base64: &str, now: Timestamp) -> Verdict<VerifiedIdentity> {
    verify_with(&Bergshamra, idp, pending, response_base64, now)
}

/// [`verify`], by another engine.
///
/// # Errors
/// The same.
pub fn verify_with(
    engine: &dyn Engine,
    idp: &IdpDescriptor,
    pending: &Pending,
    response_base64: &str,
    now: Timestamp,
) -> Verdict<VerifiedIdentity> {
    if idp.entity_id != pending.idp_entity_id {
        return Err(Refusal::Content("another provider"));
    }
    let text = gate::decode(response_base64)?;
    let doc = xml::parse(&text).ok_or(Refusal::Shape("not XML"))?;
    let root = gate::check(&doc, "Response")?;
    envelope(&doc, root, pending, now)?;
    status(&doc, root)?;
    let assertion = xml::one(&doc, root, ASSERTION, "Assertion").ok_or(Refusal::Shape("not one Assertion"))?;
    let signed = signed_bytes(engine, &doc, &text, root, assertion, idp)?;
    read(&signed, pending, now)
}

/// What stands outside the signature must still fit the request.
fn envelope(doc: &Document<'_>, root: NodeId, pending: &Pending, now: Timestamp) -> Verdict<()> {
    let is = |name: &str, value: &str| xml::attribute(doc, root, name) == Some(value);
    if xml::attribute(doc, root, "ID").is_none() || !is("Version", "2.0") {
        return Err(Refusal::Content("ID or Version of the Response"));
    }
    if !is("InResponseTo", &pending.request_id) {
        return Err(Refusal::Content("InResponseTo of the Response"));
    }
    if !is("Destination", &pending.acs_url) {
        return Err(Refusal::Content("Destination"));
    }
    issued_in_time(doc, root, pending, now)?;
    let issuer = xml::one(doc, root, ASSERTION, "Issuer").ok_or(Refusal::Content("Issuer of the Response"))?;
    let format = xml::attribute(doc, issuer, "Format");
    if xml::text(doc, issuer).as_deref() != Some(&pending.idp_entity_id) || format.is_some_and(|f| f != ENTITY) {
        return Err(Refusal::Content("Issuer of the Response"));
    }
    Ok(())
}

fn issued_in_time(doc: &Document<'_>, node: NodeId, pending: &Pending, now: Timestamp) -> Verdict<()> {
    let issued = instant(doc, node, "IssueInstant")?;
    // To the second: requests are issued in whole seconds.
    let early = issued.as_second() < pending.issued_at.as_second();
    if early || issued > now + SKEW { Err(Refusal::Content("IssueInstant")) } else { Ok(()) }
}

fn instant(doc: &Document<'_>, node: NodeId, name: &str) -> Verdict<Timestamp> {
    xml::instant(doc, node, name).ok_or(Refusal::Content("an instant"))
}

fn status(doc: &Document<'_>, root: NodeId) -> Verdict<()> {
    let status = xml::one(doc, root, PROTOCOL, "Status").ok_or(Refusal::Content("Status"))?;
    let mut codes = Vec::new();
    let mut at = xml::one(doc, status, PROTOCOL, "StatusCode");
    while let Some(code) = at {
        codes.push(xml::attribute(doc, code, "Value").filter(|v| !v.is_empty()).ok_or(Refusal::Content("StatusCode"))?);
        at = xml::one(doc, code, PROTOCOL, "StatusCode");
    }
    match codes.first() {
        Some(&STATUS_SUCCESS) => Ok(()),
        None => Err(Refusal::Content("StatusCode")),
        Some(_) => {
            let message = xml::one(doc, status, PROTOCOL, "StatusMessage").and_then(|m| xml::text(doc, m)).unwrap_or_default();
            Err(refusal::of_status(&codes, &message))
        }
    }
}

/// The canonical bytes of the assertion, after every signature was verified and one of them covers it.
fn signed_bytes(
    engine: &dyn Engine,
    doc: &Document<'_>,
    text: &str,
    root: NodeId,
    assertion: NodeId,
    idp: &IdpDescriptor,
) -> Verdict<String> {
    if xml::one(doc, assertion, DSIG, "Signature").is_none() {
        return Err(Refusal::Signature("the Assertion is not signed"));
    }
    let covered = engine.verify(doc, text, &idp.certificates).map_err(|_| Refusal::Signature("not good"))?;
    for one in &covered {
        if doc.parent(one.signature) != Some(one.node) || (one.node != assertion && one.node != root) {
            return Err(Refusal::Signature("it covers another node"));
        }
    }
    if !covered.iter().any(|one| one.node == assertion) {
        return Err(Refusal::Signature("it does not cover the Assertion"));
    }
    let bytes = engine.canonical(doc, assertion).map_err(|_| Refusal::Signature("no canonical form"))?;
    String::from_utf8(bytes).map_err(|_| Refusal::Signature("no canonical form"))
}

fn read(signed: &str, pending: &Pending, now: Timestamp) -> Verdict<VerifiedIdentity> {
    let doc = xml::parse(signed).ok_or(Refusal::Signature("no canonical form"))?;
    let assertion =
        doc.document_element().filter(|r| xml::is(&doc, *r, ASSERTION, "Assertion")).ok_or(Refusal::Shape("no Assertion"))?;
    let assertion_id = xml::attribute(&doc, assertion, "ID")
        .filter(|i| !i.is_empty())
        .ok_or(Refusal::Content("ID of the Assertion"))?
        .to_owned();
    if xml::attribute(&doc, assertion, "Version") != Some("2.0") {
        return Err(Refusal::Content("Version of the Assertion"));
    }
    issued_in_time(&doc, assertion, pending, now)?;
    issuer(&doc, assertion, pending)?;
    let (subject, confirmed_until) = subject(&doc, assertion, pending, now)?;
    let valid_until = conditions(&doc, assertion, pending, now)?;
    let (level, session_index) = statement(&doc, assertion, pending)?;
    let attributes = attributes(&doc, assertion)?;
    let get = |name: &str| attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    let must = |name: &str| get(name).ok_or(Refusal::Content("a requested attribute is missing"));
    Ok(VerifiedIdentity {
        who: who(pending.scheme, &get)?,
        name: must("name")?,
        family_name: must("familyName")?,
        date_of_birth: get("dateOfBirth").and_then(|d| d.parse().ok()),
        email: get("email"),
        level,
        assertion_id,
        not_on_or_after: confirmed_until.max(valid_until),
        name_id: subject.name_id,
        name_qualifier: subject.name_qualifier,
        session_index,
    })
}

fn issuer(doc: &Document<'_>, assertion: NodeId, pending: &Pending) -> Verdict<()> {
    let issuer = xml::one(doc, assertion, ASSERTION, "Issuer").ok_or(Refusal::Content("Issuer"))?;
    let format = xml::attribute(doc, issuer, "Format");
    // SPID wants the format; CIE leaves it out, and nothing is written of the eIDAS node.
    let formatted = format == Some(ENTITY) || (format.is_none() && pending.scheme != Scheme::Spid);
    if formatted && xml::text(doc, issuer).as_deref() == Some(&pending.idp_entity_id) {
        Ok(())
    } else {
        Err(Refusal::Content("Issuer"))
    }
}

struct Subject {
    name_id: String,
    name_qualifier: String,
}

/// Whom it speaks of, and until when that is confirmed.
fn subject(doc: &Document<'_>, assertion: NodeId, pending: &Pending, now: Timestamp) -> Verdict<(Subject, Timestamp)> {
    let subject = xml::one(doc, assertion, ASSERTION, "Subject").ok_or(Refusal::Content("Subject"))?;
    let name = xml::one(doc, subject, ASSERTION, "NameID").ok_or(Refusal::Content("NameID"))?;
    let name_qualifier = xml::attribute(doc, name, "NameQualifier").unwrap_or_default().to_owned();
    let name_id = xml::text(doc, name).unwrap_or_default();
    let transient = xml::attribute(doc, name, "Format") == Some(TRANSIENT);
    if name_qualifier.is_empty() || !transient || name_id.is_empty() {
        return Err(Refusal::Content("NameID"));
    }
    let confirmation = xml::one(doc, subject, ASSERTION, "SubjectConfirmation").ok_or(Refusal::Content("SubjectConfirmation"))?;
    if xml::attribute(doc, confirmation, "Method") != Some(BEARER) {
        return Err(Refusal::Content("SubjectConfirmation"));
    }
    let data =
        xml::one(doc, confirmation, ASSERTION, "SubjectConfirmationData").ok_or(Refusal::Content("SubjectConfirmationData"))?;
    if xml::attribute(doc, data, "Recipient") != Some(&pending.acs_url) {
        return Err(Refusal::Content("Recipient"));
    }
    if xml::attribute(doc, data, "InResponseTo") != Some(&pending.request_id) {
        return Err(Refusal::Content("InResponseTo"));
    }
    let until = not_over(instant(doc, data, "NotOnOrAfter")?, now)?;
    Ok((Subject { name_id, name_qualifier }, until))
}

fn not_over(end: Timestamp, now: Timestamp) -> Verdict<Timestamp> {
    // An end at the end of all time has no second after it.
    let end = end.checked_add(SKEW).unwrap_or(Timestamp::MAX);
    if end > now { Ok(end) } else { Err(Refusal::Content("NotOnOrAfter")) }
}

fn conditions(doc: &Document<'_>, assertion: NodeId, pending: &Pending, now: Timestamp) -> Verdict<Timestamp> {
    let conditions = xml::one(doc, assertion, ASSERTION, "Conditions").ok_or(Refusal::Content("Conditions"))?;
    if instant(doc, conditions, "NotBefore")? > now + SKEW {
        return Err(Refusal::Content("NotBefore"));
    }
    let restriction =
        xml::one(doc, conditions, ASSERTION, "AudienceRestriction").ok_or(Refusal::Content("AudienceRestriction"))?;
    let audience = xml::one(doc, restriction, ASSERTION, "Audience").ok_or(Refusal::Content("Audience"))?;
    if xml::text(doc, audience).as_deref() != Some(&pending.sp_entity_id) {
        return Err(Refusal::Content("Audience"));
    }
    not_over(instant(doc, conditions, "NotOnOrAfter")?, now)
}

/// How the person was recognised: the level, and the provider's session where it keeps one.
fn statement(doc: &Document<'_>, assertion: NodeId, pending: &Pending) -> Verdict<(u8, Option<String>)> {
    let wrong = Refusal::Content("level of the sign-in");
    let statement = xml::one(doc, assertion, ASSERTION, "AuthnStatement").ok_or(wrong)?;
    instant(doc, statement, "AuthnInstant")?;
    let context = xml::one(doc, statement, ASSERTION, "AuthnContext").ok_or(wrong)?;
    let class = xml::one(doc, context, ASSERTION, "AuthnContextClassRef").and_then(|c| xml::text(doc, c)).ok_or(wrong)?;
    let level = LEVELS.iter().find(|(_, uri)| *uri == class).map(|(level, _)| *level).ok_or(wrong)?;
    let session_index = xml::attribute(doc, statement, "SessionIndex").filter(|s| !s.is_empty()).map(str::to_owned);
    if level >= pending.level { Ok((level, session_index)) } else { Err(wrong) }
}

/// A legal person has a VAT number or a company's code, and no fiscalNumber of a natural person. A person of another
/// country has no Italian code, mostly: their node's identifier stands in spidCode.
fn who(scheme: Scheme, get: &dyn Fn(&str) -> Option<String>) -> Verdict<PersonCode> {
    match (get("fiscalNumber"), get("spidCode")) {
        (None, Some(foreign)) if scheme == Scheme::Eidas => Ok(PersonCode::Foreign(foreign)),
        (code, _) => {
            let code = code.as_deref().and_then(|c| c.strip_prefix("TINIT-")).filter(|c| is_code(c));
            Ok(PersonCode::Italian(code.ok_or(Refusal::WrongIdentity)?.to_owned()))
        }
    }
}

fn is_code(code: &str) -> bool {
    code.len() == 16 && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Names with their one value; a name that comes twice, or with two values, is refused.
fn attributes(doc: &Document<'_>, assertion: NodeId) -> Verdict<Vec<(String, String)>> {
    let statement = xml::one(doc, assertion, ASSERTION, "AttributeStatement").ok_or(Refusal::Content("AttributeStatement"))?;
    let wrong = Refusal::Content("an attribute");
    let mut found: Vec<(String, String)> = Vec::new();
    for attribute in xml::elements(doc, statement) {
        let name = xml::attribute(doc, attribute, "Name").filter(|n| !n.is_empty()).ok_or(wrong)?;
        let value = xml::one(doc, attribute, ASSERTION, "AttributeValue")
            .and_then(|v| xml::text(doc, v))
            .filter(|v| !v.is_empty())
            .ok_or(wrong)?;
        if !xml::is(doc, attribute, ASSERTION, "Attribute")
            || xml::elements(doc, attribute).len() != 1
            || found.iter().any(|(n, _)| n == name)
        {
            return Err(wrong);
        }
        found.push((name.to_owned(), value));
    }
    if found.is_empty() { Err(wrong) } else { Ok(found) }
}
