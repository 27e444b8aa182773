//! What the node is told of a notice. Pure reads: repeatable, at any number at once, promising nothing.

use kernel::{Cents, Instant, TenantId, rome_day};
use pagopa::{
    Destination, Fault, FaultCode, Head, NO_DUE_DATE, NoticeNumber, Payment, PaymentSummary, Subject, SubjectKind, Transfer,
    TransferType,
};

use crate::settings::{self, Institution};
use crate::{Error, Position, State, store};

/// The transfer metadata that tells a provider the postal account behind a bank one.
const POSTAL_SUPPORT: &str = "IBANAPPOGGIO";

/// What stands under a notice number now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeState {
    Unknown,
    Cancelled,
    Paid,
    /// Past its due day, where the tenant takes no late payments.
    Expired,
    Payable(Box<Position>),
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

/// Who is asked, in the order the node's guide gives: institution, broker, station.
///
/// # Errors
/// The fault code to answer with, inside; the database's trouble outside.
pub async fn institution_for(tx: &mut db::Tx, head: &Head) -> Result<Result<Institution, FaultCode>, Error> {
    let Some(institution) = settings::find_institution(tx, &head.id_pa).await? else {
        return Ok(Err(FaultCode::IdDominioErrato));
    };
    if institution.pagopa.broker != head.id_broker_pa {
        return Ok(Err(FaultCode::IdIntermediarioErrato));
    }
    if institution.pagopa.station != head.id_station {
        return Ok(Err(FaultCode::StazioneIntErrata));
    }
    Ok(Ok(institution))
}

/// What stands under the number for this tenant at `now`.
pub async fn ask(tx: &mut db::Tx, tenant: TenantId, number: NoticeNumber, now: Instant) -> Result<NoticeState, Error> {
    let accepts_after_due = settings::get(tx, tenant).await?.accepts_after_due;
    let position = store::by_notice(tx, tenant, number).await?;
    Ok(state_of(position, accepts_after_due, now))
}

/// As [`ask`], with the settings at hand.
pub async fn ask_institution(
    tx: &mut db::Tx,
    of: &Institution,
    number: NoticeNumber,
    now: Instant,
) -> Result<NoticeState, Error> {
    let position = store::by_notice(tx, of.tenant, number).await?;
    Ok(state_of(position, of.pagopa.accepts_after_due, now))
}

fn state_of(position: Option<Position>, accepts_after_due: bool, now: Instant) -> NoticeState {
    let Some(position) = position else { return NoticeState::Unknown };
    match position.state {
        State::Cancelled => NoticeState::Cancelled,
        // Of a debt that was paid the other way the node hears the same as of one that was paid this way.
        State::Paid | State::Closed => NoticeState::Paid,
        State::Payable if !accepts_after_due && position.due_on.is_some_and(|due| due < rome_day(now)) => NoticeState::Expired,
        State::Payable => NoticeState::Payable(Box::new(position)),
    }
}

impl NoticeState {
    /// The position, or the fault that says why not.
    pub fn payable(self, institution: &Institution) -> Result<Box<Position>, Fault> {
        let code = match self {
            NoticeState::Payable(position) => return Ok(position),
            NoticeState::Unknown => FaultCode::PagamentoSconosciuto,
            NoticeState::Cancelled => FaultCode::PagamentoAnnullato,
            NoticeState::Paid => FaultCode::PagamentoDuplicato,
            NoticeState::Expired => FaultCode::PagamentoScaduto,
        };
        Err(Fault::new(code, &institution.fiscal_code))
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
