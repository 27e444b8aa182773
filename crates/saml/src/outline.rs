//! What stands on the outside of a message, for records: nothing of it is verified, nothing of it may be acted on.

use serde::{Deserialize, Serialize};

use crate::{ASSERTION, gate, xml};

/// Names and instants of a message, as it gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    pub id: Option<String>,
    pub issue_instant: Option<String>,
    pub issuer: Option<String>,
    pub in_response_to: Option<String>,
    pub assertion_id: Option<String>,
    pub subject: Option<String>,
    pub name_qualifier: Option<String>,
}

impl Outline {
    /// Reads a response in base64; its XML besides, where it is XML at all.
    pub fn of_response(base64: &str) -> (Outline, Option<String>) {
        let Ok(text) = gate::decode(base64) else { return (Outline::default(), None) };
        (Outline::of(&text), Some(text))
    }

    /// Reads a message; what cannot be found is left out.
    pub fn of(text: &str) -> Outline {
        let Some(doc) = xml::parse(text) else { return Outline::default() };
        let Some(root) = doc.document_element() else { return Outline::default() };
        let attribute = |node, name: &str| xml::attribute(&doc, node, name).map(str::to_owned);
        let assertion = xml::one(&doc, root, ASSERTION, "Assertion");
        let subject = assertion.and_then(|a| xml::one(&doc, a, ASSERTION, "Subject"));
        let name = subject.and_then(|s| xml::one(&doc, s, ASSERTION, "NameID"));
        Outline {
            id: attribute(root, "ID"),
            issue_instant: attribute(root, "IssueInstant"),
            issuer: xml::one(&doc, root, ASSERTION, "Issuer").and_then(|i| xml::text(&doc, i)),
            in_response_to: attribute(root, "InResponseTo"),
            assertion_id: assertion.and_then(|a| attribute(a, "ID")),
            subject: name.and_then(|n| xml::text(&doc, n)),
            name_qualifier: name.and_then(|n| attribute(n, "NameQualifier")),
        }
    }
}
