use billing::load::NewCause;
use kernel::Cents;

use crate::cells::Cells;
use crate::sheet::Record;
use crate::spec::{self, File};
use crate::values::{Value, amount, day, text, whole};

/// A cause of spontaneous payments.
#[derive(Clone, Debug)]
pub(crate) struct CauseRow(pub NewCause);

/// Whom a cause is for.
const FOR_WHOM: [(&str, bool); 2] = [("alunno", true), ("pagante", false)];
const MOST_PIECES: i64 = 99;
const LONGEST_DAYS: i64 = 366;

impl Record for CauseRow {
    const FILE: &'static File = &spec::CAUSES;

    fn read(c: &Cells<'_>) -> Option<CauseRow> {
        let (code, name, description) = (c.must("codice", code), c.must("nome", text), c.must("descrizione", text));
        let (taxonomy_code, for_pupil) = (c.must("tassonomia", text), c.one_of("per", &FOR_WHOM, None));
        let (open_from, open_to) = (c.must("dal", day), c.may("al", day));
        c.in_order(open_from.as_ref(), open_to.as_ref().and_then(Option::as_ref));
        let (most_pieces, valid_days) = (c.or("pezzi_massimi", pieces, 1), c.or("giorni_validita", days, 30));
        let amounts = amounts(c);
        if let (Some((min, max)), Some(2..)) = (amounts, most_pieces)
            && min != max
        {
            c.problem("pezzi_massimi: più di uno solo con un importo fisso");
        }
        let (min, max) = amounts?;
        Some(CauseRow(NewCause {
            code: code?,
            name: name?,
            description: description?,
            taxonomy_code: taxonomy_code?,
            min,
            max,
            for_pupil: for_pupil?,
            most_pieces: most_pieces?,
            open_from: open_from?,
            open_to: open_to?,
            valid_days: valid_days?,
            revenue_subject: c.may("conto", text)?,
        }))
    }

    fn key(&self) -> String {
        self.0.code.clone()
    }
}

/// What stands in an address as it is.
fn code(cell: &str) -> Value<String> {
    let plain = cell.len() <= 40 && cell.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if plain { Ok(cell.to_owned()) } else { Err("ha altro che lettere, cifre, - e _ (al massimo 40)") }
}

fn pieces(cell: &str) -> Value<i64> {
    whole(cell).map(i64::from).ok().filter(|n| (1..=MOST_PIECES).contains(n)).ok_or("non è un numero da 1 a 99")
}

fn days(cell: &str) -> Value<i64> {
    whole(cell).map(i64::from).ok().filter(|n| (1..=LONGEST_DAYS).contains(n)).ok_or("non è un numero da 1 a 366")
}

/// The least and the largest; twice the same where it is fixed.
fn amounts(c: &Cells<'_>) -> Option<(Cents, Cents)> {
    let (fixed, min, max) = (c.may("importo", amount)?, c.may("importo_minimo", amount)?, c.may("importo_massimo", amount)?);
    match (fixed, min, max) {
        (Some(Cents(1..)), None, None) => Some((fixed?, fixed?)),
        (None, Some(low @ Cents(1..)), Some(high)) if low <= high => Some((low, high)),
        (None, Some(low), Some(high)) if high < low => refuse(c, "importo_massimo: è meno del minimo"),
        (Some(Cents::ZERO), ..) | (_, Some(Cents::ZERO), _) => refuse(c, "importo: è zero"),
        _ => refuse(c, "importo: va indicato l'importo fisso, oppure il minimo e il massimo"),
    }
}

fn refuse(c: &Cells<'_>, words: &str) -> Option<(Cents, Cents)> {
    c.problem(words);
    None
}
