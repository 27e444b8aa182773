use jiff::civil::Date;
use kernel::Cents;
use serde::Serialize;

use crate::engine::{Draft, code_pictures};
use crate::{Error, Issuer, Papers, print};

/// A payment notice ("avviso di pagamento") of the pagoPA guide 3.x: one notice number for the whole amount, or one
/// for each instalment, or both.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    pub issuer: Issuer,
    pub recipient: Recipient,
    /// What is to be paid for, in sentence case, at most 90 characters. No minor's name.
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
    /// At most 70 characters.
    pub name: String,
    /// Left out only when unknown.
    pub fiscal_code: Option<String>,
    /// At most 140 characters.
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
    /// At most 50 characters.
    pub holder: String,
    /// The line of the postal authorisation, `AUT. DB/... DEL ...`.
    pub authorisation: String,
}

impl Notice {
    /// More modules than this are more than a family pays in one year by far, and more than a reader can follow.
    pub const MOST_MODULES: usize = 24;

    fn check(&self) -> Result<(), Error> {
        if self.modules.is_empty() || self.modules.len() > Notice::MOST_MODULES {
            return Err(Error::Unfit("a notice has one to 24 modules"));
        }
        if self.modules.iter().skip(1).any(|module| module.part == Part::Whole) {
            return Err(Error::Unfit("the whole amount is one module, and the first"));
        }
        if self.modules.iter().any(|module| !is_notice_number(&module.notice_number)) {
            return Err(Error::Unfit("a notice number is 18 digits"));
        }
        if self.modules.iter().any(|module| !module.qr.contains(&module.notice_number)) {
            return Err(Error::Unfit("the QR text is that of another notice number"));
        }
        if self.postal.is_some() && self.modules.iter().any(|module| module.datamatrix.is_none()) {
            return Err(Error::Unfit("with a postal account every module has the code of its slip"));
        }
        self.check_sum()
    }

    /// The instalments together are the whole, when both are offered.
    fn check_sum(&self) -> Result<(), Error> {
        let parts: i128 = self.parts().map(|module| i128::from(module.amount.0)).sum();
        match self.modules.first() {
            Some(first) if first.part == Part::Whole && self.modules.len() > 1 && i128::from(first.amount.0) != parts => {
                Err(Error::DoesNotAddUp("the instalments are not the whole amount"))
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

fn is_notice_number(text: &str) -> bool {
    text.len() == 18 && text.bytes().all(|b| b.is_ascii_digit())
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
    /// Errors: [`Error::Unfit`] for a value the notice cannot carry, [`Error::DoesNotAddUp`] when the instalments are
    /// not the whole amount.
    pub fn notice(&self, notice: &Notice) -> Result<Vec<u8>, Error> {
        notice.check()?;
        let mut pictures = Vec::new();
        for (at, module) in notice.modules.iter().enumerate() {
            let slip = notice.postal.as_ref().and(module.datamatrix.as_deref());
            pictures.extend(code_pictures(at, &module.qr, slip)?);
        }
        self.print(Draft {
            template: "notice.typ",
            issuer: &notice.issuer,
            issued_on: notice.issued_on,
            values: &NoticeValues { total: notice.total(), notice },
            pictures,
        })
    }
}
