//! Reading XML of one narrow kind, and writing text into it.

use jiff::Timestamp;
use uppsala::{Document, NodeId, NodeKind, Parser};

/// Deeper than any message of the profile.
const DEEPEST: u32 = 32;

/// Parses without DTD, entities or depth to speak of.
pub fn parse(text: &str) -> Option<Document<'_>> {
    Parser::new().with_forbid_dtd(true).with_forbid_entities(true).with_max_depth(DEEPEST).parse(text).ok()
}

/// Text for an element or an attribute.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\r' => out.push_str("&#13;"),
            other => out.push(other),
        }
    }
    out
}

/// Whether the node is this element.
pub fn is(doc: &Document<'_>, node: NodeId, namespace: &str, name: &str) -> bool {
    doc.element(node).is_some_and(|e| e.name.namespace_uri.as_deref() == Some(namespace) && e.name.local_name == name)
}

/// The child elements, in order.
pub fn elements(doc: &Document<'_>, node: NodeId) -> Vec<NodeId> {
    doc.children(node).into_iter().filter(|c| doc.element(*c).is_some()).collect()
}

/// The child elements of this name.
pub fn children(doc: &Document<'_>, node: NodeId, namespace: &str, name: &str) -> Vec<NodeId> {
    elements(doc, node).into_iter().filter(|c| is(doc, *c, namespace, name)).collect()
}

/// The one child element of this name; none when there is none, or several.
pub fn one(doc: &Document<'_>, node: NodeId, namespace: &str, name: &str) -> Option<NodeId> {
    let found = children(doc, node, namespace, name);
    if let [only] = found.as_slice() { Some(*only) } else { None }
}

/// The value of an attribute without a namespace: `evil:ID` is not `ID`.
pub fn attribute<'d>(doc: &'d Document<'_>, node: NodeId, name: &str) -> Option<&'d str> {
    let element = doc.element(node)?;
    let found = element
        .attributes
        .iter()
        .find(|a| a.name.namespace_uri.is_none() && a.name.prefix.is_none() && a.name.local_name == name);
    found.map(|a| a.value.as_ref())
}

/// A UTC instant of the profile in an attribute: `2026-11-24T07:59:12Z`, with or without fractions.
pub fn instant(doc: &Document<'_>, node: NodeId, name: &str) -> Option<Timestamp> {
    let text = attribute(doc, node, name)?;
    let shaped = text.len() >= 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T';
    if shaped { text.parse().ok() } else { None }
}

/// The whole text of an element that holds nothing but text.
pub fn text(doc: &Document<'_>, node: NodeId) -> Option<String> {
    let mut out = String::new();
    for child in doc.children(node) {
        match doc.node_kind(child)? {
            NodeKind::Text(part) => out.push_str(part),
            _ => return None,
        }
    }
    Some(out.trim().to_owned())
}

/// All elements below and including a node.
pub fn descendants(doc: &Document<'_>, node: NodeId) -> Vec<NodeId> {
    let mut all = vec![node];
    let mut at = 0;
    while at < all.len() {
        let below = elements(doc, all[at]);
        all.extend(below);
        at += 1;
    }
    all
}
