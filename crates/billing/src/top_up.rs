//! Recharging a wallet (ricariche con pagoPA): each is a debt position of its own, credited when its receipt comes.

use kernel::{BadgeId, Cents, Ctx, Instant, PositionId, PupilId, ServiceId};
use payments::{NewPosition, Position, PositionKind, State};

use crate::account::{self, Wallet};
use crate::store::wallets;
use crate::{Error, store};

/// A badge the acting person may top up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopUpTarget {
    pub wallet: Wallet,
    pub min: Cents,
    /// None where any amount will do.
    pub max: Option<Cents>,
    /// In the order shown.
    pub suggested: Vec<Cents>,
    pub(crate) taxonomy_code: String,
}

#[derive(Clone, Debug)]
pub struct TopUpRequest {
    pub badge: BadgeId,
    pub amount: Cents,
    /// Made with the form: the same form sent twice is one position.
    pub form_key: String,
}

/// A top-up with its notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingTopUp {
    pub position_id: PositionId,
    pub notice_number: String,
    pub badge_id: BadgeId,
    pub badge_code: String,
    pub pupil_id: PupilId,
    pub service_id: ServiceId,
    pub amount: Cents,
    pub created_at: Instant,
    pub state: State,
    /// Being paid online; may be tried again after this moment.
    pub in_progress_until: Option<Instant>,
}

/// The badges the acting person may top up, by pupil and service.
pub async fn options(tx: &mut db::Tx, ctx: &Ctx) -> Result<Vec<TopUpTarget>, Error> {
    wallets::targets(tx, ctx).await
}

/// A new position that will credit the badge's wallet; its debtor is who acts.
///
/// # Errors
/// [`Error::NotVisible`], [`Error::NoWallet`], [`Error::BelowMin`], [`Error::AboveMax`], [`Error::NoDebtorCode`];
/// [`payments::Error::SameOriginOtherContent`] when the same form comes with another amount or badge.
pub async fn open(tx: &mut db::Tx, ctx: &Ctx, request: TopUpRequest) -> Result<Position, Error> {
    let person = ctx.actor.person().ok_or(Error::NotVisible)?;
    let target = target(tx, ctx, request.badge).await?;
    if request.amount < target.min {
        return Err(Error::BelowMin { min: target.min });
    }
    if let Some(max) = target.max.filter(|max| request.amount > *max) {
        return Err(Error::AboveMax { max });
    }
    let debtors = store::issue::debtors(tx, ctx, [person].into_iter()).await?;
    let (code, name) = debtors.get(&person).ok_or(Error::NoDebtorCode)?;
    let new = NewPosition {
        // the person is in the key: nobody meets another's form
        origin_key: format!("top_up:{person}:{}", request.form_key),
        kind: PositionKind::TopUp,
        amount: request.amount,
        due_on: None,
        description: format!("Ricarica {} badge {}", target.wallet.service_name, target.wallet.badge_code),
        taxonomy_code: target.taxonomy_code,
        pupil: Some(target.wallet.pupil_id),
        debtor: person,
        debtor_code: code.clone(),
        debtor_name: name.clone(),
        credit_account: account::open_wallet(tx, ctx, request.badge).await?,
    };
    Ok(payments::open(tx, ctx, new).await?)
}

/// A badge that is seen and cannot be topped up is told apart from one that is not seen.
async fn target(tx: &mut db::Tx, ctx: &Ctx, badge: BadgeId) -> Result<TopUpTarget, Error> {
    let found = options(tx, ctx).await?.into_iter().find(|target| target.wallet.badge_id == badge);
    match found {
        Some(target) => Ok(target),
        None => Err(account::wallet(tx, ctx, badge).await.map_or_else(|error| error, |_| Error::NoWallet)),
    }
}

/// The top-ups that wait to be paid, newest first.
pub async fn pending(tx: &mut db::Tx, ctx: &Ctx) -> Result<Vec<PendingTopUp>, Error> {
    wallets::pending(tx, ctx, None).await
}

/// A top-up of the acting person, or for a pupil they may pay for, in whatever state.
///
/// # Errors
/// [`Error::NotVisible`]
pub async fn get(tx: &mut db::Tx, ctx: &Ctx, position: PositionId) -> Result<PendingTopUp, Error> {
    wallets::pending(tx, ctx, Some(position)).await?.pop().ok_or(Error::NotVisible)
}
