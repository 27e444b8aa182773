use jiff::civil::Date;
use kernel::Cents;
use serde::Serialize;

use crate::engine::Draft;
use crate::error::Sum;
use crate::{Error, Issuer, Locale, Papers, Person, print};

/// The statement of what one person paid for one pupil in one calendar year, for the tax return ("attestazione 730").
#[derive(Clone, Debug, Serialize)]
pub struct TaxStatement {
    pub issuer: Issuer,
    /// The language of the paper; names, descriptions and outcomes are printed as they come.
    #[serde(skip)]
    pub language: Locale,
    pub number: String,
    /// The calendar year in which the sums were paid.
    pub year: i16,
    pub payer: Person,
    pub pupil: Person,
    /// The school attended; empty when unknown.
    #[serde(rename = "school_name")]
    pub school: String,
    /// One line for each service, in the order of printing.
    pub services: Vec<ServiceTotal>,
    /// The payments the totals are made of, oldest first.
    pub payments: Vec<TaxPayment>,
    /// The sums given back in the year, oldest first.
    pub refunds: Vec<TaxRefund>,
    /// Who answers for the statement, printed at its foot; empty for none.
    pub signatory: String,
    #[serde(serialize_with = "print::day")]
    pub issued_on: Date,
}

/// What was paid and given back for one service.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceTotal {
    pub service: String,
    /// Fees of a nursery have a deduction of their own (L. 266/2005, art. 1, c. 335): they are told apart.
    pub is_nursery: bool,
    /// Paid by means that leave a trace, as the deduction asks since 2020.
    #[serde(serialize_with = "print::euro")]
    pub traceable: Cents,
    /// Paid otherwise: shown apart, not deductible.
    #[serde(serialize_with = "print::euro")]
    pub untraceable: Cents,
    /// Given back in the year, a positive amount.
    #[serde(serialize_with = "print::euro")]
    pub refunded: Cents,
}

/// One payment.
#[derive(Clone, Debug, Serialize)]
pub struct TaxPayment {
    #[serde(serialize_with = "print::day")]
    pub paid_on: Date,
    pub description: String,
    /// The reference by which the office finds it: an IUV, or the number of another proof.
    pub reference: String,
    pub traceable: bool,
    #[serde(serialize_with = "print::euro")]
    pub amount: Cents,
}

/// A sum given back.
#[derive(Clone, Debug, Serialize)]
pub struct TaxRefund {
    #[serde(serialize_with = "print::day")]
    pub refunded_on: Date,
    pub description: String,
    #[serde(serialize_with = "print::euro")]
    pub amount: Cents,
}

/// The sums of the services' lines.
#[derive(Serialize)]
struct TaxValues<'a> {
    #[serde(serialize_with = "print::euro")]
    traceable: Cents,
    #[serde(serialize_with = "print::euro")]
    untraceable: Cents,
    #[serde(serialize_with = "print::euro")]
    refunded: Cents,
    has_untraceable: bool,
    /// The traceable sums of the school's services, and of a nursery where there is one.
    #[serde(serialize_with = "print::euro")]
    school: Cents,
    #[serde(serialize_with = "print::euro_if")]
    nursery: Option<Cents>,
    #[serde(flatten)]
    statement: &'a TaxStatement,
}

impl TaxStatement {
    fn check(&self) -> Result<TaxValues<'_>, Error> {
        let paid = |traceable: bool| sum(self.payments.iter().filter(|p| p.traceable == traceable).map(|p| p.amount));
        let traceable = sum(self.services.iter().map(|s| s.traceable));
        let untraceable = sum(self.services.iter().map(|s| s.untraceable));
        let refunded = sum(self.services.iter().map(|s| s.refunded));
        if (traceable, untraceable) != (paid(true), paid(false)) {
            return Err(Error::DoesNotAddUp(Sum::Payments));
        }
        if refunded != sum(self.refunds.iter().map(|r| r.amount)) {
            return Err(Error::DoesNotAddUp(Sum::Refunds));
        }
        let has_untraceable = self.payments.iter().any(|p| !p.traceable);
        let of = |nursery: bool| sum(self.services.iter().filter(|s| s.is_nursery == nursery).map(|s| s.traceable));
        let nursery = self.services.iter().any(|s| s.is_nursery).then(|| of(true));
        Ok(TaxValues { traceable, untraceable, refunded, has_untraceable, school: of(false), nursery, statement: self })
    }
}

fn sum(amounts: impl Iterator<Item = Cents>) -> Cents {
    Cents(amounts.fold(0, |sum: i64, amount| sum.saturating_add(amount.0)))
}

impl Papers {
    /// Prints a statement of expenses for the tax return.
    ///
    /// Errors: [`Error::DoesNotAddUp`] when payments or refunds are not the totals of the services.
    pub fn tax_statement(&self, statement: &TaxStatement) -> Result<Vec<u8>, Error> {
        let values = statement.check()?;
        self.print(Draft {
            template: "tax.typ",
            issuer: &statement.issuer,
            issued_on: statement.issued_on,
            language: statement.language,
            values: &values,
            pictures: Vec::new(),
        })
    }
}
