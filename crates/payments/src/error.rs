use kernel::Instant;

/// Why payments refuse.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such position or cart, or not this person's: the same words for both.
    #[error("there is no such thing to pay")]
    NotVisible,
    #[error("a cart holds at most five notices")]
    TooMany,
    #[error("nothing was chosen")]
    NothingChosen,
    #[error("already paid")]
    AlreadyPaid,
    #[error("cancelled by the office")]
    Cancelled,
    /// Another attempt to pay is under way.
    #[error("being paid until {until}")]
    InProgress { until: Instant },
    /// The tenant takes no online payments.
    #[error("the tenant has no pagoPA settings")]
    NotConfigured,
    /// The same form or instalment asked before for something else.
    #[error("{0} already asked for another payment")]
    SameOriginOtherContent(String),
    /// No money of the receipt waits for a decision.
    #[error("no money of this receipt is held")]
    NotHeld,
    /// Matched with another notice, or given back.
    #[error("the receipt was dealt with before, in another way")]
    AlreadyResolved,
    /// A notice for the whole and one for a part of the same debt.
    #[error("the whole and a part of it together")]
    WholeAndPart,
    #[error("a debt above zero and with words is needed: {0}")]
    Malformed(&'static str),
    #[error(transparent)]
    Notice(#[from] pagopa::NoticeError),
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Error {
    /// The database's own error, if that is what it is.
    pub fn database(&self) -> Option<&db::Error> {
        match self {
            Error::Db(error) | Error::Ledger(ledger::Error::Db(error)) => Some(error),
            _ => None,
        }
    }

    /// Whether the same work may be tried again at once.
    pub fn is_retryable(&self) -> bool {
        self.database().is_some_and(db::Error::is_retryable)
    }
}
