//! Registries of providers: what is believed of a signed list, and every way to slip something into one.

mod common;

use common::{at, new_key, world};
use saml::Binding;
use saml::idp_side::{self, IdpMetadata};
use saml::registry::{RegistryError, read};

fn provider(name: &str, keys: &[saml::SpKey]) -> String {
    let (entity_id, sso) = (format!("https://{name}.example"), [at(Binding::Redirect, &format!("https://{name}.example/sso"))]);
    IdpMetadata { entity_id: &entity_id, display_name: name, sso: &sso, slo: &[], keys }.document()
}

fn registry() -> String {
    let w = world();
    let documents = [provider("uno", std::slice::from_ref(&w.key)), provider("due", &[w.key.clone(), w.sp_key.clone()])];
    idp_side::signed_registry(&documents, &w.stranger).expect("it is signed")
}

fn pinned() -> Vec<Vec<u8>> {
    vec![world().stranger.certificate_der().expect("DER")]
}

#[test]
fn a_signed_list_gives_its_providers_each_with_its_own_document() {
    let w = world();
    let listed = read(&registry(), &pinned(), w.now).expect("the signature is good");
    let names: Vec<_> = listed.iter().map(|l| (l.idp.entity_id.as_str(), l.idp.certificates.len())).collect();
    assert_eq!(names, [("https://uno.example", 1), ("https://due.example", 2)]);
    for one in &listed {
        assert_eq!(saml::IdpDescriptor::parse(&one.metadata).expect("it stands alone"), one.idp);
    }
}

#[test]
fn a_list_is_good_under_any_of_several_pinned_certificates() {
    let w = world();
    let several = [w.sp_key.certificate_der().expect("DER"), pinned().remove(0)];
    assert_eq!(read(&registry(), &several, w.now).map(|l| l.len()), Ok(2));
}

#[test]
fn a_forged_list_is_refused_whole() {
    let w = world();
    let good = registry();
    let more = provider("evil", std::slice::from_ref(&w.key));
    let unsigned = |text: &str| {
        let (start, end) = (text.find("<ds:Signature").expect("one"), text.find("</ds:Signature>").expect("one") + 15);
        format!("{}{}", &text[..start], &text[end..])
    };
    let by_another = idp_side::signed_registry(std::slice::from_ref(&more), &w.key).expect("it is signed");
    for (what, forged) in [
        ("not signed", unsigned(&good)),
        ("signed by another", by_another.clone()),
        ("one more provider", good.replace("</md:EntitiesDescriptor>", &format!("{more}</md:EntitiesDescriptor>"))),
        ("another address", good.replace("https://uno.example/sso", "https://evil.example/sso")),
        ("another key", good.replace(&w.key.certificate_base64(), &new_key("intruder").certificate_base64())),
        (
            "the signed list inside another",
            format!(
                "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_other\">{more}{good}</md:EntitiesDescriptor>"
            ),
        ),
        (
            "the signed list inside another of the same id",
            format!(
                "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_registry\">{more}{good}</md:EntitiesDescriptor>"
            ),
        ),
        ("the first signature good, the root another's", {
            let start = good.find("<ds:Signature").expect("one");
            let signature = &good[start..good.find("</ds:Signature>").expect("one") + 15];
            format!(
                "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_evil\">{signature}{more}<md:Extensions>{good}</md:Extensions></md:EntitiesDescriptor>"
            )
        }),
        ("a document type", format!("<!DOCTYPE a [<!ENTITY b \"c\">]>{good}")),
    ] {
        assert!(read(&forged, &pinned(), w.now).is_err(), "{what}");
    }
    assert_eq!(read(&by_another, &pinned(), w.now), Err(RegistryError::Signature));
}

#[test]
fn a_list_needs_a_certificate_and_at_least_one_provider() {
    let w = world();
    assert_eq!(read(&registry(), &[], w.now), Err(RegistryError::NoCertificate));
    let empty = idp_side::signed_registry(&[], &w.stranger).expect("it is signed");
    assert_eq!(read(&empty, &pinned(), w.now), Err(RegistryError::Empty));
    let twice = provider("uno", std::slice::from_ref(&w.key));
    let twice = idp_side::signed_registry(&[twice.clone(), twice], &w.stranger).expect("it is signed");
    assert_eq!(read(&twice, &pinned(), w.now), Err(RegistryError::Twice));
    assert_eq!(read("<a/>", &pinned(), w.now), Err(RegistryError::AnotherDocument));
    assert_eq!(read("", &pinned(), w.now), Err(RegistryError::NotXml));
}

#[test]
fn what_is_over_is_not_believed() {
    let w = world();
    let dated = |until: &str| {
        provider("uno", std::slice::from_ref(&w.key)).replacen(" entityID", &format!(" validUntil=\"{until}\" entityID"), 1)
    };
    assert_eq!(read(&dated("2026-11-24T08:00:01Z"), &[], w.now).map(|l| l.len()), Ok(1));
    assert_eq!(read(&dated("2026-11-24T08:00:00Z"), &[], w.now), Err(RegistryError::Over));
    let both = [dated("2026-11-24T08:00:00Z"), provider("due", std::slice::from_ref(&w.key))];
    let list = idp_side::signed_registry(&both, &w.stranger).expect("it is signed");
    assert_eq!(read(&list, &pinned(), w.now).expect("one is left").len(), 1);
}

#[test]
fn one_providers_metadata_may_come_without_a_certificate_and_not_without_what_makes_a_provider() {
    let w = world();
    let good = provider("uno", std::slice::from_ref(&w.key));
    assert_eq!(read(&good, &[], w.now).map(|l| l.len()), Ok(1));
    assert_eq!(read(&good, &pinned(), w.now), Err(RegistryError::Signature), "a certificate was given: it must be signed");
    for (what, bad) in [
        ("no key", good.replace("X509Certificate", "X509CRL")),
        ("no role", good.replace("IDPSSODescriptor", "SPSSODescriptor")),
        ("an address that is none of the web", good.replace("Location=\"https:", "Location=\"javascript:")),
        ("no name", good.replace("entityID=\"https://uno.example\"", "entityID=\"\"")),
    ] {
        assert_ne!(bad, good, "{what}");
        assert!(matches!(read(&bad, &[], w.now), Err(RegistryError::Idp(_))), "{what}");
    }
}
