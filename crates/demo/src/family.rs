//! Families: who lives together, what they pay and how.

use std::collections::HashSet;

use kernel::{Cents, Day, FiscalCode, SchoolYear};

use crate::calendar::date;
use crate::chance::Chance;
use crate::dishes::{DIETS, Diet};
use crate::names;
use crate::town::Level;

/// A place code that no town has: the codici fiscali of the demo cannot be anybody's.
pub(crate) const NOWHERE: &str = "Z999";

pub(crate) struct Family {
    pub key: String,
    pub resident: bool,
    pub street: String,
    /// 0 to 999: decides which schools are near
    pub zone: u32,
    /// The first is the account holder; everybody else here has equal rights.
    pub parents: Vec<Adult>,
    /// May view and report absences.
    pub helper: Option<Adult>,
    /// The eldest first.
    pub children: Vec<Child>,
    /// In the past school year and in the present one.
    pub isee: [Option<Cents>; 2],
    pub mode: Mode,
    pub habit: Habit,
}

pub(crate) struct Adult {
    pub key: String,
    pub name: String,
    pub family_name: String,
    pub birth_on: Day,
    pub fiscal_code: FiscalCode,
}

pub(crate) struct Child {
    pub key: String,
    pub name: String,
    pub family_name: String,
    pub birth_on: Day,
    pub fiscal_code: FiscalCode,
    /// In the present school year: see [`Level::of_cohort`].
    pub cohort: i32,
    /// Which section of a year, by chance.
    pub lot: u32,
    pub eats: bool,
    /// Flat-fee services besides the canteen, by code.
    pub extras: Vec<&'static str>,
    pub diet: Option<&'static Diet>,
    pub badge: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Prepaid,
    Postpaid,
}

/// How a family deals with money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Pays before the due date, tops up in time.
    Punctual,
    /// Pays some weeks late, tops up when the wallet is below zero.
    Late,
    /// Leaves the last documents unpaid.
    Overdue,
    /// The wallet is to end with this credit.
    EndsWith(Cents),
}

impl Adult {
    pub fn new(key: String, name: &str, family_name: &str, female: bool, birth_on: Day) -> Adult {
        let fiscal_code = FiscalCode::build(family_name, name, birth_on, female, NOWHERE);
        Adult { key, name: name.to_owned(), family_name: family_name.to_owned(), birth_on, fiscal_code }
    }
}

impl Child {
    /// A child who eats at school and has nothing else.
    pub fn new(key: String, name: &str, family_name: &str, female: bool, cohort: i32, birth_on: Day, badge: String) -> Child {
        let fiscal_code = FiscalCode::build(family_name, name, birth_on, female, NOWHERE);
        let (name, family_name) = (name.to_owned(), family_name.to_owned());
        Child { key, name, family_name, birth_on, fiscal_code, cohort, lot: 0, eats: true, extras: Vec::new(), diet: None, badge }
    }

    /// The year in which a child of a cohort was born: children of three begin infanzia.
    pub fn birth_year(cohort: i32, present: SchoolYear) -> i16 {
        present.0 - 3 - i16::try_from(cohort).expect("cohorts are few")
    }
}

/// Families until there are as many pupils at school as the town's people make.
pub(crate) fn families<'a>(
    chance: &mut Chance,
    people: u32,
    present: SchoolYear,
    taken: impl Iterator<Item = &'a FiscalCode>,
) -> Vec<Family> {
    // 66 pupils in some service for a thousand people
    let wanted = people * 66 / 1000;
    let (mut families, mut pupils, mut codes) = (Vec::new(), 0, taken.cloned().collect::<HashSet<FiscalCode>>());
    while pupils < wanted {
        let family = family(chance, families.len() + 1, present);
        let people = family.parents.iter().chain(&family.helper).map(|a| &a.fiscal_code);
        let all: Vec<FiscalCode> = people.chain(family.children.iter().map(|c| &c.fiscal_code)).cloned().collect();
        // two people with the same code cannot be told apart: let the later family not exist
        if all.iter().any(|code| codes.contains(code)) {
            continue;
        }
        codes.extend(all);
        pupils += u32::try_from(family.children.iter().filter(|c| c.cohort <= 10).count()).expect("a family is small");
        families.push(family);
    }
    families
}

/// How often each cohort is drawn; the last has left school at the end of the past year.
const COHORTS: [u32; 12] = [46, 46, 46, 49, 49, 49, 49, 49, 33, 33, 33, 28];

