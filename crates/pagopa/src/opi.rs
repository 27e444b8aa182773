//! The treasurer's cash journal (giornale di cassa) as a file of SIOPE+: `flusso_giornale_di_cassa` of the OPI standard,
//! versions 1.4 to 1.8, which differ in elements that nothing here asks for.
//!
//! Only provisional entries (`SOSPESO ENTRATA`) are read: money that came in and that no order of collection covers yet,
//! as the bank transfers of payment providers do. Warrants, orders and outgoing sums are counted and passed over; a word
//! the standard does not have is told, never guessed. Elements are found by name in whatever namespace a treasurer writes.

mod words;
mod write;

use std::borrow::Cow;

use jiff::civil::Date;

use crate::dates::{collapse, read_date};
use crate::xml::{self, Element};

use words::{Document, Operation};
pub use write::write_file;

/// The longest file read: some 20,000 movements.
pub const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;
const MAX_ELEMENTS: usize = 600_000;

const ROOT: &str = "flusso_giornale_di_cassa";
const ACCOUNT: &str = "informazioni_conto_evidenza";
const MOVEMENT: &str = "movimento_conto_evidenza";

/// What a file tells of money that came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CashJournal {
    /// Fiscal code of the body whose journal it is, where the file says so.
    pub fiscal_code: Option<String>,
    /// In the order of the file.
    pub entries: Vec<ProvisionalEntry>,
    /// Movements of other kinds: warrants, orders of collection, sums that went out, entries regularised.
    pub passed_over: usize,
}

/// Money that came in, or that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisionalEntry {
    /// The financial year, in which the number is unique.
    pub year: i16,
    pub number: u64,
    /// Above zero, also of a reversal.
    pub amount_cents: i64,
    pub booked_on: Date,
    pub payer: String,
    /// As the transfer carries it: `/URI/…` names its settlement report.
    pub reason: String,
    /// The entry of this number is taken back (`STORNATO`).
    pub is_reversal: bool,
}

/// Why a file is not taken; nothing of it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpiError {
    #[error("the file is longer than 32 MiB")]
    TooLarge,
    #[error("the file is not XML that can be read: {0}")]
    NotXml(String),
    #[error("the file is no cash journal: its root is {0}")]
    NotAJournal(String),
    /// Everything that is not understood, a line each, in the order of the file.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    NotUnderstood(Vec<Strange>),
}

/// Something in a file that is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strange {
    /// The movement's place in the file, from 1; none for the head of the file.
    pub movement: Option<usize>,
    pub element: &'static str,
    /// What stands there; none where the element is missing.
    pub found: Option<String>,
}

impl std::fmt::Display for Strange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.movement {
            Some(place) => write!(f, "movement {place}: ")?,
            None => f.write_str("head: ")?,
        }
        match &self.found {
            Some(found) => write!(f, "{} is {found:?}, which is not understood", self.element),
            None => write!(f, "{} is missing", self.element),
        }
    }
}

/// Reads a file: UTF-8, or the Latin alphabet of one byte a letter where the file declares it.
///
/// # Errors
/// [`OpiError`]; a single movement that is not understood refuses the file.
pub fn read_file(bytes: &[u8]) -> Result<CashJournal, OpiError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(OpiError::TooLarge);
    }
    let text = decode(bytes)?;
    let root = xml::parse_up_to(&text, MAX_ELEMENTS).map_err(|why| OpiError::NotXml(why.to_string()))?;
    if root.name != ROOT {
        return Err(OpiError::NotAJournal(root.name.into_owned()));
    }
    let mut strange = Vec::new();
    let journal = read(&root, &mut strange);
    if strange.is_empty() { Ok(journal) } else { Err(OpiError::NotUnderstood(strange)) }
}

