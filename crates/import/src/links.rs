//! Whether what rows refer to is there: in the folder, or loaded before.

use std::collections::{HashMap, HashSet};

use kernel::Cents;

use crate::folder::Folder;
use crate::report::BadRow;
use crate::sheet::{Placed, Record};
use crate::spec::{self, File};

/// The keys that rows may refer to, by the file that gives them.
pub(crate) struct Keys(HashMap<&'static str, HashSet<String>>);

impl Keys {
    /// `loaded` are the keys in the database, by file.
    pub fn new(mut loaded: HashMap<&'static str, HashSet<String>>, folder: &Folder) -> Keys {
        fn add<R: Record>(keys: &mut HashMap<&'static str, HashSet<String>>, rows: &[Placed<R>], key: impl Fn(&R) -> &str) {
            keys.entry(R::FILE.name).or_default().extend(rows.iter().map(|row| key(&row.value).to_owned()));
        }
        add(&mut loaded, &folder.persons, |r| &r.key);
        add(&mut loaded, &folder.households, |r| &r.household);
        add(&mut loaded, &folder.pupils, |r| &r.key);
        add(&mut loaded, &folder.sites, |r| &r.key);
        add(&mut loaded, &folder.classes, |r| &r.key);
        add(&mut loaded, &folder.services, |r| &r.code);
        add(&mut loaded, &folder.badges, |r| &r.code);
        add(&mut loaded, &folder.absence_kinds, |r| &r.code);
        add(&mut loaded, &folder.tariffs, |r| &r.key);
        add(&mut loaded, &folder.documents, |r| &r.key);
        Keys(loaded)
    }

    fn has(&self, file: &File, key: &str) -> bool {
        self.0.get(file.name).is_some_and(|keys| keys.contains(key))
    }
}

struct Checker<'a> {
    keys: &'a Keys,
    bad: &'a mut Vec<BadRow>,
}

impl Checker<'_> {
    fn refer<R: Record>(&mut self, rows: &[Placed<R>], column: &str, to: &File, key: impl Fn(&R) -> Option<&str>) {
        for row in rows {
            if let Some(key) = key(&row.value).filter(|key| !self.keys.has(to, key)) {
                let reason = format!("{column}: «{key}» non è in {} e non è già stato importato", to.name);
                self.bad.push(BadRow::new(R::FILE.name, row.row, reason));
            }
        }
    }
}

pub(crate) fn check(folder: &Folder, keys: &Keys, bad: &mut Vec<BadRow>) {
    let mut c = Checker { keys, bad };
    registry(&mut c, folder);
    canteen(&mut c, folder);
    money(&mut c, folder);
    documents_add_up(folder, bad);
    numbers_are_not_repeated(folder, bad);
    codes_are_not_shared(folder, bad);
}

fn registry(c: &mut Checker<'_>, f: &Folder) {
    c.refer(&f.pupils, "nucleo", &spec::HOUSEHOLDS, |r| r.household.as_deref());
    c.refer(&f.guardians, "alunno", &spec::PUPILS, |r| Some(&r.pupil));
    c.refer(&f.guardians, "persona", &spec::PERSONS, |r| Some(&r.person));
    c.refer(&f.classes, "plesso", &spec::SITES, |r| Some(&r.site));
    c.refer(&f.placements, "alunno", &spec::PUPILS, |r| Some(&r.pupil));
    c.refer(&f.placements, "classe", &spec::CLASSES, |r| Some(&r.class));
    c.refer(&f.enrolments, "alunno", &spec::PUPILS, |r| Some(&r.pupil));
    c.refer(&f.enrolments, "servizio", &spec::SERVICES, |r| Some(&r.service));
    c.refer(&f.enrolments, "intestatario", &spec::PERSONS, |r| Some(&r.holder));
    c.refer(&f.enrolments, "destinatario", &spec::PERSONS, |r| r.addressee.as_deref());
    c.refer(&f.badges, "alunno", &spec::PUPILS, |r| Some(&r.pupil));
    c.refer(&f.badges, "servizio", &spec::SERVICES, |r| Some(&r.service));
    c.refer(&f.diets, "alunno", &spec::PUPILS, |r| Some(&r.pupil));
    c.refer(&f.attachments, "alunno", &spec::PUPILS, |r| Some(&r.pupil));
    c.refer(&f.attachments, "persona", &spec::PERSONS, |r| r.person.as_deref());
}

