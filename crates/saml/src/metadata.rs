//! Metadata of a service provider: the profile is data, so that an aggregator's variant is another value.

use crate::engine::{Engine, SignatureError, template};
use crate::xml::escape;
use crate::{Bergshamra, Scheme, SpKey, TRANSIENT};

#[derive(Clone, Debug)]
pub struct Organization {
    pub name: String,
    pub display_name: String,
    pub url: String,
}

#[derive(Clone, Debug)]
pub struct Contact {
    /// Not a person's.
    pub email: String,
    /// `+39…`, without blanks.
    pub telephone: Option<String>,
    pub ipa_code: String,
    /// The catastale code of the municipality, which CIE asks for: `H501`.
    pub municipality: String,
}

#[derive(Clone, Debug)]
pub struct Metadata {
    pub scheme: Scheme,
    pub entity_id: String,
    pub acs_url: String,
    pub slo_url: String,
    pub service_name: String,
    pub organization: Organization,
    pub contact: Contact,
}

/// Names asked for: little, in the order of the set.
const SPID_ATTRIBUTES: [&str; 4] = ["fiscalNumber", "name", "familyName", "dateOfBirth"];
const CIE_ATTRIBUTES: [&str; 4] = ["name", "familyName", "dateOfBirth", "fiscalNumber"];

impl Metadata {
    /// The signed document. The certificates of all `keys` are listed; the first one signs.
    ///
    /// # Errors
    /// [`SignatureError`] when there is no key, or it cannot be read.
    pub fn signed(&self, keys: &[SpKey]) -> Result<String, SignatureError> {
        let first = keys.first().ok_or(SignatureError::Key)?;
        Bergshamra.sign(&self.document(keys, first), &first.private_key_pem)
    }

    fn document(&self, keys: &[SpKey], signer: &SpKey) -> String {
        let id =
            format!("_{}", hex(&aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.entity_id.as_bytes()).as_ref()[..20]));
        let (entity, acs, slo) = (escape(&self.entity_id), escape(&self.acs_url), escape(&self.slo_url));
        format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"{id}\" entityID=\"{entity}\">{signature}\
             <md:SPSSODescriptor AuthnRequestsSigned=\"true\" WantAssertionsSigned=\"true\" protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}\
             <md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"{slo}\"/>\
             <md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{slo}\"/>\
             <md:NameIDFormat>{TRANSIENT}</md:NameIDFormat>\
             <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{acs}\" index=\"0\" isDefault=\"true\"/>\
             <md:AttributeConsumingService index=\"0\"><md:ServiceName xml:lang=\"it\">{service}</md:ServiceName>{attributes}</md:AttributeConsumingService>\
             </md:SPSSODescriptor>{organization}{contact}</md:EntityDescriptor>",
            signature = template(&id, &signer.certificate_base64()),
            keys = keys.iter().map(key_descriptor).collect::<String>(),
            service = escape(&self.service_name),
            attributes = self.attributes(),
            organization = self.organization(),
            contact = self.contact(),
        )
    }

    fn attributes(&self) -> String {
        let names = if self.scheme == Scheme::Spid { SPID_ATTRIBUTES } else { CIE_ATTRIBUTES };
        let format = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";
        names.iter().map(|name| format!("<md:RequestedAttribute Name=\"{name}\" NameFormat=\"{format}\"/>")).collect()
    }

    fn organization(&self) -> String {
        let (name, display, url) =
            (escape(&self.organization.name), escape(&self.organization.display_name), escape(&self.organization.url));
        format!(
            "<md:Organization><md:OrganizationName xml:lang=\"it\">{name}</md:OrganizationName>\
             <md:OrganizationDisplayName xml:lang=\"it\">{display}</md:OrganizationDisplayName>\
             <md:OrganizationURL xml:lang=\"it\">{url}</md:OrganizationURL></md:Organization>"
        )
    }

    fn contact(&self) -> String {
        let c = &self.contact;
        let (ipa, email, company) = (escape(&c.ipa_code), escape(&c.email), escape(&self.organization.name));
        let telephone =
            c.telephone.as_ref().map(|t| format!("<md:TelephoneNumber>{}</md:TelephoneNumber>", escape(t))).unwrap_or_default();
        match self.scheme {
            Scheme::Spid => format!(
                "<md:ContactPerson contactType=\"other\"><md:Extensions xmlns:spid=\"https://spid.gov.it/saml-extensions\">\
                 <spid:IPACode>{ipa}</spid:IPACode><spid:Public/></md:Extensions><md:Company>{company}</md:Company>\
                 <md:EmailAddress>{email}</md:EmailAddress>{telephone}</md:ContactPerson>"
            ),
            Scheme::Cie => format!(
                "<md:ContactPerson contactType=\"administrative\"><md:Extensions xmlns:cie=\"https://www.cartaidentita.interno.gov.it/saml-extensions\">\
                 <cie:Public/><cie:IPACode>{ipa}</cie:IPACode><cie:IPACategory>L6</cie:IPACategory><cie:Municipality>{}</cie:Municipality>\
                 </md:Extensions><md:Company>{company}</md:Company><md:EmailAddress>{email}</md:EmailAddress>{telephone}</md:ContactPerson>",
                escape(&c.municipality)
            ),
        }
    }
}

fn key_descriptor(key: &SpKey) -> String {
    format!(
        "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
        key.certificate_base64()
    )
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
