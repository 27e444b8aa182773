//! How long each field of the pagoPA notice may be (guide 3.x), and what becomes of one that is longer.
//!
//! What is read by people is cut, visibly, so that a notice is never withheld for a long name: the subject, names,
//! offices, addresses. What is typed in or read by a machine is refused, since a part of it would be another one: codes,
//! account numbers, amounts, the line of the postal authorisation.

use unicode_normalization::UnicodeNormalization;

use crate::Error;
use crate::error::Field;

pub(crate) const SUBJECT: usize = 90;
pub(crate) const CREDITOR: usize = 50;
pub(crate) const SECTOR: usize = 50;
pub(crate) const CONTACTS: usize = 100;
pub(crate) const NAME: usize = 70;
pub(crate) const ADDRESS: usize = 140;
pub(crate) const HOLDER: usize = 50;

pub(crate) const FISCAL_CODE: usize = 16;
/// The guide gives no length; those given out have five characters.
pub(crate) const CBILL: usize = 16;
pub(crate) const ACCOUNT: usize = 20;
/// `AUT. DB/xxxx/xxx xxxxx DEL xx/xx/xxxx` has 37; some room for longer office codes.
pub(crate) const AUTHORISATION: usize = 45;
/// 999.999.999,99: the largest amount of a notice, and of pagoPA.
pub(crate) const AMOUNT_CENTS: i64 = 99_999_999_999;
/// 99.999.999,99: the code of a postal slip has ten digits for it.
pub(crate) const SLIP_AMOUNT_CENTS: i64 = 9_999_999_999;

/// A last word longer than this is cut within itself: better half a word than half a line.
const LONG_WORD: usize = 20;

/// The text, or as many of its words as fit with the ellipsis that says there was more.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let letters: Vec<char> = text.nfc().collect();
    if letters.len() <= most {
        return letters.into_iter().collect();
    }
    let room = &letters[..most - 1];
    let ends_a_word = letters[most - 1].is_whitespace();
    let end = match room.iter().rposition(|c| c.is_whitespace()) {
        Some(space) if !ends_a_word && room.len() - space <= LONG_WORD => space,
        _ => room.len(),
    };
    let kept: String = room[..end].iter().collect();
    format!("{}…", kept.trim_end_matches(|c: char| c.is_whitespace() || ",;:·-".contains(c)))
}

/// # Errors
/// [`Error::TooLong`] naming the field.
pub(crate) fn refuse(field: Field, text: &str, most: usize) -> Result<(), Error> {
    if text.chars().count() > most { Err(Error::TooLong { field, most }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_left_alone_also_when_its_accents_are_written_apart() {
        assert_eq!(cut("Nicolò", 6), "Nicolò");
        assert_eq!(cut("Nicolo\u{300}", 6), "Nicolò");
        assert_eq!(cut(&"x".repeat(90), 90), "x".repeat(90));
    }

    #[test]
    fn what_is_too_long_ends_after_a_word_and_says_so() {
        assert_eq!(cut("Refezione scolastica, marzo 2026", 25), "Refezione scolastica…");
        assert_eq!(cut("Refezione scolastica marzo", 21), "Refezione scolastica…");
        assert_eq!(cut(&"x".repeat(91), 90), format!("{}…", "x".repeat(89)));
        assert_eq!(cut(&"x".repeat(91), 90).chars().count(), 90);
    }

    #[test]
    fn what_is_typed_in_is_refused_by_name() {
        assert_eq!(refuse(Field::Cbill, "ABCDE", 5), Ok(()));
        assert_eq!(refuse(Field::Cbill, "ABCDEF", 5), Err(Error::TooLong { field: Field::Cbill, most: 5 }));
    }
}
