//! GPD: positions that pagoPA keeps for an institution and answers the node for, and the receipts it keeps of them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::Instant;
use pagopa::gpd::lifecycle::{Event, Step, is_payable, step};
use pagopa::gpd::v1::{OptionAnswer, OptionStatus, PaymentOption, Position, PositionAnswer, PositionStatus};
use pagopa::gpd::{NoticeAnswer, TransferAnswer, TransferStatus};
use pagopa::receipts::{Listed, ListedReceipt};
use pagopa::{Payment, PaymentSummary, Receipt};
use serde::Deserialize;

use super::archive::{debtor, transfer};
use super::carts::problem;
use super::{Creditor, Shared};

#[derive(Clone)]
struct Debt {
    position: Position,
    status: PositionStatus,
    /// The receipt and its XML, by IUV.
    receipts: Vec<(Receipt, String)>,
}

/// By institution and its own name of the debt.
#[derive(Default)]
pub(crate) struct Debts(Mutex<HashMap<(String, String), Debt>>);

type Refused = (StatusCode, &'static str);

impl Debt {
    fn is_paid(&self, option: &PaymentOption) -> bool {
        self.receipts.iter().any(|(receipt, _)| receipt.creditor_reference_id == option.notice.iuv)
    }

    /// An option can be paid while nothing of the other side was.
    fn refusal(&self, option: &PaymentOption) -> Option<&'static str> {
        let other_side = |o: &&PaymentOption| o.is_partial_payment != option.is_partial_payment;
        if self.is_paid(option) || self.position.options.iter().filter(other_side).any(|o| self.is_paid(o)) {
            return Some("PAA_PAGAMENTO_DUPLICATO");
        }
        match self.status {
            status if is_payable(status) => None,
            PositionStatus::Draft | PositionStatus::Published => Some("PAA_PAGAMENTO_SCONOSCIUTO"),
            PositionStatus::Expired => Some("PAA_PAGAMENTO_SCADUTO"),
            PositionStatus::Invalid => Some("PAA_PAGAMENTO_ANNULLATO"),
            _ => Some("PAA_PAGAMENTO_DUPLICATO"),
        }
    }

    fn take(&mut self, event: Event) -> Result<(), Refused> {
        match step(self.status, event) {
            Some(Step::To(status)) => {
                self.status = status;
                Ok(())
            }
            _ => Err((StatusCode::CONFLICT, "the position's state allows no such step")),
        }
    }

    fn publish_if(&mut self, wanted: bool) -> Result<(), Refused> {
        if wanted { self.take(Event::Publish) } else { Ok(()) }
    }
}

