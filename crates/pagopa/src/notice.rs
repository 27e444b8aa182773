use std::fmt;

/// A pagoPA notice number: 18 digits, the first of which (the auxiliary digit) says how the rest is laid out.
///
/// | aux | after the aux digit | IUV |
/// |---|---|---|
/// | 0 | application code (2), base (13), check (2) | the last 15 digits |
/// | 1 | reference (17) | the last 17 digits |
/// | 2 | base (15), check (2) | the last 17 digits |
/// | 3 | segregation code (2), base (13), check (2) | the last 17 digits |
///
/// The check digits of 0, 2 and 3 are the number formed by the first 16 digits, modulo 93.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeNumber([u8; 18]);

/// How an institution numbers its notices; chosen when it joins pagoPA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// Auxiliary digit 0, with the application code of the software.
    Application(u8),
    /// Auxiliary digit 1: one single issuer of references, no check digits.
    SingleIssuer,
    /// Auxiliary digit 2: one single issuer, with check digits.
    SingleIssuerChecked,
    /// Auxiliary digit 3, with the segregation code of the station: what new institutions get.
    Segregated(u8),
}

/// Notice numbers in their order, each once: a number that was given is never given again, not even after its debt was
/// cancelled or has expired. Keep [`NoticeSequence::last_base`] in the transaction that keeps the notices, and go on from it.
///
/// ```
/// use pagopa::{NoticeSequence, Numbering};
/// let mut sequence = NoticeSequence::after(Numbering::Segregated(12), 6);
/// assert_eq!(sequence.next().unwrap()?.as_str(), "312000000000000725");
/// assert_eq!(sequence.last_base(), 7);
/// # Ok::<(), pagopa::NoticeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeSequence {
    numbering: Numbering,
    last: u64,
}

/// Why a notice number cannot be read or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    #[error("a notice number has 18 digits")]
    NotEighteenDigits,
    #[error("an application or segregation code has two digits")]
    CodeTooLarge,
    #[error("the sequence has no free number left")]
    SequenceExhausted,
}

impl NoticeSequence {
    /// Goes on after the last base that was given; 0 when none was.
    pub fn after(numbering: Numbering, last: u64) -> NoticeSequence {
        NoticeSequence { numbering, last }
    }

    /// The last base that was given.
    pub fn last_base(&self) -> u64 {
        self.last
    }
}

/// Never ends: a full sequence refuses each time it is asked.
impl Iterator for NoticeSequence {
    type Item = Result<NoticeNumber, NoticeError>;

    fn next(&mut self) -> Option<Result<NoticeNumber, NoticeError>> {
        let base = self.last.checked_add(1).ok_or(NoticeError::SequenceExhausted);
        let number = base.and_then(|base| NoticeNumber::compose(self.numbering, base).map(|number| (base, number)));
        Some(number.map(|(base, number)| {
            self.last = base;
            number
        }))
    }
}

impl NoticeNumber {
    /// Composes the notice for `base`, the next number of a sequence that never repeats.
    pub fn compose(numbering: Numbering, base: u64) -> Result<NoticeNumber, NoticeError> {
        let (aux, code, width) = numbering.layout()?;
        let digits = format!("{aux}{code}{base:0width$}");
        if digits.len() != 1 + code.len() + width {
            return Err(NoticeError::SequenceExhausted);
        }
        if numbering == Numbering::SingleIssuer {
            return NoticeNumber::parse(&digits);
        }
        NoticeNumber::parse(&format!("{digits}{:02}", check_digits(digits.as_bytes())))
    }

    /// Reads 18 digits, blanks between groups allowed. The check digits are not judged: the node's own test
    /// notices carry wrong ones, and an unknown number is answered as unknown.
    pub fn parse(text: &str) -> Result<NoticeNumber, NoticeError> {
        let digits: Vec<u8> = text.bytes().filter(|b| *b != b' ').collect();
        let digits: [u8; 18] = digits.try_into().map_err(|_| NoticeError::NotEighteenDigits)?;
        if digits.iter().all(u8::is_ascii_digit) { Ok(NoticeNumber(digits)) } else { Err(NoticeError::NotEighteenDigits) }
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a notice number is digits")
    }

    /// The auxiliary digit, 0 to 9 (pagoPA uses 0 to 3).
    pub fn aux(&self) -> u8 {
        self.0[0] - b'0'
    }

    /// The IUV (creditor reference): 15 digits for auxiliary digit 0, else 17.
    pub fn iuv(&self) -> &str {
        &self.as_str()[if self.aux() == 0 { 3 } else { 1 }..]
    }

    /// Whether the check digits are right; always true where none are prescribed.
    pub fn has_valid_check(&self) -> bool {
        match self.aux() {
            0 | 2 | 3 => self.as_str()[16..] == format!("{:02}", check_digits(&self.0[..16])),
            _ => true,
        }
    }

    /// The printed form, in groups of four: `3010 0202 6000 0001 78`.
    pub fn grouped(&self) -> String {
        let groups: Vec<&str> = self.0.chunks(4).map(|c| std::str::from_utf8(c).expect("a notice number is digits")).collect();
        groups.join(" ")
    }
}

impl Numbering {
    /// The auxiliary digit, the code after it and the digits of the base.
    fn layout(self) -> Result<(char, String, usize), NoticeError> {
        Ok(match self {
            Numbering::Application(code) => ('0', two_digits(code)?, 13),
            Numbering::SingleIssuer => ('1', String::new(), 17),
            Numbering::SingleIssuerChecked => ('2', String::new(), 15),
            Numbering::Segregated(code) => ('3', two_digits(code)?, 13),
        })
    }
}

