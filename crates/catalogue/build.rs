//! Embeds the message files of every language.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let locales = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("locales");
    println!("cargo:rerun-if-changed={}", locales.display());
    let mut code = String::new();
    for language in ["it", "en"] {
        let folder = locales.join(language);
        println!("cargo:rerun-if-changed={}", folder.display());
        let mut files: Vec<PathBuf> =
            fs::read_dir(&folder).expect("the language has a folder").map(|e| e.expect("a file").path()).collect();
        files.retain(|f| f.extension().is_some_and(|e| e == "ftl"));
        files.sort();
        writeln!(code, "pub(crate) const {}: &[&str] = &[", language.to_uppercase()).expect("a string takes text");
        for file in files {
            println!("cargo:rerun-if-changed={}", file.display());
            writeln!(code, "    include_str!({file:?}),").expect("a string takes text");
        }
        code.push_str("];\n");
    }
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("messages.rs");
    fs::write(out, code).expect("the output folder can be written");
}
