//! The people one can sign in as: families put together by hand, so that each page has something to show.

use kernel::{Cents, Day, FiscalCode, SchoolYear};

use crate::calendar::date;
use crate::family::{Adult, Child, Family, Habit, Mode};

/// How somebody signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// SPID or CIE, as a natural person.
    Person,
    /// SPID of a legal person, which the portal refuses with words; a business uses name and password.
    Business,
}

/// Somebody to sign in as, invented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persona {
    pub name: String,
    pub family_name: String,
    /// A codice fiscale; of a business its VAT number.
    pub fiscal_code: String,
    /// None for a business.
    pub date_of_birth: Option<Day>,
    /// What to look at, in Italian.
    pub look_at: &'static str,
    pub scheme: Scheme,
    /// Host name of the portal where the persona is known.
    pub host: String,
}

/// A business of the town; its number has a province that does not exist.
pub(crate) const BUSINESS: (&str, &str, &str) = ("D-IMPRESA", "Corte Mirtilla S.r.l.", "80000230005");

pub(crate) struct Cast {
    pub families: Vec<Family>,
    /// In the order to show them.
    pub personas: Vec<Persona>,
}

/// Keys of the two families of the guide.
pub(crate) const NINE_DOCUMENTS: &str = "D4";
pub(crate) const FIVE_TO_PAY: &str = "D5";
/// The family with an absence reported for a day to come.
pub(crate) const AWAY_SOON: &str = "D2";

struct Part {
    key: &'static str,
    /// name, family name, whether a woman, birth
    parents: &'static [(&'static str, &'static str, bool, (i16, i8, i8))],
    helper: Option<(&'static str, &'static str, bool, (i16, i8, i8))>,
    /// name, whether a girl, cohort, month and day of birth
    children: &'static [(&'static str, bool, i32, i8, i8)],
    child_family_name: &'static str,
    extras: &'static [&'static str],
    isee: Option<i64>,
    mode: Mode,
    habit: Habit,
    /// What to look at for each parent, then for the helper.
    look_at: &'static [&'static str],
}

/// A parent with children in both Comuni: the same person in two registries.
const IN_BOTH: (&str, &str, bool, (i16, i8, i8)) = ("Dora", "Quermonti", true, (1985, 7, 22));

