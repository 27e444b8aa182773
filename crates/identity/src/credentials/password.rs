//! Passwords: what is asked of a new one, and the hash it becomes.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher, PasswordVerifier};
use kernel::Entropy;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unicode_normalization::UnicodeNormalization;

use super::Error;
use super::breached::BreachedList;

/// In characters, as typed; there are no rules on which (OWASP ASVS 5.0, 6.2.1 and 6.2.5).
pub const SHORTEST: usize = 12;
pub const LONGEST: usize = 128;
/// 19 MiB, two passes, one lane: the first choice of OWASP's cheat sheet for argon2id, above the least of RFC 9106.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// How long a check waits for its place before it is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a new password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    TooShort,
    TooLong,
    /// It is in the list of breached passwords.
    Breached,
    /// It holds the user name or the name of who would use it.
    Personal,
}

/// What a check says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    /// With a hash to keep instead, where the old one was made with other parameters.
    Right {
        rehashed: Option<String>,
    },
}

/// The place where passwords are hashed: apart from the threads that serve, and not more at once than there are cores, for each
/// takes its 19 MiB.
#[derive(Clone)]
pub struct Passwords {
    places: Arc<Semaphore>,
    breached: Option<Arc<BreachedList>>,
}

impl Default for Passwords {
    fn default() -> Passwords {
        let places = available_parallelism().map_or(1, usize::from).clamp(1, 4);
        Passwords { places: Arc::new(Semaphore::new(places)), breached: None }
    }
}

impl Passwords {
    /// With a list of breached passwords.
    pub fn with_breached_file(path: &Path) -> Result<Passwords, Error> {
        Ok(Passwords { breached: Some(Arc::new(BreachedList::open(path)?)), ..Passwords::default() })
    }

    /// The hash of a new password, if it is good enough for somebody of whom these words are known.
    ///
    /// # Errors
    /// [`Error::Weak`], [`Error::Busy`].
    pub async fn hash_new(&self, password: &str, words: &[&str], entropy: &Entropy) -> Result<String, Error> {
        if let Some(weakness) = weakness(password, words) {
            return Err(Error::Weak(weakness));
        }
        let (password, salt, breached) = (password.to_owned(), entropy.bytes::<16>(), self.breached.clone());
        self.apart(move || {
            if breached.is_some_and(|list| known(&list, &password)) {
                return Err(Error::Weak(Weakness::Breached));
            }
            hash(&password, &salt)
        })
        .await
    }

    /// Whether the password is the one of this hash. Without a hash the answer is no, and takes as long.
    pub async fn check(&self, password: &str, stored: Option<String>, entropy: &Entropy) -> Result<Verdict, Error> {
        let (password, salt) = (password.to_owned(), entropy.bytes::<16>());
        self.apart(move || {
            if password.chars().count() > LONGEST {
                return Ok(Verdict::Wrong);
            }
            let (stored, is_real) = stored.map_or_else(|| (nobodys().to_owned(), false), |hash| (hash, true));
            let parsed = PasswordHash::new(&stored).map_err(|_| Error::Hash)?;
            let right = argon2().verify_password(composed(&password).as_bytes(), &parsed).is_ok();
            if !(right && is_real) {
                return Ok(Verdict::Wrong);
            }
            let rehashed = if is_current(&parsed) { None } else { Some(hash(&password, &salt)?) };
            Ok(Verdict::Right { rehashed })
        })
        .await
    }

    async fn apart<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
        let place = self.place().await?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        done.await.map_err(|_| Error::Busy)?
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        let place = tokio::time::timeout(PATIENCE, self.places.clone().acquire_owned()).await;
        place.map_err(|_| Error::Busy)?.map_err(|_| Error::Busy)
    }
}

/// A list that cannot be read just now must not stop anybody from setting a password; the log says so.
fn known(list: &BreachedList, password: &str) -> bool {
    list.contains(password).unwrap_or_else(|error| {
        tracing::error!(%error, "the list of breached passwords cannot be read");
        false
    })
}

fn params() -> Params {
    Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within argon2's limits")
}

fn argon2() -> Argon2<'static> {
    Argon2::from(params())
}

