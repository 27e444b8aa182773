use kernel::Day;

/// Why a plan is not read or a day is not rated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("plan {plan} has no price for these facts")]
    NoPrice { plan: String },
    #[error("plan {plan} is not in force on {on}")]
    NotInForce { plan: String, on: Day },
    #[error("plan {plan}: {reason}")]
    BadPlan { plan: String, reason: String },
    #[error(transparent)]
    Db(#[from] db::Error),
}
