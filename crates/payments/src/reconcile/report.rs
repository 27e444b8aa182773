//! Taking a settlement report in.

use std::collections::BTreeMap;

use jiff::civil::Time;
use kernel::{Cents, Ctx, Day, Instant, SettlementReportId, rome_instant};
use pagopa::{Destination, Metadata, NoticeNumber, Psp, Receipt, Subject, Transfer};
use serde_json::json;

use super::{settle, store};
use crate::receipt::{self, Source};
use crate::settings::Institution;
use crate::{Error, Position};

/// A report as it was read, from a file or by REST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementReport {
    /// idFlusso, which the bank transfer names after `/URI/`.
    pub flow_id: String,
    /// None in a file: then the moment of the flow tells which of two is the later.
    pub revision: Option<i64>,
    pub flow_at: Instant,
    pub psp_id: String,
    pub psp_name: String,
    /// The fiscal code of who gets the money; none where the report names its bank instead.
    pub receiver: Option<String>,
    /// The bank transfer's own number.
    pub regulation_id: String,
    pub regulation_on: Day,
    /// As the header says.
    pub count: u64,
    /// As the header says: what the bank transfer brings.
    pub total: Cents,
    pub rows: Vec<ReportRow>,
}

/// One transfer of one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRow {
    pub iuv: String,
    /// The receipt's id.
    pub iur: String,
    pub transfer_index: i64,
    pub amount: Cents,
    /// An open list: see [`ReportRow::is_collected`].
    pub outcome: i64,
    pub paid_on: Day,
}

/// Executed, stand-in, stand-in without RPT, executed without RPT.
const COLLECTED: [i64; 4] = [0, 4, 8, 9];

impl ReportRow {
    /// Whether the code says that the money was collected; another one is for a person to judge.
    pub fn is_collected(&self) -> bool {
        COLLECTED.contains(&self.outcome)
    }
}

impl From<&pagopa::fdr::Flow> for SettlementReport {
    fn from(flow: &pagopa::fdr::Flow) -> SettlementReport {
        let row = |p: &pagopa::fdr::Payment| ReportRow {
            iuv: p.iuv.clone(),
            iur: p.iur.clone(),
            transfer_index: p.index.map_or(1, i64::from),
            amount: Cents(p.amount_cents),
            outcome: i64::from(p.outcome.0),
            paid_on: p.paid_on,
        };
        let (sender, receiver) = (&flow.sender, &flow.receiver);
        SettlementReport {
            flow_id: flow.id.clone(),
            revision: flow.revision.map(i64::from),
            flow_at: flow.flow_at,
            psp_id: sender.code.clone(),
            psp_name: sender.name.clone().unwrap_or_else(|| sender.code.clone()),
            receiver: (receiver.kind == pagopa::fdr::PartyKind::LegalPerson).then(|| receiver.code.clone()),
            regulation_id: flow.regulation.clone(),
            regulation_on: flow.regulation_on,
            count: flow.count,
            total: Cents(flow.sum_cents),
            rows: flow.payments.iter().map(row).collect(),
        }
    }
}

/// Why a report is refused whole.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("the header says {said} payments and there are {found}")]
    Count { said: u64, found: u64 },
    #[error("the header says {said} cents and the payments sum to {found}")]
    Total { said: i64, found: i64 },
    #[error("it is for {0}")]
    OtherReceiver(String),
    #[error("revision {revision} of {flow_id} is here with other content")]
    OtherContent { flow_id: String, revision: i64 },
    #[error(transparent)]
    Payments(#[from] Error),
}

impl From<db::Error> for ReportError {
    fn from(error: db::Error) -> ReportError {
        ReportError::Payments(error.into())
    }
}

/// What became of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// It counts now.
    New { revision: i64, matched: usize, without_receipt: usize },
    /// A later revision is here: it is kept as history.
    Outdated { revision: i64 },
    /// It is here already; nothing changed.
    Known { revision: i64 },
}

