//! The text of a cell as a value. Each function says in Italian what it expected.

use jiff::civil::{Date, DateTime, Time};
use kernel::{Cents, Day, FiscalCode, Instant, SchoolYear, VatNumber, rome_instant};

/// What a reader of a cell answers; the error ends the sentence "«31/02/2020» ...".
pub(crate) type Value<T> = Result<T, &'static str>;

pub(crate) fn text(cell: &str) -> Value<String> {
    Ok(cell.to_owned())
}

/// `gg/mm/aaaa` or `aaaa-mm-gg`.
pub(crate) fn day(cell: &str) -> Value<Day> {
    day_parts(cell).ok_or("non è una data (gg/mm/aaaa o aaaa-mm-gg)")
}

fn day_parts(cell: &str) -> Option<Day> {
    let (separator, italian) = if cell.contains('/') { ('/', true) } else { ('-', false) };
    let mut parts = cell.split(separator);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, month, day) = if italian { (c, b, a) } else { (a, b, c) };
    let digits = [year, month, day].iter().all(|p| p.bytes().all(|d| d.is_ascii_digit()));
    if parts.next().is_some() || !digits || year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// `hh:mm`, on the clock in Italy.
pub(crate) fn time(cell: &str) -> Value<Time> {
    let parts = cell.split_once(':').and_then(|(h, m)| Some((h.parse().ok()?, m.parse().ok()?)));
    parts.and_then(|(h, m)| Time::new(h, m, 0, 0).ok()).ok_or("non è un'ora (hh:mm)")
}

/// A day, and the time on the clock in Italy.
pub(crate) fn moment(cell: &str) -> Value<Instant> {
    let expected = "non è una data con ora (gg/mm/aaaa hh:mm)";
    let (day_text, time_text) = cell.split_once([' ', 'T']).ok_or(expected)?;
    let at: DateTime = day(day_text).map_err(|_| expected)?.to_datetime(time(time_text).map_err(|_| expected)?);
    Ok(rome_instant(at.date(), at.time()))
}

/// An amount of euros that is not negative.
pub(crate) fn amount(cell: &str) -> Value<Cents> {
    Cents::parse_it(cell).map_err(|_| "non è un importo (esempi: 4,60 o 1.234,50 o 4.60)")
}

/// An amount of euros, with a minus sign if it lowers what it is of.
pub(crate) fn signed_amount(cell: &str) -> Value<Cents> {
    match cell.strip_prefix('-') {
        Some(rest) => amount(rest).map(|cents| -cents),
        None => amount(cell),
    }
}

/// Amounts divided by blanks or bars: `25,00 50,00`.
pub(crate) fn amounts(cell: &str) -> Value<Vec<Cents>> {
    cell.split([' ', '|']).filter(|part| !part.is_empty()).map(amount).collect()
}

/// A percentage with at most two decimals, in ten-thousandths.
pub(crate) fn percent(cell: &str) -> Value<i32> {
    let cents = Cents::parse_it(cell.trim_end_matches('%')).map_err(|_| "non è una percentuale (esempio: 30 o 12,5)")?;
    i32::try_from(cents.0).ok().filter(|share| *share <= 10_000).ok_or("è più del 100%")
}

pub(crate) fn yes_no(cell: &str) -> Value<bool> {
    match cell.to_ascii_lowercase().as_str() {
        "si" | "sì" | "s" | "1" => Ok(true),
        "no" | "n" | "0" => Ok(false),
        _ => Err("non è «si» né «no»"),
    }
}

pub(crate) fn whole(cell: &str) -> Value<i32> {
    let digits = !cell.is_empty() && cell.bytes().all(|b| b.is_ascii_digit());
    cell.parse().ok().filter(|_| digits).ok_or("non è un numero intero")
}

/// `2026/27`, `2026-27`, `2026/2027` or `2026`.
pub(crate) fn school_year(cell: &str) -> Value<SchoolYear> {
    let expected = "non è un anno scolastico (2026/27)";
    let (first, last) = cell.split_once(['/', '-']).map_or((cell, None), |(f, l)| (f, Some(l)));
    let begin: i16 = if first.len() == 4 { first.parse().map_err(|_| expected)? } else { return Err(expected) };
    let end: i16 = last.map_or(Ok(begin + 1), str::parse).map_err(|_| expected)?;
    if end == begin + 1 || end == (begin + 1) % 100 { Ok(SchoolYear(begin)) } else { Err(expected) }
}

