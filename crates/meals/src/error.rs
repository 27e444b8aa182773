use kernel::Instant;

/// What meals refuse.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not this person's, or not there: the same answer.
    #[error("not visible")]
    NotVisible,
    /// The last day is before the first.
    #[error("the days are reversed")]
    Reversed,
    /// More days at once than are taken.
    #[error("more than {most} days at once")]
    TooManyDays { most: i32 },
    /// The tenant has no such kind of absence.
    #[error("an unknown kind of absence")]
    UnknownKind,
    /// Nothing of it can be undone any more.
    #[error("it could be undone until {closed_at}")]
    TooLate { closed_at: Instant },
    /// The day can still change: reports for it are taken until then.
    #[error("the day is open until {until}")]
    DayStillOpen { until: Instant },
    /// An override of an accepted report says why.
    #[error("an override needs a reason")]
    NoReason,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<enrolment::Error> for Error {
    fn from(refusal: enrolment::Error) -> Error {
        match refusal {
            enrolment::Error::Db(error) => Error::Db(error),
            _ => Error::NotVisible,
        }
    }
}

/// Refuses reversed ranges and those of more than `most` days.
pub(crate) fn check_range(first: kernel::Day, last: kernel::Day, most: i32) -> Result<(), Error> {
    if last < first {
        return Err(Error::Reversed);
    }
    let days = (last - first).get_days() + 1;
    if days > most { Err(Error::TooManyDays { most }) } else { Ok(()) }
}
