//! Embeds the files of `migrations/`, in order.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../migrations");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("the migrations are beside the crates")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".sql"))
        .collect();
    // A variant sorts after the text for both: 0004_ledger.sql, 0004_ledger.sqlite.sql.
    names.sort_by_key(|name| (name.split('.').next().unwrap_or_default().to_owned(), name.matches('.').count()));
    let mut code = String::from("pub(crate) const MIGRATIONS: &[Migration] = &[\n");
    for name in names {
        let engine = match name.split('.').nth(1) {
            Some("sqlite") => "Some(Engine::Sqlite)",
            Some("postgres") => "Some(Engine::Postgres)",
            _ => "None",
        };
        let path = folder.join(&name).canonicalize().expect("it was just listed");
        println!("cargo:rerun-if-changed={}", path.display());
        let stem = name.trim_end_matches(".sql");
        writeln!(code, "    Migration {{ name: {stem:?}, engine: {engine}, sql: include_str!({path:?}) }},")
            .expect("a string takes text");
    }
    code.push_str("];\n");
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("migrations.rs");
    fs::write(out, code).expect("the output folder can be written");
}
