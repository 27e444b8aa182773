use db::Tx;
use kernel::TenantId;

use crate::Error;

/// How many receipts there are, how many of them have a posting, and how many postings were made for receipts.
pub(crate) struct Counted {
    pub receipts: i64,
    pub booked: i64,
    pub postings: i64,
}

pub(crate) async fn count_receipts(tx: &mut Tx, tenant: TenantId) -> Result<Counted, Error> {
    let sql = "select count(*), count(posting_id), count(distinct posting_id) from payment_receipt where tenant_id = $1";
    let row = tx.query_one(sql, &[&tenant]).await?;
    let postings = "select count(*) from ledger_posting where tenant_id = $1 and source_key like 'receipt:%'";
    let posted = tx.query_one(postings, &[&tenant]).await?.get(0)?;
    // A posting that two receipts share is one too few.
    let (receipts, booked, distinct): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(Counted { receipts, booked, postings: if distinct == booked { posted } else { distinct } })
}

/// The node's name of the first receipt of some money whose posting is missing, or moves another amount.
pub(crate) async fn unbooked_receipt(tx: &mut Tx, tenant: TenantId) -> Result<Option<String>, Error> {
    let sql = "select r.receipt_id from payment_receipt r
               where r.tenant_id = $1 and r.amount_cents <> 0 and not exists (
                   select 1 from ledger_posting p
                   join ledger_entry e on e.tenant_id = p.tenant_id and e.posting_number = p.number
                   join ledger_account a on a.tenant_id = e.tenant_id and a.id = e.account_id
                   where p.tenant_id = r.tenant_id and p.id = r.posting_id and a.kind = 'clearing' and e.amount_cents = -r.amount_cents)
               order by r.received_at, r.id limit 1";
    Ok(tx.query_opt(sql, &[&tenant]).await?.map(|row| row.get(0)).transpose()?)
}
