//! Sealing what is encrypted at rest: AES-256-GCM with a key per tenant and purpose, derived from one master key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;
use kernel::{Entropy, TenantId};

/// The form of sealed bytes: this byte, the nonce, the ciphertext with its tag.
const VERSION: u8 = 1;

#[derive(Clone)]
pub struct Vault(std::sync::Arc<[u8; 32]>);

/// The bytes were not sealed here, for this tenant and purpose, or were changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed bytes cannot be opened")]
pub struct NotOurs;

struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

impl Vault {
    pub fn from_key(master: [u8; 32]) -> Vault {
        Vault(std::sync::Arc::new(master))
    }

    pub fn seal(&self, tenant: TenantId, purpose: &str, plain: &[u8], entropy: &Entropy) -> Vec<u8> {
        let nonce = entropy.bytes::<NONCE_LEN>();
        let mut sealed = plain.to_vec();
        let key = self.aead(tenant, purpose);
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from([VERSION]), &mut sealed)
            .expect("what is sealed here is far below the cipher's limit");
        [&[VERSION], nonce.as_slice(), &sealed].concat()
    }

    pub fn open(&self, tenant: TenantId, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, NotOurs> {
        let (version, rest) = sealed.split_first().ok_or(NotOurs)?;
        if *version != VERSION || rest.len() < NONCE_LEN {
            return Err(NotOurs);
        }
        let (nonce, cipher) = rest.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| NotOurs)?;
        let mut cipher = cipher.to_vec();
        let plain = self.aead(tenant, purpose).open_in_place(nonce, Aad::from([VERSION]), &mut cipher).map_err(|_| NotOurs)?;
        Ok(plain.to_vec())
    }

    /// A keyed hash for signatures that only this installation makes and checks.
    pub fn sign(&self, tenant: TenantId, purpose: &str, text: &[u8]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.derive(b"sign", tenant, purpose));
        hmac::sign(&key, text).as_ref().try_into().expect("SHA-256 has 32 bytes")
    }

    /// Whether [`Vault::sign`] made this signature, in constant time.
    pub fn verify(&self, tenant: TenantId, purpose: &str, text: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &self.derive(b"sign", tenant, purpose)), text, signature).is_ok()
    }

    fn aead(&self, tenant: TenantId, purpose: &str) -> LessSafeKey {
        let key = UnboundKey::new(&AES_256_GCM, &self.derive(b"seal", tenant, purpose)).expect("the key has the cipher's length");
        LessSafeKey::new(key)
    }

    /// `task` keeps the keys of sealing and signing apart, whatever their purposes are called.
    fn derive(&self, task: &[u8; 4], tenant: TenantId, purpose: &str) -> [u8; 32] {
        let (tenant, mut key) = (tenant.0.to_be_bytes(), [0; 32]);
        let info = [b"campanella".as_slice(), task, &tenant, purpose.as_bytes()];
        let derived = Salt::new(HKDF_SHA256, &[]).extract(self.0.as_slice());
        derived.expand(&info, Length).and_then(|k| k.fill(&mut key)).expect("32 bytes are within the function's limit");
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_tenant_and_purpose_open_what_was_sealed() {
        let (vault, chance) = (Vault::from_key([7; 32]), Entropy::seeded(1));
        let sealed = vault.seal(TenantId(1), "diet", b"celiachia", &chance);
        assert_eq!(vault.open(TenantId(1), "diet", &sealed).as_deref(), Ok(b"celiachia".as_slice()));
        assert_eq!(vault.open(TenantId(2), "diet", &sealed), Err(NotOurs));
        assert_eq!(vault.open(TenantId(1), "key", &sealed), Err(NotOurs));
        assert_eq!(Vault::from_key([8; 32]).open(TenantId(1), "diet", &sealed), Err(NotOurs));
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(vault.open(TenantId(1), "diet", &changed), Err(NotOurs), "byte {place}");
        }
        assert_eq!(vault.open(TenantId(1), "diet", &[]), Err(NotOurs));
    }

    #[test]
    fn a_signature_holds_for_its_text_only() {
        let vault = Vault::from_key([7; 32]);
        let signature = vault.sign(TenantId(1), "absence", b"06/09/2026");
        assert!(vault.verify(TenantId(1), "absence", b"06/09/2026", &signature));
        assert!(!vault.verify(TenantId(1), "absence", b"07/09/2026", &signature));
        assert!(!vault.verify(TenantId(2), "absence", b"06/09/2026", &signature));
    }
}
