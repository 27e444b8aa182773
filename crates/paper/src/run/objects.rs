//! The objects of a finished paper, written anew with other numbers.

use std::collections::BTreeMap;
use std::io::Write;

use hayro_syntax::object::{Array, Dict, MaybeRef, Object, ObjectIdentifier, Stream};
use hayro_syntax::xref::XRef;

/// Old numbers and new ones: whatever is reached gets the next.
pub(super) struct Numbers {
    known: BTreeMap<i32, i32>,
    /// Reached and not yet written, by old number.
    waiting: Vec<i32>,
    next: i32,
    /// What is added to the keys of the tree that leads from marked content to its meaning.
    pub key_base: i64,
}

impl Numbers {
    pub fn from(next: i32, key_base: i64) -> Numbers {
        Numbers { known: BTreeMap::new(), waiting: Vec::new(), next, key_base }
    }

    /// Says what an object has become that is not written itself.
    pub fn replace(&mut self, old: i32, new: i32) {
        self.known.insert(old, new);
    }

    pub fn of(&mut self, old: i32) -> i32 {
        let (next, waiting) = (&mut self.next, &mut self.waiting);
        *self.known.entry(old).or_insert_with(|| {
            waiting.push(old);
            *next += 1;
            *next - 1
        })
    }

    /// The next object to write: its new number and itself.
    pub fn next_waiting<'a>(&mut self, xref: &'a XRef) -> Option<(i32, Option<Object<'a>>)> {
        let old = self.waiting.pop()?;
        Some((self.known[&old], xref.get(ObjectIdentifier::new(old, 0))))
    }
}

/// Writes an object; `extra` are entries added to it if it is a dictionary.
pub(super) fn write(out: &mut Vec<u8>, object: &Object<'_>, numbers: &mut Numbers, extra: &str) {
    match object {
        Object::Null(_) => out.extend(b"null"),
        Object::Boolean(value) => out.extend(value.to_string().bytes()),
        Object::Number(value) => out.extend(value.as_f64().to_string().bytes()),
        Object::String(text) => write_text(out, text.as_bytes()),
        Object::Name(name) => write_name(out, name),
        Object::Array(items) => write_array(out, items, numbers),
        Object::Dict(dict) => write_dict(out, dict, numbers, extra),
        Object::Stream(stream) => write_stream(out, stream, numbers),
    }
}

fn write_text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'<');
    for byte in bytes {
        write!(out, "{byte:02X}").expect("memory takes every byte");
    }
    out.push(b'>');
}

fn write_name(out: &mut Vec<u8>, name: &[u8]) {
    out.push(b'/');
    for byte in name {
        match byte {
            b'!'..=b'~' if !b"#%()/<>[]{}".contains(byte) => out.push(*byte),
            _ => write!(out, "#{byte:02X}").expect("memory takes every byte"),
        }
    }
}

fn write_array(out: &mut Vec<u8>, items: &Array<'_>, numbers: &mut Numbers) {
    out.push(b'[');
    for item in items.raw_iter() {
        write_either(out, &item, numbers);
        out.push(b' ');
    }
    out.push(b']');
}

fn write_dict(out: &mut Vec<u8>, dict: &Dict<'_>, numbers: &mut Numbers, extra: &str) {
    out.extend(b"<<");
    out.extend(extra.bytes());
    for (key, value) in dict.entries() {
        write_name(out, &key);
        out.push(b' ');
        match (&*key, &value) {
            (b"StructParents" | b"StructParent", MaybeRef::NotRef(Object::Number(number))) => {
                out.extend((number.as_i64() + numbers.key_base).to_string().bytes());
            }
            _ => write_either(out, &value, numbers),
        }
    }
    out.extend(b">>");
}

fn write_stream(out: &mut Vec<u8>, stream: &Stream<'_>, numbers: &mut Numbers) {
    let data = stream.raw_data();
    // The length stands in the dictionary already, as the writer of these papers writes it.
    write_dict(out, stream.dict(), numbers, "");
    out.extend(b"stream\n");
    out.extend(data.iter());
    out.extend(if data.ends_with(b"\r") { &b"\r\nendstream"[..] } else { b"\nendstream" });
}

pub(super) fn write_either(out: &mut Vec<u8>, value: &MaybeRef<Object<'_>>, numbers: &mut Numbers) {
    match value {
        MaybeRef::Ref(reference) => write!(out, "{} 0 R", numbers.of(reference.obj_number)).expect("memory takes every byte"),
        MaybeRef::NotRef(object) => write(out, object, numbers, ""),
    }
}
