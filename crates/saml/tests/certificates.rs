//! The certificate of a service provider, read by the `openssl` program against what AgID's avviso 29 asks.

use std::process::Command;

use saml::{SpKey, Subject};

#[test]
fn openssl_reads_in_a_certificate_what_avviso_29_asks() {
    if Command::new("openssl").arg("version").output().is_err() {
        println!("openssl is not installed: the certificate is not looked at");
        return;
    }
    let entity_id = "https://servizi.castelmirto.example/spid/metadata";
    let subject = Subject {
        common_name: "Comune di Castelmirto".to_owned(),
        organization: "Comune di Castelmirto".to_owned(),
        city: "Castelmirto".to_owned(),
        ipa_code: "c_z999".to_owned(),
        entity_id: entity_id.to_owned(),
    };
    let key = SpKey::generate(&subject, 2026, 6).expect("a key");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("certificate.pem");
    std::fs::write(&file, &key.certificate_pem).expect("a file");
    let run = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).arg("-in").arg(&file).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let text = run(&["x509", "-noout", "-text", "-nameopt", "oid,sep_multiline,utf8"]);
    for part in [
        "2.5.4.3=Comune di Castelmirto",
        "2.5.4.10=Comune di Castelmirto",
        "2.5.4.6=IT",
        "2.5.4.7=Castelmirto",
        "2.5.4.97=PA:IT-c_z999",
        &format!("2.5.4.83={entity_id}"),
        "Public-Key: (3072 bit)",
        "Signature Algorithm: sha256WithRSAEncryption",
        "X509v3 Key Usage: critical",
        "Digital Signature, Non Repudiation",
        "CA:FALSE",
        "Policy: 1.3.76.16.6",
        "Explicit Text: agIDcert",
        "Policy: 1.3.76.16.4.2.1",
        "Explicit Text: cert_SP_Pub",
        "Not Before: Jan  1 00:00:00 2026 GMT",
        "Not After : Jan  1 00:00:00 2032 GMT",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    for personal in ["2.5.4.4=", "2.5.4.42=", "2.5.4.5=", "1.2.840.113549.1.9.1="] {
        assert!(!text.contains(personal), "{personal} is of a person");
    }
    assert!(!text.contains("Certificate Policies: critical"));
    let name = |of: &str| run(&["x509", "-noout", of]).split_once('=').expect("a name").1.trim().to_owned();
    assert_eq!(name("-subject"), name("-issuer"), "it is signed by its own key");
}
