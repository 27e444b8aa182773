//! The canonical form of a posting, and the hashes over it.
//!
//! A form is a sequence of fields, each written as its length in bytes (four bytes, big endian) and then its bytes:
//! integers as eight bytes big endian in two's complement, ids as their sixteen bytes, texts as UTF-8, days as
//! `2026-11-24`, instants as whole microseconds since 1970 (what both engines keep). SHA-256 over the form is the hash.
//!
//! - input: `campanella-input-1`, cause, day, then account and amount of each entry, by ascending account. The words of
//!   the description are left out: the same money worded otherwise by a later version is the same request.
//! - posting: `campanella-posting-1`, tenant, number, id, source key, input hash, cause, description, actor, day, instant,
//!   hash of the previous posting (32 zero bytes for the first), then account, entry number, amount and balance after of
//!   each entry, by ascending account and entry number.

use aws_lc_rs::digest::{Context, SHA256};
use kernel::{AccountId, Cents, Day, Instant, PostingId, TenantId};

use crate::Posting;

pub(crate) const NO_HASH: [u8; 32] = [0; 32];

/// What the chain covers of a posting, as it was made or as it was read back.
#[derive(Debug)]
pub(crate) struct Link<'a> {
    pub number: i64,
    pub id: PostingId,
    pub source_key: &'a str,
    pub input_hash: &'a [u8],
    pub cause: &'a str,
    pub description: &'a str,
    pub actor: &'a str,
    pub effective_on: Day,
    pub posted_at: Instant,
    pub previous_hash: &'a [u8],
    pub entries: &'a [LinkEntry],
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkEntry {
    pub account: AccountId,
    pub number: i64,
    pub amount: Cents,
    pub balance_after: Cents,
}

struct Form(Vec<u8>);

impl Form {
    fn new(title: &str) -> Form {
        let mut form = Form(Vec::with_capacity(512));
        form.bytes(title.as_bytes());
        form
    }

    fn bytes(&mut self, field: &[u8]) {
        let length = u32::try_from(field.len()).expect("a field of a posting is short");
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(field);
    }

    fn int(&mut self, field: i64) {
        self.bytes(&field.to_be_bytes());
    }

    fn day(&mut self, day: Day) {
        let (year, month, day) = (i64::from(day.year()), i64::from(day.month()), i64::from(day.day()));
        let digit = |n: i64| b'0' + u8::try_from(n % 10).expect("a remainder of ten is a digit");
        let dash = b'-';
        self.bytes(&[
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            dash,
            digit(month / 10),
            digit(month),
            dash,
            digit(day / 10),
            digit(day),
        ]);
    }

    fn hash(self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        context.update(&self.0);
        context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")
    }
}

/// `entries` are in canonical order.
pub(crate) fn input_hash(posting: &Posting, entries: &[(AccountId, Cents)]) -> [u8; 32] {
    let pairs = entries.iter().copied();
    hash_input(posting.cause.code(), posting.effective_on, pairs)
}

/// The input hash of a posting read back.
pub(crate) fn input_hash_of(link: &Link<'_>) -> [u8; 32] {
    let mut pairs: Vec<_> = link.entries.iter().map(|e| (e.account, e.amount)).collect();
    pairs.sort_unstable();
    hash_input(link.cause, link.effective_on, pairs.into_iter())
}

fn hash_input(cause: &str, effective_on: Day, entries: impl Iterator<Item = (AccountId, Cents)>) -> [u8; 32] {
    let mut form = Form::new("campanella-input-1");
    form.bytes(cause.as_bytes());
    form.day(effective_on);
    for (account, amount) in entries {
        form.bytes(account.0.as_bytes());
        form.int(amount.0);
    }
    form.hash()
}

/// The hash of a posting, which is the previous hash of the next.
pub(crate) fn link_hash(tenant: TenantId, link: &Link<'_>) -> [u8; 32] {
    let mut form = Form::new("campanella-posting-1");
    form.int(tenant.0);
    form.int(link.number);
    form.bytes(link.id.0.as_bytes());
    form.bytes(link.source_key.as_bytes());
    form.bytes(link.input_hash);
    for text in [link.cause, link.description, link.actor] {
        form.bytes(text.as_bytes());
    }
    form.day(link.effective_on);
    form.int(link.posted_at.as_microsecond());
    form.bytes(link.previous_hash);
    for entry in link.entries {
        form.bytes(entry.account.0.as_bytes());
        form.int(entry.number);
        form.int(entry.amount.0);
        form.int(entry.balance_after.0);
    }
    form.hash()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn link<'a>(description: &'a str, actor: &'a str) -> Link<'a> {
        Link {
            number: 1,
            id: PostingId(Default::default()),
            source_key: "meal:1",
            input_hash: &NO_HASH,
            cause: "meal",
            description,
            actor,
            effective_on: date(2026, 10, 5),
            posted_at: Instant::UNIX_EPOCH,
            previous_hash: &NO_HASH,
            entries: &[],
        }
    }

    #[test]
    fn a_day_is_written_as_iso_says() {
        let mut form = Form(Vec::new());
        form.day(date(2026, 1, 9));
        assert_eq!(&form.0[4..], b"2026-01-09");
    }

    #[test]
    fn moving_a_letter_from_one_field_to_the_next_changes_the_hash() {
        let hash = |d, a| link_hash(TenantId(1), &link(d, a));
        assert_ne!(hash("ab", "c"), hash("a", "bc"));
        assert_ne!(hash("", "abc"), hash("abc", ""));
        assert_eq!(hash("ab", "c"), hash("ab", "c"));
        assert_ne!(hash("ab", "c"), link_hash(TenantId(2), &link("ab", "c")));
    }
}
