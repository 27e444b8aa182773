use kernel::{Cents, Day, FiscalCode};

use crate::cells::Cells;
use crate::sheet::Record;
use crate::spec::{self, File};
use crate::values::{amount, day, file_name, fiscal_code, text, vat_number, yes_no};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Address {
    pub street: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
}

impl Address {
    fn read(c: &Cells<'_>) -> Option<Address> {
        Some(Address {
            street: c.may("indirizzo", text)?,
            postal_code: c.may("cap", text)?,
            city: c.may("comune", text)?,
            province: c.may("provincia", text)?,
        })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct PersonRow {
    pub key: String,
    pub business: bool,
    pub fiscal_code: Option<FiscalCode>,
    pub vat_number: Option<String>,
    pub family_name: String,
    pub name: String,
    pub birth_on: Option<Day>,
    pub birth_place: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Address,
}

impl Record for PersonRow {
    const FILE: &'static File = &spec::PERSONS;

    fn read(c: &Cells<'_>) -> Option<PersonRow> {
        let business = c.one_of("tipo", &[("persona", false), ("impresa", true)], Some(false));
        let (key, family_name, name) = (c.must("chiave", text), c.must("cognome", text), c.may("nome", text));
        // a company's fiscal code is its VAT number's form: eleven digits, kept as such
        let code = if business == Some(true) { Some(None) } else { c.may("codice_fiscale", fiscal_code) };
        let vat = c.may("partita_iva", vat_number);
        let (birth_on, email) = (c.may("data_nascita", day), c.may("email", email));
        match business {
            Some(true) if vat == Some(None) => c.problem("partita_iva: manca, e un'impresa deve averla"),
            Some(false) if name == Some(None) => c.problem("nome: manca"),
            _ => {}
        }
        Some(PersonRow {
            key: key?,
            business: business?,
            fiscal_code: code?,
            vat_number: vat?.map(|v| v.as_str().to_owned()),
            family_name: family_name?,
            name: name?.unwrap_or_default(),
            birth_on: birth_on?,
            birth_place: c.may("luogo_nascita", text)?,
            email: email?,
            phone: c.may("telefono", text)?,
            address: Address::read(c)?,
        })
    }

    fn key(&self) -> String {
        self.key.clone()
    }
}

fn email(cell: &str) -> Result<String, &'static str> {
    let parts = cell.split_once('@').filter(|(user, host)| !user.is_empty() && host.contains('.') && !host.contains('@'));
    if parts.is_some() && !cell.contains(char::is_whitespace) { Ok(cell.to_owned()) } else { Err("non è un indirizzo e-mail") }
}

#[derive(Clone, Debug)]
pub(crate) struct HouseholdRow {
    pub household: String,
    pub isee: Option<IseeRow>,
}

#[derive(Clone, Debug)]
pub(crate) struct IseeRow {
    pub from_on: Day,
    pub to_on: Day,
    pub kind: &'static str,
    pub amount: Cents,
    pub protocol_number: Option<String>,
}

const ISEE_KINDS: [(&str, &str); 3] = [("ordinario", "ordinario"), ("minorenni", "minorenni"), ("corrente", "corrente")];

impl Record for HouseholdRow {
    const FILE: &'static File = &spec::HOUSEHOLDS;

    fn read(c: &Cells<'_>) -> Option<HouseholdRow> {
        let household = c.must("nucleo", text);
        if let (Some(None), Some(None)) = (c.may("dal", day), c.may("importo", amount)) {
            return Some(HouseholdRow { household: household?, isee: None });
        }
        let (from_on, to_on) = (c.must("dal", day), c.must("al", day));
        let (kind, amount) = (c.one_of("tipo", &ISEE_KINDS, Some("ordinario")), c.must("importo", amount));
        c.in_order(from_on.as_ref(), to_on.as_ref());
        let protocol_number = c.may("protocollo", text)?;
        let isee = IseeRow { from_on: from_on?, to_on: to_on?, kind: kind?, amount: amount?, protocol_number };
        Some(HouseholdRow { household: household?, isee: Some(isee) })
    }

