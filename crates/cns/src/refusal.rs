/// Why a certificate does not let anybody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the certificate cannot be read")]
    Unreadable,
    /// Its issuer is not in the trust list, or did not sign it: another authority's look-alike, a forgery.
    #[error("the issuer is not in the trust list")]
    IssuerNotListed,
    #[error("the certificate has expired")]
    Expired,
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// Without the extended key usage of client authentication, or with a key for other uses: the card's other
    /// certificate, that signs documents.
    #[error("the certificate is not for client authentication")]
    NotForSigningIn,
    #[error("the certificate does not have the CNS policy")]
    NoCnsPolicy,
    #[error("the certificate is revoked or suspended")]
    Revoked,
    /// No list of the issuer, none young enough, or none that covers this certificate.
    #[error("no fresh revocation list of the issuer is at hand")]
    RevocationUnknown,
    /// The common name is not `CODICEFISCALE/card.…`, or the code's check character is wrong.
    #[error("the common name does not begin with a codice fiscale")]
    NoFiscalCode,
}

impl Refusal {
    pub const ALL: [Refusal; 9] = [
        Refusal::Unreadable,
        Refusal::IssuerNotListed,
        Refusal::Expired,
        Refusal::NotYetValid,
        Refusal::NotForSigningIn,
        Refusal::NoCnsPolicy,
        Refusal::Revoked,
        Refusal::RevocationUnknown,
        Refusal::NoFiscalCode,
    ];

    /// A stable name, for logs and the catalogue of words.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::Unreadable => "cns-unreadable",
            Refusal::IssuerNotListed => "cns-issuer",
            Refusal::Expired => "cns-expired",
            Refusal::NotYetValid => "cns-not-yet",
            Refusal::NotForSigningIn => "cns-use",
            Refusal::NoCnsPolicy => "cns-policy",
            Refusal::Revoked => "cns-revoked",
            Refusal::RevocationUnknown => "cns-revocation-unknown",
            Refusal::NoFiscalCode => "cns-fiscal-code",
        }
    }
}

/// The chain's refusal in our words; what is no property of the certificate's holder is "not of a listed issuer".
impl From<webpki::Error> for Refusal {
    fn from(error: webpki::Error) -> Refusal {
        use webpki::Error as E;
        match error {
            E::CertExpired { .. } => Refusal::Expired,
            E::CertNotValidYet { .. } => Refusal::NotYetValid,
            E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension | E::CaUsedAsEndEntity => Refusal::NotForSigningIn,
            E::CertRevoked => Refusal::Revoked,
            E::CrlExpired { .. } | E::UnknownRevocationStatus | E::IssuerNotCrlSigner => Refusal::RevocationUnknown,
            E::InvalidCrlSignatureForPublicKey | E::UnsupportedCrlSignatureAlgorithmContext(_) => Refusal::RevocationUnknown,
            E::BadDer | E::BadDerTime | E::UnsupportedCertVersion | E::TrailingData(_) => Refusal::Unreadable,
            _ => Refusal::IssuerNotListed,
        }
    }
}
