use aws_lc_rs::digest::{SHA256, digest};
use tariffs::Rating;
use uuid::Uuid;

/// How a price came about, as it is kept: the same text is the same trace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Trace {
    pub id: Uuid,
    /// A line per step.
    pub lines: String,
    /// None where an earlier system priced the meal.
    pub rating: Option<String>,
}

impl Trace {
    pub(crate) fn of(rating: &Rating) -> Trace {
        let json = serde_json::to_string(rating).expect("a rating can be written as JSON");
        Trace::new(rating.lines_it().join("\n"), Some(json))
    }

    pub(crate) fn told(lines: &str) -> Trace {
        Trace::new(lines.to_owned(), None)
    }

    fn new(lines: String, rating: Option<String>) -> Trace {
        let hash = digest(&SHA256, rating.as_deref().unwrap_or(&lines).as_bytes());
        let first: [u8; 16] = hash.as_ref()[..16].try_into().expect("SHA-256 has 32 bytes");
        Trace { id: uuid::Builder::from_custom_bytes(first).into_uuid(), lines, rating }
    }
}

/// The lines as a page shows them.
pub(crate) fn lines(text: Option<String>) -> Vec<String> {
    text.map(|t| t.lines().map(str::to_owned).collect()).unwrap_or_default()
}
