//! Cards that open the door, and everything that must not.
#![allow(clippy::unwrap_used, reason = "a scenario that meets an error has failed")]

use std::fs;
use std::path::Path;

use cns::{Refusal, Settings, Standing, Verifier};
use jiff::SignedDuration;
use kernel::Instant;
use sandbox::cns::{Authority, CardDraft};
use tempfile::TempDir;

const CODE: &str = "RSSMRA85T10A562S";

fn now() -> Instant {
    "2026-11-25T10:00:00Z".parse().unwrap()
}

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

/// An authority, the folder of its lists, and what checks against them.
struct World {
    authority: Authority,
    folder: TempDir,
}

impl World {
    fn new() -> World {
        let world = World { authority: Authority::generate("CA di prova", now()).unwrap(), folder: tempfile::tempdir().unwrap() };
        fs::create_dir(world.crls()).unwrap();
        world
    }

    /// With a list of an hour ago that names these cards.
    fn with_crl(revoked: &[u64]) -> World {
        let world = World::new();
        world.put("a.crl", &world.authority, revoked, -1, 24);
        world
    }

    fn crls(&self) -> std::path::PathBuf {
        self.folder.path().join("crl")
    }

    fn put(&self, name: &str, authority: &Authority, revoked: &[u64], from: i64, until: i64) {
        let crl = authority.crl(revoked, now() + hours(from), now() + hours(until)).unwrap();
        fs::write(self.crls().join(name), crl).unwrap();
    }

    fn verifier(&self) -> Verifier {
        verifier(self.folder.path(), &self.authority.certificate_pem)
    }

    /// What becomes of a card after a test has spoilt it.
    fn tried(&self, spoil: impl FnOnce(&mut CardDraft)) -> Result<cns::Card, Refusal> {
        let mut draft = draft();
        spoil(&mut draft);
        self.verifier().verify(&self.authority.card(&draft).unwrap().certificate_der, now())
    }
}

fn draft() -> CardDraft {
    CardDraft::of(CODE, "Maria", "Rossi", 100, now())
}

fn verifier(folder: &Path, trust: &str) -> Verifier {
    let trust_list_file = folder.join("trust.pem");
    fs::write(&trust_list_file, trust).unwrap();
    Verifier::open(Settings { trust_list_file, crl_folder: folder.join("crl"), crl_max_age: hours(48) }).unwrap()
}

#[test]
fn a_card_in_force_says_whose_it_is() {
    let card = World::with_crl(&[7]).tried(|_| {}).unwrap();
    assert_eq!(
        (card.fiscal_code.as_str(), card.name.as_deref(), card.family_name.as_deref()),
        (CODE, Some("Maria"), Some("Rossi"))
    );
    assert_eq!(card.serial, "64");
    assert!(card.issuer.contains("CA di prova") && card.fingerprint.len() == 64, "{card:?}");
}

#[test]
fn every_fault_of_a_card_has_its_own_refusal() {
    let world = World::with_crl(&[7]);
    let cases: [(Refusal, fn(&mut CardDraft)); 10] = [
        (Refusal::Expired, |d| d.until = now() - SignedDuration::from_secs(1)),
        (Refusal::NotYetValid, |d| d.from = now() + SignedDuration::from_secs(1)),
        (Refusal::Revoked, |d| d.serial = 7),
        (Refusal::NoCnsPolicy, |d| d.cns_policy = false),
        (Refusal::NotForSigningIn, |d| d.client_authentication = false),
        (Refusal::NotForSigningIn, |d| d.for_documents = true),
        (Refusal::NoFiscalCode, |d| d.common_name = "Maria Rossi".to_owned()),
        (Refusal::NoFiscalCode, |d| d.common_name = CODE.to_owned()),
        (Refusal::NoFiscalCode, |d| d.common_name = "RSSMRA85T10A562T/1.prova".to_owned()),
        (Refusal::NoFiscalCode, |d| d.common_name = format!("x/{CODE}/1.prova")),
    ];
    for (place, (refusal, spoil)) in cases.into_iter().enumerate() {
        assert_eq!(world.tried(spoil), Err(refusal), "case {place}");
    }
}

#[test]
fn another_authoritys_look_alike_is_no_card_even_under_the_same_name() {
    let world = World::with_crl(&[]);
    for name in ["CA di prova", "Altra CA"] {
        let other = Authority::generate(name, now()).unwrap();
        let card = other.card(&draft()).unwrap();
        assert_eq!(world.verifier().verify(&card.certificate_der, now()), Err(Refusal::IssuerNotListed), "{name}");
    }
}

#[test]
fn bytes_behind_a_certificate_make_it_unreadable() {
    let world = World::with_crl(&[]);
    let mut der = world.authority.card(&draft()).unwrap().certificate_der;
    der.push(0);
    assert_eq!(world.verifier().verify(&der, now()), Err(Refusal::Unreadable));
}

#[test]
fn a_changed_byte_anywhere_is_refused() {
    let world = World::with_crl(&[]);
    let der = world.authority.card(&draft()).unwrap().certificate_der;
    let verifier = world.verifier();
    assert!(verifier.verify(&der, now()).is_ok());
    for place in 0..der.len() {
        let mut changed = der.clone();
        changed[place] ^= 0x01;
        assert!(verifier.verify(&changed, now()).is_err(), "byte {place}");
    }
}

