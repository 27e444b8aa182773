//! Loading what a Comune's present management system can export: a folder of CSV files, described in `docs/import.md`.
//!
//! A file is read whole into typed rows ([`spec`] is the table of files and columns), then what rows refer to is looked
//! up, then the crates that own the tables load it, in one transaction. Invariants:
//! - all or nothing: one bad row, and nothing is written; every bad row is told, with file, line and reason;
//! - the same folder again changes nothing, and says so;
//! - the registry may change with a later file; documents, movements and charged meals are history and may not.
//!
//! Not here: any rule of what is loaded, and any SQL that writes.

mod cells;
mod error;
mod folder;
mod links;
mod load;
mod report;
mod rows;
mod run;
mod sheet;
pub mod spec;
mod text;
mod values;

use std::collections::BTreeMap;

pub use error::Error;
pub use report::{BadRow, Counts, Report};
pub use run::{Mode, run};

/// The rules of each plan in the text of a `regole_tariffa.csv`: for whoever has to rate without a database.
///
/// # Errors
/// The rows that cannot be read.
pub fn tariff_rules(text: &str) -> Result<BTreeMap<String, Vec<tariffs::Rule>>, Vec<BadRow>> {
    let mut bad = Vec::new();
    let rows = sheet::read_text::<rows::RuleRow>(text, &mut bad);
    if bad.is_empty() { Ok(rows::rules_by_plan(&rows)) } else { Err(bad) }
}