impl Debts {
    fn with<T>(&self, cf: &str, iupd: &str, change: impl FnOnce(&mut Debt) -> Result<T, Refused>) -> Result<T, Refused> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let debt = all.get_mut(&(cf.to_owned(), iupd.to_owned())).ok_or((StatusCode::NOT_FOUND, "no such position"))?;
        change(debt)
    }

    fn create(&self, cf: &str, position: Position, publish: bool) -> Result<Position, Refused> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (cf.to_owned(), position.iupd.clone());
        if all.contains_key(&key) {
            return Err((StatusCode::CONFLICT, "the position is there already"));
        }
        let mut debt = Debt { position, status: PositionStatus::Draft, receipts: Vec::new() };
        debt.publish_if(publish)?;
        let answer = answered(&debt);
        all.insert(key, debt);
        Ok(answer)
    }

    /// Under its notice number: the option, or why it cannot be paid. None where no position has the number.
    fn find(&self, cf: &str, number: &str) -> Option<Result<(Position, PaymentOption), String>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut of_institution = all.iter().filter(|((of, _), _)| of == cf).map(|(_, debt)| debt);
        of_institution.find_map(|debt| {
            let option = debt.position.options.iter().find(|o| o.notice.nav.as_deref() == Some(number))?;
            Some(debt.refusal(option).map_or_else(|| Ok((debt.position.clone(), option.clone())), |why| Err(why.to_owned())))
        })
    }

    pub fn summary(&self, creditor: &Creditor, number: &str) -> Option<Result<PaymentSummary, String>> {
        let found = self.find(&creditor.fiscal_code, number)?;
        Some(found.map(|(position, option)| PaymentSummary {
            amount_cents: option.notice.amount_cents,
            due_on: None,
            is_all_postal: false,
            description: option.notice.description,
            fiscal_code_pa: creditor.fiscal_code.clone(),
            company_name: position.company_name,
            office_name: position.office_name,
        }))
    }

    pub fn payment(&self, creditor: &Creditor, number: &str) -> Option<Result<Payment, String>> {
        let found = self.find(&creditor.fiscal_code, number)?;
        Some(found.map(|(position, PaymentOption { notice, .. })| {
            let first = notice.transfers.first();
            let category = first.map_or("", |t| t.category.as_str());
            let iban = first.and_then(|t| t.iban.clone());
            Payment {
                creditor_reference_id: notice.iuv.clone(),
                amount_cents: notice.amount_cents,
                due_on: pagopa::NO_DUE_DATE,
                description: notice.description.clone(),
                company_name: position.company_name.clone(),
                office_name: position.office_name.clone(),
                debtor: debtor(position.debtor.kind, &position.debtor.fiscal_code, &position.debtor.full_name),
                transfers: vec![transfer(&creditor.fiscal_code, notice.amount_cents, iban, &notice.description, category)],
                metadata: Vec::new(),
            }
        }))
    }

    /// Keeps the receipt of a position of ours; false where it is none.
    pub fn pay(&self, receipt: &Receipt, xml: String) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_institution = all.iter_mut().filter(|((of, _), _)| *of == receipt.fiscal_code).map(|(_, debt)| debt);
        let Some((debt, is_partial)) = of_institution.into_iter().find_map(|debt| {
            let option = debt.position.options.iter().find(|o| o.notice.iuv == receipt.creditor_reference_id)?;
            let is_partial = option.is_partial_payment;
            Some((debt, is_partial))
        }) else {
            return false;
        };
        debt.receipts.push((receipt.clone(), xml));
        let open = debt.position.options.iter().any(|o| o.is_partial_payment && !debt.is_paid(o));
        // A second receipt for what is paid changes no state.
        let _ = debt.take(if is_partial && open { Event::PayPart } else { Event::PayAll });
        true
    }

    fn receipts(&self, cf: &str) -> Vec<(Receipt, String)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut receipts: Vec<_> =
            all.iter().filter(|((of, _), _)| of == cf).flat_map(|(_, debt)| debt.receipts.clone()).collect();
        receipts.sort_by(|(a, _), (b, _)| (a.paid_at, &a.receipt_id).cmp(&(b.paid_at, &b.receipt_id)));
        receipts
    }
}

