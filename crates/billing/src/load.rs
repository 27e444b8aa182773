//! Bringing in what an earlier system kept of the wallets.

use std::collections::{BTreeMap, HashMap};

use db::sync::{self, Counts, Table};
use kernel::{AccountId, BadgeId, CauseId, Cents, Ctx, Day, DocumentId, PupilId, ServiceId};
use ledger::{AccountKind, Cause, Posting};

use crate::day::{ClosedDay, meal_key};
use crate::issue::ELSEWHERE;
use crate::store::charges::{self, NewCharge};
use crate::store::{days, wallets};
use crate::trace::Trace;
use crate::{Error, account};

/// A cause of spontaneous payments, as the office keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCause {
    pub code: String,
    pub name: String,
    pub description: String,
    pub taxonomy_code: String,
    pub min: Cents,
    /// The same as `min` where the amount is fixed; several pieces need a fixed one.
    pub max: Cents,
    pub for_pupil: bool,
    pub most_pieces: i64,
    pub open_from: Day,
    pub open_to: Option<Day>,
    pub valid_days: i64,
    /// None: an account of its own.
    pub revenue_subject: Option<String>,
}

const CAUSE: Table = Table {
    name: "spontaneous_cause",
    key: &["code"],
    fixed: &["id"],
    columns: &[
        "name",
        "description",
        "taxonomy_code",
        "min_cents",
        "max_cents",
        "for_pupil",
        "most_pieces",
        "open_from",
        "open_to",
        "valid_days",
        "revenue_subject",
    ],
};

/// Brings the catalogue of spontaneous payments to what these say; notices that were asked for stay as they are.
pub async fn causes(tx: &mut db::Tx, ctx: &Ctx, causes: Vec<NewCause>) -> Result<Counts, Error> {
    let value = |c: NewCause| {
        let account = c.revenue_subject.unwrap_or_else(|| format!("causale:{}", c.code));
        db::row![
            c.code,
            ctx.new_id::<CauseId>(),
            c.name,
            c.description,
            c.taxonomy_code,
            c.min,
            c.max,
            c.for_pupil,
            c.most_pieces,
            c.open_from,
            c.open_to,
            c.valid_days,
            account
        ]
    };
    Ok(sync::rows(tx, ctx.tenant, &CAUSE, causes.into_iter().map(value).collect()).await?)
}

/// What moved a wallet in an earlier system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MovementKind {
    /// The balance it was brought in with.
    Opening,
    TopUp,
    Meal,
    Adjustment,
    Refund,
    /// One side of a transfer between two wallets; the other side is a movement of its own.
    Transfer,
}

/// A movement as it is brought in; the same key again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMovement {
    pub external_key: String,
    pub badge: BadgeId,
    /// For a meal, the day it was eaten.
    pub on: Day,
    pub kind: MovementKind,
    /// Above zero raises the wallet.
    pub amount: Cents,
    pub description: String,
    /// For a meal: how its price came about, in words.
    pub derivation: String,
}

