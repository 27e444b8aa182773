/// Why an import could not even be tried to its end. What is wrong with the files is in the report instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the folder has no comune.csv, and no Comune was named")]
    NoTenant,
    #[error(transparent)]
    Enrolment(#[from] enrolment::Error),
    #[error(transparent)]
    Meals(#[from] meals::Error),
    #[error(transparent)]
    Tariffs(#[from] tariffs::Error),
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    #[error(transparent)]
    Payments(#[from] payments::Error),
    #[error(transparent)]
    Billing(#[from] billing::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
}
