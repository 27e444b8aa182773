//! The verification of a response: shape, signature, content, in this order.

use std::collections::HashSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uppsala::{Document, NodeId, NodeKind};

use crate::engine::Engine;
use crate::keys::decode_base64;
use crate::{
    ASSERTION, Bergshamra, DSIG, ENTITY, IdpDescriptor, LEVELS, PROTOCOL, Pending, Refusal, Scheme, TRANSIENT, UserAnomaly, xml,
};

/// No response of the profile comes near this size.
pub const MAX_RESPONSE_BYTES: usize = 256 * 1024;
/// How far the provider's clock may be from ours.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// Who the provider says the person is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedIdentity {
    /// Sixteen characters, as they stand after `TINIT-`; the caller checks the check character.
    pub fiscal_code: String,
    pub name: String,
    pub family_name: String,
    pub date_of_birth: Option<Date>,
    pub email: Option<String>,
    pub level: u8,
    pub assertion_id: String,
    /// Until when the assertion's id must be remembered.
    pub not_on_or_after: Timestamp,
}

type Verdict<T> = Result<T, Refusal>;

const STATUS_SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const SIGNATURES: [&str; 3] = [
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
];
const DIGESTS: [&str; 3] = [
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
];

/// Verifies the response to a pending request of this very browser.
///
/// # Errors
/// [`Refusal`]; whatever it is, the request stays pending and may be answered properly.
pub fn verify(idp: &IdpDescriptor, pending: &Pending, response_base64: &str, now: Timestamp) -> Verdict<VerifiedIdentity> {
    if idp.entity_id != pending.idp_entity_id {
        return Err(Refusal::Content("another provider"));
    }
    let text = decode(response_base64)?;
    let doc = xml::parse(&text).ok_or(Refusal::Shape("not XML"))?;
    let root = gate(&doc)?;
    envelope(&doc, root, pending, now)?;
    status(&doc, root)?;
    let assertion = xml::one(&doc, root, ASSERTION, "Assertion").ok_or(Refusal::Shape("not one Assertion"))?;
    let signed = signed_bytes(&doc, &text, root, assertion, idp)?;
    read(&signed, pending, now)
}

fn decode(base64: &str) -> Verdict<String> {
    if base64.len() > MAX_RESPONSE_BYTES * 4 / 3 {
        return Err(Refusal::Shape("too large"));
    }
    let bytes = decode_base64(base64).ok_or(Refusal::Shape("not base64"))?;
    let text = String::from_utf8(bytes).map_err(|_| Refusal::Shape("not UTF-8"))?;
    // A declaration of XML may stand first; no other instruction, no comment, no CDATA, no DTD anywhere.
    let body = match text.strip_prefix("<?xml").filter(|rest| rest.starts_with([' ', '\t', '\r', '\n'])) {
        Some(rest) => rest.split_once("?>").map_or("", |(_, body)| body),
        None => text.as_str(),
    };
    if body.contains("<?") || body.contains("<!") {
        return Err(Refusal::Shape("a comment, instruction, CDATA or DTD"));
    }
    Ok(text)
}

/// Only elements and text, unique ids, signatures of exactly one form in exactly two places.
fn gate(doc: &Document<'_>) -> Verdict<NodeId> {
    let root = doc.document_element().filter(|r| xml::is(doc, *r, PROTOCOL, "Response")).ok_or(Refusal::Shape("no Response"))?;
    let mut ids = HashSet::new();
    for node in xml::descendants(doc, root) {
        let plain = |child: &NodeId| matches!(doc.node_kind(*child), Some(NodeKind::Element(_) | NodeKind::Text(_)));
        if !doc.children(node).iter().all(plain) {
            return Err(Refusal::Shape("something other than elements and text"));
        }
        check_ids(doc, node, &mut ids)?;
        let name = doc.element(node).map(|e| e.name.local_name.as_ref()).unwrap_or_default();
        if ["EncryptedAssertion", "EncryptedID", "EncryptedAttribute", "Object", "Extensions", "Advice"].contains(&name) {
            return Err(Refusal::Shape("an element outside the profile"));
        }
        let assertion = xml::is(doc, node, ASSERTION, "Assertion");
        if assertion && doc.parent(node) != Some(root) {
            return Err(Refusal::Shape("an Assertion out of place"));
        }
        if name == "Signature" {
            check_signature(doc, root, node)?;
        }
    }
    Ok(root)
}

