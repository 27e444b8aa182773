//! Spontaneous payments (pagamenti spontanei): what a payer asks a notice for without a document, out of the tenant's
//! catalogue of causes. Each is a debt position of its own that credits the revenue account of its cause.

use jiff::ToSpan;
use kernel::{CauseId, Cents, Ctx, Day, Instant, PositionId, PupilId};
use ledger::AccountKind;
use payments::{NewPosition, Position, PositionKind, State};

use crate::Error;
use crate::store::{self, spontaneous};

/// A cause of the catalogue, as a payer chooses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    pub id: CauseId,
    /// In addresses and forms.
    pub code: String,
    pub name: String,
    pub description: String,
    pub min: Cents,
    /// The same as `min` where the amount is fixed.
    pub max: Cents,
    /// For a pupil one may pay for; otherwise for oneself.
    pub for_pupil: bool,
    /// 1 where nobody is asked how many.
    pub most_pieces: i64,
    /// The last day it can be asked for, included.
    pub open_to: Option<Day>,
    pub(crate) taxonomy_code: String,
    pub(crate) valid_days: i64,
    pub(crate) revenue_subject: String,
}

impl Cause {
    pub fn is_fixed(&self) -> bool {
        self.min == self.max
    }

    /// What so many pieces cost, or the amount that was chosen where it is free.
    ///
    /// # Errors
    /// [`Error::BelowMin`], [`Error::AboveMax`], [`Error::TooManyPieces`].
    pub fn price(&self, chosen: Option<Cents>, pieces: i64) -> Result<Cents, Error> {
        if !(1..=self.most_pieces).contains(&pieces) {
            return Err(Error::TooManyPieces { most: self.most_pieces });
        }
        match chosen {
            _ if self.is_fixed() => Ok(self.min.times(pieces)),
            Some(amount) if amount > self.max => Err(Error::AboveMax { max: self.max }),
            Some(amount) if amount >= self.min => Ok(amount),
            _ => Err(Error::BelowMin { min: self.min }),
        }
    }

    /// The last day a notice made today can be paid.
    fn due_on(&self, today: Day) -> Day {
        let last = today.saturating_add(self.valid_days.days());
        self.open_to.map_or(last, |open_to| last.min(open_to))
    }

    /// Payers read it everywhere, so it names no pupil.
    fn words(&self, pieces: i64) -> String {
        if pieces > 1 { format!("{} ({pieces} pezzi)", self.name) } else { self.name.clone() }
    }
}

#[derive(Clone, Debug)]
pub struct SpontaneousRequest {
    /// The code of the cause.
    pub cause: String,
    /// None for what is for oneself.
    pub pupil: Option<PupilId>,
    /// None where the amount is fixed.
    pub amount: Option<Cents>,
    pub pieces: i64,
    /// Made with the form: the same form sent twice is one position.
    pub form_key: String,
}

/// A spontaneous payment with its notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpontaneousPayment {
    pub position_id: PositionId,
    pub notice_number: String,
    pub description: String,
    pub pupil_id: Option<PupilId>,
    /// Empty for what is for oneself.
    pub pupil_name: String,
    pub amount: Cents,
    pub created_at: Instant,
    /// The last day it can be paid, included.
    pub due_on: Day,
    pub state: State,
    /// Being paid online; may be tried again after this moment.
    pub in_progress_until: Option<Instant>,
    /// Whether the acting person asked for it.
    pub is_own: bool,
}

impl SpontaneousPayment {
    /// A notice to print, to pay or to give up.
    pub fn is_open(&self) -> bool {
        self.state == State::Payable
    }

    pub fn is_paid(&self) -> bool {
        self.state == State::Paid
    }
}

/// The causes that can be asked for today, by name.
pub async fn causes(tx: &mut db::Tx, ctx: &Ctx) -> Result<Vec<Cause>, Error> {
    spontaneous::causes(tx, ctx, None).await
}

/// # Errors
/// [`Error::NotVisible`] where there is none with this code, or it is not open today.
pub async fn cause(tx: &mut db::Tx, ctx: &Ctx, code: &str) -> Result<Cause, Error> {
    spontaneous::causes(tx, ctx, Some(code)).await?.pop().ok_or(Error::NotVisible)
}

/// A new position whose debtor is who acts; the same form again is the same position.
///
/// # Errors
/// [`Error::NotVisible`] for a cause or a pupil that is not there for this person, as [`Cause::price`],
/// [`Error::NoDebtorCode`]; [`payments::Error::SameOriginOtherContent`] when the same form asks for something else.
pub async fn open(tx: &mut db::Tx, ctx: &Ctx, request: SpontaneousRequest) -> Result<Position, Error> {
    let person = ctx.actor.person().ok_or(Error::NotVisible)?;
    let cause = cause(tx, ctx, &request.cause).await?;
    let pupil = pupil(tx, ctx, &cause, request.pupil).await?;
    let amount = cause.price(request.amount, request.pieces)?;
    let debtors = store::issue::debtors(tx, ctx, [person].into_iter()).await?;
    let (code, name) = debtors.get(&person).ok_or(Error::NoDebtorCode)?;
    let new = NewPosition {
        // the person is in the key: nobody meets another's form
        origin_key: format!("spontaneous:{person}:{}", request.form_key),
        kind: PositionKind::Spontaneous,
        amount,
        due_on: Some(cause.due_on(ctx.today())),
        description: cause.words(request.pieces),
        taxonomy_code: cause.taxonomy_code.clone(),
        pupil,
        debtor: person,
        debtor_code: code.clone(),
        debtor_name: name.clone(),
        credit_account: ledger::open_account(tx, ctx, AccountKind::Revenue, &cause.revenue_subject).await?,
    };
    let position = payments::open(tx, ctx, new).await?;
    if position.pupil != pupil || !spontaneous::insert(tx, ctx, position.id, cause.id, request.pieces).await? {
        return Err(payments::Error::SameOriginOtherContent(position.origin_key).into());
    }
    Ok(position)
}