fn answered(debt: &Debt) -> Position {
    Position { status: Some(debt.status), ..debt.position.clone() }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Asked {
    to_publish: bool,
}

fn read(body: &[u8], now: Instant) -> Result<Position, Box<Response>> {
    let bad = |why: String| Box::new(problem(StatusCode::BAD_REQUEST, "Invalid position", &why));
    let position: Position = serde_json::from_slice(body).map_err(|e| bad(e.to_string()))?;
    position.check(now).map_err(|e| bad(e.to_string()))?;
    Ok(position)
}

fn respond<T: serde::Serialize>(sandbox: &Shared, what: &'static str, ok: StatusCode, done: Result<T, Refused>) -> Response {
    let outcome = done.as_ref().map_or_else(|(status, _)| status.to_string(), |_| "OK".to_owned());
    sandbox.register.note(sandbox.clock.now(), what, "", &outcome);
    match done {
        Ok(answer) => (ok, Json(answer)).into_response(),
        Err((status, why)) => problem(status, "Not accepted", why),
    }
}

/// `POST …/organizations/{cf}/debtpositions?toPublish=`
pub(crate) async fn create(
    State(sandbox): State<Shared>,
    Path(cf): Path<String>,
    Query(asked): Query<Asked>,
    body: Bytes,
) -> Response {
    match read(&body, sandbox.clock.now()) {
        Ok(position) => {
            respond(&sandbox, "GPD create", StatusCode::CREATED, sandbox.debts.create(&cf, position, asked.to_publish))
        }
        Err(refusal) => *refusal,
    }
}

/// `PUT …/debtpositions/{iupd}?toPublish=`
pub(crate) async fn update(
    State(sandbox): State<Shared>,
    Path((cf, iupd)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    body: Bytes,
) -> Response {
    let position = match read(&body, sandbox.clock.now()) {
        Ok(position) => position,
        Err(refusal) => return *refusal,
    };
    let done = sandbox.debts.with(&cf, &iupd, |debt| {
        debt.take(Event::Update)?;
        debt.position = position;
        debt.publish_if(asked.to_publish)?;
        Ok(answered(debt))
    });
    respond(&sandbox, "GPD update", StatusCode::OK, done)
}

/// `POST …/debtpositions/{iupd}/publish` and `/invalidate`
pub(crate) async fn act(State(sandbox): State<Shared>, Path((cf, iupd, action)): Path<(String, String, String)>) -> Response {
    let event = match action.as_str() {
        "publish" => Event::Publish,
        "invalidate" => Event::Invalidate,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let done = sandbox.debts.with(&cf, &iupd, |debt| {
        debt.take(event)?;
        Ok(answered(debt))
    });
    respond(&sandbox, "GPD step", StatusCode::OK, done)
}

/// `GET …/debtpositions/{iupd}`
pub(crate) async fn show(State(sandbox): State<Shared>, Path((cf, iupd)): Path<(String, String)>) -> Response {
    respond(&sandbox, "GPD get", StatusCode::OK, sandbox.debts.with(&cf, &iupd, |debt| Ok(told(&cf, debt))))
}

fn told(cf: &str, debt: &Debt) -> PositionAnswer {
    let position = &debt.position;
    PositionAnswer {
        iupd: position.iupd.clone(),
        organization_fiscal_code: cf.to_owned(),
        debtor_kind: position.debtor.kind,
        company_name: position.company_name.clone(),
        published_at: None,
        valid_from: position.valid_from,
        paid_at: debt.receipts.last().and_then(|(receipt, _)| receipt.paid_at),
        status: debt.status,
        options: position.options.iter().map(|option| told_option(debt, option)).collect(),
    }
}

fn told_option(debt: &Debt, option: &PaymentOption) -> OptionAnswer {
    let asked = &option.notice;
    let receipt = debt.receipts.iter().map(|(r, _)| r).find(|r| r.creditor_reference_id == asked.iuv);
    let transfer = |t: &pagopa::gpd::Transfer| TransferAnswer {
        transfer: t.clone(),
        status: Some(TransferStatus::Unreported),
        updated_at: None,
    };
    let notice = NoticeAnswer {
        nav: asked.nav.clone(),
        iuv: asked.iuv.clone(),
        amount_cents: asked.amount_cents,
        description: asked.description.clone(),
        due_at: asked.due_at,
        paid_at: receipt.and_then(|r| r.paid_at),
        receipt_id: receipt.map(|r| r.receipt_id.clone()),
        flow_id: None,
        transfers: asked.transfers.iter().map(transfer).collect(),
    };
    OptionAnswer {
        notice,
        is_partial_payment: option.is_partial_payment,
        status: if receipt.is_some() { OptionStatus::Paid } else { OptionStatus::Unpaid },
        reported_at: None,
        payment_method: receipt.and_then(|r| r.payment_method.clone()),
        psp_company: receipt.map(|r| r.psp.company_name.clone()),
    }
}

/// `GET …/payments/{cf}/receipts`, all on one page.
pub(crate) async fn receipts(State(sandbox): State<Shared>, Path(cf): Path<String>) -> Json<Listed> {
    let listed = |(receipt, _): &(Receipt, String)| ListedReceipt {
        organization_fiscal_code: cf.clone(),
        iuv: receipt.creditor_reference_id.clone(),
        debtor: receipt.debtor.identifier.clone(),
        payment_date_time: receipt.paid_at.map(|at| at.to_string()),
        status: Some("PAID".to_owned()),
    };
    let results: Vec<ListedReceipt> = sandbox.debts.receipts(&cf).iter().map(listed).collect();
    let length = u32::try_from(results.len()).unwrap_or(u32::MAX);
    Json(Listed { current_page_number: 0, length, total_pages: 1, results })
}

/// `GET …/payments/{cf}/receipts/{iuv}`
pub(crate) async fn receipt(State(sandbox): State<Shared>, Path((cf, iuv)): Path<(String, String)>) -> Response {
    let found = sandbox.debts.receipts(&cf).into_iter().find(|(receipt, _)| receipt.creditor_reference_id == iuv);
    match found {
        Some((_, xml)) => ([(header::CONTENT_TYPE, "application/xml")], xml).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
