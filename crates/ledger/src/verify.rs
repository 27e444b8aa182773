use std::collections::HashMap;
use std::fmt;

use kernel::{AccountId, Cents, PostingId, TenantId};

use crate::Error;
use crate::chain::{Link, LinkEntry, NO_HASH, input_hash_of, link_hash};
use crate::store::{self, AccountState, Head, Stored};

/// What a whole and sound ledger has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub postings: i64,
    pub entries: i64,
    pub accounts: i64,
    /// The last hash of the chain in hexadecimal digits: kept elsewhere, it also proves that nobody rewrote all of it.
    pub chain_head: String,
}

/// The first thing in the order of the chain that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstBad {
    /// The number of the posting; 0 for an account or the head of the chain.
    pub number: i64,
    pub posting: Option<PostingId>,
    pub what: String,
}

impl fmt::Display for FirstBad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.posting {
            Some(id) => write!(f, "posting {} ({id}): {}", self.number, self.what),
            None if self.number > 0 => write!(f, "posting {}: {}", self.number, self.what),
            None => f.write_str(&self.what),
        }
    }
}

const PAGE: i64 = 2_000;

/// Recomputes the chain, the numbering, the sums and every balance of a tenant, page by page.
///
/// # Errors
/// [`Error::Broken`] with the first bad posting, entry or account.
pub async fn verify(tx: &mut db::Tx, tenant: TenantId) -> Result<Verified, Error> {
    let mut proof = Proof::new(tenant);
    loop {
        let postings = store::stored_after(tx, tenant, proof.head.number, PAGE).await?;
        let Some(last) = postings.last() else { break };
        let entries = store::entries_between(tx, tenant, proof.head.number, last.number).await?;
        proof.page(&postings, entries)?;
    }
    let head = store::head(tx, tenant, "").await?.unwrap_or(Head { number: 0, hash: NO_HASH.to_vec() });
    proof.finish(&head, store::count_entries(tx, tenant).await?, &store::account_states(tx, tenant).await?)
}

/// A quick check that balances are the sums of entries and that the ledger sums to zero: for the end of every test.
///
/// # Errors
/// [`Error::Broken`]
pub async fn check_balanced(tx: &mut db::Tx, tenant: TenantId) -> Result<(), Error> {
    let (sum, wrong) = store::imbalance(tx, tenant).await?;
    require(sum == 0, 0, None, || format!("the balances sum to {sum} cents and not to zero"))?;
    require(wrong == 0, 0, None, || format!("{wrong} accounts have another balance than their entries"))
}

fn require(holds: bool, number: i64, posting: Option<PostingId>, what: impl FnOnce() -> String) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Broken(FirstBad { number, posting, what: what() })) }
}

/// What has been recomputed so far.
struct Proof {
    tenant: TenantId,
    head: Head,
    accounts: HashMap<AccountId, AccountState>,
    entries: i64,
}

impl Proof {
    fn new(tenant: TenantId) -> Proof {
        Proof { tenant, head: Head { number: 0, hash: NO_HASH.to_vec() }, accounts: HashMap::new(), entries: 0 }
    }

    fn page(&mut self, postings: &[Stored], entries: Vec<(i64, kernel::Day, LinkEntry)>) -> Result<(), Error> {
        let mut rest = entries.as_slice();
        for posting in postings {
            let count = rest.iter().take_while(|(number, ..)| *number <= posting.number).count();
            let (own, later) = rest.split_at(count);
            rest = later;
            self.posting(posting, own)?;
        }
        Ok(())
    }

    fn posting(&mut self, posting: &Stored, own: &[(i64, kernel::Day, LinkEntry)]) -> Result<(), Error> {
        let expected = self.head.number + 1;
        require(posting.number == expected, expected, None, || "missing from the chain".to_owned())?;
        let bad = |holds, what: &str| require(holds, posting.number, Some(posting.id), || what.to_owned());
        let entries: Vec<LinkEntry> = own.iter().map(|(.., entry)| *entry).collect();
        let link = link(posting, &entries);
        bad(posting.previous_hash == self.head.hash, "does not follow from the posting before it")?;
        bad(posting.input_hash == input_hash_of(&link), "its accounts, amounts, cause or day are not those asked for")?;
        bad(posting.hash == link_hash(self.tenant, &link), "it or one of its entries is not as it was written")?;
        bad(own.iter().all(|(_, day, _)| *day == posting.effective_on), "an entry counts from another day")?;
        bad(entries.iter().map(|e| i128::from(e.amount.0)).sum::<i128>() == 0, "its entries do not sum to zero")?;
        entries.iter().try_for_each(|entry| self.entry(posting, entry))?;
        self.head = Head { number: posting.number, hash: posting.hash.clone() };
        Ok(())
    }

    fn entry(&mut self, posting: &Stored, entry: &LinkEntry) -> Result<(), Error> {
        let state = self.accounts.entry(entry.account).or_insert(AccountState { balance: Cents::ZERO, entries: 0 });
        *state = AccountState { balance: state.balance + entry.amount, entries: state.entries + 1 };
        self.entries += 1;
        let AccountState { balance, entries } = *state;
        require(entry.number == entries, posting.number, Some(posting.id), || {
            format!("entry {} of account {} should be number {entries}", entry.number, entry.account)
        })?;
        require(entry.balance_after == balance, posting.number, Some(posting.id), || {
            let (account, said) = (entry.account, entry.balance_after.0);
            format!("entry {entries} of account {account} says it leaves {said} cents, and it leaves {}", balance.0)
        })
    }

    fn finish(self, head: &Head, stored_entries: i64, accounts: &[(AccountId, AccountState)]) -> Result<Verified, Error> {
        require(*head == self.head, 0, None, || {
            format!("the chain ends at posting {} and its head says {}", self.head.number, head.number)
        })?;
        for (id, kept) in accounts {
            let summed = self.accounts.get(id).copied().unwrap_or(AccountState { balance: Cents::ZERO, entries: 0 });
            let same = kept.balance == summed.balance && kept.entries == summed.entries;
            require(same, 0, None, || {
                format!(
                    "account {id} keeps {} cents in {} entries; its entries are {} and sum to {}",
                    kept.balance.0, kept.entries, summed.entries, summed.balance.0
                )
            })?;
        }
        let known = accounts.len() >= self.accounts.len();
        require(known && stored_entries == self.entries, 0, None, || {
            format!("{stored_entries} entries are stored and {} belong to the chain", self.entries)
        })?;
        let accounts = i64::try_from(accounts.len()).expect("accounts fit in memory");
        Ok(Verified { postings: self.head.number, entries: self.entries, accounts, chain_head: hex(&self.head.hash) })
    }
}

fn link<'a>(posting: &'a Stored, entries: &'a [LinkEntry]) -> Link<'a> {
    Link {
        number: posting.number,
        id: posting.id,
        source_key: &posting.source_key,
        input_hash: &posting.input_hash,
        cause: &posting.cause,
        description: &posting.description,
        actor: &posting.actor,
        effective_on: posting.effective_on,
        posted_at: posting.posted_at,
        previous_hash: &posting.previous_hash,
        entries,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
