use serde::{Deserialize, Serialize};

/// A partita IVA: eleven digits whose last is a Luhn check digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VatNumber(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid partita IVA")]
pub struct VatNumberError;

impl VatNumber {
    pub fn parse(text: &str) -> Result<VatNumber, VatNumberError> {
        let text = text.trim().trim_start_matches("IT");
        let valid = text.len() == 11 && text.bytes().all(|b| b.is_ascii_digit()) && luhn(text) == 0;
        if valid { Ok(VatNumber(text.to_owned())) } else { Err(VatNumberError) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn luhn(digits: &str) -> u32 {
    let value = |(place, digit): (usize, u8)| {
        let digit = u32::from(digit - b'0');
        if place % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
    };
    digits.bytes().enumerate().map(value).sum::<u32>() % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_decides() {
        assert!(VatNumber::parse("01199250158").is_ok());
        assert!(VatNumber::parse("IT15376371009").is_ok());
        assert_eq!(VatNumber::parse("01199250159"), Err(VatNumberError));
        assert_eq!(VatNumber::parse("0119925015"), Err(VatNumberError));
        assert_eq!(VatNumber::parse("0119925015٨"), Err(VatNumberError));
    }
}
