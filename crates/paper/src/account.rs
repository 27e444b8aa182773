use jiff::civil::Date;
use kernel::Cents;
use serde::Serialize;

use crate::engine::Draft;
use crate::error::{Sum, Unfit};
use crate::{Error, Issuer, Locale, Papers, Person, print};

/// The statement of a virtual account over a period ("estratto conto"): from the opening balance to the closing one,
/// movement by movement. Amounts are seen by the holder: a top-up is positive, a meal negative.
#[derive(Clone, Debug, Serialize)]
pub struct AccountStatement {
    pub issuer: Issuer,
    /// The language of the paper; names, descriptions and outcomes are printed as they come.
    #[serde(skip)]
    pub language: Locale,
    pub holder: Person,
    /// How the account is known to the holder: `Refezione scolastica, badge 004512`.
    pub account: String,
    /// The pupil the account serves; empty for none or several.
    pub pupil: String,
    #[serde(serialize_with = "print::day")]
    pub first_on: Date,
    #[serde(serialize_with = "print::day")]
    pub last_on: Date,
    #[serde(serialize_with = "print::euro")]
    pub opening: Cents,
    /// In the order of their balances; a paper of thousands is fine.
    pub movements: Vec<Movement>,
    #[serde(serialize_with = "print::euro")]
    pub closing: Cents,
    #[serde(serialize_with = "print::day")]
    pub issued_on: Date,
}

/// One line of the account.
#[derive(Clone, Debug, Serialize)]
pub struct Movement {
    #[serde(serialize_with = "print::day")]
    pub on: Date,
    pub description: String,
    #[serde(serialize_with = "print::euro")]
    pub amount: Cents,
    /// The balance after this line.
    #[serde(serialize_with = "print::euro")]
    pub balance: Cents,
}

#[derive(Serialize)]
struct AccountValues<'a> {
    #[serde(serialize_with = "print::euro")]
    credited: Cents,
    #[serde(serialize_with = "print::euro")]
    debited: Cents,
    #[serde(flatten)]
    statement: &'a AccountStatement,
}

impl AccountStatement {
    fn check(&self) -> Result<AccountValues<'_>, Error> {
        if self.last_on < self.first_on {
            return Err(Error::Unfit(Unfit::Period));
        }
        let (mut balance, mut credited, mut debited) = (self.opening.0, 0_i64, 0_i64);
        for movement in &self.movements {
            let side = if movement.amount.is_negative() { &mut debited } else { &mut credited };
            *side = side.saturating_add(movement.amount.0);
            balance = balance.saturating_add(movement.amount.0);
            if balance != movement.balance.0 {
                return Err(Error::DoesNotAddUp(Sum::RunningBalance));
            }
        }
        if balance != self.closing.0 {
            return Err(Error::DoesNotAddUp(Sum::ClosingBalance));
        }
        Ok(AccountValues { credited: Cents(credited), debited: Cents(debited), statement: self })
    }
}

impl Papers {
    /// Prints the statement of an account.
    ///
    /// Errors: [`Error::DoesNotAddUp`] when opening balance, movements, running balances and closing balance disagree;
    /// [`Error::Unfit`] for a reversed period.
    pub fn account_statement(&self, statement: &AccountStatement) -> Result<Vec<u8>, Error> {
        let values = statement.check()?;
        self.print(Draft {
            template: "account.typ",
            issuer: &statement.issuer,
            issued_on: statement.issued_on,
            language: statement.language,
            values: &values,
            pictures: Vec::new(),
        })
    }
}
