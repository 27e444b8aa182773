//! Registries of identity providers: AgID's signed aggregate, or the metadata of one provider.

use jiff::Timestamp;
use uppsala::{Document, NodeId};

use crate::engine::Engine;
use crate::idp::{self, IdpDescriptor, IdpError};
use crate::{Bergshamra, DSIG, METADATA, gate, xml};

/// More than the whole federation takes.
pub const MAX_REGISTRY_BYTES: usize = 8 * 1024 * 1024;

/// A provider of a registry, with its metadata as a document of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub idp: IdpDescriptor,
    pub metadata: String,
}

/// Why a registry is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    #[error("it is not XML without a DTD, or too large")]
    NotXml,
    #[error("it is neither an EntitiesDescriptor nor an EntityDescriptor")]
    AnotherDocument,
    /// An aggregate is never believed without the certificate of who publishes it.
    #[error("a list of providers needs the certificate of who signed it")]
    NoCertificate,
    #[error("it is not signed by the given certificate's key")]
    Signature,
    #[error("its validUntil is over")]
    Over,
    #[error("it lists no identity provider")]
    Empty,
    #[error("two providers have the same entityID")]
    Twice,
    #[error(transparent)]
    Idp(#[from] IdpError),
}

/// Reads a registry whose signature one of the pinned certificates (DER) made. One provider's own metadata may come
/// without a certificate: then the caller vouches for where they are from.
///
/// # Errors
/// [`RegistryError`]; nothing of a registry that is refused may be used.
pub fn read(document: &str, certificates: &[Vec<u8>], now: Timestamp) -> Result<Vec<Listed>, RegistryError> {
    read_with(&Bergshamra, document, certificates, now)
}

/// [`read`], by another engine.
///
/// # Errors
/// The same.
pub fn read_with(
    engine: &dyn Engine,
    document: &str,
    certificates: &[Vec<u8>],
    now: Timestamp,
) -> Result<Vec<Listed>, RegistryError> {
    if document.len() > MAX_REGISTRY_BYTES {
        return Err(RegistryError::NotXml);
    }
    let doc = xml::parse(document).ok_or(RegistryError::NotXml)?;
    let root = doc.document_element().ok_or(RegistryError::NotXml)?;
    let aggregate = xml::is(&doc, root, METADATA, "EntitiesDescriptor");
    if !aggregate && !xml::is(&doc, root, METADATA, "EntityDescriptor") {
        return Err(RegistryError::AnotherDocument);
    }
    let text = match (certificates.is_empty(), aggregate) {
        (true, true) => return Err(RegistryError::NoCertificate),
        (true, false) => canonical(engine, &doc, root)?,
        (false, _) => signed(engine, &doc, document, root, certificates)?,
    };
    // From here on only what was signed is looked at.
    let doc = xml::parse(&text).ok_or(RegistryError::Signature)?;
    let root = doc.document_element().ok_or(RegistryError::Signature)?;
    in_time(&doc, root, now)?;
    let entities = if aggregate { xml::children(&doc, root, METADATA, "EntityDescriptor") } else { vec![root] };
    list(engine, &doc, entities, aggregate, now)
}

fn canonical(engine: &dyn Engine, doc: &Document<'_>, node: NodeId) -> Result<String, RegistryError> {
    let bytes = engine.canonical(doc, node).map_err(|_| RegistryError::Signature)?;
    String::from_utf8(bytes).map_err(|_| RegistryError::Signature)
}

/// The canonical text of the root, when its own signature is of the profile's form and good. Signatures of the providers
/// inside it say nothing here: they are covered like all the rest.
fn signed(
    engine: &dyn Engine,
    doc: &Document<'_>,
    source: &str,
    root: NodeId,
    certificates: &[Vec<u8>],
) -> Result<String, RegistryError> {
    let signature = xml::one(doc, root, DSIG, "Signature").ok_or(RegistryError::Signature)?;
    gate::check_signature(doc, root, signature).map_err(|_| RegistryError::Signature)?;
    if !is_alone_under_its_id(doc, root) {
        return Err(RegistryError::Signature);
    }
    let covered = engine.verify_first(doc, source, certificates).map_err(|_| RegistryError::Signature)?;
    if covered.signature != signature || covered.node != root {
        return Err(RegistryError::Signature);
    }
    canonical(engine, doc, root)
}

/// Whether no other element could be what the signature's reference names. Ids of other elements may be anything.
fn is_alone_under_its_id(doc: &Document<'_>, root: NodeId) -> bool {
    let Some(id) = xml::attribute(doc, root, "ID") else { return false };
    let named = |node: &NodeId| {
        let attributes = doc.element(*node).map(|e| e.attributes.as_slice()).unwrap_or_default();
        attributes.iter().any(|a| a.name.local_name.to_ascii_lowercase().ends_with("id") && a.value == id)
    };
    xml::descendants(doc, root).iter().filter(|node| named(node)).count() == 1
}

fn in_time(doc: &Document<'_>, node: NodeId, now: Timestamp) -> Result<(), RegistryError> {
    if xml::attribute(doc, node, "validUntil").is_none() {
        return Ok(());
    }
    let until = xml::instant(doc, node, "validUntil").ok_or(RegistryError::Over)?;
    if until > now { Ok(()) } else { Err(RegistryError::Over) }
}

/// The identity providers among the entities; in an aggregate, what is over or is none is left out.
fn list(
    engine: &dyn Engine,
    doc: &Document<'_>,
    entities: Vec<NodeId>,
    aggregate: bool,
    now: Timestamp,
) -> Result<Vec<Listed>, RegistryError> {
    let mut listed: Vec<Listed> = Vec::new();
    for entity in entities {
        match idp::read(doc, entity) {
            Ok(idp) if in_time(doc, entity, now).is_ok() => {
                if listed.iter().any(|l| l.idp.entity_id == idp.entity_id) {
                    return Err(RegistryError::Twice);
                }
                listed.push(Listed { idp, metadata: canonical(engine, doc, entity)? });
            }
            Err(error) if !aggregate => return Err(error.into()),
            _ => {}
        }
    }
    if listed.is_empty() { Err(RegistryError::Empty) } else { Ok(listed) }
}