    fn key(&self) -> String {
        match &self.isee {
            Some(isee) => format!("{} dal {}", self.household, isee.from_on),
            None => self.household.clone(),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct PupilRow {
    pub key: String,
    pub household: Option<String>,
    pub family_name: String,
    pub name: String,
    pub fiscal_code: Option<FiscalCode>,
    pub birth_on: Day,
    pub birth_place: Option<String>,
    pub address: Address,
    pub phone: Option<String>,
    pub resident: bool,
    pub open: bool,
}

impl Record for PupilRow {
    const FILE: &'static File = &spec::PUPILS;

    fn read(c: &Cells<'_>) -> Option<PupilRow> {
        let (key, family_name, name) = (c.must("chiave", text), c.must("cognome", text), c.must("nome", text));
        let (code, birth_on) = (c.may("codice_fiscale", fiscal_code), c.must("data_nascita", day));
        let (resident, open) =
            (c.must("residente", yes_no), c.one_of("stato", &[("aperto", true), ("chiuso", false)], Some(true)));
        Some(PupilRow {
            key: key?,
            household: c.may("nucleo", text)?,
            family_name: family_name?,
            name: name?,
            fiscal_code: code?,
            birth_on: birth_on?,
            birth_place: c.may("luogo_nascita", text)?,
            address: Address::read(c)?,
            phone: c.may("telefono", text)?,
            resident: resident?,
            open: open?,
        })
    }

    fn key(&self) -> String {
        self.key.clone()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct GuardianRow {
    pub pupil: String,
    pub person: String,
    pub role: &'static str,
    pub may_view: bool,
    pub may_report_absences: bool,
    pub may_pay: bool,
    pub may_have_tax_papers: bool,
    pub from_on: Day,
    pub to_on: Option<Day>,
    pub restricted_from_on: Option<Day>,
    pub restricted_to_on: Option<Day>,
    pub restriction_act: Option<String>,
}

const ROLES: [(&str, &str); 3] = [("intestatario", "account_holder"), ("tutore", "guardian"), ("delegato", "helper")];

impl Record for GuardianRow {
    const FILE: &'static File = &spec::GUARDIANS;

    fn read(c: &Cells<'_>) -> Option<GuardianRow> {
        let (pupil, person, role) = (c.must("alunno", text), c.must("persona", text), c.one_of("ruolo", &ROLES, None));
        let full = role != Some("helper");
        let (view, report) = (c.or("consulta", yes_no, true), c.or("assenze", yes_no, true));
        let (pay, papers) = (c.or("paga", yes_no, full), c.or("certificati", yes_no, full));
        let (from_on, to_on) = (c.must("dal", day), c.may("al", day));
        let (limited_from, limited_to) = (c.may("limitato_dal", day), c.may("limitato_al", day));
        c.in_order(from_on.as_ref(), to_on.flatten().as_ref());
        c.in_order(limited_from.flatten().as_ref(), limited_to.flatten().as_ref());
        Some(GuardianRow {
            pupil: pupil?,
            person: person?,
            role: role?,
            may_view: view?,
            may_report_absences: report?,
            may_pay: pay?,
            may_have_tax_papers: papers?,
            from_on: from_on?,
            to_on: to_on?,
            restricted_from_on: limited_from?,
            restricted_to_on: limited_to?,
            restriction_act: c.may("atto", text)?,
        })
    }

    fn key(&self) -> String {
        format!("{} per {}", self.person, self.pupil)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct AttachmentRow {
    pub key: String,
    pub pupil: String,
    pub person: Option<String>,
    pub kind: &'static str,
    pub title: String,
    pub file: String,
    pub issued_on: Day,
}

const PAPERS: [(&str, &str); 4] =
    [("certificato_730", "tax_certificate"), ("lettera", "letter"), ("modulo", "form"), ("altro", "other")];

impl Record for AttachmentRow {
    const FILE: &'static File = &spec::ATTACHMENTS;

    fn read(c: &Cells<'_>) -> Option<AttachmentRow> {
        let (key, pupil, person) = (c.must("chiave", text), c.must("alunno", text), c.may("persona", text));
        let (kind, title) = (c.one_of("tipo", &PAPERS, None), c.must("titolo", text));
        let (file, issued_on) = (c.must("file", file_name), c.must("data", day));
        if kind == Some("tax_certificate") && person == Some(None) {
            c.problem("persona: manca, e un certificato 730 deve averla");
        }
        let (key, person) = (key?, person?);
        Some(AttachmentRow { key, pupil: pupil?, person, kind: kind?, title: title?, file: file?, issued_on: issued_on? })
    }

    fn key(&self) -> String {
        self.key.clone()
    }
}
