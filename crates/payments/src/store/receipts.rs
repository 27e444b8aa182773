use db::{Row, ToValue, Tx};
use kernel::{Cents, Ctx, Instant, Page, Paged, PositionId, PostingId, ReceiptId};

use super::unknown_word;
use crate::Error;
use crate::receipt::{Outcome, Receipt};

/// A receipt about to be kept.
pub(crate) struct ReceiptRow<'a> {
    pub id: ReceiptId,
    pub position: Option<PositionId>,
    pub outcome: Outcome,
    pub sent: &'a pagopa::Receipt,
    pub raw_xml: &'a str,
}

impl ReceiptRow<'_> {
    /// When it was paid, or when we heard of it.
    pub fn paid_at(&self, ctx: &Ctx) -> Instant {
        self.sent.paid_at.unwrap_or(ctx.now)
    }
}

pub(crate) async fn has_receipt(tx: &mut Tx, ctx: &Ctx, receipt_id: &str) -> Result<bool, Error> {
    let sql = "select id from payment_receipt where tenant_id = $1 and receipt_id = $2";
    Ok(tx.query_opt(sql, &[&ctx.tenant, &receipt_id]).await?.is_some())
}

/// False when the receipt is there already, be it by a delivery that ran beside this one.
pub(crate) async fn insert_receipt(tx: &mut Tx, ctx: &Ctx, row: &ReceiptRow<'_>) -> Result<bool, Error> {
    let sent = row.sent;
    let sql = "insert into payment_receipt (tenant_id, id, receipt_id, notice_number, iuv, position_id, outcome, amount_cents, paid_at,
                   application_on, received_at, psp_id, psp_name, channel_description, payment_method, payer_code, payer_name, fee_cents,
                   stand_in, raw_xml)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
               on conflict (tenant_id, receipt_id) do nothing";
    let payer = sent.payer.as_ref();
    let (payer_code, payer_name) = (payer.map(|p| p.identifier.as_str()), payer.map(|p| p.full_name.as_str()));
    let params: [&dyn ToValue; 20] = [
        &ctx.tenant,
        &row.id,
        &sent.receipt_id,
        &sent.notice_number.as_str(),
        &sent.creditor_reference_id,
        &row.position,
        &row.outcome.code(),
        &sent.amount_cents,
        &sent.paid_at,
        &sent.applied_on,
        &ctx.now,
        &sent.psp.id,
        &sent.psp.company_name,
        &sent.psp.channel_description,
        &sent.payment_method,
        &payer_code,
        &payer_name,
        &sent.fee_cents,
        &sent.is_stand_in,
        &row.raw_xml,
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Part of the commit that keeps the receipt; never done again.
pub(crate) async fn set_posting(tx: &mut Tx, ctx: &Ctx, id: ReceiptId, posting: PostingId) -> Result<(), Error> {
    let sql = "update payment_receipt set posting_id = $3 where tenant_id = $1 and id = $2 and posting_id is null";
    Ok(tx.execute_one(sql, &[&ctx.tenant, &id, &posting]).await?)
}

const COLUMNS: &str =
    "id, receipt_id, notice_number, iuv, position_id, outcome, amount_cents, paid_at, application_on, received_at, psp_id,
    psp_name, channel_description, payment_method, payer_code, payer_name, fee_cents, stand_in, posting_id";

fn receipt(row: &Row) -> Result<Receipt, Error> {
    let outcome: String = row.get(5)?;
    Ok(Receipt {
        id: row.get(0)?,
        receipt_id: row.get(1)?,
        notice_number: row.get(2)?,
        iuv: row.get(3)?,
        position: row.get(4)?,
        outcome: Outcome::from_code(&outcome).ok_or_else(|| unknown_word("receipt outcome", &outcome))?,
        amount: row.get(6)?,
        paid_at: row.get(7)?,
        applied_on: row.get(8)?,
        received_at: row.get(9)?,
        psp_id: row.get(10)?,
        psp_name: row.get(11)?,
        channel_description: row.get(12)?,
        payment_method: row.get(13)?,
        payer_code: row.get(14)?,
        payer_name: row.get(15)?,
        fee: row.get::<Option<Cents>>(16)?,
        is_stand_in: row.get(17)?,
        posting: row.get(18)?,
    })
}

pub(crate) async fn receipts_of(tx: &mut Tx, ctx: &Ctx, position: PositionId) -> Result<Vec<Receipt>, Error> {
    let sql = format!("select {COLUMNS} from payment_receipt where tenant_id = $1 and position_id = $2 order by received_at, id");
    tx.query(&sql, &[&ctx.tenant, &position]).await?.iter().map(receipt).collect()
}

pub(crate) async fn anomalies(tx: &mut Tx, ctx: &Ctx, outcome: Option<Outcome>, page: Page) -> Result<Paged<Receipt>, Error> {
    let which = "tenant_id = $1 and outcome <> 'applied' and (cast($2 as text) is null or outcome = $2)";
    let outcome = outcome.map(Outcome::code);
    let count = format!("select count(*) from payment_receipt where {which}");
    let total: i64 = tx.query_one(&count, &[&ctx.tenant, &outcome]).await?.get(0)?;
    let sql =
        format!("select {COLUMNS} from payment_receipt where {which} order by received_at desc, id desc limit $3 offset $4");
    let rows = tx.query(&sql, &[&ctx.tenant, &outcome, &page.limit(), &page.offset()]).await?;
    Ok(Paged { items: rows.iter().map(receipt).collect::<Result<_, _>>()?, total: total.unsigned_abs(), page })
}

pub(crate) async fn raw_xml(tx: &mut Tx, ctx: &Ctx, id: ReceiptId) -> Result<Option<String>, Error> {
    let sql = "select raw_xml from payment_receipt where tenant_id = $1 and id = $2";
    tx.query_opt(sql, &[&ctx.tenant, &id]).await?.map(|row| Ok(row.get(0)?)).transpose()
}
