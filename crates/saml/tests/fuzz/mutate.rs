//! Bends messages: pieces moved, copied, dropped, renamed, exchanged, grafted from another message; then bytes.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::tree::{Item, Tree};

/// Words that have a meaning to somebody.
const NAMES: [&str; 16] = [
    "saml:Assertion",
    "samlp:Response",
    "ds:Signature",
    "ds:Object",
    "samlp:Extensions",
    "saml:Advice",
    "saml:Subject",
    "saml:Attribute",
    "saml:AttributeValue",
    "ds:KeyInfo",
    "ds:SignedInfo",
    "ds:Reference",
    "ds:DigestValue",
    "samlp:StatusDetail",
    "saml:EncryptedAssertion",
    "evil:Assertion",
];
const ATTRIBUTES: [(&str, &str); 16] = [
    ("ID", "_assertion"),
    ("ID", "_response"),
    ("ID", "_forged"),
    ("Id", "_assertion"),
    ("id", "_assertion"),
    ("xml:id", "_assertion"),
    ("evil:ID", "_assertion"),
    ("xmlns:evil", "urn:evil"),
    ("xmlns:saml", "urn:evil"),
    ("xmlns:ds", "urn:evil"),
    ("xmlns", "urn:oasis:names:tc:SAML:2.0:assertion"),
    ("xmlns:void", "1"),
    ("URI", ""),
    ("URI", "#_response"),
    ("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1"),
    ("Algorithm", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
];
const PIECES: [&str; 16] = [
    "<!-- -->",
    "<?x y?>",
    "<![CDATA[x]]>",
    "&amp;",
    "&#x41;",
    "&#x0;",
    "&e;",
    "\u{feff}",
    "\r\n",
    "\u{200b}",
    "TINIT-",
    "]]>",
    "<!DOCTYPE r>",
    "ErrorCode nr25",
    "TINIT-RSSMRA85A01Z999L",
    "\t",
];

pub struct Chance(ChaCha8Rng);

impl Chance {
    pub fn seeded(seed: u64) -> Chance {
        Chance(ChaCha8Rng::seed_from_u64(seed))
    }

    /// 0 to `below`, exclusive.
    pub fn number(&mut self, below: usize) -> usize {
        usize::try_from(self.0.next_u64() % below.max(1) as u64).expect("it is below a usize")
    }

    pub fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.number(all.len())].clone()
    }
}

/// A message bent out of one of these.
pub fn message(seeds: &[Tree], chance: &mut Chance) -> Vec<u8> {
    let kind = chance.number(10);
    let mut tree = chance.of(seeds);
    if kind < 8 {
        for _ in 0..=chance.number(4) {
            let other = chance.of(seeds);
            structure(&mut tree, &other, chance);
        }
    }
    let mut bytes = tree.write().into_bytes();
    if kind > 6 {
        let other = chance.of(seeds).write().into_bytes();
        for _ in 0..=chance.number(3) {
            scramble(&mut bytes, &other, chance);
        }
    }
    bytes
}

fn structure(tree: &mut Tree, other: &Tree, chance: &mut Chance) {
    let count = tree.0.len();
    let (one, two, place) = (chance.number(count), chance.number(count), chance.number(4));
    match chance.number(13) {
        0 if one != 0 && !tree.holds(one, two) => {
            tree.detach(one);
            tree.attach(one, two, place);
        }
        1 => {
            let copy = tree.graft(&tree.clone(), one);
            tree.attach(copy, two, place);
        }
        2 if one != 0 => tree.detach(one),
        3 => tree.0[one].name = chance.of(&NAMES).to_owned(),
        4 => {
            let (a, b) = (tree.0[one].attributes.clone(), tree.0[two].attributes.clone());
            (tree.0[one].attributes, tree.0[two].attributes) = (b, a);
        }
        5 => {
            let (name, value) = chance.of(&ATTRIBUTES);
            tree.0[one].attributes.retain(|(n, _)| n != name);
            tree.0[one].attributes.push((name.to_owned(), value.to_owned()));
        }
        6 if !tree.0[one].attributes.is_empty() => {
            let gone = chance.number(tree.0[one].attributes.len());
            tree.0[one].attributes.remove(gone);
        }
        7 => {
            let text = Item { text: chance.of(&PIECES).to_owned(), ..Item::default() };
            let added = tree.add(text, None);
            tree.attach(added, two, place);
        }
        // Another message's piece: the strongest hand an attacker has.
        8 | 9 => {
            let grafted = tree.graft(other, chance.number(other.0.len()));
            tree.attach(grafted, two, place);
        }
        10 => tree.0[one].text = tree.0[two].text.clone(),
        11 if one != 0 => {
            let (a, b) = (tree.0[one].clone(), chance.of(&NAMES).to_owned());
            let inner = tree.add(a, None);
            tree.0[one] = Item { name: b, children: vec![inner], ..Item::default() };
        }
        _ => {
            let (a, b) = (tree.0[one].text.clone(), tree.0[two].text.clone());
            (tree.0[one].text, tree.0[two].text) = (b, a);
        }
    }
}

fn scramble(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    let at = chance.number(bytes.len());
    let until = (at + chance.number(60)).min(bytes.len());
    match chance.number(7) {
        0 if at < bytes.len() => bytes[at] = u8::try_from(chance.number(256)).expect("a byte"),
        1 if at < bytes.len() => bytes[at] ^= 1 << chance.number(8),
        2 => drop(bytes.drain(at..until)),
        3 => {
            let copied = bytes[at..until].to_vec();
            let to = chance.number(bytes.len());
            drop(bytes.splice(to..to, copied));
        }
        4 => drop(bytes.splice(at..at, chance.of(&PIECES).bytes())),
        5 => {
            let from = chance.number(other.len());
            drop(bytes.splice(at..until, other[from..].iter().copied().take(60)));
        }
        _ => {
            let (to, end) = (chance.number(bytes.len()), bytes.len());
            bytes[to.min(at)..end.min(to.max(at))].reverse();
        }
    }
}
