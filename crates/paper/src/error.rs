use std::fmt;

use catalogue::{Catalogue, Locale};

/// Why a paper was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The amounts on the paper contradict each other; it would be false whatever it showed.
    #[error("the amounts do not add up: {0}")]
    DoesNotAddUp(Sum),
    /// A value the paper cannot carry, such as a notice number that is not 18 digits.
    #[error("not fit for this paper: {0}")]
    Unfit(Unfit),
    /// A code or an account longer than its place on the paper; a part of it would be another one.
    #[error("{field} is longer than {most} characters")]
    TooLong { field: Field, most: usize },
    /// The typesetter refused: a defect of a template, or a coat of arms that is not a valid SVG.
    #[error("the typesetter refused: {0}")]
    Typeset(String),
}

impl Error {
    /// The same in the words of the catalogue, for whoever has to put it right.
    pub fn words(&self, catalogue: &Catalogue, locale: Locale) -> String {
        let named = |key: &str| catalogue.text(locale, key).to_owned();
        match self {
            Error::DoesNotAddUp(sum) => named(sum.key()),
            Error::Unfit(unfit) => named(unfit.key()),
            Error::TooLong { field, most } => {
                let most = i64::try_from(*most).expect("a place on paper is short");
                catalogue.format(locale, "print-too-long", &[("field", named(field.key()).into()), ("most", most.into())])
            }
            Error::Typeset(why) => catalogue.format(locale, "print-not-set", &[("why", why.into())]),
        }
    }
}

/// Reasons by name, each with its words in the catalogue.
macro_rules! reasons {
    ($(#[$about:meta])* $name:ident { $($reason:ident = $key:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($reason,)* }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$reason,)*];

            /// The key of its words in the catalogue.
            pub fn key(self) -> &'static str {
                match self { $($name::$reason => $key,)* }
            }
        }

        /// The key, for logs.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.key())
            }
        }
    };
}

reasons! {
    /// Which sum contradicts which.
    Sum {
        Instalments = "print-sum-instalments",
        RunningBalance = "print-sum-running-balance",
        ClosingBalance = "print-sum-closing-balance",
        Lines = "print-sum-lines",
        Payments = "print-sum-payments",
        Refunds = "print-sum-refunds",
    }
}

reasons! {
    /// What a paper cannot carry.
    Unfit {
        Modules = "print-unfit-modules",
        WholeFirst = "print-unfit-whole-first",
        NoticeNumber = "print-unfit-notice-number",
        Nothing = "print-unfit-nothing",
        TooMuch = "print-unfit-too-much",
        OtherQr = "print-unfit-other-qr",
        LongQr = "print-unfit-long-qr",
        TooMuchForSlip = "print-unfit-too-much-for-slip",
        NoSlip = "print-unfit-no-slip",
        OtherSlip = "print-unfit-other-slip",
        LongSlip = "print-unfit-long-slip",
        NoDay = "print-unfit-no-day",
        Period = "print-unfit-period",
    }
}

reasons! {
    /// What is typed in or read by a machine, and has a longest form.
    Field {
        CreditorCode = "print-field-creditor-code",
        FiscalCode = "print-field-fiscal-code",
        Cbill = "print-field-cbill",
        PostalAccount = "print-field-postal-account",
        PostalAuthorisation = "print-field-postal-authorisation",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_words_in_every_language() {
        let catalogue = Catalogue::load();
        let keys =
            Sum::ALL.iter().map(|r| r.key()).chain(Unfit::ALL.iter().map(|r| r.key())).chain(Field::ALL.iter().map(|r| r.key()));
        for key in keys.chain(["print-too-long", "print-not-set"]) {
            assert!(Locale::ALL.into_iter().all(|locale| catalogue.has(locale, key)), "{key}");
        }
    }

    #[test]
    fn a_reason_is_said_with_its_field_and_its_measure() {
        let catalogue = Catalogue::load();
        let long = Error::TooLong { field: Field::Cbill, most: 16 };
        assert_eq!(long.words(&catalogue, Locale::It), "Il codice CBILL ha più di 16 caratteri");
    }
}
