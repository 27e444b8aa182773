//! Charging the meals of a day, once: prepaid ones on their wallets, postpaid ones to wait for their document.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use enrolment::{PaymentMode, RatingFacts};
use kernel::{AccountId, BadgeId, Cents, Ctx, Day, PupilId, ServiceId};
use ledger::{AccountKind, Cause, Posting};
use tariffs::{Facts, Plan};

use crate::store::charges::NewCharge;
use crate::store::{charges, days, wallets};
use crate::trace::Trace;
use crate::{Error, account};

/// What closing a day charged. Closing it again charges only what came since, mostly nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedDay {
    pub day: Day,
    pub meals: u64,
    pub total: Cents,
    /// Meals without a price: for the office to see to; closing the day again charges those that have one by then.
    pub not_charged: Vec<(PupilId, NotCharged)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotCharged {
    /// Ate without being enrolled: nobody is known to pay.
    NotEnrolled,
    /// No plan is in force, or none of its prices fits.
    NoPrice,
    /// Prepaid, and the pupil has no badge for the service.
    NoBadge,
}

/// Charges the meals of one day. See [`close_days`].
pub async fn close_day(tx: &mut db::Tx, ctx: &Ctx, service: ServiceId, day: Day) -> Result<ClosedDay, Error> {
    Ok(close_days(tx, ctx, service, &[day]).await?.remove(0))
}

/// Charges every meal of these days that has no charge yet, in few statements; answers by day.
///
/// Two at once wait for each other; a year that pays a flat sum is not charged by the meal.
///
/// # Errors
/// [`Error::DayToCome`]
pub async fn close_days(tx: &mut db::Tx, ctx: &Ctx, service: ServiceId, days: &[Day]) -> Result<Vec<ClosedDay>, Error> {
    let days: BTreeSet<Day> = days.iter().copied().collect();
    let (Some(first), Some(last)) = (days.first().copied(), days.last().copied()) else { return Ok(Vec::new()) };
    if last > ctx.today() {
        return Err(Error::DayToCome);
    }
    days::lock(tx, ctx, service, &days).await?;
    let mut till = Till::open(tx, ctx, service, first, last).await?;
    let mut closed: BTreeMap<Day, ClosedDay> = days.iter().map(|day| (*day, empty(*day))).collect();
    for meal in days::uncharged(tx, ctx, service, first, last).await? {
        if let Some(of_day) = closed.get_mut(&meal.day) {
            till.ring_up(tx, ctx, &meal, of_day).await?;
        }
    }
    till.close(tx, ctx).await?;
    days::write(tx, ctx, service, closed.values()).await?;
    Ok(closed.into_values().collect())
}

/// Days up to `last` on which the service ran and that are not closed yet, from `first` on.
pub async fn list_unclosed_days(
    tx: &mut db::Tx,
    ctx: &Ctx,
    service: ServiceId,
    first: Day,
    last: Day,
) -> Result<Vec<Day>, Error> {
    days::unclosed(tx, ctx, service, first, last).await
}

fn empty(day: Day) -> ClosedDay {
    ClosedDay { day, meals: 0, total: Cents::ZERO, not_charged: Vec::new() }
}

/// A pupil who ate.
pub(crate) struct Meal {
    pub pupil: PupilId,
    pub day: Day,
    pub is_enrolled: bool,
}

/// What is known of everybody between two changes of anything that a price or a way to pay depends on.
struct Known {
    until: Day,
    facts: HashMap<PupilId, RatingFacts>,
}

type Priced = Option<(Cents, Trace)>;

/// Prices meals, and gathers what they make in the ledger.
struct Till {
    service: ServiceId,
    plans: Vec<Plan>,
    /// Days on which something changes, in order.
    changes: Vec<Day>,
    known: Option<Known>,
    /// One rating for all that have the same facts on the same plan.
    priced: HashMap<(usize, Facts), Priced>,
    badges: HashMap<PupilId, BadgeId>,
    charges: Vec<(NewCharge, PaymentMode)>,
    traces: BTreeSet<Trace>,
}

impl Till {
    async fn open(tx: &mut db::Tx, ctx: &Ctx, service: ServiceId, first: Day, last: Day) -> Result<Till, Error> {
        Ok(Till {
            service,
            plans: tariffs::list_plans(tx, ctx, service, first, last).await?,
            changes: days::changes(tx, ctx, service, first, last).await?,
            known: None,
            priced: HashMap::new(),
            badges: wallets::badges_of_service(tx, ctx, service).await?,
            charges: Vec::new(),
            traces: BTreeSet::new(),
        })
    }

    /// Meals come by day: what is known is read anew only where something changes.
    async fn learn(&mut self, tx: &mut db::Tx, ctx: &Ctx, day: Day) -> Result<(), Error> {
        if self.known.as_ref().is_some_and(|known| day < known.until) {
            return Ok(());
        }
        let next = self.changes.iter().find(|change| **change > day);
        let facts = enrolment::rating_facts(tx, ctx, self.service, day, None).await?;
        let facts = facts.into_iter().map(|facts| (facts.pupil, facts)).collect();
        self.known = Some(Known { until: next.copied().unwrap_or(Day::MAX), facts });
        Ok(())
    }

