//! Bytes of a file as text: the encodings and separators that management systems export.

use std::borrow::Cow;

/// UTF-8 with or without its mark; what is not UTF-8 is read as Windows-1252, which every byte is.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// The separator of the header line: header names hold neither, so the more frequent one it is.
pub(crate) fn separator(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |separator: char| header.chars().filter(|c| *c == separator).count();
    if count(',') > count(';') { b',' } else { b';' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_survive_each_encoding() {
        for bytes in [&b"citt\xe0"[..], "città".as_bytes(), b"\xef\xbb\xbfcitt\xc3\xa0"] {
            assert_eq!(decode(bytes), "città");
        }
        assert_eq!(decode(b"5 \x80"), "5 €");
    }

    #[test]
    fn the_header_tells_the_separator() {
        assert_eq!(separator("chiave;nome\n\"a,b,c,d\";x"), b';');
        assert_eq!(separator("chiave,nome\n\"a;b;c\",x"), b',');
        assert_eq!(separator("chiave"), b';');
    }
}
