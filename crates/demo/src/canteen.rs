//! The canteen's own files: calendar, deadlines, kinds of absence, menus.

use import::spec;
use jiff::civil::Weekday;
use kernel::{Day, SchoolYear};

use crate::calendar::date;
use crate::days::SchoolDays;
use crate::dishes::*;
use crate::output::{Or, Sheet, yes_no};
use crate::town::{Level, Schools};

pub(crate) const SERVICES: [(&str, &str, &str, &str, &str); 4] = [
    ("MENSA", "Refezione scolastica", "mensa", "9/0107101TS/", "4"),
    ("BUS", "Trasporto scolastico", "scuolabus", "9/0107102TS/", "10"),
    ("PRE", "Pre-scuola", "pre_scuola", "9/0107103TS/", ""),
    ("POST", "Post-scuola", "post_scuola", "9/0107104TS/", ""),
];

pub(crate) fn services() -> Sheet {
    let columns = ["codice", "nome", "tipo", "tassonomia", "iva", "ricarica_minima", "ricarica_massima", "ricariche_proposte"];
    let mut sheet = Sheet::new(&spec::SERVICES, &columns);
    for (code, name, kind, taxonomy, vat) in SERVICES {
        let wallet = if kind == "mensa" { ["5,00", "200,00", "25,00 50,00 100,00"] } else { ["", "", ""] };
        sheet.row(&[&code, &name, &kind, &taxonomy, &vat, &wallet[0], &wallet[1], &wallet[2]]);
    }
    sheet
}

pub(crate) fn calendar(schools: &Schools, years: &[(SchoolYear, SchoolDays)]) -> Sheet {
    let mut sheet = Sheet::new(&spec::CALENDAR, &["servizio", "plesso", "giorno", "aperto", "motivo"]);
    for site in &schools.sites {
        for day in years.iter().flat_map(|(_, days)| days.of(site.level)) {
            sheet.row(&[&"MENSA", &site.key, &day.day, &yes_no(day.closed.is_none()), &Or(day.closed)]);
        }
    }
    sheet
}

/// Nine o'clock of the day itself; in the first infanzia half an hour later, because lunch is.
pub(crate) fn cutoffs(schools: &Schools, since: Day) -> Sheet {
    let columns = ["servizio", "plesso", "giorno_settimana", "ora", "giorni_prima", "giorni_avanti", "dal"];
    let mut sheet = Sheet::new(&spec::CUTOFFS, &columns);
    sheet.row(&[&"MENSA", &"", &"", &"09:00", &0, &30, &since]);
    if let Some(site) = schools.sites.iter().find(|s| s.level == Level::Infanzia) {
        sheet.row(&[&"MENSA", &site.key, &"", &"09:30", &0, &30, &since]);
    }
    sheet
}

pub(crate) fn absence_kinds() -> Sheet {
    let columns = ["codice", "nome", "nome_inglese", "effetto", "giorni_massimi", "ordine"];
    let mut sheet = Sheet::new(&spec::ABSENCE_KINDS, &columns);
    sheet.row(&[&"ASSENTE", &"Assente", &"Absent", &"assente", &"", &1]);
    sheet.row(&[&"BIANCO", &"Pasto in bianco", &"Light meal", &"pasto_leggero", &3, &2]);
    sheet.row(&[&"USCITA", &"Uscita anticipata dopo il pasto", &"Early exit after lunch", &"uscita_anticipata", &1, &3]);
    sheet
}

/// Four weeks that turn with the calendar's, in two seasons, for every level; in the present year also for each diet.
pub(crate) fn menus(years: &[(SchoolYear, SchoolDays)]) -> Sheet {
    let columns = ["servizio", "giorno", "grado", "dieta", "ordine", "portata", "piatto", "allergeni"];
    let mut sheet = Sheet::new(&spec::MENUS, &columns);
    for (nth, (_, days)) in years.iter().enumerate() {
        for level in [Level::Infanzia, Level::Primaria, Level::Secondaria] {
            for day in days.of(level).iter().filter(|d| d.closed.is_none()) {
                menu_of(&mut sheet, day.day, level, nth + 1 == years.len());
            }
        }
    }
    sheet
}

fn menu_of(sheet: &mut Sheet, day: Day, level: Level, with_diets: bool) {
    let table = table_of(day);
    for (order, (course, dish)) in table.iter().enumerate() {
        sheet.row(&[&"MENSA", &day, &level.code(), &"", &(order + 1), course, &dish.name, &dish.allergens]);
    }
    for diet in DIETS.iter().filter(|_| with_diets) {
        for (order, (course, dish)) in table.iter().enumerate() {
            let (name, allergens) = for_diet(dish, diet);
            sheet.row(&[&"MENSA", &day, &level.code(), &diet.code, &(order + 1), course, &name, &allergens]);
        }
    }
}

/// First, second, side, bread and fruit of a day.
fn table_of(day: Day) -> [(&'static str, &'static Dish); 5] {
    let monday = date(2001, 1, 1);
    let days = monday.until(day).expect("days are in the calendar's range").get_days().unsigned_abs() as usize;
    let (week, weekday) = (days / 7 % 4, days % 7 % 5);
    let at = week * 5 + weekday;
    let winter = matches!(day.month(), 11 | 12 | 1 | 2 | 3);
    let first = if winter { &WINTER_FIRST[at] } else { &SUMMER_FIRST[at] };
    let bread = if day.weekday() == Weekday::Wednesday { &BREAD[1] } else { &BREAD[0] };
    let second = &SECOND[(at + if winter { 0 } else { 7 }) % SECOND.len()];
    [
        ("primo", first),
        ("secondo", second),
        ("contorno", &SIDE[(at + week) % SIDE.len()]),
        ("pane", bread),
        ("frutta", &FRUIT[(at + 2 * week) % FRUIT.len()]),
    ]
}
