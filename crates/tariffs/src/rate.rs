use kernel::{Cents, Day, TariffPlanId};
use serde::{Deserialize, Serialize};

use crate::{Effect, Error, Plan, Rule, RuleKind, Step};

/// What a plan may ask about a pupil on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Facts {
    pub resident: bool,
    /// The code of the school level.
    pub level: String,
    /// The household's ISEE as the office applies it that day; none when there is no valid one.
    pub isee: Option<Cents>,
    pub minors_in_household: u8,
    /// Children of the household enrolled in the service, the pupil included.
    pub children_enrolled: u8,
    /// Which of them the pupil is, the eldest being 1.
    pub child_order: u8,
    /// Circumstances of the pupil, as the office recorded them (`disability`, `foster_care`, ...).
    pub circumstances: Vec<String>,
}

/// A price and how it came about. Kept with each charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    pub amount: Cents,
    /// The label of the band, where the price has bands.
    pub band: Option<String>,
    pub steps: Vec<Step>,
    pub plan_id: TariffPlanId,
    pub plan_name: String,
    pub resolution_number: String,
    pub resolution_on: Day,
}

impl Rating {
    /// The steps and then the council's resolution, a line each.
    pub fn lines_it(&self) -> Vec<String> {
        let on = self.resolution_on.strftime("%d/%m/%Y");
        let resolution = format!("{}: delibera n. {} del {on}", self.plan_name, self.resolution_number);
        self.steps.iter().map(Step::text_it).chain([resolution]).collect()
    }
}

/// The price of one day for these facts. Pure.
///
/// # Errors
/// [`Error::NotInForce`] on a day outside the plan, [`Error::NoPrice`] when none of its prices fits.
pub fn rate(plan: &Plan, facts: &Facts, on: Day) -> Result<Rating, Error> {
    if !plan.is_in_force(on) {
        return Err(Error::NotInForce { plan: plan.name.clone(), on });
    }
    let mut steps = Vec::new();
    let (mut amount, band) = price(plan, facts, &mut steps)?;
    for rule in plan.rules.iter().filter(|r| r.kind() != RuleKind::Price && r.when.holds(facts)) {
        amount = reduce(rule, amount, &mut steps);
    }
    Ok(Rating {
        amount,
        band,
        steps,
        plan_id: plan.id,
        plan_name: plan.name.clone(),
        resolution_number: plan.resolution_number.clone(),
        resolution_on: plan.resolution_on,
    })
}

fn price(plan: &Plan, facts: &Facts, steps: &mut Vec<Step>) -> Result<(Cents, Option<String>), Error> {
    let fits = |rule: &&Rule| rule.kind() == RuleKind::Price && rule.when.holds(facts);
    let rule = plan.rules.iter().find(fits).ok_or_else(|| Error::NoPrice { plan: plan.name.clone() })?;
    if facts.isee.is_none() && !matches!(rule.effect, Effect::Flat { .. }) {
        steps.push(Step::NoIsee);
    }
    let (price, band, step) = match &rule.effect {
        Effect::Flat { label, price } => (*price, None, Step::Flat { label: label.clone(), price: *price }),
        Effect::Bands { bands } => {
            let n = band_of(facts.isee, bands.iter().map(|b| b.up_to));
            let (band, over) = (&bands[n], n.checked_sub(1).and_then(|below| bands[below].up_to));
            let step = Step::Band { label: band.label.clone(), over, up_to: band.up_to, price: band.price };
            (band.price, Some(band.label.clone()), step)
        }
        Effect::ShareOfCost { full_cost, bands } => {
            let n = band_of(facts.isee, bands.iter().map(|b| b.up_to));
            let (band, over) = (&bands[n], n.checked_sub(1).and_then(|below| bands[below].up_to));
            let (basis_points, price) = (band.basis_points, full_cost.share(band.basis_points));
            let (label, up_to, full_cost) = (band.label.clone(), band.up_to, *full_cost);
            (price, Some(label.clone()), Step::ShareOfCost { label, over, up_to, basis_points, full_cost, price })
        }
        Effect::Linear { from_isee, from_price, to_isee, to_price } => {
            let price = linear(facts.isee, (*from_isee, *from_price), (*to_isee, *to_price));
            (price, None, Step::Linear { from_isee: *from_isee, to_isee: *to_isee, price })
        }
        Effect::Discount { .. } | Effect::Exempt { .. } => unreachable!("only prices were looked for"),
    };
    steps.push(step);
    Ok((price, band))
}

/// The first band the ISEE does not pass; the last for none.
fn band_of(isee: Option<Cents>, ceilings: impl ExactSizeIterator<Item = Option<Cents>>) -> usize {
    let last = ceilings.len() - 1;
    let Some(isee) = isee else { return last };
    ceilings.into_iter().position(|ceiling| ceiling.is_none_or(|c| isee <= c)).unwrap_or(last)
}

fn linear(isee: Option<Cents>, from: (Cents, Cents), to: (Cents, Cents)) -> Cents {
    match isee {
        Some(isee) if isee <= from.0 => from.1,
        Some(isee) if isee < to.0 => from.1 + (to.1 - from.1).prorate((isee - from.0).0, (to.0 - from.0).0),
        _ => to.1,
    }
}

/// A price that is zero already stays as it is explained.
fn reduce(rule: &Rule, amount: Cents, steps: &mut Vec<Step>) -> Cents {
    if amount.is_zero() {
        return amount;
    }
    match &rule.effect {
        Effect::Exempt { label } => {
            steps.push(Step::Exempt { label: label.clone() });
            Cents::ZERO
        }
        Effect::Discount { label, basis_points } => {
            let price = amount.share(10_000 - basis_points);
            steps.push(Step::Discount { label: label.clone(), basis_points: *basis_points, price });
            price
        }
        _ => unreachable!("prices were left out"),
    }
}
