use kernel::{AccountId, Cents, Ctx, Day, Instant, PersonId, PositionId, PupilId, rome_day};
use pagopa::{NoticeNumber, Numbering};

use crate::state::State;
use crate::{Error, settings, store};

/// What asked for the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PositionKind {
    /// An instalment of a document: money short of it stays due.
    Instalment,
    /// A document at once, where instalments ask for its parts: paying one side closes the other.
    Whole,
    /// A recharge of a wallet: what is paid is what the wallet gets.
    TopUp,
    /// Asked for by who pays, out of a catalogue of causes.
    Spontaneous,
}

const KINDS: [(PositionKind, &str); 4] = [
    (PositionKind::Instalment, "instalment"),
    (PositionKind::Whole, "whole"),
    (PositionKind::TopUp, "top_up"),
    (PositionKind::Spontaneous, "spontaneous"),
];

impl PositionKind {
    pub fn code(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).expect("every kind has a word").1
    }

    pub(crate) fn from_code(code: &str) -> Option<PositionKind> {
        KINDS.iter().find(|(_, word)| *word == code).map(|(kind, _)| *kind)
    }

    /// Born of a form of the portal. Most are paid at once, so the platform's archive is told of one when its notice is
    /// printed; the others it is told of when they are opened.
    pub fn is_asked_by_payer(self) -> bool {
        matches!(self, PositionKind::TopUp | PositionKind::Spontaneous)
    }
}

/// A request for a notice.
#[derive(Clone, Debug)]
pub struct NewPosition {
    /// `instalment:<id>`, `top_up:<form key>` or `spontaneous:<form key>`; the same origin is the same position.
    pub origin_key: String,
    pub kind: PositionKind,
    pub amount: Cents,
    pub due_on: Option<Day>,
    /// Payers read it everywhere: never a minor's name.
    pub description: String,
    pub taxonomy_code: String,
    pub pupil: Option<PupilId>,
    pub debtor: PersonId,
    /// Fiscal code or VAT number; `ANONIMO` where none is known.
    pub debtor_code: String,
    pub debtor_name: String,
    /// What a receipt credits.
    pub credit_account: AccountId,
}

/// What one payment notice asks of a debtor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub id: PositionId,
    pub notice_number: NoticeNumber,
    pub iuv: String,
    pub origin_key: String,
    pub kind: PositionKind,
    pub state: State,
    pub amount: Cents,
    /// What receipts have brought to its account.
    pub paid: Cents,
    pub due_on: Option<Day>,
    pub description: String,
    pub taxonomy_code: String,
    pub pupil: Option<PupilId>,
    pub debtor: PersonId,
    pub debtor_code: String,
    pub debtor_name: String,
    pub credit_account: AccountId,
    pub created_at: Instant,
    /// Until when an attempt to pay online is believed to be under way.
    pub attempt_until: Option<Instant>,
    pub paid_at: Option<Instant>,
    pub cancelled_at: Option<Instant>,
    /// Positions with the same key ask for one debt: one for the whole of it, the others for its parts.
    pub choice_key: Option<String>,
    /// The position whose payment closed this one.
    pub closed_by: Option<PositionId>,
}

impl Position {
    /// What is still to be paid now.
    pub fn due(&self) -> Cents {
        if self.state == State::Payable { self.amount - self.paid } else { Cents::ZERO }
    }

    /// The attempt to pay that is under way at `now`, by its end.
    pub fn attempt_at(&self, now: Instant) -> Option<Instant> {
        self.attempt_until.filter(|until| self.state == State::Payable && *until > now)
    }

    /// The position whose receipts brought its money: its own, or the whole's it was paid with.
    pub fn paid_by(&self) -> PositionId {
        self.closed_by.filter(|_| self.state == State::Closed && !self.paid.is_zero()).unwrap_or(self.id)
    }

    /// Past its due day, and still to pay.
    pub fn is_overdue(&self, now: Instant) -> bool {
        self.state == State::Payable && self.due_on.is_some_and(|due| due < rome_day(now))
    }
}

/// Gives a notice number to a debt, or the position that has it already.
///
/// # Errors
/// [`Error::SameOriginOtherContent`] when the origin asked before for another amount or account, [`Error::NotConfigured`].
pub async fn open(tx: &mut db::Tx, ctx: &Ctx, new: NewPosition) -> Result<Position, Error> {
    Ok(open_all(tx, ctx, vec![new]).await?.remove(0))
}