/// An element's one ID, under no other name and in no namespace.
fn check_ids(doc: &Document<'_>, node: NodeId, ids: &mut HashSet<String>) -> Verdict<()> {
    let Some(element) = doc.element(node) else { return Ok(()) };
    for attribute in &element.attributes {
        if !attribute.name.local_name.eq_ignore_ascii_case("id") {
            continue;
        }
        let proper =
            attribute.name.local_name == "ID" && attribute.name.namespace_uri.is_none() && attribute.name.prefix.is_none();
        if !proper || attribute.value.is_empty() || !ids.insert(attribute.value.to_string()) {
            return Err(Refusal::Shape("an id that is not one"));
        }
    }
    Ok(())
}

fn check_signature(doc: &Document<'_>, root: NodeId, signature: NodeId) -> Verdict<()> {
    let wrong = Err(Refusal::Shape("a Signature of another form"));
    let parent = doc.parent(signature).ok_or(Refusal::Shape("a Signature without a parent"))?;
    let placed = parent == root || (xml::is(doc, parent, ASSERTION, "Assertion") && doc.parent(parent) == Some(root));
    if !placed
        || xml::children(doc, parent, DSIG, "Signature").len() != 1
        || !names_are(doc, signature, &["SignedInfo", "SignatureValue", "KeyInfo"], 2)
    {
        return wrong;
    }
    let info = xml::one(doc, signature, DSIG, "SignedInfo").ok_or(Refusal::Shape("no SignedInfo"))?;
    if !names_are(doc, info, &["CanonicalizationMethod", "SignatureMethod", "Reference"], 3) {
        return wrong;
    }
    let algorithm = |node: NodeId, name: &str| xml::one(doc, node, DSIG, name).and_then(|n| xml::attribute(doc, n, "Algorithm"));
    let reference = xml::one(doc, info, DSIG, "Reference").ok_or(Refusal::Shape("not one Reference"))?;
    let target = xml::attribute(doc, parent, "ID").map(|id| format!("#{id}"));
    let transforms = xml::one(doc, reference, DSIG, "Transforms").ok_or(Refusal::Shape("no Transforms"))?;
    let steps: Vec<_> =
        xml::elements(doc, transforms).into_iter().map(|t| xml::attribute(doc, t, "Algorithm").unwrap_or_default()).collect();
    let good = algorithm(info, "CanonicalizationMethod") == Some(C14N)
        && algorithm(info, "SignatureMethod").is_some_and(|a| SIGNATURES.contains(&a))
        && names_are(doc, reference, &["Transforms", "DigestMethod", "DigestValue"], 3)
        && algorithm(reference, "DigestMethod").is_some_and(|a| DIGESTS.contains(&a))
        && target.is_some()
        && xml::attribute(doc, reference, "URI") == target.as_deref()
        && steps == [ENVELOPED, C14N]
        && xml::elements(doc, transforms).into_iter().all(|t| xml::is(doc, t, DSIG, "Transform"));
    if good { Ok(()) } else { wrong }
}

