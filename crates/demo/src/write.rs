use std::io;
use std::path::Path;

use kernel::{Day, SchoolYear};

use crate::canteen;
use crate::causes;
use crate::chance::Chance;
use crate::comune::{self, Comune};
use crate::days::SchoolDays;
use crate::family::{Family, families};
use crate::life::{Life, business_documents};
use crate::personas::{self, AWAY_SOON, BUSINESS, Cast, FIVE_TO_PAY, NINE_DOCUMENTS, Persona};
use crate::prices::Prices;
use crate::registry::{self, Registry};
use crate::town::{Level, Schools};
use crate::{DemoOptions, guide};

/// People of the second Comune: about forty pupils.
const SECOND_PEOPLE: u32 = 600;

/// Who can sign in at a Comune whose files were written.
pub(crate) struct Written {
    pub personas: Vec<Persona>,
}

/// Writes the files of the main Comune into `main` and those of the second into `second`.
///
/// # Errors
/// When a file cannot be written.
pub fn write_files(main: &Path, second: &Path, options: &DemoOptions) -> io::Result<Vec<Persona>> {
    let mut personas = write_main(main, options)?.personas;
    personas.extend(write_second(second, options)?.personas);
    Ok(personas)
}

pub(crate) fn write_main(folder: &Path, options: &DemoOptions) -> io::Result<Written> {
    let hosts = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let cast = personas::main_cast(present(options.today), &host_of(&options.public_url));
    let town = Town { comune: &comune::MAIN, people: options.people, seed: options.seed, cast };
    town.write(folder, &options.public_url, &hosts, options)
}

pub(crate) fn write_second(folder: &Path, options: &DemoOptions) -> io::Result<Written> {
    let host = &options.second_host;
    let cast = personas::second_cast(present(options.today), host);
    let url = options.public_url.replacen(&host_of(&options.public_url), host, 1);
    let town = Town { comune: &comune::SECOND, people: SECOND_PEOPLE, seed: options.seed.wrapping_add(1), cast };
    town.write(folder, &url, std::slice::from_ref(host), options)
}

/// The school year of which the town is in the middle, or, in summer, which has just ended.
fn present(today: Day) -> SchoolYear {
    SchoolYear::containing(today)
}

/// The host name of an address, without its port.
fn host_of(url: &str) -> String {
    let rest = url.split("://").last().unwrap_or_default();
    rest.split([':', '/']).next().unwrap_or_default().to_owned()
}

struct Town<'a> {
    comune: &'a Comune,
    people: u32,
    seed: u64,
    cast: Cast,
}

impl Town<'_> {
    fn write(self, folder: &Path, url: &str, hosts: &[String], options: &DemoOptions) -> io::Result<Written> {
        let present = present(options.today);
        let years = [present.previous(), present];
        let schools = Schools::new(self.people);
        let days = years.map(|year| (year, SchoolDays::new(year)));
        let prices = Prices::new(years);
        let mut chance = Chance::new(self.seed);
        let mut registry = Registry::new();
        let mut life = Life::new(&schools, &prices, &days, options.today);
        self.own_documents(&mut life, &mut registry, years);
        let others = families(&mut chance, self.people, present, personas::codes(&self.cast));
        for family in self.cast.families.iter().chain(&others) {
            registry.family(family, self.comune, &schools, years);
            life.family(&mut chance, family);
        }
        std::fs::create_dir_all(folder)?;
        comune::sheet(self.comune, url, hosts, options).save(folder)?;
        std::fs::write(folder.join("stemma.svg"), self.comune.arms)?;
        registry::sites(&schools, self.comune).save(folder)?;
        registry::classes(&schools, years).save(folder)?;
        canteen::services().save(folder)?;
        canteen::calendar(&schools, &days).save(folder)?;
        canteen::cutoffs(&schools, years[0].first_day()).save(folder)?;
        canteen::absence_kinds().save(folder)?;
        canteen::menus(&days).save(folder)?;
        causes::sheet(years[0].first_day()).save(folder)?;
        for sheet in registry.into_sheets().iter().chain(&life.into_sheets()) {
            sheet.save(folder)?;
        }
        prices.plans.save(folder)?;
        prices.rules.save(folder)?;
        Ok(Written { personas: self.cast.personas })
    }

    /// What the cast has besides the life of every family.
    fn own_documents(&self, life: &mut Life<'_>, registry: &mut Registry, years: [SchoolYear; 2]) {
        let family = |key: &str| self.cast.families.iter().find(|f: &&Family| f.key == key);
        if let Some(f) = family(NINE_DOCUMENTS) {
            life.documents.extend(guide::nine(&f.parents[0].key, &f.children[0].key));
        }
        if let Some(f) = family(FIVE_TO_PAY) {
            life.documents.extend(guide::five(&f.parents[0].key, &f.children[0].key));
            registry.business(self.comune);
            life.documents.extend(business_documents(BUSINESS.0, years, life.today));
        }
        if let Some(f) = family(AWAY_SOON)
            && let Some((first_on, last_on)) = coming_lunches(life)
        {
            life.report_coming_absence(f, 0, first_on, last_on);
        }
    }
}

/// The second and third open days after today, if the year has them.
fn coming_lunches(life: &Life<'_>) -> Option<(Day, Day)> {
    let mut open = life.years[1].1.of(Level::Primaria).iter().filter(|d| d.closed.is_none() && d.day > life.today).map(|d| d.day);
    let first_on = open.nth(1)?;
    Some((first_on, open.next()?))
}
