use kernel::{Ctx, Day, ServiceId, TariffPlanId};

use crate::{Error, Rule, RuleKind, store};

/// A council resolution's prices for a service, in force from `from_on` to `to_on`, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub id: TariffPlanId,
    pub service_id: ServiceId,
    pub name: String,
    pub resolution_number: String,
    pub resolution_on: Day,
    pub from_on: Day,
    pub to_on: Day,
    /// In the order they are looked at.
    pub rules: Vec<Rule>,
}

/// A plan as it is brought in; the same key again replaces it.
#[derive(Clone, Debug)]
pub struct NewPlan {
    pub external_key: String,
    pub service_id: ServiceId,
    pub name: String,
    pub resolution_number: String,
    pub resolution_on: Day,
    pub from_on: Day,
    pub to_on: Day,
    pub rules: Vec<Rule>,
}

impl Plan {
    pub fn is_in_force(&self, on: Day) -> bool {
        self.from_on <= on && on <= self.to_on
    }
}

impl NewPlan {
    /// What is wrong with the plan as written, if anything: for an importer's line of report.
    pub fn fault(&self) -> Option<&'static str> {
        if self.from_on > self.to_on {
            return Some("the plan ends before it begins");
        }
        if !self.rules.iter().any(|rule| rule.kind() == RuleKind::Price) {
            return Some("the plan has no price");
        }
        self.rules.iter().find_map(Rule::fault)
    }
}

/// The plan of a service in force on a day; of several, the one that began last.
pub async fn plan_in_force(tx: &mut db::Tx, ctx: &Ctx, service: ServiceId, on: Day) -> Result<Option<Plan>, Error> {
    let plans = store::plans(tx, ctx.tenant, service, on, on).await?;
    Ok(plans.into_iter().next_back())
}

/// The plans of a service in force on any day between two, by the day they begin.
pub async fn list_plans(tx: &mut db::Tx, ctx: &Ctx, service: ServiceId, first: Day, last: Day) -> Result<Vec<Plan>, Error> {
    store::plans(tx, ctx.tenant, service, first, last).await
}

/// Brings plans in, by their external key: a known plan keeps its id and gets the new text and rules.
///
/// # Errors
/// [`Error::BadPlan`], and then nothing is written.
pub async fn load(tx: &mut db::Tx, ctx: &Ctx, plans: Vec<NewPlan>) -> Result<Vec<TariffPlanId>, Error> {
    for plan in &plans {
        if let Some(reason) = plan.fault() {
            return Err(Error::BadPlan { plan: plan.external_key.clone(), reason: reason.to_owned() });
        }
    }
    let mut ids = Vec::with_capacity(plans.len());
    for plan in &plans {
        ids.push(store::upsert(tx, ctx, plan).await?);
    }
    Ok(ids)
}
