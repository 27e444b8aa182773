//! What the node is told of a notice. Pure reads: repeatable, at any number at once, promising nothing.

use std::collections::HashMap;

use kernel::{Cents, Instant, rome_day};
use pagopa::{
    Destination, FaultCode, Head, NO_DUE_DATE, NoticeNumber, Payment, PaymentSummary, Subject, SubjectKind, Transfer,
    TransferType,
};

use crate::settings::Institution;
use crate::{Error, Position, State, store};

/// The transfer metadata that tells a provider the postal account behind a bank one.
const POSTAL_SUPPORT: &str = "IBANAPPOGGIO";

/// What stands under a notice number now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeState<'a> {
    Unknown,
    Cancelled,
    Paid,
    /// Past its due day, where the tenant takes no late payments.
    Expired,
    Payable(&'a Position),
}

/// A notice of this installation, as the test pagoPA lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedNotice {
    pub fiscal_code: String,
    pub notice_number: String,
    /// What is due now; what was asked, when it is paid or cancelled.
    pub amount: Cents,
    pub broker: String,
    pub station: String,
}

/// An institution and some of its notices, as they stood at one moment.
#[derive(Clone, Debug)]
pub struct Notices {
    pub institution: Institution,
    positions: HashMap<NoticeNumber, Position>,
}

/// What an institution that takes payments has under these numbers, in one statement: [`db::Db::read_once`] is enough,
/// up to some hundreds of them. None where `fiscal_code` names no such institution, or one that is switched off.
pub async fn ask(tx: &mut db::Tx, fiscal_code: &str, numbers: &[NoticeNumber]) -> Result<Option<Notices>, Error> {
    let found = store::institution_and_positions(tx, fiscal_code, numbers).await?;
    Ok(found.filter(|(institution, _)| institution.is_enabled).map(|(institution, positions)| {
        let positions = positions.into_iter().map(|p| (p.notice_number, p)).collect();
        Notices { institution, positions }
    }))
}

impl Notices {
    /// Whether the station that is asked for is this institution's, in the order the node's guide gives.
    ///
    /// # Errors
    /// The code to refuse with.
    pub fn check(&self, head: &Head) -> Result<(), FaultCode> {
        let pagopa = &self.institution.pagopa;
        if pagopa.broker != head.id_broker_pa {
            return Err(FaultCode::IdIntermediarioErrato);
        }
        if pagopa.station != head.id_station {
            return Err(FaultCode::StazioneIntErrata);
        }
        Ok(())
    }

    /// What stands under one of the numbers asked for.
    pub fn state(&self, number: NoticeNumber, now: Instant) -> NoticeState<'_> {
        let Some(position) = self.positions.get(&number) else { return NoticeState::Unknown };
        let is_closed_when_late = !self.institution.pagopa.accepts_after_due;
        match position.state {
            State::Cancelled => NoticeState::Cancelled,
            // Of a debt that was paid the other way the node hears the same as of one that was paid this way.
            State::Paid | State::Closed => NoticeState::Paid,
            State::Payable if is_closed_when_late && position.is_overdue(now) => NoticeState::Expired,
            State::Payable => NoticeState::Payable(position),
        }
    }

    /// The position to pay.
    ///
    /// # Errors
    /// The code that says why there is none.
    pub fn payable(&self, number: NoticeNumber, now: Instant) -> Result<&Position, FaultCode> {
        match self.state(number, now) {
            NoticeState::Payable(position) => Ok(position),
            NoticeState::Unknown => Err(FaultCode::PagamentoSconosciuto),
            NoticeState::Cancelled => Err(FaultCode::PagamentoAnnullato),
            NoticeState::Paid => Err(FaultCode::PagamentoDuplicato),
            NoticeState::Expired => Err(FaultCode::PagamentoScaduto),
        }
    }
}

/// The answer to a verify.
pub fn summary(institution: &Institution, position: &Position) -> PaymentSummary {
    PaymentSummary {
        amount_cents: position.due().0,
        due_on: position.due_on,
        is_all_postal: institution.pagopa.postal_iban.is_some(),
        description: position.description.clone(),
        fiscal_code_pa: institution.fiscal_code.clone(),
        company_name: institution.name.clone(),
        office_name: Some(institution.office_name.clone()),
    }
}

/// The answer to a request for payment, with what is due now.
pub fn payment(institution: &Institution, position: &Position, transfer_type: Option<TransferType>) -> Payment {
    Payment {
        creditor_reference_id: position.iuv.clone(),
        amount_cents: position.due().0,
        due_on: position.due_on.unwrap_or(NO_DUE_DATE),
        description: position.description.clone(),
        company_name: institution.name.clone(),
        office_name: Some(institution.office_name.clone()),
        debtor: debtor(position),
        transfers: vec![transfer(institution, position, transfer_type)],
        metadata: Vec::new(),
    }
}

fn debtor(position: &Position) -> Subject {
    // Legal persons have codes of eleven digits.
    let kind = if position.debtor_code.len() == 11 { SubjectKind::Legal } else { SubjectKind::Natural };
    Subject { kind, identifier: position.debtor_code.clone(), full_name: position.debtor_name.clone(), ..Subject::default() }
}

/// A postal payment goes to the postal account; another to the bank, naming the postal account behind it.
fn transfer(institution: &Institution, position: &Position, transfer_type: Option<TransferType>) -> Transfer {
    let pagopa = &institution.pagopa;
    let (iban, support) = match (transfer_type, &pagopa.postal_iban) {
        (Some(TransferType::Postal), Some(postal)) => (postal, None),
        (Some(TransferType::Pagopa), Some(postal)) => (&pagopa.iban, Some(postal)),
        _ => (&pagopa.iban, None),
    };
    Transfer {
        index: 1,
        amount_cents: position.due().0,
        fiscal_code_pa: institution.fiscal_code.clone(),
        company_name: Some(institution.name.clone()),
        destination: Destination::Iban(iban.clone()),
        remittance_information: position.description.clone(),
        category: position.taxonomy_code.clone(),
        metadata: support.map(|postal| (POSTAL_SUPPORT.to_owned(), postal.clone())).into_iter().collect(),
    }
}

/// Notices in `state` of every tenant that takes payments, oldest first, without those that are closed at `now` for
/// being late: for the test pagoPA only, which stands where the real node knows of all institutions.
pub async fn list_for_test_node(tx: &mut db::Tx, state: State, limit: u32, now: Instant) -> Result<Vec<ListedNotice>, Error> {
    store::listed_notices(tx, state, limit, rome_day(now)).await
}
