//! What a provider may answer and what must never get in, each beside the honest answer it was bent from.

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{World, draft, encode, honest, world};
use jiff::SignedDuration;
use saml::idp_side::ResponseDraft;
use saml::{
    Bergshamra, Engine, Pending, PersonCode, Refusal, RequestError, Scheme, SpKey, UserAnomaly, VerifiedIdentity, verify,
};

fn ask(w: &World, response: &str) -> Result<VerifiedIdentity, Refusal> {
    verify(&w.idp, &w.pending, response, w.now + SignedDuration::from_secs(10))
}

#[test]
fn an_honest_answer_says_who_the_person_is() {
    let w = world();
    let identity = ask(w, &encode(&honest(w))).expect("it is accepted");
    assert_eq!(
        (identity.who, identity.name.as_str(), identity.family_name.as_str()),
        (PersonCode::Italian("GDASDV00A01H501J".to_owned()), "Ada", "D'Amico & Figli")
    );
    assert_eq!((identity.level, identity.assertion_id.as_str()), (2, "_assertion"));
}

#[test]
fn a_signed_answer_bent_in_one_field_is_refused() {
    let w = world();
    type Bend = fn(&mut ResponseDraft);
    let bends: [(&str, Bend); 16] = [
        ("another request", |d| d.in_response_to = "_other".to_owned()),
        ("another acs", |d| d.acs_url = "https://sp.example/cie/acs".to_owned()),
        ("an acs that only begins alike", |d| d.acs_url = "https://sp.example/spid/acs/".to_owned()),
        ("another audience", |d| d.sp_entity_id = "https://other.example".to_owned()),
        ("another issuer", |d| d.idp_entity_id = "https://other-idp.example".to_owned()),
        ("no format of the issuer", |d| d.issuer_format = false),
        ("a lower level", |d| d.level = 1),
        ("issued before the request", |d| d.issued_at -= SignedDuration::from_secs(10)),
        ("issued in the future", |d| d.issued_at += SignedDuration::from_secs(120)),
        ("no name of the subject", |d| d.name_id = String::new()),
        ("no code", |d| d.attributes.retain(|(n, _)| n != "fiscalNumber")),
        ("two codes", |d| d.attributes.push(("fiscalNumber".to_owned(), "TINIT-RSSMRA85A01Z999L".to_owned()))),
        ("a foreign code", |d| d.attributes[0].1 = "TINES-GDASDV00A01H501J".to_owned()),
        ("a code without its country", |d| d.attributes[0].1 = "GDASDV00A01H501J".to_owned()),
        ("a code with a tail", |d| d.attributes[0].1.push('X')),
        ("a Cyrillic letter in the code", |d| d.attributes[0].1 = "TINIT-GDАSDV00A01H501J".to_owned()),
    ];
    for (what, bend) in bends {
        let mut draft = draft(w);
        assert!(ask(w, &draft.signed(&w.key).expect("it is signed")).is_ok(), "the honest twin of: {what}");
        bend(&mut draft);
        assert!(ask(w, &draft.signed(&w.key).expect("it is signed")).is_err(), "{what}");
    }
}

