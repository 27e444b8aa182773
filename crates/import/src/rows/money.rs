use kernel::{Cents, Day, SchoolYear};

use crate::cells::Cells;
use crate::sheet::Record;
use crate::spec::{self, File};
use crate::values::{amount, day, school_year, signed_amount, text, whole};

#[derive(Clone, Debug)]
pub(crate) struct TariffRow {
    pub key: String,
    pub service: String,
    pub name: String,
    pub resolution_number: String,
    pub resolution_on: Day,
    pub from_on: Day,
    pub to_on: Day,
}

impl Record for TariffRow {
    const FILE: &'static File = &spec::TARIFFS;

    fn read(c: &Cells<'_>) -> Option<TariffRow> {
        let (key, service, name) = (c.must("chiave", text), c.must("servizio", text), c.must("nome", text));
        let (number, on) = (c.must("delibera", text), c.must("delibera_del", day));
        let (from_on, to_on) = (c.must("dal", day), c.must("al", day));
        c.in_order(from_on.as_ref(), to_on.as_ref());
        Some(TariffRow {
            key: key?,
            service: service?,
            name: name?,
            resolution_number: number?,
            resolution_on: on?,
            from_on: from_on?,
            to_on: to_on?,
        })
    }

    fn key(&self) -> String {
        self.key.clone()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct DocumentRow {
    pub key: String,
    pub series: String,
    pub number: String,
    pub issued_on: Day,
    pub school_year: SchoolYear,
    pub description: String,
    pub holder: String,
    pub pupil: Option<String>,
    pub service: String,
    pub enforced_on: Option<Day>,
}

impl Record for DocumentRow {
    const FILE: &'static File = &spec::DOCUMENTS;

    fn read(c: &Cells<'_>) -> Option<DocumentRow> {
        let (key, series, number) = (c.must("chiave", text), c.must("serie", text), c.must("numero", text));
        let (issued_on, year) = (c.must("data", day), c.must("anno_scolastico", school_year));
        let (description, holder) = (c.must("descrizione", text), c.must("intestatario", text));
        let (service, enforced_on) = (c.must("servizio", text), c.may("messa_a_ruolo", day));
        Some(DocumentRow {
            key: key?,
            series: series?,
            number: number?,
            issued_on: issued_on?,
            school_year: year?,
            description: description?,
            holder: holder?,
            pupil: c.may("alunno", text)?,
            service: service?,
            enforced_on: enforced_on?,
        })
    }

    fn key(&self) -> String {
        self.key.clone()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct LineRow {
    pub document: String,
    pub position: i32,
    pub description: String,
    pub quantity: i32,
    pub unit: Cents,
    pub amount: Cents,
}

impl Record for LineRow {
    const FILE: &'static File = &spec::LINES;

    fn read(c: &Cells<'_>) -> Option<LineRow> {
        let (document, position) = (c.must("documento", text), c.must("riga", whole));
        let (description, quantity) = (c.must("descrizione", text), c.must("quantita", whole));
        let (unit, amount) = (c.must("prezzo", signed_amount), c.must("importo", signed_amount));
        if let (Some(quantity), Some(unit), Some(amount)) = (quantity, unit, amount)
            && unit.0.checked_mul(i64::from(quantity)) != Some(amount.0)
        {
            c.problem("importo: non è la quantità per il prezzo");
        }
        let (document, position) = (document?, position?);
        Some(LineRow { document, position, description: description?, quantity: quantity?, unit: unit?, amount: amount? })
    }

    fn key(&self) -> String {
        format!("{} riga {}", self.document, self.position)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct InstalmentRow {
    pub document: String,
    pub number: i32,
    pub due_on: Day,
    pub amount: Cents,
    pub paid: Option<PaidCells>,
}

#[derive(Clone, Debug)]
pub(crate) struct PaidCells {
    pub amount: Cents,
    pub on: Day,
    pub by: String,
}

impl Record for InstalmentRow {
    const FILE: &'static File = &spec::INSTALMENTS;

    fn read(c: &Cells<'_>) -> Option<InstalmentRow> {
        let (document, number) = (c.must("documento", text), c.must("rata", whole));
        let (due_on, amount) = (c.must("scadenza", day), c.must("importo", amount));
        let paid = read_paid(c);
        if let (Some(amount), Some(Some(paid))) = (amount, &paid)
            && paid.amount > amount
        {
            c.problem("pagato: è più dell'importo");
        }
        Some(InstalmentRow { document: document?, number: number?, due_on: due_on?, amount: amount?, paid: paid? })
    }

    fn key(&self) -> String {
        format!("{} rata {}", self.document, self.number)
    }
}

fn read_paid(c: &Cells<'_>) -> Option<Option<PaidCells>> {
    match c.may("pagato", amount)? {
        Some(amount) if !amount.is_zero() => {
            let (on, by) = (c.must("pagato_il", day), c.must("pagato_con", text));
            Some(Some(PaidCells { amount, on: on?, by: by? }))
        }
        _ => Some(None),
    }
}

pub(crate) use billing::load::MovementKind;

const MOVEMENT_KINDS: [(&str, MovementKind); 6] = [
    ("saldo_iniziale", MovementKind::Opening),
    ("ricarica", MovementKind::TopUp),
    ("pasto", MovementKind::Meal),
    ("rettifica", MovementKind::Adjustment),
    ("rimborso", MovementKind::Refund),
    ("trasferimento", MovementKind::Transfer),
];

#[derive(Clone, Debug)]
pub(crate) struct MovementRow {
    pub key: String,
    pub badge: String,
    pub on: Day,
    pub kind: MovementKind,
    /// above zero raises the wallet
    pub amount: Cents,
    pub description: String,
    pub derivation: String,
}

impl Record for MovementRow {
    const FILE: &'static File = &spec::MOVEMENTS;

    fn read(c: &Cells<'_>) -> Option<MovementRow> {
        let (key, badge, on) = (c.must("chiave", text), c.must("badge", text), c.must("data", day));
        let (kind, amount) = (c.one_of("tipo", &MOVEMENT_KINDS, None), c.must("importo", signed_amount));
        let description = c.must("descrizione", text);
        if let (Some(kind), Some(amount)) = (kind, amount)
            && let Some(problem) = wrong_sign(kind, amount)
        {
            c.problem(problem);
        }
        Some(MovementRow {
            key: key?,
            badge: badge?,
            on: on?,
            kind: kind?,
            amount: amount?,
            description: description?,
            derivation: c.or("derivazione", text, String::new())?,
        })
    }

    fn key(&self) -> String {
        self.key.clone()
    }
}

fn wrong_sign(kind: MovementKind, amount: Cents) -> Option<&'static str> {
    match kind {
        MovementKind::Meal if amount > Cents::ZERO => Some("importo: un pasto non può alzare il saldo"),
        MovementKind::TopUp if amount <= Cents::ZERO => Some("importo: una ricarica alza il saldo"),
        MovementKind::Refund if amount >= Cents::ZERO => Some("importo: un rimborso abbassa il saldo"),
        MovementKind::Meal | MovementKind::TopUp | MovementKind::Refund => None,
        _ if amount.is_zero() => Some("importo: è zero"),
        _ => None,
    }
}
