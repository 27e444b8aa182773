//! Two school years of every family: what was eaten, reported, charged and paid.

use import::spec;
use kernel::{Cents, Day, SchoolYear};

use crate::calendar::lessons;
use crate::chance::{Chance, plus};
use crate::days::{Lunches, SchoolDays, lunches};
use crate::documents::*;
use crate::family::{Family, Mode};
use crate::output::{Euro, Or, Sheet};
use crate::prices::{Price, Prices, facts};
use crate::town::{Level, Schools};
use crate::wallet::{Kind, Meal, movements};

pub(crate) struct Life<'a> {
    pub schools: &'a Schools,
    pub prices: &'a Prices,
    pub years: &'a [(SchoolYear, SchoolDays); 2],
    pub today: Day,
    attendance: Sheet,
    movements: Sheet,
    reports: Vec<Report>,
    pub documents: Vec<Document>,
}

/// An absence as a guardian reported it; numbered when all are known.
struct Report {
    received_on: Day,
    minute: u32,
    pupil: String,
    person: String,
    first_on: Day,
    last_on: Day,
}

impl<'a> Life<'a> {
    pub fn new(schools: &'a Schools, prices: &'a Prices, years: &'a [(SchoolYear, SchoolDays); 2], today: Day) -> Life<'a> {
        let attendance = ["alunno", "servizio", "giorno", "stato", "importo", "documento", "derivazione"];
        let movements = ["chiave", "badge", "data", "tipo", "importo", "descrizione", "derivazione"];
        Life {
            schools,
            prices,
            years,
            today,
            attendance: Sheet::new(&spec::ATTENDANCE, &attendance),
            movements: Sheet::new(&spec::MOVEMENTS, &movements),
            reports: Vec::new(),
            documents: Vec::new(),
        }
    }

    pub fn family(&mut self, chance: &mut Chance, family: &Family) {
        for place in 0..family.children.len() {
            let mut meals = Vec::new();
            let mut prices = Vec::new();
            for nth in 0..2 {
                self.flat_fees(chance, family, place, nth);
                self.canteen(chance, family, place, nth, &mut meals, &mut prices);
            }
            if family.mode == Mode::Prepaid && family.children[place].eats && !meals.is_empty() {
                self.wallet(chance, family, place, &meals, &prices);
            }
        }
    }

    fn cohort(&self, family: &Family, place: usize, nth: usize) -> i32 {
        family.children[place].cohort - 1 + i32::try_from(nth).expect("two years")
    }

    /// The price of a service for a child of the family in a year, with brothers and sisters enrolled counted.
    fn price(&self, family: &Family, place: usize, nth: usize, service: &'static str, on: Day) -> Option<Price> {
        let level = Level::of_cohort(self.cohort(family, place, nth))?;
        let in_it = |other: &usize| {
            let child = &family.children[*other];
            let takes = if service == "MENSA" { child.eats } else { child.extras.contains(&service) };
            takes && Level::of_cohort(self.cohort(family, *other, nth)).is_some()
        };
        let enrolled: Vec<usize> = (0..family.children.len()).filter(in_it).collect();
        let order = enrolled.iter().position(|other| *other == place)? + 1;
        let small = |n: usize| u8::try_from(n).expect("a family is small");
        let minors = small(family.children.len());
        let facts = facts(family.resident, level, family.isee[nth], minors, small(enrolled.len()), small(order));
        Some(self.prices.of(service, on, &facts))
    }

    fn canteen(&mut self, c: &mut Chance, f: &Family, place: usize, nth: usize, meals: &mut Vec<Meal>, prices: &mut Vec<Price>) {
        let child = &f.children[place];
        let (year, days) = &self.years[nth];
        let cohort = self.cohort(f, place, nth);
        let Some(class) = self.schools.class_of(*year, cohort, f.zone, child.lot).filter(|_| child.eats) else { return };
        let level = Level::of_cohort(cohort).expect("a class has a level");
        let lunches = lunches(c, days.of(level), class.weekdays, self.today);
        self.report_absences(c, f, place, &lunches);
        let Some(first) = lunches.days.first() else { return };
        let price = self.price(f, place, nth, "MENSA", first.0).expect("the child eats");
        match f.mode {
            Mode::Postpaid => self.monthly_documents(c, f, place, *year, &lunches, &price),
            Mode::Prepaid => {
                let at = prices.len();
                for (on, present) in &lunches.days {
                    let status = if *present { "presente" } else { "assente" };
                    self.attendance.row(&[&child.key, &"MENSA", on, &status, &"", &"", &""]);
                    if *present {
                        meals.push(Meal { on: *on, amount: price.amount, price: at });
                    }
                }
                prices.push(price);
            }
        }
    }

    fn report_absences(&mut self, chance: &mut Chance, family: &Family, place: usize, lunches: &Lunches) {
        for absence in lunches.absences.iter().filter(|a| a.reported) {
            let person = &family.parents[if chance.percent(75) { 0 } else { family.parents.len() - 1 }];
            // the evening before, or between seven and five to nine
            let (on, minute) = if chance.percent(30) {
                (plus(absence.first_on, -1), 1080 + chance.below(180))
            } else {
                (absence.first_on, 420 + chance.below(115))
            };
            let (pupil, person) = (family.children[place].key.clone(), person.key.clone());
            let (first_on, last_on) = (absence.first_on, absence.last_on);
            self.reports.push(Report { received_on: on, minute, pupil, person, first_on, last_on });
        }
    }

    /// An absence reported yesterday for the next lunches.
    pub fn report_coming_absence(&mut self, family: &Family, place: usize, first_on: Day, last_on: Day) {
        let (pupil, person) = (family.children[place].key.clone(), family.parents[0].key.clone());
        self.reports.push(Report { received_on: plus(self.today, -1), minute: 1110, pupil, person, first_on, last_on });
    }

    fn monthly_documents(
        &mut self,
        c: &mut Chance,
        f: &Family,
        place: usize,
        year: SchoolYear,
        lunches: &Lunches,
        price: &Price,
    ) {
        let pupil = &f.children[place].key;
        for period in periods(year) {
            let of_period: Vec<&(Day, bool)> =
                lunches.days.iter().filter(|(day, _)| (period.first_on..=period.last_on).contains(day)).collect();
            let eaten = of_period.iter().filter(|(_, present)| *present).count();
            let issue = period.issued_on < self.today && eaten > 0 && !price.amount.is_zero();
            let key = format!("MF-{pupil}-{}", period.last_on.strftime("%Y%m"));
            for (day, present) in of_period {
                let charge = present.then_some(Euro(price.amount));
                let document = (*present && issue).then_some(&key);
                let derivation = present.then_some(&price.derivation);
                let status = if *present { "presente" } else { "assente" };
                self.attendance.row(&[pupil, &"MENSA", day, &status, &Or(charge), &Or(document), &Or(derivation)]);
            }
            if issue {
                let quantity = i64::try_from(eaten).expect("meals of a month");
                self.issue(c, f, place, monthly_document(key, f, place, year, &period, quantity, price.amount));
            }
        }
    }

    fn flat_fees(&mut self, chance: &mut Chance, family: &Family, place: usize, nth: usize) {
        let year = self.years[nth].0;
        let issued_on = plus(lessons(year).0, 10);
        if Level::of_cohort(self.cohort(family, place, nth)).is_none() || issued_on >= self.today {
            return;
        }
        for service in family.children[place].extras.clone() {
            let price = self.price(family, place, nth, service, issued_on).expect("the child is enrolled");
            self.issue(chance, family, place, yearly_document(family, place, service, year, issued_on, price.amount));
        }
    }

    fn issue(&mut self, chance: &mut Chance, family: &Family, _place: usize, mut document: Document) {
        settle(chance, &mut document, family.habit, self.today);
        self.documents.push(document);
    }

    fn wallet(&mut self, chance: &mut Chance, family: &Family, place: usize, meals: &[Meal], prices: &[Price]) {
        let badge = &family.children[place].badge;
        let mut top_ups = 0;
        for m in movements(chance, self.years[0].0.first_day(), meals, family.habit) {
            let (key, kind, text, derivation) = match m.kind {
                Kind::Opening => (format!("S-{badge}"), "saldo_iniziale", "Saldo iniziale", None),
                Kind::TopUp(text) => {
                    top_ups += 1;
                    (format!("R-{badge}-{top_ups}"), "ricarica", text, None)
                }
                Kind::Meal => (format!("P-{badge}-{}", m.on), "pasto", "Pasto alla mensa", Some(&prices[m.price].derivation)),
            };
            self.movements.row(&[&key, badge, &m.on, &kind, &Euro(m.amount), &text, &Or(derivation)]);
        }
    }

    /// The sheets, with reports and documents numbered in the order they came.
    pub fn into_sheets(mut self) -> [Sheet; 6] {
        let reports = self.report_sheet();
        let [documents, lines, instalments] = document_sheets(self.documents);
        [self.attendance, self.movements, reports, documents, lines, instalments]
    }

    fn report_sheet(&mut self) -> Sheet {
        let columns = ["ricevuta", "alunno", "servizio", "persona", "tipo", "dal", "al", "ricevuta_il"];
        let mut sheet = Sheet::new(&spec::ABSENCES, &columns);
        self.reports.sort_by(|a, b| (a.received_on, a.minute, &a.pupil).cmp(&(b.received_on, b.minute, &b.pupil)));
        let (mut year, mut number) = (0, 0);
        for r in &self.reports {
            number = if r.received_on.year() == year { number + 1 } else { 1 };
            year = r.received_on.year();
            let receipt = format!("A-{year}-{number:06}");
            let at = format!("{} {:02}:{:02}", r.received_on, r.minute / 60, r.minute % 60);
            sheet.row(&[&receipt, &r.pupil, &"MENSA", &r.person, &"ASSENTE", &r.first_on, &r.last_on, &at]);
        }
        sheet
    }
}

fn monthly_document(
    key: String,
    f: &Family,
    place: usize,
    year: SchoolYear,
    period: &Period,
    meals: i64,
    unit: Cents,
) -> Document {
    Document {
        key,
        series: period.issued_on.year().to_string(),
        number: None,
        issued_on: period.issued_on,
        year,
        description: format!("Refezione scolastica, {}", period.name),
        holder: f.parents[0].key.clone(),
        pupil: Some(f.children[place].key.clone()),
        service: "MENSA",
        enforced_on: None,
        lines: vec![Line { description: format!("Pasti di {}", period.name), quantity: meals, unit }],
        instalments: monthly_instalments(unit.times(meals), period.issued_on),
    }
}

fn yearly_document(f: &Family, place: usize, service: &'static str, year: SchoolYear, issued_on: Day, amount: Cents) -> Document {
    let name = match service {
        "BUS" => "Trasporto scolastico",
        "PRE" => "Pre-scuola",
        _ => "Post-scuola",
    };
    Document {
        key: format!("AF-{}-{service}-{}", f.children[place].key, year.0),
        series: issued_on.year().to_string(),
        number: None,
        issued_on,
        year,
        description: format!("{name}, anno scolastico {year}"),
        holder: f.parents[0].key.clone(),
        pupil: Some(f.children[place].key.clone()),
        service,
        enforced_on: None,
        lines: vec![Line { description: format!("Quota annuale {}", name.to_lowercase()), quantity: 1, unit: amount }],
        instalments: yearly_instalments(amount, year),
    }
}

/// What a business owes for the lunches of its staff at the canteen: a document for each period.
pub(crate) fn business_documents(holder: &str, years: [SchoolYear; 2], today: Day) -> Vec<Document> {
    let periods = years.into_iter().flat_map(|year| periods(year).into_iter().map(move |period| (year, period)));
    let issued: Vec<(SchoolYear, Period)> = periods.filter(|(_, period)| period.issued_on < today).collect();
    let last = issued.len().saturating_sub(1);
    let document = |(nth, (year, period)): (usize, (SchoolYear, Period))| {
        let (quantity, unit) = (18 + i64::try_from(nth).expect("few periods") % 5, Cents(650));
        let (amount, due_on) = (unit.times(quantity), plus(period.issued_on, 30));
        let paid = (nth < last && due_on < today).then_some((plus(due_on, -4), "Bonifico"));
        Document {
            key: format!("MI-{}", period.last_on.strftime("%Y%m")),
            series: period.issued_on.year().to_string(),
            number: None,
            issued_on: period.issued_on,
            year,
            description: format!("Pasti in convenzione, {}", period.name),
            holder: holder.to_owned(),
            pupil: None,
            service: "MENSA",
            enforced_on: None,
            lines: vec![Line { description: format!("Pasti adulti di {}", period.name), quantity, unit }],
            instalments: vec![Instalment { due_on, amount, paid }],
        }
    };
    issued.into_iter().enumerate().map(document).collect()
}

fn document_sheets(mut documents: Vec<Document>) -> [Sheet; 3] {
    documents.sort_by(|a, b| (a.issued_on, &a.key).cmp(&(b.issued_on, &b.key)));
    let columns = [
        "chiave",
        "serie",
        "numero",
        "data",
        "anno_scolastico",
        "descrizione",
        "intestatario",
        "alunno",
        "servizio",
        "messa_a_ruolo",
    ];
    let mut sheet = Sheet::new(&spec::DOCUMENTS, &columns);
    let mut lines = Sheet::new(&spec::LINES, &["documento", "riga", "descrizione", "quantita", "prezzo", "importo"]);
    let columns = ["documento", "rata", "scadenza", "importo", "pagato", "pagato_il", "pagato_con"];
    let mut rates = Sheet::new(&spec::INSTALMENTS, &columns);
    let (mut year, mut next) = (0, 0);
    for d in &documents {
        next = if d.issued_on.year() == year { next + 1 } else { 1 };
        year = d.issued_on.year();
        let number = d.number.clone().unwrap_or_else(|| format!("{}{next:04}", year % 100));
        let (pupil, enforced_on) = (Or(d.pupil.as_ref()), Or(d.enforced_on));
        sheet.row(&[
            &d.key,
            &d.series,
            &number,
            &d.issued_on,
            &d.year,
            &d.description,
            &d.holder,
            &pupil,
            &d.service,
            &enforced_on,
        ]);
        for (n, line) in d.lines.iter().enumerate() {
            let amount = Euro(line.unit.times(line.quantity));
            lines.row(&[&d.key, &(n + 1), &line.description, &line.quantity, &Euro(line.unit), &amount]);
        }
        for (n, i) in d.instalments.iter().enumerate() {
            let paid = i.paid.map(|_| Euro(i.amount));
            let (on, by) = (i.paid.map(|p| p.0), i.paid.map(|p| p.1));
            rates.row(&[&d.key, &(n + 1), &i.due_on, &Euro(i.amount), &Or(paid), &Or(on), &Or(by)]);
        }
    }
    [sheet, lines, rates]
}
