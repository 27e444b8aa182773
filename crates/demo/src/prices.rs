//! The prices of the town, as the files say them and as families are charged: both from one table.

use std::collections::HashMap;

use kernel::{Cents, Day, SchoolYear};
use tariffs::{Facts, Plan, rate};

use crate::calendar::date;
use crate::output::{Euro, Or, Sheet};
use crate::town::Level;

/// A rule of the canteen's plan: effect, label, price or share, ceiling of ISEE, level, resident, child from and to.
struct RuleLine {
    order: u32,
    effect: &'static str,
    label: &'static str,
    cents: Option<i64>,
    percent: Option<u32>,
    up_to: Option<i64>,
    level: Option<&'static str>,
    resident: Option<&'static str>,
    child: (Option<u32>, Option<u32>),
}

const fn band(order: u32, level: &'static str, label: &'static str, up_to: Option<i64>, cents: i64) -> RuleLine {
    let (level, resident) = (Some(level), Some("si"));
    RuleLine { order, effect: "fascia", label, cents: Some(cents), percent: None, up_to, level, resident, child: (None, None) }
}

const fn reduction(order: u32, label: &'static str, percent: u32, child: (Option<u32>, Option<u32>)) -> RuleLine {
    let percent = Some(percent);
    RuleLine { order, effect: "riduzione", label, cents: None, percent, up_to: None, level: None, resident: None, child }
}

const fn flat(order: u32, label: &'static str, cents: i64) -> RuleLine {
    let (effect, cents, child) = ("prezzo", Some(cents), (None, None));
    RuleLine { order, effect, label, cents, percent: None, up_to: None, level: None, resident: None, child }
}

const SECOND: RuleLine = reduction(5, "Riduzione secondo figlio", 20, (Some(2), Some(2)));
const THIRD: RuleLine = reduction(6, "Riduzione terzo figlio e oltre", 50, (Some(3), None));

const CANTEEN: [RuleLine; 15] = [
    band(1, "infanzia", "Fascia 1", Some(500_000), 120),
    band(1, "infanzia", "Fascia 2", Some(900_000), 240),
    band(1, "infanzia", "Fascia 3", Some(1_500_000), 340),
    band(1, "infanzia", "Fascia 4", None, 420),
    band(2, "primaria", "Fascia 1", Some(500_000), 140),
    band(2, "primaria", "Fascia 2", Some(900_000), 270),
    band(2, "primaria", "Fascia 3", Some(1_500_000), 380),
    band(2, "primaria", "Fascia 4", None, 460),
    band(3, "secondaria", "Fascia 1", Some(500_000), 160),
    band(3, "secondaria", "Fascia 2", Some(900_000), 290),
    band(3, "secondaria", "Fascia 3", Some(1_500_000), 410),
    band(3, "secondaria", "Fascia 4", None, 500),
    flat(4, "Non residenti", 540),
    SECOND,
    THIRD,
];
const BUS: [RuleLine; 2] = [flat(1, "Quota annuale andata e ritorno", 18_000), SECOND];
const BEFORE: [RuleLine; 2] = [flat(1, "Quota annuale pre-scuola", 9_000), SECOND];
const AFTER: [RuleLine; 2] = [flat(1, "Quota annuale post-scuola", 24_000), SECOND];

/// Service, the plan's name, the last figures of the resolution's number, the rules, and what the present year adds.
const PLANS: [(&str, &str, u32, &[RuleLine], i64); 4] = [
    ("MENSA", "Tariffe refezione scolastica", 1, &CANTEEN, 10),
    ("BUS", "Tariffe trasporto scolastico", 2, &BUS, 0),
    ("PRE", "Tariffe pre-scuola", 3, &BEFORE, 0),
    ("POST", "Tariffe post-scuola", 4, &AFTER, 0),
];

const COLUMNS: [&str; 11] = [
    "piano",
    "ordine",
    "effetto",
    "nome",
    "importo",
    "percentuale",
    "isee_fino_a",
    "gradi",
    "residente",
    "figlio_da",
    "figlio_fino_a",
];

pub(crate) struct Prices {
    pub plans: Sheet,
    pub rules: Sheet,
    by_key: HashMap<(&'static str, i16), Plan>,
}

/// What something costs and how that came about.
#[derive(Clone)]
pub(crate) struct Price {
    pub amount: Cents,
    pub derivation: String,
}

impl Prices {
    pub fn new(years: [SchoolYear; 2]) -> Prices {
        let columns = ["chiave", "servizio", "nome", "delibera", "delibera_del", "dal", "al"];
        let mut prices = Prices {
            plans: Sheet::new(&import::spec::TARIFFS, &columns),
            rules: Sheet::new(&import::spec::RULES, &COLUMNS),
            by_key: HashMap::new(),
        };
        for (nth, year) in years.into_iter().enumerate() {
            for (service, name, number, rules, rise) in PLANS {
                let rise = if nth == 1 { rise } else { 0 };
                prices.add(service, year, &format!("{name} {year}"), 40 + number, rules, rise);
            }
        }
        prices
    }

    fn add(&mut self, service: &'static str, year: SchoolYear, name: &str, number: u32, rules: &[RuleLine], rise: i64) {
        let (key, on) = (format!("T-{service}-{}", year.0), date(year.0, 3, 26));
        let resolution = format!("{number}/{}", year.0);
        let (from_on, to_on) = (year.first_day(), year.last_day());
        self.plans.row(&[&key, &service, &name, &resolution, &on, &from_on, &to_on]);
        let mut sheet = Sheet::new(&import::spec::RULES, &COLUMNS);
        for line in rules {
            write_rule(&mut sheet, &key, line, rise);
            write_rule(&mut self.rules, &key, line, rise);
        }
        let rules = import::tariff_rules(sheet.text()).expect("the table of rules is readable").remove(&key).unwrap_or_default();
        let name = name.to_owned();
        // the id is the database's to give: rating does not look at it
        let (id, service_id) = (kernel::TariffPlanId(uuid::Uuid::nil()), kernel::ServiceId(uuid::Uuid::nil()));
        let plan = Plan { id, service_id, name, resolution_number: resolution, resolution_on: on, from_on, to_on, rules };
        self.by_key.insert((service, year.0), plan);
    }

    /// The price for these facts. A derivation is in lines divided by bars.
    pub fn of(&self, service: &'static str, on: Day, facts: &Facts) -> Price {
        let plan = &self.by_key[&(service, SchoolYear::containing(on).0)];
        let rating = rate(plan, facts, on).expect("every plan of the demo has a price for everybody");
        Price { amount: rating.amount, derivation: rating.lines_it().join(" | ") }
    }
}

fn write_rule(sheet: &mut Sheet, key: &str, line: &RuleLine, rise: i64) {
    let cents = line.cents.map(|c| Euro(Cents(c + rise)));
    let up_to = line.up_to.map(|c| Euro(Cents(c)));
    let (from, to) = line.child;
    sheet.row(&[
        &key,
        &line.order,
        &line.effect,
        &line.label,
        &Or(cents),
        &Or(line.percent),
        &Or(up_to),
        &Or(line.level),
        &Or(line.resident),
        &Or(from),
        &Or(to),
    ]);
}

/// The facts of a child for a price.
pub(crate) fn facts(resident: bool, level: Level, isee: Option<Cents>, minors: u8, enrolled: u8, order: u8) -> Facts {
    Facts {
        resident,
        level: level.code().to_owned(),
        isee,
        minors_in_household: minors,
        children_enrolled: enrolled,
        child_order: order,
        circumstances: Vec::new(),
    }
}
