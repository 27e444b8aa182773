//! Whether receipts and their money agree: each receipt is booked once, and nothing is booked for a receipt that is not there.

use kernel::TenantId;

use crate::{Error, store};

/// What does not hold, by the first receipt that shows it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    #[error("receipt {0} has no posting of its amount from the clearing account")]
    Unbooked(String),
    #[error("{postings} postings were made for receipts, {receipts} receipts have one")]
    Strays { postings: i64, receipts: i64 },
}

/// How many receipts a tenant has, when every one of them is booked once; else what does not hold.
pub async fn verify(tx: &mut db::Tx, tenant: TenantId) -> Result<Result<i64, Unsound>, Error> {
    if let Some(receipt) = store::unbooked_receipt(tx, tenant).await? {
        return Ok(Err(Unsound::Unbooked(receipt)));
    }
    let counted = store::count_receipts(tx, tenant).await?;
    if counted.postings != counted.booked {
        return Ok(Err(Unsound::Strays { postings: counted.postings, receipts: counted.booked }));
    }
    Ok(Ok(counted.receipts))
}