fn canteen(c: &mut Checker<'_>, f: &Folder) {
    c.refer(&f.calendar, "servizio", &spec::SERVICES, |r| Some(&r.service));
    c.refer(&f.calendar, "plesso", &spec::SITES, |r| Some(&r.site));
    c.refer(&f.cutoffs, "servizio", &spec::SERVICES, |r| Some(&r.service));
    c.refer(&f.cutoffs, "plesso", &spec::SITES, |r| r.site.as_deref());
    c.refer(&f.menus, "servizio", &spec::SERVICES, |r| Some(&r.service));
    c.refer(&f.attendance, "alunno", &spec::PUPILS, |r| Some(&r.pupil));
    c.refer(&f.attendance, "servizio", &spec::SERVICES, |r| Some(&r.service));
    c.refer(&f.attendance, "documento", &spec::DOCUMENTS, |r| r.charge.as_ref()?.document.as_deref());
    c.refer(&f.absences, "alunno", &spec::PUPILS, |r| Some(&r.pupil));
    c.refer(&f.absences, "servizio", &spec::SERVICES, |r| Some(&r.service));
    c.refer(&f.absences, "persona", &spec::PERSONS, |r| Some(&r.person));
    c.refer(&f.absences, "tipo", &spec::ABSENCE_KINDS, |r| Some(&r.kind));
}

fn money(c: &mut Checker<'_>, f: &Folder) {
    c.refer(&f.tariffs, "servizio", &spec::SERVICES, |r| Some(&r.service));
    c.refer(&f.documents, "intestatario", &spec::PERSONS, |r| Some(&r.holder));
    c.refer(&f.documents, "alunno", &spec::PUPILS, |r| r.pupil.as_deref());
    c.refer(&f.documents, "servizio", &spec::SERVICES, |r| Some(&r.service));
    c.refer(&f.movements, "badge", &spec::BADGES, |r| Some(&r.badge));
    // parts come with what they are part of
    let here = Keys::new(HashMap::new(), f);
    let mut c = Checker { keys: &here, bad: c.bad };
    c.refer(&f.lines, "documento", &spec::DOCUMENTS, |r| Some(&r.document));
    c.refer(&f.instalments, "documento", &spec::DOCUMENTS, |r| Some(&r.document));
    c.refer(&f.rules, "piano", &spec::TARIFFS, |r| Some(&r.plan));
}

fn documents_add_up(folder: &Folder, bad: &mut Vec<BadRow>) {
    let (mut lines, mut instalments) = (HashMap::<&str, Cents>::new(), HashMap::<&str, Cents>::new());
    for line in &folder.lines {
        *lines.entry(&line.value.document).or_default() += line.value.amount;
    }
    for instalment in &folder.instalments {
        *instalments.entry(&instalment.value.document).or_default() += instalment.value.amount;
    }
    for document in &folder.documents {
        let key = document.value.key.as_str();
        let reason = match (lines.get(key), instalments.get(key)) {
            (None, _) => "il documento non ha righe in righe_documento.csv".to_owned(),
            (_, None) => "il documento non ha rate in rate.csv".to_owned(),
            (Some(lines), _) if *lines <= Cents::ZERO => "il documento non ha un importo da chiedere".to_owned(),
            (Some(lines), Some(rates)) if lines != rates => {
                format!("le righe fanno {} e le rate {}", lines.format_it(), rates.format_it())
            }
            _ => continue,
        };
        bad.push(BadRow::new(spec::DOCUMENTS.name, document.row, reason));
    }
}

fn numbers_are_not_repeated(folder: &Folder, bad: &mut Vec<BadRow>) {
    let mut seen = HashMap::new();
    for document in &folder.documents {
        let (series, number) = (&document.value.series, &document.value.number);
        if let Some(first) = seen.insert((series, number), document.row) {
            let reason = format!("numero: {number} della serie {series} è già alla riga {first}");
            bad.push(BadRow::new(spec::DOCUMENTS.name, document.row, reason));
        }
    }
}

fn codes_are_not_shared(folder: &Folder, bad: &mut Vec<BadRow>) {
    fn check<R: Record>(rows: &[Placed<R>], column: &str, code: impl Fn(&R) -> Option<&str>, bad: &mut Vec<BadRow>) {
        let mut seen = HashMap::new();
        for row in rows {
            if let Some(first) = code(&row.value).and_then(|code| seen.insert(code.to_owned(), row.row)) {
                bad.push(BadRow::new(R::FILE.name, row.row, format!("{column}: è già alla riga {first}")));
            }
        }
    }
    check(&folder.persons, "codice_fiscale", |r| r.fiscal_code.as_ref().map(|c| c.as_str()), bad);
    check(&folder.persons, "partita_iva", |r| r.vat_number.as_deref(), bad);
    check(&folder.pupils, "codice_fiscale", |r| r.fiscal_code.as_ref().map(|c| c.as_str()), bad);
}
