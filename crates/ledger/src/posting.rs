use kernel::{AccountId, Cents, Ctx, Day, Instant, PostingId};

use crate::{AccountKind, Error, store};

/// A request to move money. Amounts above zero credit an account, below zero debit it; they sum to zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// What caused it, unique in the tenant: `receipt:<id>`, `meal:<pupil>:<service>:<day>`.
    pub source_key: String,
    pub cause: Cause,
    /// In the words a parent reads on a statement.
    pub description: String,
    /// The civil day it counts from: a meal's day, a receipt's day.
    pub effective_on: Day,
    pub entries: Vec<(AccountId, Cents)>,
}

/// What became of a request: the posting that stands under its key, and whether it was made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    pub id: PostingId,
    pub number: i64,
    pub new: bool,
}

/// Why money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    TopUp,
    Meal,
    DocumentIssued,
    DocumentPaid,
    /// Out of the catalogue of spontaneous payments.
    SpontaneousPaid,
    /// A balance brought from an earlier system.
    Opening,
    Refund,
    /// Credit moved from one wallet to another.
    Transfer,
    /// Undoes another posting, entry by entry.
    Reversal,
    Adjustment,
    DoublePayment,
    /// Paid after the notice was cancelled.
    LatePayment,
    /// Paid with another amount than the notice asked.
    AmountDiffers,
    /// A receipt for a notice nobody knows.
    Unmatched,
    /// Money that was on its way has reached the treasurer.
    Settled,
}

const CAUSES: [(Cause, &str); 15] = [
    (Cause::TopUp, "top_up"),
    (Cause::Meal, "meal"),
    (Cause::DocumentIssued, "document_issued"),
    (Cause::DocumentPaid, "document_paid"),
    (Cause::SpontaneousPaid, "spontaneous_paid"),
    (Cause::Opening, "opening"),
    (Cause::Refund, "refund"),
    (Cause::Transfer, "transfer"),
    (Cause::Reversal, "reversal"),
    (Cause::Adjustment, "adjustment"),
    (Cause::DoublePayment, "double_payment"),
    (Cause::LatePayment, "late_payment"),
    (Cause::AmountDiffers, "amount_differs"),
    (Cause::Unmatched, "unmatched"),
    (Cause::Settled, "settled"),
];

impl Cause {
    /// The word kept in the database, and the key of its name in the message catalogue.
    pub fn code(self) -> &'static str {
        CAUSES.iter().find(|(cause, _)| *cause == self).expect("every cause has a word").1
    }

    pub fn from_code(code: &str) -> Option<Cause> {
        CAUSES.iter().find(|(_, word)| *word == code).map(|(cause, _)| *cause)
    }
}

/// A posting as it stands, with all its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostingView {
    pub id: PostingId,
    pub number: i64,
    pub source_key: String,
    pub cause: Cause,
    pub description: String,
    /// Who posted it ([`kernel::Actor::label`]).
    pub actor: String,
    pub effective_on: Day,
    pub posted_at: Instant,
    /// Sorted by account.
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub account: AccountId,
    pub kind: AccountKind,
    pub subject: String,
    pub amount: Cents,
    pub balance_after: Cents,
}

/// The posting with this id, or none of this tenant's. The caller decides who may see it.
pub async fn get_posting(tx: &mut db::Tx, ctx: &Ctx, id: PostingId) -> Result<Option<PostingView>, Error> {
    store::posting(tx, ctx.tenant, id).await
}

impl Posting {
    /// Sums to zero and moves something.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let sum: i128 = self.entries.iter().map(|(_, amount)| i128::from(amount.0)).sum();
        if sum != 0 {
            return Err(Error::Unbalanced { source_key: self.source_key.clone(), off_by_cents: sum });
        }
        if self.entries.iter().all(|(_, amount)| amount.is_zero()) {
            return Err(Error::Empty(self.source_key.clone()));
        }
        Ok(())
    }

    /// Entries by ascending account: the order they are numbered, hashed and locked in.
    pub(crate) fn sorted_entries(&self) -> Vec<(AccountId, Cents)> {
        let mut entries = self.entries.clone();
        entries.sort_unstable();
        entries
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Clock, Entropy};

    use super::*;

    fn posting(amounts: &[i64]) -> Posting {
        let clock = Clock::fixed("2026-10-05T10:00:00Z".parse().unwrap());
        let ctx = Ctx::new(kernel::TenantId(1), kernel::Actor::Anonymous, &clock, &Entropy::seeded(1));
        Posting {
            source_key: "test".to_owned(),
            cause: Cause::Adjustment,
            description: String::new(),
            effective_on: ctx.today(),
            entries: amounts.iter().map(|a| (ctx.new_id(), Cents(*a))).collect(),
        }
    }

    #[test]
    fn only_balanced_postings_that_move_money_pass() {
        for (amounts, passes) in [
            (&[-500, 500][..], true),
            (&[-500, 300, 200], true),
            (&[-500, 499], false),
            (&[i64::MAX, i64::MAX], false),
            (&[], false),
            (&[0, 0], false),
            (&[500], false),
        ] {
            assert_eq!(posting(amounts).check().is_ok(), passes, "{amounts:?}");
        }
    }

    #[test]
    fn every_word_reads_back_as_its_cause_and_kind() {
        assert!(CAUSES.iter().all(|(cause, word)| Cause::from_code(word) == Some(*cause) && cause.code() == *word));
        assert_eq!(AccountKind::from_code("wallet"), Some(AccountKind::Wallet));
        assert_eq!(AccountKind::from_code("pocket"), None);
    }
}
