use crate::NoticeNumber;

/// What the QR code of a notice says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qr {
    pub notice_number: NoticeNumber,
    /// The institution: 11 digits.
    pub fiscal_code: String,
    pub amount_cents: i64,
}

/// Why a text is not the QR code of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the text of a pagoPA QR code, version 002")]
pub struct QrError;

/// The text of the QR code: `PAGOPA|002|<notice>|<institution>|<cents, at least two digits>`.
///
/// Print it as version 4 (33 x 33 modules), error correction M, in bytes; it always fits.
pub fn qr_text(notice_number: NoticeNumber, fiscal_code: &str, amount_cents: i64) -> String {
    format!("PAGOPA|002|{notice_number}|{fiscal_code}|{amount_cents:02}")
}

/// Reads the text of a QR code; amounts of 1 to 11 digits with leading zeros are in use.
pub fn read_qr(text: &str) -> Result<Qr, QrError> {
    let fields: Vec<&str> = text.trim().split('|').collect();
    let ["PAGOPA", "002", notice, fiscal_code, amount] = fields.as_slice() else { return Err(QrError) };
    if !is_digits(fiscal_code, 11..=11) || !is_digits(amount, 1..=11) {
        return Err(QrError);
    }
    Ok(Qr {
        notice_number: NoticeNumber::parse(notice).map_err(|_| QrError)?,
        fiscal_code: (*fiscal_code).to_owned(),
        amount_cents: amount.parse().map_err(|_| QrError)?,
    })
}

fn is_digits(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_in_public_use_are_read() {
        for (text, notice, fiscal_code, cents) in [
            ("PAGOPA|002|302032002700000251|03334231200|11", "302032002700000251", "03334231200", 11),
            ("PAGOPA|002|302032002700000251|03334231200|2", "302032002700000251", "03334231200", 2),
            ("PAGOPA|002|302032002700000251|03334231200|0001", "302032002700000251", "03334231200", 1),
            ("PAGOPA|002|302032002700000251|03334231200|1000", "302032002700000251", "03334231200", 1000),
            ("PAGOPA|002|123456789012345678|12345678901|1234567801", "123456789012345678", "12345678901", 1_234_567_801),
            ("PAGOPA|002|000000000000000000|00000000000|9999", "000000000000000000", "00000000000", 9999),
            ("PAGOPA|002|000000000000000000|01199250158|0000015000", "000000000000000000", "01199250158", 15_000),
            ("PAGOPA|002|301002026000000178|77777777777|4500", "301002026000000178", "77777777777", 4500),
        ] {
            let qr = read_qr(text).unwrap();
            assert_eq!((qr.notice_number.as_str(), qr.fiscal_code.as_str(), qr.amount_cents), (notice, fiscal_code, cents));
        }
    }

    #[test]
    fn amounts_are_written_with_at_least_two_digits() {
        let notice = NoticeNumber::parse("301002026000000178").unwrap();
        assert_eq!(qr_text(notice, "77777777777", 4500), "PAGOPA|002|301002026000000178|77777777777|4500");
        assert_eq!(qr_text(notice, "77777777777", 5), "PAGOPA|002|301002026000000178|77777777777|05");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "PAGOPA|001|301002026000000178|77777777777|4500",
            "PAGOPA|002|301002026000000178|77777777777|4500|",
            "PAGOPA|002|301002026000000178|7777777777|4500",
            "PAGOPA|002|30100202600000017|77777777777|4500",
            "PAGOPA|002|301002026000000178|77777777777|45.00",
            "PAGOPA|002|301002026000000178|77777777777|-4500",
            "PAGOPA|002|301002026000000178|77777777777|123456789012",
        ] {
            assert_eq!(read_qr(text), Err(QrError), "{text:?}");
        }
    }
}
