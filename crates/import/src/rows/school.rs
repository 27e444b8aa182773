use kernel::{Cents, Day, SchoolYear};

use crate::cells::Cells;
use crate::sheet::Record;
use crate::spec::{self, File};
use crate::values::{amount, amounts, day, percent, school_year, text, weekdays};

pub(crate) const LEVELS: [(&str, &str); 4] =
    [("nido", "nido"), ("infanzia", "infanzia"), ("primaria", "primaria"), ("secondaria", "secondaria")];

#[derive(Clone, Debug)]
pub(crate) struct SiteRow {
    pub key: String,
    pub institute: String,
    pub name: String,
    pub level: &'static str,
    pub address: String,
    pub kitchen: String,
}

impl Record for SiteRow {
    const FILE: &'static File = &spec::SITES;

    fn read(c: &Cells<'_>) -> Option<SiteRow> {
        let (key, institute, name) = (c.must("chiave", text), c.must("istituto", text), c.must("nome", text));
        let (level, address) = (c.one_of("grado", &LEVELS, None), c.must("indirizzo", text));
        let kitchen = c.must("cucina", text)?;
        Some(SiteRow { key: key?, institute: institute?, name: name?, level: level?, address: address?, kitchen })
    }

    fn key(&self) -> String {
        self.key.clone()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct ClassRow {
    pub key: String,
    pub site: String,
    pub school_year: SchoolYear,
    pub name: String,
    pub weekdays: u8,
}

impl Record for ClassRow {
    const FILE: &'static File = &spec::CLASSES;

    fn read(c: &Cells<'_>) -> Option<ClassRow> {
        let (key, site, year) = (c.must("chiave", text), c.must("plesso", text), c.must("anno_scolastico", school_year));
        let (name, weekdays) = (c.must("nome", text), c.must("giorni", weekdays));
        Some(ClassRow { key: key?, site: site?, school_year: year?, name: name?, weekdays: weekdays? })
    }

    fn key(&self) -> String {
        self.key.clone()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct PlacementRow {
    pub pupil: String,
    pub class: String,
    pub from_on: Day,
    pub to_on: Day,
}

impl Record for PlacementRow {
    const FILE: &'static File = &spec::PLACEMENTS;

    fn read(c: &Cells<'_>) -> Option<PlacementRow> {
        let (pupil, class) = (c.must("alunno", text), c.must("classe", text));
        let (from_on, to_on) = (c.must("dal", day), c.must("al", day));
        c.in_order(from_on.as_ref(), to_on.as_ref());
        Some(PlacementRow { pupil: pupil?, class: class?, from_on: from_on?, to_on: to_on? })
    }

    fn key(&self) -> String {
        format!("{} dal {}", self.pupil, self.from_on)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct ServiceRow {
    pub code: String,
    pub name: String,
    pub kind: &'static str,
    pub taxonomy_code: String,
    pub vat_basis_points: Option<i32>,
    pub top_up_min: Option<Cents>,
    pub top_up_max: Option<Cents>,
    pub top_up_suggested: Vec<Cents>,
}

const SERVICE_KINDS: [(&str, &str); 7] = [
    ("mensa", "meal"),
    ("scuolabus", "school_bus"),
    ("pre_scuola", "before_school"),
    ("post_scuola", "after_school"),
    ("nido", "nursery"),
    ("centro_estivo", "summer_camp"),
    ("altro", "other"),
];

impl Record for ServiceRow {
    const FILE: &'static File = &spec::SERVICES;

    fn read(c: &Cells<'_>) -> Option<ServiceRow> {
        let (code, name, kind) = (c.must("codice", text), c.must("nome", text), c.one_of("tipo", &SERVICE_KINDS, None));
        let (taxonomy_code, vat) = (c.must("tassonomia", text), c.may("iva", percent));
        let (min, max) = (c.may("ricarica_minima", amount), c.may("ricarica_massima", amount));
        if let (Some(Some(min)), Some(Some(max))) = (min, max)
            && max < min
        {
            c.problem("ricarica_massima: è meno della minima");
        }
        Some(ServiceRow {
            code: code?,
            name: name?,
            kind: kind?,
            taxonomy_code: taxonomy_code?,
            vat_basis_points: vat?,
            top_up_min: min?,
            top_up_max: max?,
            top_up_suggested: c.or("ricariche_proposte", amounts, Vec::new())?,
        })
    }

    fn key(&self) -> String {
        self.code.clone()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct EnrolmentRow {
    pub key: String,
    pub pupil: String,
    pub service: String,
    pub school_year: SchoolYear,
    pub from_on: Day,
    pub to_on: Day,
    pub state: &'static str,
    pub holder: String,
    pub addressee: Option<String>,
    pub payment_mode: &'static str,
    pub weekdays: Option<u8>,
}

const ENROLMENT_STATES: [(&str, &str); 5] = [
    ("presentata", "submitted"),
    ("attiva", "active"),
    ("sospesa", "suspended"),
    ("ritirata", "withdrawn"),
    ("chiusa", "closed"),
];
const PAYMENT_MODES: [(&str, &str); 3] = [("prepagato", "prepaid"), ("postpagato", "postpaid"), ("forfait", "flat")];

impl Record for EnrolmentRow {
    const FILE: &'static File = &spec::ENROLMENTS;

    fn read(c: &Cells<'_>) -> Option<EnrolmentRow> {
        let (key, pupil, service) = (c.must("chiave", text), c.must("alunno", text), c.must("servizio", text));
        let year = c.must("anno_scolastico", school_year);
        let (from_on, to_on) = (c.must("dal", day), c.must("al", day));
        let (state, mode) = (c.one_of("stato", &ENROLMENT_STATES, None), c.one_of("pagamento", &PAYMENT_MODES, None));
        let (holder, weekdays) = (c.must("intestatario", text), c.may("giorni", weekdays));
        c.in_order(from_on.as_ref(), to_on.as_ref());
        Some(EnrolmentRow {
            key: key?,
            pupil: pupil?,
            service: service?,
            school_year: year?,
            from_on: from_on?,
            to_on: to_on?,
            state: state?,
            holder: holder?,
            addressee: c.may("destinatario", text)?,
            payment_mode: mode?,
            weekdays: weekdays?,
        })
    }

    fn key(&self) -> String {
        self.key.clone()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct BadgeRow {
    pub code: String,
    pub pupil: String,
    pub service: String,
    pub active: bool,
    pub from_on: Day,
}

impl Record for BadgeRow {
    const FILE: &'static File = &spec::BADGES;

    fn read(c: &Cells<'_>) -> Option<BadgeRow> {
        let (code, pupil, service) = (c.must("codice", text), c.must("alunno", text), c.must("servizio", text));
        let active = c.one_of("stato", &[("attivo", true), ("chiuso", false)], Some(true));
        let from_on = c.must("dal", day)?;
        Some(BadgeRow { code: code?, pupil: pupil?, service: service?, active: active?, from_on })
    }

    fn key(&self) -> String {
        self.code.clone()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct DietRow {
    pub key: String,
    pub pupil: String,
    pub code: String,
    pub kind: &'static str,
    pub from_on: Day,
    pub to_on: Option<Day>,
}

impl Record for DietRow {
    const FILE: &'static File = &spec::DIETS;

    fn read(c: &Cells<'_>) -> Option<DietRow> {
        let (key, pupil, code) = (c.must("chiave", text), c.must("alunno", text), c.must("codice", text));
        let kind = c.one_of("tipo", &[("sanitaria", "medical"), ("etica", "ethical")], None);
        let (from_on, to_on) = (c.must("dal", day), c.may("al", day));
        c.in_order(from_on.as_ref(), to_on.flatten().as_ref());
        Some(DietRow { key: key?, pupil: pupil?, code: code?, kind: kind?, from_on: from_on?, to_on: to_on? })
    }

    fn key(&self) -> String {
        self.key.clone()
    }
}
