//! Prints the metadata of each profile: a public body for SPID and for CIE, and an aggregator's service, full and lite.

use saml::{Aggregator, AttributeSet, Contact, Metadata, Organization, Role, Scheme, SpKey, Subject};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ipa_code = || "c_z999".to_owned();
    let subject = Subject {
        common_name: "Comune di Castelmirto".to_owned(),
        organization: "Comune di Castelmirto".to_owned(),
        city: "Castelmirto".to_owned(),
        ipa_code: ipa_code(),
        entity_id: "https://servizi.castelmirto.example/spid/metadata".to_owned(),
    };
    let key = SpKey::generate(&subject, 2026, 2)?;
    let aggregator =
        |kind| Role::SpidAggregator { kind, vat_number: "IT12345678901".to_owned(), fiscal_code: "12345678901".to_owned() };
    let administrative =
        Role::CieAdministrative { ipa_code: ipa_code(), ipa_category: "L6".to_owned(), municipality: "Z999".to_owned() };
    let profiles = [
        ("spid", Scheme::Spid, vec![Role::SpidPublic { ipa_code: ipa_code() }]),
        ("cie", Scheme::Cie, vec![administrative]),
        ("pub-ag-full", Scheme::Spid, vec![aggregator(Aggregator::Full), Role::SpidAggregated { ipa_code: ipa_code() }]),
        ("pub-ag-lite", Scheme::Spid, vec![aggregator(Aggregator::Lite), Role::SpidAggregated { ipa_code: ipa_code() }]),
    ];
    for (name, scheme, roles) in profiles {
        println!("{}\n", metadata(name, scheme, roles).signed(std::slice::from_ref(&key))?);
    }
    Ok(())
}

fn metadata(name: &str, scheme: Scheme, roles: Vec<Role>) -> Metadata {
    let (body, base) = ("Comune di Castelmirto".to_owned(), format!("https://servizi.castelmirto.example/{name}"));
    let contact = |role: Role| {
        let supplier = matches!(role, Role::SpidAggregator { .. });
        let company = if supplier { "Servizi Digitali S.r.l.".to_owned() } else { body.clone() };
        Contact { role, company, email: "scuola@castelmirto.example".to_owned(), telephone: Some("+390600000000".to_owned()) }
    };
    Metadata {
        entity_id: format!("{base}/metadata"),
        acs_url: format!("{base}/acs"),
        slo_url: format!("{base}/slo"),
        attribute_sets: AttributeSet::of(scheme, "Servizi scolastici"),
        contacts: roles.into_iter().map(contact).collect(),
        organization: Organization {
            name: body.clone(),
            display_name: body.clone(),
            url: "https://www.castelmirto.example".to_owned(),
        },
    }
}