const MAIN: [Part; 7] = [
    Part {
        key: "D1",
        parents: &[("Marta", "Lorvandi", true, (1988, 4, 17)), ("Stefano", "Serbardi", false, (1985, 9, 2))],
        helper: None,
        children: &[("Tommaso", false, 4, 6, 21)],
        child_family_name: "Serbardi",
        extras: &[],
        isee: None,
        mode: Mode::Prepaid,
        habit: Habit::Punctual,
        look_at: &[
            "Un figlio, prepagato: conto corrente virtuale con credito, ricariche, presenze",
            "L'altro genitore: stessi diritti, ma non è l'intestatario",
        ],
    },
    Part {
        key: "D2",
        parents: &[("Laura", "Montofani", true, (1984, 1, 30)), ("Claudio", "Dortulli", false, (1982, 12, 5))],
        helper: Some(("Raffaella", "Montofani", true, (1955, 3, 8))),
        children: &[("Pietro", false, 6, 2, 11), ("Bianca", true, 4, 10, 3), ("Enea", false, 1, 5, 27)],
        child_family_name: "Dortulli",
        extras: &[],
        isee: Some(812_350),
        mode: Mode::Prepaid,
        habit: Habit::Punctual,
        look_at: &[
            "Tre figli in due scuole: scelta dell'alunno, riduzione fratelli, un'assenza già comunicata",
            "",
            "La nonna delegata: vede e comunica assenze, non paga",
        ],
    },
    Part {
        key: "D3",
        parents: &[("Enrico", "Galquadri", false, (1979, 7, 14)), ("Olga", "Pelfioli", true, (1983, 2, 19))],
        helper: None,
        children: &[("Greta", true, 5, 8, 9)],
        child_family_name: "Galquadri",
        extras: &["POST"],
        isee: Some(1_231_200),
        mode: Mode::Postpaid,
        habit: Habit::Overdue,
        look_at: &["Postpagato con rate scadute: pagamento, avvisi, un documento messo a ruolo"],
    },
    Part {
        key: NINE_DOCUMENTS,
        parents: &[("Silvia", "Belloni", true, (1986, 6, 1))],
        helper: None,
        children: &[("Elettra", true, 7, 3, 9)],
        child_family_name: "Belloni",
        extras: &[],
        isee: None,
        mode: Mode::Prepaid,
        habit: Habit::Punctual,
        look_at: &["Lo storico della guida: nove documenti contabili, uno da pagare"],
    },
    Part {
        key: FIVE_TO_PAY,
        parents: &[("Ivan", "Belloni", false, (1981, 10, 23))],
        helper: None,
        children: &[("Elettra", true, 7, 11, 21)],
        child_family_name: "Belloni",
        extras: &[],
        isee: None,
        mode: Mode::Prepaid,
        habit: Habit::Punctual,
        look_at: &["I pagamenti della guida: cinque rate da selezionare (e un'alunna omonima)"],
    },
    Part {
        key: "D6",
        parents: &[("Amina", "Ferzorri", true, (1990, 11, 12))],
        helper: None,
        children: &[("Youssef", false, 3, 4, 2)],
        child_family_name: "Ferzorri",
        extras: &[],
        isee: Some(1_418_000),
        mode: Mode::Prepaid,
        habit: Habit::EndsWith(Cents(340)),
        look_at: &["Prepagato con credito quasi finito: ricarica"],
    },
    Part {
        key: "D7",
        parents: &[IN_BOTH],
        helper: None,
        children: &[("Ludovica", true, 6, 1, 15)],
        child_family_name: "Quermonti",
        extras: &[],
        isee: None,
        mode: Mode::Postpaid,
        habit: Habit::Overdue,
        look_at: &["Figli in due Comuni: gli avvisi di entrambi in un solo carrello"],
    },
];

const SECOND: [Part; 2] = [
    Part {
        key: "D1",
        parents: &[("Roberta", "Salmandi", true, (1987, 5, 6))],
        helper: None,
        children: &[("Viola", true, 5, 9, 13)],
        child_family_name: "Salmandi",
        extras: &["BUS"],
        isee: None,
        mode: Mode::Postpaid,
        habit: Habit::Punctual,
        look_at: &["L'altro Comune, con altri colori: documenti mensili e scuolabus"],
    },
    Part {
        key: "D8",
        parents: &[IN_BOTH],
        helper: None,
        children: &[("Arturo", false, 4, 3, 30)],
        child_family_name: "Quermonti",
        extras: &[],
        isee: None,
        mode: Mode::Postpaid,
        habit: Habit::Overdue,
        look_at: &["Figli in due Comuni: la stessa persona, vista dall'altro"],
    },
];

const NOBODY: (&str, &str, (i16, i8, i8)) = ("Ugo", "Nartorelli", (1975, 8, 28));

pub(crate) fn main_cast(present: SchoolYear, host: &str) -> Cast {
    let mut cast = cast(&MAIN, present, host);
    let (name, family_name, (y, m, d)) = NOBODY;
    let nobody = Adult::new(String::new(), name, family_name, false, date(y, m, d));
    cast.personas.push(persona(&nobody, "Nessuna relazione con un alunno: consultazione non possibile", host));
    let (_, business, vat_number) = BUSINESS;
    cast.personas.push(Persona {
        name: String::new(),
        family_name: business.to_owned(),
        fiscal_code: vat_number.to_owned(),
        date_of_birth: None,
        look_at: "Un'impresa con partita IVA: entra con utente e password; l'identità SPID di persona giuridica è rifiutata",
        scheme: Scheme::Business,
        host: host.to_owned(),
    });
    cast
}

