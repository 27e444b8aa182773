//! The notices a run left out, and why: for the office, which puts them right and prints them alone.

use billing::print_run::DocumentNotice;
use catalogue::{Catalogue, Locale};

/// A document whose notice was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    series: String,
    number: String,
    /// Of the first part of its notice.
    notice_number: String,
    /// In Italian.
    reason: String,
}

impl LeftOut {
    pub fn new(document: &DocumentNotice, error: &paper::Error, catalogue: &Catalogue) -> LeftOut {
        LeftOut {
            series: document.place.series.clone(),
            number: document.place.number.clone(),
            notice_number: super::notice_number(document),
            reason: error.words(catalogue, Locale::It),
        }
    }

    fn cells(&self) -> [&str; 4] {
        [&self.series, &self.number, &self.notice_number, &self.reason]
    }
}

/// A line each under a line of titles: UTF-8 with its mark, semicolons, as a spreadsheet in Italian opens it.
pub fn csv(left_out: &[LeftOut], catalogue: &Catalogue) -> String {
    let mut text = format!("\u{FEFF}{}\r\n", catalogue.text(Locale::It, "print-left-out-head"));
    for one in left_out {
        text.push_str(&one.cells().map(cell).join(";"));
        text.push_str("\r\n");
    }
    text
}

/// A cell that a spreadsheet neither splits nor computes.
fn cell(text: &str) -> String {
    let computes = text.starts_with(['=', '+', '-', '@']);
    match text.contains([';', '"', '\n', '\r']) || computes {
        true => format!("\"{}{}\"", if computes { "'" } else { "" }, text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

/// The same for whoever typed the command; empty when nothing was left out.
pub fn lines(left_out: &[LeftOut]) -> String {
    if left_out.is_empty() {
        return String::new();
    }
    let each = left_out.iter().map(|o| format!("\n  {} {} ({}): {}", o.series, o.number, o.notice_number, o.reason));
    format!("\n{} left out:{}", left_out.len(), each.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(number: &str, reason: &str) -> LeftOut {
        let text = str::to_owned;
        LeftOut { series: text("MENSA"), number: text(number), notice_number: text("301002026000000178"), reason: text(reason) }
    }

    #[test]
    fn the_list_opens_in_a_spreadsheet_and_computes_nothing() {
        let found = csv(&[one("120500", "L'importo è \"zero\"; si veda"), one("=1+1", "x")], &Catalogue::load());
        let mut lines = found.trim_start_matches('\u{FEFF}').lines();
        assert_eq!(lines.next(), Some("serie;numero;codice avviso;motivo"));
        assert_eq!(lines.next(), Some("MENSA;120500;301002026000000178;\"L'importo è \"\"zero\"\"; si veda\""));
        assert_eq!(lines.next(), Some("MENSA;\"'=1+1\";301002026000000178;x"));
    }

    #[test]
    fn the_last_lines_name_each_with_its_reason_and_are_none_for_a_whole_run() {
        assert_eq!(lines(&[]), "");
        assert_eq!(lines(&[one("7", "motivo")]), "\n1 left out:\n  MENSA 7 (301002026000000178): motivo");
    }
}