#[test]
fn an_answer_changed_after_signing_is_refused() {
    let w = world();
    let good = honest(w);
    assert!(ask(w, &encode(&good)).is_ok());
    let (from, to) = ("GDASDV00A01H501J", "RSSMRA85A01Z999L");
    let assertion =
        good[good.find("<saml:Assertion").expect("it is there")..good.find("</samlp:Response>").expect("it is there")].to_owned();
    let unsigned = {
        let (start, end) =
            (assertion.find("<ds:Signature").expect("signed"), assertion.find("</ds:Signature>").expect("signed") + 15);
        format!("{}{}", &assertion[..start], &assertion[end..])
    };
    let forged = unsigned.replace(from, to).replace("_assertion", "_forged");
    let signature =
        &assertion[assertion.find("<ds:Signature").expect("signed")..assertion.find("</ds:Signature>").expect("signed") + 15];
    let object = format!("<ds:Object>{assertion}</ds:Object></ds:Signature>");
    let changed: Vec<(&str, String)> = vec![
        ("another code", good.replace(from, to)),
        ("no signature", good.replace(&assertion, &unsigned)),
        ("a forged assertion before the signed one", good.replace(&assertion, &format!("{forged}{assertion}"))),
        ("a forged assertion after the signed one", good.replace(&assertion, &format!("{assertion}{forged}"))),
        (
            "the signed one inside the forged one",
            good.replace(&assertion, &forged.replace("</saml:Assertion>", &format!("{assertion}</saml:Assertion>"))),
        ),
        (
            "the signed one inside the signature's object",
            good.replace(
                &assertion,
                &forged.replace("<saml:Subject>", &format!("{}<saml:Subject>", signature.replace("</ds:Signature>", &object))),
            ),
        ),
        (
            "the signed one in an extension",
            good.replace("<samlp:Status>", &format!("<samlp:Extensions>{assertion}</samlp:Extensions><samlp:Status>"))
                .replacen(&assertion, &forged, 2),
        ),
        ("the signature moved to a forged assertion of the same id", good.replace(&assertion, &assertion.replace(from, to))),
        ("a comment in the code", good.replace(from, "GDASDV00A01<!-- -->H501J")),
        ("an instruction", good.replace("<samlp:Status>", "<?go on?><samlp:Status>")),
        ("CDATA", good.replace("Ada", "<![CDATA[Ada]]>")),
        ("a DTD", format!("<!DOCTYPE x [<!ENTITY e \"Ada\">]>{}", good.replace("Ada", "&e;"))),
        ("two signatures of one parent", good.replace(signature, &format!("{signature}{signature}"))),
        ("another root", good.replace("samlp:Response", "samlp:ArtifactResponse")),
        ("a foreign id", good.replace("<samlp:Status>", "<samlp:Status xmlns:evil=\"urn:evil\" evil:ID=\"_assertion\">")),
        ("a SHA-1 digest", good.replace("xmlenc#sha256", "xmldsig#sha1")),
        ("RSA with SHA-1", good.replace("2001/04/xmldsig-more#rsa-sha256", "2000/09/xmldsig#rsa-sha1")),
        ("HMAC", good.replace("2001/04/xmldsig-more#rsa-sha256", "2001/04/xmldsig-more#hmac-sha256")),
        (
            "inclusive canonical form",
            good.replace(
                "http://www.w3.org/2001/10/xml-exc-c14n#\"/><ds:SignatureMethod",
                "http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/><ds:SignatureMethod",
            ),
        ),
        ("the whole document referred to", good.replace("URI=\"#_assertion\"", "URI=\"\"")),
        (
            "a deep nest",
            good.replace("<samlp:Status>", &format!("{}{}<samlp:Status>", "<a>".repeat(5_000), "</a>".repeat(5_000))),
        ),
    ];
    for (what, response) in changed {
        assert_ne!(response, good, "{what} changed nothing");
        assert!(ask(w, &encode(&response)).is_err(), "{what}");
    }
}

/// A signed message with this put in place of that inside its signature, signed anew with the provider's own key.
fn resigned(w: &World, from: &str, to: &str) -> String {
    let mut template = honest(w);
    for tag in ["DigestValue", "SignatureValue"] {
        let (open, close) = (format!("<ds:{tag}>"), format!("</ds:{tag}>"));
        let (start, end) = (template.find(&open).expect("signed") + open.len(), template.find(&close).expect("signed"));
        template.replace_range(start..end, "");
    }
    let changed = template.replacen(from, to, 1);
    assert_ne!(changed, template, "{from}");
    Bergshamra.sign(&changed, &w.key.private_key_pem).expect("the engine signs it")
}

