use kernel::{Day, Instant};
use pagopa::aca;
use pagopa::{Endpoint, Http, SubjectKind};

use super::{Debt, Fetched, GatewayError, Later, PaymentGateway, expires_at};
use crate::Position;
use crate::settings::Institution;

/// We answer the node; the archive is told besides.
pub struct Synchronous {
    client: aca::Client,
    archive: Endpoint,
}

impl Synchronous {
    pub fn new(http: Http, archive: Endpoint) -> Synchronous {
        Synchronous { client: aca::Client::new(http), archive }
    }

    async fn put(&self, position: aca::Position) -> Result<(), GatewayError> {
        match self.client.put(&self.archive, &position).await {
            Ok(_) => Ok(()),
            // What is closed already cannot be closed again, and need not.
            Err(aca::Error::NotAccepted(_) | aca::Error::NotFound(_)) if position.amount_cents == 0 => Ok(()),
            Err(later) if later.is_retryable() => Err(GatewayError::Later(later.to_string())),
            Err(refused) => Err(GatewayError::Refused(refused.to_string())),
        }
    }
}

fn position(of: &Institution, position: &Position) -> aca::Position {
    // Legal persons have codes of eleven digits.
    let debtor_kind = if position.debtor_code.len() == 11 { SubjectKind::Legal } else { SubjectKind::Natural };
    aca::Position {
        pa_fiscal_code: of.fiscal_code.clone(),
        debtor_kind,
        debtor_fiscal_code: position.debtor_code.clone(),
        debtor_full_name: position.debtor_name.clone(),
        iuv: position.iuv.clone(),
        nav: Some(position.notice_number.to_string()),
        amount_cents: position.due().0,
        description: position.description.chars().take(140).collect(),
        expires_at: expires_at(position.due_on),
        iban: Some(of.pagopa.iban.clone()),
        postal_iban: of.pagopa.postal_iban.clone(),
        switch_to_expired: !of.pagopa.accepts_after_due && position.due_on.is_some(),
        may_stand_in: true,
    }
}

impl PaymentGateway for Synchronous {
    fn publish<'a>(&'a self, of: &'a Institution, debt: &'a Debt, _now: Instant) -> Later<'a, ()> {
        Box::pin(self.put(position(of, &debt.position)))
    }

    /// One operation does both: an upsert.
    fn update<'a>(&'a self, of: &'a Institution, debt: &'a Debt, now: Instant) -> Later<'a, ()> {
        self.publish(of, debt, now)
    }

    fn cancel<'a>(&'a self, of: &'a Institution, debt: &'a Debt, _now: Instant) -> Later<'a, ()> {
        Box::pin(self.put(position(of, &debt.position).closed()))
    }

    /// The node delivers them.
    fn fetch_receipts<'a>(&'a self, _of: &'a Institution, _since: Day) -> Later<'a, Vec<Fetched>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}
