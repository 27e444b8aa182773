//! The demo's test cards: an authority made at every start and thrown away, its cards, its list, a server's certificate.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ::demo::{Persona, Scheme};
use jiff::SignedDuration;
use kernel::Instant;
use sandbox::cns::{Authority, CardDraft, Issued};

use crate::Failure;
use crate::config::Cns;

/// The revoked card's number.
const REVOKED: u64 = 99;
/// As long as a demo may run.
const YEAR_HOURS: u32 = 365 * 24;

/// Writes everything into the folder and gives the configuration that `serve` would read for it.
pub fn make(folder: &Path, address: SocketAddr, personas: &[Persona], now: Instant) -> Result<Cns, Failure> {
    let (trust, crls) = (folder.join("authorities.pem"), folder.join("crl"));
    fs::create_dir_all(&crls)?;
    let authority = Authority::generate("Carta di prova della dimostrazione", now)?;
    write(&trust, &authority.certificate_pem)?;
    let year = SignedDuration::from_hours(i64::from(YEAR_HOURS));
    fs::write(crls.join("prova.crl"), authority.crl(&[REVOKED], now, now + year)?)?;
    let host = address.ip().to_string();
    let servers = Authority::generate("Server di prova della dimostrazione", now)?;
    let server = servers.server(&[&host, "localhost"], now)?;
    let (certificate, key) = (folder.join("server.pem"), folder.join("server.key"));
    write(&folder.join("server-authority.pem"), &servers.certificate_pem)?;
    write(&certificate, &server.certificate_pem)?;
    write(&key, &server.private_key_pem)?;
    cards(folder, &authority, personas, now)?;
    Ok(Cns {
        public_url: format!("https://{address}"),
        listen: Some(address),
        server_certificate_file: Some(certificate),
        server_key_file: Some(key),
        tls12_only: false,
        proxy_listen: None,
        proxy_secret_file: None,
        trust_list_file: trust,
        crl_folder: crls,
        crl_max_age_hours: YEAR_HOURS,
        crl_urls: Vec::new(),
    })
}

/// A good card for every persona, and for the first one some that must not open the door.
fn cards(folder: &Path, authority: &Authority, personas: &[Persona], now: Instant) -> Result<(), Failure> {
    let people: Vec<&Persona> = personas.iter().filter(|p| p.scheme != Scheme::Business).collect();
    let draft = |p: &Persona, serial| CardDraft::of(&p.fiscal_code, &p.name, &p.family_name, serial, now);
    for (persona, serial) in people.iter().zip(100..) {
        write_card(folder, &format!("{}-{}", persona.name, persona.family_name), &authority.card(&draft(persona, serial))?)?;
    }
    let Some(first) = people.first() else { return Ok(()) };
    let bad = |serial, spoil: fn(&mut CardDraft, Instant)| {
        let mut card = draft(first, serial);
        spoil(&mut card, now);
        card
    };
    write_card(folder, "revocata", &authority.card(&draft(first, REVOKED))?)?;
    write_card(folder, "scaduta", &authority.card(&bad(98, |card, now| card.until = now - SignedDuration::from_hours(1)))?)?;
    write_card(folder, "senza-policy", &authority.card(&bad(97, |card, _| card.cns_policy = false))?)?;
    let other = Authority::generate("Carta di prova della dimostrazione", now)?;
    write_card(folder, "di-un-altra-autorita", &other.card(&draft(first, 100))?)
}

fn write_card(folder: &Path, name: &str, card: &Issued) -> Result<(), Failure> {
    let plain: String = name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    write(&folder.join(format!("carta-{plain}.pem")), &format!("{}{}", card.certificate_pem, card.private_key_pem))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}

pub fn announce(folder: &Path) {
    let folder = folder.display();
    println!("  Tessere CNS di prova              {folder}/carta-*.pem");
    println!("    per il browser: openssl pkcs12 -export -in {folder}/carta-….pem -out carta.p12, poi importa carta.p12");
    println!();
}
