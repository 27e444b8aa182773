//! Everything this crate writes, checked against pagoPA's own schema by an independent validator.
//!
//! The schema carries no licence, so it is not part of this project: the test reads it where
//! `CAMPANELLA_PAGOPA_DATA` says (a directory with `wsdl/xsd/paForNode.xsd`), and is skipped with words elsewhere.
//! The validator is Python's lxml, under the interpreter named by `CAMPANELLA_PYTHON`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::path::PathBuf;
use std::process::Command;

use common::*;

fn schema() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/pagopa");
    let directory = std::env::var_os("CAMPANELLA_PAGOPA_DATA").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let schema = directory.join("wsdl/xsd/paForNode.xsd");
    schema.is_file().then_some(schema)
}

fn python() -> Option<String> {
    let python = std::env::var("CAMPANELLA_PYTHON").unwrap_or_else(|_| "python3".into());
    Command::new(&python).args(["-c", "import lxml.etree"]).output().ok()?.status.success().then_some(python)
}

#[test]
fn every_message_follows_the_published_schema() {
    let (Some(schema), Some(python)) = (schema(), python()) else {
        eprintln!("Published schema not checked: set CAMPANELLA_PAGOPA_DATA, and CAMPANELLA_PYTHON to a Python with lxml");
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let requests = requests().into_iter().map(|r| r.encode());
    let responses = responses().into_iter().map(|r| r.encode().unwrap());
    let count = requests
        .chain(responses)
        .enumerate()
        .map(|(i, text)| std::fs::write(directory.path().join(format!("{i:03}.xml")), text).unwrap())
        .count();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/validate.py");
    let output = Command::new(python).arg(script).arg(schema).arg(directory.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(&format!("{count} valid")), "{said}");
}
