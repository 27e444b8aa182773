//! Every word a page asks for is in the catalogue, and the catalogue holds no word that nothing asks for.
//! (That both languages have the same words is a test of the catalogue itself.)

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use catalogue::{Catalogue, Locale};

/// Calls whose first text is a key of the catalogue.
const ASKS: [&str; 5] = [".t(\"", ".t1(\"", ".tn(\"", ".text(locale, \"", ".format(locale, \""];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The sources and templates of every crate, and the catalogue's messages that quote others.
fn sources() -> String {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir(crates).unwrap() {
        for folder in ["src", "templates", "locales"] {
            let folder = entry.as_ref().unwrap().path().join(folder);
            if folder.is_dir() {
                files(&folder, &mut found);
            }
        }
    }
    found.iter().filter_map(|file| fs::read_to_string(file).ok()).collect::<Vec<_>>().join("\n")
}

/// What stands between double quotes, cut at its placeholders: `service-{slug}-short` is `service-`, `-short`.
fn literals(sources: &str) -> BTreeSet<Vec<&str>> {
    let texts = sources.lines().flat_map(|line| line.split('"').skip(1));
    texts.map(|text| text.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after)).collect()).collect()
}

fn names(parts: &[&str], key: &str) -> bool {
    let (first, rest) = parts.split_first().expect("a split text has a part");
    let Some(mut left) = key.strip_prefix(first) else { return false };
    let Some((last, middle)) = rest.split_last() else { return left.is_empty() };
    for part in middle {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    parts.iter().any(|part| part.len() > 3) && left.ends_with(last)
}

#[test]
fn every_word_a_page_asks_for_is_in_the_catalogue() {
    let (catalogue, sources) = (Catalogue::load(), sources());
    let asked: BTreeSet<&str> =
        ASKS.iter().flat_map(|ask| sources.split(ask).skip(1)).filter_map(|after| after.split('"').next()).collect();
    let missing: Vec<_> = asked.iter().filter(|key| !catalogue.has(Locale::It, key)).collect();
    assert!(asked.len() > 200, "{} words are asked for", asked.len());
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_word_of_the_catalogue_is_asked_for() {
    let (catalogue, sources) = (Catalogue::load(), sources());
    let literals = literals(&sources);
    let quoted = |key: &str| sources.contains(&format!("{{ {key} }}"));
    let unused: Vec<_> = catalogue
        .keys(Locale::It)
        .into_iter()
        .filter(|key| !quoted(key) && !literals.iter().any(|parts| names(parts, key)))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}