fn hash(password: &str, salt: &[u8]) -> Result<String, Error> {
    let hash = argon2().hash_password_with_salt(composed(password).as_bytes(), salt).map_err(|_| Error::Hash)?;
    Ok(hash.to_string())
}

fn is_current(hash: &PasswordHash) -> bool {
    let cost = Params::try_from(hash).map(|p| (p.m_cost(), p.t_cost(), p.p_cost()));
    hash.algorithm.as_str() == "argon2id" && cost == Ok((MEMORY_KIB, PASSES, LANES))
}

/// The hash of nobody's password, to spend on a name nobody has the time that a real one takes.
fn nobodys() -> &'static str {
    static NOBODYS: OnceLock<String> = OnceLock::new();
    NOBODYS.get_or_init(|| hash(&Entropy::System.token(), &Entropy::System.bytes::<16>()).expect("a token can be hashed"))
}

/// The same letters, whether the keyboard composes accents or not.
fn composed(password: &str) -> String {
    password.nfc().collect()
}

fn weakness(password: &str, words: &[&str]) -> Option<Weakness> {
    let length = composed(password).chars().count();
    if length < SHORTEST {
        return Some(Weakness::TooShort);
    }
    if length > LONGEST {
        return Some(Weakness::TooLong);
    }
    let squeezed = squeeze(password);
    let personal = words.iter().map(|word| squeeze(word)).any(|word| word.len() >= 5 && squeezed.contains(&word));
    personal.then_some(Weakness::Personal)
}

fn squeeze(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 3] = ["80000230005", "Corte Mirtilla", "amministrazione@mirtilla.example"];

    #[test]
    fn what_is_asked_of_a_new_password() {
        #[rustfmt::skip]
        let cases = [
            ("corta", Some(Weakness::TooShort)),
            ("undici-cara", Some(Weakness::TooShort)),
            ("dodici-carat", None),
            ("            ", None), // no rule on which characters; the list knows this one
            (&"x".repeat(128), None),
            (&"x".repeat(129), Some(Weakness::TooLong)),
            ("abc80000230005", Some(Weakness::Personal)),
            ("La corte-MIRTILLA 2026", Some(Weakness::Personal)),
            ("più lune sul mare", None),
        ];
        for (password, wanted) in cases {
            assert_eq!(weakness(password, &WORDS), wanted, "{password}");
        }
    }

    #[tokio::test]
    async fn a_password_is_right_however_its_accents_were_typed() {
        let passwords = Passwords::default();
        let hash = passwords.hash_new("perché è così?", &[], &Entropy::System).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let right = Verdict::Right { rehashed: None };
        assert_eq!(
            passwords.check("perche\u{301} e\u{300} cosi\u{300}?", Some(hash.clone()), &Entropy::System).await.unwrap(),
            right
        );
        assert_eq!(passwords.check("perché è così!", Some(hash.clone()), &Entropy::System).await.unwrap(), Verdict::Wrong);
        assert_eq!(passwords.check("perché è così?", None, &Entropy::System).await.unwrap(), Verdict::Wrong);
        assert!(matches!(passwords.check("x", Some("sale e pepe".to_owned()), &Entropy::System).await, Err(Error::Hash)));
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_made_anew_when_the_password_is_right() {
        let old = Argon2::from(Params::new(8, 1, 1, None).unwrap());
        let old = old.hash_password_with_salt("una vecchia parola".as_bytes(), &[9; 16]).unwrap().to_string();
        let passwords = Passwords::default();
        assert_eq!(passwords.check("un'altra parola", Some(old.clone()), &Entropy::System).await.unwrap(), Verdict::Wrong);
        let verdict = passwords.check("una vecchia parola", Some(old), &Entropy::System).await.unwrap();
        let Verdict::Right { rehashed: Some(new) } = verdict else { panic!("{verdict:?}") };
        assert!(new.contains("m=19456,t=2,p=1"), "{new}");
        assert_eq!(
            passwords.check("una vecchia parola", Some(new), &Entropy::System).await.unwrap(),
            Verdict::Right { rehashed: None }
        );
    }
}
