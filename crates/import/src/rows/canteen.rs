use kernel::{Cents, Day, Instant};
use meals::absence::Effect;
use meals::attendance::Roll;

use super::LEVELS;
use crate::cells::Cells;
use crate::sheet::Record;
use crate::spec::{self, File};
use crate::values::{amount, day, moment, text, time, weekday, whole, yes_no};

#[derive(Clone, Debug)]
pub(crate) struct CalendarRow {
    pub service: String,
    pub site: String,
    pub day: Day,
    pub open: bool,
    pub cause: Option<String>,
}

impl Record for CalendarRow {
    const FILE: &'static File = &spec::CALENDAR;

    fn read(c: &Cells<'_>) -> Option<CalendarRow> {
        let (service, site) = (c.must("servizio", text), c.must("plesso", text));
        let (day, open) = (c.must("giorno", day), c.must("aperto", yes_no));
        let cause = c.may("motivo", text)?;
        Some(CalendarRow { service: service?, site: site?, day: day?, open: open?, cause })
    }

    fn key(&self) -> String {
        format!("{} {} {}", self.service, self.site, self.day)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct CutoffRow {
    pub service: String,
    pub site: Option<String>,
    pub weekday: Option<i8>,
    /// of the local day
    pub minute: i16,
    pub days_before: i32,
    pub days_ahead: i32,
    pub from_on: Day,
    pub to_on: Option<Day>,
}

impl Record for CutoffRow {
    const FILE: &'static File = &spec::CUTOFFS;

    fn read(c: &Cells<'_>) -> Option<CutoffRow> {
        let (service, site) = (c.must("servizio", text), c.may("plesso", text));
        let (weekday, at) = (c.may("giorno_settimana", weekday), c.must("ora", time));
        let (before, ahead) = (c.must("giorni_prima", day_before), c.must("giorni_avanti", whole));
        let (from_on, to_on) = (c.must("dal", day), c.may("al", day));
        c.in_order(from_on.as_ref(), to_on.flatten().as_ref());
        Some(CutoffRow {
            service: service?,
            site: site?,
            weekday: weekday?,
            minute: at.map(|t| i16::from(t.hour()) * 60 + i16::from(t.minute()))?,
            days_before: before?,
            days_ahead: ahead?,
            from_on: from_on?,
            to_on: to_on?,
        })
    }

    fn key(&self) -> String {
        let site = self.site.as_deref().unwrap_or("tutti i plessi");
        format!("{} {site} {} dal {}", self.service, self.weekday.unwrap_or(0), self.from_on)
    }
}

fn day_before(cell: &str) -> Result<i32, &'static str> {
    whole(cell).ok().filter(|days| *days <= 1).ok_or("non è 0 né 1")
}

#[derive(Clone, Debug)]
pub(crate) struct AbsenceKindRow {
    pub code: String,
    pub name_it: String,
    pub name_en: Option<String>,
    pub effect: Effect,
    pub max_days: Option<i32>,
    pub position: i32,
}

const EFFECTS: [(&str, Effect); 3] =
    [("assente", Effect::Absent), ("pasto_leggero", Effect::LightMeal), ("uscita_anticipata", Effect::EarlyExit)];

impl Record for AbsenceKindRow {
    const FILE: &'static File = &spec::ABSENCE_KINDS;

    fn read(c: &Cells<'_>) -> Option<AbsenceKindRow> {
        let (code, name_it, name_en) = (c.must("codice", text), c.must("nome", text), c.may("nome_inglese", text));
        let (effect, max_days) = (c.one_of("effetto", &EFFECTS, None), c.may("giorni_massimi", whole));
        let position = c.must("ordine", whole)?;
        let (code, name_it, name_en) = (code?, name_it?, name_en?);
        Some(AbsenceKindRow { code, name_it, name_en, effect: effect?, max_days: max_days?, position })
    }

