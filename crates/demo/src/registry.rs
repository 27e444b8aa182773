//! The files about people and schools.

use import::spec;
use kernel::{Day, SchoolYear};

use crate::calendar::{canteen_season, lessons};
use crate::comune::Comune;
use crate::family::{Adult, Family, Mode};
use crate::output::{Euro, Or, Sheet, yes_no};
use crate::personas::BUSINESS;
use crate::town::{Level, Schools};

pub(crate) struct Registry {
    persons: Sheet,
    households: Sheet,
    pupils: Sheet,
    guardians: Sheet,
    placements: Sheet,
    enrolments: Sheet,
    badges: Sheet,
    diets: Sheet,
}

impl Registry {
    pub fn new() -> Registry {
        Registry {
            persons: Sheet::new(
                &spec::PERSONS,
                &[
                    "chiave",
                    "tipo",
                    "codice_fiscale",
                    "partita_iva",
                    "cognome",
                    "nome",
                    "data_nascita",
                    "email",
                    "telefono",
                    "indirizzo",
                    "cap",
                    "comune",
                ],
            ),
            households: Sheet::new(&spec::HOUSEHOLDS, &["nucleo", "dal", "al", "tipo", "importo", "protocollo"]),
            pupils: Sheet::new(
                &spec::PUPILS,
                &[
                    "chiave",
                    "nucleo",
                    "cognome",
                    "nome",
                    "codice_fiscale",
                    "data_nascita",
                    "luogo_nascita",
                    "indirizzo",
                    "cap",
                    "comune",
                    "telefono",
                    "residente",
                    "stato",
                ],
            ),
            guardians: Sheet::new(&spec::GUARDIANS, &["alunno", "persona", "ruolo", "dal"]),
            placements: Sheet::new(&spec::PLACEMENTS, &["alunno", "classe", "dal", "al"]),
            enrolments: Sheet::new(
                &spec::ENROLMENTS,
                &["chiave", "alunno", "servizio", "anno_scolastico", "dal", "al", "stato", "intestatario", "pagamento"],
            ),
            badges: Sheet::new(&spec::BADGES, &["codice", "alunno", "servizio", "dal"]),
            diets: Sheet::new(&spec::DIETS, &["chiave", "alunno", "codice", "tipo", "dal", "al"]),
        }
    }

    pub fn into_sheets(self) -> [Sheet; 8] {
        [self.persons, self.households, self.pupils, self.guardians, self.placements, self.enrolments, self.badges, self.diets]
    }

    pub fn business(&mut self, comune: &Comune) {
        let (key, name, vat) = BUSINESS;
        let email = "amministrazione@cortemirtilla.example";
        let street = "via dei Fornai 41";
        let (cap, city) = (comune.postal_code, comune.city);
        self.persons.row(&[&key, &"impresa", &"", &vat, &name, &"", &"", &email, &"", &street, &cap, &city]);
    }

    pub fn family(&mut self, family: &Family, comune: &Comune, schools: &Schools, years: [SchoolYear; 2]) {
        for adult in family.parents.iter().chain(&family.helper) {
            self.adult(family, adult, comune);
        }
        self.household(family, years);
        for (place, child) in family.children.iter().enumerate() {
            self.pupil(family, place, comune);
            self.relations(family, &child.key, years[0]);
            for (nth, year) in years.into_iter().enumerate() {
                self.school(family, place, schools, year, child.cohort - 1 + i32::try_from(nth).expect("two years"));
            }
            if child.eats {
                self.badges.row(&[&child.badge, &child.key, &"MENSA", &years[0].first_day()]);
            }
            if let Some(diet) = child.diet {
                let (kind, last) = if diet.medical { ("sanitaria", Some(years[1].last_day())) } else { ("etica", None) };
                let key = format!("DI-{}", child.key);
                self.diets.row(&[&key, &child.key, &diet.code, &kind, &years[0].first_day(), &Or(last)]);
            }
        }
    }

