//! The words of the papers, and texts of others made printable: an archive paper may hold no character its typefaces lack.

use std::collections::BTreeMap;

use catalogue::{Arg, Catalogue, Locale};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word longer than this has no natural place to break and would run out of a narrow column.
const LONG_WORD: usize = 30;
/// Where a long word may break: invisible, and printed only as a line end.
const BREAK_HERE: char = '\u{200B}';

/// What a message of the papers may leave open; the templates fill it in.
const OPEN: [&str; 11] = ["n", "of", "name", "number", "day", "time", "amount", "year", "code", "first", "last"];

/// The catalogue's words for papers as the templates read them (`/words.json`): by language, then by key. What a message
/// leaves open stands in braces: `Rata {n}`.
pub(crate) fn words_of_papers() -> String {
    let catalogue = Catalogue::load();
    let keys: Vec<String> = catalogue.keys(Locale::It).into_iter().filter(|key| key.starts_with("paper-")).collect();
    let braces = OPEN.map(|name| (name, format!("{{{name}}}")));
    let open: Vec<(&str, Arg<'_>)> = braces.iter().map(|(name, text)| (*name, text.into())).collect();
    let table = |locale: Locale| -> BTreeMap<&str, String> {
        keys.iter().map(|key| (key.as_str(), catalogue.format(locale, key, &open))).collect()
    };
    let tables: BTreeMap<&str, _> = Locale::ALL.into_iter().map(|locale| (locale.code(), table(locale))).collect();
    Value::from_iter(tables.into_iter().map(|(code, table)| (code, Value::from_iter(table)))).to_string()
}

/// Makes every text inside `value` printable, see [`printable`].
pub(crate) fn make_printable(value: &mut Value, can_draw: &impl Fn(char) -> bool) {
    match value {
        Value::String(text) => *text = printable(text, can_draw),
        Value::Array(items) => items.iter_mut().for_each(|item| make_printable(item, can_draw)),
        Value::Object(fields) => fields.values_mut().for_each(|field| make_printable(field, can_draw)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Composed letters, single spaces also for control characters, `Đ` and `ệ` without what the typefaces lack, and `?` for
/// what has no near letter at all (other scripts, pictures).
fn printable(text: &str, can_draw: &impl Fn(char) -> bool) -> String {
    let drawable: String = text.nfc().flat_map(|c| near(c, can_draw)).collect();
    drawable.split_whitespace().map(breakable).collect::<Vec<_>>().join(" ")
}

/// The character, or its base letter, or `?`.
fn near(c: char, can_draw: &impl Fn(char) -> bool) -> Option<char> {
    match c {
        _ if c.is_control() || c.is_whitespace() => Some(' '),
        _ if can_draw(c) => Some(c),
        _ if is_combining_mark(c) || is_format(c) => None,
        _ => Some(std::iter::once(c).nfkd().find(|base| can_draw(*base)).unwrap_or('?')),
    }
}

/// Invisible characters that steer joining or direction; nothing is lost without them on paper.
fn is_format(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// Codes are left whole, so that they can be copied: a word with a digit is one.
fn breakable(word: &str) -> String {
    if word.chars().count() <= LONG_WORD || word.bytes().any(|b| b.is_ascii_digit()) {
        return word.to_owned();
    }
    let letters: Vec<char> = word.chars().collect();
    let parts: Vec<String> = letters.chunks(LONG_WORD / 2).map(|part| part.iter().collect()).collect();
    parts.join(&BREAK_HERE.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn western(c: char) -> bool {
        (' '..='ž').contains(&c)
    }

    #[test]
    fn the_words_of_the_papers_are_there_in_every_language_and_leave_nothing_unresolved() {
        let tables: Value = serde_json::from_str(&words_of_papers()).expect("they are JSON");
        for locale in Locale::ALL {
            let table = tables[locale.code()].as_object().expect("a table");
            assert!(table.len() > 100, "{}: {} words", locale.code(), table.len());
            assert!(table.iter().all(|(key, text)| text.as_str().is_some_and(|text| text != key)), "{}", locale.code());
        }
        assert_eq!(tables["it"]["paper-notice-part"], "Rata {n}");
        assert_eq!(tables["en"]["paper-page"], "Page {n} of {of}");
    }

    #[test]
    fn a_name_keeps_its_accents_and_apostrophes() {
        assert_eq!(printable("Nicolò D’Angiò-Esposito", &|c| western(c) || c == '’'), "Nicolò D’Angiò-Esposito");
    }

    #[test]
    fn a_decomposed_letter_is_composed() {
        assert_eq!(printable("Nicolo\u{300}", &western), "Nicolò");
    }

    #[test]
    fn a_letter_the_typefaces_lack_gives_its_base_letter_or_a_question_mark() {
        assert_eq!(printable("Nguyễn", &western), "Nguyen");
        assert_eq!(printable("Анна 🎈", &western), "???? ?");
    }

    #[test]
    fn control_and_direction_characters_leave_no_trace() {
        assert_eq!(printable("Anna\u{202E}\tMaria\u{0}", &western), "Anna Maria");
    }

    #[test]
    fn a_word_without_end_may_break() {
        let long = "A".repeat(70);
        assert_eq!(printable(&long, &western).matches(BREAK_HERE).count(), 4);
    }
}
