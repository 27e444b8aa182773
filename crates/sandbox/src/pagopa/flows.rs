//! Settlement reports: published each day for what was paid the day before, by REST and as files; and the cash journal
//! in which their money arrives.

use std::sync::{Mutex, PoisonError};

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use jiff::ToSpan;
use kernel::{Cents, Instant, rome_day};
use pagopa::fdr::{
    FlowHeader, FlowsPage, ListedFlow, MAX_PAGE, OutcomeCode, PageMetadata, PaymentRow, PaymentsPage, Receiver, Sender,
    write_file,
};
use pagopa::opi::{self, CashJournal, ProvisionalEntry};
use serde::Deserialize;

use super::checkout::page;
use super::money::euros;
use super::payment::{PSP_ID, PSP_NAME};
use super::till::Made;
use super::{Creditor, Sandbox, Shared};

/// A revision of a report.
#[derive(Clone)]
struct Published {
    fiscal_code: String,
    header: FlowHeader,
    rows: Vec<PaymentRow>,
    at: Instant,
}

#[derive(Default)]
pub(crate) struct Flows(Mutex<Vec<Published>>);

impl Flows {
    fn of(&self, fiscal_code: &str) -> Vec<Published> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|f| f.fiscal_code == fiscal_code).cloned().collect()
    }

    fn find(&self, fiscal_code: &str, id: &str, revision: u32) -> Option<Published> {
        self.of(fiscal_code).into_iter().find(|f| f.header.id == id && f.header.revision == revision)
    }

    /// The highest revision of each, oldest first.
    fn latest(&self, fiscal_code: &str) -> Vec<Published> {
        let all = self.of(fiscal_code);
        let is_last = |f: &&Published| !all.iter().any(|o| o.header.id == f.header.id && o.header.revision > f.header.revision);
        all.iter().filter(is_last).cloned().collect()
    }

    fn add(&self, flow: Published) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(flow);
    }
}

impl Sandbox {
    /// One report for all that `ripe` accepts and no report names; none where there is nothing.
    fn publish(&self, creditor: &Creditor, ripe: impl Fn(&Made) -> bool) {
        let now = self.clock.now();
        let number = self.flows.of(&creditor.fiscal_code).len() + 1;
        let id = format!("{}{PSP_ID}-{number:06}", rome_day(now));
        let rows: Vec<PaymentRow> =
            self.till.take_unreported(&creditor.fiscal_code, &id, ripe).iter().flat_map(rows_of).collect();
        if rows.is_empty() {
            return;
        }
        let rows: Vec<PaymentRow> = (1_u64..).zip(rows).map(|(index, row)| PaymentRow { index, ..row }).collect();
        let header = header_of(creditor, id, number, &rows, now);
        self.flows.add(Published { fiscal_code: creditor.fiscal_code.clone(), header, rows, at: now });
    }

    /// What was paid before today, as the real platform does by itself.
    fn publish_due(&self, creditor: &Creditor) {
        let today = rome_day(self.clock.now());
        self.publish(creditor, |made| made.receipt.paid_at.is_some_and(|at| rome_day(at) < today));
    }

    /// The same report again under the next revision, its last row left out where it has several.
    fn revise(&self, creditor: &Creditor, id: &str) {
        let Some(last) = self.flows.latest(&creditor.fiscal_code).into_iter().find(|f| f.header.id == id) else { return };
        let mut rows = last.rows.clone();
        if rows.len() > 1 {
            rows.pop();
        }
        let at = self.clock.now();
        let sum_cents = rows.iter().map(|row| row.amount_cents).sum();
        let count = rows.len() as u64;
        let header = FlowHeader { revision: last.header.revision + 1, flow_at: at, count, sum_cents, ..last.header };
        self.flows.add(Published { header, rows, at, ..last });
    }
}

fn rows_of(made: &Made) -> Vec<PaymentRow> {
    let receipt = &made.receipt;
    let row = |transfer: &pagopa::Transfer| PaymentRow {
        index: 0,
        iuv: receipt.creditor_reference_id.clone(),
        iur: receipt.receipt_id.clone(),
        id_transfer: transfer.index,
        amount_cents: transfer.amount_cents,
        outcome: made.outcome.word().unwrap_or("EXECUTED").to_owned(),
        paid_at: receipt.paid_at.unwrap_or_default(),
    };
    receipt.transfers.iter().map(row).collect()
}

