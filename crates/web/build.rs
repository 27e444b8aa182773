//! Embeds what the frontend was built to. `frontend/dist/manifest.json` maps logical names to names with a hash.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../frontend/dist");
    let manifest = root.join("manifest.json");
    println!("cargo:rerun-if-changed={}", manifest.display());
    println!("cargo:rerun-if-changed=templates");
    let text = fs::read_to_string(&manifest).unwrap_or_else(|_| panic!("the frontend is not built: run `make frontend` first"));
    let names: std::collections::BTreeMap<String, String> =
        serde_json::from_str(&text).expect("the manifest maps names to names");
    let mut code = String::from("pub const ASSETS: &[Asset] = &[\n");
    for (logical, name) in names {
        let file = root.join(&name);
        let brotli = PathBuf::from(format!("{}.br", file.display()));
        let brotli = if brotli.exists() { format!("Some(include_bytes!({brotli:?}))") } else { "None".to_owned() };
        writeln!(
            code,
            "    Asset {{ logical: {logical:?}, name: {name:?}, content: include_bytes!({file:?}), brotli: {brotli} }},"
        )
        .expect("a string takes text");
    }
    code.push_str("];\n");
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("assets.rs");
    fs::write(out, code).expect("the output folder can be written");
}
