//! Passwords known from breaches, in a local file: a line a password, its SHA-1 in 40 hexadecimal digits (capitals, as the public
//! lists have them), perhaps a colon and a count, sorted. The file is searched where it lies, never loaded.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

const DIGITS: usize = 40;
/// Longer than any line of such a list.
const LINE: usize = 96;

pub struct BreachedList {
    file: File,
    bytes: u64,
}

impl BreachedList {
    /// Opens a list; refuses a file that does not begin like one.
    pub fn open(path: &Path) -> io::Result<BreachedList> {
        let file = File::open(path)?;
        let list = BreachedList { bytes: file.metadata()?.len(), file };
        let (_, first) = list.line_from(0)?.ok_or_else(|| not_a_list("it is empty"))?;
        if first.iter().all(u8::is_ascii_hexdigit) { Ok(list) } else { Err(not_a_list("a line must begin with a SHA-1")) }
    }

    /// Whether the password is in the list.
    pub fn contains(&self, password: &str) -> io::Result<bool> {
        let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        let wanted: String = sha1.as_ref().iter().map(|b| format!("{b:02X}")).collect();
        self.find(wanted.as_bytes())
    }

    /// Halves the range of bytes in which the line may begin.
    fn find(&self, wanted: &[u8]) -> io::Result<bool> {
        let (mut low, mut high) = (0, self.bytes);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.line_from(middle)? {
                Some((next, line)) if line.as_slice() < wanted => low = next,
                Some((_, line)) if line == wanted => return Ok(true),
                _ => high = middle,
            }
        }
        Ok(false)
    }

    /// The digits of the first line that begins at this place or after it, and where the line after that begins at the earliest.
    fn line_from(&self, place: u64) -> io::Result<Option<(u64, [u8; DIGITS])>> {
        let mut buffer = [0; 2 * LINE];
        // One byte earlier, to see whether a line begins at this very place.
        let from = place.saturating_sub(1);
        let read = self.fill(&mut buffer, from)?;
        let begin = if place == 0 { 0 } else { buffer[..read].iter().position(|b| *b == b'\n').map_or(read, |at| at + 1) };
        let Some(digits) = buffer[..read].get(begin..begin + DIGITS) else { return Ok(None) };
        let mut line = [0; DIGITS];
        line.copy_from_slice(digits);
        line.make_ascii_uppercase();
        Ok(Some((from + (begin + DIGITS) as u64, line)))
    }

    fn fill(&self, buffer: &mut [u8], from: u64) -> io::Result<usize> {
        let mut read = 0;
        while read < buffer.len() {
            match self.file.read_at(&mut buffer[read..], from + read as u64)? {
                0 => break,
                some => read += some,
            }
        }
        Ok(read)
    }
}

fn not_a_list(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not a list of breached passwords: {why}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn sha1(password: &str) -> String {
        digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes()).as_ref().iter().map(|b| format!("{b:02X}")).collect()
    }

    fn list(passwords: &[String], ending: &str) -> tempfile::NamedTempFile {
        let mut lines: Vec<String> = passwords.iter().map(|p| sha1(p)).collect();
        lines.sort();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for (place, line) in lines.iter().enumerate() {
            write!(
                file,
                "{line}{}{ending}",
                if place % 3 == 0 { String::new() } else { format!(":{}", 7_usize.pow(place as u32 % 12)) }
            )
            .unwrap();
        }
        file
    }

    #[test]
    fn every_line_is_found_and_nothing_else() {
        for count in [1_usize, 2, 3, 200] {
            for ending in ["\n", "\r\n"] {
                let passwords: Vec<String> = (0..count).map(|n| format!("parola-{n}")).collect();
                let file = list(&passwords, ending);
                let known = BreachedList::open(file.path()).unwrap();
                for password in &passwords {
                    assert!(known.contains(password).unwrap(), "{password} of {count}");
                }
                for n in 0..300 {
                    assert!(!known.contains(&format!("altra-{n}")).unwrap(), "{n} of {count}");
                }
            }
        }
    }

    #[test]
    fn a_file_of_another_kind_is_refused_at_once() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        assert!(BreachedList::open(file.path()).is_err());
        writeln!(file, "password123\nqwertyuiop1234567890qwertyuiop1234567890").unwrap();
        assert!(BreachedList::open(file.path()).is_err());
    }
}
