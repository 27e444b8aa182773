//! The `xmlsec1` program as an oracle: what is signed here verifies there, what is signed there verifies here, and an
//! engine made of it comes to the same verdicts.

mod common;

use std::path::Path;
use std::process::Command;

use common::{World, at, contact, draft, encode, honest, metadata, request, world};
use jiff::SignedDuration;
use saml::idp_side::{self, signature_template};
use saml::{
    Bergshamra, Binding, Covered, Document, Engine, Incoming, LogoutAnswer, LogoutRequest, NodeId, Outgoing, Refusal, Role,
    Scheme, SignatureError, verify, verify_with,
};

/// Elements whose `ID` a signature may name.
const SIGNED: [&str; 7] = [
    "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
    "urn:oasis:names:tc:SAML:2.0:protocol:Response",
    "urn:oasis:names:tc:SAML:2.0:protocol:AuthnRequest",
    "urn:oasis:names:tc:SAML:2.0:protocol:LogoutRequest",
    "urn:oasis:names:tc:SAML:2.0:protocol:LogoutResponse",
    "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor",
    "urn:oasis:names:tc:SAML:2.0:metadata:EntitiesDescriptor",
];

/// Another engine: the program signs and verifies, canonical forms are ours.
struct Xmlsec1;

impl Xmlsec1 {
    /// None, said aloud, where the program is not installed.
    fn find() -> Option<Xmlsec1> {
        let found = Command::new("xmlsec1").arg("--version").output().is_ok();
        if !found {
            println!("xmlsec1 is not installed: nothing is compared with it");
        }
        found.then_some(Xmlsec1)
    }

    fn run(folder: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
        let ids = SIGNED.iter().flat_map(|name| ["--id-attr:ID", name]);
        let mut command = Command::new("xmlsec1");
        command.arg(arguments[0]).args(ids).args(&arguments[1..]).arg(folder.join("message.xml"));
        let output = command.output().expect("it runs");
        output.status.success().then_some(output.stdout)
    }

    fn verifies(source: &str, number: usize, certificate: &[u8]) -> bool {
        let folder = tempfile::tempdir().expect("a folder");
        let pem = folder.path().join("key.pem");
        std::fs::write(folder.path().join("message.xml"), source).expect("a file");
        std::fs::write(&pem, format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", lines(certificate)))
            .expect("a file");
        let place = format!("(//*[local-name()='Signature'])[{}]", number + 1);
        let pem = pem.to_str().expect("a path in UTF-8");
        Xmlsec1::run(folder.path(), &["--verify", "--node-xpath", &place, "--pubkey-cert-pem", pem]).is_some()
    }
}

fn lines(bytes: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    text.as_bytes().chunks(64).map(|line| format!("{}\n", std::str::from_utf8(line).expect("letters"))).collect()
}

/// The signatures of a document and their parents, in document order.
fn signatures(doc: &Document<'_>) -> Vec<Covered> {
    let mut stack = vec![doc.document_element().expect("a root")];
    let mut found = Vec::new();
    while let Some(node) = stack.pop() {
        if doc.element(node).is_some_and(|e| e.name.local_name == "Signature") {
            found.push(Covered { signature: node, node: doc.parent(node).expect("a parent") });
        }
        stack.extend(doc.children(node).into_iter().rev().filter(|c| doc.element(*c).is_some()));
    }
    found
}

impl Engine for Xmlsec1 {
    fn sign(&self, template: &str, private_key_pem: &str) -> Result<String, SignatureError> {
        let folder = tempfile::tempdir().expect("a folder");
        let key = folder.path().join("key.pem");
        std::fs::write(folder.path().join("message.xml"), template).expect("a file");
        std::fs::write(&key, private_key_pem).expect("a file");
        let key = key.to_str().expect("a path in UTF-8");
        let signed = Xmlsec1::run(folder.path(), &["--sign", "--privkey-pem", key]).ok_or(SignatureError::Sign)?;
        let text = String::from_utf8(signed).map_err(|_| SignatureError::Sign)?;
        Ok(text.trim_start_matches("<?xml version=\"1.0\"?>").trim().to_owned())
    }

