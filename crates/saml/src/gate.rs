//! The structural gate: what the profile does not foresee is refused before any cryptography.

use std::collections::HashSet;

use uppsala::{Document, NodeId, NodeKind};

use crate::keys::decode_base64;
use crate::{ASSERTION, DSIG, PROTOCOL, Refusal, xml};

/// No message of the profile comes near this size.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;

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
const OUTSIDE: [&str; 6] = ["EncryptedAssertion", "EncryptedID", "EncryptedAttribute", "Object", "Extensions", "Advice"];

/// More attributes than any element of the profile has. The parser compares each with all before it, so that an element of
/// twenty thousand would keep a processor for half a second.
const MOST_ATTRIBUTES: usize = 64;

type Verdict<T> = Result<T, Refusal>;

/// The text of a message that came in base64.
pub(crate) fn decode(base64: &str) -> Verdict<String> {
    if base64.len() > MAX_MESSAGE_BYTES * 4 / 3 {
        return Err(Refusal::Shape("too large"));
    }
    text(decode_base64(base64).ok_or(Refusal::Shape("not base64"))?)
}

/// The text of a message: UTF-8, and nothing but elements and text in it.
pub(crate) fn text(bytes: Vec<u8>) -> Verdict<String> {
    let text = String::from_utf8(bytes).map_err(|_| Refusal::Shape("not UTF-8"))?;
    // A declaration of XML may stand first; no other instruction, no comment, no CDATA, no DTD anywhere.
    let body = match text.strip_prefix("<?xml").filter(|rest| rest.starts_with([' ', '\t', '\r', '\n'])) {
        Some(rest) => rest.split_once("?>").map_or("", |(_, body)| body),
        None => text.as_str(),
    };
    if body.contains("<?") || body.contains("<!") {
        return Err(Refusal::Shape("a comment, instruction, CDATA or DTD"));
    }
    if body.split('<').any(|tag| tag.bytes().filter(|b| *b == b'=').count() > MOST_ATTRIBUTES) {
        return Err(Refusal::Shape("an element of too many attributes"));
    }
    Ok(text)
}

/// Only elements and text under a protocol element of this name, unique ids, signatures of exactly one form in exactly
/// two places: the message's own and its assertion's.
pub(crate) fn check(doc: &Document<'_>, name: &str) -> Verdict<NodeId> {
    let root = doc.document_element().filter(|r| xml::is(doc, *r, PROTOCOL, name)).ok_or(Refusal::Shape("another message"))?;
    let mut ids = HashSet::new();
    for node in xml::descendants(doc, root) {
        let plain = |child: &NodeId| matches!(doc.node_kind(*child), Some(NodeKind::Element(_) | NodeKind::Text(_)));
        if !doc.children(node).iter().all(plain) {
            return Err(Refusal::Shape("something other than elements and text"));
        }
        check_ids(doc, node, &mut ids)?;
        let name = doc.element(node).map(|e| e.name.local_name.as_ref()).unwrap_or_default();
        if OUTSIDE.contains(&name) {
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

/// One signature of the profile's form, that covers its parent.
pub(crate) fn check_signature(doc: &Document<'_>, root: NodeId, signature: NodeId) -> Verdict<()> {
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
