//! The certificate for the tax return (attestazione 730): what a person paid for a pupil in a calendar year.
//!
//! Built from receipts, by who paid: the payer the receipt names, else the debtor of the notice. What an earlier system
//! kept counts for the holder of the document or of the enrolment. Cash is told apart: only traceable payments count
//! (L. 160/2019, art. 1, c. 679). Amounts given back in the year are told too. Fees of a nursery are another deduction:
//! each line says whether it is one.

use enrolment::{Person, Right};
use kernel::{Cents, Ctx, Day, PupilId, ServiceId};

use crate::Error;
use crate::store::tax as store;

/// One certificate per payer, pupil and year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxCertificate {
    pub year: i16,
    pub issued_on: Day,
    pub payer: Person,
    pub pupil_name: String,
    pub pupil_code: Option<String>,
    /// By service; empty where nothing was paid.
    pub lines: Vec<TaxLine>,
    pub traceable: Cents,
    pub other: Cents,
    pub refunded: Cents,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxLine {
    pub service_id: ServiceId,
    pub service_name: String,
    pub is_nursery: bool,
    pub traceable: Cents,
    /// Paid in cash.
    pub other: Cents,
    pub refunded: Cents,
    /// By day.
    pub payments: Vec<TaxPayment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxPayment {
    pub on: Day,
    pub what: String,
    /// Below zero where it was given back.
    pub amount: Cents,
    pub is_traceable: bool,
    /// None where an earlier system kept it.
    pub iuv: Option<String>,
}

/// What was paid, before it is summed.
#[derive(Clone, Debug)]
pub(crate) struct Paid {
    pub service_id: ServiceId,
    pub service_name: String,
    pub is_nursery: bool,
    pub payment: TaxPayment,
}

/// The certificate of the acting person for a pupil and a year that is over.
///
/// # Errors
/// [`Error::NotVisible`] for those without a right to tax papers, [`Error::NoSuchYear`].
pub async fn certificate(tx: &mut db::Tx, ctx: &Ctx, pupil: PupilId, year: i16) -> Result<TaxCertificate, Error> {
    let person = ctx.actor.person().ok_or(Error::NotVisible)?;
    enrolment::get_visible_pupil(tx, ctx, pupil, Right::TaxPapers).await?;
    if year >= ctx.today().year() || year < 2000 {
        return Err(Error::NoSuchYear);
    }
    let payer = enrolment::person::get(tx, ctx, person).await?;
    let (pupil_name, pupil_code) = store::pupil(tx, ctx, pupil).await?;
    let mut paid = store::by_receipts(tx, ctx, pupil, &payer, year).await?;
    paid.extend(store::by_instalments(tx, ctx, pupil, person, year).await?);
    paid.extend(store::by_wallet(tx, ctx, pupil, person, year).await?);
    let lines = lines(paid);
    let sum = |of: fn(&TaxLine) -> Cents| lines.iter().map(of).sum();
    Ok(TaxCertificate {
        year,
        issued_on: ctx.today(),
        payer,
        pupil_name,
        pupil_code,
        traceable: sum(|line| line.traceable),
        other: sum(|line| line.other),
        refunded: sum(|line| line.refunded),
        lines,
    })
}

fn lines(mut paid: Vec<Paid>) -> Vec<TaxLine> {
    paid.sort_by(|a, b| {
        (&a.service_name, a.service_id, a.payment.on, &a.payment.what).cmp(&(
            &b.service_name,
            b.service_id,
            b.payment.on,
            &b.payment.what,
        ))
    });
    paid.chunk_by(|a, b| a.service_id == b.service_id).map(line).collect()
}

fn line(paid: &[Paid]) -> TaxLine {
    let payments: Vec<TaxPayment> = paid.iter().map(|p| p.payment.clone()).collect();
    let sum = |counts: fn(&TaxPayment) -> bool| payments.iter().filter(|p| counts(p)).map(|p| p.amount).sum::<Cents>();
    TaxLine {
        service_id: paid[0].service_id,
        service_name: paid[0].service_name.clone(),
        is_nursery: paid[0].is_nursery,
        traceable: sum(|p| p.is_traceable && !p.amount.is_negative()),
        other: sum(|p| !p.is_traceable && !p.amount.is_negative()),
        refunded: -sum(|p| p.amount.is_negative()),
        payments,
    }
}
