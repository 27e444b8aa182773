/// What accounts with passwords refuse.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No business of the registry has this VAT number.
    #[error("no business of the registry has this VAT number")]
    UnknownBusiness,
    #[error("not a mail address")]
    MailAddress,
    /// There is no such account, or no such grant.
    #[error("there is no such account")]
    UnknownAccount,
    /// A link that was used, is too old, or never was.
    #[error("the link is not valid any more")]
    LinkNotValid,
    /// Nobody's right password waits for this code: too late, or the browser is another.
    #[error("no sign-in waits for a code")]
    NotPending,
    #[error("the password is refused: {0:?}")]
    Weak(super::Weakness),
    /// More passwords are being checked than this machine can; nothing was decided.
    #[error("too many passwords at once")]
    Busy,
    /// The key of a second factor cannot be opened: the key file is another.
    #[error("a sealed key cannot be opened")]
    Sealed,
    #[error("a stored password hash cannot be read")]
    Hash,
    #[error("the file of breached passwords cannot be read: {0}")]
    Breached(#[from] std::io::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<crate::Error> for Error {
    fn from(crate::Error::Db(error): crate::Error) -> Error {
        Error::Db(error)
    }
}

impl From<enrolment::Error> for Error {
    fn from(error: enrolment::Error) -> Error {
        match error {
            enrolment::Error::Db(error) => Error::Db(error),
            other => Error::Db(db::Error::Other(other.to_string())),
        }
    }
}
