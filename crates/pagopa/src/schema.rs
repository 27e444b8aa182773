//! The message schemas as data: what an XSD validator checks, checked by one small walk in both directions.

use crate::dates::{collapse, read_amount, read_date, read_instant};
use crate::xml::{Element, Space};

/// One place in a sequence.
pub(crate) enum Part {
    /// An element, from `min` to `max` times.
    Field { name: &'static str, kind: Kind, min: usize, max: usize },
    /// Exactly one of these elements.
    Choice(&'static [(&'static str, Kind)]),
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Any text.
    Any,
    /// 1 to n characters that identify something.
    Text(usize),
    /// 1 to n characters that a person reads; what we write is cut to fit.
    Prose(usize),
    /// From the first to the second number of characters.
    Between(usize, usize),
    /// Exactly n ASCII digits.
    Digits(usize),
    /// Euros with two decimals; the flag says whether zero is allowed.
    Amount {
        zero: bool,
    },
    OneOf(&'static [&'static str]),
    /// An integer from 1 to n.
    UpTo(i32),
    Int,
    Boolean,
    Date,
    Instant,
    Base64,
    Country,
    Email,
    Group(&'static [Part]),
}

pub(crate) const fn one(name: &'static str, kind: Kind) -> Part {
    Part::Field { name, kind, min: 1, max: 1 }
}

pub(crate) const fn optional(name: &'static str, kind: Kind) -> Part {
    Part::Field { name, kind, min: 0, max: 1 }
}

pub(crate) const fn several(name: &'static str, max: usize, kind: Kind) -> Part {
    Part::Field { name, kind, min: 1, max }
}

/// Why an element is not valid: the path to it and the rule it breaks.
pub(crate) type Invalid = String;

/// Checks the children of `element` against a sequence.
pub(crate) fn check(element: &Element<'_>, sequence: &[Part]) -> Result<(), Invalid> {
    let at = |why: &str| format!("{}: {why}", element.name);
    if let Some(attribute) = &element.stray_attribute {
        return Err(at(&format!("attribute {attribute} is not allowed")));
    }
    if !collapse(&element.text).is_empty() {
        return Err(at("text between elements"));
    }
    let mut rest = element.children.as_slice();
    for part in sequence {
        let taken = take(rest, part).map_err(|why| at(&why))?;
        rest = &rest[taken..];
    }
    match rest.first() {
        None => Ok(()),
        Some(stranger) => Err(at(&format!("{} is not expected here", stranger.name))),
    }
}

/// How many of the next children belong to this part.
fn take(children: &[Element<'_>], part: &Part) -> Result<usize, Invalid> {
    match part {
        Part::Field { name, kind, min, max } => {
            let count = children.iter().take(*max).take_while(|c| is(c, name)).count();
            if count < *min {
                return Err(format!("{name} is missing"));
            }
            children[..count].iter().try_for_each(|c| check_value(c, *kind))?;
            Ok(count)
        }
        Part::Choice(options) => {
            let next = children.first().ok_or("an element is missing")?;
            let (_, kind) =
                options.iter().find(|(name, _)| is(next, name)).ok_or_else(|| format!("{} is not expected here", next.name))?;
            check_value(next, *kind).map(|()| 1)
        }
    }
}

fn is(element: &Element<'_>, name: &str) -> bool {
    element.space == Space::None && element.name == name
}

fn check_value(element: &Element<'_>, kind: Kind) -> Result<(), Invalid> {
    if let Kind::Group(sequence) = kind {
        return check(element, sequence);
    }
    if let Some(attribute) = &element.stray_attribute {
        return Err(format!("{}: attribute {attribute} is not allowed", element.name));
    }
    if !element.children.is_empty() || !holds(kind, &element.text) {
        return Err(format!("{}: value not allowed", element.name));
    }
    Ok(())
}

fn holds(kind: Kind, text: &str) -> bool {
    let length = || text.chars().count();
    match kind {
        Kind::Any => true,
        Kind::Text(most) | Kind::Prose(most) => (1..=most).contains(&length()),
        Kind::Between(least, most) => (least..=most).contains(&length()),
        Kind::Digits(exactly) => text.len() == exactly && text.bytes().all(|b| b.is_ascii_digit()),
        Kind::Amount { zero } => read_amount(text).is_some_and(|cents| zero || cents > 0),
        Kind::OneOf(values) => values.contains(&text),
        Kind::UpTo(most) => collapse(text).parse::<i32>().is_ok_and(|n| (1..=most).contains(&n)),
        Kind::Int => collapse(text).parse::<i32>().is_ok(),
        Kind::Boolean => read_boolean(text).is_some(),
        Kind::Date => read_date(text).is_some(),
        Kind::Instant => read_instant(text).is_some(),
        Kind::Base64 => is_base64(text),
        Kind::Country => text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()),
        Kind::Email => is_email(text),
        Kind::Group(_) => false,
    }
}

