//! What the canteen does: its calendar, cut-offs, kinds of absence and the menu of a week.

use db::Tx;
use enrolment::Weekdays;
use jiff::civil::date;
use kernel::{Ctx, Day, SchoolSiteId, ServiceId, days_between};
use meals::absence::Effect;
use meals::cutoff::CutoffRule;
use meals::load::{self, NewAbsenceKind, NewCalendarDay, NewMenuLine};

use super::{FIRST, LAST};

/// `early` is the site that asks for reports the evening before.
pub async fn load(tx: &mut Tx, ctx: &Ctx, meal: ServiceId, sites: &[SchoolSiteId], early: Option<SchoolSiteId>) {
    let days = sites.iter().flat_map(|site| days_between(FIRST, LAST).filter_map(|day| calendar_day(meal, *site, day)));
    load::calendar(tx, ctx, days.collect()).await.expect("a calendar");
    let rule = CutoffRule {
        service: meal,
        site: None,
        weekday: None,
        minute: 540,
        days_before: 0,
        days_ahead: 30,
        from_on: FIRST,
        to_on: None,
    };
    let evening_before = early.map(|site| CutoffRule { site: Some(site), minute: 1080, days_before: 1, ..rule.clone() });
    load::cutoff_rules(tx, ctx, std::iter::once(rule).chain(evening_before).collect()).await.expect("cut-offs");
    load::absence_kinds(tx, ctx, kinds()).await.expect("kinds");
    load::menus(tx, ctx, menus(meal)).await.expect("menus");
}

/// Weekends have no row at all.
fn calendar_day(service: ServiceId, site: SchoolSiteId, day: Day) -> Option<NewCalendarDay> {
    if !Weekdays::SCHOOL_WEEK.contains(day) {
        return None;
    }
    let cause = closure(day).map(str::to_owned);
    Some(NewCalendarDay { service, site, day, open: cause.is_none(), cause })
}

fn closure(day: Day) -> Option<&'static str> {
    const CLOSURES: [(Day, Day, &str); 2] = [
        (date(2026, 12, 7), date(2026, 12, 8), "Ponte dell'Immacolata"),
        (date(2026, 12, 23), date(2027, 1, 6), "Vacanze di Natale"),
    ];
    CLOSURES.iter().find(|(first, last, _)| *first <= day && day <= *last).map(|(.., cause)| *cause)
}

fn kinds() -> Vec<NewAbsenceKind> {
    let kind = |code: &str, name_it: &str, name_en: &str, effect, max_days, position| NewAbsenceKind {
        code: code.to_owned(),
        name_it: name_it.to_owned(),
        name_en: name_en.to_owned(),
        effect,
        max_days,
        position,
    };
    vec![
        kind("assente", "Assente", "Absent", Effect::Absent, None, 1),
        kind("in_bianco", "Pasto in bianco", "Light meal", Effect::LightMeal, Some(3), 2),
        kind("uscita", "Uscita anticipata", "Early exit", Effect::EarlyExit, None, 3),
    ]
}

/// Position, course, dish, allergens: every day of the week of 23 November.
const DISHES: [(i32, &str, &str, &str); 3] =
    [(1, "primo", "Pasta al pomodoro", "glutine"), (2, "secondo", "Frittata", "uova,latte"), (3, "frutta", "Mela", "")];

fn menus(service: ServiceId) -> Vec<NewMenuLine> {
    let mut lines = Vec::new();
    for day in days_between(date(2026, 11, 23), date(2026, 11, 27)) {
        for level in ["primaria", "infanzia"] {
            let line = |(position, course, dish, allergens): &(i32, &str, &str, &str)| NewMenuLine {
                service,
                day,
                level: level.to_owned(),
                diet_code: String::new(),
                position: *position,
                course: (*course).to_owned(),
                dish: (*dish).to_owned(),
                allergens: (*allergens).to_owned(),
            };
            lines.extend(DISHES.iter().map(line));
        }
        let diet = (1, "primo", "Risotto allo zafferano", "latte");
        lines.push(NewMenuLine {
            service,
            day,
            level: "infanzia".to_owned(),
            diet_code: "SG".to_owned(),
            position: diet.0,
            course: diet.1.to_owned(),
            dish: diet.2.to_owned(),
            allergens: diet.3.to_owned(),
        });
    }
    lines
}
