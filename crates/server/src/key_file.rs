//! The key that seals what is encrypted at rest, in a file only its owner can read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use db::vault::Vault;
use kernel::Entropy;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the key file {0} cannot be read: {1}")]
    Io(String, io::Error),
    #[error("the key file {0} must hold 64 hexadecimal digits")]
    Shape(String),
    #[error("the key file {0} can be read by others: chmod 600")]
    Open(String),
}

/// Reads the key; refuses a file that others may read.
pub fn read(path: &Path) -> Result<Vault, Error> {
    parse(private_text(path)?.trim()).map(Vault::from_key).ok_or_else(|| Error::Shape(path.display().to_string()))
}

/// A file with a secret, as text; refused when others may read it.
pub fn private_text(path: &Path) -> Result<String, Error> {
    let name = path.display().to_string();
    let mode = fs::metadata(path).map_err(|e| Error::Io(name.clone(), e))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Error::Open(name));
    }
    fs::read_to_string(path).map_err(|e| Error::Io(name, e))
}

/// Reads the key, making one where there is none yet.
pub fn read_or_create(path: &Path) -> Result<Vault, Error> {
    if !path.exists() {
        create(path).map_err(|e| Error::Io(path.display().to_string(), e))?;
    }
    read(path)
}

/// The file appears whole or not at all, and of two programs that start at once one makes it.
fn create(path: &Path) -> io::Result<()> {
    let part = path.with_added_extension(format!("{}.part", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    writeln!(file, "{}", Entropy::System.token())?;
    file.sync_all()?;
    let linked = fs::hard_link(&part, path);
    fs::remove_file(&part)?;
    match linked {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

fn parse(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut key = [0; 32];
    for (place, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[place * 2..place * 2 + 2], 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept_from_others() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join("key");
        read_or_create(&path).expect("a first key");
        let first = fs::read_to_string(&path).expect("it is there");
        read_or_create(&path).expect("the same key");
        assert_eq!(fs::read_to_string(&path).expect("still there"), first);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("its owner may");
        assert!(matches!(read(&path), Err(Error::Open(_))));
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        assert!(parse("00").is_none() && parse(&"g".repeat(64)).is_none() && parse(&"à".repeat(32)).is_none());
        assert_eq!(parse(&"0f".repeat(32)), Some([15; 32]));
    }
}