/// Whether the child elements are these, in this order; the first `least` must be there.
fn names_are(doc: &Document<'_>, node: NodeId, names: &[&str], least: usize) -> bool {
    let found = xml::elements(doc, node);
    (least..=names.len()).contains(&found.len()) && found.iter().zip(names).all(|(child, name)| xml::is(doc, *child, DSIG, name))
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

/// A UTC instant of the profile: `2026-11-24T07:59:12Z`, with or without fractions.
fn instant(doc: &Document<'_>, node: NodeId, name: &str) -> Verdict<Timestamp> {
    let text = xml::attribute(doc, node, name).unwrap_or_default();
    let shaped = text.len() >= 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T';
    let parsed = if shaped { text.parse().ok() } else { None };
    parsed.ok_or(Refusal::Content("an instant"))
}

fn status(doc: &Document<'_>, root: NodeId) -> Verdict<()> {
    let status = xml::one(doc, root, PROTOCOL, "Status").ok_or(Refusal::Content("Status"))?;
    let code = xml::one(doc, status, PROTOCOL, "StatusCode").ok_or(Refusal::Content("StatusCode"))?;
    match xml::attribute(doc, code, "Value") {
        Some(STATUS_SUCCESS) => return Ok(()),
        None | Some("") => return Err(Refusal::Content("StatusCode")),
        Some(_) => {}
    }
    let message = xml::one(doc, status, PROTOCOL, "StatusMessage").and_then(|m| xml::text(doc, m)).unwrap_or_default();
    let number = message.strip_prefix("ErrorCode nr").and_then(|n| n.parse().ok());
    Err(number.and_then(UserAnomaly::from_number).map_or(Refusal::Provider, Refusal::Person))
}

/// The canonical bytes of the assertion, after every signature was verified and one of them covers it.
fn signed_bytes(doc: &Document<'_>, text: &str, root: NodeId, assertion: NodeId, idp: &IdpDescriptor) -> Verdict<String> {
    if xml::one(doc, assertion, DSIG, "Signature").is_none() {
        return Err(Refusal::Signature("the Assertion is not signed"));
    }
    let covered = Bergshamra.verify(doc, text, &idp.certificates).map_err(|_| Refusal::Signature("not good"))?;
    for one in &covered {
        if doc.parent(one.signature) != Some(one.node) || (one.node != assertion && one.node != root) {
            return Err(Refusal::Signature("it covers another node"));
        }
    }
    if !covered.iter().any(|one| one.node == assertion) {
        return Err(Refusal::Signature("it does not cover the Assertion"));
    }
    let bytes = Bergshamra.canonical(doc, assertion).map_err(|_| Refusal::Signature("no canonical form"))?;
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
    let confirmed_until = subject(&doc, assertion, pending, now)?;
    let valid_until = conditions(&doc, assertion, pending, now)?;
    let level = level(&doc, assertion, pending)?;
    identity(&doc, assertion, level, assertion_id, confirmed_until.max(valid_until))
}

fn issuer(doc: &Document<'_>, assertion: NodeId, pending: &Pending) -> Verdict<()> {
    let issuer = xml::one(doc, assertion, ASSERTION, "Issuer").ok_or(Refusal::Content("Issuer"))?;
    let format = xml::attribute(doc, issuer, "Format");
    // SPID wants the format; CIE leaves it out.
    let formatted = format == Some(ENTITY) || (format.is_none() && pending.scheme == Scheme::Cie);
    if formatted && xml::text(doc, issuer).as_deref() == Some(&pending.idp_entity_id) {
        Ok(())
    } else {
        Err(Refusal::Content("Issuer"))
    }
}

fn subject(doc: &Document<'_>, assertion: NodeId, pending: &Pending, now: Timestamp) -> Verdict<Timestamp> {
    let subject = xml::one(doc, assertion, ASSERTION, "Subject").ok_or(Refusal::Content("Subject"))?;
    let name_id = xml::one(doc, subject, ASSERTION, "NameID").ok_or(Refusal::Content("NameID"))?;
    let qualified = xml::attribute(doc, name_id, "NameQualifier").is_some_and(|q| !q.is_empty());
    let transient = xml::attribute(doc, name_id, "Format") == Some(TRANSIENT);
    if !qualified || !transient || xml::text(doc, name_id).is_none_or(|t| t.is_empty()) {
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
    not_over(instant(doc, data, "NotOnOrAfter")?, now)
}

fn not_over(end: Timestamp, now: Timestamp) -> Verdict<Timestamp> {
    if end + SKEW > now { Ok(end + SKEW) } else { Err(Refusal::Content("NotOnOrAfter")) }
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

fn level(doc: &Document<'_>, assertion: NodeId, pending: &Pending) -> Verdict<u8> {
    let wrong = Refusal::Content("level of the sign-in");
    let statement = xml::one(doc, assertion, ASSERTION, "AuthnStatement").ok_or(wrong)?;
    instant(doc, statement, "AuthnInstant")?;
    let context = xml::one(doc, statement, ASSERTION, "AuthnContext").ok_or(wrong)?;
    let class = xml::one(doc, context, ASSERTION, "AuthnContextClassRef").and_then(|c| xml::text(doc, c)).ok_or(wrong)?;
    let level = LEVELS.iter().find(|(_, uri)| *uri == class).map(|(level, _)| *level).ok_or(wrong)?;
    if level >= pending.level { Ok(level) } else { Err(wrong) }
}

fn identity(
    doc: &Document<'_>,
    assertion: NodeId,
    level: u8,
    assertion_id: String,
    not_on_or_after: Timestamp,
) -> Verdict<VerifiedIdentity> {
    let statement = xml::one(doc, assertion, ASSERTION, "AttributeStatement").ok_or(Refusal::Content("AttributeStatement"))?;
    let attributes = attributes(doc, statement)?;
    let get = |name: &str| attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    let must = |name: &str| get(name).ok_or(Refusal::Content("a requested attribute is missing"));
    // A legal person has a VAT number or a company's code, and no fiscalNumber of a natural person.
    let code = get("fiscalNumber").ok_or(Refusal::WrongIdentity)?;
    let code = code.strip_prefix("TINIT-").filter(|c| is_code(c)).ok_or(Refusal::WrongIdentity)?;
    Ok(VerifiedIdentity {
        fiscal_code: code.to_owned(),
        name: must("name")?,
        family_name: must("familyName")?,
        date_of_birth: get("dateOfBirth").and_then(|d| d.parse().ok()),
        email: get("email"),
        level,
        assertion_id,
        not_on_or_after,
    })
}

fn is_code(code: &str) -> bool {
    code.len() == 16 && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Names with their one value; a name that comes twice, or with two values, is refused.
fn attributes(doc: &Document<'_>, statement: NodeId) -> Verdict<Vec<(String, String)>> {
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
