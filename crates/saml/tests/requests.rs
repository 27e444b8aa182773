//! What a service provider says of itself and how it asks.

mod common;

use common::{at, contact, metadata, new_key, provider, request, world};
use saml::{Aggregator, Binding, Carrier, Metadata, Role, Scheme, idp_side};

#[test]
fn a_request_by_post_is_read_by_the_provider_it_was_sent_to() {
    let w = world();
    let outgoing = request(&w.idp, w.now).signed(&w.sp_key).expect("it is signed");
    let Carrier::Form(form) = outgoing.carrier else { panic!("the provider takes POST") };
    assert_eq!((form.destination.as_str(), form.kind.parameter()), ("https://idp.example/sso", "SAMLRequest"));
    let read = idp_side::read_request(&form.message, &[w.sp_key.certificate_der().expect("a certificate")]).expect("it is read");
    assert_eq!((read.id.as_str(), read.issuer.as_str(), read.level, read.attribute_set), ("_request", common::SP, 2, 0));
    assert_eq!(read.destination, "https://idp.example/sso");
    assert!(idp_side::read_request(&form.message, &w.idp.certificates).is_none(), "another's key");
}

#[test]
fn a_request_goes_by_redirect_where_the_provider_takes_nothing_else() {
    let w = world();
    let idp = provider(&w.key, &[at(Binding::Redirect, "https://idp.example/sso?a=b")]);
    let outgoing = request(&idp, w.now).signed(&w.sp_key).expect("it is signed");
    let Carrier::Address(address) = outgoing.carrier else { panic!("the provider takes no POST") };
    assert!(address.starts_with("https://idp.example/sso?a=b&SAMLRequest="), "{address}");
    assert!(!outgoing.xml.contains("Signature"), "the signature stands beside the message");
    let query = address.split_once('?').expect("a query").1;
    let ours = [w.sp_key.certificate_der().expect("a certificate")];
    let (read, relay_state) = idp_side::read_query(query, &ours).expect("it is read");
    assert_eq!((read.id.as_str(), relay_state.as_str()), ("_request", "handle"));
    assert_eq!(idp_side::issuer_of_query(query).as_deref(), Some(common::SP));
    assert!(idp_side::read_query(query, &w.idp.certificates).is_none(), "another's key");
    for (what, bent) in [
        ("another relay state", query.replace("RelayState=handle", "RelayState=other")),
        ("no relay state", query.replace("&RelayState=handle", "")),
        ("SHA-1", query.replace("xmldsig-more%23rsa-sha256", "xmldsig%23rsa-sha1")),
        ("two messages", format!("{query}&SAMLRequest=a")),
        ("no signature", query.split("&Signature").next().expect("the rest").to_owned()),
    ] {
        assert_ne!(bent, query, "{what}");
        assert!(idp_side::read_query(&bent, &ours).is_none(), "{what}");
    }
}

#[test]
fn post_is_chosen_where_the_provider_takes_both() {
    let w = world();
    let both = [at(Binding::Redirect, "https://idp.example/r"), at(Binding::Post, "https://idp.example/p")];
    assert_eq!(provider(&w.key, &both).sso().location, "https://idp.example/p");
}

#[test]
fn a_request_is_forced_from_level_2_on_and_always_for_cie() {
    let w = world();
    for (scheme, level, forced) in [
        (Scheme::Spid, 1, false),
        (Scheme::Spid, 2, true),
        (Scheme::Spid, 3, true),
        (Scheme::Cie, 1, true),
        (Scheme::Cie, 2, true),
    ] {
        let asked = saml::AuthnRequest { scheme, level, ..request(&w.idp, w.now) };
        let xml = asked.signed(&w.sp_key).expect("it is signed").xml;
        assert_eq!(xml.contains("ForceAuthn=\"true\""), forced, "{scheme:?} {level}");
        assert!(xml.contains(&format!("https://www.spid.gov.it/SpidL{level}<")), "{xml}");
        for never in ["IsPassive", "AllowCreate", "Scoping", "ProtocolBinding", "AssertionConsumerServiceURL"] {
            assert!(!xml.contains(never), "{never}");
        }
    }
}

fn public() -> Metadata {
    metadata(vec![contact(Role::SpidPublic { ipa_code: "c_z999".to_owned() })], Scheme::Spid)
}

