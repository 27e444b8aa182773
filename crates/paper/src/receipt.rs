use jiff::civil::{Date, DateTime};
use kernel::Cents;
use serde::Serialize;

use crate::engine::Draft;
use crate::error::Sum;
use crate::{Error, Issuer, Locale, Papers, Person, print};

/// A payment receipt for the citizen ("quietanza"), made from a stored pagoPA receipt alone: valid proof for the debtor.
#[derive(Clone, Debug, Serialize)]
pub struct Receipt {
    pub issuer: Issuer,
    /// The language of the paper; names, descriptions and outcomes are printed as they come.
    #[serde(skip)]
    pub language: Locale,
    pub subject: String,
    /// When the payer paid, Italian time; the receipt may not say.
    #[serde(serialize_with = "moment_if")]
    pub paid_at: Option<DateTime>,
    #[serde(serialize_with = "print::day_if")]
    pub applied_on: Option<Date>,
    /// 18 digits.
    pub notice_number: String,
    pub iuv: String,
    /// The unique number of the payment ("IUR"), as the payment service provider gave it.
    pub receipt_id: String,
    pub psp_name: String,
    pub psp_fiscal_code: Option<String>,
    /// Where it was paid ("app, sportello, sito"), when the receipt says so.
    pub channel: Option<String>,
    /// Who owed the sum.
    pub debtor: Person,
    /// Who paid, when the receipt says so and it is not the debtor.
    pub payer: Option<Person>,
    /// What the sum is made of, if it is worth telling apart; empty otherwise.
    pub lines: Vec<ReceiptLine>,
    #[serde(serialize_with = "print::euro")]
    pub amount: Cents,
    /// What the provider took for its service: not part of `amount`.
    #[serde(serialize_with = "print::euro_if")]
    pub fee: Option<Cents>,
    /// The day of this print.
    #[serde(serialize_with = "print::day")]
    pub issued_on: Date,
}

/// A part of the sum paid.
#[derive(Clone, Debug, Serialize)]
pub struct ReceiptLine {
    pub description: String,
    #[serde(serialize_with = "print::euro")]
    pub amount: Cents,
}

fn moment_if<S: serde::Serializer>(at: &Option<DateTime>, to: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => print::moment(at, to),
        None => to.serialize_none(),
    }
}

impl Receipt {
    fn check(&self) -> Result<(), Error> {
        let sum: i128 = self.lines.iter().map(|line| i128::from(line.amount.0)).sum();
        if !self.lines.is_empty() && sum != i128::from(self.amount.0) {
            return Err(Error::DoesNotAddUp(Sum::Lines));
        }
        Ok(())
    }
}

impl Papers {
    /// Prints a payment receipt. Errors: [`Error::DoesNotAddUp`] when the lines are not the amount.
    pub fn receipt(&self, receipt: &Receipt) -> Result<Vec<u8>, Error> {
        receipt.check()?;
        self.print(Draft {
            template: "receipt.typ",
            issuer: &receipt.issuer,
            issued_on: receipt.issued_on,
            language: receipt.language,
            values: receipt,
            pictures: Vec::new(),
        })
    }
}
