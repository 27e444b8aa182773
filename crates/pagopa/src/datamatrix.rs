use crate::NoticeNumber;

/// The characters of the DataMatrix of a postal payment slip.
pub const DATAMATRIX_LENGTH: usize = 256;

/// What the DataMatrix on the postal slip of a notice says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataMatrix {
    pub notice_number: NoticeNumber,
    /// The postal account: up to 12 digits.
    pub account: String,
    pub amount_cents: i64,
    /// The institution: 11 digits.
    pub fiscal_code: String,
    pub debtor_fiscal_code: String,
    pub debtor_name: String,
    pub subject: String,
}

/// Why the text of a DataMatrix cannot be made or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataMatrixError {
    #[error("a postal account has up to 12 digits")]
    Account,
    #[error("an amount has up to 10 digits")]
    Amount,
    #[error("an institution's fiscal code has 11 digits")]
    FiscalCode,
    #[error("not the text of a postal slip")]
    Layout,
}

/// The 256 characters of the slip's DataMatrix: capitals without accents, names and subjects cut to their field.
pub fn datamatrix_text(slip: &DataMatrix) -> Result<String, DataMatrixError> {
    let text = format!(
        "codfase=NBPA;18{notice}12{account:0>12}10{amount:010}38961P1{institution}{code}{name}{subject}{blank:12}A",
        notice = slip.notice_number,
        account = digits(&slip.account, 12).ok_or(DataMatrixError::Account)?,
        amount = amount(slip.amount_cents)?,
        institution = digits(&slip.fiscal_code, 11).filter(|d| d.len() == 11).ok_or(DataMatrixError::FiscalCode)?,
        code = field(&slip.debtor_fiscal_code, 16),
        name = field(&slip.debtor_name, 40),
        subject = field(&slip.subject, 110),
        blank = "",
    );
    debug_assert_eq!(text.len(), DATAMATRIX_LENGTH);
    Ok(text)
}

