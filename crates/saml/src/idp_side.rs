//! The other side of the wire, for test identity providers and for tests: reading a request, signing a response.

use jiff::{SignedDuration, Timestamp};

use uppsala::Document;

use crate::binding::{Binding, Endpoint, Kind, Received};
use crate::engine::{Engine, SignatureError, template};
use crate::keys::{decode_base64, encode_base64};
use crate::metadata::key_descriptor;
use crate::request::whole_seconds;
use crate::xml::escape;
use crate::{ASSERTION, Bergshamra, ENTITY, LEVELS, LogoutEndpoint, PROTOCOL, SpKey, TRANSIENT, idp, xml};

/// A request whose signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedRequest {
    pub id: String,
    pub issuer: String,
    pub destination: String,
    pub level: u8,
    pub attribute_set: u16,
}

/// Reads the issuer of a posted request, to look its certificates up. Nothing is verified yet.
pub fn issuer_of(saml_request: &str) -> Option<String> {
    let text = String::from_utf8(decode_base64(saml_request)?).ok()?;
    let doc = xml::parse(&text)?;
    let issuer = xml::one(&doc, doc.document_element()?, ASSERTION, "Issuer")?;
    xml::text(&doc, issuer)
}

/// Reads a posted request, signed by one of these certificates (DER).
pub fn read_request(saml_request: &str, certificates: &[Vec<u8>]) -> Option<ReceivedRequest> {
    let text = String::from_utf8(decode_base64(saml_request)?).ok()?;
    let doc = xml::parse(&text)?;
    let root = doc.document_element()?;
    let covered = Bergshamra.verify(&doc, &text, certificates).ok()?;
    if covered.len() != 1 || covered[0].node != root {
        return None;
    }
    request(&doc)
}

/// The issuer of a request that came by HTTP-Redirect, from the query as it came. Nothing is verified yet.
pub fn issuer_of_query(query: &str) -> Option<String> {
    issuer_of(&encode_base64(Received::parse(query).ok()?.xml.as_bytes()))
}

/// Reads a request that came by HTTP-Redirect, and its relay state.
pub fn read_query(query: &str, certificates: &[Vec<u8>]) -> Option<(ReceivedRequest, String)> {
    let received = Received::parse(query).ok().filter(|r| r.kind == Kind::Request)?;
    received.verify(certificates).ok()?;
    Some((request(&xml::parse(&received.xml)?)?, received.relay_state.unwrap_or_default()))
}

fn request(doc: &Document<'_>) -> Option<ReceivedRequest> {
    let root = doc.document_element().filter(|r| xml::is(doc, *r, PROTOCOL, "AuthnRequest"))?;
    let attribute = |name: &str| xml::attribute(doc, root, name).map(str::to_owned);
    let issuer = xml::text(doc, xml::one(doc, root, ASSERTION, "Issuer")?)?;
    let context = xml::one(doc, root, PROTOCOL, "RequestedAuthnContext")?;
    let class = xml::text(doc, xml::one(doc, context, ASSERTION, "AuthnContextClassRef")?)?;
    let level = LEVELS.iter().find(|(_, uri)| *uri == class).map(|(level, _)| *level)?;
    let attribute_set = attribute("AttributeConsumingServiceIndex")?.parse().ok()?;
    Some(ReceivedRequest { id: attribute("ID")?, issuer, destination: attribute("Destination")?, level, attribute_set })
}

/// A response to be. Every field can be set apart, so that a test can bend one at a time.
#[derive(Clone, Debug)]
pub struct ResponseDraft {
    pub idp_entity_id: String,
    pub sp_entity_id: String,
    pub acs_url: String,
    pub in_response_to: String,
    /// NCNames, random.
    pub response_id: String,
    pub assertion_id: String,
    pub name_id: String,
    pub level: u8,
    pub issued_at: Timestamp,
    pub attributes: Vec<(String, String)>,
    /// CIE's provider leaves the format of the issuer out.
    pub issuer_format: bool,
    /// Where the provider keeps a session of its own: at level 1.
    pub session_index: Option<String>,
}

