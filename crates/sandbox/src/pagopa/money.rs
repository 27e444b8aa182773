//! How amounts look on the pages.

pub(crate) fn euros(cents: i64) -> String {
    kernel::Cents(cents).to_string()
}
