//! The second factor of staff: codes of an authenticator (RFC 6238: SHA-1, six digits, 30 seconds, one step of tolerance) and ten
//! recovery codes.

use db::Tx;
use db::vault::Vault;
use kernel::{CredentialId, Ctx, Entropy};
use totp_rs::{Builder, Secret, Totp};

use super::{Credential, Error};

/// What the vault seals and signs for.
const PURPOSE: &str = "second_factor";
pub const RECOVERY_CODES: usize = 10;

/// A key to be put into an authenticator.
#[derive(Clone, Debug)]
pub struct Key {
    /// In base 32, in groups of four, to be typed.
    pub text: String,
    /// `otpauth://…`, for a QR code.
    pub uri: String,
}

fn totp(secret: &[u8]) -> Totp {
    Builder::new()
        .with_secret(Secret::new(secret.into()))
        .with_skew(1)
        .with_digits(6)
        .with_step_duration(30)
        .build()
        .expect("a key of 160 bits and six digits are what RFC 4226 asks")
}

/// The code of a key at the context's time: what the authenticator shows. For the demo and for tests.
pub fn code_of(key: &Key, ctx: &Ctx) -> Option<String> {
    let packed: String = key.text.split_whitespace().collect();
    let secret = Secret::try_from_base32(packed).ok()?;
    Some(totp(secret.as_bytes()).generate(seconds(ctx)).to_string())
}

fn seconds(ctx: &Ctx) -> u64 {
    u64::try_from(ctx.now.as_second()).unwrap_or(0)
}

/// The key that waits to be put in force, made where there is none yet: a page looked at twice shows the same.
///
/// # Errors
/// [`Error::UnknownAccount`] when a second factor is in force: its key is shown to nobody.
pub async fn begin(tx: &mut Tx, ctx: &Ctx, vault: &Vault, credential: &Credential, issuer: &str) -> Result<Key, Error> {
    if credential.totp_since.is_some() {
        return Err(Error::UnknownAccount);
    }
    let secret = match &credential.totp_sealed {
        Some(sealed) => vault.open(ctx.tenant, PURPOSE, sealed).map_err(|_| Error::Sealed)?,
        None => {
            let secret = ctx.entropy.bytes::<20>();
            let sealed = vault.seal(ctx.tenant, PURPOSE, &secret, &ctx.entropy);
            let sql = "update credential set totp_sealed = $3 where tenant_id = $1 and id = $2 and totp_since is null";
            tx.execute_one(sql, &[&ctx.tenant, &credential.id, &sealed]).await?;
            secret.to_vec()
        }
    };
    Ok(key(&secret, issuer, &credential.user_name))
}

fn key(secret: &[u8], issuer: &str, user_name: &str) -> Key {
    let packed = Secret::new(secret.into()).to_base32();
    let encode = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let (issuer, user_name) = (encode(issuer), encode(user_name));
    let uri = format!("otpauth://totp/{issuer}:{user_name}?secret={packed}&issuer={issuer}");
    let groups: Vec<String> = packed.as_bytes().chunks(4).map(|g| String::from_utf8_lossy(g).into_owned()).collect();
    Key { text: groups.join(" "), uri }
}

/// Whether this is a code of the account's key that was not accepted before; it never will be again.
pub async fn take_code(tx: &mut Tx, ctx: &Ctx, vault: &Vault, credential: &Credential, typed: &str) -> Result<bool, Error> {
    let Some(sealed) = &credential.totp_sealed else { return Ok(false) };
    let secret = vault.open(ctx.tenant, PURPOSE, sealed).map_err(|_| Error::Sealed)?;
    let code: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(false);
    }
    let Some(step) = totp(&secret).check(&code, seconds(ctx)) else { return Ok(false) };
    let step = i64::try_from(step).unwrap_or(i64::MAX);
    let sql = "update credential set totp_last_step = $3 where tenant_id = $1 and id = $2 and (totp_last_step is null or totp_last_step < $3)";
    Ok(tx.execute(sql, &[&ctx.tenant, &credential.id, &step]).await? == 1)
}

