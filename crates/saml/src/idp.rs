//! Identity providers, as their metadata describe them.

use crate::keys::decode_base64;
use crate::{DSIG, METADATA, POST, REDIRECT, xml};

/// What is trusted of a provider: its name, where it is asked, and the keys it signs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdpDescriptor {
    pub entity_id: String,
    pub display_name: String,
    pub sso_post: Option<String>,
    pub sso_redirect: Option<String>,
    /// DER. The metadata is the anchor of trust: chains and dates are not looked at.
    pub certificates: Vec<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the metadata of an identity provider: {0}")]
pub struct IdpError(&'static str);

impl IdpDescriptor {
    /// Reads one `EntityDescriptor`. Where it came from, and that it may be trusted, is the caller's knowledge.
    pub fn parse(metadata: &str) -> Result<IdpDescriptor, IdpError> {
        let doc = xml::parse(metadata).ok_or(IdpError("not XML without a DTD"))?;
        let root = doc
            .document_element()
            .filter(|r| xml::is(&doc, *r, METADATA, "EntityDescriptor"))
            .ok_or(IdpError("no EntityDescriptor"))?;
        let entity_id =
            xml::attribute(&doc, root, "entityID").filter(|e| !e.is_empty()).ok_or(IdpError("no entityID"))?.to_owned();
        let sso = xml::one(&doc, root, METADATA, "IDPSSODescriptor").ok_or(IdpError("no IDPSSODescriptor"))?;
        let location = |binding: &str| {
            let services = xml::children(&doc, sso, METADATA, "SingleSignOnService");
            let found = services.into_iter().find(|s| xml::attribute(&doc, *s, "Binding") == Some(binding));
            found.and_then(|s| xml::attribute(&doc, s, "Location")).map(str::to_owned)
        };
        let certificates = certificates(&doc, sso);
        if certificates.is_empty() {
            return Err(IdpError("no signing certificate"));
        }
        let display_name = display_name(&doc, root).unwrap_or_else(|| entity_id.clone());
        let (sso_post, sso_redirect) = (location(POST), location(REDIRECT));
        if sso_post.is_none() && sso_redirect.is_none() {
            return Err(IdpError("no SingleSignOnService"));
        }
        Ok(IdpDescriptor { entity_id, display_name, sso_post, sso_redirect, certificates })
    }
}

fn certificates(doc: &uppsala::Document<'_>, sso: uppsala::NodeId) -> Vec<Vec<u8>> {
    let signs = |key: &uppsala::NodeId| xml::attribute(doc, *key, "use").is_none_or(|u| u == "signing");
    let keys = xml::children(doc, sso, METADATA, "KeyDescriptor").into_iter().filter(signs);
    let nodes = keys.flat_map(|key| xml::descendants(doc, key)).filter(|n| xml::is(doc, *n, DSIG, "X509Certificate"));
    nodes.filter_map(|n| decode_base64(&xml::text(doc, n)?)).collect()
}

fn display_name(doc: &uppsala::Document<'_>, root: uppsala::NodeId) -> Option<String> {
    let organization = xml::one(doc, root, METADATA, "Organization")?;
    let names = xml::children(doc, organization, METADATA, "OrganizationDisplayName");
    names.first().and_then(|n| xml::text(doc, *n))
}