pub(crate) fn read_boolean(text: &str) -> Option<bool> {
    match collapse(text) {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn is_base64(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(|b| !b" \t\r\n".contains(b)).collect();
    let padding = digits.iter().rev().take_while(|b| **b == b'=').count();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"+/".contains(b);
    digits.len().is_multiple_of(4) && padding <= 2 && digits[..digits.len() - padding].iter().all(plain)
}

/// The schema's own pattern: no quoted local parts, no accents, at most 256 characters.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let word = |t: &str, more: &[u8]| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b));
    text.len() <= 256 && word(local, b"_.+-") && domain.split('.').all(|label| word(label, b"-"))
}

/// Makes what we write fit: cuts prose to its field and leaves out optional elements that would not be valid
/// because they are empty, or an address the schema cannot hold. Codes and amounts are left as they are.
pub(crate) fn fit(element: &mut Element<'_>, sequence: &[Part]) {
    for part in sequence {
        let Part::Field { name, kind, min, .. } = part else { continue };
        for child in element.children.iter_mut().filter(|c| is(c, name)) {
            match kind {
                Kind::Prose(most) => cut(child, *most),
                Kind::Group(inner) => fit(child, inner),
                _ => {}
            }
        }
        if *min == 0 {
            element.children.retain(|c| !is(c, name) || is_worth_sending(c, *kind));
        }
    }
}

fn is_worth_sending(child: &Element<'_>, kind: Kind) -> bool {
    match kind {
        Kind::Group(_) => !child.children.is_empty(),
        Kind::Prose(_) | Kind::Email | Kind::Country => holds(kind, &child.text),
        _ => true,
    }
}

fn cut(element: &mut Element<'_>, most: usize) {
    let text = &element.text;
    if text.len() <= most && text.trim().len() == text.len() && !text.chars().any(char::is_control) {
        return;
    }
    let kept: String = element.text.trim().chars().filter(|c| !c.is_control()).take(most).collect();
    if kept != element.text {
        element.text = kept.trim_end().to_owned().into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_follow_the_types_of_the_schema() {
        let amount = Kind::Amount { zero: false };
        for (kind, valid, invalid) in [
            (Kind::Text(3), vec!["a", "àèì", " "], vec!["", "abcd"]),
            (Kind::Digits(11), vec!["77777777777"], vec!["7777777777", "777777777777", "7777777777a"]),
            (amount, vec!["0.01", "999999999.99"], vec!["0.00", "1", "1.0", "-1.00"]),
            (Kind::Amount { zero: true }, vec!["0.00"], vec![""]),
            (Kind::OneOf(&["OK", "KO"]), vec!["OK"], vec!["ok", " OK", ""]),
            (Kind::UpTo(5), vec!["1", "05", " 5 "], vec!["0", "6", "1.0", ""]),
            (Kind::Boolean, vec!["true", "0", " 1"], vec!["TRUE", "si", ""]),
            (Kind::Base64, vec!["", "YWJj", "YQ==", "YW\nJj"], vec!["YQ=", "Y===", "è000", "Y=Q="]),
            (Kind::Country, vec!["IT"], vec!["it", "ITA", ""]),
            (Kind::Email, vec!["a.b+c_d-e@x-y.it", "a@b"], vec!["a@b@c", "à@b.it", "a@b..it", "@b.it", "a b@c.it", ""]),
        ] {
            valid.iter().for_each(|v| assert!(holds(kind, v), "{v:?}"));
            invalid.iter().for_each(|v| assert!(!holds(kind, v), "{v:?}"));
        }
    }
}
