/// The flow a bank transfer pays, from its remittance text: `/PUR/LGPE-RIVERSAMENTO/URI/` and the flow's id, with
/// whatever a bank puts between and after. None when the text names no flow.
pub fn flow_id_in(text: &str) -> Option<&str> {
    text.match_indices("/URI/").find_map(|(at, mark)| {
        let rest = &text[at + mark.len()..];
        let ends = |b: u8| !(b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let length = rest.bytes().position(ends).unwrap_or(rest.len()).min(35);
        (length > 0).then(|| &rest[..length])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flow_is_found_whatever_stands_around_it() {
        for (text, id) in [
            ("/PUR/LGPE-RIVERSAMENTO/URI/2026-03-11BANCA-000001", "2026-03-11BANCA-000001"),
            ("ACCREDITO /PUR/LGPE-RIVERSAMENTO BONIFICO /URI/2026-03-11AGID_01-S1 DEL 11.03", "2026-03-11AGID_01-S1"),
            ("/URI//URI/2026-03-11B-1/TXT/x", "2026-03-11B-1"),
            ("à/URI/abc\u{e9}", "abc"),
            ("/URI/12345678901234567890123456789012345XX", "12345678901234567890123456789012345"),
        ] {
            assert_eq!(flow_id_in(text), Some(id), "{text}");
        }
        for text in ["", "/URI/", "/URI/ 2026", "STIPENDI MARZO", "/uri/2026-03-11B-1", "URI/2026"] {
            assert_eq!(flow_id_in(text), None, "{text}");
        }
    }
}
