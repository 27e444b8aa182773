//! What a message of app IO says: never the name of a child.

use catalogue::{Arg, Catalogue, Locale, day_short};
use jiff::civil::time;
use kernel::{Cents, Ctx, Day, Instant, rome_day, rome_instant};
use payments::Position;
use payments::io::{IoKind, Outgoing};
use payments::settings::Institution;

use super::Platform;
use crate::Error;

pub(super) struct Words {
    /// 10 to 120 characters.
    pub subject: String,
    /// 80 to 10,000 characters.
    pub body: String,
}

/// Money that came, and when.
pub(super) struct Paid {
    pub amount: Cents,
    pub on: Day,
}

/// The words of a message; `paid` is what a receipt says.
pub(super) fn of(
    catalogue: &Catalogue,
    locale: Locale,
    of: &Institution,
    kind: IoKind,
    position: &Position,
    paid: Option<Paid>,
) -> Words {
    let on = paid.as_ref().map(|paid| paid.on).or(position.due_on);
    let amount = paid.map_or(position.due(), |paid| paid.amount);
    let (subject, body) = match (kind, on) {
        (IoKind::Notice, Some(_)) => ("io-notice-subject", "io-notice-body"),
        (IoKind::Notice, None) => ("io-notice-subject", "io-notice-undated"),
        (IoKind::Reminder, _) => ("io-reminder-subject", "io-reminder-body"),
        (IoKind::Receipt, _) => ("io-receipt-subject", "io-receipt-body"),
    };
    let args: [(&str, Arg<'_>); 4] = [
        ("amount", amount.into()),
        ("date", on.map(day_short).unwrap_or_default().into()),
        ("what", (&position.description).into()),
        ("tenant", (&of.name).into()),
    ];
    Words { subject: catalogue.format(locale, subject, &args), body: catalogue.format(locale, body, &args) }
}

/// What the receipt of a message says; none for what asks to be paid.
pub(super) async fn paid(platform: &Platform, ctx: &Ctx, one: &Outgoing) -> Result<Option<Paid>, Error> {
    let Some(receipt) = one.receipt else { return Ok(None) };
    let mut tx = platform.parts.db.read().await?;
    let all = payments::receipt::list_for_position(&mut tx, ctx, one.position.id).await?;
    let found = all.into_iter().find(|r| r.id == receipt);
    Ok(found.map(|r| Paid { amount: r.amount, on: rome_day(r.paid_at.unwrap_or(r.received_at)) }))
}

/// The first language of a person that is one of ours; Italian otherwise.
pub(super) fn locale_of(preferred: &[String]) -> Locale {
    let known = |tag: &String| Locale::from_code(tag.split(['-', '_']).next()?.to_ascii_lowercase().as_str());
    preferred.iter().find_map(known).unwrap_or_default()
}

/// The last second of a day in Italy: the service wants a moment.
pub(super) fn end_of(day: Day) -> Instant {
    rome_instant(day, time(23, 59, 59, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_written_to_in_a_language_of_ours() {
        let tags = |list: &[&str]| list.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        for (preferred, locale) in
            [(&["en_GB", "it_IT"][..], Locale::En), (&["de-DE", "it-IT"], Locale::It), (&["fr"], Locale::It), (&[], Locale::It)]
        {
            assert_eq!(locale_of(&tags(preferred)), locale, "{preferred:?}");
        }
    }

    #[test]
    fn every_text_has_the_length_the_service_asks_for_also_with_the_shortest_values() {
        let catalogue = Catalogue::load();
        for locale in Locale::ALL {
            for stem in ["io-notice-body", "io-notice-undated", "io-reminder-body", "io-receipt-body"] {
                let args: [(&str, Arg<'_>); 4] =
                    [("amount", Cents(1).into()), ("date", "1/1/26".into()), ("what", "a".into()), ("tenant", "b".into())];
                let length = catalogue.format(locale, stem, &args).chars().count();
                assert!(pagopa::io::MARKDOWN.contains(&length), "{stem}: {length}");
            }
            for stem in ["io-notice-subject", "io-reminder-subject", "io-receipt-subject"] {
                for amount in [Cents(1), Cents(9_999_999_999)] {
                    let subject = catalogue.format(locale, stem, &[("amount", amount.into()), ("date", "01/01/2026".into())]);
                    assert!(pagopa::io::SUBJECT.contains(&subject.chars().count()), "{subject}");
                }
            }
        }
    }
}
