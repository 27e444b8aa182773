//! The two Comuni: who they are, and the files that say so.

use import::spec;

use crate::DemoOptions;
use crate::output::Sheet;

pub(crate) struct Comune {
    pub ipa_code: &'static str,
    pub name: &'static str,
    pub city: &'static str,
    pub tagline: &'static str,
    pub fiscal_code: &'static str,
    pub colour: &'static str,
    pub domain: &'static str,
    pub postal_code: &'static str,
    pub segregation: u8,
    /// SVG, invented like the town.
    pub arms: &'static str,
}

pub(crate) const MAIN: Comune = Comune {
    ipa_code: "c_z998",
    name: "Comune di Castelmirto",
    city: "Castelmirto",
    tagline: "Servizi scolastici online",
    fiscal_code: "90000170002",
    colour: "#0b5c8a",
    domain: "comune.castelmirto.example",
    postal_code: "00998",
    segregation: 1,
    arms: include_str!("../arms/castelmirto.svg"),
};

pub(crate) const SECOND: Comune = Comune {
    ipa_code: "c_z997",
    name: "Comune di Pievelieta",
    city: "Pievelieta",
    tagline: "I servizi per la scuola",
    fiscal_code: "90000230004",
    colour: "#7a3b69",
    domain: "comune.pievelieta.example",
    postal_code: "00997",
    segregation: 2,
    arms: include_str!("../arms/pievelieta.svg"),
};

/// The example IBAN of handbooks: its check digits are right and its account is nobody's.
const IBAN: &str = "IT60X0542811101000000123456";

const COLUMNS: [&str; 26] = [
    "codice_ipa",
    "nome",
    "motto",
    "codice_fiscale",
    "colore",
    "citta",
    "regione",
    "sito_regione",
    "sito",
    "ufficio",
    "ufficio_email",
    "ufficio_telefono",
    "ufficio_indirizzo",
    "ufficio_orari",
    "accessibilita",
    "portale",
    "host",
    "pagopa_intermediario",
    "pagopa_stazione",
    "pagopa_segregazione",
    "pagopa_cbill",
    "pagopa_iban",
    "pagopa_iban_postale",
    "pagopa_conto_postale_intestato_a",
    "pagopa_checkout",
    "pagopa_checkout_host",
];

pub(crate) fn sheet(comune: &Comune, public_url: &str, hosts: &[String], options: &DemoOptions) -> Sheet {
    let mut sheet = Sheet::new(&spec::TENANT, &COLUMNS);
    let site = format!("https://www.{}", comune.domain);
    let checkout_host = options.sandbox_url.split("://").last().unwrap_or_default().trim_end_matches('/');
    let station = format!("{}_01", comune.fiscal_code);
    sheet.row(&[
        &comune.ipa_code,
        &comune.name,
        &comune.tagline,
        &comune.fiscal_code,
        &comune.colour,
        &comune.city,
        &"Regione Esempio",
        &"https://www.regione.example",
        &site,
        &"Ufficio Servizi Scolastici",
        &format!("scuola@{}", comune.domain),
        &"0000 123456",
        &format!("piazza del Municipio 1, {} {}", comune.postal_code, comune.city),
        &"lunedì-venerdì 9:00-12:30, martedì e giovedì anche 15:00-17:00",
        &format!("{site}/accessibilita"),
        &public_url,
        &hosts.join(" "),
        &comune.fiscal_code,
        &station,
        &comune.segregation,
        &"AZ998",
        &IBAN,
        &IBAN,
        &format!("{} - Servizio Tesoreria", comune.name),
        &options.sandbox_url,
        &checkout_host,
    ]);
    sheet
}
