//! Whole or parts: one debt, asked by a notice for the whole of it and by one for each instalment.
//!
//! The first money that reaches one side closes the other. What a whole was paid is spread over the accounts of its
//! parts, earliest due day first, so that nobody else has to know which way a document was paid.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{AccountId, Cents, Ctx, Day, Instant, PositionId, TenantId};
use pagopa::NoticeNumber;

use crate::state::{self, State, StepCause};
use crate::{Error, NewPosition, Position, PositionKind, open_all, store};

/// Parts that may also be paid at once.
#[derive(Clone, Debug)]
pub struct WholeOffer {
    /// `document:<id>`
    pub origin_key: String,
    /// Payers read it everywhere: never a minor's name.
    pub description: String,
    /// At least two payable positions of one debtor, none of them on offer elsewhere.
    pub parts: Vec<Position>,
}

/// Gives each set of parts a notice for the whole of it, in the order asked.
///
/// # Errors
/// [`Error::Malformed`] where the parts are none to offer together; as [`open_all`].
pub async fn offer_wholes(tx: &mut db::Tx, ctx: &Ctx, offers: &[WholeOffer]) -> Result<Vec<Position>, Error> {
    offers.iter().try_for_each(check)?;
    let wholes = open_all(tx, ctx, offers.iter().map(whole_of).collect()).await?;
    let parts = |offer| WholeOffer::parts_with_key(offer);
    let choices: Vec<(PositionId, &str)> = offers.iter().flat_map(parts).collect();
    store::set_choices(tx, ctx, &choices).await?;
    Ok(wholes)
}

impl WholeOffer {
    fn parts_with_key(&self) -> impl Iterator<Item = (PositionId, &str)> {
        self.parts.iter().map(|part| (part.id, self.origin_key.as_str()))
    }
}

fn check(offer: &WholeOffer) -> Result<(), Error> {
    let parts = &offer.parts;
    let together =
        |part: &Position| part.state == State::Payable && part.kind == PositionKind::Instalment && part.debtor == parts[0].debtor;
    if parts.len() >= 2 && parts.iter().all(together) { Ok(()) } else { Err(Error::Malformed("parts of a whole")) }
}

/// Due with the first of its parts: who pays at once pays then.
fn whole_of(offer: &WholeOffer) -> NewPosition {
    let first = offer.parts.iter().min_by_key(|part| part.due_on).expect("an offer has parts");
    NewPosition {
        origin_key: offer.origin_key.clone(),
        kind: PositionKind::Whole,
        amount: offer.parts.iter().map(Position::due).sum(),
        due_on: first.due_on,
        description: offer.description.clone(),
        taxonomy_code: first.taxonomy_code.clone(),
        pupil: first.pupil,
        debtor: first.debtor,
        debtor_code: first.debtor_code.clone(),
        debtor_name: first.debtor_name.clone(),
        credit_account: first.credit_account,
    }
}

/// Positions under lock that ask for one debt. Money moves them here first, and all of them are written at once.
pub(crate) struct Family {
    /// The one in question.
    pub position: Position,
    /// By due day, then by number.
    others: Vec<Position>,
    moved: BTreeSet<PositionId>,
    /// The archive must hear of these.
    changed: BTreeSet<PositionId>,
}

impl Family {
    pub async fn lock(tx: &mut db::Tx, tenant: TenantId, id: PositionId) -> Result<Option<Family>, Error> {
        let all = store::lock_family(tx, tenant, id).await?;
        let mut family = Family::of(all);
        Ok(family.take_if(|family| family.name(|p| p.id == id)))
    }

    pub async fn lock_by_notice(tx: &mut db::Tx, tenant: TenantId, number: NoticeNumber) -> Result<Option<Family>, Error> {
        let mut family = Families::lock(tx, tenant, &[number]).await?.0.pop();
        Ok(family.take_if(|family| family.name(|p| p.notice_number == number)))
    }

    fn of(mut all: Vec<Position>) -> Option<Family> {
        let position = all.pop()?;
        all.sort_by_key(order);
        Some(Family { position, others: all, moved: BTreeSet::new(), changed: BTreeSet::new() })
    }

    /// Puts another one in question; false when there is none such.
    fn name(&mut self, is_meant: impl Fn(&Position) -> bool) -> bool {
        if let Some(place) = self.others.iter().position(&is_meant) {
            std::mem::swap(&mut self.position, &mut self.others[place]);
            self.others.sort_by_key(order);
        }
        is_meant(&self.position)
    }

    /// The notice for the whole, when this is one of its parts and it can still be paid.
    pub fn whole(&self) -> Option<&Position> {
        self.others.iter().find(|p| p.kind == PositionKind::Whole && p.state == State::Payable)
    }