    fn adult(&mut self, family: &Family, adult: &Adult, comune: &Comune) {
        let a = adult;
        // no telephone number belongs to anybody below this prefix
        let phone = format!("0000 {:06}", a.key.bytes().fold(7_u32, |sum, b| (sum * 31 + u32::from(b)) % 1_000_000));
        let email = format!("{}@posta.example", a.key.to_lowercase());
        let (code, street) = (&a.fiscal_code, &family.street);
        let (cap, city) = (comune.postal_code, comune.city);
        self.persons.row(&[&a.key, &"", code, &"", &a.family_name, &a.name, &a.birth_on, &email, &phone, street, &cap, &city]);
    }

    fn household(&mut self, family: &Family, years: [SchoolYear; 2]) {
        let key = &family.key;
        if family.isee == [None, None] {
            self.households.row(&[key, &"", &"", &"", &"", &""]);
        }
        for (isee, year) in family.isee.into_iter().zip(years) {
            if let Some(amount) = isee {
                let protocol = format!("INPS-ISEE-{}-{key}", year.0);
                self.households.row(&[key, &year.first_day(), &year.last_day(), &"minorenni", &Euro(amount), &protocol]);
            }
        }
    }

    fn pupil(&mut self, family: &Family, place: usize, comune: &Comune) {
        let c = &family.children[place];
        let state = if c.cohort > 10 { "chiuso" } else { "aperto" };
        let city = if family.resident { comune.city } else { "Borgo Vicino" };
        self.pupils.row(&[
            &c.key,
            &family.key,
            &c.family_name,
            &c.name,
            &c.fiscal_code,
            &c.birth_on,
            &comune.city,
            &family.street,
            &comune.postal_code,
            &city,
            &"",
            &yes_no(family.resident),
            &state,
        ]);
    }

    fn relations(&mut self, family: &Family, pupil: &str, since: SchoolYear) {
        let from: Day = since.first_day();
        for (place, parent) in family.parents.iter().enumerate() {
            let role = if place == 0 { "intestatario" } else { "tutore" };
            self.guardians.row(&[&pupil, &parent.key, &role, &from]);
        }
        if let Some(helper) = &family.helper {
            self.guardians.row(&[&pupil, &helper.key, &"delegato", &from]);
        }
    }

    fn school(&mut self, family: &Family, place: usize, schools: &Schools, year: SchoolYear, cohort: i32) {
        let child = &family.children[place];
        let Some(class) = schools.class_of(year, cohort, family.zone, child.lot) else { return };
        let level = Level::of_cohort(cohort).expect("a class has a level");
        self.placements.row(&[&child.key, &class.key, &year.first_day(), &year.last_day()]);
        let holder = &family.parents[0].key;
        if child.eats {
            let mode = if family.mode == Mode::Prepaid { "prepagato" } else { "postpagato" };
            let key = format!("I-{}-{}-MENSA", child.key, year.0);
            let from = canteen_season(year, level).0;
            self.enrolments.row(&[&key, &child.key, &"MENSA", &year, &from, &year.last_day(), &"attiva", holder, &mode]);
        }
        for service in &child.extras {
            let key = format!("I-{}-{}-{service}", child.key, year.0);
            let (from, to) = lessons(year);
            self.enrolments.row(&[&key, &child.key, service, &year, &from, &to, &"attiva", holder, &"forfait"]);
        }
    }
}

pub(crate) fn sites(schools: &Schools, comune: &Comune) -> Sheet {
    let mut sheet = Sheet::new(&spec::SITES, &["chiave", "istituto", "nome", "grado", "indirizzo", "cucina"]);
    let institute = format!("Istituto comprensivo di {}", comune.city);
    for site in &schools.sites {
        sheet.row(&[&site.key, &institute, &site.name, &site.level.code(), &site.address, &"Centro cottura comunale"]);
    }
    sheet
}

pub(crate) fn classes(schools: &Schools, years: [SchoolYear; 2]) -> Sheet {
    let mut sheet = Sheet::new(&spec::CLASSES, &["chiave", "plesso", "anno_scolastico", "nome", "giorni"]);
    for class in years.into_iter().flat_map(|year| schools.classes(year)) {
        let days = ["lun", "mar", "mer", "gio", "ven"];
        let days: Vec<&str> =
            days.into_iter().enumerate().filter(|(n, _)| class.weekdays & (1 << n) != 0).map(|(_, d)| d).collect();
        sheet.row(&[&class.key, &schools.sites[class.site].key, &class.year, &class.name, &days.join(" ")]);
    }
    sheet
}
