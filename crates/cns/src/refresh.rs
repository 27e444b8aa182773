//! Fetching revocation lists from where authorities publish them, keeping the last good copy of each.

use std::cmp::Ordering;
use std::io;
use std::path::Path;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;

use crate::{Crl, TrustList, Verifier, folder};

/// Lists of national card authorities have some megabytes.
const MOST_BYTES: usize = 128 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(120);

/// What became of one address.
#[derive(Debug)]
pub struct Fetched {
    pub url: String,
    /// Whether a newer list took the place of the one held; or why the one held stays.
    pub result: Result<bool, String>,
}

/// Fetches each address and puts what is newer, readable and signed by a listed authority into the folder, a file for
/// each authority and part; then reads the folder anew. Redirects are not followed.
///
/// # Errors
/// When the folder cannot be read afterwards; what one address answers is in its [`Fetched`].
pub async fn refresh(verifier: &Verifier, urls: &[String]) -> Result<Vec<Fetched>, crate::Error> {
    let client =
        Client::builder().redirect(Policy::none()).timeout(TIMEOUT).build().expect("a client with these settings builds");
    let trust = verifier.trust();
    let mut all = Vec::new();
    for url in urls {
        let result = match fetch(&client, url).await {
            Ok(bytes) => keep(verifier, &trust, &bytes),
            Err(why) => Err(why),
        };
        all.push(Fetched { url: url.clone(), result });
    }
    verifier.reload()?;
    Ok(all)
}

async fn fetch(client: &Client, url: &str) -> Result<Vec<u8>, String> {
    let mut answer = client.get(url).send().await.map_err(|e| e.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("status {}", answer.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|e| e.to_string())? {
        if bytes.len() + piece.len() > MOST_BYTES {
            return Err(format!("more than {MOST_BYTES} bytes"));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// A list takes the place of the last one only when it is of a listed authority and not older: an old list played back
/// would bring a revoked card back to life.
fn keep(verifier: &Verifier, trust: &TrustList, bytes: &[u8]) -> Result<bool, String> {
    let fetched = Crl::read(bytes, trust).map_err(|e| e.to_string())?;
    let (folder, name) = (&verifier.settings().crl_folder, format!("{}.crl", &fetched.scope()[..16]));
    if let Some(held) = held(&folder.join(&name), trust).map_err(|e| e.to_string())? {
        match fetched.this_update.cmp(&held.this_update) {
            Ordering::Less => return Err("it is older than the one held".to_owned()),
            Ordering::Equal => return Ok(false),
            Ordering::Greater => {}
        }
    }
    folder::put(folder, &name, bytes).map_err(|e| e.to_string())?;
    Ok(true)
}

fn held(path: &Path, trust: &TrustList) -> io::Result<Option<Crl>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Crl::read(&bytes, trust).ok()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}
