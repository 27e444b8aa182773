//! What the test services are told of the registry: what their real counterparts know by configuration.

use db::Db;
use kernel::{Actor, Clock, Ctx, Entropy, FiscalCode, TenantId};
use payments::settings::Institution;
use sandbox::idp::{Identity, Later as LaterIdentity, People};
use sandbox::pagopa::{Creditor, Directory, Later, ListedNotice};

#[derive(Clone)]
pub struct Registry {
    pub db: Db,
    pub clock: Clock,
    /// Whose people can be entered as by their codice fiscale.
    pub tenants: Vec<TenantId>,
}

impl Directory for Registry {
    fn notices<'a>(&'a self, state: &'a str, limit: u32) -> Later<'a, Vec<ListedNotice>> {
        Box::pin(async move {
            let state = payments::State::from_code(state).ok_or("the states are payable, paid, cancelled")?;
            let mut tx = self.db.read().await.map_err(|e| e.to_string())?;
            let listed =
                payments::notice::list_for_test_node(&mut tx, state, limit, self.clock.now()).await.map_err(|e| e.to_string())?;
            let notice = |n: payments::notice::ListedNotice| ListedNotice {
                fiscal_code: n.fiscal_code,
                notice_number: n.notice_number,
                amount_cents: n.amount.0,
                broker: n.broker,
                station: n.station,
            };
            Ok(listed.into_iter().map(notice).collect())
        })
    }

    fn creditors(&self) -> Later<'_, Vec<Creditor>> {
        Box::pin(async move {
            let mut tx = self.db.read().await.map_err(|e| e.to_string())?;
            let all = payments::settings::list_institutions(&mut tx).await.map_err(|e| e.to_string())?;
            let creditor = |i: Institution| Creditor {
                fiscal_code: i.fiscal_code,
                name: i.name,
                broker: i.pagopa.broker,
                station: i.pagopa.station,
            };
            Ok(all.into_iter().map(creditor).collect())
        })
    }
}

impl People for Registry {
    fn find<'a>(&'a self, fiscal_code: &'a str) -> LaterIdentity<'a, Option<Identity>> {
        Box::pin(async move {
            let code = FiscalCode::parse(fiscal_code).ok()?;
            let mut tx = self.db.read().await.ok()?;
            for tenant in &self.tenants {
                let ctx = Ctx::new(*tenant, Actor::System("sandbox"), &self.clock, &Entropy::System);
                if let Some(person) = enrolment::person::find_by_fiscal_code(&mut tx, &ctx, &code).await.ok()? {
                    return Some(Identity {
                        name: person.name,
                        family_name: person.family_name,
                        code: code.to_string(),
                        date_of_birth: person.birth_on,
                        legal_person: false,
                    });
                }
            }
            None
        })
    }
}
