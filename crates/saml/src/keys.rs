//! Keys and self-signed certificates of service providers (AgID, avviso 29).

use rcgen::string::Ia5String;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue, KeyPair, KeyUsagePurpose, RsaKeySize};
use serde::{Deserialize, Serialize};

/// A private key with its certificate, both PEM.
#[derive(Clone, Serialize, Deserialize)]
pub struct SpKey {
    pub private_key_pem: String,
    pub certificate_pem: String,
}

impl std::fmt::Debug for SpKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SpKey(…)")
    }
}

/// Who the certificate is of.
#[derive(Clone, Debug)]
pub struct Subject {
    pub common_name: String,
    pub organization: String,
    pub city: String,
    /// Of the index of public administrations: `c_h501`.
    pub ipa_code: String,
    /// The entity id the certificate is for.
    pub entity_id: String,
}

#[derive(Debug, thiserror::Error)]
#[error("the key or certificate cannot be made or read: {0}")]
pub struct KeyError(String);

/// organizationIdentifier, and uri, of X.520.
const ORGANIZATION_IDENTIFIER: [u64; 4] = [2, 5, 4, 97];
const URI: [u64; 4] = [2, 5, 4, 83];
/// Certificate policies: a public service provider's certificate (1.3.76.16.4.2.1) under AgID's root (1.3.76.16.6).
const POLICIES_OID: [u64; 4] = [2, 5, 29, 32];
const BASIC_CONSTRAINTS_OID: [u64; 4] = [2, 5, 29, 19];

impl SpKey {
    /// A new RSA key of 3072 bits with a certificate of its own for `years` years from the first day of `first_year`.
    pub fn generate(subject: &Subject, first_year: i32, years: i32) -> Result<SpKey, KeyError> {
        let failed = |e: rcgen::Error| KeyError(e.to_string());
        let key = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_3072).map_err(failed)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = name(subject)?;
        params.not_before = rcgen::date_time_ymd(first_year, 1, 1);
        params.not_after = rcgen::date_time_ymd(first_year + years, 1, 1);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
        // No CA, and not critical: the rules ask for it, and the library would write it as critical.
        let no_ca = CustomExtension::from_oid_content(&BASIC_CONSTRAINTS_OID, der(SEQUENCE, &[]));
        params.custom_extensions = vec![no_ca, CustomExtension::from_oid_content(&POLICIES_OID, policies())];
        let certificate = params.self_signed(&key).map_err(failed)?;
        Ok(SpKey { private_key_pem: key.serialize_pem(), certificate_pem: certificate.pem() })
    }

    /// The certificate as metadata carries it: base64 without lines.
    pub fn certificate_base64(&self) -> String {
        self.certificate_pem.lines().filter(|l| !l.starts_with("-----")).collect()
    }

    pub fn certificate_der(&self) -> Result<Vec<u8>, KeyError> {
        decode_base64(&self.certificate_base64()).ok_or(KeyError("not base64".to_owned()))
    }
}

fn name(subject: &Subject) -> Result<DistinguishedName, KeyError> {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, &subject.common_name);
    name.push(DnType::OrganizationName, &subject.organization);
    name.push(DnType::CountryName, "IT");
    name.push(DnType::LocalityName, &subject.city);
    name.push(DnType::from_oid(&ORGANIZATION_IDENTIFIER), format!("PA:IT-{}", subject.ipa_code));
    let uri = Ia5String::try_from(subject.entity_id.as_str()).map_err(|e| KeyError(e.to_string()))?;
    name.push(DnType::from_oid(&URI), DnValue::Ia5String(uri));
    Ok(name)
}

/// The two policies with the words the rules give them, in DER.
fn policies() -> Vec<u8> {
    // 1.3 is 0x2b, 76 is 0x4c
    let both = [policy(&[0x2b, 0x4c, 0x10, 0x06], "agIDcert"), policy(&[0x2b, 0x4c, 0x10, 0x04, 0x02, 0x01], "cert_SP_Pub")];
    der(SEQUENCE, &both.concat())
}

const SEQUENCE: u8 = 0x30;
const IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
/// 1.3.6.1.5.5.7.2.2: a notice to the user.
const USER_NOTICE: [u8; 8] = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x02];

fn policy(identifier: &[u8], words: &str) -> Vec<u8> {
    let notice = der(SEQUENCE, &der(UTF8_STRING, words.as_bytes()));
    let qualifier = der(SEQUENCE, &[der(IDENTIFIER, &USER_NOTICE), notice].concat());
    der(SEQUENCE, &[der(IDENTIFIER, identifier), der(SEQUENCE, &qualifier)].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).ok().filter(|l| *l < 0x80).expect("our contents are short");
    [&[tag, length], content].concat()
}

/// The certificates of a PEM file, in DER; what is not one is left out.
pub fn certificates_of_pem(text: &str) -> Vec<Vec<u8>> {
    let parts = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    parts
        .filter_map(|part| decode_base64(part.split("-----END CERTIFICATE-----").next()?))
        .filter(|der| !der.is_empty())
        .collect()
}

/// The public key of a certificate, both in DER.
pub(crate) fn public_key(certificate_der: &[u8]) -> Option<Vec<u8>> {
    bergshamra::keys::loader::load_x509_cert_der(certificate_der).ok()?.to_spki_der()
}

pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    base64::engine::general_purpose::STANDARD.decode(packed).ok()
}

pub(crate) fn encode_base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
