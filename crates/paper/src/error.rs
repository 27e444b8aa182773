/// Why a paper was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The amounts on the paper contradict each other; it would be false whatever it showed.
    #[error("the amounts do not add up: {0}")]
    DoesNotAddUp(&'static str),
    /// A value the paper cannot carry, such as a notice number that is not 18 digits.
    #[error("not fit for this paper: {0}")]
    Unfit(&'static str),
    /// A code, an account or an amount longer than its place on the paper; a part of it would be another one.
    #[error("{field} is longer than {most} characters")]
    TooLong { field: &'static str, most: usize },
    /// The typesetter refused: a defect of a template, or a coat of arms that is not a valid SVG.
    #[error("the typesetter refused: {0}")]
    Typeset(String),
}
