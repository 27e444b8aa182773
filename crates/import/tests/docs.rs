#[test]
fn the_documentation_has_the_tables_the_import_reads_by() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/import.md");
    let text = std::fs::read_to_string(path).unwrap();
    let tables = text.split_once("## The files\n\n").unwrap().1;
    assert!(tables == import::spec::markdown(), "docs/import.md differs: print its tables by the example `tables`");
}
