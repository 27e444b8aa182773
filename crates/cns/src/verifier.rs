//! The trust list and the revocation lists as a running program holds them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::SignedDuration;
use kernel::Instant;

use crate::folder::{self, Folder};
use crate::{Card, Crl, Refusal, TrustError, TrustList, card};

/// Where the lists are, and how old they may be.
#[derive(Clone, Debug)]
pub struct Settings {
    pub trust_list_file: PathBuf,
    pub crl_folder: PathBuf,
    pub crl_max_age: SignedDuration,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} cannot be read: {1}")]
    Io(String, std::io::Error),
    #[error("{0}: {1}")]
    Trust(String, TrustError),
}

/// Checks certificates against lists that may be read anew while it does.
pub struct Verifier {
    settings: Settings,
    lists: RwLock<Arc<Lists>>,
}

struct Lists {
    trust: TrustList,
    folder: Folder,
    /// Of the files as they were before they were read.
    stamp: folder::Stamp,
}

/// A revocation list, as the operator sees it.
#[derive(Clone, Debug)]
pub struct Line {
    pub file: String,
    pub standing: Standing,
}

#[derive(Clone, Debug)]
pub enum Standing {
    /// A listed authority signed it; `fresh` says whether it is relied on.
    Signed {
        issuer: String,
        this_update: Instant,
        next_update: Instant,
        age: SignedDuration,
        revoked: usize,
        fresh: bool,
    },
    Unusable(String),
}

impl Verifier {
    /// Reads the lists.
    ///
    /// # Errors
    /// When the trust list or the folder cannot be read. A folder without a fresh list is none: then nobody enters.
    pub fn open(settings: Settings) -> Result<Verifier, Error> {
        let lists = RwLock::new(Arc::new(read(&settings)?));
        Ok(Verifier { settings, lists })
    }

    /// Reads the lists anew; those held stay where they cannot be read.
    pub fn reload(&self) -> Result<(), Error> {
        let lists = Arc::new(read(&self.settings)?);
        *self.lists.write().unwrap_or_else(PoisonError::into_inner) = lists;
        Ok(())
    }

    /// Reads the lists anew where a file of theirs has changed; gives whether it did.
    pub fn follow_files(&self) -> Result<bool, Error> {
        if stamp(&self.settings)? == self.lists().stamp {
            return Ok(false);
        }
        self.reload().map(|()| true)
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The trust list held.
    pub fn trust(&self) -> TrustList {
        self.lists().trust.clone()
    }

    /// Whose card a certificate (DER) is.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn verify(&self, certificate: &[u8], now: Instant) -> Result<Card, Refusal> {
        let lists = self.lists();
        let crls: Vec<&Crl> = lists.folder.crls.iter().map(|(_, crl)| crl).collect();
        card::verify(certificate, &lists.trust, &crls, self.settings.crl_max_age, now)
    }

    /// Every file of the folder, by name.
    pub fn status(&self, now: Instant) -> Vec<Line> {
        let lists = self.lists();
        let signed = lists.folder.crls.iter().map(|(file, crl)| Line { file: file.clone(), standing: self.standing(crl, now) });
        let unusable = lists
            .folder
            .unusable
            .iter()
            .map(|(file, why)| Line { file: file.clone(), standing: Standing::Unusable(why.to_string()) });
        let mut lines: Vec<Line> = signed.chain(unusable).collect();
        lines.sort_by(|a, b| a.file.cmp(&b.file));
        lines
    }

    /// Authorities of the trust list whose cards cannot enter now, because no fresh list of theirs is at hand.
    pub fn without_fresh_list(&self, now: Instant) -> Vec<String> {
        let lists = self.lists();
        let covered = |key: &[u8]| {
            lists.folder.crls.iter().any(|(_, crl)| crl.signed_by == key && crl.is_fresh(now, self.settings.crl_max_age))
        };
        let authorities = lists.trust.authorities.iter();
        authorities.filter(|a| !covered(&a.anchor.subject_public_key_info)).map(|a| a.name.clone()).collect()
    }

    fn standing(&self, crl: &Crl, now: Instant) -> Standing {
        Standing::Signed {
            issuer: crl.issuer.clone(),
            this_update: crl.this_update,
            next_update: crl.next_update,
            age: crl.age(now),
            revoked: crl.revoked,
            fresh: crl.is_fresh(now, self.settings.crl_max_age),
        }
    }

    fn lists(&self) -> Arc<Lists> {
        self.lists.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn read(settings: &Settings) -> Result<Lists, Error> {
    let stamp = stamp(settings)?;
    let (file, crls) = (&settings.trust_list_file, &settings.crl_folder);
    let bundle = std::fs::read(file).map_err(|e| unreadable(file, e))?;
    let trust = TrustList::parse(&bundle).map_err(|e| Error::Trust(file.display().to_string(), e))?;
    let folder = folder::read(crls, &trust).map_err(|e| unreadable(crls, e))?;
    Ok(Lists { trust, folder, stamp })
}

fn stamp(settings: &Settings) -> Result<folder::Stamp, Error> {
    let (file, crls) = (&settings.trust_list_file, &settings.crl_folder);
    let mut stamp = folder::stamp_of_folder(crls).map_err(|e| unreadable(crls, e))?;
    stamp.push(folder::stamp_of_file(file.clone()).map_err(|e| unreadable(file, e))?);
    Ok(stamp)
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::Io(path.display().to_string(), error)
}