#[test]
fn metadata_carry_their_own_signature_and_all_keys() {
    let w = world();
    let signed = public().signed(&[w.sp_key.clone(), w.stranger.clone()]).expect("it is signed");
    let read = idp_side::service_provider(&signed).expect("the signature is good");
    assert_eq!(
        (read.entity_id.as_str(), read.acs_url.as_str(), read.certificates.len()),
        (common::SP, "https://sp.example/spid/acs", 2)
    );
    assert!(idp_side::service_provider(&signed.replace("/spid/acs", "/evil/acs")).is_none());
    assert!(public().signed(&[]).is_err(), "nobody signs");
}

#[test]
fn spids_metadata_ask_for_little_and_offer_eidas_its_two_sets() {
    let signed = public().signed(std::slice::from_ref(&world().sp_key)).expect("it is signed");
    let sets: Vec<&str> = signed.split("<md:AttributeConsumingService ").skip(1).collect();
    let names = |set: &str| -> Vec<String> {
        set.split("RequestedAttribute Name=\"").skip(1).map(|n| n.split('"').next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names(sets[0]), ["fiscalNumber", "name", "familyName", "dateOfBirth"]);
    assert_eq!(names(sets[1]), ["spidCode", "name", "familyName", "dateOfBirth", "fiscalNumber"]);
    assert_eq!(names(sets[2])[5..], ["placeOfBirth", "address", "gender"]);
    for (set, start) in sets.iter().zip(["index=\"0\"", "index=\"99\"", "index=\"100\""]) {
        assert!(set.starts_with(start), "{set}");
    }
    assert!(signed.contains("<md:TelephoneNumber>+390600000000</md:TelephoneNumber>"));
}

#[test]
fn each_role_says_what_its_scheme_wants_to_know() {
    let own = |text: &str| text.to_owned();
    let vat = || (own("IT12345678901"), own("12345678901"));
    let aggregator = |kind| Role::SpidAggregator { kind, vat_number: vat().0, fiscal_code: vat().1 };
    let administrative = Role::CieAdministrative { ipa_code: own("c_z999"), ipa_category: own("L6"), municipality: own("Z999") };
    let technical =
        Role::CieTechnical { vat_number: vat().0, fiscal_code: vat().1, nace_code: own("62.01"), municipality: own("Z998") };
    for (role, contact_type, extensions) in [
        (
            Role::SpidPublic { ipa_code: own("c_z999") },
            "contactType=\"other\">",
            "<spid:IPACode>c_z999</spid:IPACode><spid:Public/>",
        ),
        (
            aggregator(Aggregator::Full),
            "contactType=\"other\" spid:entityType=\"spid:aggregator\">",
            "<spid:VATNumber>IT12345678901</spid:VATNumber><spid:FiscalCode>12345678901</spid:FiscalCode><spid:PublicServicesFullAggregator/>",
        ),
        (
            aggregator(Aggregator::Lite),
            "contactType=\"other\" spid:entityType=\"spid:aggregator\">",
            "<spid:FiscalCode>12345678901</spid:FiscalCode><spid:PublicServicesLightAggregator/>",
        ),
        (
            Role::SpidAggregated { ipa_code: own("c_z999") },
            "contactType=\"other\" spid:entityType=\"spid:aggregated\">",
            "<spid:IPACode>c_z999</spid:IPACode><spid:Public/>",
        ),
        (
            administrative,
            "contactType=\"administrative\">",
            "<cie:Public/><cie:IPACode>c_z999</cie:IPACode><cie:IPACategory>L6</cie:IPACategory><cie:Municipality>Z999</cie:Municipality>",
        ),
        (
            technical,
            "contactType=\"technical\">",
            "<cie:Private/><cie:VATNumber>IT12345678901</cie:VATNumber><cie:FiscalCode>12345678901</cie:FiscalCode><cie:NACE2Code>62.01</cie:NACE2Code><cie:Municipality>Z998</cie:Municipality>",
        ),
    ] {
        let signed =
            metadata(vec![contact(role)], Scheme::Cie).signed(std::slice::from_ref(&world().sp_key)).expect("it is signed");
        assert!(signed.contains(contact_type) && signed.contains(extensions), "{contact_type} {extensions}\n{signed}");
        assert!(signed.contains("<md:Company>Comune</md:Company><md:EmailAddress>a@sp.example</md:EmailAddress>"));
        assert!(idp_side::service_provider(&signed).is_some(), "the signature is good");
    }
}

#[test]
fn cies_metadata_ask_for_four_attributes_and_offer_logout_by_redirect() {
    let signed = metadata(Vec::new(), Scheme::Cie).signed(&[new_key("cie")]).expect("it is signed");
    assert_eq!(signed.matches("<md:RequestedAttribute ").count(), 4);
    assert!(signed.contains("SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\""));
}
