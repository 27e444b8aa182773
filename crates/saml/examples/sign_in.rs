//! A sign-in from the request to the identity, both sides in one program.

use saml::idp_side::{self, ResponseDraft};
use saml::{AuthnRequest, Carrier, IdpDescriptor, Scheme, SpKey, Subject, verify};

fn key(name: &str) -> Result<SpKey, saml::KeyError> {
    let subject = Subject {
        common_name: name.to_owned(),
        organization: name.to_owned(),
        city: "Castelmirto".to_owned(),
        ipa_code: "c_z999".to_owned(),
        entity_id: format!("https://{name}"),
    };
    SpKey::generate(&subject, 2026, 2)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (ours, theirs) = (key("comune.example")?, key("idp.example")?);
    let now = "2026-11-24T08:00:00Z".parse()?;
    let metadata = idp_side::metadata("https://idp.example", "Gestore di prova", "https://idp.example/sso", &theirs);
    let idp = IdpDescriptor::parse(&metadata)?;

    // The service provider asks.
    let request = AuthnRequest {
        scheme: Scheme::Spid,
        idp: &idp,
        sp_entity_id: "https://comune.example/spid/metadata",
        acs_url: "https://comune.example/spid/acs",
        level: 2,
        attribute_set: 0,
        id: "_one".to_owned(),
        relay_state: "handle".to_owned(),
        now,
    };
    let Carrier::Form(form) = request.signed(&ours)?.carrier else { return Err("the provider takes POST".into()) };
    println!("posted to {}: {} bytes", form.destination, form.message.len());

    // The provider reads it and answers for somebody.
    let asked = idp_side::read_request(&form.message, &[ours.certificate_der()?]).ok_or("the request is signed")?;
    let attributes = [("fiscalNumber", "TINIT-GDASDV00A01H501J"), ("name", "Ada"), ("familyName", "Gadda")];
    let response = ResponseDraft {
        idp_entity_id: idp.entity_id.clone(),
        sp_entity_id: asked.issuer,
        acs_url: request.acs_url.to_owned(),
        in_response_to: asked.id,
        response_id: "_two".to_owned(),
        assertion_id: "_three".to_owned(),
        name_id: "_four".to_owned(),
        level: asked.level,
        issued_at: now,
        attributes: attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        issuer_format: true,
        session_index: None,
    };
    let signed = response.signed(&theirs)?;

    // The service provider verifies.
    println!("{:#?}", verify(&idp, &request.pending(), &signed, now)?);
    Ok(())
}
