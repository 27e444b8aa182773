use std::fmt::Display;
use std::io;
use std::path::Path;

use import::spec::File;

/// A CSV file in the making: UTF-8, `;`, the columns of an import's description.
pub(crate) struct Sheet {
    file: &'static File,
    width: usize,
    text: String,
}

impl Sheet {
    /// # Panics
    /// If the description has no such column.
    pub fn new(file: &'static File, columns: &[&str]) -> Sheet {
        assert!(columns.iter().all(|c| file.columns.iter().any(|d| d.name == *c)), "{} has those columns", file.name);
        Sheet { file, width: columns.len(), text: columns.join(";") + "\n" }
    }

    pub fn row(&mut self, cells: &[&dyn Display]) {
        debug_assert_eq!(cells.len(), self.width, "{}", self.file.name);
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                self.text.push(';');
            }
            let begin = self.text.len();
            push(&mut self.text, cell);
            if self.text[begin..].contains([';', '"', '\n']) {
                let quoted = format!("\"{}\"", self.text[begin..].replace('"', "\"\""));
                self.text.truncate(begin);
                self.text.push_str(&quoted);
            }
        }
        self.text.push('\n');
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn save(&self, folder: &Path) -> io::Result<()> {
        std::fs::write(folder.join(self.file.name), &self.text)
    }
}

fn push(text: &mut String, cell: &dyn Display) {
    use std::fmt::Write;
    write!(text, "{cell}").expect("writing to a text does not fail");
}

/// An empty cell, or the value.
pub(crate) struct Or<T>(pub Option<T>);

impl<T: Display> Display for Or<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => Ok(()),
        }
    }
}

/// An amount without its currency: `4,60`.
pub(crate) struct Euro(pub kernel::Cents);

impl Display for Euro {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cents = self.0.0;
        write!(f, "{}{},{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
    }
}

pub(crate) fn yes_no(truth: bool) -> &'static str {
    if truth { "si" } else { "no" }
}