impl ResponseDraft {
    /// A response with a signed assertion, in base64.
    pub fn signed(&self, key: &SpKey) -> Result<String, SignatureError> {
        let unsigned = self.document(&template(&self.assertion_id, &key.certificate_base64()));
        Ok(encode_base64(Bergshamra.sign(&unsigned, &key.private_key_pem)?.as_bytes()))
    }

    /// A response that nobody signed, in base64: to be refused.
    pub fn unsigned(&self) -> String {
        encode_base64(self.document("").as_bytes())
    }

    /// The document, with this in place of the assertion's signature.
    pub fn document(&self, signature: &str) -> String {
        let (at, until) = (whole_seconds(self.issued_at), whole_seconds(self.issued_at + SignedDuration::from_mins(5)));
        let (idp, sp, acs, request) =
            (escape(&self.idp_entity_id), escape(&self.sp_entity_id), escape(&self.acs_url), escape(&self.in_response_to));
        let format = if self.issuer_format { format!(" Format=\"{ENTITY}\"") } else { String::new() };
        let class = LEVELS.iter().find(|(level, _)| *level == self.level).map_or(LEVELS[1].1, |(_, uri)| uri);
        let attributes: String = self.attributes.iter().map(|(name, value)| attribute(name, value)).collect();
        format!(
            "<samlp:Response xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{response}\" Version=\"2.0\" IssueInstant=\"{at}\" InResponseTo=\"{request}\" Destination=\"{acs}\">\
             <saml:Issuer{format}>{idp}</saml:Issuer>\
             <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>\
             <saml:Assertion ID=\"{assertion}\" Version=\"2.0\" IssueInstant=\"{at}\"><saml:Issuer{format}>{idp}</saml:Issuer>{signature}\
             <saml:Subject><saml:NameID Format=\"{TRANSIENT}\" NameQualifier=\"{idp}\">{name_id}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml:SubjectConfirmationData Recipient=\"{acs}\" NotOnOrAfter=\"{until}\" InResponseTo=\"{request}\"/></saml:SubjectConfirmation></saml:Subject>\
             <saml:Conditions NotBefore=\"{at}\" NotOnOrAfter=\"{until}\"><saml:AudienceRestriction><saml:Audience>{sp}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
             <saml:AuthnStatement AuthnInstant=\"{at}\"{session}><saml:AuthnContext><saml:AuthnContextClassRef>{class}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>\
             <saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion></samlp:Response>",
            response = self.response_id,
            assertion = self.assertion_id,
            name_id = escape(&self.name_id),
            session = self.session_index.as_ref().map(|s| format!(" SessionIndex=\"{}\"", escape(s))).unwrap_or_default(),
        )
    }

    /// An unsigned answer that says the person did not get in, as providers send it; in base64. Numbers up to 18 speak of
    /// the request.
    pub fn refusal(&self, number: u8) -> String {
        let (at, idp, acs, request) =
            (whole_seconds(self.issued_at), escape(&self.idp_entity_id), escape(&self.acs_url), escape(&self.in_response_to));
        let (code, below) = if number < 19 { ("Requester", "RequestUnsupported") } else { ("Responder", "AuthnFailed") };
        let document = format!(
            "<samlp:Response xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{at}\" InResponseTo=\"{request}\" Destination=\"{acs}\">\
             <saml:Issuer Format=\"{ENTITY}\">{idp}</saml:Issuer><samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:{code}\">\
             <samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:{below}\"/></samlp:StatusCode><samlp:StatusMessage>ErrorCode nr{number:02}</samlp:StatusMessage></samlp:Status></samlp:Response>",
            id = self.response_id
        );
        encode_base64(document.as_bytes())
    }
}

fn attribute(name: &str, value: &str) -> String {
    format!(
        "<saml:Attribute Name=\"{}\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\"><saml:AttributeValue>{}</saml:AttributeValue></saml:Attribute>",
        escape(name),
        escape(value)
    )
}

pub use crate::engine::template as signature_template;

/// What a provider says of itself.
#[derive(Clone, Debug)]
pub struct IdpMetadata<'a> {
    pub entity_id: &'a str,
    pub display_name: &'a str,
    /// Where it is asked.
    pub sso: &'a [Endpoint],
    /// Where logout messages go; may be empty.
    pub slo: &'a [Endpoint],
    /// At least one.
    pub keys: &'a [SpKey],
}