/// Takes a report in, in this transaction.
///
/// # Errors
/// [`ReportError`]: nothing of the report is to be kept then.
pub async fn import_report(
    tx: &mut db::Tx,
    ctx: &Ctx,
    of: &Institution,
    report: &SettlementReport,
    source: &str,
) -> Result<Imported, ReportError> {
    let ctx = &Ctx { tenant: of.tenant, ..ctx.clone() };
    check(of, report)?;
    let standing = store::lock_revisions(tx, ctx, &report.flow_id).await?;
    let revision = revision_of(report, &standing);
    if let Some(known) = standing.iter().find(|s| s.revision == revision) {
        return same(tx, ctx, report, known).await;
    }
    let id: SettlementReportId = ctx.new_id();
    let latest = standing.iter().max_by_key(|s| s.revision);
    let replaced_by = latest.filter(|latest| latest.revision > revision).map(|latest| latest.id);
    store::insert_report(tx, ctx, id, revision, report, source, replaced_by).await?;
    let details =
        json!({ "flow_id": report.flow_id, "revision": revision, "payments": report.count, "total_cents": report.total.0 });
    db::audit::record(tx, ctx, "settlement_report.imported", &format!("settlement_report:{id}"), &details)
        .await
        .map_err(Error::from)?;
    if replaced_by.is_some() {
        return Ok(Imported::Outdated { revision });
    }
    if let Some(before) = latest {
        store::replace_report(tx, ctx, before.id, id).await?;
    }
    let (matched, without_receipt) = apply(tx, ctx, of, id, report).await?;
    settle::settle(tx, ctx, &report.flow_id).await?;
    Ok(Imported::New { revision, matched, without_receipt })
}

/// Whether a revision of a flow is here.
pub async fn is_known(tx: &mut db::Tx, ctx: &Ctx, flow_id: &str, revision: i64) -> Result<bool, Error> {
    store::has_revision(tx, ctx, flow_id, revision).await
}

/// The provider's arithmetic, and that the money is ours.
fn check(of: &Institution, report: &SettlementReport) -> Result<(), ReportError> {
    let found = report.rows.len() as u64;
    if found != report.count {
        return Err(ReportError::Count { said: report.count, found });
    }
    let sum: i128 = report.rows.iter().map(|row| i128::from(row.amount.0)).sum();
    if sum != i128::from(report.total.0) {
        return Err(ReportError::Total { said: report.total.0, found: i64::try_from(sum).unwrap_or(i64::MAX) });
    }
    match report.receiver.as_deref().filter(|code| *code != of.fiscal_code) {
        Some(other) => Err(ReportError::OtherReceiver(other.to_owned())),
        None => Ok(()),
    }
}

/// A file carries no revision: the same moment is the same one, a later moment the next.
fn revision_of(report: &SettlementReport, standing: &[store::Standing]) -> i64 {
    let same_moment = standing.iter().find(|s| s.flow_at == report.flow_at).map(|s| s.revision);
    let last = standing.iter().map(|s| s.revision).max().unwrap_or(0);
    report.revision.or(same_moment).unwrap_or(last + 1)
}

async fn same(tx: &mut db::Tx, ctx: &Ctx, report: &SettlementReport, known: &store::Standing) -> Result<Imported, ReportError> {
    let rows = store::rows_of(tx, ctx, known.id).await?;
    if rows == report.rows && known.total == report.total {
        return Ok(Imported::Known { revision: known.revision });
    }
    Err(ReportError::OtherContent { flow_id: report.flow_id.clone(), revision: known.revision })
}

