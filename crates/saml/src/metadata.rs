//! Metadata of a service provider. The profile is data: a public body of its own, and an aggregator's services for one
//! (AgID, avviso 19), differ in the values of [`Metadata`] only.

use crate::engine::{Engine, SignatureError, template};
use crate::xml::escape;
use crate::{Bergshamra, METADATA, PROTOCOL, Scheme, SpKey, TRANSIENT};

/// The body whose services they are; providers show `display_name` to the person.
#[derive(Clone, Debug)]
pub struct Organization {
    pub name: String,
    pub display_name: String,
    pub url: String,
}

/// A way to reach somebody, and what they are.
#[derive(Clone, Debug)]
pub struct Contact {
    pub role: Role,
    /// The organization's name, or another's where the role is of another.
    pub company: String,
    /// Not a person's.
    pub email: String,
    /// `+39…`, without blanks.
    pub telephone: Option<String>,
}

/// How much an aggregator does for its aggregated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregator {
    /// It authenticates and gives the service; the entity id contains `pub-ag-full`.
    Full,
    /// It authenticates only; the entity id contains `pub-ag-lite`.
    Lite,
}

/// What a contact is, with what each scheme wants to know of it.
#[derive(Clone, Debug)]
pub enum Role {
    /// SPID: a public body with services of its own.
    SpidPublic { ipa_code: String },
    /// SPID: who authenticates for others.
    SpidAggregator { kind: Aggregator, vat_number: String, fiscal_code: String },
    /// SPID: the public body it is done for.
    SpidAggregated { ipa_code: String },
    /// CIE: the public body; `municipality` is its catastale code (`H501`), `ipa_category` is `L6` for municipalities.
    CieAdministrative { ipa_code: String, ipa_category: String, municipality: String },
    /// CIE: a supplier outside the body; the VAT number with its country (`IT…`), the place of its seat as a catastale code.
    CieTechnical { vat_number: String, fiscal_code: String, nace_code: String, municipality: String },
}

/// Attributes asked for together.
#[derive(Clone, Debug)]
pub struct AttributeSet {
    /// 0 is the default; 99 and 100 are eIDAS' minimum and full sets.
    pub index: u16,
    pub service_name: String,
    pub attributes: Vec<&'static str>,
}

const SPID_ATTRIBUTES: [&str; 4] = ["fiscalNumber", "name", "familyName", "dateOfBirth"];
const CIE_ATTRIBUTES: [&str; 4] = ["name", "familyName", "dateOfBirth", "fiscalNumber"];
const EIDAS_MINIMUM: [&str; 5] = ["spidCode", "name", "familyName", "dateOfBirth", "fiscalNumber"];
const EIDAS_MORE: [&str; 3] = ["placeOfBirth", "address", "gender"];

impl AttributeSet {
    /// What a person is recognised by, and no more; with eIDAS' two sets for SPID's metadata, which the eIDAS node reads.
    pub fn of(scheme: Scheme, service_name: &str) -> Vec<AttributeSet> {
        let set = |index, name: &str, attributes: &[&'static str]| AttributeSet {
            index,
            service_name: name.to_owned(),
            attributes: attributes.to_vec(),
        };
        if scheme == Scheme::Cie {
            return vec![set(0, service_name, &CIE_ATTRIBUTES)];
        }
        vec![
            set(0, service_name, &SPID_ATTRIBUTES),
            set(99, "eIDAS Natural Person Minimum Attribute Set", &EIDAS_MINIMUM),
            set(100, "eIDAS Natural Person Full Attribute Set", &[EIDAS_MINIMUM.as_slice(), &EIDAS_MORE].concat()),
        ]
    }
}

/// What a service provider says of itself.
#[derive(Clone, Debug)]
pub struct Metadata {
    pub entity_id: String,
    /// Where responses are posted.
    pub acs_url: String,
    /// Where logout messages come by both bindings.
    pub slo_url: String,
    pub attribute_sets: Vec<AttributeSet>,
    pub organization: Organization,
    pub contacts: Vec<Contact>,
}

impl Metadata {
    /// The signed document. The certificates of all `keys` are listed; the first one signs.
    ///
    /// # Errors
    /// [`SignatureError`] when there is no key, or it cannot be read.
    pub fn signed(&self, keys: &[SpKey]) -> Result<String, SignatureError> {
        self.signed_with(&Bergshamra, keys)
    }

    /// [`Metadata::signed`], by another engine.
    ///
    /// # Errors
    /// The same.
    pub fn signed_with(&self, engine: &dyn Engine, keys: &[SpKey]) -> Result<String, SignatureError> {
        let first = keys.first().ok_or(SignatureError::Key)?;
        engine.sign(&self.document(keys, first), &first.private_key_pem)
    }

