//! Documenti contabili: every document ever issued, its notice, its receipt.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use billing::document::{DocumentDetail, DocumentFilter, DocumentRow, DocumentSort, DocumentState, InstalmentState, Totals};
use enrolment::Right;
use kernel::{DocumentId, Page as ListPage, PositionId, SchoolYear};

use super::papers;
use crate::chrome::{Chrome, Crumb, Pager, asked_page, download, html};
use crate::refusal::Refusal;
use crate::switcher::{Default as Show, Switcher};
use crate::visit::Visit;

const PATH: &str = "/area-personale/documenti-contabili";
/// The words of the address for each state.
const STATES: [(&str, DocumentState); 5] = [
    ("da-pagare", DocumentState::ToPay),
    ("pagato-in-parte", DocumentState::PartlyPaid),
    ("pagato", DocumentState::Paid),
    ("alla-riscossione", DocumentState::Enforced),
    ("annullato", DocumentState::Cancelled),
];
const SORTS: [(&str, DocumentSort); 6] = [
    ("data", DocumentSort::IssuedOn),
    ("numero", DocumentSort::Number),
    ("alunno", DocumentSort::Pupil),
    ("importo", DocumentSort::Total),
    ("da-pagare", DocumentSort::ToPay),
    ("scadenza", DocumentSort::DueOn),
];

#[derive(Template)]
#[template(path = "portal/documents.html")]
struct Page {
    c: Chrome,
    switcher: Switcher,
    rows: Vec<Row>,
    totals: Totals,
    pager: Pager,
    states: Vec<Choice>,
    years: Vec<Choice>,
    search: String,
    columns: Vec<Column>,
    active: Vec<Active>,
    csv: String,
}

struct Row {
    row: DocumentRow,
    state: StateChip,
}

/// A state as word, icon and colour.
pub struct StateChip {
    pub words: String,
    pub icon: &'static str,
    pub kind: &'static str,
}

struct Choice {
    value: String,
    words: String,
    chosen: bool,
}

/// A sortable column's head.
struct Column {
    words: String,
    href: String,
    sorted: Option<&'static str>,
    amount: bool,
}

/// A filter in force, with the address without it.
struct Active {
    words: String,
    href: String,
}

pub fn chip(visit: &Visit, state: DocumentState, overdue: bool) -> StateChip {
    let (key, icon, kind) = match state {
        DocumentState::ToPay | DocumentState::PartlyPaid if overdue => ("state-overdue", "it-warning-circle", "chip--bad"),
        DocumentState::ToPay => ("state-to-pay", "it-clock", "chip--warn"),
        DocumentState::PartlyPaid => ("state-partly-paid", "it-clock", "chip--warn"),
        DocumentState::Paid => ("state-paid", "it-check-circle", "chip--ok"),
        DocumentState::Enforced => ("state-enforced", "it-error", "chip--bad"),
        DocumentState::Cancelled => ("state-cancelled", "it-close-circle", "chip--info"),
    };
    StateChip { words: visit.t(key).to_owned(), icon, kind }
}

fn filter(visit: &Visit, switcher: &Switcher) -> DocumentFilter {
    let query = &visit.query;
    let state = query.get("stato").and_then(|s| STATES.iter().find(|(word, _)| *word == s)).map(|(_, state)| *state);
    let sort = query.get("ordina").and_then(|s| SORTS.iter().find(|(word, _)| *word == s)).map(|(_, sort)| *sort);
    DocumentFilter {
        pupil: switcher.chosen.as_ref().map(|p| p.id),
        school_year: query.get("anno").and_then(|y| y.parse().ok()).map(SchoolYear),
        service: query.get("servizio").and_then(|s| s.parse().ok()),
        state,
        search: query.typed("cerca").chars().take(80).collect(),
        sort: sort.unwrap_or_default(),
        ascending: query.get("verso") == Some("cresce"),
        page: asked_page(query),
    }
}

pub async fn list(visit: Visit) -> Result<Response, Refusal> {
    let mut tx = visit.read().await?;
    let switcher = Switcher::read(&mut tx, &visit, Right::Pay, Show::All).await?;
    let filter = filter(&visit, &switcher);
    let list = billing::document::list_for(&mut tx, &visit.ctx, &filter).await?;
    drop(tx);
    switcher.remember(&visit).await?;
    let today = visit.ctx.today();
    let rows = list
        .found
        .items
        .iter()
        .map(|row| Row { state: chip(&visit, row.state, row.is_overdue(today)), row: row.clone() })
        .collect();
    let years = list.school_years.iter().map(|y| Choice {
        value: y.0.to_string(),
        words: y.to_string(),
        chosen: filter.school_year == Some(*y),
    });
    let page = Page {
        c: Chrome::personal(&visit, visit.t("service-documenti-contabili"), Vec::new()),
        rows,
        pager: Pager::new(&visit, &list.found),
        totals: list.totals,
        states: states(&visit, filter.state),
        years: years.collect(),
        search: filter.search.clone(),
        columns: columns(&visit, &filter),
        active: active(&visit, &filter),
        csv: format!("{PATH}/elenco.csv{}", visit.query.query()),
        switcher,
    };
    html(StatusCode::OK, &page)
}

fn states(visit: &Visit, chosen: Option<DocumentState>) -> Vec<Choice> {
    let choice = |(word, state): (&str, DocumentState)| Choice {
        value: word.to_owned(),
        words: chip(visit, state, false).words,
        chosen: chosen == Some(state),
    };
    STATES.into_iter().map(choice).collect()
}