pub(crate) fn second_cast(present: SchoolYear, host: &str) -> Cast {
    cast(&SECOND, present, host)
}

fn cast(parts: &[Part], present: SchoolYear, host: &str) -> Cast {
    let families: Vec<Family> = parts.iter().enumerate().map(|(nth, part)| family(part, nth, present)).collect();
    let mut personas = Vec::new();
    for (part, family) in parts.iter().zip(&families) {
        let adults = family.parents.iter().chain(&family.helper);
        let shown = adults.zip(part.look_at).filter(|(_, look_at)| !look_at.is_empty());
        personas.extend(shown.map(|(adult, look_at)| persona(adult, look_at, host)));
    }
    Cast { families, personas }
}

fn persona(adult: &Adult, look_at: &'static str, host: &str) -> Persona {
    Persona {
        name: adult.name.clone(),
        family_name: adult.family_name.clone(),
        fiscal_code: adult.fiscal_code.to_string(),
        date_of_birth: Some(adult.birth_on),
        look_at,
        scheme: Scheme::Person,
        host: host.to_owned(),
    }
}

fn family(part: &Part, nth: usize, present: SchoolYear) -> Family {
    let adult = |(place, (name, family_name, female, (y, m, d))): (usize, &(&str, &str, bool, (i16, i8, i8)))| {
        Adult::new(format!("{}-{}", part.key, place + 1), name, family_name, *female, date(*y, *m, *d))
    };
    let children = part.children.iter().enumerate().map(|(place, child)| family_child(part, nth, place, child, present));
    Family {
        key: part.key.to_owned(),
        resident: true,
        street: format!("via del Mirto {}", 3 + 4 * nth),
        zone: 100,
        parents: part.parents.iter().enumerate().map(adult).collect(),
        helper: part.helper.as_ref().map(|helper| adult((8, helper))),
        children: children.collect(),
        isee: [part.isee.map(Cents); 2],
        mode: part.mode,
        habit: part.habit,
    }
}

fn family_child(part: &Part, nth: usize, place: usize, child: &(&str, bool, i32, i8, i8), present: SchoolYear) -> Child {
    let (name, female, cohort, month, day) = *child;
    let (key, badge) = (format!("{}-A{}", part.key, place + 1), format!("9{:05}{place}", nth + 1));
    // the children of the guide were born when they were: their papers have fixed years
    let fixed = [NINE_DOCUMENTS, FIVE_TO_PAY].contains(&part.key);
    let year = if fixed { 2016 } else { Child::birth_year(cohort, present) };
    let cohort = if fixed { i32::from(present.0) - 3 - 2016 } else { cohort };
    let mut child = Child::new(key, name, part.child_family_name, female, cohort, date(year, month, day), badge);
    child.extras = part.extras.to_vec();
    child
}

/// All codici fiscali of the cast, which no family by chance may have.
pub(crate) fn codes(cast: &Cast) -> impl Iterator<Item = &FiscalCode> {
    let of = |f| {
        let f: &Family = f;
        f.parents.iter().chain(&f.helper).map(|a| &a.fiscal_code).chain(f.children.iter().map(|c| &c.fiscal_code))
    };
    cast.families.iter().flat_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_persona_of_the_issue_is_there() {
        let cast = main_cast(SchoolYear(2026), "localhost");
        assert_eq!((cast.families.len(), cast.personas.len()), (7, 11));
        let business = cast.personas.iter().find(|p| p.scheme == Scheme::Business).unwrap();
        assert!(kernel::VatNumber::parse(&business.fiscal_code).is_ok(), "{}", business.fiscal_code);
        assert!(cast.personas.iter().all(|p| p.scheme == Scheme::Business || FiscalCode::parse(&p.fiscal_code).is_ok()));
    }
}
