//! The ends of the streams of a finished file.
//!
//! The typesetter writes the data of a stream, a line feed, and `endstream`. Data that end in a carriage return, as about
//! one paper in a hundred has somewhere, make of that a line end of two bytes: the data seem a byte short, and a checker
//! of PDF/A (ISO 19005-2, 6.1.7.1) refuses the file. Such an end is given a line end of two bytes of its own.

const AMBIGUOUS: &[u8] = b"\r\nendstream";
/// A line of the table of places: ten digits, five digits, the kind, the end of the line.
const ENTRY: usize = 20;

/// The file with every end unmistakable; as it is where none is ambiguous.
pub(crate) fn made_plain(pdf: Vec<u8>) -> Vec<u8> {
    let ends: Vec<usize> = (0..pdf.len()).filter(|at| pdf[*at..].starts_with(AMBIGUOUS)).collect();
    if ends.is_empty() {
        return pdf;
    }
    let mut plain = Vec::with_capacity(pdf.len() + ends.len());
    let mut from = 0;
    for end in &ends {
        plain.extend(&pdf[from..*end]);
        plain.push(b'\r');
        from = *end;
    }
    plain.extend(&pdf[from..]);
    moved(&mut plain, &ends).map_or(pdf, |()| plain)
}

/// Puts the table of places right after bytes were added at the ends. None for a file without such a table.
fn moved(plain: &mut Vec<u8>, ends: &[usize]) -> Option<()> {
    let now = |before: usize| before + ends.iter().filter(|end| **end < before).count();
    let tail = plain.len() - plain.windows(10).rev().position(|found| found == b"startxref\n")?;
    let table = now(number(plain.get(tail..)?)?);
    plain.truncate(tail);
    plain.extend(format!("{table}\n%%EOF").bytes());
    let head = plain.get(table..)?.strip_prefix(b"xref\n0 ")?;
    let count = number(head)?;
    let first = plain.len() - head.len() + head.iter().position(|byte| *byte == b'\n')? + 1;
    for entry in plain.get_mut(first..first + count * ENTRY)?.chunks_exact_mut(ENTRY).filter(|entry| entry[17] == b'n') {
        let place = now(number(entry)?);
        entry[..10].copy_from_slice(format!("{place:010}").as_bytes());
    }
    Some(())
}

fn number(digits: &[u8]) -> Option<usize> {
    let length = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    std::str::from_utf8(&digits[..length]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two streams, the data of the first ending as given.
    fn file(data: &str) -> Vec<u8> {
        let first = format!("%PDF-1.7\n1 0 obj\n<</Length {}>>\nstream\n{data}\nendstream\nendobj\n", data.len());
        let second = "2 0 obj\n<</Length 1>>\nstream\nx\nendstream\nendobj\n";
        let table = first.len() + second.len();
        let places = format!("{:010} 65535 f \n{:010} 00000 n \n{:010} 00000 n \n", 0, 9, first.len());
        format!("{first}{second}xref\n0 3\n{places}trailer\n<</Size 3>>\nstartxref\n{table}\n%%EOF").into_bytes()
    }

    #[test]
    fn a_file_without_an_ambiguous_end_is_left_alone() {
        assert_eq!(made_plain(file("abc")), file("abc"));
        assert_eq!(made_plain(file("abc\n")), file("abc\n"));
        assert_eq!(made_plain(b"a\r\nendstream without a table".to_vec()), b"a\r\nendstream without a table");
    }

    #[test]
    fn an_ambiguous_end_gets_a_line_end_of_its_own_and_every_place_follows() {
        let plain = String::from_utf8(made_plain(file("abc\r"))).expect("text");
        assert!(plain.contains("abc\r\r\nendstream"), "{plain:?}");
        let second = plain.find("2 0 obj").expect("there");
        assert!(plain.contains(&format!("\n{second:010} 00000 n \n")), "{plain:?}");
        assert!(plain.ends_with(&format!("startxref\n{}\n%%EOF", plain.find("xref\n0").expect("there"))), "{plain:?}");
        assert!(plain.contains("0000000009 00000 n"));
    }
}