#[test]
fn without_a_fresh_list_nobody_enters() {
    let cases: [(&str, &[(i64, i64)]); 5] = [
        ("no list", &[]),
        ("older than the operator allows", &[(-49, 24)]),
        ("its successor is overdue", &[(-30, -1)]),
        ("of tomorrow", &[(20, 40)]),
        ("two that are stale", &[(-49, 24), (-30, -1)]),
    ];
    for (what, lists) in cases {
        let world = World::new();
        for (place, (from, until)) in lists.iter().enumerate() {
            world.put(&format!("{place}.crl"), &world.authority, &[], *from, *until);
        }
        assert_eq!(world.tried(|_| {}), Err(Refusal::RevocationUnknown), "{what}");
        assert_eq!(world.verifier().without_fresh_list(now()).len(), 1, "{what}");
    }
}

#[test]
fn a_list_of_another_authority_or_with_a_forged_signature_counts_for_nothing() {
    let world = World::new();
    let namesake = Authority::generate("CA di prova", now()).unwrap();
    world.put("forged.crl", &namesake, &[], -1, 24);
    world.put("other.crl", &Authority::generate("Altra CA", now()).unwrap(), &[], -1, 24);
    fs::write(world.crls().join("words.crl"), "not a list").unwrap();
    assert_eq!(world.tried(|_| {}), Err(Refusal::RevocationUnknown));
    let said: Vec<String> = world.verifier().status(now()).iter().map(|l| format!("{} {:?}", l.file, l.standing)).collect();
    assert!(said[0].contains("its signature is not that of"), "{said:?}");
    assert!(said[1].contains("is not in the trust list"), "{said:?}");
    assert!(said[2].contains("not a revocation list"), "{said:?}");
}

#[test]
fn the_newest_of_two_fresh_lists_decides() {
    let world = World::new();
    world.put("a-old.crl", &world.authority, &[], -20, 24);
    world.put("b-new.crl", &world.authority, &[100], -1, 24);
    assert_eq!(world.tried(|_| {}), Err(Refusal::Revoked));
}

#[test]
fn an_authority_whose_key_was_renewed_under_its_name_vouches_with_both() {
    let (old, new) = (Authority::generate("CA di prova", now()).unwrap(), Authority::generate("CA di prova", now()).unwrap());
    let world = World::new();
    world.put("old.crl", &old, &[], -1, 24);
    world.put("new.crl", &new, &[100], -1, 24);
    let verifier = verifier(world.folder.path(), &format!("{}{}", old.certificate_pem, new.certificate_pem));
    assert!(verifier.verify(&old.card(&draft()).unwrap().certificate_der, now()).is_ok());
    assert_eq!(verifier.verify(&new.card(&draft()).unwrap().certificate_der, now()), Err(Refusal::Revoked));
}

#[test]
fn an_authority_that_has_expired_vouches_for_nobody() {
    let world = World::with_crl(&[]);
    let then = now() + hours(11 * 365 * 24);
    world.put("a.crl", &world.authority, &[], 11 * 365 * 24 - 1, 11 * 365 * 24 + 24);
    let mut long = draft();
    long.until = then + hours(24);
    let card = world.authority.card(&long).unwrap();
    assert_eq!(world.verifier().verify(&card.certificate_der, then), Err(Refusal::IssuerNotListed));
}

#[test]
fn the_operator_sees_each_lists_issuer_age_and_next_date() {
    let world = World::with_crl(&[7, 8]);
    let lines = world.verifier().status(now());
    let Standing::Signed { issuer, this_update, next_update, age, revoked, fresh } = &lines[0].standing else {
        panic!("{lines:?}")
    };
    assert!(issuer.contains("CA di prova"));
    assert_eq!((*this_update, *next_update, *age), (now() - hours(1), now() + hours(24), hours(1)));
    assert_eq!((*revoked, *fresh), (2, true));
}

#[test]
fn changed_files_are_followed_and_unreadable_ones_leave_the_lists_held() {
    let world = World::with_crl(&[]);
    let verifier = world.verifier();
    let card = world.authority.card(&draft()).unwrap().certificate_der;
    assert!(!verifier.follow_files().unwrap());
    world.put("b.crl", &world.authority, &[100], 0, 24);
    assert!(verifier.follow_files().unwrap());
    assert_eq!(verifier.verify(&card, now()), Err(Refusal::Revoked));
    fs::write(world.folder.path().join("trust.pem"), "").unwrap();
    assert!(verifier.follow_files().is_err());
    assert_eq!(verifier.verify(&card, now()), Err(Refusal::Revoked), "what was held is held");
}

#[test]
fn a_trust_list_without_certificates_or_with_a_broken_one_is_refused() {
    let good = Authority::generate("CA di prova", now()).unwrap().certificate_pem;
    assert!(cns::TrustList::parse(b"").is_err());
    assert!(
        cns::TrustList::parse(format!("{good}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").as_bytes())
            .is_err()
    );
    assert_eq!(cns::TrustList::parse(format!("# AgID\n{good}{good}").as_bytes()).unwrap().authorities.len(), 2);
}