    async fn ring_up(&mut self, tx: &mut db::Tx, ctx: &Ctx, meal: &Meal, of_day: &mut ClosedDay) -> Result<(), Error> {
        self.learn(tx, ctx, meal.day).await?;
        match self.charge(meal) {
            Ok(None) => {}
            Ok(Some(amount)) => {
                of_day.meals += 1;
                of_day.total += amount;
            }
            Err(why) => of_day.not_charged.push((meal.pupil, why)),
        }
        Ok(())
    }

    /// The amount charged; none where the pupil pays a flat sum.
    fn charge(&mut self, meal: &Meal) -> Result<Option<Cents>, NotCharged> {
        let known = self.known.as_ref().expect("what is known was read for this day");
        let facts = known.facts.get(&meal.pupil).filter(|_| meal.is_enrolled).ok_or(NotCharged::NotEnrolled)?;
        let mode = facts.payment_mode;
        if mode == PaymentMode::Flat {
            return Ok(None);
        }
        let facts = asked_of(facts);
        let (amount, trace) = self.price(facts, meal.day).ok_or(NotCharged::NoPrice)?;
        let badge = match mode {
            PaymentMode::Prepaid => Some(*self.badges.get(&meal.pupil).ok_or(NotCharged::NoBadge)?),
            _ => None,
        };
        let (pupil, service, day) = (meal.pupil, self.service, meal.day);
        self.charges
            .push((NewCharge { pupil, service, day, amount, badge, document: None, posting: None, trace: trace.id }, mode));
        self.traces.insert(trace);
        Ok(Some(amount))
    }

    fn price(&mut self, facts: Facts, day: Day) -> Priced {
        let plan = self.plans.iter().rposition(|plan| plan.is_in_force(day))?;
        let plans = &self.plans;
        let priced = self.priced.entry((plan, facts)).or_insert_with_key(|(plan, facts)| {
            let rating = tariffs::rate(&plans[*plan], facts, day).ok()?;
            Some((rating.amount, Trace::of(&rating)))
        });
        priced.clone()
    }

    async fn close(mut self, tx: &mut db::Tx, ctx: &Ctx) -> Result<(), Error> {
        self.post(tx, ctx).await?;
        charges::insert_traces(tx, ctx, self.traces.iter()).await?;
        let charges: Vec<NewCharge> = self.charges.into_iter().map(|(charge, _)| charge).collect();
        charges::insert(tx, ctx, &charges).await?;
        Ok(())
    }

    /// Prepaid meals that cost something move from the wallet to the service's revenue.
    async fn post(&mut self, tx: &mut db::Tx, ctx: &Ctx) -> Result<(), Error> {
        let mut badges: Vec<BadgeId> = self.charges.iter().filter_map(|(charge, _)| charge.badge).collect();
        badges.sort_unstable();
        badges.dedup();
        if badges.is_empty() {
            return Ok(());
        }
        let accounts = account::open_wallets(tx, ctx, &badges).await?;
        let wallets: HashMap<BadgeId, AccountId> = badges.into_iter().zip(accounts).collect();
        let revenue = ledger::open_account(tx, ctx, AccountKind::Revenue, &self.service.to_string()).await?;
        let paid = |charge: &NewCharge| charge.badge.filter(|_| !charge.amount.is_zero());
        let postings = self.charges.iter().filter_map(|(charge, _)| Some(posting(charge, wallets[&paid(charge)?], revenue)));
        let posted = ledger::post_all(tx, ctx, postings.collect()).await?;
        let charged = self.charges.iter_mut().map(|(charge, _)| charge).filter(|charge| paid(charge).is_some());
        for (charge, posted) in charged.zip(posted) {
            charge.posting = Some(posted.id);
        }
        Ok(())
    }
}

/// The key of a meal's posting: the same whoever charges it, an import or the close of its day.
pub(crate) fn meal_key(pupil: PupilId, service: ServiceId, day: Day) -> String {
    format!("meal:{pupil}:{service}:{day}")
}

fn posting(charge: &NewCharge, wallet: AccountId, revenue: AccountId) -> Posting {
    Posting {
        source_key: meal_key(charge.pupil, charge.service, charge.day),
        cause: Cause::Meal,
        description: format!("Pasto del {}", charge.day.strftime("%d/%m/%Y")),
        effective_on: charge.day,
        entries: vec![(wallet, -charge.amount), (revenue, charge.amount)],
    }
}

/// What the registry knows, in the words of the tariffs.
pub(crate) fn asked_of(facts: &RatingFacts) -> Facts {
    Facts {
        resident: facts.resident,
        level: facts.level.clone(),
        isee: facts.isee,
        minors_in_household: facts.minors_in_household,
        children_enrolled: facts.enrolled_in_household,
        child_order: facts.child_order,
        circumstances: facts.circumstance.iter().cloned().collect(),
    }
}

/// The price of a visible pupil's meal on a day, with its derivation; none where there is no plan or no enrolment. For
/// the pupil's record and the top-up page.
pub async fn price_on(
    tx: &mut db::Tx,
    ctx: &Ctx,
    pupil: PupilId,
    service: ServiceId,
    day: Day,
) -> Result<Option<tariffs::Rating>, Error> {
    let Some(plan) = tariffs::plan_in_force(tx, ctx, service, day).await? else { return Ok(None) };
    let facts = enrolment::rating_facts(tx, ctx, service, day, Some(pupil)).await?;
    Ok(facts.first().and_then(|facts| tariffs::rate(&plan, &asked_of(facts), day).ok()))
}
