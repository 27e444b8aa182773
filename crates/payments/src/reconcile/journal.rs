//! The treasurer's cash journal (giornale di cassa): a CSV file `numero;data;importo;ordinante;causale`, or the XML file
//! of SIOPE+ ([`pagopa::opi`]), told apart by their first character.
//!
//! An entry is one sum that came in, or was taken back. The number is the provisional entry's, unique within its year,
//! and the same in both kinds of file. In the CSV days are `24/11/2026` or `2026-11-24`, amounts `1.234,50`. All or
//! nothing; the same file again changes nothing.

mod opi;

use kernel::{Cents, Ctx, Day};
use serde_json::json;

use super::{settle, store};
use crate::Error;
use crate::settings::Institution;

/// A file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalFile {
    pub entries: Vec<JournalEntry>,
    /// Movements of other kinds, which were not read.
    pub passed_over: usize,
    /// Whose journal it is, where the file says so.
    pub fiscal_code: Option<String>,
    kind: FileKind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum FileKind {
    #[default]
    Csv,
    Opi,
}

/// Money that came in, or was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// Year and number: `2026/1234`.
    pub external_key: String,
    pub booked_on: Day,
    /// Below zero for money that was taken back.
    pub amount: Cents,
    pub payer: String,
    pub reason: String,
    /// The key of the entry that this one takes back.
    pub takes_back: Option<String>,
}

