//! Single logout: what a provider may ask and answer, and what nobody may.

mod common;

use common::{SLO, World, at, encode, world};
use jiff::{SignedDuration, Timestamp};
use saml::{Binding, Carrier, Endpoint, Incoming, Kind, LogoutAnswer, LogoutMessage, LogoutRequest, Outgoing, Refusal, SpKey};

fn endpoint(binding: Binding) -> Endpoint {
    at(binding, SLO)
}

fn asked<'a>(to: &'a Endpoint, now: Timestamp) -> LogoutRequest<'a> {
    LogoutRequest {
        to,
        issuer: common::IDP,
        id: "_theirs",
        name_id: "_name",
        name_qualifier: common::IDP,
        session_index: None,
        relay_state: Some("their handle"),
        now,
    }
}

/// What the message is taken for when it comes to us.
fn take(w: &World, outgoing: &Outgoing, seconds: i64) -> Result<LogoutMessage, Refusal> {
    let now = w.now + SignedDuration::from_secs(seconds);
    match &outgoing.carrier {
        Carrier::Form(form) => {
            let incoming = Incoming::Form { kind: form.kind, message: &form.message, relay_state: form.relay_state.as_deref() };
            assert_eq!(incoming.issuer().as_deref(), Some(common::IDP));
            incoming.verify(common::IDP, &w.idp.certificates, SLO, now)
        }
        Carrier::Address(address) => query(w, address.split_once('?').expect("a query").1, now),
    }
}

fn query(w: &World, query: &str, now: Timestamp) -> Result<LogoutMessage, Refusal> {
    Incoming::Query(query).verify(common::IDP, &w.idp.certificates, SLO, now)
}

#[test]
fn a_provider_may_ask_and_answer_by_both_bindings() {
    let w = world();
    for binding in [Binding::Post, Binding::Redirect] {
        let to = endpoint(binding);
        let request = asked(&to, w.now).signed(&w.key).expect("it is signed");
        let relay_state = Some("their handle".to_owned());
        let expected = LogoutMessage::Request { id: "_theirs".to_owned(), name_id: "_name".to_owned(), relay_state };
        assert_eq!(take(w, &request, 1), Ok(expected), "{binding:?}");
        let answer =
            LogoutAnswer { to: &to, issuer: common::IDP, id: "_a", in_response_to: "_ours", relay_state: None, now: w.now };
        let expected = LogoutMessage::Response { in_response_to: "_ours".to_owned(), complete: true };
        assert_eq!(take(w, &answer.signed(&w.key).expect("it is signed"), 1), Ok(expected), "{binding:?}");
    }
}

#[test]
fn only_the_providers_own_keys_are_believed() {
    let w = world();
    let key_of_another = SpKey { private_key_pem: w.stranger.private_key_pem.clone(), ..w.key.clone() };
    for binding in [Binding::Post, Binding::Redirect] {
        let to = endpoint(binding);
        for (what, key) in [("a stranger's", &w.stranger), ("a stranger's with the provider's certificate", &key_of_another)] {
            let forged = asked(&to, w.now).signed(key).expect("it is signed");
            assert!(matches!(take(w, &forged, 1), Err(Refusal::Signature(_))), "{what} {binding:?}");
        }
        let other = LogoutRequest { issuer: "https://other-idp.example", ..asked(&to, w.now) };
        let crossed = other.signed(&w.key).expect("it is signed");
        let incoming = match &crossed.carrier {
            Carrier::Form(form) => Incoming::Form { kind: form.kind, message: &form.message, relay_state: None },
            Carrier::Address(address) => Incoming::Query(address.split_once('?').expect("a query").1),
        };
        let taken = incoming.verify(common::IDP, &w.idp.certificates, SLO, w.now);
        assert_eq!(taken, Err(Refusal::Content("Issuer")), "in another's name, {binding:?}");
    }
}