fn columns(visit: &Visit, filter: &DocumentFilter) -> Vec<Column> {
    let column = |(word, sort): (&str, DocumentSort)| {
        let now = filter.sort == sort;
        let turn = if now && !filter.ascending { "cresce" } else { "cala" };
        let query = visit.query.with("ordina", word).with("verso", turn).with("pagina", "");
        Column {
            words: visit.t(&format!("column-{word}")).to_owned(),
            href: format!("{}{}", visit.path, query.query()),
            sorted: now.then_some(if filter.ascending { "ascending" } else { "descending" }),
            amount: matches!(sort, DocumentSort::Total | DocumentSort::ToPay),
        }
    };
    SORTS.into_iter().map(column).collect()
}

fn active(visit: &Visit, filter: &DocumentFilter) -> Vec<Active> {
    let without = |name: &str| format!("{}{}", visit.path, visit.query.with(name, "").with("pagina", "").query());
    let mut active = Vec::new();
    if let Some(state) = filter.state {
        active.push(Active { words: chip(visit, state, false).words, href: without("stato") });
    }
    if let Some(year) = filter.school_year {
        active.push(Active { words: year.to_string(), href: without("anno") });
    }
    if !filter.search.trim().is_empty() {
        active.push(Active { words: format!("«{}»", filter.search.trim()), href: without("cerca") });
    }
    active
}

/// The same list as a file: every row found, not one page.
pub async fn csv(visit: Visit) -> Result<Response, Refusal> {
    let mut tx = visit.read().await?;
    let switcher = Switcher::read(&mut tx, &visit, Right::Pay, Show::All).await?;
    let filter = DocumentFilter { page: ListPage::all(), ..filter(&visit, &switcher) };
    let list = billing::document::list_for(&mut tx, &visit.ctx, &filter).await?;
    let head = ["data", "numero", "alunno", "descrizione", "importo", "da-pagare", "pagato", "scadenza", "stato"];
    let head = head.map(|key| visit.t(&format!("column-{key}")).to_owned());
    let rows = list.found.items.iter().map(|r| {
        [
            catalogue::day_short(r.issued_on),
            r.number.clone(),
            r.pupil_name.clone(),
            r.description.clone(),
            r.total.format_it(),
            r.to_pay.format_it(),
            r.paid.format_it(),
            catalogue::day_short(r.due_on),
            chip(&visit, r.state, false).words,
        ]
    });
    Ok(download("text/csv; charset=utf-8", "documenti-contabili.csv", super::registry::csv_file(&head, rows)))
}

#[derive(Template)]
#[template(path = "portal/document.html")]
struct Detail {
    c: Chrome,
    document: DocumentDetail,
    state: StateChip,
    parts: Vec<Part>,
}

struct Part {
    part: billing::document::Instalment,
    state: StateChip,
    payable: bool,
}

pub async fn show(Path(id): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    let id: DocumentId = id.parse().map_err(|_| Refusal::NotFound)?;
    let mut tx = visit.read().await?;
    let document = billing::document::get(&mut tx, &visit.ctx, id).await?;
    let state = chip(&visit, document.row.state, document.row.is_overdue(visit.ctx.today()));
    let parts = document.instalments.iter().map(|part| Part {
        state: part_chip(&visit, part.state),
        payable: matches!(part.state, InstalmentState::Payable | InstalmentState::InProgress { .. }),
        part: part.clone(),
    });
    let title = visit.f("document-title", &[("number", (&document.row.number).into())]);
    let crumb = Crumb { words: visit.t("service-documenti-contabili").to_owned(), href: Some(PATH.to_owned()) };
    let c = Chrome::personal(&visit, title, vec![crumb]);
    html(StatusCode::OK, &Detail { c, parts: parts.collect(), state, document })
}

fn part_chip(visit: &Visit, state: InstalmentState) -> StateChip {
    let (key, icon, kind) = match state {
        InstalmentState::Payable => ("state-to-pay", "it-clock", "chip--warn"),
        InstalmentState::InProgress { .. } => ("state-in-progress", "it-clock", "chip--info"),
        InstalmentState::Paid => ("state-paid", "it-check-circle", "chip--ok"),
        InstalmentState::Enforced => ("state-enforced", "it-error", "chip--bad"),
        InstalmentState::Cancelled => ("state-cancelled", "it-close-circle", "chip--info"),
        InstalmentState::AskOffice => ("state-ask-office", "it-info-circle", "chip--info"),
    };
    StateChip { words: visit.t(key).to_owned(), icon, kind }
}

/// The notice to pay at a tobacconist's, a bank or on an app.
pub async fn notice(Path(id): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    let id: PositionId = id.parse().map_err(|_| Refusal::NotFound)?;
    let mut tx = visit.read().await?;
    let data = billing::notice_paper(&mut tx, &visit.ctx, id).await?;
    drop(tx);
    // It may be paid anywhere from now on.
    let mut tx = visit.begin().await?;
    payments::publish(&mut tx, &visit.ctx, id).await?;
    tx.commit().await?;
    let file = format!("avviso-{}.pdf", data.position.notice_number);
    let second = crate::papers::second_language(visit.locale);
    let notice = crate::papers::notice(visit.issuer().await?, visit.ctx.today(), second, &[data]);
    papers::send(&visit, &file, move |papers| papers.notice(&notice)).await
}

/// The receipt of a payment, made from what the node sent.
pub async fn receipt(Path(id): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    let id: PositionId = id.parse().map_err(|_| Refusal::NotFound)?;
    let mut tx = visit.read().await?;
    let data = billing::receipt_paper(&mut tx, &visit.ctx, id).await?;
    drop(tx);
    let file = format!("ricevuta-{}.pdf", data.position.notice_number);
    let receipt = crate::papers::receipt(visit.issuer().await?, visit.ctx.today(), visit.locale, data);
    papers::send(&visit, &file, move |papers| papers.receipt(&receipt)).await
}