/// The text without its declaration, which has then been obeyed.
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, OpiError> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).to_ascii_lowercase();
    let declaration = head.trim_start_matches('\u{feff}').strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
    let Some((declared, _)) = declaration else { return utf8(bytes) };
    let end = bytes.windows(2).position(|pair| pair == b"?>").expect("the declaration has an end") + 2;
    let one_byte = ["iso-8859-1", "iso-8859-15", "latin1", "windows-1252"].iter().any(|name| declared.contains(name));
    match one_byte {
        true => Ok(bytes[end..].iter().map(|byte| char::from(*byte)).collect::<String>().into()),
        false if ["utf-16", "utf-32", "ucs-"].iter().any(|name| declared.contains(name)) => {
            Err(OpiError::NotXml("only UTF-8 and ISO-8859-1 are read".into()))
        }
        false => utf8(&bytes[end..]),
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, OpiError> {
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| OpiError::NotXml("only UTF-8 and ISO-8859-1 are read".into()))
}

fn read(root: &Element<'_>, strange: &mut Vec<Strange>) -> CashJournal {
    let mut journal = CashJournal { fiscal_code: fiscal_code(root), ..CashJournal::default() };
    let head = Place { element: root, movement: None };
    let Some(year) = head.number("esercizio", strange).and_then(|year| i16::try_from(year).ok()) else {
        return journal;
    };
    let movements = root.children_named(ACCOUNT).flat_map(|account| account.children_named(MOVEMENT));
    for (at, movement) in movements.enumerate() {
        match entry(year, &Place { element: movement, movement: Some(at + 1) }, strange) {
            Some(Movement::Entry(entry)) => journal.entries.push(entry),
            Some(Movement::Other) => journal.passed_over += 1,
            None => {}
        }
    }
    journal
}

/// Eleven digits, which some write as a number without the zeros before it.
fn fiscal_code(root: &Element<'_>) -> Option<String> {
    let head = root.child("testata_messaggio").unwrap_or(root);
    let code = collapse(&head.child("codice_fiscale_ente")?.text).to_owned();
    (!code.is_empty()).then(|| if code.bytes().all(|b| b.is_ascii_digit()) { format!("{code:0>11}") } else { code })
}

enum Movement {
    Entry(ProvisionalEntry),
    Other,
}

/// None when something is not understood, which is then said.
fn entry(year: i16, at: &Place<'_>, strange: &mut Vec<Strange>) -> Option<Movement> {
    let document = at.word("tipo_documento", &words::DOCUMENTS, strange);
    let operation = at.word("tipo_operazione", &words::OPERATIONS, strange);
    let is_reversal = match (document?, operation?) {
        (Document::ProvisionalIn, Operation::Executed) => false,
        (Document::ProvisionalIn, Operation::Reversed) => true,
        _ => return Some(Movement::Other),
    };
    let number = at.number("numero_documento", strange);
    let (amount, booked_on) = (at.cents("importo", strange), at.day("data_movimento", strange));
    let payer = at.element.child("cliente").and_then(|payer| payer.optional_prose("anagrafica_cliente")).unwrap_or_default();
    Some(Movement::Entry(ProvisionalEntry {
        year,
        number: number?,
        amount_cents: amount?,
        booked_on: booked_on?,
        payer,
        reason: at.element.optional_prose("causale").unwrap_or_default(),
        is_reversal,
    }))
}

/// Where a value is read, so that what is wrong with it can be said.
struct Place<'a> {
    element: &'a Element<'a>,
    movement: Option<usize>,
}

