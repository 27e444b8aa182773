//! Brings the typefaces of the frontend's package into the build: they are never checked in.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// The faces the papers are set in, as the package names them, and the name they are embedded under.
const FACES: [(&str, &str); 5] = [
    ("Titillium_Web/titillium-web-v10-latin-ext_latin-regular.ttf", "text-regular.ttf"),
    ("Titillium_Web/titillium-web-v10-latin-ext_latin-600.ttf", "text-semibold.ttf"),
    ("Titillium_Web/titillium-web-v10-latin-ext_latin-700.ttf", "text-bold.ttf"),
    ("Roboto_Mono/roboto-mono-v13-latin-ext_latin-regular.ttf", "code-regular.ttf"),
    ("Roboto_Mono/roboto-mono-v13-latin-ext_latin-700.ttf", "code-bold.ttf"),
];

fn main() {
    println!("cargo::rerun-if-env-changed=CAMPANELLA_FONTS");
    let (from, to) = (fonts_folder(), PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")));
    for (face, name) in FACES {
        copy(&from.join(face), &to.join(name));
    }
}

/// The package's folder of typefaces: the frontend's, or the one `CAMPANELLA_FONTS` names.
fn fonts_folder() -> PathBuf {
    match env::var_os("CAMPANELLA_FONTS") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"))
            .join("../../frontend/node_modules/bootstrap-italia/dist/fonts"),
    }
}

fn copy(from: &Path, to: &Path) {
    println!("cargo::rerun-if-changed={}", from.display());
    if let Err(why) = fs::copy(from, to) {
        println!("cargo::error=the typefaces of the papers are missing ({}: {why}): run `make frontend` first", from.display());
    }
}
