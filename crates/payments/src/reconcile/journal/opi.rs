//! The XML file of SIOPE+ as entries of the journal.

use std::collections::HashSet;

use kernel::Cents;
use pagopa::opi::{self, ProvisionalEntry};

use super::{FileKind, JournalEntry, JournalError, JournalFile};

pub(super) fn read(bytes: &[u8]) -> Result<JournalFile, JournalError> {
    let journal = opi::read_file(bytes)?;
    let file = JournalFile {
        entries: journal.entries.iter().map(entry).collect(),
        passed_over: journal.passed_over,
        fiscal_code: journal.fiscal_code,
        kind: FileKind::Opi,
    };
    // Two alike would be taken for one that is known, and half of the money would be lost.
    let mut seen = HashSet::new();
    match file.entries.iter().position(|entry| !seen.insert(&entry.external_key)) {
        Some(twice) => Err(file.bad(twice, format!("{} is twice in this file", file.entries[twice].external_key))),
        None => Ok(file),
    }
}

/// A reversal has the key of its day too: an entry may be taken back in parts.
fn entry(read: &ProvisionalEntry) -> JournalEntry {
    let key = format!("{}/{}", read.year, read.number);
    let (external_key, amount, takes_back) = match read.is_reversal {
        true => (format!("{key}/storno/{}", read.booked_on), -read.amount_cents, Some(key)),
        false => (key, read.amount_cents, None),
    };
    JournalEntry {
        external_key,
        booked_on: read.booked_on,
        amount: Cents(amount),
        payer: read.payer.clone(),
        reason: read.reason.clone(),
        takes_back,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use pagopa::opi::CashJournal;

    use super::*;

    fn came_in(number: u64, is_reversal: bool) -> ProvisionalEntry {
        let (payer, reason) = ("Banca".to_owned(), "/URI/f-1".to_owned());
        let booked_on = date(2026, 11, 26);
        ProvisionalEntry { year: 2026, number, amount_cents: 9000, booked_on, payer, reason, is_reversal }
    }

    fn file(entries: Vec<ProvisionalEntry>) -> Vec<u8> {
        opi::write_file(&CashJournal { entries, ..CashJournal::default() }).into_bytes()
    }

    #[test]
    fn an_entry_has_the_key_it_has_in_the_csv_and_a_reversal_one_of_its_own() {
        let read = super::super::read_journal(&file(vec![came_in(12, false), came_in(12, true)])).unwrap();
        let csv = "numero;data;importo;ordinante;causale\n12;26/11/2026;90,00;Banca;/URI/f-1\n";
        assert_eq!(read.entries[0], super::super::read_journal(csv.as_bytes()).unwrap().entries[0]);
        let back = &read.entries[1];
        assert_eq!((back.external_key.as_str(), back.amount), ("2026/12/storno/2026-11-26", Cents(-9000)));
        assert_eq!(back.takes_back.as_deref(), Some("2026/12"));
    }

    #[test]
    fn an_entry_that_is_twice_in_a_file_refuses_it() {
        let twice = super::super::read_journal(&file(vec![came_in(1, false), came_in(2, false), came_in(1, false)]));
        assert_eq!(twice.unwrap_err().to_string(), "entry 3: 2026/1 is twice in this file");
    }
}