    fn key(&self) -> String {
        self.code.clone()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct MenuRow {
    pub service: String,
    pub day: Day,
    pub level: &'static str,
    pub diet_code: String,
    pub position: i32,
    pub course: &'static str,
    pub dish: String,
    /// comma-separated
    pub allergens: String,
}

const COURSES: [(&str, &str); 6] = [
    ("primo", "primo"),
    ("secondo", "secondo"),
    ("contorno", "contorno"),
    ("frutta", "frutta"),
    ("pane", "pane"),
    ("merenda", "merenda"),
];
/// The fourteen of annex II of Regulation (EU) 1169/2011, in its order.
const ALLERGENS: [&str; 14] = [
    "glutine",
    "crostacei",
    "uova",
    "pesce",
    "arachidi",
    "soia",
    "latte",
    "frutta_a_guscio",
    "sedano",
    "senape",
    "sesamo",
    "solfiti",
    "lupini",
    "molluschi",
];

impl Record for MenuRow {
    const FILE: &'static File = &spec::MENUS;

    fn read(c: &Cells<'_>) -> Option<MenuRow> {
        let (service, day, level) = (c.must("servizio", text), c.must("giorno", day), c.one_of("grado", &LEVELS, None));
        let (diet, position) = (c.or("dieta", text, String::new()), c.must("ordine", whole));
        let (course, dish) = (c.one_of("portata", &COURSES, None), c.must("piatto", text));
        let allergens = c.or("allergeni", allergens, String::new());
        Some(MenuRow {
            service: service?,
            day: day?,
            level: level?,
            diet_code: diet?,
            position: position?,
            course: course?,
            dish: dish?,
            allergens: allergens?,
        })
    }

    fn key(&self) -> String {
        format!("{} {} {} {} {}", self.service, self.day, self.level, self.diet_code, self.position)
    }
}

fn allergens(cell: &str) -> Result<String, &'static str> {
    let words: Vec<&str> = cell.split([' ', '|']).filter(|word| !word.is_empty()).collect();
    let known = words.iter().all(|word| ALLERGENS.contains(word));
    if known { Ok(words.join(",")) } else { Err("ha un allergene che non è tra i quattordici di docs/import.md") }
}

#[derive(Clone, Debug)]
pub(crate) struct AttendanceRow {
    pub pupil: String,
    pub service: String,
    pub day: Day,
    pub status: Roll,
    pub charge: Option<ChargeCells>,
}

/// What a postpaid meal cost.
#[derive(Clone, Debug)]
pub(crate) struct ChargeCells {
    pub amount: Cents,
    pub document: Option<String>,
    pub derivation: String,
}

const STATUSES: [(&str, Roll); 3] =
    [("presente", Roll::Present), ("assente", Roll::Absent), ("presente_non_iscritto", Roll::PresentNotEnrolled)];

impl Record for AttendanceRow {
    const FILE: &'static File = &spec::ATTENDANCE;

    fn read(c: &Cells<'_>) -> Option<AttendanceRow> {
        let (pupil, service, day) = (c.must("alunno", text), c.must("servizio", text), c.must("giorno", day));
        let (status, amount) = (c.one_of("stato", &STATUSES, None), c.may("importo", amount));
        let document = c.may("documento", text)?;
        if amount == Some(None) && document.is_some() {
            c.problem("importo: manca, e un documento è indicato");
        }
        if status == Some(Roll::Absent) && matches!(amount, Some(Some(_))) {
            c.problem("importo: un assente non ha un pasto da pagare");
        }
        let derivation = c.or("derivazione", text, String::new())?;
        let charge = amount?.map(|amount| ChargeCells { amount, document, derivation });
        Some(AttendanceRow { pupil: pupil?, service: service?, day: day?, status: status?, charge })
    }

    fn key(&self) -> String {
        format!("{} {} {}", self.pupil, self.service, self.day)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct AbsenceRow {
    pub receipt: String,
    pub pupil: String,
    pub service: String,
    pub person: String,
    pub kind: String,
    pub first_on: Day,
    pub last_on: Day,
    pub received_at: Instant,
}

impl Record for AbsenceRow {
    const FILE: &'static File = &spec::ABSENCES;

    fn read(c: &Cells<'_>) -> Option<AbsenceRow> {
        let (receipt, pupil, service) = (c.must("ricevuta", text), c.must("alunno", text), c.must("servizio", text));
        let (person, kind) = (c.must("persona", text), c.must("tipo", text));
        let (first_on, last_on, at) = (c.must("dal", day), c.must("al", day), c.must("ricevuta_il", moment));
        c.in_order(first_on.as_ref(), last_on.as_ref());
        Some(AbsenceRow {
            receipt: receipt?,
            pupil: pupil?,
            service: service?,
            person: person?,
            kind: kind?,
            first_on: first_on?,
            last_on: last_on?,
            received_at: at?,
        })
    }

    fn key(&self) -> String {
        self.receipt.clone()
    }
}