fn family(chance: &mut Chance, number: usize, present: SchoolYear) -> Family {
    let (mother_name, father_name) = (names::family_name(chance), names::family_name(chance));
    let father_pays = chance.percent(40);
    let both = chance.percent(92);
    let mother = adult(chance, format!("F{number}-M"), &mother_name, true, present.0 - 28, 18);
    let father = adult(chance, format!("F{number}-P"), &father_name, false, present.0 - 30, 20);
    let mut parents = if father_pays { vec![father, mother] } else { vec![mother, father] };
    parents.truncate(if both { 2 } else { 1 });
    let helper = chance.percent(12).then(|| adult(chance, format!("F{number}-N"), &mother_name, true, present.0 - 58, 15));
    let children = children(chance, number, if father_pays || both { &father_name } else { &mother_name }, present);
    let isee = isee(chance);
    let habit = match chance.below(100) {
        0..=86 => Habit::Punctual,
        87..=95 => Habit::Late,
        _ => Habit::Overdue,
    };
    Family {
        key: format!("F{number}"),
        resident: chance.percent(94),
        street: format!("{} {}", chance.pick(&names::STREETS), chance.between(1, 120)),
        zone: chance.below(1000),
        parents,
        helper,
        children,
        isee,
        mode: if chance.percent(45) { Mode::Prepaid } else { Mode::Postpaid },
        habit,
    }
}

fn adult(chance: &mut Chance, key: String, family_name: &str, female: bool, latest: i16, span: u32) -> Adult {
    let name = names::adult_name(chance, female);
    let year = latest - i16::try_from(chance.below(span)).expect("a span of years");
    let birth = chance.day_from(date(year, 1, 1), 364);
    Adult::new(key, name, family_name, female, birth)
}

fn children(chance: &mut Chance, number: usize, family_name: &str, present: SchoolYear) -> Vec<Child> {
    let count = 1 + chance.weighted(&[62, 31, 7]);
    let mut cohort = i32::try_from(chance.weighted(&COHORTS)).expect("cohorts are few");
    let mut cohorts = vec![cohort];
    for _ in 1..count {
        let gap = i32::try_from(chance.between(2, 4)).expect("a gap of years");
        cohort = if cohort - gap >= 0 { cohort - gap } else { cohorts[0] + gap };
        if (0..12).contains(&cohort) && !cohorts.contains(&cohort) {
            cohorts.push(cohort);
        }
    }
    cohorts.sort_unstable_by(|a, b| b.cmp(a));
    let mut child = |(place, cohort): (usize, i32)| child(chance, number, place, family_name, cohort, present);
    cohorts.into_iter().enumerate().map(&mut child).collect()
}

fn child(chance: &mut Chance, number: usize, place: usize, family_name: &str, cohort: i32, present: SchoolYear) -> Child {
    let female = chance.percent(49);
    let birth = chance.day_from(date(Child::birth_year(cohort, present), 1, 1), 364);
    let name = names::child_name(chance, female);
    let badge = format!("7{number:05}{place}");
    let mut child = Child::new(format!("F{number}-A{place}"), name, family_name, female, cohort, birth, badge);
    child.lot = chance.below(1000);
    child.eats = chance.percent(match Level::of_cohort(cohort.min(10)) {
        Some(Level::Infanzia) => 95,
        Some(Level::Primaria) => 86,
        _ => 64,
    });
    for (service, hundredths) in [("BUS", 12), ("PRE", 12), ("POST", 8)] {
        if chance.percent(hundredths) {
            child.extras.push(service);
        }
    }
    if !child.eats && child.extras.is_empty() {
        child.extras.push(if chance.percent(70) { "BUS" } else { "PRE" });
    }
    // 7% medical and 12% ethical: the weights of the table sum to 70 and 120 of a thousand
    let diet = chance.below(1000);
    child.diet = if child.eats && diet < 190 { Some(&DIETS[diet_at(diet)]) } else { None };
    child
}

fn diet_at(mut at: u32) -> usize {
    for (place, diet) in DIETS.iter().enumerate() {
        if at < diet.weight {
            return place;
        }
        at -= diet.weight;
    }
    0
}

fn isee(chance: &mut Chance) -> [Option<Cents>; 2] {
    let thousands = match chance.weighted(&[38, 8, 14, 22, 18]) {
        0 => return [None, None],
        1 => chance.between(1, 4),
        2 => chance.between(5, 8),
        3 => chance.between(9, 14),
        _ => chance.between(15, 34),
    };
    let first = Cents(i64::from(thousands * 100_000 + chance.below(100_000)));
    [Some(first), Some(first.prorate(i64::from(chance.between(95, 108)), 100))]
}