impl Place<'_> {
    fn value<T>(&self, element: &'static str, strange: &mut Vec<Strange>, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let found = self.element.child(element).map(|child| collapse(&child.text).to_owned()).filter(|text| !text.is_empty());
        let value = found.as_deref().and_then(read);
        if value.is_none() {
            strange.push(Strange { movement: self.movement, element, found });
        }
        value
    }

    fn word<T: Copy>(&self, element: &'static str, known: &[(&str, T)], strange: &mut Vec<Strange>) -> Option<T> {
        self.value(element, strange, |text| {
            known.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, meaning)| *meaning)
        })
    }

    fn number(&self, element: &'static str, strange: &mut Vec<Strange>) -> Option<u64> {
        self.value(element, strange, |text| text.parse().ok().filter(|number| *number > 0))
    }

    fn day(&self, element: &'static str, strange: &mut Vec<Strange>) -> Option<Date> {
        self.value(element, strange, read_date)
    }

    /// The sign says again what `tipo_operazione` says: some write reversals with a minus, some without.
    fn cents(&self, element: &'static str, strange: &mut Vec<Strange>) -> Option<i64> {
        self.value(element, strange, |text| cents(text.strip_prefix(['-', '+']).unwrap_or(text)).filter(|cents| *cents > 0))
    }
}

