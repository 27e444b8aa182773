use jiff::civil::Date;
use kernel::Cents;
use serde::Serialize;

use crate::engine::{Draft, code_pictures};
use crate::error::{Field, Sum, Unfit};
use crate::{Error, Issuer, Locale, Papers, limits, print};

/// A payment notice ("avviso di pagamento") of the pagoPA guide 3.x: one notice number for the whole amount, or one
/// for each instalment, or both.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    pub issuer: Issuer,
    /// A second language beside Italian, which is always there: the notice is a form of the Italian system.
    #[serde(serialize_with = "print::language_if")]
    pub second_language: Option<Locale>,
    pub recipient: Recipient,
    /// What is to be paid for, in sentence case, cut at 90 characters. No minor's name.
    pub subject: String,
    /// The interbank code of the creditor, five characters; a body without one has no CBILL line.
    pub cbill: Option<String>,
    /// Whether the body's own site takes payments, as `where to pay` then says.
    pub payable_on_site: bool,
    /// One to [`Notice::MOST_MODULES`]; the whole amount, where there is one, first. A single instalment alone is a
    /// paper of its own, "Rata 2" for instance.
    pub modules: Vec<Module>,
    /// With a postal account every module has its postal slip.
    pub postal: Option<PostalAccount>,
    #[serde(serialize_with = "print::day")]
    pub issued_on: Date,
}

/// Who is asked to pay.
#[derive(Clone, Debug, Serialize)]
pub struct Recipient {
    /// Cut at 70 characters.
    pub name: String,
    /// Left out only when unknown.
    pub fiscal_code: Option<String>,
    /// Cut at 140 characters.
    pub address: Option<String>,
}

/// One thing that can be paid by its own number.
#[derive(Clone, Debug, Serialize)]
pub struct Module {
    pub part: Part,
    /// 18 digits; printed in groups of four.
    pub notice_number: String,
    #[serde(serialize_with = "print::euro")]
    pub amount: Cents,
    /// Without a day the paper says nothing of a date.
    #[serde(serialize_with = "print::day_if")]
    pub due_on: Option<Date>,
    /// The text of the QR code, as `pagopa::qr_text` writes it.
    #[serde(skip)]
    pub qr: String,
    /// The text of the slip's code, as `pagopa::datamatrix_text` writes it; needed with a postal account.
    #[serde(skip)]
    pub datamatrix: Option<String>,
}

/// Which part of the debt a module pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// "Rata unica".
    Whole,
    /// "Rata 1", "Rata 2" and so on.
    Instalment(u8),
}

/// The body's postal account.
#[derive(Clone, Debug, Serialize)]
pub struct PostalAccount {
    /// At most 20 characters.
    pub number: String,
    /// Cut at 50 characters.
    pub holder: String,
    /// The line of the postal authorisation, `AUT. DB/... DEL ...`.
    pub authorisation: String,
}

impl Notice {
    /// More modules than this are more than a family pays in one year by far, and more than a reader can follow.
    pub const MOST_MODULES: usize = 24;

    fn check(&self) -> Result<(), Error> {
        if self.modules.is_empty() || self.modules.len() > Notice::MOST_MODULES {
            return Err(Error::Unfit(Unfit::Modules));
        }
        if self.modules.iter().skip(1).any(|module| module.part == Part::Whole) {
            return Err(Error::Unfit(Unfit::WholeFirst));
        }
        self.check_fields()?;
        self.modules.iter().try_for_each(|module| module.check(&self.issuer.fiscal_code, self.postal.is_some()))?;
        self.check_sum()
    }

    fn check_fields(&self) -> Result<(), Error> {
        limits::refuse(Field::CreditorCode, &self.issuer.fiscal_code, limits::FISCAL_CODE)?;
        limits::refuse(Field::FiscalCode, self.recipient.fiscal_code.as_deref().unwrap_or_default(), limits::FISCAL_CODE)?;
        limits::refuse(Field::Cbill, self.cbill.as_deref().unwrap_or_default(), limits::CBILL)?;
        let Some(postal) = &self.postal else { return Ok(()) };
        limits::refuse(Field::PostalAccount, &postal.number, limits::ACCOUNT)?;
        limits::refuse(Field::PostalAuthorisation, &postal.authorisation, limits::AUTHORISATION)
    }