fn two_digits(code: u8) -> Result<String, NoticeError> {
    if code > 99 { Err(NoticeError::CodeTooLarge) } else { Ok(format!("{code:02}")) }
}

fn check_digits(first_sixteen: &[u8]) -> u64 {
    first_sixteen.iter().fold(0, |rest, digit| (rest * 10 + u64::from(digit - b'0')) % 93)
}

impl fmt::Display for NoticeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for NoticeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoticeNumber({})", self.as_str())
    }
}

impl std::str::FromStr for NoticeNumber {
    type Err = NoticeError;
    fn from_str(text: &str) -> Result<NoticeNumber, NoticeError> {
        NoticeNumber::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_in_public_use_have_the_expected_check_and_iuv() {
        for (notice, iuv) in [
            ("310000000000090203", "10000000000090203"),
            ("001110000000000164", "110000000000164"),
            ("002152784547130177", "152784547130177"),
            ("001340105455507221", "340105455507221"),
            ("001340809425510244", "340809425510244"),
            ("004040400002428331", "040400002428331"),
            ("004040000002146431", "040000002146431"),
            ("004040400002427826", "040400002427826"),
            ("304040000000000255", "04040000000000255"),
            ("302032002700000251", "02032002700000251"),
            ("382202100000000101", "82202100000000101"),
            ("347164993070184562", "47164993070184562"),
            ("002720356512737953", "720356512737953"),
            ("002720356084529460", "720356084529460"),
            ("005000000000000115", "000000000000115"),
            ("212000000000004259", "12000000000004259"),
            ("302000600008408304", "02000600008408304"),
            ("300715700000000032", "00715700000000032"),
            ("312000000000000725", "12000000000000725"),
            ("301002026000000178", "01002026000000178"),
        ] {
            let number = NoticeNumber::parse(notice).unwrap();
            assert!(number.has_valid_check(), "{notice}");
            assert_eq!(number.iuv(), iuv);
        }
    }

    #[test]
    fn test_environments_use_wrong_check_digits_and_are_still_read() {
        for notice in ["311111111112222222", "302012387654312384", "302009921337126000"] {
            assert!(!NoticeNumber::parse(notice).unwrap().has_valid_check(), "{notice}");
        }
    }

    #[test]
    fn numbers_are_composed_by_each_numbering() {
        for (numbering, base, notice) in [
            (Numbering::Segregated(12), 7, "312000000000000725"),
            (Numbering::Segregated(1), 20_260_000_001, "301002026000000178"),
            (Numbering::Segregated(47), 1_649_930_701_845, "347164993070184562"),
            (Numbering::Application(5), 1, "005000000000000115"),
            (Numbering::SingleIssuerChecked, 120_000_000_000_042, "212000000000004259"),
            (Numbering::SingleIssuer, 23_456_789_012_345_678, "123456789012345678"),
        ] {
            assert_eq!(NoticeNumber::compose(numbering, base).unwrap().as_str(), notice);
        }
    }

    #[test]
    fn a_full_sequence_refuses_instead_of_growing() {
        assert!(NoticeNumber::compose(Numbering::Segregated(1), 9_999_999_999_999).is_ok());
        assert_eq!(NoticeNumber::compose(Numbering::Segregated(1), 10_000_000_000_000), Err(NoticeError::SequenceExhausted));
        assert_eq!(NoticeNumber::compose(Numbering::Segregated(100), 1), Err(NoticeError::CodeTooLarge));
    }

    #[test]
    fn a_sequence_never_gives_a_number_again_and_ends_with_a_refusal() {
        for numbering in
            [Numbering::Application(5), Numbering::SingleIssuer, Numbering::SingleIssuerChecked, Numbering::Segregated(1)]
        {
            let mut given = std::collections::HashSet::new();
            let mut sequence = NoticeSequence::after(numbering, 0);
            for _ in 0..10 {
                // Resumed from what was kept, as after a new start.
                sequence = NoticeSequence::after(numbering, sequence.last_base());
                for number in sequence.by_ref().take(500) {
                    let number = number.unwrap();
                    assert!(number.has_valid_check() && given.insert(number), "{number}");
                }
            }
            let iuvs: std::collections::HashSet<&str> = given.iter().map(NoticeNumber::iuv).collect();
            assert_eq!(iuvs.len(), 5000, "no IUV is used twice either");
        }
        let mut full = NoticeSequence::after(Numbering::Segregated(1), 9_999_999_999_999);
        assert_eq!(full.next(), Some(Err(NoticeError::SequenceExhausted)));
        assert_eq!((full.next(), full.last_base()), (Some(Err(NoticeError::SequenceExhausted)), 9_999_999_999_999));
        assert!(NoticeSequence::after(Numbering::SingleIssuer, u64::MAX).next().unwrap().is_err());
    }

    #[test]
    fn only_eighteen_ascii_digits_are_a_notice() {
        for text in ["", "30100202600000017", "3010020260000001788", "30100202600000017x", "٣01002026000000178"] {
            assert_eq!(NoticeNumber::parse(text), Err(NoticeError::NotEighteenDigits), "{text:?}");
        }
    }

    #[test]
    fn the_printed_form_has_groups_of_four() {
        let printed = NoticeNumber::parse("301002026000000178").unwrap().grouped();
        assert_eq!(printed, "3010 0202 6000 0001 78");
        assert_eq!(NoticeNumber::parse(&printed).unwrap().as_str(), "301002026000000178");
    }
}
