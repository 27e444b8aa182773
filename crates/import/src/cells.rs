use std::cell::RefCell;

use csv::StringRecord;

use crate::spec::File;
use crate::values::Value;

/// A row being read: hands out values by column and collects every problem it meets, so that one pass over a file
/// tells all there is to correct.
pub(crate) struct Cells<'a> {
    pub file: &'static File,
    record: &'a StringRecord,
    /// where each column of the file's description stands in this file, in the order of the description
    places: &'a [Option<usize>],
    problems: RefCell<Vec<String>>,
}

impl<'a> Cells<'a> {
    pub fn new(file: &'static File, record: &'a StringRecord, places: &'a [Option<usize>]) -> Cells<'a> {
        Cells { file, record, places, problems: RefCell::default() }
    }

    fn cell(&self, column: &str) -> &'a str {
        let at = self.file.columns.iter().position(|c| c.name == column).expect("readers name described columns");
        self.places[at].and_then(|place| self.record.get(place)).unwrap_or_default().trim()
    }

    /// Notes a problem of the whole row.
    pub fn problem(&self, words: impl Into<String>) {
        self.problems.borrow_mut().push(words.into());
    }

    /// The value of a cell that may not be empty.
    pub fn must<T>(&self, column: &str, read: impl Fn(&str) -> Value<T>) -> Option<T> {
        let value = self.may(column, read)?;
        if value.is_none() {
            self.problem(format!("{column}: manca"));
        }
        value
    }

    /// The value of a cell that may be empty; the outer `None` is a problem, already noted.
    pub fn may<T>(&self, column: &str, read: impl Fn(&str) -> Value<T>) -> Option<Option<T>> {
        let cell = self.cell(column);
        if cell.is_empty() {
            return Some(None);
        }
        match read(cell) {
            Ok(value) => Some(Some(value)),
            Err(expected) => {
                self.problem(format!("{column}: «{cell}» {expected}"));
                None
            }
        }
    }

    /// The value of a cell, or `otherwise` where it is empty.
    pub fn or<T>(&self, column: &str, read: impl Fn(&str) -> Value<T>, otherwise: T) -> Option<T> {
        Some(self.may(column, read)?.unwrap_or(otherwise))
    }

    /// One of the words of `choices`, answered with what it stands for; empty is the first where `default` says so.
    pub fn one_of<T: Copy>(&self, column: &str, choices: &[(&str, T)], default: Option<T>) -> Option<T> {
        let cell = self.cell(column);
        if let (true, Some(default)) = (cell.is_empty(), default) {
            return Some(default);
        }
        let found = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(cell)).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.problem(format!("{column}: «{cell}» non è tra {}", words.join(", ")));
        }
        found
    }

    /// Two days in order, the second possibly open.
    pub fn in_order<D: PartialOrd>(&self, first: Option<&D>, last: Option<&D>) {
        if first.zip(last).is_some_and(|(first, last)| last < first) {
            self.problem("l'ultimo giorno viene prima del primo");
        }
    }

    pub fn into_problems(self) -> Vec<String> {
        self.problems.into_inner()
    }
}
