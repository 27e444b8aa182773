use std::collections::{BTreeMap, HashMap};

use kernel::{AccountId, Cents, Ctx, Instant, PostingId};

use crate::chain::{Link, LinkEntry, input_hash, link_hash};
use crate::store::{self, AccountState, Head};
use crate::{Error, Posted, Posting};

/// Posts, once: the same key with the same money again answers with the posting that stands.
///
/// # Errors
/// [`Error::Unbalanced`], [`Error::Empty`], [`Error::SameKeyOtherContent`], [`Error::UnknownAccount`]; nothing is written then.
pub async fn post(tx: &mut db::Tx, ctx: &Ctx, posting: Posting) -> Result<Posted, Error> {
    Ok(post_all(tx, ctx, vec![posting]).await?[0])
}

/// Posts many in the order given, in few statements; answers in the same order. All or nothing.
///
/// # Errors
/// As [`post`], for the first posting that cannot be.
pub async fn post_all(tx: &mut db::Tx, ctx: &Ctx, postings: Vec<Posting>) -> Result<Vec<Posted>, Error> {
    postings.iter().try_for_each(Posting::check)?;
    if postings.is_empty() {
        return Ok(Vec::new());
    }
    // first the head, then the accounts by id: see the crate's documentation
    let head = store::lock_head(tx, ctx.tenant).await?;
    let (answers, fresh) = tell_apart(standing(tx, ctx, &head, &postings).await?, &postings, head.number, ctx)?;
    if fresh.is_empty() {
        return Ok(answers);
    }
    let accounts = lock_accounts(tx, ctx, &fresh).await?;
    let mut batch = Batch::new(ctx, head, accounts);
    for draft in fresh {
        batch.add(draft)?;
    }
    batch.write(tx, ctx).await?;
    Ok(answers)
}

/// A posting that does not stand yet.
struct Draft<'a> {
    posting: &'a Posting,
    posted: Posted,
    input_hash: [u8; 32],
    entries: Vec<(AccountId, Cents)>,
}

type Standing = HashMap<String, (Posted, Vec<u8>)>;

async fn standing(tx: &mut db::Tx, ctx: &Ctx, head: &Head, postings: &[Posting]) -> Result<Standing, Error> {
    if head.number == 0 {
        return Ok(Standing::new());
    }
    let keys: Vec<&str> = postings.iter().map(|p| p.source_key.as_str()).collect();
    store::postings_by_key(tx, ctx.tenant, &keys).await
}

/// Answers every request, and keeps those to be made; a key asked twice in one batch is made once.
fn tell_apart<'a>(
    standing: Standing,
    postings: &'a [Posting],
    last_number: i64,
    ctx: &Ctx,
) -> Result<(Vec<Posted>, Vec<Draft<'a>>), Error> {
    let mut made: HashMap<&str, (Posted, [u8; 32])> = HashMap::new();
    let (mut answers, mut fresh) = (Vec::with_capacity(postings.len()), Vec::new());
    let mut number = last_number;
    for posting in postings {
        let entries = posting.sorted_entries();
        let hash = input_hash(posting, &entries);
        let key = posting.source_key.as_str();
        let known = made.get(key).map(|(posted, hash)| (*posted, &hash[..]));
        let known = known.or_else(|| standing.get(key).map(|(posted, hash)| (*posted, &hash[..])));
        match known {
            Some((posted, known)) if known == hash => answers.push(Posted { new: false, ..posted }),
            Some(_) => return Err(Error::SameKeyOtherContent(posting.source_key.clone())),
            None => {
                number += 1;
                let posted = Posted { id: ctx.new_id(), number, new: true };
                made.insert(key, (posted, hash));
                answers.push(posted);
                fresh.push(Draft { posting, posted, input_hash: hash, entries });
            }
        }
    }
    Ok((answers, fresh))
}

async fn lock_accounts(tx: &mut db::Tx, ctx: &Ctx, fresh: &[Draft<'_>]) -> Result<BTreeMap<AccountId, AccountState>, Error> {
    let mut ids: Vec<AccountId> = fresh.iter().flat_map(|d| d.entries.iter().map(|(id, _)| *id)).collect();
    ids.sort_unstable();
    ids.dedup();
    let accounts = store::lock_accounts(tx, ctx.tenant, &ids).await?;
    match ids.iter().find(|id| !accounts.contains_key(id)) {
        Some(missing) => Err(Error::UnknownAccount(*missing)),
        None => Ok(accounts),
    }
}

/// The rows of a batch as they come about, with the running head and balances.
struct Batch {
    tenant: kernel::TenantId,
    actor: String,
    posted_at: Instant,
    head: Head,
    accounts: BTreeMap<AccountId, AccountState>,
    postings: Vec<Vec<db::Value>>,
    entries: Vec<Vec<db::Value>>,
}

impl Batch {
    fn new(ctx: &Ctx, head: Head, accounts: BTreeMap<AccountId, AccountState>) -> Batch {
        let (actor, posted_at) = (ctx.actor.label(), whole_micros(ctx.now));
        Batch { tenant: ctx.tenant, actor, posted_at, head, accounts, postings: Vec::new(), entries: Vec::new() }
    }

    fn add(&mut self, draft: Draft<'_>) -> Result<(), Error> {
        let entries: Vec<LinkEntry> = draft.entries.iter().map(|e| self.move_money(*e)).collect::<Result<_, _>>()?;
        let Posted { id, number, .. } = draft.posted;
        let posting = draft.posting;
        let hash = link_hash(
            self.tenant,
            &Link {
                number,
                id,
                source_key: &posting.source_key,
                input_hash: &draft.input_hash,
                cause: posting.cause.code(),
                description: &posting.description,
                actor: &self.actor,
                effective_on: posting.effective_on,
                posted_at: self.posted_at,
                previous_hash: &self.head.hash,
                entries: &entries,
            },
        );
        self.keep(draft.posting, id, number, &draft.input_hash, &entries, hash);
        Ok(())
    }

    fn move_money(&mut self, (account, amount): (AccountId, Cents)) -> Result<LinkEntry, Error> {
        let state = self.accounts.get_mut(&account).expect("every account was locked");
        let balance = state.balance.0.checked_add(amount.0).ok_or(Error::TooLarge)?;
        *state = AccountState { balance: Cents(balance), entries: state.entries + 1 };
        Ok(LinkEntry { account, number: state.entries, amount, balance_after: state.balance })
    }

    fn keep(&mut self, posting: &Posting, id: PostingId, number: i64, input: &[u8], entries: &[LinkEntry], hash: [u8; 32]) {
        let day = posting.effective_on;
        for e in entries {
            self.entries.push(db::row![self.tenant, e.account, e.number, number, e.amount, e.balance_after, day]);
        }
        self.postings.push(db::row![
            self.tenant,
            number,
            id,
            posting.source_key,
            input,
            posting.cause.code(),
            posting.description,
            self.actor,
            day,
            self.posted_at,
            &self.head.hash[..],
            &hash[..],
        ]);
        self.head = Head { number, hash: hash.to_vec() };
    }

    async fn write(self, tx: &mut db::Tx, ctx: &Ctx) -> Result<(), Error> {
        store::insert_postings(tx, self.postings).await?;
        store::insert_entries(tx, self.entries).await?;
        store::update_accounts(tx, ctx.tenant, &self.accounts).await?;
        store::update_head(tx, ctx.tenant, &self.head).await
    }
}

/// What both engines keep of an instant; the hash must be over what is read back.
fn whole_micros(at: Instant) -> Instant {
    Instant::from_microsecond(at.as_microsecond()).expect("fewer digits of an instant are an instant")
}