const WEEKDAYS: [&str; 7] = ["lun", "mar", "mer", "gio", "ven", "sab", "dom"];

/// `lun mar mer`, as the mask whose bit 0 is Monday.
pub(crate) fn weekdays(cell: &str) -> Value<u8> {
    let words = cell.split([' ', '+', '|']).filter(|word| !word.is_empty());
    words.map(|word| weekday(word).map(|n| 1_u8 << (n - 1))).try_fold(0, |mask, bit| Ok(mask | bit?))
}

/// One weekday, 1 for Monday.
pub(crate) fn weekday(cell: &str) -> Value<i8> {
    let found = WEEKDAYS.iter().zip(1..).find(|(word, _)| cell.to_lowercase().starts_with(*word));
    found.map(|(_, number)| number).ok_or("non è un giorno (lun mar mer gio ven sab dom)")
}

pub(crate) fn fiscal_code(cell: &str) -> Value<FiscalCode> {
    FiscalCode::parse(cell).map_err(|_| "non è un codice fiscale valido")
}

pub(crate) fn vat_number(cell: &str) -> Value<VatNumber> {
    VatNumber::parse(cell).map_err(|_| "non è una partita IVA valida")
}

/// `#rrggbb`.
pub(crate) fn colour(cell: &str) -> Value<String> {
    let valid = cell.len() == 7 && cell.starts_with('#') && cell[1..].bytes().all(|b| b.is_ascii_hexdigit());
    if valid { Ok(cell.to_owned()) } else { Err("non è un colore (#rrggbb)") }
}

/// A name of a file below the folder: no way up, no absolute path.
pub(crate) fn file_name(cell: &str) -> Value<String> {
    let plain = !cell.contains('\\') && cell.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if plain { Ok(cell.to_owned()) } else { Err("non è un nome di file dentro la cartella") }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn days_are_read_the_italian_and_the_standard_way() {
        for (cell, expected) in [
            ("05/09/2026", Some(date(2026, 9, 5))),
            ("5/9/2026", Some(date(2026, 9, 5))),
            ("2026-09-05", Some(date(2026, 9, 5))),
            ("31/02/2026", None),
            ("05/09/26", None),
            ("2026/09/05", None),
            ("05/09/2026/1", None),
            ("+5/09/2026", None),
            ("ieri", None),
            ("", None),
        ] {
            assert_eq!(day(cell).ok(), expected, "{cell:?}");
        }
    }

    #[test]
    fn a_moment_is_on_the_clock_in_italy() {
        assert_eq!(moment("24/11/2026 08:59").ok(), "2026-11-24T07:59:00Z".parse().ok());
        assert_eq!(moment("2026-07-01T08:59").ok(), "2026-07-01T06:59:00Z".parse().ok());
        assert!(moment("24/11/2026").is_err() && moment("24/11/2026 24:00").is_err());
    }

    #[test]
    fn amounts_may_be_italian_or_decimal_and_signed_where_that_is_told() {
        assert_eq!(signed_amount("-4,60"), Ok(Cents(-460)));
        assert_eq!(signed_amount("4.60"), Ok(Cents(460)));
        assert!(amount("-4,60").is_err() && signed_amount("--4").is_err());
        assert_eq!(amounts("25,00 50|100"), Ok(vec![Cents(2500), Cents(5000), Cents(10_000)]));
        assert_eq!(percent("12,5%"), Ok(1250));
        assert!(percent("101").is_err());
    }

    #[test]
    fn weekdays_and_school_years_are_read_as_offices_write_them() {
        assert_eq!(weekdays("lun mer ven"), Ok(0b10101));
        assert_eq!(weekdays("lunedì martedì"), Ok(0b11));
        assert!(weekdays("lun xyz").is_err());
        for (cell, expected) in [("2026/27", true), ("2026-2027", true), ("2026", true), ("2026/28", false), ("26/27", false)] {
            assert_eq!(school_year(cell) == Ok(SchoolYear(2026)), expected, "{cell}");
        }
        assert_eq!(school_year("1999/00"), Ok(SchoolYear(1999)));
    }

    #[test]
    fn a_file_name_does_not_leave_the_folder() {
        assert!(file_name("allegati/730.pdf").is_ok());
        for bad in ["../segreti", "/etc/passwd", "a/../b", "a\\b", ""] {
            assert!(file_name(bad).is_err(), "{bad}");
        }
    }
}
