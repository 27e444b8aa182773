use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// An amount of euro cents, negative for a debit. The only type money has in this system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cents(pub i64);

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CentsError {
    #[error("not an amount of euros with at most two decimals")]
    Malformed,
    #[error("an amount beyond what the system keeps")]
    TooLarge,
}

/// The largest amount a pagoPA notice can print: 999.999.999,99 euro.
const LARGEST: i64 = 99_999_999_999;

impl Cents {
    pub const ZERO: Cents = Cents(0);

    /// Reads what a person types in Italy: `25`, `25,5`, `25,50`, `1.234,50`, with or without `€`.
    ///
    /// A dot is a separator of thousands, except where it stands before one or two last digits (`25.50`), as a
    /// phone's keyboard writes it. Signs, exponents, other scripts' digits and a third decimal are refused.
    pub fn parse_it(text: &str) -> Result<Cents, CentsError> {
        let text = text.trim().trim_start_matches('€').trim_end_matches('€').trim();
        let (whole, decimals) = split_decimals(text);
        let whole = ungroup(whole)?;
        let decimals = match decimals {
            None => 0,
            Some(d) if d.len() == 1 => digits(d)? * 10,
            Some(d) if d.len() == 2 => digits(d)?,
            Some(_) => return Err(CentsError::Malformed),
        };
        let cents = whole.checked_mul(100).and_then(|c| c.checked_add(decimals)).ok_or(CentsError::TooLarge)?;
        if cents > LARGEST { Err(CentsError::TooLarge) } else { Ok(Cents(cents)) }
    }

    /// `1.234,50`, with a minus sign before a negative amount and no currency.
    pub fn format_it(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, cents) = (self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100);
        format!("{sign}{},{cents:02}", group(whole))
    }

    /// `1234.50`, the form of the pagoPA wire and of CSV files.
    pub fn format_decimal(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100)
    }

    pub fn abs(self) -> Cents {
        Cents(self.0.abs())
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The share of `basis_points` ten-thousandths, rounded half away from zero: the one rounding rule of the house.
    pub fn share(self, basis_points: i64) -> Cents {
        Cents(divide_rounding(i128::from(self.0) * i128::from(basis_points), 10_000))
    }

    /// `self * numerator / denominator`, rounded half away from zero.
    ///
    /// # Panics
    /// If the denominator is zero.
    pub fn prorate(self, numerator: i64, denominator: i64) -> Cents {
        Cents(divide_rounding(i128::from(self.0) * i128::from(numerator), i128::from(denominator)))
    }

    pub fn times(self, quantity: i64) -> Cents {
        Cents(self.0 * quantity)
    }

    /// Splits into `parts` equal amounts whose sum is exactly `self`; the rest goes on the last.
    pub fn split(self, parts: usize) -> Vec<Cents> {
        let count = i64::try_from(parts.max(1)).expect("a document has few instalments");
        let each = self.0 / count;
        let mut amounts = vec![Cents(each); parts.max(1)];
        if let Some(last) = amounts.last_mut() {
            *last = Cents(self.0 - each * (count - 1));
        }
        amounts
    }
}

fn split_decimals(text: &str) -> (&str, Option<&str>) {
    if let Some((whole, decimals)) = text.split_once(',') {
        return (whole, Some(decimals));
    }
    match text.rsplit_once('.') {
        Some((whole, decimals)) if decimals.len() < 3 && !whole.contains('.') => (whole, Some(decimals)),
        _ => (text, None),
    }
}

fn ungroup(whole: &str) -> Result<i64, CentsError> {
    if !whole.contains('.') {
        return digits(whole);
    }
    let mut groups = whole.split('.');
    let first = groups.next().unwrap_or_default();
    if first.is_empty() || first.len() > 3 || groups.clone().any(|g| g.len() != 3) {
        return Err(CentsError::Malformed);
    }
    digits(&whole.replace('.', ""))
}

fn digits(text: &str) -> Result<i64, CentsError> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(CentsError::Malformed);
    }
    text.parse().map_err(|_| CentsError::TooLarge)
}

fn group(whole: u64) -> String {
    let digits = whole.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    out
}

fn divide_rounding(value: i128, by: i128) -> i64 {
    let half = by.abs() / 2;
    let shifted = if (value < 0) == (by < 0) { value.abs() + half } else { -(value.abs() + half) };
    i64::try_from(shifted / by.abs()).expect("a rounded amount fits where the amount did")
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} €", self.format_it())
    }
}

impl Add for Cents {
    type Output = Cents;
    fn add(self, other: Cents) -> Cents {
        Cents(self.0 + other.0)
    }
}

impl AddAssign for Cents {
    fn add_assign(&mut self, other: Cents) {
        self.0 += other.0;
    }
}

impl Sub for Cents {
    type Output = Cents;
    fn sub(self, other: Cents) -> Cents {
        Cents(self.0 - other.0)
    }
}

impl SubAssign for Cents {
    fn sub_assign(&mut self, other: Cents) {
        self.0 -= other.0;
    }
}

impl Neg for Cents {
    type Output = Cents;
    fn neg(self) -> Cents {
        Cents(-self.0)
    }
}

impl Sum for Cents {
    fn sum<I: Iterator<Item = Cents>>(amounts: I) -> Cents {
        Cents(amounts.map(|a| a.0).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_read_or_refused() {
        let malformed = Err(CentsError::Malformed);
        for (typed, expected) in [
            ("25", Ok(Cents(2500))),
            (" 25,5 ", Ok(Cents(2550))),
            ("25,50 €", Ok(Cents(2550))),
            ("25.50", Ok(Cents(2550))),
            ("25.5", Ok(Cents(2550))),
            ("1.234,50", Ok(Cents(123_450))),
            ("1.234", Ok(Cents(123_400))),
            ("0,01", Ok(Cents(1))),
            ("999.999.999,99", Ok(Cents(LARGEST))),
            ("1.000.000.000", Err(CentsError::TooLarge)),
            ("99999999999999999999", Err(CentsError::TooLarge)),
            ("", malformed),
            ("1e9", malformed),
            ("-5", malformed),
            ("+5", malformed),
            ("10,555", malformed),
            ("١٠", malformed),
            ("1.23.4", malformed),
            ("1234.567", malformed),
            ("10,", malformed),
            (",50", malformed),
            ("dieci", malformed),
        ] {
            assert_eq!(Cents::parse_it(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn amounts_are_written_the_italian_way() {
        for (cents, text) in [(0, "0,00"), (5, "0,05"), (-470, "-4,70"), (123_450, "1.234,50"), (LARGEST, "999.999.999,99")] {
            assert_eq!(Cents(cents).format_it(), text);
        }
    }

    #[test]
    fn a_split_loses_no_cent_and_puts_the_rest_last() {
        assert_eq!(Cents(10_000).split(3), [Cents(3333), Cents(3333), Cents(3334)]);
        assert_eq!(Cents(-100).split(3).into_iter().sum::<Cents>(), Cents(-100));
    }

    #[test]
    fn half_a_cent_rounds_away_from_zero() {
        assert_eq!(Cents(5).share(5_000), Cents(3));
        assert_eq!(Cents(-5).share(5_000), Cents(-3));
        assert_eq!(Cents(490).prorate(1, 3), Cents(163));
        assert_eq!(Cents(490).prorate(-1, 3), Cents(-163));
    }
}