fn header_of(creditor: &Creditor, id: String, number: usize, rows: &[PaymentRow], now: Instant) -> FlowHeader {
    FlowHeader {
        status: "PUBLISHED".to_owned(),
        revision: 1,
        id,
        flow_at: now,
        regulation: format!("TRN{number:09}"),
        regulation_on: rome_day(now).saturating_add(1.day()),
        bic: None,
        sender: Sender {
            kind: "LEGAL_PERSON".to_owned(),
            id: PSP_ID.to_owned(),
            psp_id: PSP_ID.to_owned(),
            psp_name: PSP_NAME.to_owned(),
            psp_broker_id: PSP_ID.to_owned(),
            channel_id: format!("{PSP_ID}_01"),
        },
        receiver: Receiver {
            id: creditor.fiscal_code.clone(),
            organization_id: creditor.fiscal_code.clone(),
            organization_name: creditor.name.clone(),
        },
        count: rows.len() as u64,
        sum_cents: rows.iter().map(|row| row.amount_cents).sum(),
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    page: usize,
    #[serde(default, rename = "publishedGt")]
    published_after: Option<Instant>,
}

fn cut<T: Clone>(all: &[T], page: usize) -> (PageMetadata, Vec<T>) {
    let (size, number) = (MAX_PAGE as usize, page.max(1));
    let pages = all.len().div_ceil(size).max(1);
    let data: Vec<T> = all.iter().skip((number - 1) * size).take(size).cloned().collect();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    (PageMetadata { page_size: MAX_PAGE, page_number: count(number), total_pages: count(pages) }, data)
}

/// `GET …/organizations/{cf}/fdrs`
pub(crate) async fn list(State(sandbox): State<Shared>, Path(cf): Path<String>, Query(asked): Query<Asked>) -> Response {
    let Ok(creditor) = sandbox.creditor(&cf).await else { return StatusCode::NOT_FOUND.into_response() };
    sandbox.publish_due(&creditor);
    let listed = |f: Published| ListedFlow {
        id: f.header.id,
        psp_id: PSP_ID.to_owned(),
        revision: f.header.revision,
        published_at: f.at,
        flow_at: f.header.flow_at,
    };
    let flows = sandbox.flows.of(&cf).into_iter().filter(|f| asked.published_after.is_none_or(|after| f.at > after));
    let flows: Vec<ListedFlow> = flows.map(listed).collect();
    let (metadata, data) = cut(&flows, asked.page);
    Json(FlowsPage { metadata, count: flows.len() as u64, data }).into_response()
}

/// `GET …/fdrs/{fdr}/revisions/{rev}/psps/{psp}`
pub(crate) async fn header(
    State(sandbox): State<Shared>,
    Path((cf, id, revision, _)): Path<(String, String, u32, String)>,
) -> Response {
    match sandbox.flows.find(&cf, &id, revision) {
        Some(flow) => Json(flow.header).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET …/payments`
pub(crate) async fn payments(
    State(sandbox): State<Shared>,
    Path((cf, id, revision, _)): Path<(String, String, u32, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let Some(flow) = sandbox.flows.find(&cf, &id, revision) else { return StatusCode::NOT_FOUND.into_response() };
    let (metadata, data) = cut(&flow.rows, asked.page);
    Json(PaymentsPage { metadata, count: flow.rows.len() as u64, data }).into_response()
}

#[derive(Template)]
#[template(path = "pagopa/flussi.html")]
struct FlowsPageView {
    creditors: Vec<CreditorFlows>,
}

struct CreditorFlows {
    fiscal_code: String,
    name: String,
    waiting: usize,
    flows: Vec<Line>,
}

struct Line {
    id: String,
    revision: u32,
    count: u64,
    total: String,
}

/// The page of reports: publish now, publish again, download.
pub(crate) async fn show(State(sandbox): State<Shared>) -> Response {
    let creditors = sandbox.directory.creditors().await.unwrap_or_default();
    let of = |c: Creditor| CreditorFlows {
        waiting: sandbox.till.list(&c.fiscal_code).iter().filter(|m| m.reported_in.is_none()).count(),
        flows: sandbox.flows.of(&c.fiscal_code).iter().rev().map(line).collect(),
        fiscal_code: c.fiscal_code,
        name: c.name,
    };
    page(&FlowsPageView { creditors: creditors.into_iter().map(of).collect() }).into_response()
}

fn line(flow: &Published) -> Line {
    let header = &flow.header;
    Line { id: header.id.clone(), revision: header.revision, count: header.count, total: euros(header.sum_cents) }
}

#[derive(Deserialize)]
pub(crate) struct Act {
    ente: String,
    #[serde(default)]
    flusso: String,
}

/// Publishes what waits, today's too; or, with a report named, that one again.
pub(crate) async fn act(State(sandbox): State<Shared>, Form(act): Form<Act>) -> Response {
    if let Ok(creditor) = sandbox.creditor(&act.ente).await {
        match act.flusso.as_str() {
            "" => sandbox.publish(&creditor, |_| true),
            id => sandbox.revise(&creditor, id),
        }
    }
    Redirect::to("/pagopa/flussi").into_response()
}

#[derive(Deserialize)]
pub(crate) struct Wanted {
    ente: String,
    flusso: String,
    revisione: u32,
    /// `totale`: a file whose total is wrong, to see it refused.
    #[serde(default)]
    guasto: String,
}

pub(crate) async fn file(State(sandbox): State<Shared>, Query(wanted): Query<Wanted>) -> Response {
    let Some(published) = sandbox.flows.find(&wanted.ente, &wanted.flusso, wanted.revisione) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut flow = published.header.with(&published.rows);
    if wanted.guasto == "totale" {
        flow.sum_cents += 1;
    }
    download("application/xml", &format!("{}.xml", flow.id), write_file(&flow))
}

#[derive(Deserialize)]
pub(crate) struct Whose {
    ente: String,
}

/// The bank transfers of all reports, as a treasurer's journal would show them.
pub(crate) async fn journal(State(sandbox): State<Shared>, Query(whose): Query<Whose>) -> Response {
    let mut text = "numero;data;importo;ordinante;causale\n".to_owned();
    for (number, flow) in (1..).zip(sandbox.flows.latest(&whose.ente)) {
        let (header, amount) = (&flow.header, Cents(flow.header.sum_cents).format_it());
        let day = header.regulation_on.strftime("%d/%m/%Y");
        text.push_str(&format!("{number};{day};{amount};{PSP_NAME};/PUR/LGPE-RIVERSAMENTO/URI/{}\n", header.id));
    }
    download("text/csv; charset=utf-8", "giornale-di-cassa.csv", text)
}

/// The same as the treasurer's XML.
pub(crate) async fn journal_xml(State(sandbox): State<Shared>, Query(whose): Query<Whose>) -> Response {
    let entry = |(number, flow): (u64, Published)| ProvisionalEntry {
        year: flow.header.regulation_on.year(),
        number,
        amount_cents: flow.header.sum_cents,
        booked_on: flow.header.regulation_on,
        payer: PSP_NAME.to_owned(),
        reason: format!("/PUR/LGPE-RIVERSAMENTO/URI/{}", flow.header.id),
        is_reversal: false,
    };
    let entries = (1..).zip(sandbox.flows.latest(&whose.ente)).map(entry).collect();
    let journal = CashJournal { fiscal_code: Some(whose.ente), entries, ..CashJournal::default() };
    download("application/xml", "giornale-di-cassa.xml", opi::write_file(&journal))
}

fn download(kind: &'static str, name: &str, body: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], body).into_response()
}

/// How a payment is reported.
pub(crate) fn outcome_of(is_stand_in: bool) -> OutcomeCode {
    if is_stand_in { OutcomeCode::STAND_IN } else { OutcomeCode::EXECUTED }
}