    fn verify(&self, doc: &Document<'_>, source: &str, certificates: &[Vec<u8>]) -> Result<Vec<Covered>, SignatureError> {
        let found = signatures(doc);
        let good = |certificate: &Vec<u8>| (0..found.len()).all(|n| Xmlsec1::verifies(source, n, certificate));
        if !found.is_empty() && certificates.iter().any(good) { Ok(found) } else { Err(SignatureError::Invalid) }
    }

    fn verify_first(&self, doc: &Document<'_>, source: &str, certificates: &[Vec<u8>]) -> Result<Covered, SignatureError> {
        let first = *signatures(doc).first().ok_or(SignatureError::Invalid)?;
        let good = certificates.iter().any(|certificate| Xmlsec1::verifies(source, 0, certificate));
        if good { Ok(first) } else { Err(SignatureError::Invalid) }
    }

    fn canonical(&self, doc: &Document<'_>, node: NodeId) -> Result<Vec<u8>, SignatureError> {
        Bergshamra.canonical(doc, node)
    }
}

/// One message of each kind that is signed here, with the certificate of its signer.
fn everything_we_sign(w: &World) -> Vec<(&'static str, String, Vec<u8>)> {
    let (idp, sp) = (w.key.certificate_der().expect("DER"), w.sp_key.certificate_der().expect("DER"));
    let slo = at(Binding::Post, "https://idp.example/slo");
    let (issuer, id) = (common::SP, "_logout");
    let logout = LogoutRequest {
        to: &slo,
        issuer,
        id,
        name_id: "_name",
        name_qualifier: common::IDP,
        session_index: Some("_session"),
        relay_state: None,
        now: w.now,
    };
    let answer = LogoutAnswer { to: &slo, issuer, id, in_response_to: "_theirs", relay_state: None, now: w.now };
    let xml = |outgoing: Result<Outgoing, SignatureError>| outgoing.expect("it is signed").xml;
    let provider = idp_side::metadata(common::IDP, "Gestore", "https://idp.example/sso", &w.key);
    let contacts = vec![contact(Role::SpidPublic { ipa_code: "c_z999".to_owned() })];
    let own = metadata(contacts, Scheme::Spid).signed(std::slice::from_ref(&w.sp_key)).expect("it is signed");
    vec![
        ("a response", honest(w), idp.clone()),
        ("a request", xml(request(&w.idp, w.now).signed(&w.sp_key)), sp.clone()),
        ("a logout request", xml(logout.signed(&w.sp_key)), sp.clone()),
        ("a logout answer", xml(answer.signed(&w.sp_key)), sp.clone()),
        ("metadata", own, sp),
        ("a registry", idp_side::signed_registry(&[provider], &w.key).expect("it is signed"), idp),
    ]
}

#[test]
fn xmlsec1_verifies_what_is_signed_here() {
    let Some(_) = Xmlsec1::find() else { return };
    let w = world();
    let stranger = w.stranger.certificate_der().expect("DER");
    for (what, message, certificate) in everything_we_sign(w) {
        assert!(Xmlsec1::verifies(&message, 0, &certificate), "{what}\n{message}");
        assert!(!Xmlsec1::verifies(&message.replace("example", "exbmple"), 0, &certificate), "{what}, changed");
        assert!(!Xmlsec1::verifies(&message, 0, &stranger), "{what}, by another's key");
    }
}

#[test]
fn what_xmlsec1_signs_verifies_here() {
    let Some(xmlsec1) = Xmlsec1::find() else { return };
    let w = world();
    let plain = draft(w).document(&signature_template("_assertion", &w.key.certificate_base64()));
    let wide = plain
        .replace("xmldsig-more#rsa-sha256", "xmldsig-more#rsa-sha512")
        .replace("2001/04/xmlenc#sha256", "2001/04/xmlenc#sha512");
    for (what, template) in [("SHA-256", plain), ("SHA-512", wide)] {
        let signed = xmlsec1.sign(&template, &w.key.private_key_pem).expect("it signs");
        let taken = verify(&w.idp, &w.pending, &encode(&signed), w.now + SignedDuration::from_secs(10));
        assert!(taken.is_ok(), "{what}: {taken:?}");
        let changed = signed.replace("GDASDV00A01H501J", "RSSMRA85A01Z999L");
        let refused = verify(&w.idp, &w.pending, &encode(&changed), w.now + SignedDuration::from_secs(10));
        assert!(matches!(refused, Err(Refusal::Signature(_))), "{what}: {refused:?}");
    }
}

#[test]
fn both_engines_come_to_the_same_verdicts() {
    let Some(xmlsec1) = Xmlsec1::find() else { return };
    let w = world();
    let good = honest(w);
    let by_a_stranger = draft(w).document(&signature_template("_assertion", &w.key.certificate_base64()));
    let by_a_stranger = Bergshamra.sign(&by_a_stranger, &w.stranger.private_key_pem).expect("it is signed");
    let mut cases = vec![
        ("honest", good.clone()),
        ("signed by a stranger", by_a_stranger),
        ("another code", good.replace("GDASDV00A01H501J", "RSSMRA85A01Z999L")),
        ("another namespace prefix", good.replace("saml:", "s:").replace("xmlns:saml", "xmlns:s")),
        ("blanks outside the assertion", good.replace("<samlp:Status>", "\n <samlp:Status>")),
        ("blanks inside the assertion", good.replace("<saml:Subject>", "\n <saml:Subject>")),
        (
            "attributes in another order",
            good.replace("Version=\"2.0\" IssueInstant", "IssueInstant")
                .replace("<saml:Assertion ", "<saml:Assertion Version=\"2.0\" "),
        ),
    ];
    // One letter of the message at a time, all through it but for KeyInfo: the program reads it, and here nobody does.
    let key_info = good.find("<ds:KeyInfo>").expect("one")..good.find("</ds:KeyInfo>").expect("one");
    let step = good.len() / 25;
    let bent = (1..25).filter_map(|n| {
        let place = n * step;
        let letter = good.as_bytes()[place];
        (letter.is_ascii_alphanumeric() && !key_info.contains(&place)).then(|| {
            let other = if letter == b'a' { "b" } else { "a" };
            ("one letter", format!("{}{other}{}", &good[..place], &good[place + 1..]))
        })
    });
    cases.extend(bent);
    let mut accepted = 0;
    for (what, message) in cases {
        let (response, now) = (encode(&message), w.now + SignedDuration::from_secs(10));
        let (here, there) =
            (verify(&w.idp, &w.pending, &response, now), verify_with(&xmlsec1, &w.idp, &w.pending, &response, now));
        assert_eq!(here, there, "{what}\n{message}");
        accepted += usize::from(here.is_ok());
    }
    assert!(accepted >= 2, "the comparison must not be of refusals only");
}

#[test]
fn another_engine_takes_the_place_of_ours_everywhere() {
    let Some(xmlsec1) = Xmlsec1::find() else { return };
    let w = world();
    let outgoing = request(&w.idp, w.now).signed_with(&xmlsec1, &w.sp_key).expect("it is signed");
    let ours = [w.sp_key.certificate_der().expect("DER")];
    assert!(idp_side::read_request(&encode(&outgoing.xml), &ours).is_some());
    let provider = idp_side::metadata(common::IDP, "Gestore", "https://idp.example/sso", &w.key);
    let registry = idp_side::signed_registry(&[provider], &w.stranger).expect("it is signed");
    let pinned = [w.stranger.certificate_der().expect("DER")];
    assert_eq!(saml::registry::read_with(&xmlsec1, &registry, &pinned, w.now).expect("it is good").len(), 1);
    let slo = at(Binding::Post, common::SLO);
    let asked = LogoutRequest {
        to: &slo,
        issuer: common::IDP,
        id: "_x",
        name_id: "_name",
        name_qualifier: common::IDP,
        session_index: None,
        relay_state: None,
        now: w.now,
    };
    let xml = encode(&asked.signed(&w.key).expect("it is signed").xml);
    let message = Incoming::Form { kind: saml::Kind::Request, message: &xml, relay_state: None };
    assert!(message.verify_with(&xmlsec1, common::IDP, &w.idp.certificates, common::SLO, w.now).is_ok());
}