fn digits(text: &str, most: usize) -> Option<&str> {
    (text.len() <= most && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then_some(text)
}

fn amount(cents: i64) -> Result<i64, DataMatrixError> {
    if (0..=9_999_999_999).contains(&cents) { Ok(cents) } else { Err(DataMatrixError::Amount) }
}

/// Capitals, ASCII, cut or filled with blanks to `width`.
fn field(text: &str, width: usize) -> String {
    let plain: String = text.chars().flat_map(plain_letters).take(width).collect();
    format!("{plain:<width$}")
}

/// Letters whose accents fall away, in capitals, as the printers of Poste read them.
const ACCENTED: &[(&str, &str)] = &[
    ("ÀÁÂÃÄÅĀĂĄ", "A"),
    ("ÈÉÊËĒĔĖĘĚ", "E"),
    ("ÌÍÎÏĨĪĬĮİ", "I"),
    ("ÒÓÔÕÖØŌŎŐ", "O"),
    ("ÙÚÛÜŨŪŬŮŰŲ", "U"),
    ("ÇĆĈĊČ", "C"),
    ("ÑŃŅŇ", "N"),
    ("ÝŸ", "Y"),
    ("ŚŜŞŠȘ", "S"),
    ("ŹŻŽ", "Z"),
    ("ĎĐ", "D"),
    ("ĞĢ", "G"),
    ("ŁĹĽ", "L"),
    ("ŔŘ", "R"),
    ("ŢŤȚ", "T"),
    ("Æ", "AE"),
    ("Œ", "OE"),
    ("’‘ʼ", "'"),
    ("–—", "-"),
];

fn plain_letters(letter: char) -> Vec<char> {
    // The upper case of "ß" is already two letters, "SS".
    letter.to_uppercase().flat_map(|capital| plain_capital(capital).chars().collect::<Vec<_>>()).collect()
}

fn plain_capital(capital: char) -> String {
    if capital.is_ascii() && !capital.is_ascii_control() {
        return capital.to_string();
    }
    if ('\u{300}'..='\u{36f}').contains(&capital) {
        return String::new();
    }
    ACCENTED.iter().find(|(from, _)| from.contains(capital)).map_or(" ", |(_, to)| to).to_owned()
}

/// Reads the text of a slip. The fields before the names must be exact; some printers drop a blank after them.
pub fn read_datamatrix(text: &str) -> Result<DataMatrix, DataMatrixError> {
    let part = |from: usize, to: usize| text.get(from..to).ok_or(DataMatrixError::Layout);
    let rest = text.get(133..).ok_or(DataMatrixError::Layout)?.trim_end_matches('A').trim_end();
    for (from, fixed) in [(0, "codfase=NBPA;18"), (33, "12"), (47, "10"), (59, "38961P1")] {
        if part(from, from + fixed.len())? != fixed {
            return Err(DataMatrixError::Layout);
        }
    }
    Ok(DataMatrix {
        notice_number: NoticeNumber::parse(part(15, 33)?).map_err(|_| DataMatrixError::Layout)?,
        account: digits(part(35, 47)?, 12).ok_or(DataMatrixError::Account)?.to_owned(),
        amount_cents: part(49, 59)?.parse().map_err(|_| DataMatrixError::Amount)?,
        fiscal_code: digits(part(66, 77)?, 11).ok_or(DataMatrixError::FiscalCode)?.to_owned(),
        debtor_fiscal_code: part(77, 93)?.trim_end().to_owned(),
        debtor_name: part(93, 133)?.trim_end().to_owned(),
        subject: rest.chars().take(110).collect::<String>().trim_end().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slip() -> DataMatrix {
        DataMatrix {
            notice_number: NoticeNumber::parse("301002026000000178").unwrap(),
            account: "1234567".into(),
            amount_cents: 4500,
            fiscal_code: "77777777777".into(),
            debtor_fiscal_code: "RSSMRA80A01H501U".into(),
            debtor_name: "Rossi Mario".into(),
            subject: "Refezione scolastica marzo 2026".into(),
        }
    }

    #[test]
    fn the_slip_has_every_field_in_its_place() {
        let text = datamatrix_text(&slip()).unwrap();
        assert_eq!(text.len(), DATAMATRIX_LENGTH);
        assert_eq!(&text[..93], "codfase=NBPA;183010020260000001781200000123456710000000450038961P177777777777RSSMRA80A01H501U");
        assert_eq!(text[93..133].trim_end(), "ROSSI MARIO");
        assert_eq!(text[133..243].trim_end(), "REFEZIONE SCOLASTICA MARZO 2026");
        assert_eq!(&text[243..], "            A");
    }

    #[test]
    fn accents_fall_away_and_long_names_are_cut() {
        let long =
            DataMatrix { debtor_name: "Nicolò D’Àlessandro-Müller ß".repeat(3), subject: "è".repeat(300), ..slip() };
        let text = datamatrix_text(&long).unwrap();
        assert_eq!(text.len(), DATAMATRIX_LENGTH);
        assert!(text.is_ascii());
        assert!(text[93..].starts_with("NICOLO D'ALESSANDRO-MULLER SSNICOLO D'AL"));
        assert_eq!(&text[133..243], "E".repeat(110));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let read = read_datamatrix(&datamatrix_text(&slip()).unwrap()).unwrap();
        assert_eq!(read.notice_number, slip().notice_number);
        assert_eq!((read.amount_cents, read.account.as_str()), (4500, "000001234567"));
        assert_eq!((read.debtor_name.as_str(), read.subject.as_str()), ("ROSSI MARIO", "REFEZIONE SCOLASTICA MARZO 2026"));
    }

    #[test]
    fn a_slip_with_one_blank_too_few_is_still_read() {
        let mut text = datamatrix_text(&slip()).unwrap();
        text.remove(250);
        assert_eq!(read_datamatrix(&text).unwrap().amount_cents, 4500);
    }

    #[test]
    fn impossible_fields_are_refused() {
        let refused = |slip: DataMatrix| datamatrix_text(&slip).unwrap_err();
        assert_eq!(refused(DataMatrix { account: "1234567890123".into(), ..slip() }), DataMatrixError::Account);
        assert_eq!(refused(DataMatrix { amount_cents: 10_000_000_000, ..slip() }), DataMatrixError::Amount);
        assert_eq!(refused(DataMatrix { fiscal_code: "7777777777".into(), ..slip() }), DataMatrixError::FiscalCode);
        assert_eq!(read_datamatrix("codfase=NBPA;18"), Err(DataMatrixError::Layout));
    }
}