    fn document(&self, keys: &[SpKey], signer: &SpKey) -> String {
        // Of the name alone, so that the same metadata are the same bytes.
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.entity_id.as_bytes());
        let id = format!("_{}", hex(&digest.as_ref()[..20]));
        let (entity, acs, slo) = (escape(&self.entity_id), escape(&self.acs_url), escape(&self.slo_url));
        format!(
            "<md:EntityDescriptor xmlns:md=\"{METADATA}\" ID=\"{id}\" entityID=\"{entity}\">{signature}\
             <md:SPSSODescriptor AuthnRequestsSigned=\"true\" WantAssertionsSigned=\"true\" protocolSupportEnumeration=\"{PROTOCOL}\">{keys}\
             <md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"{slo}\"/>\
             <md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{slo}\"/>\
             <md:NameIDFormat>{TRANSIENT}</md:NameIDFormat>\
             <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{acs}\" index=\"0\" isDefault=\"true\"/>{sets}\
             </md:SPSSODescriptor>{organization}{contacts}</md:EntityDescriptor>",
            signature = template(&id, &signer.certificate_base64()),
            keys = keys.iter().map(key_descriptor).collect::<String>(),
            sets = self.attribute_sets.iter().map(attribute_set).collect::<String>(),
            organization = self.organization(),
            contacts = self.contacts.iter().map(contact).collect::<String>(),
        )
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
}

fn attribute_set(set: &AttributeSet) -> String {
    let format = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";
    let requested = |name: &&str| format!("<md:RequestedAttribute Name=\"{name}\" NameFormat=\"{format}\"/>");
    format!(
        "<md:AttributeConsumingService index=\"{}\"><md:ServiceName xml:lang=\"it\">{}</md:ServiceName>{}</md:AttributeConsumingService>",
        set.index,
        escape(&set.service_name),
        set.attributes.iter().map(requested).collect::<String>()
    )
}

/// The elements of a role's extensions in the order of their schema; none stands for an empty one.
fn extensions(role: &Role) -> Vec<(&'static str, Option<&str>)> {
    match role {
        Role::SpidPublic { ipa_code } | Role::SpidAggregated { ipa_code } => {
            vec![("IPACode", Some(ipa_code)), ("Public", None)]
        }
        Role::SpidAggregator { kind, vat_number, fiscal_code } => {
            let kind = match kind {
                Aggregator::Full => "PublicServicesFullAggregator",
                Aggregator::Lite => "PublicServicesLightAggregator",
            };
            vec![("VATNumber", Some(vat_number)), ("FiscalCode", Some(fiscal_code)), (kind, None)]
        }
        Role::CieAdministrative { ipa_code, ipa_category, municipality } => vec![
            ("Public", None),
            ("IPACode", Some(ipa_code)),
            ("IPACategory", Some(ipa_category)),
            ("Municipality", Some(municipality)),
        ],
        Role::CieTechnical { vat_number, fiscal_code, nace_code, municipality } => vec![
            ("Private", None),
            ("VATNumber", Some(vat_number)),
            ("FiscalCode", Some(fiscal_code)),
            ("NACE2Code", Some(nace_code)),
            ("Municipality", Some(municipality)),
        ],
    }
}

/// The contact type, the prefix of the extensions and their namespace, and SPID's entity type where aggregators use it.
fn kind(role: &Role) -> (&'static str, &'static str, &'static str, Option<&'static str>) {
    let (spid, cie) = ("https://spid.gov.it/saml-extensions", "https://www.cartaidentita.interno.gov.it/saml-extensions");
    match role {
        Role::SpidPublic { .. } => ("other", "spid", spid, None),
        Role::SpidAggregator { .. } => ("other", "spid", spid, Some("spid:aggregator")),
        Role::SpidAggregated { .. } => ("other", "spid", spid, Some("spid:aggregated")),
        Role::CieAdministrative { .. } => ("administrative", "cie", cie, None),
        Role::CieTechnical { .. } => ("technical", "cie", cie, None),
    }
}

fn contact(contact: &Contact) -> String {
    let (contact_type, prefix, namespace, entity_type) = kind(&contact.role);
    let element = |(name, text): (&str, Option<&str>)| match text {
        Some(text) => format!("<{prefix}:{name}>{}</{prefix}:{name}>", escape(text)),
        None => format!("<{prefix}:{name}/>"),
    };
    let telephone = contact.telephone.as_ref();
    format!(
        "<md:ContactPerson xmlns:{prefix}=\"{namespace}\" contactType=\"{contact_type}\"{entity}><md:Extensions>{extensions}</md:Extensions>\
         <md:Company>{company}</md:Company><md:EmailAddress>{email}</md:EmailAddress>{telephone}</md:ContactPerson>",
        entity = entity_type.map(|t| format!(" spid:entityType=\"{t}\"")).unwrap_or_default(),
        extensions = extensions(&contact.role).into_iter().map(element).collect::<String>(),
        company = escape(&contact.company),
        email = escape(&contact.email),
        telephone = telephone.map(|t| format!("<md:TelephoneNumber>{}</md:TelephoneNumber>", escape(t))).unwrap_or_default(),
    )
}

pub(crate) fn key_descriptor(key: &SpKey) -> String {
    format!(
        "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
        key.certificate_base64()
    )
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
