//! Bent messages by the thousand: none may panic, none may take long, and whoever gets in is the person the provider
//! signed.
//!
//! `CAMPANELLA_FUZZ_SECONDS` (10) says how long, `CAMPANELLA_FUZZ_SEED` (1) from where.

#[path = "../common/mod.rs"]
mod common;
mod mutate;
mod tree;

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{World, draft, encode, honest, world};
use jiff::SignedDuration;
use mutate::Chance;
use saml::idp_side::ResponseDraft;
use saml::{Bergshamra, Engine, Refusal, VerifiedIdentity, verify};
use tree::Tree;

/// No message may keep a processor for longer.
const LONGEST: Duration = Duration::from_millis(50);

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

fn ask(w: &World, response: &str) -> Result<VerifiedIdentity, Refusal> {
    verify(&w.idp, &w.pending, response, w.now + SignedDuration::from_secs(10))
}

/// The Response signed too, around its signed assertion.
fn signed_twice(w: &World, message: &str) -> String {
    let (start, end) = (message.find("<ds:Signature").expect("signed"), message.find("</ds:Signature>").expect("signed") + 15);
    let mut template = message[start..end].replace("#_assertion", "#_response");
    for tag in ["DigestValue", "SignatureValue"] {
        let (open, close) = (format!("<ds:{tag}>"), format!("</ds:{tag}>"));
        let (start, end) = (template.find(&open).expect("signed") + open.len(), template.find(&close).expect("signed"));
        template.replace_range(start..end, "");
    }
    let unsigned = message.replacen("</saml:Issuer>", &format!("</saml:Issuer>{template}"), 1);
    Bergshamra.sign(&unsigned, &w.key.private_key_pem).expect("it is signed")
}

/// What an attacker may have in hand: honest answers to this request, one about the victim to another request, a forged
/// one, and an error.
fn seeds(w: &World) -> Vec<Tree> {
    let text = |base64: String| String::from_utf8(STANDARD.decode(base64).expect("base64")).expect("text");
    let victim = |d: ResponseDraft| {
        let mut d = ResponseDraft { in_response_to: "_other".to_owned(), assertion_id: "_victim".to_owned(), ..d };
        d.attributes[0].1 = "TINIT-RSSMRA85A01Z999L".to_owned();
        d
    };
    let mine = honest(w);
    let theirs = text(victim(draft(w)).signed(&w.key).expect("it is signed"));
    let forged = ResponseDraft { in_response_to: w.pending.request_id.clone(), ..victim(draft(w)) }.signed(&w.stranger);
    let twice = signed_twice(w, &mine);
    assert!(ask(w, &encode(&mine)).is_ok() && ask(w, &encode(&twice)).is_ok(), "the honest ones get in");
    [mine, twice, theirs, text(forged.expect("it is signed")), text(draft(w).refusal(25))]
        .iter()
        .map(|m| Tree::parse(m))
        .collect()
}

/// The processor's time this thread has had: on a busy machine the clock on the wall says nothing.
fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux says it");
    Duration::from_nanos(text.split(' ').next().and_then(|n| n.parse().ok()).expect("nanoseconds come first"))
}

/// The processor's time it takes; when that is too long, the shortest of some tries: caches may be cold, the message is the
/// same.
fn time(w: &World, message: &str, limit: Duration) -> Duration {
    let mut shortest = Duration::MAX;
    for _ in 0..20 {
        let began = on_processor();
        let _ = ask(w, message);
        shortest = shortest.min(on_processor() - began);
        if shortest <= limit {
            break;
        }
    }
    shortest
}