/// Moves the transfers the report names, and books payments whose receipt has not come.
async fn apply(
    tx: &mut db::Tx,
    ctx: &Ctx,
    of: &Institution,
    id: SettlementReportId,
    report: &SettlementReport,
) -> Result<(usize, usize), ReportError> {
    let collected = report.rows.iter().filter(|row| row.is_collected());
    let mut missing: BTreeMap<(&str, &str), Vec<&ReportRow>> = BTreeMap::new();
    let mut matched = 0;
    for row in collected {
        if store::set_reported(tx, ctx, id, row).await? {
            matched += 1;
        } else {
            missing.entry((&row.iuv, &row.iur)).or_default().push(row);
        }
    }
    let without_receipt = missing.len();
    for rows in missing.into_values() {
        book_without_receipt(tx, ctx, of, report, &rows).await?;
        for row in rows {
            store::set_reported(tx, ctx, id, row).await?;
        }
    }
    Ok((matched, without_receipt))
}

/// The provider has paid us: for the citizen the notice is paid. A number that can be none of ours is left to the
/// work list.
async fn book_without_receipt(
    tx: &mut db::Tx,
    ctx: &Ctx,
    of: &Institution,
    report: &SettlementReport,
    rows: &[&ReportRow],
) -> Result<(), Error> {
    let position = crate::store::by_iuv(tx, ctx.tenant, &rows[0].iuv).await?;
    let number = position.as_ref().map(|p| p.notice_number).or_else(|| NoticeNumber::parse(&format!("3{}", rows[0].iuv)).ok());
    if let Some(number) = number {
        let told = as_receipt(of, report, rows, position.as_ref(), number);
        receipt::record_from(tx, ctx, of, &told, "", Source::Report).await?;
    }
    Ok(())
}

/// As much of a receipt as a report tells.
fn as_receipt(
    of: &Institution,
    report: &SettlementReport,
    rows: &[&ReportRow],
    position: Option<&Position>,
    number: NoticeNumber,
) -> Receipt {
    let row = rows[0];
    let description = position.map_or_else(|| format!("IUV {}", row.iuv), |p| p.description.clone());
    let debtor =
        position.map(|p| Subject { identifier: p.debtor_code.clone(), full_name: p.debtor_name.clone(), ..Subject::default() });
    Receipt {
        receipt_id: row.iur.clone(),
        notice_number: number,
        fiscal_code: of.fiscal_code.clone(),
        is_paid: true,
        creditor_reference_id: row.iuv.clone(),
        amount_cents: rows.iter().map(|row| row.amount.0).sum(),
        description: description.clone(),
        company_name: of.name.clone(),
        office_name: None,
        debtor: debtor.unwrap_or_default(),
        transfers: rows.iter().map(|row| transfer(of, row, &description)).collect(),
        psp: psp(report),
        payer: None,
        payment_method: None,
        payment_note: None,
        fee_cents: None,
        creditor_fee_cents: None,
        bundle_id: None,
        creditor_bundle_id: None,
        // A report knows the day only: noon is that day in every zone a certificate may be read in.
        paid_at: Some(rome_instant(row.paid_on, Time::midnight() + jiff::SignedDuration::from_hours(12))),
        applied_on: Some(row.paid_on),
        transferred_on: Some(report.regulation_on),
        metadata: Metadata::new(),
        is_stand_in: matches!(row.outcome, 4 | 8),
    }
}

fn transfer(of: &Institution, row: &ReportRow, description: &str) -> Transfer {
    Transfer {
        index: u8::try_from(row.transfer_index).unwrap_or(1),
        amount_cents: row.amount.0,
        fiscal_code_pa: of.fiscal_code.clone(),
        company_name: None,
        destination: Destination::Iban(of.pagopa.iban.clone()),
        remittance_information: description.to_owned(),
        category: String::new(),
        metadata: Metadata::new(),
    }
}

fn psp(report: &SettlementReport) -> Psp {
    Psp {
        id: report.psp_id.clone(),
        fiscal_code: None,
        vat_number: None,
        company_name: report.psp_name.clone(),
        channel_id: String::new(),
        channel_description: String::new(),
    }
}
