use std::collections::HashMap;

use db::{Row, ToValue, Tx, Value, row};
use kernel::{Cents, Ctx, Day, Page, Paged, PositionId, PostingId, ReceiptId};

use super::unknown_word;
use crate::Error;
use crate::receipt::{Delivery, Outcome, Receipt, Source};
use crate::settings::Institution;

/// A receipt about to be kept.
pub(crate) struct ReceiptRow<'a> {
    pub id: ReceiptId,
    pub position: Option<PositionId>,
    pub outcome: Outcome,
    pub sent: &'a pagopa::Receipt,
    pub raw_xml: &'a str,
    pub source: Source,
    /// None for a receipt of nothing.
    pub posting: Option<PostingId>,
}

/// Those that are here of the node's names.
pub(crate) async fn find_receipts(
    tx: &mut Tx,
    ctx: &Ctx,
    receipt_ids: impl Iterator<Item = &str>,
) -> Result<HashMap<String, (ReceiptId, Source)>, Error> {
    let sql = "select receipt_id, id, source from payment_receipt where tenant_id = $1 and receipt_id in ({list})";
    let found = tx.query_list(sql, &[&ctx.tenant], receipt_ids).await?;
    found.iter().map(|row| Ok((row.get(0)?, (row.get(1)?, source(&row.get::<String>(2)?)?)))).collect()
}

fn source(word: &str) -> Result<Source, Error> {
    Source::from_code(word).ok_or_else(|| unknown_word("receipt source", word).into())
}

/// What the report could not say; the money stays as it was booked. None when somebody was faster.
pub(crate) async fn complete_receipt(
    tx: &mut Tx,
    ctx: &Ctx,
    id: ReceiptId,
    paper: &Delivery<'_>,
) -> Result<Option<Outcome>, Error> {
    let sent = paper.receipt;
    let sql = "update payment_receipt set source = $3, raw_xml = $4, paid_at = $5, application_on = $6, psp_id = $7, psp_name = $8,
                      channel_description = $9, payment_method = $10, payer_code = $11, payer_name = $12, fee_cents = $13, stand_in = $14
               where tenant_id = $1 and id = $2 and source = 'report' returning outcome";
    let payer = sent.payer.as_ref();
    let (payer_code, payer_name) = (payer.map(|p| p.identifier.as_str()), payer.map(|p| p.full_name.as_str()));
    let params: [&dyn ToValue; 14] = [
        &ctx.tenant,
        &id,
        &paper.source.code(),
        &paper.raw_xml,
        &sent.paid_at,
        &sent.applied_on,
        &sent.psp.id,
        &sent.psp.company_name,
        &sent.psp.channel_description,
        &sent.payment_method,
        &payer_code,
        &payer_name,
        &sent.fee_cents,
        &sent.is_stand_in,
    ];
    let row = tx.query_opt(sql, &params).await?;
    row.map(|row| outcome(&row.get::<String>(0)?)).transpose()
}

fn outcome(word: &str) -> Result<Outcome, Error> {
    Outcome::from_code(word).ok_or_else(|| unknown_word("receipt outcome", word).into())
}

/// The transfers that come to this institution, each to be found again in a settlement report; receipts with the day
/// they were paid.
pub(crate) async fn insert_transfers<'a>(
    tx: &mut Tx,
    ctx: &Ctx,
    of: &Institution,
    receipts: impl Iterator<Item = (&'a ReceiptRow<'a>, Day)>,
) -> Result<(), Error> {
    let mut rows = Vec::new();
    for (receipt, paid_on) in receipts {
        let ours = receipt.sent.transfers.iter().filter(|t| t.fiscal_code_pa == of.fiscal_code && t.amount_cents > 0);
        rows.extend(ours.map(|t| row![ctx.tenant, receipt.id, i64::from(t.index), t.amount_cents, paid_on, "paid"]));
    }
    let insert = "insert into payment_transfer (tenant_id, receipt_id, transfer_index, amount_cents, paid_on, state)";
    tx.insert_many(insert, rows, "on conflict (tenant_id, receipt_id, transfer_index) do nothing").await?;
    Ok(())
}

