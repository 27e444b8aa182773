//! The fields of a query or of a sent form, kept as they were typed.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Pairs in the order they came; a name may stand several times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl Fields {
    /// Reads `a=1&b=2`; None when it is not of that form.
    pub fn parse(text: &str) -> Option<Fields> {
        serde_urlencoded::from_str(text).ok().map(Fields)
    }

    /// The first value of a name, trimmed; none when it is missing or blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The first value as it was typed, empty when missing: to fill a field again.
    pub fn typed(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// All values of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same fields with this one set, or taken out where the value is empty.
    pub fn with(&self, name: &str, value: &str) -> Fields {
        let mut pairs: Vec<_> = self.0.iter().filter(|(n, v)| n != name && !v.is_empty()).cloned().collect();
        if !value.is_empty() {
            pairs.push((name.to_owned(), value.to_owned()));
        }
        Fields(pairs)
    }

    /// `?a=1&b=2`, or nothing.
    pub fn query(&self) -> String {
        let encode = |text: &str| utf8_percent_encode(text, KEPT).to_string();
        let pairs: Vec<String> = self.0.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Fields {
        Fields(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_trimmed_and_written_back() {
        let fields = Fields::parse("cerca=%20Luca+B%26C%20&posizione=1&posizione=2&vuoto=").expect("a form");
        assert_eq!(fields.get("cerca"), Some("Luca B&C"));
        assert_eq!((fields.get("vuoto"), fields.get("altro")), (None, None));
        assert_eq!(fields.all("posizione").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(fields.with("pagina", "2").with("posizione", "").query(), "?cerca=%20Luca%20B%26C%20&pagina=2");
    }
}
