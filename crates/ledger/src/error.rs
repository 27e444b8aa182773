use kernel::AccountId;

use crate::FirstBad;

/// Why the ledger refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the entries of {source_key} sum to {off_by_cents} cents and not to zero")]
    Unbalanced { source_key: String, off_by_cents: i128 },
    #[error("{0} moves no money")]
    Empty(String),
    #[error("{0} is already posted with other accounts, amounts, cause or day")]
    SameKeyOtherContent(String),
    #[error("the tenant has no account {0}")]
    UnknownAccount(AccountId),
    #[error("an amount beyond what the ledger keeps")]
    TooLarge,
    #[error("the ledger is not as it was written: {0}")]
    Broken(FirstBad),
    #[error(transparent)]
    Db(#[from] db::Error),
}