impl JournalEntry {
    /// The settlement report this pays, as its reason names it.
    pub fn flow_id(&self) -> Option<&str> {
        pagopa::fdr::flow_id_in(&self.reason)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Row 1 is the header.
    #[error("row {row}: {reason}")]
    Row { row: usize, reason: String },
    #[error("there is no column {0}")]
    Column(&'static str),
    /// By its place in an XML file, from 1.
    #[error("entry {entry}: {reason}")]
    Entry { entry: usize, reason: String },
    #[error(transparent)]
    Opi(#[from] pagopa::opi::OpiError),
    #[error("this is the journal of the body with the fiscal code {0}")]
    OtherBody(String),
    #[error(transparent)]
    Payments(#[from] Error),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalImported {
    pub new: usize,
    pub known: usize,
    /// Reports whose money is there now.
    pub settled: usize,
    /// Lines that name no settlement report: other money of the Comune.
    pub without_flow: usize,
    /// New lines that take an earlier one back.
    pub taken_back: usize,
}

const COLUMNS: [&str; 5] = ["numero", "data", "importo", "ordinante", "causale"];

/// Reads a file: XML where it begins with an element; else CSV in UTF-8 or Windows-1252, divided by `;` or `,`, whichever
/// its header has more of.
///
/// # Errors
/// [`JournalError`] with the first bad row of a CSV, with everything that is not understood of an XML file.
pub fn read_journal(bytes: &[u8]) -> Result<JournalFile, JournalError> {
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    if text.trim_ascii_start().starts_with(b"<") {
        return opi::read(bytes);
    }
    let rows = read_columns(bytes, COLUMNS)?;
    let numbered = rows.iter().enumerate();
    let entries = numbered.map(|(n, row)| entry(row).map_err(|reason| JournalError::Row { row: n + 2, reason }));
    Ok(JournalFile { entries: entries.collect::<Result<_, _>>()?, ..JournalFile::default() })
}

/// The cells of the named columns, row by row, of a file written as the journal is; columns in any order, others ignored.
///
/// # Errors
/// [`JournalError::Column`] where one is missing, [`JournalError::Row`] where a row cannot be read.
pub fn read_columns<const N: usize>(bytes: &[u8], columns: [&'static str; N]) -> Result<Vec<[String; N]>, JournalError> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').into(),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
    };
    let header = text.lines().next().unwrap_or_default();
    let delimiter = if header.matches(';').count() >= header.matches(',').count() { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(text.as_bytes());
    let names = reader.headers().map_err(|e| bad(1, &e))?.clone();
    let mut places = [0; N];
    for (at, column) in places.iter_mut().zip(columns) {
        *at = names.iter().position(|name| name == column).ok_or(JournalError::Column(column))?;
    }
    let cells = |(n, record): (usize, Result<csv::StringRecord, csv::Error>)| {
        let record = record.map_err(|e| bad(n + 2, &e))?;
        Ok(places.map(|at| record.get(at).unwrap_or_default().to_owned()))
    };
    reader.into_records().enumerate().map(cells).collect()
}

fn bad(row: usize, why: &csv::Error) -> JournalError {
    JournalError::Row { row, reason: why.to_string() }
}

fn entry([number, day, amount, payer, reason]: &[String; 5]) -> Result<JournalEntry, String> {
    if number.is_empty() {
        return Err("numero is empty".to_owned());
    }
    let booked_on = read_day(day).ok_or_else(|| format!("{day} is no day"))?;
    let amount = Cents::parse_it(amount).map_err(|_| format!("{amount} is no amount"))?;
    if amount.0 <= 0 {
        return Err("only money that came in is read".to_owned());
    }
    let external_key = format!("{}/{number}", booked_on.year());
    Ok(JournalEntry { external_key, booked_on, amount, payer: payer.clone(), reason: reason.clone(), takes_back: None })
}

/// `24/11/2026` or `2026-11-24`.
pub fn read_day(text: &str) -> Option<Day> {
    Day::strptime("%d/%m/%Y", text).or_else(|_| Day::strptime("%Y-%m-%d", text)).ok()
}

/// Takes the lines in, and settles the reports whose money is all there.
///
/// # Errors
/// [`JournalError::OtherBody`] for another body's file; [`JournalError::Row`] or [`JournalError::Entry`] for a number that
/// is here with another day or amount, and for more taken back than came in. Nothing is to be kept then.
pub async fn import_journal(
    tx: &mut db::Tx,
    ctx: &Ctx,
    of: &Institution,
    file: &JournalFile,
) -> Result<JournalImported, JournalError> {
    if let Some(other) = file.fiscal_code.as_ref().filter(|code| **code != of.fiscal_code) {
        return Err(JournalError::OtherBody(other.clone()));
    }
    let mut done = JournalImported::default();
    for (at, entry) in file.entries.iter().enumerate() {
        let refused = |reason: String| file.bad(at, reason);
        let flow_id = flow_of(tx, ctx, entry).await?.map_err(refused)?;
        match store::insert_entry(tx, ctx, entry, flow_id.as_deref()).await? {
            None => {
                done.new += 1;
                done.taken_back += usize::from(entry.takes_back.is_some());
            }
            Some(same) if same => done.known += 1,
            Some(_) => return Err(refused(format!("{} is here with another day, amount or reason", entry.external_key))),
        }
        match flow_id {
            Some(flow_id) => done.settled += usize::from(settle::settle(tx, ctx, &flow_id).await?),
            None => done.without_flow += 1,
        }
    }
    let details = json!({ "new": done.new, "known": done.known, "settled": done.settled, "taken_back": done.taken_back });
    db::audit::record(tx, ctx, "journal.imported", "journal", &details).await.map_err(Error::from)?;
    Ok(done)
}

impl JournalFile {
    /// What is wrong with an entry, by its place as whoever opens the file counts it.
    fn bad(&self, at: usize, reason: String) -> JournalError {
        match self.kind {
            FileKind::Csv => JournalError::Row { row: at + 2, reason },
            FileKind::Opi => JournalError::Entry { entry: at + 1, reason },
        }
    }
}

/// The flow an entry is of: its own, or, for one taken back, that of what came in. A word of refusal when more is taken
/// back than came in; an entry from before the first journal that was taken in is not here, and nothing is known of it.
async fn flow_of(tx: &mut db::Tx, ctx: &Ctx, entry: &JournalEntry) -> Result<Result<Option<String>, String>, Error> {
    let own = entry.flow_id().map(str::to_owned);
    let Some(key) = &entry.takes_back else { return Ok(Ok(own)) };
    let Some((came_in, flow_id)) = store::find_entry(tx, ctx, key).await? else { return Ok(Ok(own)) };
    if -entry.amount.0 > came_in.0 {
        return Ok(Err(format!("more is taken back than came in as {key}")));
    }
    Ok(Ok(flow_id.or(own)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_journal_is_read_in_the_ways_treasurers_write_it() {
        let semicolons = "numero;data;importo;ordinante;causale\n12;24/11/2026;1.234,50;Banca;/URI/f-1\n";
        let commas = "causale,ordinante,importo,data,numero\n/URI/f-1,Banca,\"1234,50\",2026-11-24,12\n";
        for text in [semicolons, commas] {
            let entries = read_journal(text.as_bytes()).unwrap().entries;
            let expected = ("2026/12", date(2026, 11, 24), Cents(123_450), Some("f-1"));
            let entry = &entries[0];
            assert_eq!((entry.external_key.as_str(), entry.booked_on, entry.amount, entry.flow_id()), expected);
        }
        let old = b"numero;data;importo;ordinante;causale\n1;24/11/2026;1,00;Citt\xe0;x\n";
        assert_eq!(read_journal(old).unwrap().entries[0].payer, "Città");
    }

    #[test]
    fn a_bad_row_is_told_by_its_number() {
        for (row, words) in [("1;ieri;1,00;a;b", "ieri"), ("1;24/11/2026;-1,00;a;b", "-1,00"), (";24/11/2026;1,00;a;b", "numero")]
        {
            let text = format!("numero;data;importo;ordinante;causale\n9;24/11/2026;1,00;a;b\n{row}\n");
            let error = read_journal(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("row 3") && (error.contains(words) || error.contains("money")), "{error}");
        }
        assert!(matches!(read_journal(b"numero;data\n"), Err(JournalError::Column("importo"))));
    }
}
