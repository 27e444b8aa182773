use db::Tx;
use kernel::{AccountId, Cents, Ctx, Day, DocumentId, InstalmentId, PositionId, ServiceId};

use crate::Error;

/// The instalment a notice asks.
pub(crate) struct Asked {
    pub instalment: InstalmentId,
    pub document: DocumentId,
    pub number: String,
    pub service: ServiceId,
    pub receivable: AccountId,
}

pub(crate) async fn asked(tx: &mut Tx, ctx: &Ctx, position: PositionId) -> Result<Option<Asked>, Error> {
    let sql = "select i.id, d.id, d.number, d.service_id, i.receivable_account_id
               from instalment i join billing_document d on d.tenant_id = $1 and d.id = i.document_id
               where i.tenant_id = $1 and i.position_id = $2 and d.state = 'issued'";
    let row = tx.query_opt(sql, &[&ctx.tenant, &position]).await?;
    let asked = |row: db::Row| {
        Ok(Asked {
            instalment: row.get(0)?,
            document: row.get(1)?,
            number: row.get(2)?,
            service: row.get(3)?,
            receivable: row.get(4)?,
        })
    };
    row.map(asked).transpose()
}

pub(crate) async fn set(tx: &mut Tx, ctx: &Ctx, asked: &Asked, due_on: Day, by: Cents) -> Result<(), Error> {
    let instalment = "update instalment set amount_cents = amount_cents + $3, due_on = $4 where tenant_id = $1 and id = $2";
    tx.execute_one(instalment, &[&ctx.tenant, &asked.instalment, &by, &due_on]).await?;
    let document = "update billing_document set total_cents = total_cents + $3 where tenant_id = $1 and id = $2";
    Ok(tx.execute_one(document, &[&ctx.tenant, &asked.document, &by]).await?)
}

/// The document still sums to its lines.
pub(crate) async fn add_line(tx: &mut Tx, ctx: &Ctx, document: DocumentId, words: &str, amount: Cents) -> Result<(), Error> {
    let last = "select coalesce(max(position), 0) from billing_line where tenant_id = $1 and document_id = $2";
    let last: i64 = tx.query_one(last, &[&ctx.tenant, &document]).await?.get(0)?;
    let sql = "insert into billing_line (tenant_id, document_id, position, description, quantity, unit_cents, amount_cents)
               values ($1, $2, $3, $4, 1, $5, $5)";
    Ok(tx.execute_one(sql, &[&ctx.tenant, &document, &(last + 1), &words, &amount]).await?)
}
