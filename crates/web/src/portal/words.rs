//! Refusals of the money side that a person can act on, by the key of their words.

use crate::refusal::Refusal;

/// The key of the words, or the refusal of the whole page.
pub fn refused(error: billing::Error) -> Result<&'static str, Refusal> {
    use payments::Error as Pay;
    match error {
        billing::Error::Enforced => Ok("pay-error-enforced"),
        billing::Error::NoWallet => Ok("top-up-error-no-wallet"),
        billing::Error::BelowMin { .. } => Ok("top-up-error-below"),
        billing::Error::AboveMax { .. } => Ok("top-up-error-above"),
        billing::Error::TooManyPieces { .. } => Ok("spontaneous-error-too-many"),
        billing::Error::NoDebtorCode => Ok("pay-error-no-code"),
        billing::Error::ReversedPeriod => Ok("error-range-reversed"),
        billing::Error::PeriodTooLong => Ok("error-range-long"),
        billing::Error::Payments(Pay::TooMany) => Ok("pay-error-too-many"),
        billing::Error::Payments(Pay::NothingChosen) => Ok("pay-error-none"),
        billing::Error::Payments(Pay::AlreadyPaid) => Ok("pay-error-paid"),
        billing::Error::Payments(Pay::Cancelled) => Ok("pay-error-cancelled"),
        billing::Error::Payments(Pay::InProgress { .. }) => Ok("pay-error-in-progress"),
        billing::Error::Payments(Pay::WholeAndPart) => Ok("pay-error-whole-and-part"),
        billing::Error::Payments(Pay::NotConfigured) => Ok("pay-error-not-configured"),
        billing::Error::Payments(Pay::SameOriginOtherContent(_)) => Err(Refusal::FormNotValid),
        other => Err(other.into()),
    }
}

impl From<billing::Error> for Refusal {
    fn from(error: billing::Error) -> Refusal {
        use billing::Error as E;
        match error {
            E::Db(e)
            | E::Enrolment(enrolment::Error::Db(e))
            | E::Ledger(ledger::Error::Db(e))
            | E::Payments(payments::Error::Db(e)) => e.into(),
            E::NotVisible | E::Enrolment(_) | E::Payments(payments::Error::NotVisible) | E::NoSuchYear => Refusal::NotFound,
            other => {
                tracing::error!(error = %other, "unexpected");
                Refusal::Unexpected
            }
        }
    }
}

impl From<payments::Error> for Refusal {
    fn from(error: payments::Error) -> Refusal {
        billing::Error::from(error).into()
    }
}

impl From<meals::Error> for Refusal {
    fn from(error: meals::Error) -> Refusal {
        match error {
            meals::Error::Db(e) => e.into(),
            meals::Error::NotVisible | meals::Error::UnknownKind => Refusal::NotFound,
            other => {
                tracing::error!(error = %other, "unexpected");
                Refusal::Unexpected
            }
        }
    }
}

impl From<tariffs::Error> for Refusal {
    fn from(error: tariffs::Error) -> Refusal {
        billing::Error::from(error).into()
    }
}

impl From<paper::Error> for Refusal {
    fn from(error: paper::Error) -> Refusal {
        tracing::error!(%error, "a paper was not made");
        Refusal::Unexpected
    }
}
