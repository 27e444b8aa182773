/// What may go wrong between a verb and its database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database is locked, gone, full, or has no connection to spare: nothing was written; try again later.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A row with this key is there already.
    #[error("{constraint} holds already")]
    Unique { constraint: String },
    /// Another constraint refuses the row.
    #[error("a constraint refuses the row: {0}")]
    Constraint(String),
    /// Two transactions met; the same work may be tried again at once.
    #[error("two transactions met: {0}")]
    Retry(String),
    /// Another number of rows than the statement is for.
    #[error("{expected} rows expected, {found} found: {sql}")]
    WrongCount { expected: &'static str, found: u64, sql: String },
    /// A column is not of the kind that was asked for.
    #[error("column {column} is {found}, not {kind}")]
    Row { column: usize, kind: &'static str, found: String },
    #[error("database: {0}")]
    Other(String),
}

impl Error {
    /// Whether it may pass by itself: the answer is "try again later".
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Error::Unavailable(_))
    }

    /// Whether the same transaction may be tried again at once.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::Retry(_))
    }
    /// What the others of a group are told when this keeps it from being committed: theirs may do another time.
    pub(crate) fn for_another(&self) -> Error {
        Error::Unavailable(if let Error::Unavailable(words) = self { words.clone() } else { self.to_string() })
    }
}