    /// The parts that wait for money, when this is the whole.
    fn open_parts(&self) -> impl Iterator<Item = &Position> {
        let is_whole = self.position.kind == PositionKind::Whole;
        self.others.iter().filter(move |p| is_whole && matches!(p.state, State::Payable | State::Closed) && p.paid < p.amount)
    }

    /// Which accounts get how much of what came for the position.
    pub fn shares(&self, credited: Cents) -> Vec<(AccountId, Cents)> {
        if self.position.kind != PositionKind::Whole {
            return vec![(self.position.credit_account, credited)];
        }
        self.parts_of(credited).into_iter().map(|(part, share)| (part.credit_account, share)).collect()
    }

    fn parts_of(&self, credited: Cents) -> Vec<(&Position, Cents)> {
        let mut rest = credited;
        let mut share = |part| {
            let share = rest.min(Position::asked(part));
            rest -= share;
            (part, share)
        };
        self.open_parts().map(&mut share).collect()
    }

    /// A receipt reached the position: so much for its own account, and what it becomes by it.
    pub fn pay(&mut self, credited: Cents, becomes: Option<State>, paid_at: Instant) {
        // A receipt of nothing pays nothing.
        let becomes = becomes.filter(|_| !credited.is_zero());
        let position = &mut self.position;
        position.state = becomes.unwrap_or(position.state);
        position.paid += credited;
        position.attempt_until = None;
        position.paid_at = position.paid_at.or((position.state == State::Paid).then_some(paid_at));
        self.moved.insert(position.id);
        if credited.is_zero() {
            return;
        }
        if becomes.is_none() {
            self.changed.insert(position.id);
        }
        self.close_other_side(credited, paid_at);
    }

    /// Money reached the position: the other side takes none any more.
    fn close_other_side(&mut self, credited: Cents, paid_at: Instant) {
        let by = self.position.id;
        let brought: Vec<(PositionId, Cents)> = match self.whole() {
            Some(whole) => vec![(whole.id, Cents::ZERO)],
            None => self.parts_of(credited).into_iter().map(|(part, share)| (part.id, share)).collect(),
        };
        for (id, brought) in brought {
            let other = self.others.iter_mut().find(|p| p.id == id).expect("the other side is of the family");
            other.close(brought, by, paid_at);
            self.moved.insert(id);
            self.changed.insert(id);
        }
    }

    fn moved(&self) -> impl Iterator<Item = &Position> {
        std::iter::once(&self.position).chain(&self.others).filter(|p| self.moved.contains(&p.id))
    }

    /// Writes what money did.
    pub async fn write(self, tx: &mut db::Tx, ctx: &Ctx) -> Result<(), Error> {
        Families(vec![self]).write(tx, ctx).await
    }
}

fn order(position: &Position) -> (Option<Day>, NoticeNumber) {
    (position.due_on, position.notice_number)
}

/// All families that some receipts are about.
pub(crate) struct Families(Vec<Family>);

impl Families {
    /// Locks all positions with these numbers and those they share a debt with, in ascending order of id.
    pub async fn lock(tx: &mut db::Tx, tenant: TenantId, numbers: &[NoticeNumber]) -> Result<Families, Error> {
        let ids = store::family_ids(tx, tenant, numbers).await?;
        let mut debts: BTreeMap<String, Vec<Position>> = BTreeMap::new();
        for position in store::by_ids(tx, tenant, &ids, true).await? {
            let key = position.choice_key.clone().unwrap_or_else(|| position.id.to_string());
            debts.entry(key).or_default().push(position);
        }
        Ok(Families(debts.into_values().filter_map(Family::of).collect()))
    }

    /// The family of the notice, with that notice in question.
    pub fn about(&mut self, number: NoticeNumber) -> Option<&mut Family> {
        self.0.iter_mut().find_map(|family| family.name(|p| p.notice_number == number).then_some(family))
    }

    /// Writes what money did to all of them.
    pub async fn write(&self, tx: &mut db::Tx, ctx: &Ctx) -> Result<(), Error> {
        store::set_paid(tx, ctx, self.0.iter().flat_map(Family::moved)).await?;
        store::touch_pushes(tx, ctx, self.0.iter().flat_map(|f| f.changed.iter().copied())).await
    }
}

impl Position {
    /// What its notice asked and receipts have not brought, whatever its state.
    fn asked(&self) -> Cents {
        self.amount - self.paid
    }

    /// Closed by a payment on the other side, with what that brought to its account.
    fn close(&mut self, brought: Cents, by: PositionId, paid_at: Instant) {
        debug_assert!(self.state == State::Closed || state::after(self.state, StepCause::OtherSidePaid).is_some());
        self.state = State::Closed;
        self.paid += brought;
        self.closed_by = Some(by);
        self.paid_at = (self.paid == self.amount).then_some(paid_at);
    }
}
