/// What enrolment refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not this person's, or not there: the same answer.
    #[error("not visible")]
    NotVisible,
    #[error("not a mail address")]
    MailAddress,
    #[error(transparent)]
    Db(#[from] db::Error),
}
