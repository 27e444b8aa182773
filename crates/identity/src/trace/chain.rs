//! The canonical form of a trace, and the hash over it.
//!
//! A sequence of fields, each written as its length in bytes (four bytes, big endian) and then its bytes:
//! `campanella-trace-1`, tenant, number, instant as whole microseconds since 1970 (each as eight bytes, big endian), scheme,
//! provider, request, outcome, the sealed messages, and the hash of the trace before (32 zero bytes for the first).

use aws_lc_rs::digest::{Context, SHA256};
use kernel::{Instant, TenantId};

pub(super) const NO_HASH: [u8; 32] = [0; 32];

/// What the chain covers of a trace.
pub(super) struct Link<'a> {
    pub number: i64,
    pub scheme: &'a str,
    pub idp_entity_id: &'a str,
    pub request_id: &'a str,
    pub outcome: &'a str,
    pub recorded_at: Instant,
    pub sealed: &'a [u8],
    pub previous_hash: &'a [u8],
}

pub(super) fn hash(tenant: TenantId, link: &Link<'_>) -> Vec<u8> {
    let mut form = Context::new(&SHA256);
    let mut field = |bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).expect("a message is far below four gigabytes");
        form.update(&length.to_be_bytes());
        form.update(bytes);
    };
    field(b"campanella-trace-1");
    for number in [tenant.0, link.number, link.recorded_at.as_microsecond()] {
        field(&number.to_be_bytes());
    }
    for text in [link.scheme, link.idp_entity_id, link.request_id, link.outcome] {
        field(text.as_bytes());
    }
    field(link.sealed);
    field(link.previous_hash);
    form.finish().as_ref().to_vec()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