/// How many were not there already: another transaction may have brought one meanwhile.
pub(crate) async fn insert_receipts<'a>(
    tx: &mut Tx,
    ctx: &Ctx,
    rows: impl Iterator<Item = &'a ReceiptRow<'a>>,
) -> Result<u64, Error> {
    let insert = "insert into payment_receipt (tenant_id, id, receipt_id, notice_number, iuv, position_id, outcome, amount_cents, paid_at,
                  application_on, received_at, psp_id, psp_name, channel_description, payment_method, payer_code, payer_name, fee_cents,
                  stand_in, raw_xml, source, posting_id)";
    let rows = rows.map(|row| values(ctx, row)).collect();
    Ok(tx.insert_many(insert, rows, "on conflict (tenant_id, receipt_id) do nothing").await?)
}

fn values(ctx: &Ctx, row: &ReceiptRow<'_>) -> Vec<Value> {
    let sent = row.sent;
    let payer = sent.payer.as_ref();
    row![
        ctx.tenant,
        row.id,
        sent.receipt_id,
        sent.notice_number.as_str(),
        sent.creditor_reference_id,
        row.position,
        row.outcome.code(),
        sent.amount_cents,
        sent.paid_at,
        sent.applied_on,
        ctx.now,
        sent.psp.id,
        sent.psp.company_name,
        sent.psp.channel_description,
        sent.payment_method,
        payer.map(|p| p.identifier.as_str()),
        payer.map(|p| p.full_name.as_str()),
        sent.fee_cents,
        sent.is_stand_in,
        row.raw_xml,
        row.source.code(),
        row.posting,
    ]
}

pub(super) const RECEIPT_COLUMNS: &str =
    "id, receipt_id, notice_number, iuv, position_id, outcome, amount_cents, paid_at, application_on, received_at, psp_id,
    psp_name, channel_description, payment_method, payer_code, payer_name, fee_cents, stand_in, posting_id, source";

pub(super) fn receipt(row: &Row) -> Result<Receipt, Error> {
    Ok(Receipt {
        id: row.get(0)?,
        receipt_id: row.get(1)?,
        notice_number: row.get(2)?,
        iuv: row.get(3)?,
        position: row.get(4)?,
        outcome: outcome(&row.get::<String>(5)?)?,
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
        source: source(&row.get::<String>(19)?)?,
    })
}

pub(crate) async fn receipts_of(tx: &mut Tx, ctx: &Ctx, position: PositionId) -> Result<Vec<Receipt>, Error> {
    let sql = format!(
        "select {RECEIPT_COLUMNS} from payment_receipt where tenant_id = $1 and position_id = $2 order by received_at, id"
    );
    tx.query(&sql, &[&ctx.tenant, &position]).await?.iter().map(receipt).collect()
}

pub(crate) async fn anomalies(tx: &mut Tx, ctx: &Ctx, outcome: Option<Outcome>, page: Page) -> Result<Paged<Receipt>, Error> {
    let which = "tenant_id = $1 and outcome <> 'applied' and (cast($2 as text) is null or outcome = $2)";
    let outcome = outcome.map(Outcome::code);
    let count = format!("select count(*) from payment_receipt where {which}");
    let total: i64 = tx.query_one(&count, &[&ctx.tenant, &outcome]).await?.get(0)?;
    let sql = format!(
        "select {RECEIPT_COLUMNS} from payment_receipt where {which} order by received_at desc, id desc limit $3 offset $4"
    );
    let rows = tx.query(&sql, &[&ctx.tenant, &outcome, &page.limit(), &page.offset()]).await?;
    Ok(Paged { items: rows.iter().map(receipt).collect::<Result<_, _>>()?, total: total.unsigned_abs(), page })
}

pub(crate) async fn raw_xml(tx: &mut Tx, ctx: &Ctx, id: ReceiptId) -> Result<Option<String>, Error> {
    let sql = "select raw_xml from payment_receipt where tenant_id = $1 and id = $2";
    tx.query_opt(sql, &[&ctx.tenant, &id]).await?.map(|row| Ok(row.get(0)?)).transpose()
}