#[test]
fn a_good_signature_of_another_form_is_refused_though_the_engine_would_take_it() {
    let w = world();
    const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    let twins = [(MORE, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"), ("xmlenc#sha256", "xmlenc#sha512")];
    for (from, to) in twins {
        assert!(ask(w, &encode(&resigned(w, from, to))).is_ok(), "the profile has {to}");
    }
    let method = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    let second = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    let others = [
        ("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"),
        (method, "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>"),
        (method, "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#WithComments\"/>"),
        (second, "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#WithComments\"/>"),
        (second, ""),
        ("<ds:KeyInfo>", "<ds:KeyInfo/><ds:Object>more</ds:Object><ds:KeyInfo>"),
    ];
    for (from, to) in others {
        let message = resigned(w, from, to);
        let doc = uppsala::parse(&message).expect("XML");
        assert!(Bergshamra.verify(&doc, &message, &w.idp.certificates).is_ok(), "the engine alone takes {to}");
        assert!(matches!(ask(w, &encode(&message)), Err(Refusal::Shape(_))), "{to}");
    }
}

#[test]
fn weak_algorithms_are_refused_by_their_name_before_any_signature_is_looked_at() {
    let w = world();
    let (good, from) = (honest(w), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
    assert!(ask(w, &encode(&good)).is_ok());
    let weak = [
        "2000/09/xmldsig#rsa-sha1",
        "2000/09/xmldsig#hmac-sha1",
        "2001/04/xmldsig-more#hmac-sha256",
        "2001/04/xmldsig-more#rsa-md5",
    ];
    for name in weak {
        let message = good.replace(from, &format!("http://www.w3.org/{name}"));
        assert_eq!(ask(w, &encode(&message)), Err(Refusal::Shape("a Signature of another form")), "{name}");
    }
}

#[test]
fn a_legal_person_is_refused_by_name() {
    let w = world();
    let mut draft = draft(w);
    draft.attributes = [
        ("ivaCode", "VATIT-80000230005"),
        ("companyName", "Corte Mirtilla S.r.l."),
        ("name", "Corte"),
        ("familyName", "Mirtilla"),
    ]
    .map(|(n, v)| (n.to_owned(), v.to_owned()))
    .to_vec();
    assert_eq!(ask(w, &draft.signed(&w.key).expect("it is signed")), Err(Refusal::WrongIdentity));
}

#[test]
fn a_declaration_may_stand_first_and_no_other_instruction() {
    let w = world();
    let good = honest(w);
    assert!(ask(w, &encode(&format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{good}"))).is_ok());
    for first in ["<?xml-stylesheet href=\"a\"?>", "<?go on?>", "<!-- -->", "<?xml version=\"1.0\"?><?go on?>"] {
        assert!(matches!(ask(w, &encode(&format!("{first}{good}"))), Err(Refusal::Shape(_))), "{first}");
    }
}

#[test]
fn keys_of_others_sign_nothing_for_this_provider() {
    let w = world();
    assert!(matches!(ask(w, &draft(w).signed(&w.stranger).expect("it is signed")), Err(Refusal::Signature(_))));
    // The intruder's signature with the provider's certificate beside it.
    let mixed = SpKey { private_key_pem: w.stranger.private_key_pem.clone(), certificate_pem: w.key.certificate_pem.clone() };
    assert!(matches!(ask(w, &draft(w).signed(&mixed).expect("it is signed")), Err(Refusal::Signature(_))));
    let mut other = w.idp.clone();
    other.entity_id = "https://other-idp.example".to_owned();
    assert!(verify(&other, &w.pending, &encode(&honest(w)), w.now).is_err());
}

#[test]
fn time_is_kept_to_the_second_on_both_sides_of_the_window() {
    let w = world();
    let response = draft(w).signed(&w.key).expect("it is signed");
    let issued = w.now + SignedDuration::from_secs(5);
    for (seconds, accepted) in [(-61, false), (-60, true), (0, true), (359, true), (360, false)] {
        let at = issued + SignedDuration::from_secs(seconds);
        assert_eq!(verify(&w.idp, &w.pending, &response, at).is_ok(), accepted, "{seconds} s after it was issued");
    }
}

#[test]
fn an_end_at_the_end_of_time_is_an_end_like_another() {
    let w = world();
    let until = |end: &str| resigned(w, "NotOnOrAfter=\"2026-11-24T08:05:05Z\"", &format!("NotOnOrAfter=\"{end}\""));
    assert!(ask(w, &encode(&until("9999-12-30T22:00:00Z"))).is_ok(), "the last second there is");
    assert!(matches!(ask(w, &encode(&until("9999-12-31T23:59:59Z"))), Err(Refusal::Content(_))), "a second that is not");
}

#[test]
fn cie_leaves_the_format_of_the_issuer_out() {
    let w = world();
    let pending = Pending { scheme: Scheme::Cie, ..w.pending.clone() };
    let mut draft = draft(w);
    draft.issuer_format = false;
    let response = draft.signed(&w.key).expect("it is signed");
    assert!(verify(&w.idp, &pending, &response, w.now + SignedDuration::from_secs(10)).is_ok());
    assert!(ask(w, &response).is_err());
}

#[test]
fn an_error_of_the_person_is_told_by_its_number() {
    let w = world();
    for (number, anomaly) in [(19, UserAnomaly::WrongCredentials), (22, UserAnomaly::ConsentDenied), (25, UserAnomaly::Cancelled)]
    {
        assert_eq!(ask(w, &draft(w).refusal(number)), Err(Refusal::Person(anomaly)));
    }
    assert_eq!(ask(w, &draft(w).refusal(9)), Err(Refusal::Request(RequestError(Some(9)))));
    let other = ResponseDraft { in_response_to: "_other".to_owned(), ..draft(w) };
    assert!(matches!(ask(w, &other.refusal(25)), Err(Refusal::Content(_))));
}

#[test]
fn what_is_no_message_is_refused() {
    let w = world();
    for junk in ["", "%%%", &encode("not xml"), &encode("<a/>"), &STANDARD.encode([0xff, 0xfe, 0x00]), &"A".repeat(600_000)] {
        assert!(matches!(ask(w, junk), Err(Refusal::Shape(_))), "{}", &junk[..junk.len().min(20)]);
    }
}

#[test]
fn the_engine_covers_the_node_it_says() {
    let w = world();
    let text = honest(w);
    let doc = uppsala::parse(&text).expect("XML");
    let covered = Bergshamra.verify(&doc, &text, &w.idp.certificates).expect("it is good");
    assert_eq!(covered.len(), 1);
    assert_eq!(doc.parent(covered[0].signature), Some(covered[0].node));
}

#[test]
fn an_element_of_very_many_attributes_is_refused_before_it_is_parsed() {
    let w = world();
    let with = |count: usize| {
        let crowd: String = (0..count).map(|n| format!(" a{n}=\"\"")).collect();
        encode(&honest(w).replace("<samlp:Status>", &format!("<samlp:Status{crowd}>")))
    };
    assert!(ask(w, &with(60)).is_ok());
    assert_eq!(ask(w, &with(65)), Err(Refusal::Shape("an element of too many attributes")));
}
