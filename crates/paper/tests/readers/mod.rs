//! Independent readers of what was printed: `pdftotext` for words, `pdftoppm` for pixels, `zbarimg` and `dmtxread` for
//! codes. Where one is not installed the test says so and passes.

#![allow(dead_code)]

mod picture;

use std::path::Path;
use std::process::Command;

use paper::Papers;
pub use picture::{Box2, Picture};

pub static PAPERS: std::sync::LazyLock<Papers> = std::sync::LazyLock::new(Papers::new);

/// A PDF in a folder of its own, for programs that read files.
pub struct Printed {
    folder: tempfile::TempDir,
}

impl Printed {
    pub fn new(pdf: &[u8]) -> Printed {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("paper.pdf"), pdf).expect("written");
        Printed { folder }
    }

    fn file(&self) -> String {
        path(&self.folder.path().join("paper.pdf")).to_owned()
    }

    /// The words in reading order, spaces and line ends made one; None when no reader is installed.
    pub fn words(&self) -> Option<String> {
        Some(one_line(&run("pdftotext", &["-raw", "-enc", "UTF-8", &self.file(), "-"])?))
    }

    pub fn words_of_page(&self, page: usize) -> Option<String> {
        let page = page.to_string();
        Some(one_line(&run("pdftotext", &["-raw", "-enc", "UTF-8", "-f", &page, "-l", &page, &self.file(), "-"])?))
    }

    /// The words inside a box of a page, tenths of millimetres.
    pub fn words_in(&self, page: usize, place: Box2) -> Option<String> {
        let n = |n: usize| n.to_string();
        let (x, y, w, h) = (n(place.left), n(place.top), n(place.width()), n(place.height()));
        let page = page.to_string();
        let place = ["-r", "254", "-x", &x, "-y", &y, "-W", &w, "-H", &h, "-f", &page, "-l", &page];
        Some(one_line(&run("pdftotext", &[&["-raw", "-enc", "UTF-8"], &place[..], &[&self.file(), "-"]].concat())?))
    }

    pub fn pages(&self) -> Option<usize> {
        let info = run("pdfinfo", &[&self.file()])?;
        info.lines().find_map(|line| line.strip_prefix("Pages:")).and_then(|count| count.trim().parse().ok())
    }

    /// The pages as pictures, ten points to the millimetre.
    pub fn pictures(&self) -> Option<Vec<Picture>> {
        run("pdftoppm", &["-r", "254", &self.file(), path(&self.folder.path().join("page"))])?;
        let mut files: Vec<_> = std::fs::read_dir(self.folder.path()).expect("listed").flatten().map(|e| e.path()).collect();
        files.retain(|file| file.extension().is_some_and(|kind| kind == "ppm"));
        files.sort();
        Some(files.iter().map(|file| Picture::read(&std::fs::read(file).expect("read"))).collect())
    }
}

/// What a code says: read as a QR code, and where it is none as a DataMatrix.
pub fn read_code(code: &Picture) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("code.ppm");
    std::fs::write(&file, code.write()).expect("written");
    let qr = run("zbarimg", &["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path(&file)])?;
    if qr.is_empty() { run("dmtxread", &["-N", "1", path(&file)]) } else { Some(qr.trim_end().to_owned()) }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('\u{200B}', "")
}

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(program).args(arguments).output() {
        Ok(out) => Some(String::from_utf8_lossy(&out.stdout).into_owned()),
        Err(_) => {
            println!("skipped: {program} is not installed");
            None
        }
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a readable path")
}

pub fn assert_says(pdf: &[u8], expected: &[&str]) {
    let Some(words) = Printed::new(pdf).words() else { return };
    for text in expected {
        assert!(words.contains(text), "{text:?} is not in: {words}");
    }
}

pub fn assert_silent(pdf: &[u8], unwanted: &[&str]) {
    let Some(words) = Printed::new(pdf).words() else { return };
    for text in unwanted {
        assert!(!words.contains(text), "{text:?} is in: {words}");
    }
}

pub fn pages_of(pdf: &[u8]) -> Option<usize> {
    Printed::new(pdf).pages()
}

pub fn words_of(pdf: &[u8]) -> Option<String> {
    Printed::new(pdf).words()
}
