use std::collections::HashMap;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use crate::cells::Cells;
use crate::report::BadRow;
use crate::spec::File;
use crate::text;

/// A row of a file as a value, with the line it came from.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    pub row: u64,
    pub value: T,
}

/// What a row of one of the files is.
pub(crate) trait Record: Sized {
    const FILE: &'static File;
    /// `None` after a problem was noted.
    fn read(cells: &Cells<'_>) -> Option<Self>;
    /// What may stand once in the file.
    fn key(&self) -> String;
}

/// Reads a file of `folder`; a file that is not there has no rows. Problems go to `bad`.
pub(crate) fn read<R: Record>(folder: &Path, bad: &mut Vec<BadRow>) -> Vec<Placed<R>> {
    let path = folder.join(R::FILE.name);
    if !path.exists() {
        return Vec::new();
    }
    match std::fs::read(&path) {
        Ok(bytes) => read_text(&text::decode(&bytes), bad),
        Err(error) => {
            bad.push(BadRow::new(R::FILE.name, 1, format!("il file non si legge: {error}")));
            Vec::new()
        }
    }
}

pub(crate) fn read_text<R: Record>(text: &str, bad: &mut Vec<BadRow>) -> Vec<Placed<R>> {
    let mut reader = ReaderBuilder::new().delimiter(text::separator(text)).flexible(true).from_reader(text.as_bytes());
    let places = match reader.headers().map(|header| places(R::FILE, header)) {
        Ok(Ok(places)) => places,
        Ok(Err(reasons)) => {
            bad.extend(reasons.into_iter().map(|reason| BadRow::new(R::FILE.name, 1, reason)));
            return Vec::new();
        }
        Err(error) => {
            bad.push(BadRow::new(R::FILE.name, 1, format!("l'intestazione non si legge: {error}")));
            return Vec::new();
        }
    };
    let width = reader.headers().map(StringRecord::len).unwrap_or_default();
    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).expect("text in memory reads, and rows may have any width") {
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let row = record.position().map_or(0, csv::Position::line);
        match read_row::<R>(&record, &places, width) {
            Ok(value) => rows.push(Placed { row, value }),
            Err(reason) => bad.push(BadRow::new(R::FILE.name, row, reason)),
        }
    }
    refuse_repeated(&rows, bad);
    rows
}

/// Where each described column stands, or what is wrong with the header.
fn places(file: &'static File, header: &StringRecord) -> Result<Vec<Option<usize>>, Vec<String>> {
    let found: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
    let place = |name: &str| found.iter().position(|f| f == name);
    let mut reasons = Vec::new();
    for column in file.columns.iter().filter(|c| c.required && place(c.name).is_none()) {
        reasons.push(format!("manca la colonna «{}»", column.name));
    }
    for (at, name) in found.iter().enumerate() {
        if !file.columns.iter().any(|c| c.name == name) {
            reasons.push(format!("la colonna «{name}» non è prevista"));
        } else if place(name) != Some(at) {
            reasons.push(format!("la colonna «{name}» c'è due volte"));
        }
    }
    if reasons.is_empty() { Ok(file.columns.iter().map(|c| place(c.name)).collect()) } else { Err(reasons) }
}

fn read_row<R: Record>(record: &StringRecord, places: &[Option<usize>], width: usize) -> Result<R, String> {
    if record.len() != width {
        return Err(format!("ha {} celle e l'intestazione {width}", record.len()));
    }
    let cells = Cells::new(R::FILE, record, places);
    let value = R::read(&cells);
    let problems = cells.into_problems();
    match value {
        Some(value) if problems.is_empty() => Ok(value),
        _ => Err(problems.join("; ")),
    }
}

fn refuse_repeated<R: Record>(rows: &[Placed<R>], bad: &mut Vec<BadRow>) {
    let mut seen: HashMap<String, u64> = HashMap::with_capacity(rows.len());
    for row in rows {
        let key = row.value.key();
        if let Some(first) = seen.get(&key) {
            bad.push(BadRow::new(R::FILE.name, row.row, format!("«{key}» è già alla riga {first}")));
        } else {
            seen.insert(key, row.row);
        }
    }
}
