//! Whole or parts: one debt, asked by a notice for the whole of it and by one for each instalment.
//!
//! The first money that reaches one side closes the other. What a whole was paid is spread over the accounts of its
//! parts, earliest due day first, so that nobody else has to know which way a document was paid.

use kernel::{AccountId, Cents, Ctx, Instant, PositionId, TenantId};
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

/// A position under lock, with those that ask for the same debt.
pub(crate) struct Family {
    pub position: Position,
    /// By due day, then by number.
    others: Vec<Position>,
}

impl Family {
    pub async fn lock(tx: &mut db::Tx, tenant: TenantId, id: PositionId) -> Result<Option<Family>, Error> {
        let mut all = store::lock_family(tx, tenant, id).await?;
        let Some(place) = all.iter().position(|p| p.id == id) else { return Ok(None) };
        let position = all.remove(place);
        all.sort_by_key(|p| (p.due_on, p.notice_number.to_string()));
        Ok(Some(Family { position, others: all }))
    }

    pub async fn lock_by_notice(tx: &mut db::Tx, tenant: TenantId, number: NoticeNumber) -> Result<Option<Family>, Error> {
        match store::id_by_notice(tx, tenant, number).await? {
            Some(id) => Family::lock(tx, tenant, id).await,
            None => Ok(None),
        }
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

    /// Money reached the position: the other side takes none any more.
    pub async fn close_other_side(&self, tx: &mut db::Tx, ctx: &Ctx, credited: Cents, paid_at: Instant) -> Result<(), Error> {
        let by = self.position.id;
        let brought: Vec<(&Position, Cents)> = match self.whole() {
            Some(whole) => vec![(whole, Cents::ZERO)],
            None => self.parts_of(credited),
        };
        for (other, brought) in brought {
            debug_assert!(other.state == State::Closed || state::after(other.state, StepCause::OtherSidePaid).is_some());
            store::close_position(tx, ctx, other, brought, by, paid_at).await?;
            store::touch_push(tx, ctx, other.id).await?;
        }
        Ok(())
    }
}

impl Position {
    /// What its notice asked and receipts have not brought, whatever its state.
    fn asked(&self) -> Cents {
        self.amount - self.paid
    }
}
