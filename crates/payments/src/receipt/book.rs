//! Where the money of receipts goes: worked out from the table of rules, then posted.

use std::collections::HashMap;

use kernel::{AccountId, Cents, Ctx};
use ledger::{AccountKind, Cause, Posted, Posting};

use super::{Outcome, SUSPENSE};
use crate::choice::Family;
use crate::state::{self, Fit, Found, Home, Rule};
use crate::{Error, Position, PositionKind};

/// An account by its id, or one that is opened when it is first needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purse {
    Account(AccountId),
    Named(AccountKind, String),
}

/// A posting whose accounts may still have to be opened; without entries it moves nothing and is not made.
pub(crate) struct Draft {
    pub source_key: String,
    pub cause: Cause,
    pub description: String,
    pub effective_on: kernel::Day,
    pub entries: Vec<(Purse, Cents)>,
}

/// The step of a receipt of `amount`.
pub(crate) fn rule_for(position: Option<&Position>, amount: Cents) -> Rule {
    let Some(position) = position else { return state::step(Found::Nothing, Fit::Exact) };
    let fit = match amount.cmp(&position.due()) {
        std::cmp::Ordering::Equal => Fit::Exact,
        std::cmp::Ordering::Less => Fit::Short,
        std::cmp::Ordering::Greater => Fit::Excess,
    };
    state::step(Found::Position(position.state, position.kind), fit)
}

/// Which purses get how much of an amount, and what of it the position's own account is credited.
pub(crate) fn homes(family: Option<&Family>, home: Home, amount: Cents) -> (Vec<(Purse, Cents)>, Cents) {
    let position = family.map(|f| &f.position);
    let credited = credit(position, home, amount);
    let shares = family.filter(|_| !credited.is_zero()).map(|family| family.shares(credited)).unwrap_or_default();
    let mut homes: Vec<_> = shares.into_iter().map(|(account, share)| (Purse::Account(account), share)).collect();
    if credited < amount {
        homes.push((other_home(position, home), amount - credited));
    }
    (homes, credited)
}

fn credit(position: Option<&Position>, home: Home, amount: Cents) -> Cents {
    match (home, position) {
        (Home::Account, Some(_)) => amount,
        (Home::AccountAndRefund, Some(position)) => position.due(),
        _ => Cents::ZERO,
    }
}

fn other_home(position: Option<&Position>, home: Home) -> Purse {
    match position.filter(|_| home != Home::Suspense) {
        Some(position) => Purse::Named(AccountKind::Refund, format!("person:{}", position.debtor)),
        None => Purse::Named(AccountKind::Suspense, SUSPENSE.to_owned()),
    }
}

/// What the ledger says of money that turned out so.
pub(crate) fn cause(outcome: Outcome, kind: Option<PositionKind>) -> Cause {
    match (outcome, kind) {
        (Outcome::Applied, Some(PositionKind::TopUp)) => Cause::TopUp,
        (Outcome::Applied, Some(PositionKind::Spontaneous)) => Cause::SpontaneousPaid,
        (Outcome::Applied, _) => Cause::DocumentPaid,
        (Outcome::AmountDiffers, _) => Cause::AmountDiffers,
        (Outcome::DoublePayment, _) => Cause::DoublePayment,
        (Outcome::AfterCancellation, _) => Cause::LatePayment,
        (Outcome::Unmatched, _) => Cause::Unmatched,
    }
}

/// Opens the accounts that are missing and posts in the order given; none where nothing moves.
pub(crate) async fn book(tx: &mut db::Tx, ctx: &Ctx, drafts: Vec<Draft>) -> Result<Vec<Option<Posted>>, Error> {
    let moves: Vec<bool> = drafts.iter().map(|draft| !draft.entries.is_empty()).collect();
    let accounts = open(tx, ctx, &drafts).await?;
    let made = drafts.into_iter().filter(|draft| !draft.entries.is_empty());
    let posted = ledger::post_all(tx, ctx, made.map(|draft| draft.posting(&accounts)).collect()).await?;
    let mut posted = posted.into_iter();
    Ok(moves.into_iter().map(|moves| if moves { posted.next() } else { None }).collect())
}

type Accounts = HashMap<(AccountKind, String), AccountId>;

async fn open(tx: &mut db::Tx, ctx: &Ctx, drafts: &[Draft]) -> Result<Accounts, Error> {
    let mut wanted: Vec<(AccountKind, String)> = Vec::new();
    for (purse, _) in drafts.iter().flat_map(|draft| &draft.entries) {
        if let Purse::Named(kind, subject) = purse {
            wanted.push((*kind, subject.clone()));
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    let ids = ledger::open_accounts(tx, ctx, &wanted).await?;
    Ok(wanted.into_iter().zip(ids).collect())
}

impl Draft {
    fn posting(self, accounts: &Accounts) -> Posting {
        let account = |purse| match purse {
            Purse::Account(id) => id,
            Purse::Named(kind, subject) => accounts[&(kind, subject)],
        };
        Posting {
            source_key: self.source_key,
            cause: self.cause,
            description: self.description,
            effective_on: self.effective_on,
            entries: self.entries.into_iter().map(|(purse, amount)| (account(purse), amount)).collect(),
        }
    }
}
