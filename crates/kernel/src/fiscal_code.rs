use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::Day;

/// A codice fiscale of a natural person: sixteen characters, upper case, with a valid check character, digits
/// possibly replaced by letters where two people would share a code (omocodia).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FiscalCode(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FiscalCodeError {
    #[error("a codice fiscale has sixteen letters and digits")]
    Shape,
    #[error("the check character of the codice fiscale is wrong")]
    CheckCharacter,
}

/// `L` letter, `D` digit or its omocodia letter, `M` month letter.
const SHAPE: &[u8; 15] = b"LLLLLLDDMDDLDDD";
const MONTHS: &[u8; 12] = b"ABCDEHLMPRST";
const OMOCODIA: &[u8; 10] = b"LMNPQRSTUV";
/// Values of `0-9` (and of `A-J`, which equal them) and then of `K-Z` in odd places (decree of 23 December 1976).
const ODD: [u32; 26] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

impl FiscalCode {
    /// Reads a code in either case, with blanks around it.
    pub fn parse(text: &str) -> Result<FiscalCode, FiscalCodeError> {
        let code = text.trim().to_ascii_uppercase();
        let bytes = code.as_bytes();
        let shaped = bytes.len() == 16 && bytes.iter().zip(SHAPE).all(|(b, s)| fits(*b, *s)) && bytes[15].is_ascii_uppercase();
        if !shaped {
            return Err(FiscalCodeError::Shape);
        }
        if check_character(&bytes[..15]) != bytes[15] {
            return Err(FiscalCodeError::CheckCharacter);
        }
        Ok(FiscalCode(code))
    }

    /// Builds the code of a person: for invented people, whose place code should not exist.
    ///
    /// # Panics
    /// If `place` is not a letter and three digits.
    pub fn build(family_name: &str, name: &str, birth: Day, female: bool, place: &str) -> FiscalCode {
        let day = birth.day() + if female { 40 } else { 0 };
        let month = char::from(MONTHS[usize::from(birth.month().unsigned_abs()) - 1]);
        let mut code =
            format!("{}{}{:02}{month}{day:02}{place}", family_letters(family_name), name_letters(name), birth.year() % 100);
        code.push(char::from(check_character(code.as_bytes())));
        FiscalCode::parse(&code).expect("a built code has the shape of one")
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last three characters, enough for a person to recognise their own code on a screen.
    pub fn ending(&self) -> &str {
        &self.0[13..]
    }

    /// Whether the code says the person is a woman (the day of birth is raised by 40).
    pub fn is_female(&self) -> bool {
        self.digit(9) >= 4
    }

    /// The date of birth the code says, in the hundred years that end with `latest_year`.
    pub fn birth_date(&self, latest_year: i16) -> Option<Day> {
        let two = i16::from(self.digit(6)) * 10 + i16::from(self.digit(7));
        let century = latest_year / 100 * 100;
        let year = if century + two > latest_year { century - 100 + two } else { century + two };
        let month = MONTHS.iter().position(|m| *m == self.0.as_bytes()[8])? + 1;
        let day = (self.digit(9) * 10 + self.digit(10)) % 40;
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }

    fn digit(&self, place: usize) -> u8 {
        let byte = self.0.as_bytes()[place];
        match OMOCODIA.iter().position(|l| *l == byte) {
            Some(digit) => u8::try_from(digit).expect("ten letters stand for digits"),
            None => byte - b'0',
        }
    }
}

impl fmt::Display for FiscalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Logs and panics show no codici fiscali.
impl fmt::Debug for FiscalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FiscalCode(…{})", self.ending())
    }
}

fn fits(byte: u8, shape: u8) -> bool {
    match shape {
        b'L' => byte.is_ascii_uppercase(),
        b'M' => MONTHS.contains(&byte),
        _ => byte.is_ascii_digit() || OMOCODIA.contains(&byte),
    }
}

fn check_character(first_fifteen: &[u8]) -> u8 {
    let value = |b: u8| u32::from(if b.is_ascii_digit() { b - b'0' } else { b - b'A' });
    let weigh = |(place, byte): (usize, &u8)| if place % 2 == 0 { ODD[value(*byte) as usize] } else { value(*byte) };
    let sum: u32 = first_fifteen.iter().enumerate().map(weigh).sum();
    b'A' + u8::try_from(sum % 26).expect("a remainder of 26 is small")
}

fn family_letters(name: &str) -> String {
    let (consonants, vowels) = letters(name);
    consonants.into_iter().chain(vowels).chain("XXX".chars()).take(3).collect()
}

fn name_letters(name: &str) -> String {
    let (mut consonants, vowels) = letters(name);
    if consonants.len() > 3 {
        consonants.remove(1);
    }
    consonants.into_iter().chain(vowels).chain("XXX".chars()).take(3).collect()
}

fn letters(name: &str) -> (Vec<char>, Vec<char>) {
    name.chars().map(plain).filter(char::is_ascii_uppercase).partition(|c| !"AEIOU".contains(*c))
}

fn plain(letter: char) -> char {
    match letter.to_ascii_uppercase() {
        'à' | 'á' | 'À' | 'Á' => 'A',
        'è' | 'é' | 'È' | 'É' => 'E',
        'ì' | 'í' | 'Ì' | 'Í' => 'I',
        'ò' | 'ó' | 'Ò' | 'Ó' => 'O',
        'ù' | 'ú' | 'Ù' | 'Ú' => 'U',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn good_codes_are_read_and_bad_ones_named() {
        assert_eq!(FiscalCode::parse(" gdasdv00a01h501j ").map(|c| c.to_string()), Ok("GDASDV00A01H501J".to_owned()));
        for (text, error) in [
            ("GDASDV00A01H501K", FiscalCodeError::CheckCharacter),
            ("GDASDV00A01H501", FiscalCodeError::Shape),
            ("GDASDV00F01H501J", FiscalCodeError::Shape),
            ("GDАSDV00A01H501J", FiscalCodeError::Shape),
            ("12345678901", FiscalCodeError::Shape),
            ("222222222222222", FiscalCodeError::Shape),
        ] {
            assert_eq!(FiscalCode::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_built_code_says_birth_and_sex_back() {
        let code = FiscalCode::build("Bellòni", "Elettra", date(2016, 3, 9), true, "Z999");
        assert_eq!(&code.as_str()[..15], "BLLLTR16C49Z999");
        assert!(code.is_female());
        assert_eq!(code.birth_date(2026), Some(date(2016, 3, 9)));
    }

    #[test]
    fn letters_that_stand_for_digits_are_read_as_digits() {
        let plain = FiscalCode::build("Rossi", "Mario", date(1985, 1, 1), false, "Z999");
        let mut twin = plain.as_str()[..14].to_owned();
        twin.push('V');
        twin.push(char::from(check_character(twin.as_bytes())));
        let twin = FiscalCode::parse(&twin).expect("an omocodia code is a code");
        assert_eq!(twin.birth_date(2026), Some(date(1985, 1, 1)));
        assert!(!format!("{twin:?}").contains("RSS"));
    }
}
