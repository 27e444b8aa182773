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
    pub fn from_number(number: u8) -> Option<UserAnomaly> {
        NUMBERS.iter().find(|(n, _)| *n == number).map(|(_, anomaly)| *anomaly)
    }

    pub fn number(self) -> u8 {
        NUMBERS.iter().find(|(_, a)| *a == self).expect("every anomaly has a number").0
    }
}

/// Why a response is not accepted. The texts are for logs: they hold nothing of the response.
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
    /// The provider refused the request.
    #[error("the provider answered with an error")]
    Provider,
    /// A legal person, or a foreign or malformed code.
    #[error("not the identity of a natural person with an Italian code")]
    WrongIdentity,
}
