//! Schools and classes of a town, in proportion to its people.

use kernel::SchoolYear;

/// A school level, in the order children go through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Infanzia,
    Primaria,
    Secondaria,
}

impl Level {
    pub fn code(self) -> &'static str {
        match self {
            Level::Infanzia => "infanzia",
            Level::Primaria => "primaria",
            Level::Secondaria => "secondaria",
        }
    }

    /// The level of a cohort: 0 is the first year of infanzia, 3 the first of primaria, 8 the first of secondaria.
    /// None before school and after it.
    pub fn of_cohort(cohort: i32) -> Option<Level> {
        match cohort {
            0..=2 => Some(Level::Infanzia),
            3..=7 => Some(Level::Primaria),
            8..=10 => Some(Level::Secondaria),
            _ => None,
        }
    }
}

struct SitePlan {
    name: &'static str,
    level: Level,
    address: &'static str,
    /// For 15,000 people: sections in all where ages are mixed (infanzia), sections of each year elsewhere.
    sections: u32,
}

/// Seven sites and 41 classes, as a Comune of 15,000 people has them.
const SITES: [SitePlan; 7] = [
    SitePlan { name: "Scuola dell'infanzia «Il Mirto»", level: Level::Infanzia, address: "via dei Tigli 2", sections: 7 },
    SitePlan { name: "Scuola primaria «Borgo di Sopra»", level: Level::Primaria, address: "viale dei Gelsi 14", sections: 2 },
    SitePlan {
        name: "Scuola secondaria «Corte Grande»", level: Level::Secondaria, address: "piazza della Corte 1", sections: 2
    },
    SitePlan { name: "Scuola primaria «Fontanella»", level: Level::Primaria, address: "via Fontanella 30", sections: 1 },
    SitePlan { name: "Scuola dell'infanzia «Le Rondini»", level: Level::Infanzia, address: "via delle Rondini 9", sections: 5 },
    SitePlan {
        name: "Scuola primaria «Mulino Vecchio»",
        level: Level::Primaria,
        address: "via Vecchia del Mulino 5",
        sections: 1,
    },
    SitePlan { name: "Scuola secondaria «San Lauro»", level: Level::Secondaria, address: "via San Lauro 22", sections: 1 },
];

pub(crate) struct Site {
    pub key: String,
    pub name: String,
    pub level: Level,
    pub address: String,
    pub sections: u32,
}

pub(crate) struct Schools {
    pub sites: Vec<Site>,
}

/// A class of a year, or the place of a child in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Class {
    pub key: String,
    pub site: usize,
    pub year: SchoolYear,
    pub name: String,
    /// with lunch, Monday in bit 0
    pub weekdays: u8,
}

impl Schools {
    /// Below 15,000 people fewer sections, above it whole quarters more.
    pub fn new(people: u32) -> Schools {
        let quarters = (people / 15_000).max(1);
        let scaled = |sections: u32| (sections * people.min(15_000) + 7_500) / 15_000;
        let mut sites = Vec::new();
        for quarter in 1..=quarters {
            for (number, plan) in SITES.iter().enumerate() {
                // the first of each level stays however small the town is
                let sections = if number < 3 { scaled(plan.sections).max(1) } else { scaled(plan.sections) };
                if sections > 0 {
                    sites.push(site(plan, number + 1, quarter, sections));
                }
            }
        }
        Schools { sites }
    }

    /// Where a family of a zone (0 to 999) sends its children of a level.
    fn site_of(&self, level: Level, zone: u32) -> usize {
        let of_level = || self.sites.iter().enumerate().filter(move |(_, s)| s.level == level);
        let all: u32 = of_level().map(|(_, s)| s.sections).sum();
        let mut at = zone * all / 1000;
        for (place, site) in of_level() {
            if at < site.sections {
                return place;
            }
            at -= site.sections;
        }
        unreachable!("zones are below 1000, so the share is below the sum")
    }

    /// The class of a child whose cohort in that year is `cohort`.
    pub fn class_of(&self, year: SchoolYear, cohort: i32, zone: u32, lot: u32) -> Option<Class> {
        let level = Level::of_cohort(cohort)?;
        let site = self.site_of(level, zone);
        Some(self.class(year, site, cohort, lot % self.sites[site].sections))
    }

    fn class(&self, year: SchoolYear, site: usize, cohort: i32, section: u32) -> Class {
        let letter = letters(section);
        let (name, weekdays) = match self.sites[site].level {
            Level::Infanzia => (format!("Sezione {letter}"), 0b1_1111),
            // every second section has three afternoons
            Level::Primaria => (format!("{}{letter}", cohort - 2), if section.is_multiple_of(2) { 0b1_1111 } else { 0b1_0101 }),
            Level::Secondaria => (format!("{}{letter}", cohort - 7), if section.is_multiple_of(2) { 0b0_0101 } else { 0b0_1010 }),
        };
        let key = format!("{}-{}-{}", self.sites[site].key, year.0, name.replace(' ', ""));
        Class { key, site, year, name, weekdays }
    }

    /// All classes of a year, by site.
    pub fn classes(&self, year: SchoolYear) -> Vec<Class> {
        let mut classes = Vec::new();
        for (place, site) in self.sites.iter().enumerate() {
            let cohorts = match site.level {
                Level::Infanzia => 0..=0,
                Level::Primaria => 3..=7,
                Level::Secondaria => 8..=10,
            };
            for cohort in cohorts {
                classes.extend((0..site.sections).map(|section| self.class(year, place, cohort, section)));
            }
        }
        classes
    }
}

fn site(plan: &SitePlan, number: usize, quarter: u32, sections: u32) -> Site {
    let (name, address) = (plan.name.to_owned(), plan.address.to_owned());
    if quarter == 1 {
        return Site { key: format!("P{number}"), name, level: plan.level, address, sections };
    }
    Site { key: format!("P{number}-Q{quarter}"), name: format!("{name} (rione {quarter})"), level: plan.level, address, sections }
}

/// A ... Z, then AA, AB ...
fn letters(section: u32) -> String {
    let letter = |n: u32| char::from(b'A' + u8::try_from(n % 26).expect("a remainder of 26"));
    if section < 26 { letter(section).to_string() } else { format!("{}{}", letter(section / 26 - 1), letter(section)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_thousand_people_have_seven_sites_and_41_classes() {
        let schools = Schools::new(15_000);
        assert_eq!((schools.sites.len(), schools.classes(SchoolYear(2026)).len()), (7, 41));
        assert_eq!(Schools::new(300).sites.len(), 3);
        assert_eq!(Schools::new(60_000).sites.len(), 28);
    }

    #[test]
    fn a_child_goes_up_a_class_every_year() {
        let schools = Schools::new(15_000);
        let name = |year, cohort| schools.class_of(SchoolYear(year), cohort, 10, 3).map(|c| c.name);
        assert_eq!(name(2025, 2), Some("Sezione D".to_owned()));
        assert_eq!(name(2026, 3), Some("1B".to_owned()));
        assert_eq!(name(2026, -1), None);
        assert_eq!(name(2026, 11), None);
    }
}