/// Whom it is for, which the cause decides: one's pupil, or nobody but oneself.
async fn pupil(tx: &mut db::Tx, ctx: &Ctx, cause: &Cause, asked: Option<PupilId>) -> Result<Option<PupilId>, Error> {
    match (cause.for_pupil, asked) {
        (false, None) => Ok(None),
        (true, Some(id)) => match enrolment::get_visible_pupil(tx, ctx, id, enrolment::Right::Pay).await {
            Err(enrolment::Error::NotVisible) => Err(Error::NotVisible),
            found => Ok(Some(found?.id)),
        },
        _ => Err(Error::NotVisible),
    }
}

/// Those of the acting person and for the pupils they may pay for, newest first; of what was paid or withdrawn the
/// latest.
pub async fn list_for(tx: &mut db::Tx, ctx: &Ctx) -> Result<Vec<SpontaneousPayment>, Error> {
    spontaneous::payments(tx, ctx, None).await
}

/// One of them, in whatever state.
///
/// # Errors
/// [`Error::NotVisible`]
pub async fn get(tx: &mut db::Tx, ctx: &Ctx, position: PositionId) -> Result<SpontaneousPayment, Error> {
    spontaneous::payments(tx, ctx, Some(position)).await?.pop().ok_or(Error::NotVisible)
}

/// Withdraws what the acting person asked for and does not want any more; once is enough.
///
/// # Errors
/// [`Error::NotVisible`] for what somebody else asked for; [`payments::Error::AlreadyPaid`],
/// [`payments::Error::InProgress`].
pub async fn cancel(tx: &mut db::Tx, ctx: &Ctx, position: PositionId) -> Result<(), Error> {
    if !get(tx, ctx, position).await?.is_own {
        return Err(Error::NotVisible);
    }
    payments::give_up(tx, ctx, position).await?;
    Ok(())
}

/// Withdraws what nobody paid in its days; gives how many. What is being paid at this moment waits for the next time.
pub async fn expire(tx: &mut db::Tx, ctx: &Ctx) -> Result<usize, Error> {
    let over = spontaneous::over(tx, ctx).await?;
    for position in &over {
        payments::give_up(tx, ctx, *position).await?;
    }
    Ok(over.len())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;

    fn a_cause(min: i64, max: i64, most_pieces: i64) -> Cause {
        Cause {
            id: CauseId(Uuid::nil()),
            code: "C".to_owned(),
            name: "Gita".to_owned(),
            description: String::new(),
            min: Cents(min),
            max: Cents(max),
            for_pupil: true,
            most_pieces,
            open_to: Some(date(2026, 12, 10)),
            taxonomy_code: "9/0107100TS/".to_owned(),
            valid_days: 30,
            revenue_subject: "gite".to_owned(),
        }
    }

    #[test]
    fn a_price_is_fixed_by_the_piece_or_free_between_two_bounds() {
        let told = |cause: &Cause, chosen: Option<i64>, pieces| cause.price(chosen.map(Cents), pieces).map_err(|e| e.to_string());
        let fixed = a_cause(500, 500, 3);
        assert_eq!(told(&fixed, None, 3), Ok(Cents(1500)));
        assert_eq!(told(&fixed, Some(1), 1), Ok(Cents(500)), "nobody chooses a fixed price");
        for pieces in [0, -1, 4, i64::MAX] {
            assert!(matches!(fixed.price(None, pieces), Err(Error::TooManyPieces { most: 3 })), "{pieces}");
        }
        let free = a_cause(100, 50_000, 1);
        assert_eq!(told(&free, Some(100), 1), Ok(Cents(100)));
        assert_eq!(told(&free, Some(50_000), 1), Ok(Cents(50_000)));
        assert!(matches!(free.price(Some(Cents(50_001)), 1), Err(Error::AboveMax { .. })));
        for below in [None, Some(Cents(99)), Some(Cents::ZERO), Some(Cents(-100))] {
            assert!(matches!(free.price(below, 1), Err(Error::BelowMin { .. })), "{below:?}");
        }
    }

    #[test]
    fn a_notice_waits_its_days_and_not_beyond_the_last_day_of_its_cause() {
        let cause = a_cause(500, 500, 1);
        assert_eq!(cause.due_on(date(2026, 10, 1)), date(2026, 10, 31));
        assert_eq!(cause.due_on(date(2026, 11, 24)), date(2026, 12, 10));
        assert_eq!(Cause { open_to: None, ..cause }.due_on(date(2026, 11, 24)), date(2026, 12, 24));
    }
}