/// `125`, `125.5`, `125.50`, `125.5000`: to the cent, by its digits.
fn cents(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (cents, rest) = decimals.split_at_checked(2).unwrap_or((decimals, ""));
    let is_exact = rest.bytes().all(|b| b == b'0');
    if whole.is_empty() || whole.len() > 15 || !is_digits(whole) || !is_digits(decimals) || !is_exact {
        return None;
    }
    format!("{whole}{cents:0<2}").parse().ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn file(movements: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><flusso_giornale_di_cassa><testata_messaggio><codice_fiscale_ente>90000170002\
             </codice_fiscale_ente></testata_messaggio><esercizio>2026</esercizio><informazioni_conto_evidenza><conto_evidenza>1\
             </conto_evidenza>{movements}<saldo_finale_conto_evidenza>1</saldo_finale_conto_evidenza></informazioni_conto_evidenza>\
             </flusso_giornale_di_cassa>"
        )
    }

    fn movement(document: &str, operation: &str, number: &str, amount: &str) -> String {
        format!(
            "<movimento_conto_evidenza><tipo_movimento>ENTRATA</tipo_movimento><tipo_documento>{document}</tipo_documento>\
             <tipo_operazione>{operation}</tipo_operazione><numero_documento>{number}</numero_documento>\
             <progressivo_documento>1</progressivo_documento><importo>{amount}</importo><data_movimento>2026-11-26</data_movimento>\
             <data_valuta_ente>2026-11-27</data_valuta_ente><cliente><anagrafica_cliente>Banca di prova</anagrafica_cliente></cliente>\
             <causale>/PUR/LGPE-RIVERSAMENTO/URI/2026-11-24PSP1-0001 grazie</causale></movimento_conto_evidenza>"
        )
    }

    #[test]
    fn provisional_entries_and_their_reversals_are_read_and_the_rest_is_counted() {
        let text = file(
            &[
                movement("SOSPESO ENTRATA", "ESEGUITO", "12", "90.5"),
                movement("SOSPESO ENTRATA", "STORNATO", "12", "-90.50"),
                movement("SOSPESO ENTRATA", "REGOLARIZZATO", "11", "1.00"),
                movement("SOSPESO USCITA", "ESEGUITO", "9", "1.00"),
                movement("REVERSALE", "REGOLARIZZATO", "7", "1.00"),
                movement("MANDATO", "ESEGUITO", "8", "1.00"),
            ]
            .concat(),
        );
        let journal = read_file(text.as_bytes()).expect("read");
        assert_eq!((journal.fiscal_code.as_deref(), journal.passed_over), (Some("90000170002"), 4));
        let first = ProvisionalEntry {
            year: 2026,
            number: 12,
            amount_cents: 9050,
            booked_on: date(2026, 11, 26),
            payer: "Banca di prova".to_owned(),
            reason: "/PUR/LGPE-RIVERSAMENTO/URI/2026-11-24PSP1-0001 grazie".to_owned(),
            is_reversal: false,
        };
        assert_eq!(journal.entries, [first.clone(), ProvisionalEntry { is_reversal: true, ..first }]);
        let written = write_file(&journal);
        let again = read_file(written.as_bytes()).expect("what is written is read");
        assert_eq!((again.entries, again.fiscal_code), (journal.entries, journal.fiscal_code));
    }

    #[test]
    fn any_prefix_and_namespace_and_the_old_alphabet_are_read() {
        let plain = file(&movement("sospeso entrata", "Eseguito", "12", "90.00"));
        let spaced = plain
            .replace(
                "<flusso_giornale_di_cassa>",
                "<g:flusso_giornale_di_cassa xmlns:g=\"urn:opi\" xmlns=\"urn:altro\" g:x=\"1\">",
            )
            .replace("</flusso", "</g:flusso");
        assert_eq!(read_file(spaced.as_bytes()), read_file(plain.as_bytes()));
        let old = plain.replace("UTF-8", "ISO-8859-1").replace("di prova", "di Forl\u{ec}");
        let bytes: Vec<u8> = old.chars().map(|c| u8::try_from(u32::from(c)).expect("one byte")).collect();
        assert_eq!(read_file(&bytes).expect("read").entries[0].payer, "Banca di Forlì");
        assert!(matches!(read_file(&bytes[old.find("?>").expect("there") + 2..]), Err(OpiError::NotXml(_))));
    }

    #[test]
    fn everything_that_is_not_understood_is_told_in_one_go() {
        let text = file(
            &[
                movement("SOSPESO ENTRATA", "ESEGUITO", "12", "90.00"),
                movement("SOSPESO ENTRATA", "CONGELATO", "0", "90,00"),
                movement("BONIFICO", "ESEGUITO", "12", "90.00"),
                movement("SOSPESO ENTRATA", "ESEGUITO", "0", "90.005").replace("2026-11-26", "26/11/2026"),
                movement("SOSPESO ENTRATA", "ESEGUITO", "3", "0.00").replace("<tipo_operazione>ESEGUITO</tipo_operazione>", ""),
            ]
            .concat(),
        );
        let error = read_file(text.as_bytes()).expect_err("refused");
        let lines: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
        assert_eq!(
            lines,
            [
                "movement 2: tipo_operazione is \"CONGELATO\", which is not understood",
                "movement 3: tipo_documento is \"BONIFICO\", which is not understood",
                "movement 4: numero_documento is \"0\", which is not understood",
                "movement 4: importo is \"90.005\", which is not understood",
                "movement 4: data_movimento is \"26/11/2026\", which is not understood",
                "movement 5: tipo_operazione is missing",
            ]
        );
        let headless = text.replace("<esercizio>2026</esercizio>", "");
        assert_eq!(read_file(headless.as_bytes()).expect_err("refused").to_string(), "head: esercizio is missing");
    }

    #[test]
    fn what_is_no_journal_is_refused() {
        assert!(matches!(read_file(b"numero;data"), Err(OpiError::NotXml(_))));
        assert_eq!(read_file(b"<FlussoRiversamento/>"), Err(OpiError::NotAJournal("FlussoRiversamento".to_owned())));
        let bomb = format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{}", "<flusso_giornale_di_cassa>&a;</flusso_giornale_di_cassa>");
        assert!(matches!(read_file(bomb.as_bytes()), Err(OpiError::NotXml(_))));
        assert_eq!(read_file(&vec![b' '; MAX_FILE_BYTES + 1]), Err(OpiError::TooLarge));
        assert!(matches!(read_file(b"<?xml version='1.0' encoding='UTF-16'?><a/>"), Err(OpiError::NotXml(_))));
    }

    #[test]
    fn amounts_are_exact_to_the_cent_or_not_read() {
        for (text, expected) in
            [("125", 12500), ("125.5", 12550), ("0.01", 1), ("1.2300", 123), ("999999999999999.99", 99_999_999_999_999_999)]
        {
            assert_eq!(cents(text), Some(expected), "{text}");
        }
        for text in ["", ".5", "1,50", "1.005", "1e3", "1.2.3", "--1", "9999999999999999", "１"] {
            assert_eq!(cents(text), None, "{text}");
        }
    }
}
