use std::collections::{BTreeMap, HashMap};

use kernel::{AccountId, Ctx};

use crate::{Error, store};

/// What an account keeps. Sign: above zero the Comune owes its holder, below zero it is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountKind {
    /// A family's prepaid credit, by badge.
    Wallet,
    /// What is still to be paid of an instalment.
    Receivable,
    /// What a service earned.
    Revenue,
    /// Money on its way through pagoPA or another channel.
    Clearing,
    /// Money received for nothing that is known.
    Suspense,
    /// Money to give back.
    Refund,
    /// The other side of balances brought from an earlier system.
    Opening,
}

const KINDS: [(AccountKind, &str); 7] = [
    (AccountKind::Wallet, "wallet"),
    (AccountKind::Receivable, "receivable"),
    (AccountKind::Revenue, "revenue"),
    (AccountKind::Clearing, "clearing"),
    (AccountKind::Suspense, "suspense"),
    (AccountKind::Refund, "refund"),
    (AccountKind::Opening, "opening"),
];

impl AccountKind {
    /// The word kept in the database.
    pub fn code(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).expect("every kind has a word").1
    }

    pub fn from_code(code: &str) -> Option<AccountKind> {
        KINDS.iter().find(|(_, word)| *word == code).map(|(kind, _)| *kind)
    }
}

/// The account of `kind` for `subject`, opened now if there is none yet.
pub async fn open_account(tx: &mut db::Tx, ctx: &Ctx, kind: AccountKind, subject: &str) -> Result<AccountId, Error> {
    let wanted = [(kind, subject.to_owned())];
    Ok(open_accounts(tx, ctx, &wanted).await?[0])
}

/// Many at once, in the order asked; a subject asked twice is one account.
pub async fn open_accounts(tx: &mut db::Tx, ctx: &Ctx, wanted: &[(AccountKind, String)]) -> Result<Vec<AccountId>, Error> {
    let mut by_kind: BTreeMap<AccountKind, Vec<&str>> = BTreeMap::new();
    for (kind, subject) in wanted {
        by_kind.entry(*kind).or_default().push(subject);
    }
    let mut ids = HashMap::with_capacity(wanted.len());
    for (kind, mut subjects) in by_kind {
        // in one order everywhere: two transactions opening the same accounts wait for each other and do not deadlock
        subjects.sort_unstable();
        subjects.dedup();
        let known = store::accounts_by_subject(tx, ctx, kind, &subjects).await?;
        ids.extend(known.into_iter().map(|(subject, id)| ((kind, subject), id)));
        subjects.retain(|subject| !ids.contains_key(&(kind, (*subject).to_owned())));
        store::insert_accounts(tx, ctx, kind, &subjects).await?;
        let opened = store::accounts_by_subject(tx, ctx, kind, &subjects).await?;
        ids.extend(opened.into_iter().map(|(subject, id)| ((kind, subject), id)));
    }
    Ok(wanted.iter().map(|key| ids[key]).collect())
}

/// The account of `kind` for `subject`, if it was ever opened.
pub async fn find_account(tx: &mut db::Tx, ctx: &Ctx, kind: AccountKind, subject: &str) -> Result<Option<AccountId>, Error> {
    let found = store::accounts_by_subject(tx, ctx, kind, &[subject]).await?;
    Ok(found.into_iter().next().map(|(_, id)| id))
}
