//! Every word a person reads, in Italian first and in English, and how amounts and dates are written.
//!
//! A message without arguments is resolved once, at start; asking for it afterwards is a look-up. A key that is missing in
//! English falls back to Italian; one that is missing in Italian shows itself, and a test of the pages finds it.

mod dates;

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use kernel::Cents;

pub use dates::{day_long, day_short, day_week, instant_long, month_name, time_of_day, weekday_name};

include!(concat!(env!("OUT_DIR"), "/messages.rs"));

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Locale {
    #[default]
    It,
    En,
}

impl Locale {
    pub const ALL: [Locale; 2] = [Locale::It, Locale::En];

    /// `it`, `en`: the value of the `lang` attribute.
    pub fn code(self) -> &'static str {
        match self {
            Locale::It => "it",
            Locale::En => "en",
        }
    }

    pub fn from_code(code: &str) -> Option<Locale> {
        Locale::ALL.into_iter().find(|l| l.code() == code)
    }
}

/// An argument of a message.
#[derive(Clone, Debug)]
pub enum Arg<'a> {
    Text(Cow<'a, str>),
    Number(i64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Arg::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Arg::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Arg<'_> {
    fn from(text: String) -> Self {
        Arg::Text(Cow::Owned(text))
    }
}

impl From<Cents> for Arg<'_> {
    fn from(amount: Cents) -> Self {
        Arg::Text(Cow::Owned(amount.to_string()))
    }
}

macro_rules! numbers {
    ($($kind:ty),+) => {$(
        impl From<$kind> for Arg<'_> {
            fn from(number: $kind) -> Self {
                Arg::Number(i64::try_from(number).unwrap_or(i64::MAX))
            }
        }
    )+};
}
numbers!(i64, i32, u8, u32, u64, usize);

struct Language {
    bundle: FluentBundle<FluentResource>,
    /// The messages without arguments, resolved.
    plain: HashMap<String, String>,
}

pub struct Catalogue {
    italian: Language,
    english: Language,
}

impl Default for Catalogue {
    fn default() -> Catalogue {
        Catalogue::load()
    }
}

impl Catalogue {
    /// Reads the embedded messages.
    ///
    /// # Panics
    /// When a message file does not parse, or two messages have one name: the tests load it.
    pub fn load() -> Catalogue {
        Catalogue { italian: Language::read("it", IT), english: Language::read("en", EN) }
    }

    /// A message without arguments; the key itself where there is no such message.
    pub fn text<'a>(&'a self, locale: Locale, key: &'a str) -> &'a str {
        let found = self.language(locale).plain.get(key).or_else(|| self.italian.plain.get(key));
        found.map_or(key, String::as_str)
    }

    /// A message with its arguments filled in; the key itself where there is no such message.
    pub fn format(&self, locale: Locale, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        let found = self.language(locale).format(key, args).or_else(|| self.italian.format(key, args));
        found.unwrap_or_else(|| key.to_owned())
    }

    /// Whether the language itself has this message.
    pub fn has(&self, locale: Locale, key: &str) -> bool {
        self.language(locale).bundle.has_message(key)
    }

    /// All keys of a language, sorted.
    pub fn keys(&self, locale: Locale) -> Vec<String> {
        let files = if locale == Locale::It { IT } else { EN };
        let mut keys: Vec<String> = files.iter().flat_map(|file| keys(file)).collect();
        keys.sort();
        keys
    }

    fn language(&self, locale: Locale) -> &Language {
        match locale {
            Locale::It => &self.italian,
            Locale::En => &self.english,
        }
    }
}

impl Language {
    fn read(code: &str, files: &[&str]) -> Language {
        let mut bundle = FluentBundle::new_concurrent(vec![code.parse().expect("a language code")]);
        // The marks fluent puts around arguments, for mixed scripts, would show in attributes and mails.
        bundle.set_use_isolating(false);
        for file in files {
            let resource = FluentResource::try_new((*file).to_owned())
                .unwrap_or_else(|(_, e)| panic!("the messages of {code} do not parse: {e:?}"));
            bundle.add_resource(resource).unwrap_or_else(|e| panic!("the messages of {code} are not unique: {e:?}"));
        }
        let mut language = Language { bundle, plain: HashMap::new() };
        language.plain =
            files.iter().flat_map(|f| keys(f)).filter_map(|k| Some((k.clone(), language.resolve(&k, None)?))).collect();
        language
    }

    fn format(&self, key: &str, args: &[(&str, Arg<'_>)]) -> Option<String> {
        let mut filled = FluentArgs::with_capacity(args.len());
        for (name, arg) in args {
            let value = match arg {
                Arg::Text(text) => FluentValue::String(Cow::Borrowed(text)),
                Arg::Number(number) => FluentValue::from(*number),
            };
            filled.set(*name, value);
        }
        self.resolve(key, Some(&filled))
    }

    /// None when there is no such message, or an argument it needs is missing.
    fn resolve(&self, key: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut troubles = Vec::new();
        let text = self.bundle.format_pattern(pattern, args, &mut troubles).into_owned();
        troubles.is_empty().then_some(text)
    }
}

fn keys(file: &str) -> impl Iterator<Item = String> {
    let key = |line: &str| {
        let (name, _) = line.split_once('=')?;
        let name = name.trim_end();
        let named = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        named.then(|| name.to_owned())
    };
    file.lines().filter_map(key).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_messages() {
        let catalogue = Catalogue::load();
        assert_eq!(catalogue.keys(Locale::It), catalogue.keys(Locale::En));
    }

    #[test]
    fn numbers_choose_the_plural_and_missing_keys_show_themselves() {
        let catalogue = Catalogue::load();
        assert_eq!(
            catalogue.format(Locale::It, "list-found", &[("total", 1.into()), ("page", 1.into()), ("pages", 1.into())]),
            "Trovato 1 risultato, pagina 1 di 1"
        );
        assert_eq!(
            catalogue.format(Locale::It, "list-found", &[("total", 9.into()), ("page", 1.into()), ("pages", 1.into())]),
            "Trovati 9 risultati, pagina 1 di 1"
        );
        assert_eq!(catalogue.text(Locale::En, "no-such-key"), "no-such-key");
    }
}
