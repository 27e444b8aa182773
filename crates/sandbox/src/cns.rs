//! A throw-away authority of national services cards: cards to try with, its revocation list, a server's certificate.
//! Also those cards that must not open anything, for the tests.

use jiff::SignedDuration;
use kernel::Instant;
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, CustomExtension, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SanType,
    SerialNumber,
};

/// The certificate policies extension, and 1.3.76.16.2.1 inside a sequence of one policy, in DER.
const POLICIES: [u64; 4] = [2, 5, 29, 32];
const CNS_POLICY: [u8; 11] = [0x30, 0x09, 0x30, 0x07, 0x06, 0x05, 0x2b, 0x4c, 0x10, 0x02, 0x01];
const GIVEN_NAME: [u64; 4] = [2, 5, 4, 42];
const SURNAME: [u64; 4] = [2, 5, 4, 4];

#[derive(Debug, thiserror::Error)]
#[error("the certificate cannot be made: {0}")]
pub struct CardError(#[from] rcgen::Error);

/// Issues certificates; its own key is never written anywhere.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub certificate_pem: String,
}

/// A certificate with its key, both PEM; and the certificate alone in DER.
#[derive(Clone, Debug)]
pub struct Issued {
    pub certificate_pem: String,
    pub private_key_pem: String,
    pub certificate_der: Vec<u8>,
    pub serial: u64,
}

/// What a card says. [`CardDraft::of`] makes a good one, whose fields a test then spoils.
#[derive(Clone, Debug)]
pub struct CardDraft {
    pub common_name: String,
    pub name: String,
    pub family_name: String,
    pub serial: u64,
    pub from: Instant,
    pub until: Instant,
    pub cns_policy: bool,
    pub client_authentication: bool,
    /// The key is for signing documents, as that of a card's other certificate.
    pub for_documents: bool,
}

impl CardDraft {
    /// A card of six years, in force since yesterday.
    pub fn of(fiscal_code: &str, name: &str, family_name: &str, serial: u64, now: Instant) -> CardDraft {
        CardDraft {
            common_name: format!("{fiscal_code}/{serial:016}.prova="),
            name: name.to_owned(),
            family_name: family_name.to_owned(),
            serial,
            from: now - SignedDuration::from_hours(24),
            until: now + SignedDuration::from_hours(6 * 365 * 24),
            cns_policy: true,
            client_authentication: true,
            for_documents: false,
        }
    }
}

impl Authority {
    /// An authority of this name, with a certificate of its own for ten years from yesterday.
    pub fn generate(name: &str, now: Instant) -> Result<Authority, CardError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CountryName, "IT");
        params.distinguished_name.push(DnType::OrganizationName, "Campanella, prova");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) =
            between(now - SignedDuration::from_hours(24), now + SignedDuration::from_hours(10 * 365 * 24));
        let key = KeyPair::generate()?;
        let certificate_pem = params.self_signed(&key)?.pem();
        Ok(Authority { issuer: Issuer::new(params, key), certificate_pem })
    }

    pub fn card(&self, draft: &CardDraft) -> Result<Issued, CardError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CountryName, "IT");
        params.distinguished_name.push(DnType::CommonName, &draft.common_name);
        params.distinguished_name.push(DnType::from_oid(&GIVEN_NAME), &draft.name);
        params.distinguished_name.push(DnType::from_oid(&SURNAME), &draft.family_name);
        params.serial_number = Some(SerialNumber::from(draft.serial));
        (params.not_before, params.not_after) = between(draft.from, draft.until);
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages =
            vec![if draft.for_documents { KeyUsagePurpose::ContentCommitment } else { KeyUsagePurpose::DigitalSignature }];
        let usage = if draft.client_authentication {
            ExtendedKeyUsagePurpose::ClientAuth
        } else {
            ExtendedKeyUsagePurpose::EmailProtection
        };
        params.extended_key_usages = vec![usage];
        if draft.cns_policy {
            params.custom_extensions = vec![CustomExtension::from_oid_content(&POLICIES, CNS_POLICY.to_vec())];
        }
        self.issue(params, draft.serial)
    }

    /// A server's certificate for these names and addresses.
    pub fn server(&self, names: &[&str], now: Instant) -> Result<Issued, CardError> {
        self.host(names, ExtendedKeyUsagePurpose::ServerAuth, now)
    }

    /// A certificate with which a program of these names makes itself known to a server.
    pub fn client(&self, names: &[&str], now: Instant) -> Result<Issued, CardError> {
        self.host(names, ExtendedKeyUsagePurpose::ClientAuth, now)
    }

    fn host(&self, names: &[&str], usage: ExtendedKeyUsagePurpose, now: Instant) -> Result<Issued, CardError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or_default());
        for name in names {
            let san = match name.parse() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(Ia5String::try_from(*name)?),
            };
            params.subject_alt_names.push(san);
        }
        (params.not_before, params.not_after) =
            between(now - SignedDuration::from_hours(1), now + SignedDuration::from_hours(365 * 24));
        params.extended_key_usages = vec![usage];
        params.serial_number = Some(SerialNumber::from(1));
        self.issue(params, 1)
    }

    /// A revocation list in DER that names these serial numbers.
    pub fn crl(&self, revoked: &[u64], this_update: Instant, next_update: Instant) -> Result<Vec<u8>, CardError> {
        let (this_update, next_update) = between(this_update, next_update);
        let revoke = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: this_update,
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update,
            next_update,
            crl_number: SerialNumber::from(this_update.unix_timestamp().unsigned_abs()),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(revoke).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(params.signed_by(&self.issuer)?.der().to_vec())
    }

    fn issue(&self, params: CertificateParams, serial: u64) -> Result<Issued, CardError> {
        let key = KeyPair::generate()?;
        let certificate: Certificate = params.signed_by(&key, &self.issuer)?;
        let certificate_der = certificate.der().to_vec();
        Ok(Issued { certificate_pem: certificate.pem(), private_key_pem: key.serialize_pem(), certificate_der, serial })
    }
}

type Moment = time::OffsetDateTime;

fn between(from: Instant, until: Instant) -> (Moment, Moment) {
    let moment = |at: Instant| Moment::from_unix_timestamp(at.as_second()).expect("the dates of certificates are in range");
    (moment(from), moment(until))
}