    /// The notice with what people read cut to its place.
    fn fitted(&self) -> Notice {
        let mut notice = self.clone();
        let Notice { issuer, recipient, subject, postal, .. } = &mut notice;
        let fit = |text: &mut String, most| *text = limits::cut(text, most);
        fit(subject, limits::SUBJECT);
        fit(&mut issuer.name, limits::CREDITOR);
        fit(&mut issuer.sector, limits::SECTOR);
        fit(&mut issuer.contacts, limits::CONTACTS);
        fit(&mut recipient.name, limits::NAME);
        recipient.address.iter_mut().for_each(|address| fit(address, limits::ADDRESS));
        postal.iter_mut().for_each(|postal| fit(&mut postal.holder, limits::HOLDER));
        notice
    }

    /// The instalments together are the whole, when both are offered.
    fn check_sum(&self) -> Result<(), Error> {
        let parts: i128 = self.parts().map(|module| i128::from(module.amount.0)).sum();
        match self.modules.first() {
            Some(first) if first.part == Part::Whole && self.modules.len() > 1 && i128::from(first.amount.0) != parts => {
                Err(Error::DoesNotAddUp(Sum::Instalments))
            }
            _ => Ok(()),
        }
    }

    fn parts(&self) -> impl Iterator<Item = &Module> {
        self.modules.iter().filter(|module| module.part != Part::Whole)
    }

    /// What is to be paid in all.
    fn total(&self) -> Cents {
        match self.modules.first() {
            Some(first) if first.part == Part::Whole => first.amount,
            _ => Cents(self.parts().map(|module| module.amount.0).fold(0, i64::saturating_add)),
        }
    }
}

impl Module {
    /// Number, amount and both codes say the same.
    fn check(&self, creditor: &str, has_slip: bool) -> Result<(), Error> {
        if self.notice_number.len() != 18 || !self.notice_number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::Unfit(Unfit::NoticeNumber));
        }
        if self.amount.0 <= 0 {
            return Err(Error::Unfit(Unfit::Nothing));
        }
        if self.amount.0 > limits::AMOUNT_CENTS {
            return Err(Error::Unfit(Unfit::TooMuch));
        }
        if !self.qr_is_of(creditor) {
            return Err(Error::Unfit(Unfit::OtherQr));
        }
        if has_slip { self.check_slip(creditor) } else { Ok(()) }
    }

    /// `PAGOPA|002|number|creditor|cents`
    fn qr_is_of(&self, creditor: &str) -> bool {
        match self.qr.split('|').collect::<Vec<_>>()[..] {
            ["PAGOPA", "002", number, code, cents] => {
                number == self.notice_number && code == creditor && cents.parse() == Ok(self.amount.0)
            }
            _ => false,
        }
    }

    /// Where the number, the cents and the creditor stand among the 256 characters of a slip's code.
    fn check_slip(&self, creditor: &str) -> Result<(), Error> {
        if self.amount.0 > limits::SLIP_AMOUNT_CENTS {
            return Err(Error::Unfit(Unfit::TooMuchForSlip));
        }
        let Some(code) = &self.datamatrix else {
            return Err(Error::Unfit(Unfit::NoSlip));
        };
        let says =
            [(15..33, self.notice_number.clone()), (49..59, format!("{:010}", self.amount.0)), (66..77, creditor.to_owned())];
        if code.len() != 256 || says.iter().any(|(place, text)| code.get(place.clone()) != Some(text.as_str())) {
            return Err(Error::Unfit(Unfit::OtherSlip));
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct NoticeValues<'a> {
    #[serde(serialize_with = "print::euro")]
    total: Cents,
    #[serde(flatten)]
    notice: &'a Notice,
}

impl Papers {
    /// Prints a payment notice.
    ///
    /// Names, subject, office and address longer than the guide's limits are cut and end with an ellipsis.
    ///
    /// # Errors
    /// [`Error::Unfit`] for a value the notice cannot carry, [`Error::TooLong`] for a code or an account,
    /// [`Error::DoesNotAddUp`] when the instalments are not the whole amount.
    pub fn notice(&self, notice: &Notice) -> Result<Vec<u8>, Error> {
        notice.check()?;
        let notice = &notice.fitted();
        let mut pictures = Vec::new();
        for (at, module) in notice.modules.iter().enumerate() {
            let slip = notice.postal.as_ref().and(module.datamatrix.as_deref());
            pictures.extend(code_pictures(at, &module.qr, slip)?);
        }
        self.print(Draft {
            template: "notice.typ",
            issuer: &notice.issuer,
            issued_on: notice.issued_on,
            language: Locale::It,
            values: &NoticeValues { total: notice.total(), notice },
            pictures,
        })
    }
}