/// Many at once, in the order asked; all or nothing.
///
/// # Errors
/// As [`open`], for the first that cannot be.
pub async fn open_all(tx: &mut db::Tx, ctx: &Ctx, new: Vec<NewPosition>) -> Result<Vec<Position>, Error> {
    new.iter().try_for_each(check)?;
    let mut standing = store::by_origins(tx, ctx.tenant, new.iter().map(|n| n.origin_key.as_str())).await?;
    let fresh: Vec<&NewPosition> = new.iter().filter(|n| !standing.contains_key(&n.origin_key)).collect();
    if !fresh.is_empty() {
        let numbers = next_numbers(tx, ctx, fresh.len()).await?;
        store::insert_positions(tx, ctx, fresh.iter().copied().zip(numbers)).await?;
        standing = store::by_origins(tx, ctx.tenant, new.iter().map(|n| n.origin_key.as_str())).await?;
        let told = fresh.iter().filter(|n| !n.kind.is_asked_by_payer()).filter_map(|n| standing.get(&n.origin_key));
        store::insert_pushes(tx, ctx, told.map(|p| p.id)).await?;
    }
    new.into_iter().map(|n| agreeing(standing.get(&n.origin_key), &n)).collect()
}

fn check(new: &NewPosition) -> Result<(), Error> {
    if new.amount.0 <= 0 {
        return Err(Error::Malformed("amount"));
    }
    if new.description.trim().is_empty() || new.debtor_name.trim().is_empty() {
        return Err(Error::Malformed("words"));
    }
    if !(2..=16).contains(&new.debtor_code.len()) {
        return Err(Error::Malformed("debtor code"));
    }
    Ok(())
}

/// The position that stands under the origin, if it is what is asked.
fn agreeing(standing: Option<&Position>, new: &NewPosition) -> Result<Position, Error> {
    let same =
        |p: &&Position| (p.amount, p.kind, p.credit_account, p.debtor) == (new.amount, new.kind, new.credit_account, new.debtor);
    standing.filter(same).cloned().ok_or_else(|| Error::SameOriginOtherContent(new.origin_key.clone()))
}

/// Numbers from the tenant's sequence: two digits of the year, which help a clerk, and a counter that never goes back.
async fn next_numbers(tx: &mut db::Tx, ctx: &Ctx, count: usize) -> Result<Vec<NoticeNumber>, Error> {
    const COUNTER_SPAN: u64 = 100_000_000_000;
    let settings = settings::get(tx, ctx.tenant).await?;
    let wanted = i64::try_from(count).expect("positions fit in memory");
    let last = store::advance_counter(tx, ctx.tenant, wanted).await?;
    let year = u64::from(ctx.today().year().unsigned_abs() % 100);
    let number = |counter: i64| {
        let counter = counter.unsigned_abs();
        let base = if counter < COUNTER_SPAN { year * COUNTER_SPAN + counter } else { u64::MAX };
        NoticeNumber::compose(Numbering::Segregated(settings.segregation), base).map_err(Error::from)
    };
    (last - wanted + 1..=last).map(number).collect()
}

/// The position. The caller has checked that it may be seen.
pub async fn get(tx: &mut db::Tx, ctx: &Ctx, id: PositionId) -> Result<Position, Error> {
    list_by_ids(tx, ctx, &[id]).await?.pop().ok_or(Error::NotVisible)
}

/// The position an origin asked for.
pub async fn get_by_origin(tx: &mut db::Tx, ctx: &Ctx, origin_key: &str) -> Result<Option<Position>, Error> {
    Ok(store::by_origins(tx, ctx.tenant, [origin_key].into_iter()).await?.remove(origin_key))
}

pub async fn find_by_notice(tx: &mut db::Tx, ctx: &Ctx, notice_number: NoticeNumber) -> Result<Option<Position>, Error> {
    store::by_notice(tx, ctx.tenant, notice_number).await
}

/// Those of the ids that there are, by id.
pub async fn list_by_ids(tx: &mut db::Tx, ctx: &Ctx, ids: &[PositionId]) -> Result<Vec<Position>, Error> {
    store::by_ids(tx, ctx.tenant, ids, false).await
}

/// Those of the ids that can be paid, whether or not an attempt is under way.
pub async fn list_payable_for(tx: &mut db::Tx, ctx: &Ctx, ids: &[PositionId]) -> Result<Vec<Position>, Error> {
    Ok(list_by_ids(tx, ctx, ids).await?.into_iter().filter(|p| p.state == State::Payable).collect())
}
