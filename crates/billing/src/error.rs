use kernel::Cents;

/// Why billing refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such document, badge or position, or not this person's: the same words for both.
    #[error("there is no such thing to see")]
    NotVisible,
    #[error("below the smallest amount, {min}")]
    BelowMin { min: Cents },
    #[error("above the largest amount, {max}")]
    AboveMax { max: Cents },
    #[error("between one and {most} pieces")]
    TooManyPieces { most: i64 },
    /// The service of the badge is not prepaid, or the badge is closed.
    #[error("the badge has no wallet to top up")]
    NoWallet,
    /// Nobody to put on the notice: the person has neither a codice fiscale nor a VAT number.
    #[error("the debtor has no tax code")]
    NoDebtorCode,
    #[error("the period ends before it begins")]
    ReversedPeriod,
    #[error("a period holds at most 366 days")]
    PeriodTooLong,
    /// A day to come cannot be charged.
    #[error("the day is not there yet")]
    DayToCome,
    /// Sent to enforcement: not to be paid here any more.
    #[error("sent to enforcement")]
    Enforced,
    #[error("document {key}: {reason}")]
    BadDocument { key: String, reason: &'static str },
    #[error("{0} is already known with other content")]
    SameKeyOtherContent(String),
    #[error("the certificate has a year that is not over, or too far back")]
    NoSuchYear,
    #[error(transparent)]
    Enrolment(#[from] enrolment::Error),
    #[error(transparent)]
    Tariffs(#[from] tariffs::Error),
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    #[error(transparent)]
    Payments(#[from] payments::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Error {
    /// The database's own error, if that is what it is.
    pub fn database(&self) -> Option<&db::Error> {
        match self {
            Error::Db(error)
            | Error::Ledger(ledger::Error::Db(error))
            | Error::Tariffs(tariffs::Error::Db(error))
            | Error::Enrolment(enrolment::Error::Db(error)) => Some(error),
            Error::Payments(error) => error.database(),
            _ => None,
        }
    }
}