impl IdpMetadata<'_> {
    /// The document, not signed: a registry signs the whole of it.
    pub fn document(&self) -> String {
        let (entity, name) = (escape(self.entity_id), escape(self.display_name));
        let endpoint = |element: &str, at: &Endpoint| {
            format!("<md:{element} Binding=\"{}\" Location=\"{}\"/>", at.binding.uri(), escape(&at.location))
        };
        format!(
            "<md:EntityDescriptor xmlns:md=\"{md}\" entityID=\"{entity}\"><md:IDPSSODescriptor WantAuthnRequestsSigned=\"true\" protocolSupportEnumeration=\"{PROTOCOL}\">{keys}{slo}\
             <md:NameIDFormat>{TRANSIENT}</md:NameIDFormat>{sso}</md:IDPSSODescriptor>\
             <md:Organization><md:OrganizationName xml:lang=\"it\">{name}</md:OrganizationName><md:OrganizationDisplayName xml:lang=\"it\">{name}</md:OrganizationDisplayName>\
             <md:OrganizationURL xml:lang=\"it\">{entity}</md:OrganizationURL></md:Organization></md:EntityDescriptor>",
            md = crate::METADATA,
            keys = self.keys.iter().map(key_descriptor).collect::<String>(),
            slo = self.slo.iter().map(|at| endpoint("SingleLogoutService", at)).collect::<String>(),
            sso = self.sso.iter().map(|at| endpoint("SingleSignOnService", at)).collect::<String>(),
        )
    }
}

/// The metadata of a provider that is asked by HTTP-POST at this address.
pub fn metadata(entity_id: &str, display_name: &str, sso_url: &str, key: &SpKey) -> String {
    let sso = [Endpoint { binding: Binding::Post, location: sso_url.to_owned() }];
    IdpMetadata { entity_id, display_name, sso: &sso, slo: &[], keys: std::slice::from_ref(key) }.document()
}

/// A registry of these documents, signed as a whole.
///
/// # Errors
/// [`SignatureError`] when the key cannot be used.
pub fn signed_registry(documents: &[String], key: &SpKey) -> Result<String, SignatureError> {
    let signature = template("_registry", &key.certificate_base64());
    let unsigned = format!(
        "<md:EntitiesDescriptor xmlns:md=\"{}\" ID=\"_registry\" Name=\"prova\">{signature}{}</md:EntitiesDescriptor>",
        crate::METADATA,
        documents.concat()
    );
    Bergshamra.sign(&unsigned, &key.private_key_pem)
}

/// A service provider, as its metadata describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceProvider {
    pub entity_id: String,
    /// Where responses are posted: the default assertion consumer service.
    pub acs_url: String,
    /// Where logout messages go, HTTP-POST first; may be empty.
    pub slo: Vec<LogoutEndpoint>,
    /// DER.
    pub certificates: Vec<Vec<u8>>,
}

/// Reads the metadata of a service provider whose own signature is good.
pub fn service_provider(metadata: &str) -> Option<ServiceProvider> {
    let doc = xml::parse(metadata)?;
    let root = doc.document_element().filter(|r| xml::is(&doc, *r, crate::METADATA, "EntityDescriptor"))?;
    let sso = xml::one(&doc, root, crate::METADATA, "SPSSODescriptor")?;
    let keys = xml::descendants(&doc, sso).into_iter().filter(|n| xml::is(&doc, *n, crate::DSIG, "X509Certificate"));
    let certificates: Vec<_> = keys.filter_map(|n| decode_base64(&xml::text(&doc, n)?)).collect();
    let covered = Bergshamra.verify(&doc, metadata, &certificates).ok()?;
    if covered.len() != 1 || covered[0].node != root {
        return None;
    }
    let services = xml::children(&doc, sso, crate::METADATA, "AssertionConsumerService");
    let acs = services.into_iter().find(|s| xml::attribute(&doc, *s, "isDefault") == Some("true"))?;
    let attribute = |node, name: &str| xml::attribute(&doc, node, name).map(str::to_owned);
    Some(ServiceProvider {
        entity_id: attribute(root, "entityID")?,
        acs_url: attribute(acs, "Location")?,
        slo: idp::services(&doc, sso, "SingleLogoutService"),
        certificates,
    })
}
