use kernel::{Day, Instant};
use pagopa::gpd::{self, v1};
use pagopa::receipts;
use pagopa::{Endpoint, Http, SubjectKind};

use super::{Debt, Fetched, GatewayError, Later, PaymentGateway, expires_at};
use crate::settings::Institution;
use crate::{Position, PositionKind};

/// GPD takes no due moment that is past: what is overdue and still payable gets one that never comes.
const NO_DUE_DATE: Option<Day> = None;

/// pagoPA answers the node for us. A debt is one position there, with an option for the whole and one for each part, so
/// that it closes the other side by itself.
pub struct Gpd {
    client: gpd::Client,
    positions: Endpoint,
    receipts: Option<(receipts::Client, Endpoint)>,
}

impl Gpd {
    /// `receipts` is GPD's receipts service, where the tenant has it.
    pub fn new(http: Http, positions: Endpoint, receipts: Option<Endpoint>) -> Gpd {
        let receipts = receipts.map(|endpoint| (receipts::Client::new(http.clone()), endpoint));
        Gpd { client: gpd::Client::new(http), positions, receipts }
    }

    async fn create(&self, of: &Institution, debt: &Debt, now: Instant) -> Result<(), GatewayError> {
        match self.client.create(&self.positions, &of.fiscal_code, &position(of, debt, now), true, now).await {
            // Another notice of the same debt, or a call whose answer was lost, was first.
            Err(gpd::Error::Conflict(_)) => self.replace(of, debt, now).await,
            done => done.map(|_| ()).map_err(in_words),
        }
    }

    async fn replace(&self, of: &Institution, debt: &Debt, now: Instant) -> Result<(), GatewayError> {
        let done = self.client.update(&self.positions, &of.fiscal_code, &position(of, debt, now), true, now).await;
        done.map(|_| ()).map_err(in_words)
    }

    /// With nothing left to pay the debt is taken back, else it goes on without this notice.
    async fn withdraw(&self, of: &Institution, debt: &Debt, now: Instant) -> Result<(), GatewayError> {
        if !debt.open.is_empty() {
            return self.replace(of, debt, now).await;
        }
        match self.client.invalidate(&self.positions, &of.fiscal_code, &debt.key).await {
            Ok(_) | Err(gpd::Error::NotFound | gpd::Error::Conflict(_)) => Ok(()),
            Err(other) => Err(in_words(other)),
        }
    }

    async fn receipts_since(&self, of: &Institution, since: Day) -> Result<Vec<Fetched>, GatewayError> {
        let Some((client, endpoint)) = &self.receipts else { return Ok(Vec::new()) };
        let mut fetched = Vec::new();
        for page in 0.. {
            let query = receipts::ListQuery { page, from: Some(since), to: None };
            let listed = client.list(endpoint, &of.fiscal_code, &query).await.map_err(unreadable)?;
            for receipt in &listed.results {
                let raw = client.get_xml(endpoint, &of.fiscal_code, &receipt.iuv).await.map_err(unreadable)?;
                let receipt = receipts::read_xml(raw.as_bytes()).map_err(unreadable)?;
                fetched.push(Fetched { receipt, raw });
            }
            if page + 1 >= listed.total_pages {
                break;
            }
        }
        Ok(fetched)
    }
}

fn in_words(error: gpd::Error) -> GatewayError {
    if error.is_retryable() { GatewayError::Later(error.to_string()) } else { GatewayError::Refused(error.to_string()) }
}

fn unreadable(error: receipts::Error) -> GatewayError {
    GatewayError::Later(error.to_string())
}

fn position(of: &Institution, debt: &Debt, now: Instant) -> v1::Position {
    let debtor = &debt.position;
    v1::Position {
        iupd: debt.key.clone(),
        may_stand_in: true,
        debtor: gpd::Debtor {
            kind: if debtor.debtor_code.len() == 11 { SubjectKind::Legal } else { SubjectKind::Natural },
            fiscal_code: debtor.debtor_code.clone(),
            full_name: debtor.debtor_name.clone(),
            ..gpd::Debtor::default()
        },
        switch_to_expired: !of.pagopa.accepts_after_due,
        company_name: of.name.clone(),
        office_name: Some(of.office_name.clone()),
        options: debt.open.iter().map(|p| option(of, debt, p, now)).collect(),
        ..v1::Position::default()
    }
}

fn option(of: &Institution, debt: &Debt, position: &Position, now: Instant) -> v1::PaymentOption {
    let due_at = expires_at(position.due_on);
    let description: String = position.description.chars().take(140).collect();
    v1::PaymentOption {
        notice: gpd::Notice {
            nav: Some(position.notice_number.to_string()),
            iuv: position.iuv.clone(),
            amount_cents: position.due().0,
            description: description.clone(),
            due_at: if due_at < now { expires_at(NO_DUE_DATE) } else { due_at },
            transfers: vec![transfer(of, position, description)],
        },
        is_partial_payment: position.kind == PositionKind::Instalment && debt.open.len() > 1,
        retained_until: None,
        fee_cents: None,
        metadata: Vec::new(),
    }
}

/// All of the amount, to the institution's own account.
fn transfer(of: &Institution, position: &Position, description: String) -> gpd::Transfer {
    gpd::Transfer {
        index: "1".to_owned(),
        amount_cents: position.due().0,
        remittance_information: description,
        category: position.taxonomy_code.clone(),
        iban: Some(of.pagopa.iban.clone()),
        postal_iban: of.pagopa.postal_iban.clone(),
        ..gpd::Transfer::default()
    }
}

impl PaymentGateway for Gpd {
    fn publish<'a>(&'a self, of: &'a Institution, debt: &'a Debt, now: Instant) -> Later<'a, ()> {
        Box::pin(self.create(of, debt, now))
    }

    fn update<'a>(&'a self, of: &'a Institution, debt: &'a Debt, now: Instant) -> Later<'a, ()> {
        Box::pin(self.replace(of, debt, now))
    }

    fn cancel<'a>(&'a self, of: &'a Institution, debt: &'a Debt, now: Instant) -> Later<'a, ()> {
        Box::pin(self.withdraw(of, debt, now))
    }

    fn fetch_receipts<'a>(&'a self, of: &'a Institution, since: Day) -> Later<'a, Vec<Fetched>> {
        Box::pin(self.receipts_since(of, since))
    }
}
