use std::fmt;

/// A row that cannot be loaded, in the words of who must correct it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BadRow {
    pub file: String,
    /// The line of the file, 1 for the header.
    pub row: u64,
    pub reason: String,
}

impl BadRow {
    pub(crate) fn new(file: &str, row: u64, reason: impl Into<String>) -> BadRow {
        BadRow { file: file.to_owned(), row, reason: reason.into() }
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, riga {}: {}", self.file, self.row, self.reason)
    }
}

/// What became of the rows of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub inserted: u64,
    pub updated: u64,
    pub unchanged: u64,
}

impl Counts {
    pub fn rows(self) -> u64 {
        self.inserted + self.updated + self.unchanged
    }
}

/// What an import did, or, as a dry run, would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// One for each file that was there, in the order of loading.
    pub files: Vec<(&'static str, Counts)>,
    /// Sorted by file and row. If there is any, nothing was written.
    pub bad: Vec<BadRow>,
    pub written: bool,
    /// Whose it is; none when nothing could be read.
    pub tenant: Option<kernel::TenantId>,
}

impl Report {
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|(_, counts)| counts.rows()).sum()
    }

    /// Whether the folder held nothing that was not there already.
    pub fn nothing_new(&self) -> bool {
        self.bad.is_empty() && self.files.iter().all(|(_, c)| c.inserted + c.updated == 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for bad in &self.bad {
            writeln!(f, "{bad}")?;
        }
        for (file, c) in &self.files {
            writeln!(f, "{file}: {} nuove, {} cambiate, {} uguali", c.inserted, c.updated, c.unchanged)?;
        }
        f.write_str(match (self.bad.len(), self.written, self.nothing_new()) {
            (0, true, false) => "Importazione riuscita.",
            (0, true, true) => "Nessuna novità: tutto era già presente.",
            (0, false, _) => "Prova riuscita: nulla è stato scritto.",
            _ => "Nulla è stato scritto: correggere le righe indicate.",
        })
    }
}