#[test]
fn an_unsigned_message_is_none() {
    let w = world();
    let to = endpoint(Binding::Redirect);
    let request = asked(&to, w.now).signed(&w.key).expect("it is signed");
    let bare = encode(&request.xml);
    let form = Incoming::Form { kind: Kind::Request, message: &bare, relay_state: None };
    assert_eq!(form.verify(common::IDP, &w.idp.certificates, SLO, w.now), Err(Refusal::Signature("none")));
    let Carrier::Address(address) = &request.carrier else { panic!("it goes by redirect") };
    let whole = address.split_once('?').expect("a query").1;
    let unsigned = whole.split("&SigAlg").next().expect("the message");
    assert_eq!(query(w, unsigned, w.now), Err(Refusal::Signature("none")));
}

#[test]
fn a_changed_message_is_refused() {
    let w = world();
    let by_post = asked(&endpoint(Binding::Post), w.now).signed(&w.key).expect("it is signed").xml;
    for (what, changed) in [
        ("another name", by_post.replace(">_name<", ">_else<")),
        (
            "a second name beside",
            by_post.replace("</samlp:LogoutRequest>", "<saml:NameID>_else</saml:NameID></samlp:LogoutRequest>"),
        ),
        ("a comment in the name", by_post.replace(">_name<", ">_na<!-- -->me<")),
        ("another kind of message", by_post.replace("LogoutRequest", "LogoutResponse")),
        (
            "wrapped",
            format!(
                "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_w\">{by_post}</samlp:LogoutRequest>"
            ),
        ),
    ] {
        assert_ne!(changed, by_post, "{what}");
        let message = encode(&changed);
        let form = Incoming::Form { kind: Kind::Request, message: &message, relay_state: None };
        assert!(form.verify(common::IDP, &w.idp.certificates, SLO, w.now).is_err(), "{what}");
    }
    let by_redirect = asked(&endpoint(Binding::Redirect), w.now).signed(&w.key).expect("it is signed");
    let Carrier::Address(address) = by_redirect.carrier else { panic!("it goes by redirect") };
    let whole = address.split_once('?').expect("a query").1;
    assert!(query(w, whole, w.now).is_ok());
    for (what, changed) in [
        ("another relay state", whole.replace("their%20handle", "other")),
        ("as an answer", whole.replace("SAMLRequest", "SAMLResponse")),
        ("twice", format!("{whole}&RelayState=other")),
    ] {
        assert_ne!(changed, whole, "{what}");
        assert!(query(w, &changed, w.now).is_err(), "{what}");
    }
}

#[test]
fn a_message_is_for_one_address_and_some_minutes() {
    let w = world();
    for binding in [Binding::Post, Binding::Redirect] {
        let elsewhere = at(binding, "https://sp.example/cie/slo");
        let stray = asked(&elsewhere, w.now).signed(&w.key).expect("it is signed");
        assert_eq!(take(w, &stray, 1), Err(Refusal::Content("Destination")), "{binding:?}");
        let to = endpoint(binding);
        let request = asked(&to, w.now).signed(&w.key).expect("it is signed");
        for (seconds, accepted) in [(-61, false), (-60, true), (0, true), (359, true), (360, false), (361, false)] {
            assert_eq!(take(w, &request, seconds).is_ok(), accepted, "{seconds} s, {binding:?}");
        }
    }
}

#[test]
fn a_partial_logout_is_told_apart() {
    let w = world();
    let to = endpoint(Binding::Redirect);
    let answer = LogoutAnswer { to: &to, issuer: common::IDP, id: "_a", in_response_to: "_ours", relay_state: None, now: w.now };
    // The same message with the code below that providers add when another service provider did not answer.
    let whole = answer.signed(&w.key).expect("it is signed").xml;
    let partial = whole.replace(
        "status:Success\"/>",
        "status:Success\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:PartialLogout\"/></samlp:StatusCode>",
    );
    assert_ne!(partial, whole);
    let template = saml::idp_side::signature_template("_a", &w.key.certificate_base64());
    let unsigned = partial.replace("</saml:Issuer>", &format!("</saml:Issuer>{template}"));
    let signed = saml::Engine::sign(&saml::Bergshamra, &unsigned, &w.key.private_key_pem).expect("it is signed");
    let message = encode(&signed);
    let form = Incoming::Form { kind: Kind::Response, message: &message, relay_state: None };
    let expected = LogoutMessage::Response { in_response_to: "_ours".to_owned(), complete: false };
    assert_eq!(form.verify(common::IDP, &w.idp.certificates, SLO, w.now), Ok(expected));
}
