//! Identity providers, as their metadata describe them.

use uppsala::{Document, NodeId};

use crate::binding::{Binding, Endpoint};
use crate::keys::decode_base64;
use crate::{DSIG, METADATA, xml};

/// What is trusted of a provider: its name, where it is asked, and the keys it signs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdpDescriptor {
    pub entity_id: String,
    pub display_name: String,
    /// Where it is asked, HTTP-POST first; at least one.
    sso: Vec<Endpoint>,
    /// Where its single logout is reached, HTTP-POST first; may be empty.
    slo: Vec<LogoutEndpoint>,
    /// DER. The metadata is the anchor of trust: chains and dates are not looked at.
    pub certificates: Vec<Vec<u8>>,
}

/// Where logout messages go; answers may have an address of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutEndpoint {
    pub requests: Endpoint,
    pub responses: Endpoint,
}

/// What was to be the metadata of an identity provider is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the metadata of an identity provider: {0}")]
pub struct IdpError(pub(crate) &'static str);

impl IdpDescriptor {
    /// Reads one `EntityDescriptor`. Where it came from, and that it may be trusted, is the caller's knowledge.
    ///
    /// # Errors
    /// [`IdpError`] when a name, a signing certificate or an address to ask at is missing.
    pub fn parse(metadata: &str) -> Result<IdpDescriptor, IdpError> {
        let doc = xml::parse(metadata).ok_or(IdpError("not XML without a DTD"))?;
        let root = doc
            .document_element()
            .filter(|r| xml::is(&doc, *r, METADATA, "EntityDescriptor"))
            .ok_or(IdpError("no EntityDescriptor"))?;
        read(&doc, root)
    }

    /// Where requests are sent: by HTTP-POST where the provider takes it.
    pub fn sso(&self) -> &Endpoint {
        self.sso.first().expect("a descriptor without an address is not made")
    }

    /// Where logout messages are sent: by HTTP-POST where the provider takes it.
    pub fn slo(&self) -> Option<&LogoutEndpoint> {
        self.slo.first()
    }
}

pub(crate) fn read(doc: &Document<'_>, root: NodeId) -> Result<IdpDescriptor, IdpError> {
    let entity_id = xml::attribute(doc, root, "entityID").filter(|e| !e.is_empty()).ok_or(IdpError("no entityID"))?.to_owned();
    let role = xml::one(doc, root, METADATA, "IDPSSODescriptor").ok_or(IdpError("no IDPSSODescriptor"))?;
    let certificates = certificates(doc, role);
    if certificates.is_empty() {
        return Err(IdpError("no signing certificate"));
    }
    let sso: Vec<_> = services(doc, role, "SingleSignOnService").into_iter().map(|s| s.requests).collect();
    if sso.is_empty() {
        return Err(IdpError("no SingleSignOnService"));
    }
    let display_name = display_name(doc, root).unwrap_or_else(|| entity_id.clone());
    Ok(IdpDescriptor { entity_id, display_name, sso, slo: services(doc, role, "SingleLogoutService"), certificates })
}

/// The addresses of a service by the bindings we speak, HTTP-POST first.
pub(crate) fn services(doc: &Document<'_>, role: NodeId, name: &str) -> Vec<LogoutEndpoint> {
    let endpoint = |node: NodeId| {
        let named = xml::attribute(doc, node, "Binding")?;
        let binding = [Binding::Post, Binding::Redirect].into_iter().find(|b| b.uri() == named)?;
        let requests = web_address(xml::attribute(doc, node, "Location")?)?;
        let responses = xml::attribute(doc, node, "ResponseLocation").and_then(web_address).unwrap_or(requests);
        let at = |location: &str| Endpoint { binding, location: location.to_owned() };
        Some(LogoutEndpoint { requests: at(requests), responses: at(responses) })
    };
    let mut found: Vec<_> = xml::children(doc, role, METADATA, name).into_iter().filter_map(endpoint).collect();
    found.sort_by_key(|service| service.requests.binding);
    found
}

/// A browser is only sent to an address of the web.
fn web_address(location: &str) -> Option<&str> {
    let rest = location.strip_prefix("https://").or_else(|| location.strip_prefix("http://"))?;
    (!rest.is_empty() && location.bytes().all(|b| b.is_ascii_graphic())).then_some(location)
}

fn certificates(doc: &Document<'_>, role: NodeId) -> Vec<Vec<u8>> {
    let signs = |key: &NodeId| xml::attribute(doc, *key, "use").is_none_or(|u| u == "signing");
    let keys = xml::children(doc, role, METADATA, "KeyDescriptor").into_iter().filter(signs);
    let nodes = keys.flat_map(|key| xml::descendants(doc, key)).filter(|n| xml::is(doc, *n, DSIG, "X509Certificate"));
    nodes.filter_map(|n| decode_base64(&xml::text(doc, n)?)).collect()
}

fn display_name(doc: &Document<'_>, root: NodeId) -> Option<String> {
    let organization = xml::one(doc, root, METADATA, "Organization")?;
    let names = xml::children(doc, organization, METADATA, "OrganizationDisplayName");
    names.first().and_then(|n| xml::text(doc, *n)).filter(|name| !name.is_empty())
}