/// For each kind: its cause, and the account on the other side. None: the revenue of the badge's service.
/// A kind of movement, its cause, and the account on the other side; none where that is the wallet's own opening.
type Kind = (MovementKind, Cause, Option<(AccountKind, &'static str)>);
const KINDS: [Kind; 6] = [
    (MovementKind::Opening, Cause::Opening, Some((AccountKind::Opening, "import"))),
    (MovementKind::TopUp, Cause::TopUp, Some((AccountKind::Clearing, ELSEWHERE))),
    (MovementKind::Meal, Cause::Meal, None),
    (MovementKind::Adjustment, Cause::Adjustment, None),
    (MovementKind::Refund, Cause::Refund, Some((AccountKind::Clearing, ELSEWHERE))),
    (MovementKind::Transfer, Cause::Transfer, Some((AccountKind::Clearing, "transfer"))),
];

/// Posts movements in bulk, and the charges of the meals among them. Days with meals count as closed: what was not
/// charged on them was not to be charged.
///
/// # Errors
/// [`Error::NotVisible`] for a badge that is not there, [`Error::Ledger`] with `SameKeyOtherContent` for a key that came
/// with other money before.
pub async fn movements(tx: &mut db::Tx, ctx: &Ctx, movements: Vec<NewMovement>) -> Result<(), Error> {
    let badges = wallets::badges(tx, ctx).await?;
    if movements.iter().any(|movement| !badges.contains_key(&movement.badge)) {
        return Err(Error::NotVisible);
    }
    let accounts = Accounts::open(tx, ctx, &movements, &badges).await?;
    let moving = |movement: &&NewMovement| !movement.amount.is_zero();
    let postings = movements.iter().filter(moving).map(|m| accounts.posting(m, badges[&m.badge])).collect();
    let mut posted = ledger::post_all(tx, ctx, postings).await?.into_iter();
    let mut charged = Vec::new();
    for movement in &movements {
        let posting = moving(&movement).then(|| posted.next().expect("one answer for each posting").id);
        if movement.kind == MovementKind::Meal {
            let trace = Trace::told(&movement.derivation);
            let (pupil, service) = badges[&movement.badge];
            let (day, amount, badge) = (movement.on, -movement.amount, Some(movement.badge));
            charged.push((NewCharge { pupil, service, day, amount, badge, document: None, posting, trace: trace.id }, trace));
        }
    }
    charge(tx, ctx, charged).await?;
    Ok(())
}

/// The charge of a meal that an earlier system priced and no wallet paid; the same meal again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMealCharge {
    pub pupil: PupilId,
    pub service: ServiceId,
    pub day: Day,
    pub amount: Cents,
    /// The document that charges it; none while it is still to be made.
    pub document: Option<DocumentId>,
    /// How the price came about, in words.
    pub derivation: String,
}

/// Takes over the charges of postpaid meals in bulk; how many were new. The money is in the documents: nothing is
/// posted here. Days with meals count as closed, as in [`movements`].
pub async fn meal_charges(tx: &mut db::Tx, ctx: &Ctx, meals: Vec<NewMealCharge>) -> Result<u64, Error> {
    let charged = |meal: NewMealCharge| {
        let NewMealCharge { pupil, service, day, amount, document, derivation } = meal;
        let trace = Trace::told(&derivation);
        (NewCharge { pupil, service, day, amount, badge: None, document, posting: None, trace: trace.id }, trace)
    };
    charge(tx, ctx, meals.into_iter().map(charged).collect()).await
}

async fn charge(tx: &mut db::Tx, ctx: &Ctx, charged: Vec<(NewCharge, Trace)>) -> Result<u64, Error> {
    charges::insert_traces(tx, ctx, charged.iter().map(|(_, trace)| trace)).await?;
    let charged: Vec<NewCharge> = charged.into_iter().map(|(charge, _)| charge).collect();
    let inserted = charges::insert(tx, ctx, &charged).await?;
    if inserted == 0 {
        return Ok(0);
    }
    let mut closed: BTreeMap<ServiceId, BTreeMap<Day, ClosedDay>> = BTreeMap::new();
    for charge in charged {
        let days = closed.entry(charge.service).or_default();
        let day = charge.day;
        let of_day = days.entry(day).or_insert(ClosedDay { day, meals: 0, total: Cents::ZERO, not_charged: Vec::new() });
        of_day.meals += 1;
        of_day.total += charge.amount;
    }
    for (service, closed) in closed {
        days::lock(tx, ctx, service, &closed.keys().copied().collect()).await?;
        days::write(tx, ctx, service, closed.values()).await?;
    }
    Ok(inserted)
}

struct Accounts {
    wallets: HashMap<BadgeId, AccountId>,
    revenues: HashMap<ServiceId, AccountId>,
    others: HashMap<MovementKind, AccountId>,
}

impl Accounts {
    async fn open(
        tx: &mut db::Tx,
        ctx: &Ctx,
        movements: &[NewMovement],
        badges: &HashMap<BadgeId, (PupilId, ServiceId)>,
    ) -> Result<Accounts, Error> {
        let mut moved: Vec<BadgeId> = movements.iter().map(|m| m.badge).collect();
        moved.sort_unstable();
        moved.dedup();
        let mut services: Vec<ServiceId> = moved.iter().map(|badge| badges[badge].1).collect();
        services.sort_unstable();
        services.dedup();
        let opened = account::open_wallets(tx, ctx, &moved).await?;
        let wanted: Vec<_> = services.iter().map(|service| (AccountKind::Revenue, service.to_string())).collect();
        let revenues = ledger::open_accounts(tx, ctx, &wanted).await?;
        let mut others = HashMap::new();
        for (kind, _, other) in KINDS {
            if let Some((account, subject)) = other {
                others.insert(kind, ledger::open_account(tx, ctx, account, subject).await?);
            }
        }
        let (wallets, revenues) = (moved.into_iter().zip(opened).collect(), services.into_iter().zip(revenues).collect());
        Ok(Accounts { wallets, revenues, others })
    }

    fn posting(&self, movement: &NewMovement, (pupil, service): (PupilId, ServiceId)) -> Posting {
        let cause = KINDS.iter().find(|(kind, ..)| *kind == movement.kind).expect("every kind has a row").1;
        let other = self.others.get(&movement.kind).copied().unwrap_or_else(|| self.revenues[&service]);
        let source_key = match movement.kind {
            MovementKind::Meal => meal_key(pupil, service, movement.on),
            _ => format!("import:{}", movement.external_key),
        };
        Posting {
            source_key,
            cause,
            description: movement.description.clone(),
            effective_on: movement.on,
            entries: vec![(self.wallets[&movement.badge], movement.amount), (other, -movement.amount)],
        }
    }
}