/// Whether this is one of the account's recovery codes, not used before; it is used now.
pub async fn take_recovery_code(
    tx: &mut Tx,
    ctx: &Ctx,
    vault: &Vault,
    credential: &Credential,
    typed: &str,
) -> Result<bool, Error> {
    let sql = "update recovery_code set used_at = $4 where tenant_id = $1 and credential_id = $2 and code_hash = $3 and used_at is null";
    let hash = recovery_hash(ctx, vault, credential.id, typed);
    Ok(tx.execute(sql, &[&ctx.tenant, &credential.id, &hash, &ctx.now]).await? == 1)
}

/// Puts the waiting key in force.
pub(crate) async fn put_in_force(tx: &mut Tx, ctx: &Ctx, credential: &Credential) -> Result<(), Error> {
    let sql = "update credential set totp_since = $3 where tenant_id = $1 and id = $2 and totp_since is null";
    Ok(tx.execute_one(sql, &[&ctx.tenant, &credential.id, &ctx.now]).await?)
}

/// Takes the second factor off: the next sign-in asks for a new one. The office does it for who lost phone and codes.
pub async fn take_off(tx: &mut Tx, ctx: &Ctx, credential: &Credential) -> Result<(), Error> {
    let sql =
        "update credential set totp_sealed = null, totp_since = null, totp_last_step = null where tenant_id = $1 and id = $2";
    tx.execute_one(sql, &[&ctx.tenant, &credential.id]).await?;
    let sql = "delete from recovery_code where tenant_id = $1 and credential_id = $2";
    tx.execute(sql, &[&ctx.tenant, &credential.id]).await?;
    crate::session::end_all_of(tx, ctx, &credential.actor()).await?;
    let subject = format!("credential:{}", credential.id);
    Ok(db::audit::record(tx, ctx, "credential.second_factor_taken_off", &subject, &serde_json::json!({})).await?)
}

/// Ten new recovery codes in place of the old ones; shown once, kept as keyed hashes.
pub async fn renew_recovery_codes(tx: &mut Tx, ctx: &Ctx, vault: &Vault, id: CredentialId) -> Result<Vec<String>, Error> {
    tx.execute("delete from recovery_code where tenant_id = $1 and credential_id = $2", &[&ctx.tenant, &id]).await?;
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code(&ctx.entropy)).collect();
    for code in &codes {
        let sql = "insert into recovery_code (tenant_id, credential_id, code_hash, created_at) values ($1, $2, $3, $4)";
        tx.execute_one(sql, &[&ctx.tenant, &id, &recovery_hash(ctx, vault, id, code), &ctx.now]).await?;
    }
    Ok(codes)
}

/// How many recovery codes are left.
pub async fn recovery_codes_left(tx: &mut Tx, ctx: &Ctx, id: CredentialId) -> Result<i64, Error> {
    let sql = "select count(*) from recovery_code where tenant_id = $1 and credential_id = $2 and used_at is null";
    Ok(tx.query_one(sql, &[&ctx.tenant, &id]).await?.get(0)?)
}

/// `k7mdp-qx4ra-…`: 75 bits in letters and digits that are not taken for each other.
fn recovery_code(entropy: &Entropy) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    let letters: Vec<char> = entropy.bytes::<15>().iter().map(letter).collect();
    letters.chunks(5).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

fn recovery_hash(ctx: &Ctx, vault: &Vault, id: CredentialId, typed: &str) -> Vec<u8> {
    let packed: String = typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).take(64).collect();
    vault.sign(ctx.tenant, PURPOSE, format!("{id}:{packed}").as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: SHA-1 rows, the last six of the eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let totp = totp(b"12345678901234567890");
        for (at, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(totp.generate(at).to_string(), code, "{at}");
        }
    }

    #[test]
    fn a_code_is_good_for_one_step_before_and_after() {
        let totp = totp(b"12345678901234567890");
        let code = totp.generate(600).to_string();
        let found: Vec<Option<u64>> = [540, 570, 600, 629, 659, 660].map(|at| totp.check(&code, at)).to_vec();
        assert_eq!(found, [None, Some(20), Some(20), Some(20), Some(20), None]);
    }

    #[test]
    fn a_key_can_be_typed_and_drawn() {
        let key = key(b"12345678901234567890", "Comune di Esempio", "ada@comune.it");
        assert_eq!(key.text, "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            key.uri,
            "otpauth://totp/Comune%20di%20Esempio:ada%40comune%2Eit?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Comune%20di%20Esempio"
        );
    }
}
