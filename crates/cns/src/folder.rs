//! The folder of revocation lists: what is in it, and a new list put in the place of an old one.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

use crate::{Crl, CrlError, TrustList};

/// What a folder holds, in the order of its file names.
#[derive(Debug, Default)]
pub struct Folder {
    pub crls: Vec<(String, Crl)>,
    /// Files that are worth nothing, with the reason.
    pub unusable: Vec<(String, CrlError)>,
}

/// Reads every file of the folder but those whose name begins with a dot.
pub fn read(folder: &Path, trust: &TrustList) -> io::Result<Folder> {
    let mut found = Folder::default();
    for path in files(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match Crl::read(&fs::read(&path)?, trust) {
            Ok(crl) => found.crls.push((name, crl)),
            Err(why) => found.unusable.push((name, why)),
        }
    }
    Ok(found)
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.metadata()?.is_file() && !entry.file_name().to_string_lossy().starts_with('.') {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// What tells changed files from unchanged ones: names, sizes and times.
pub type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

pub fn stamp_of_folder(folder: &Path) -> io::Result<Stamp> {
    files(folder)?.into_iter().map(stamp_of_file).collect()
}

pub fn stamp_of_file(path: PathBuf) -> io::Result<(PathBuf, u64, Option<SystemTime>)> {
    fs::metadata(&path).map(|m| (path, m.len(), m.modified().ok()))
}

/// Puts a list in the folder under this name: whole or not at all.
pub fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let part = folder.join(format!(".{name}.part"));
    fs::write(&part, bytes)?;
    fs::File::open(&part)?.sync_all()?;
    fs::rename(&part, folder.join(name))
}
