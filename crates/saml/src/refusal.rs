//! Why a message is not accepted, and the error numbers of SPID's table ("Messaggi di anomalia").

/// What the person did at the identity provider, by the numbers of SPID's error table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserAnomaly {
    /// 19
    WrongCredentials,
    /// 20
    NoCredentialOfTheLevel,
    /// 21
    TimedOut,
    /// 22
    ConsentDenied,
    /// 23
    Suspended,
    /// 25
    Cancelled,
    /// 30
    WrongKindOfIdentity,
}

const NUMBERS: [(u8, UserAnomaly); 7] = [
    (19, UserAnomaly::WrongCredentials),
    (20, UserAnomaly::NoCredentialOfTheLevel),
    (21, UserAnomaly::TimedOut),
    (22, UserAnomaly::ConsentDenied),
    (23, UserAnomaly::Suspended),
    (25, UserAnomaly::Cancelled),
    (30, UserAnomaly::WrongKindOfIdentity),
];

impl UserAnomaly {
    /// The anomaly with this number; none for numbers that are reserved or speak of the request.
    pub fn from_number(number: u8) -> Option<UserAnomaly> {
        NUMBERS.iter().find(|(n, _)| *n == number).map(|(_, anomaly)| *anomaly)
    }

    /// Its number in the table.
    pub fn number(self) -> u8 {
        NUMBERS.iter().find(|(_, a)| *a == self).expect("every anomaly has a number").0
    }
}

/// What a provider found wrong with our request: something for the operator, not for the person.
const REQUEST_ERRORS: [(u8, &str); 11] = [
    (8, "its form is not SAML's"),
    (9, "its Version"),
    (10, "its Issuer"),
    (11, "its ID"),
    (12, "its RequestedAuthnContext"),
    (13, "its IssueInstant"),
    (14, "its Destination"),
    (15, "it asks for IsPassive"),
    (16, "its AssertionConsumerService"),
    (17, "its NameIDPolicy"),
    (18, "its AttributeConsumingServiceIndex"),
];

/// The number of an error of the request, where the provider gave one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestError(pub Option<u8>);

impl std::fmt::Display for RequestError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some(number) = self.0 else { return f.write_str("no number") };
        let known = REQUEST_ERRORS.iter().find(|(n, _)| *n == number).map_or("not in the table", |(_, words)| words);
        write!(f, "number {number}, {known}")
    }
}

/// Why a message is not accepted. The texts are for logs: they hold nothing of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("not a message of the profile: {0}")]
    Shape(&'static str),
    #[error("signature: {0}")]
    Signature(&'static str),
    #[error("content: {0}")]
    Content(&'static str),
    /// The provider says the person did not get in. Such answers are unsigned: they choose a page, nothing else.
    #[error("the person did not get in: number {}", .0.number())]
    Person(UserAnomaly),
    /// The same, and the provider does not say why.
    #[error("the person did not get in, for a reason that is not said")]
    PersonUnsaid,
    /// The provider refused the request: the operator has to look at it.
    #[error("the provider refused the request: {0}")]
    Request(RequestError),
    /// A legal person, or a foreign or malformed code.
    #[error("not the identity of a natural person with an Italian code")]
    WrongIdentity,
}

const AUTHN_FAILED: &str = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed";
const NO_AUTHN_CONTEXT: &str = "urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext";

/// What a status other than success means: by the number in its message, else by its codes, outer one first.
pub(crate) fn of_status(codes: &[&str], message: &str) -> Refusal {
    let number = message.trim().strip_prefix("ErrorCode nr").and_then(|n| n.parse::<u8>().ok());
    if let Some(anomaly) = number.and_then(UserAnomaly::from_number) {
        return Refusal::Person(anomaly);
    }
    let asked_wrongly = number.is_some_and(|n| REQUEST_ERRORS.iter().any(|(known, _)| *known == n));
    match (asked_wrongly, codes.last()) {
        (false, Some(&AUTHN_FAILED)) => Refusal::PersonUnsaid,
        (false, Some(&NO_AUTHN_CONTEXT)) => Refusal::Person(UserAnomaly::NoCredentialOfTheLevel),
        _ => Refusal::Request(RequestError(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_by_its_number_and_else_by_its_codes() {
        let (responder, requester) =
            ("urn:oasis:names:tc:SAML:2.0:status:Responder", "urn:oasis:names:tc:SAML:2.0:status:Requester");
        let (person, request) = (Refusal::Person, |n| Refusal::Request(RequestError(n)));
        for (codes, message, expected) in [
            (&[responder, AUTHN_FAILED][..], "ErrorCode nr19", person(UserAnomaly::WrongCredentials)),
            (&[responder, AUTHN_FAILED], "ErrorCode nr22", person(UserAnomaly::ConsentDenied)),
            (&[responder, AUTHN_FAILED], " ErrorCode nr25 ", person(UserAnomaly::Cancelled)),
            (&[responder], "ErrorCode nr30", person(UserAnomaly::WrongKindOfIdentity)),
            (&[responder, AUTHN_FAILED], "ErrorCode nr24", Refusal::PersonUnsaid),
            (&[responder, AUTHN_FAILED], "", Refusal::PersonUnsaid),
            (&[responder, NO_AUTHN_CONTEXT], "", person(UserAnomaly::NoCredentialOfTheLevel)),
            (&[responder, NO_AUTHN_CONTEXT], "ErrorCode nr12", request(Some(12))),
            (&[requester], "ErrorCode nr08", request(Some(8))),
            (&[requester], "", request(None)),
            (&["urn:oasis:names:tc:SAML:2.0:status:VersionMismatch"], "ErrorCode nr09", request(Some(9))),
            (&[responder], "ErrorCode nr999", request(None)),
        ] {
            assert_eq!(of_status(codes, message), expected, "{codes:?} {message}");
        }
        assert_eq!(request(Some(16)).to_string(), "the provider refused the request: number 16, its AssertionConsumerService");
    }
}