#[test]
fn bent_messages_never_panic_never_take_long_and_let_only_the_signed_person_in() {
    let (w, mut chance) = (world(), Chance::seeded(setting("CAMPANELLA_FUZZ_SEED", 1)));
    let seeds = seeds(w);
    let signed = ask(w, &encode(&honest(w))).expect("the honest one gets in");
    let end = Instant::now() + Duration::from_secs(setting("CAMPANELLA_FUZZ_SECONDS", 10));
    let (mut tried, mut accepted, mut reached, mut slowest) = (0_u64, 0_u64, [0_u64; 3], Duration::ZERO);
    while Instant::now() < end {
        let bytes = mutate::message(&seeds, &mut chance);
        let message = STANDARD.encode(&bytes);
        let began = Instant::now();
        let verdict = std::panic::catch_unwind(|| ask(w, &message));
        let mut took = began.elapsed();
        if took > LONGEST {
            took = time(w, &message, LONGEST);
        }
        let shown = String::from_utf8_lossy(&bytes);
        assert!(took <= LONGEST, "{took:?} for {shown}");
        match verdict.unwrap_or_else(|_| panic!("a panic at {shown}")) {
            Ok(identity) => {
                assert_eq!(identity, signed, "somebody else got in by {shown}");
                accepted += 1;
            }
            Err(Refusal::Shape(_)) => reached[0] += 1,
            Err(Refusal::Signature(_)) => reached[2] += 1,
            Err(_) => reached[1] += 1,
        }
        (tried, slowest) = (tried + 1, slowest.max(took));
    }
    let [shape, content, signature] = reached;
    println!(
        "{tried} messages: {shape} refused by shape, {content} by content, {signature} by signature, {accepted} accepted with the signed identity; slowest {slowest:?}"
    );
    // Bent too much, or not at all, they would show nothing.
    assert!(shape > 100 && content > 100 && signature > 100 && accepted > 10 && accepted < tried / 2);
}

/// As large as may be, in the shapes that make parsers and canonicalisers slow. The bound is wide: the build
/// may be unoptimised, and what this catches takes seconds.
#[test]
fn large_messages_of_slow_shapes_take_no_time_to_speak_of() {
    let w = world();
    let good = honest(w);
    let fill = |piece: &dyn Fn(usize) -> String, room: usize| {
        let mut out = String::new();
        for number in 0.. {
            let next = piece(number);
            if out.len() + next.len() > room {
                break;
            }
            out.push_str(&next);
        }
        out
    };
    let (room, bound) = (180_000, Duration::from_millis(300));
    let signature = &good[good.find("<ds:Signature").expect("signed")..good.find("</ds:Signature>").expect("signed") + 15];
    let shapes = [
        ("elements", fill(&|_| "<a/>".to_owned(), room)),
        ("ids", fill(&|n| format!("<a ID=\"_{n}\"/>"), room)),
        ("attributes", format!("<a {}/>", fill(&|n| format!(" a{n}=\"\""), room))),
        ("namespaces", format!("<a {}/>", fill(&|n| format!(" xmlns:a{n}=\"u{n}\""), room))),
        (
            "namespaces used",
            format!(
                "<a {}>{}</a>",
                fill(&|n| format!(" xmlns:a{n}=\"u{n}\""), room / 2),
                fill(&|n| format!("<a{}:b/>", n % 1000), room / 2)
            ),
        ),
        ("references", fill(&|_| "&amp;".to_owned(), room)),
        ("text", "x".repeat(room)),
        ("nests", fill(&|_| format!("{}{}", "<a>".repeat(25), "</a>".repeat(25)), room)),
        ("signatures", fill(&|_| signature.to_owned(), room)),
        ("assertions", fill(&|_| "<saml:Assertion/>".to_owned(), room)),
    ];
    for place in ["<samlp:Status>", "</saml:AttributeStatement>", "<ds:X509Data>"] {
        for (what, shape) in &shapes {
            let message = encode(&good.replacen(place, &format!("{shape}{place}"), 1));
            let took = time(w, &message, LONGEST);
            println!("{what} at {place}: {took:?} {:?}", ask(w, &message).err());
            assert!(took <= bound, "{what} at {place}: {took:?}");
        }
    }
}
