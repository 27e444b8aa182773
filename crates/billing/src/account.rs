//! The virtual account (conto corrente virtuale): wallets of badges, and what moved them.

use kernel::{AccountId, BadgeId, Cents, Ctx, Day, PostingId, PupilId, ServiceId};
use ledger::{AccountKind, Cause, Movement, Statement};

use crate::Error;
use crate::charges::{self, Charge};
use crate::store::{self, wallets};

/// The longest period of a statement, in days.
pub const LONGEST_PERIOD: i64 = 366;

/// The prepaid credit of a badge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    pub badge_id: BadgeId,
    pub badge_code: String,
    pub is_active: bool,
    pub pupil_id: PupilId,
    pub pupil_name: String,
    pub service_id: ServiceId,
    pub service_name: String,
    /// Below zero when meals went beyond the credit.
    pub balance: Cents,
    /// Top-ups being paid online whose receipt has not come yet; not in the balance.
    pub in_transit: Cents,
    /// What the last meal cost; none before the first.
    pub last_price: Option<Cents>,
    /// Whether meals are taken from it, so that a top-up makes sense; false while they are billed afterwards.
    pub is_prepaid: bool,
}

impl Wallet {
    /// How many meals the balance still pays at the last price; none where that is not known, or is nothing.
    pub fn meals_left(&self) -> Option<i64> {
        self.last_price.filter(|price| price.0 > 0).map(|price| (self.balance.0 / price.0).max(0))
    }
}

/// A wallet between two days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountStatement {
    pub wallet: Wallet,
    pub statement: Statement,
}

/// Why a movement was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovementDetail {
    pub wallet: Wallet,
    pub posting: ledger::PostingView,
    /// What it did to the wallet.
    pub amount: Cents,
    /// The meal it charged, if it charged one.
    pub meal: Option<(Day, Charge)>,
    /// The notice a top-up was paid with, if it was by this system.
    pub receipt: Option<payments::receipt::Receipt>,
}

/// The wallets of the pupils the acting person may see, by pupil and service. Active badges first.
pub async fn wallets(tx: &mut db::Tx, ctx: &Ctx) -> Result<Vec<Wallet>, Error> {
    wallets::list(tx, ctx, None).await
}

/// A wallet of a pupil the acting person may see.
///
/// # Errors
/// [`Error::NotVisible`]
pub async fn wallet(tx: &mut db::Tx, ctx: &Ctx, badge: BadgeId) -> Result<Wallet, Error> {
    wallets::list(tx, ctx, Some(badge)).await?.pop().ok_or(Error::NotVisible)
}

/// What moved a wallet from `first` to `last`, both included.
///
/// # Errors
/// [`Error::NotVisible`], [`Error::ReversedPeriod`], [`Error::PeriodTooLong`]
pub async fn statement(tx: &mut db::Tx, ctx: &Ctx, badge: BadgeId, first: Day, last: Day) -> Result<AccountStatement, Error> {
    check_period(first, last)?;
    let wallet = wallet(tx, ctx, badge).await?;
    let statement = match wallets::account(tx, ctx, badge).await? {
        Some(account) => ledger::statement(tx, ctx, account, first, last).await?,
        None => nothing_moved(first, last),
    };
    Ok(AccountStatement { wallet, statement })
}

/// A movement of a wallet, with its cause: the meal and its price, or the payment.
///
/// # Errors
/// [`Error::NotVisible`] also for a posting that did not move this wallet.
pub async fn movement(tx: &mut db::Tx, ctx: &Ctx, badge: BadgeId, posting: PostingId) -> Result<MovementDetail, Error> {
    let wallet = wallet(tx, ctx, badge).await?;
    let account = wallets::account(tx, ctx, badge).await?.ok_or(Error::NotVisible)?;
    let posting = ledger::get_posting(tx, ctx, posting).await?.ok_or(Error::NotVisible)?;
    let own: Vec<Cents> = posting.entries.iter().filter(|e| e.account == account).map(|e| e.amount).collect();
    if own.is_empty() {
        return Err(Error::NotVisible);
    }
    let meal = store::charges::of_posting(tx, ctx, posting.id).await?;
    let receipt = paid_by(tx, ctx, &posting, account).await?;
    Ok(MovementDetail { wallet, posting, amount: own.into_iter().sum(), meal, receipt })
}

async fn paid_by(
    tx: &mut db::Tx,
    ctx: &Ctx,
    posting: &ledger::PostingView,
    account: AccountId,
) -> Result<Option<payments::receipt::Receipt>, Error> {
    if posting.cause != Cause::TopUp {
        return Ok(None);
    }
    let Some(position) = wallets::position_of_receipt(tx, ctx, posting.id, account).await? else { return Ok(None) };
    Ok(payments::receipt::get_for_position(tx, ctx, position).await?)
}

/// The account that keeps the credit of a badge, opened with its first movement.
pub(crate) async fn open_wallet(tx: &mut db::Tx, ctx: &Ctx, badge: BadgeId) -> Result<AccountId, Error> {
    Ok(open_wallets(tx, ctx, &[badge]).await?[0])
}

/// Many at once, in the order asked.
pub(crate) async fn open_wallets(tx: &mut db::Tx, ctx: &Ctx, badges: &[BadgeId]) -> Result<Vec<AccountId>, Error> {
    let wanted: Vec<_> = badges.iter().map(|badge| (AccountKind::Wallet, badge.to_string())).collect();
    let accounts = ledger::open_accounts(tx, ctx, &wanted).await?;
    wallets::insert(tx, ctx, badges.iter().copied().zip(accounts.iter().copied())).await?;
    Ok(accounts)
}

pub(crate) fn check_period(first: Day, last: Day) -> Result<(), Error> {
    let days = last.since(first).map_or(i64::MAX, |span| i64::from(span.get_days()));
    match days {
        ..0 => Err(Error::ReversedPeriod),
        LONGEST_PERIOD.. => Err(Error::PeriodTooLong),
        _ => Ok(()),
    }
}

/// A badge nobody has topped up or charged has no account yet.
fn nothing_moved(first: Day, last: Day) -> Statement {
    let (movements, totals) = (Vec::<Movement>::new(), std::collections::BTreeMap::new());
    Statement { first, last, opening: Cents::ZERO, movements, closing: Cents::ZERO, totals }
}

/// What each meal of a statement's period cost and why, by day: for pages that open a charge in place.
pub async fn meals(tx: &mut db::Tx, ctx: &Ctx, wallet: &Wallet, first: Day, last: Day) -> Result<Vec<(Day, Charge)>, Error> {
    check_period(first, last)?;
    Ok(charges::charges_for(tx, ctx, wallet.pupil_id, wallet.service_id, first, last).await?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_period_runs_forwards_and_at_most_a_leap_year() {
        let check = |a, b| check_period(a, b).map_err(|e| e.to_string());
        assert!(check(date(2026, 11, 24), date(2026, 11, 24)).is_ok());
        assert!(check(date(2024, 1, 1), date(2024, 12, 31)).is_ok());
        assert!(matches!(check_period(date(2024, 1, 1), date(2025, 1, 1)), Err(Error::PeriodTooLong)));
        assert!(matches!(check_period(date(2026, 11, 24), date(2026, 11, 23)), Err(Error::ReversedPeriod)));
    }
}
