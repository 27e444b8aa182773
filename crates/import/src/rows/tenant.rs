use crate::cells::Cells;
use crate::sheet::Record;
use crate::spec::{self, File};
use crate::values::{colour, text, whole, yes_no};

#[derive(Clone, Debug)]
pub(crate) struct TenantRow {
    pub ipa_code: String,
    pub name: String,
    pub tagline: String,
    pub fiscal_code: String,
    pub colour: String,
    pub city: String,
    pub region_name: String,
    pub region_url: String,
    pub website_url: String,
    pub office_name: String,
    pub office_email: String,
    pub office_phone: String,
    pub office_address: String,
    pub office_hours: String,
    pub accessibility_statement_url: Option<String>,
    pub public_url: String,
    pub hosts: Vec<String>,
    pub pagopa: Option<PagoPaCells>,
}

#[derive(Clone, Debug)]
pub(crate) struct PagoPaCells {
    pub broker_fiscal_code: String,
    pub station_id: String,
    /// 0 to 99
    pub segregation_code: u8,
    pub cbill_code: Option<String>,
    pub iban: String,
    pub postal_iban: Option<String>,
    pub postal_holder: Option<String>,
    pub postal_authorisation: Option<String>,
    pub accepts_after_due: bool,
    pub checkout_base_url: String,
    pub checkout_hosts: Vec<String>,
}

impl Record for TenantRow {
    const FILE: &'static File = &spec::TENANT;

    fn read(c: &Cells<'_>) -> Option<TenantRow> {
        let must = |column| c.must(column, text);
        let (ipa_code, name, fiscal_code) = (must("codice_ipa"), must("nome"), c.must("codice_fiscale", body_code));
        let (colour, city, public_url) = (c.must("colore", colour), must("citta"), c.must("portale", url));
        let (region_name, region_url, website_url) = (must("regione"), c.must("sito_regione", url), c.must("sito", url));
        let (office_name, office_email, office_phone) = (must("ufficio"), must("ufficio_email"), must("ufficio_telefono"));
        let (office_address, office_hours) = (must("ufficio_indirizzo"), must("ufficio_orari"));
        let (hosts, pagopa) = (c.must("host", words), read_pagopa(c));
        Some(TenantRow {
            ipa_code: ipa_code?,
            name: name?,
            tagline: c.or("motto", text, String::new())?,
            fiscal_code: fiscal_code?,
            colour: colour?,
            city: city?,
            region_name: region_name?,
            region_url: region_url?,
            website_url: website_url?,
            office_name: office_name?,
            office_email: office_email?,
            office_phone: office_phone?,
            office_address: office_address?,
            office_hours: office_hours?,
            accessibility_statement_url: c.may("accessibilita", url)?,
            public_url: public_url?,
            hosts: hosts?,
            pagopa: pagopa?,
        })
    }

    fn key(&self) -> String {
        // one row is all a file may have
        "il Comune".to_owned()
    }
}

fn read_pagopa(c: &Cells<'_>) -> Option<Option<PagoPaCells>> {
    let Some(broker_fiscal_code) = c.may("pagopa_intermediario", body_code)? else {
        return Some(None);
    };
    let (station, segregation) = (c.must("pagopa_stazione", text), c.must("pagopa_segregazione", segregation));
    let (iban, base) = (c.must("pagopa_iban", text), c.must("pagopa_checkout", url));
    let hosts = c.must("pagopa_checkout_host", words);
    Some(Some(PagoPaCells {
        broker_fiscal_code,
        station_id: station?,
        segregation_code: segregation?,
        cbill_code: c.may("pagopa_cbill", text)?,
        iban: iban?,
        postal_iban: c.may("pagopa_iban_postale", text)?,
        postal_holder: c.may("pagopa_conto_postale_intestato_a", text)?,
        postal_authorisation: c.may("pagopa_autorizzazione_postale", text)?,
        accepts_after_due: c.or("pagopa_dopo_scadenza", yes_no, true)?,
        checkout_base_url: base?,
        checkout_hosts: hosts?,
    }))
}

fn body_code(cell: &str) -> Result<String, &'static str> {
    let valid = cell.len() == 11 && cell.bytes().all(|b| b.is_ascii_digit());
    if valid { Ok(cell.to_owned()) } else { Err("non è un codice fiscale di undici cifre") }
}

fn segregation(cell: &str) -> Result<u8, &'static str> {
    whole(cell).ok().and_then(|code| u8::try_from(code).ok()).filter(|code| *code < 100).ok_or("non è un codice da 0 a 99")
}

fn url(cell: &str) -> Result<String, &'static str> {
    let valid = (cell.starts_with("https://") || cell.starts_with("http://")) && !cell.contains(char::is_whitespace);
    if valid { Ok(cell.to_owned()) } else { Err("non è un indirizzo web") }
}

fn words(cell: &str) -> Result<Vec<String>, &'static str> {
    Ok(cell.split([' ', '|']).filter(|word| !word.is_empty()).map(str::to_lowercase).collect())
}
