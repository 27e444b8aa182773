//! XML signatures behind a small surface, so that another engine can take the place of this one.

use bergshamra::dsig::verify as dsig;
use bergshamra::keys::loader::{load_rsa_private_pem, load_x509_cert_der};
use bergshamra::xml::nodeset::NodeSet;
use bergshamra::{DsigContext, KeysManager, VerifyResult};
use uppsala::{Document, NodeId};

/// A signature that was verified, and the node it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covered {
    pub signature: NodeId,
    pub node: NodeId,
}

/// Why something could not be signed, or a signature is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("a key or certificate cannot be read")]
    Key,
    #[error("the message cannot be signed")]
    Sign,
    #[error("a signature does not verify")]
    Invalid,
}

/// What the crate needs of an engine. It is asked only about documents that have passed the structural gate, and never
/// decides who a person is: the crate compares the covered node itself and reads from its canonical bytes.
pub trait Engine {
    /// Fills the first signature template of the document.
    fn sign(&self, template: &str, private_key_pem: &str) -> Result<String, SignatureError>;
    /// Verifies every signature of the document with exactly these certificates' keys; all must be good.
    fn verify(&self, doc: &Document<'_>, source: &str, certificates: &[Vec<u8>]) -> Result<Vec<Covered>, SignatureError>;
    /// Verifies the first signature of the document, in document order, and no other: a registry's own, before those of
    /// the providers in it.
    fn verify_first(&self, doc: &Document<'_>, source: &str, certificates: &[Vec<u8>]) -> Result<Covered, SignatureError>;
    /// The exclusive canonical form, without comments, of a node.
    fn canonical(&self, doc: &Document<'_>, node: NodeId) -> Result<Vec<u8>, SignatureError>;
}

/// The engine in use.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bergshamra;

impl Engine for Bergshamra {
    fn sign(&self, template: &str, private_key_pem: &str) -> Result<String, SignatureError> {
        let mut keys = KeysManager::new();
        keys.add_key(load_rsa_private_pem(private_key_pem.as_bytes()).map_err(|_| SignatureError::Key)?);
        bergshamra::sign(&context(keys), template).map_err(|_| SignatureError::Sign)
    }

    fn verify(&self, doc: &Document<'_>, source: &str, certificates: &[Vec<u8>]) -> Result<Vec<Covered>, SignatureError> {
        with_one_of(certificates, |context| {
            let verified = dsig::verify_all_document_with_source(context, doc, Some(source));
            verified.map_err(|_| SignatureError::Invalid).and_then(|results| results.iter().map(covered).collect())
        })
    }

    fn verify_first(&self, doc: &Document<'_>, source: &str, certificates: &[Vec<u8>]) -> Result<Covered, SignatureError> {
        with_one_of(certificates, |context| {
            let verified = dsig::verify_document_with_source(context, doc, Some(source));
            covered(&verified.map_err(|_| SignatureError::Invalid)?)
        })
    }

    fn canonical(&self, doc: &Document<'_>, node: NodeId) -> Result<Vec<u8>, SignatureError> {
        let nodes = NodeSet::tree_without_comments(node, doc);
        let none: [&str; 0] = [];
        bergshamra::c14n::exclusive::canonicalize(doc, false, Some(&nodes), &none).map_err(|_| SignatureError::Invalid)
    }
}

/// One manager per key: a signature is good when one of the pinned keys made it.
fn with_one_of<T>(
    certificates: &[Vec<u8>],
    verify: impl Fn(&DsigContext) -> Result<T, SignatureError>,
) -> Result<T, SignatureError> {
    let mut last = Err(SignatureError::Invalid);
    for certificate in certificates {
        let mut keys = KeysManager::new();
        keys.add_key(load_x509_cert_der(certificate).map_err(|_| SignatureError::Key)?);
        last = verify(&context(keys));
        if last.is_ok() {
            break;
        }
    }
    last
}

/// Trusted keys only, references in place; attributes named `ID` are ids without being told.
fn context(keys: KeysManager) -> DsigContext {
    DsigContext::new(keys)
}

fn covered(result: &VerifyResult) -> Result<Covered, SignatureError> {
    let VerifyResult::Valid { signature_node, references, .. } = result else { return Err(SignatureError::Invalid) };
    match references.as_slice() {
        [only] if only.digest_verified => {
            let node = only.resolved_node.ok_or(SignatureError::Invalid)?;
            Ok(Covered { signature: *signature_node, node })
        }
        _ => Err(SignatureError::Invalid),
    }
}

/// An enveloped signature over the element with this ID, to be filled by [`Engine::sign`].
pub fn template(id: &str, certificate_base64: &str) -> String {
    format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>\
         <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
         <ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>\
         <ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>\
         <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><ds:DigestValue></ds:DigestValue>\
         </ds:Reference></ds:SignedInfo><ds:SignatureValue></ds:SignatureValue>\
         <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate_base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    )
}
