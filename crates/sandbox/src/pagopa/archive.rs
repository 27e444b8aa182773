//! ACA, the central archive of debts; and what the node does with it while an institution's station is away.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use pagopa::aca::{Kept, Position};
use pagopa::{Destination, NO_DUE_DATE, NoticeNumber, Payment, PaymentSummary, Subject, SubjectKind, Transfer};

use super::carts::problem;
use super::{Creditor, Shared};

/// Any category will do for money that a real provider would send without asking.
const CATEGORY: &str = "9/0107101TS/";

/// The positions told, by institution and notice number; `true` where they were paid.
#[derive(Default)]
pub(crate) struct Archive(Mutex<HashMap<(String, String), (Position, bool)>>);

impl Archive {
    fn put(&self, position: Position) -> Result<Kept, (StatusCode, &'static str)> {
        let nav = position.nav.clone().unwrap_or_else(|| format!("3{}", position.iuv));
        let key = (position.pa_fiscal_code.clone(), nav.clone());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get(&key) {
            Some((_, true)) => return Err((StatusCode::CONFLICT, "the position is paid")),
            Some((kept, _)) if kept.amount_cents == 0 && position.amount_cents == 0 => {
                return Err((StatusCode::UNPROCESSABLE_ENTITY, "the position is closed already"));
            }
            None if position.amount_cents == 0 => return Err((StatusCode::NOT_FOUND, "no such position to close")),
            _ => {}
        }
        let kept = Kept {
            pa_fiscal_code: position.pa_fiscal_code.clone(),
            company_name: None,
            iuv: position.iuv.clone(),
            nav: Some(nav),
            amount_cents: position.amount_cents,
            status: Some(if position.amount_cents == 0 { "INVALID" } else { "VALID" }.to_owned()),
        };
        all.insert(key, (position, false));
        Ok(kept)
    }

    /// A position the node may collect without asking the institution.
    fn collectable(&self, fiscal_code: &str, number: NoticeNumber) -> Option<Position> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (position, is_paid) = all.get(&(fiscal_code.to_owned(), number.to_string()))?;
        (!is_paid && position.may_stand_in && position.amount_cents > 0).then(|| position.clone())
    }

    /// The node tells the archive of every payment.
    pub fn paid(&self, fiscal_code: &str, number: NoticeNumber) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, is_paid)) = all.get_mut(&(fiscal_code.to_owned(), number.to_string())) {
            *is_paid = true;
        }
    }

    /// What would be paid in the institution's stead.
    pub fn stand_in_summary(&self, creditor: &Creditor, number: NoticeNumber) -> Option<PaymentSummary> {
        let position = self.collectable(&creditor.fiscal_code, number)?;
        Some(PaymentSummary {
            amount_cents: position.amount_cents,
            due_on: None,
            is_all_postal: position.postal_iban.is_some(),
            description: position.description,
            fiscal_code_pa: creditor.fiscal_code.clone(),
            company_name: creditor.name.clone(),
            office_name: None,
        })
    }

    pub fn stand_in_payment(&self, creditor: &Creditor, number: NoticeNumber) -> Option<Payment> {
        let position = self.collectable(&creditor.fiscal_code, number)?;
        Some(Payment {
            creditor_reference_id: position.iuv,
            amount_cents: position.amount_cents,
            due_on: NO_DUE_DATE,
            description: position.description.clone(),
            company_name: creditor.name.clone(),
            office_name: None,
            debtor: debtor(position.debtor_kind, &position.debtor_fiscal_code, &position.debtor_full_name),
            transfers: vec![transfer(
                &creditor.fiscal_code,
                position.amount_cents,
                position.iban,
                &position.description,
                CATEGORY,
            )],
            metadata: Vec::new(),
        })
    }
}

pub(super) fn debtor(kind: SubjectKind, code: &str, name: &str) -> Subject {
    Subject { kind, identifier: code.to_owned(), full_name: name.chars().take(70).collect(), ..Subject::default() }
}

pub(super) fn transfer(fiscal_code: &str, amount_cents: i64, iban: Option<String>, words: &str, category: &str) -> Transfer {
    Transfer {
        index: 1,
        amount_cents,
        fiscal_code_pa: fiscal_code.to_owned(),
        company_name: None,
        destination: Destination::Iban(iban.unwrap_or_default()),
        remittance_information: words.chars().take(140).collect(),
        category: category.to_owned(),
        metadata: Vec::new(),
    }
}

/// `POST /aca/v1/paCreatePosition`
pub(crate) async fn put(State(sandbox): State<Shared>, body: Bytes) -> Response {
    let position = match serde_json::from_slice::<Position>(&body).map_err(|e| e.to_string()) {
        Ok(position) => position,
        Err(why) => return problem(StatusCode::BAD_REQUEST, "Invalid position", &why),
    };
    if let Err(why) = position.check() {
        return problem(StatusCode::BAD_REQUEST, "Invalid position", &why.to_string());
    }
    if sandbox.creditor(&position.pa_fiscal_code).await.is_err() {
        return problem(StatusCode::NOT_FOUND, "Unknown institution", "no such creditor institution");
    }
    let number = position.nav.clone().unwrap_or_default();
    let kept = sandbox.archive.put(position);
    let outcome = kept.as_ref().map_or_else(|(_, why)| (*why).to_owned(), |kept| format!("OK {}", kept.amount_cents));
    sandbox.register.note(sandbox.clock.now(), "paCreatePosition", &number, &outcome);
    match kept {
        Ok(kept) => Json(kept).into_response(),
        Err((status, why)) => problem(status, "Not accepted", why),
    }
}
