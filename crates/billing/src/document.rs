//! Documents as parents see them (documenti contabili).

use std::cmp::Ordering;

use kernel::{Cents, Ctx, Day, DocumentId, InstalmentId, Instant, Page, Paged, PositionId, PupilId, SchoolYear, ServiceId};

use crate::store::documents::{self, Part};
use crate::{Charge, Error, store};

/// How a document stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentState {
    ToPay,
    PartlyPaid,
    Paid,
    /// Sent to enforcement (messa a ruolo) with something still to pay.
    Enforced,
    Cancelled,
}

const STATES: [(DocumentState, &str); 5] = [
    (DocumentState::ToPay, "to_pay"),
    (DocumentState::PartlyPaid, "partly_paid"),
    (DocumentState::Paid, "paid"),
    (DocumentState::Enforced, "enforced"),
    (DocumentState::Cancelled, "cancelled"),
];

impl DocumentState {
    pub fn code(self) -> &'static str {
        STATES.iter().find(|(state, _)| *state == self).expect("every state has a word").1
    }

    pub fn from_code(code: &str) -> Option<DocumentState> {
        STATES.iter().find(|(_, word)| *word == code).map(|(state, _)| *state)
    }

    /// Whether something can still be asked of the family here.
    pub fn is_open(self) -> bool {
        matches!(self, DocumentState::ToPay | DocumentState::PartlyPaid)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DocumentSort {
    #[default]
    IssuedOn,
    Number,
    Pupil,
    Total,
    ToPay,
    DueOn,
}

/// Which documents a list shows, and in which order. The default: all, newest first, on the first page.
#[derive(Clone, Debug)]
pub struct DocumentFilter {
    pub pupil: Option<PupilId>,
    pub school_year: Option<SchoolYear>,
    pub service: Option<ServiceId>,
    /// [`DocumentState::ToPay`] finds those paid in part too: they are to pay.
    pub state: Option<DocumentState>,
    /// Words to be found in the number, the pupil's name or the description, in either case.
    pub search: String,
    pub sort: DocumentSort,
    pub ascending: bool,
    pub page: Page,
}

impl Default for DocumentFilter {
    fn default() -> DocumentFilter {
        DocumentFilter {
            pupil: None,
            school_year: None,
            service: None,
            state: None,
            search: String::new(),
            sort: DocumentSort::IssuedOn,
            ascending: false,
            page: Page::number(1),
        }
    }
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    pub id: DocumentId,
    pub issued_on: Day,
    pub series: String,
    pub number: String,
    pub school_year: SchoolYear,
    pub service_id: ServiceId,
    pub pupil_id: Option<PupilId>,
    /// `Belloni Elettra`; empty where the document is of no pupil.
    pub pupil_name: String,
    pub description: String,
    pub total: Cents,
    pub to_pay: Cents,
    pub paid: Cents,
    /// Of the first instalment with something to pay, else of the last.
    pub due_on: Day,
    pub state: DocumentState,
    pub enforced_on: Option<Day>,
    pub paid_with_pagopa: bool,
    pub instalments: usize,
    /// The first position whose notice can be printed and paid.
    pub notice: Option<PositionId>,
    /// The last position that has a receipt.
    pub receipt: Option<PositionId>,
}

impl DocumentRow {
    pub fn is_enforced(&self) -> bool {
        self.enforced_on.is_some()
    }

    pub fn is_overdue(&self, today: Day) -> bool {
        self.state.is_open() && self.due_on < today
    }
}

/// Sums over everything found, on whatever page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub total: Cents,
    pub to_pay: Cents,
    pub paid: Cents,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentList {
    pub found: Paged<DocumentRow>,
    pub totals: Totals,
    /// School years of all documents of the person, newest first: what a filter may offer.
    pub school_years: Vec<SchoolYear>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentLine {
    pub description: String,
    pub quantity: i64,
    pub unit: Cents,
    pub amount: Cents,
}

/// How an instalment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstalmentState {
    Payable,
    /// Being paid online; may be tried again after this moment.
    InProgress {
        until: Instant,
    },
    Paid,
    Enforced,
    Cancelled,
    /// Something is to pay, and no notice asks it: the office tells how.
    AskOffice,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instalment {
    pub id: InstalmentId,
    pub number: i64,
    pub due_on: Day,
    pub amount: Cents,
    pub paid: Cents,
    pub to_pay: Cents,
    pub state: InstalmentState,
    pub position_id: Option<PositionId>,
    pub notice_number: Option<String>,
    pub paid_at: Option<Instant>,
    /// Paid before this system kept the money, or outside pagoPA: the day and the way.
    pub paid_elsewhere: Option<(Cents, Day, String)>,
    pub has_receipt: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentDetail {
    pub row: DocumentRow,
    pub service_name: String,
    pub holder_name: String,
    pub lines: Vec<DocumentLine>,
    /// By number.
    pub instalments: Vec<Instalment>,
    /// The notice that asks for all of it at once, while it can be paid so.
    pub whole: Option<payments::Position>,
    /// The meals in it, by day.
    pub charges: Vec<(Day, Charge)>,
}

/// The documents of the acting person, found by one statement.
pub async fn list_for(tx: &mut db::Tx, ctx: &Ctx, filter: &DocumentFilter) -> Result<DocumentList, Error> {
    let parts = documents::parts(tx, ctx, None).await?;
    let mut rows: Vec<DocumentRow> = parts.chunk_by(|a, b| a.document_id == b.document_id).map(row).collect();
    let mut school_years: Vec<SchoolYear> = rows.iter().map(|r| r.school_year).collect();
    school_years.sort_unstable_by(|a, b| b.cmp(a));
    school_years.dedup();
    let words = filter.search.to_lowercase();
    rows.retain(|row| filter.fits(row) && found_by(row, &words));
    rows.sort_by(|a, b| if filter.ascending { filter.compare(a, b) } else { filter.compare(b, a) });
    let mut totals = Totals::default();
    for row in &rows {
        totals.total += row.total;
        totals.to_pay += row.to_pay;
        totals.paid += row.paid;
    }
    Ok(DocumentList { found: cut(rows, filter.page), totals, school_years })
}

/// A document of the acting person.
///
/// # Errors
/// [`Error::NotVisible`]
pub async fn get(tx: &mut db::Tx, ctx: &Ctx, id: DocumentId) -> Result<DocumentDetail, Error> {
    let parts = documents::parts(tx, ctx, Some(id)).await?;
    if parts.is_empty() {
        return Err(Error::NotVisible);
    }
    let (service_name, holder_name) = documents::names(tx, ctx, id).await?;
    let whole: Vec<PositionId> = parts[0].whole_position_id.into_iter().filter(|_| parts[0].enforced_on.is_none()).collect();
    Ok(DocumentDetail {
        row: row(&parts),
        service_name,
        holder_name,
        lines: documents::lines(tx, ctx, id).await?,
        instalments: parts.iter().map(|part| part.instalment(ctx.now)).collect(),
        whole: payments::list_payable_for(tx, ctx, &whole).await?.pop(),
        charges: store::charges::of_document(tx, ctx, id).await?,
    })
}

/// The documents with this number, each with its series. For the office.
pub async fn by_number(tx: &mut db::Tx, ctx: &Ctx, number: &str) -> Result<Vec<(DocumentId, String)>, Error> {
    documents::by_number(tx, ctx, number).await
}

fn row(parts: &[Part]) -> DocumentRow {
    let first = &parts[0];
    let (paid, to_pay) = (parts.iter().map(Part::paid).sum(), parts.iter().map(Part::to_pay).sum());
    let open = parts.iter().find(|part| !part.to_pay().is_zero());
    let last = parts.last().expect("a document has an instalment");
    DocumentRow {
        id: first.document_id,
        issued_on: first.issued_on,
        series: first.series.clone(),
        number: first.number.clone(),
        school_year: first.school_year,
        service_id: first.service_id,
        pupil_id: first.pupil_id,
        pupil_name: first.pupil_name.clone(),
        description: first.description.clone(),
        total: first.total,
        to_pay,
        paid,
        due_on: open.unwrap_or(last).due_on,
        state: state(first, paid, to_pay),
        enforced_on: first.enforced_on,
        paid_with_pagopa: parts.iter().any(Part::paid_with_pagopa),
        instalments: parts.len(),
        notice: parts.iter().find(|part| part.is_payable()).and_then(|part| part.position_id),
        receipt: parts.iter().rfind(|part| part.has_receipt()).and_then(|part| part.position_id),
    }
}

fn state(document: &Part, paid: Cents, to_pay: Cents) -> DocumentState {
    match (document.is_cancelled, to_pay.is_zero(), document.enforced_on, paid.is_zero()) {
        (true, ..) => DocumentState::Cancelled,
        (_, true, ..) => DocumentState::Paid,
        (_, _, Some(_), _) => DocumentState::Enforced,
        (_, _, _, true) => DocumentState::ToPay,
        (_, _, _, false) => DocumentState::PartlyPaid,
    }
}

impl DocumentFilter {
    fn fits(&self, row: &DocumentRow) -> bool {
        let state = |wanted| row.state == wanted || (wanted == DocumentState::ToPay && row.state == DocumentState::PartlyPaid);
        self.pupil.is_none_or(|pupil| row.pupil_id == Some(pupil))
            && self.school_year.is_none_or(|year| row.school_year == year)
            && self.service.is_none_or(|service| row.service_id == service)
            && self.state.is_none_or(state)
    }

    /// Ties are told apart by day and number, so that pages never repeat a row.
    fn compare(&self, a: &DocumentRow, b: &DocumentRow) -> Ordering {
        let newest = || (a.issued_on, &a.series, &a.number, a.id).cmp(&(b.issued_on, &b.series, &b.number, b.id));
        let wanted = match self.sort {
            DocumentSort::IssuedOn => Ordering::Equal,
            DocumentSort::Number => (&a.series, a.number.len(), &a.number).cmp(&(&b.series, b.number.len(), &b.number)),
            DocumentSort::Pupil => a.pupil_name.cmp(&b.pupil_name),
            DocumentSort::Total => a.total.cmp(&b.total),
            DocumentSort::ToPay => a.to_pay.cmp(&b.to_pay),
            DocumentSort::DueOn => a.due_on.cmp(&b.due_on),
        };
        wanted.then_with(newest)
    }
}

fn found_by(row: &DocumentRow, words: &str) -> bool {
    let text = || format!("{} {} {}", row.number, row.pupil_name, row.description).to_lowercase();
    words.trim().is_empty() || words.split_whitespace().all(|word| text().contains(word))
}

fn cut(rows: Vec<DocumentRow>, page: Page) -> Paged<DocumentRow> {
    let total = rows.len() as u64;
    let skip = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let items = rows.into_iter().skip(skip).take(page.size as usize).collect();
    Paged { items, total, page }
}
