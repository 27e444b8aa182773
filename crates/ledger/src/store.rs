//! All SQL over the ledger's tables.

use std::collections::{BTreeMap, HashMap};

use db::{Row, Tx};
use kernel::{AccountId, Cents, Ctx, Day, PostingId, TenantId};

use crate::chain::{LinkEntry, NO_HASH};
use crate::{AccountKind, Cause, Entry, Error, Movement, Posted, PostingView};

/// The last link of a tenant's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub number: i64,
    pub hash: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct AccountState {
    pub balance: Cents,
    pub entries: i64,
}

/// A posting read back for the proof.
pub(crate) struct Stored {
    pub number: i64,
    pub id: PostingId,
    pub source_key: String,
    pub input_hash: Vec<u8>,
    pub cause: String,
    pub description: String,
    pub actor: String,
    pub effective_on: Day,
    pub posted_at: kernel::Instant,
    pub previous_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

pub(crate) async fn insert_accounts(tx: &mut Tx, ctx: &Ctx, kind: AccountKind, subjects: &[&str]) -> Result<(), Error> {
    let row = |subject: &&str| {
        let id: AccountId = ctx.new_id();
        db::row![ctx.tenant, id, kind.code(), *subject, 0i64, 0i64, ctx.now]
    };
    let insert = "insert into ledger_account (tenant_id, id, kind, subject, balance_cents, entry_count, opened_at)";
    let tail = "on conflict (tenant_id, kind, subject) do nothing";
    tx.insert_many(insert, subjects.iter().map(row).collect(), tail).await?;
    Ok(())
}

pub(crate) async fn accounts_by_subject(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: AccountKind,
    subjects: &[&str],
) -> Result<Vec<(String, AccountId)>, Error> {
    let sql =
        "select subject, id from ledger_account where tenant_id = $1 and kind = $2 and subject in ({list}) order by subject";
    let rows = tx.query_list(sql, &[&ctx.tenant, &kind.code()], subjects).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

pub(crate) async fn lock_head(tx: &mut Tx, tenant: TenantId) -> Result<Head, Error> {
    if let Some(head) = head(tx, tenant, tx.for_update()).await? {
        return Ok(head);
    }
    let first =
        "insert into ledger_chain (tenant_id, last_number, last_hash) values ($1, 0, $2) on conflict (tenant_id) do nothing";
    tx.execute(first, &[&tenant, &&NO_HASH[..]]).await?;
    Ok(head(tx, tenant, tx.for_update()).await?.expect("the head was written a moment ago and is never removed"))
}

pub(crate) async fn head(tx: &mut Tx, tenant: TenantId, lock: &'static str) -> Result<Option<Head>, Error> {
    let sql = format!("select last_number, last_hash from ledger_chain where tenant_id = $1{lock}");
    let row = tx.query_opt(&sql, &[&tenant]).await?;
    row.map(|r| Ok(Head { number: r.get(0)?, hash: r.get(1)? })).transpose()
}

pub(crate) async fn update_head(tx: &mut Tx, tenant: TenantId, head: &Head) -> Result<(), Error> {
    let sql = "update ledger_chain set last_number = $2, last_hash = $3 where tenant_id = $1";
    Ok(tx.execute_one(sql, &[&tenant, &head.number, &head.hash]).await?)
}

pub(crate) async fn postings_by_key(
    tx: &mut Tx,
    tenant: TenantId,
    keys: &[&str],
) -> Result<HashMap<String, (Posted, Vec<u8>)>, Error> {
    let sql = "select source_key, id, number, input_hash from ledger_posting where tenant_id = $1 and source_key in ({list})
               order by number";
    let standing = |row: &Row| {
        let posted = Posted { id: row.get(1)?, number: row.get(2)?, new: false };
        Ok((row.get(0)?, (posted, row.get(3)?)))
    };
    tx.query_list(sql, &[&tenant], keys).await?.iter().map(standing).collect()
}

/// Locks by ascending id; an id the tenant does not have is missing in the answer.
pub(crate) async fn lock_accounts(
    tx: &mut Tx,
    tenant: TenantId,
    ids: &[AccountId],
) -> Result<BTreeMap<AccountId, AccountState>, Error> {
    let sql = "select id, balance_cents, entry_count from ledger_account where tenant_id = $1 and id in ({list}) order by id";
    let rows = tx.query_list(&format!("{sql}{}", tx.for_update()), &[&tenant], ids).await?;
    rows.iter().map(|row| Ok((row.get(0)?, AccountState { balance: row.get(1)?, entries: row.get(2)? }))).collect()
}

pub(crate) async fn insert_postings(tx: &mut Tx, rows: Vec<Vec<db::Value>>) -> Result<(), Error> {
    let insert = "insert into ledger_posting (tenant_id, number, id, source_key, input_hash, cause, description, actor, \
                  effective_on, posted_at, previous_hash, hash)";
    tx.insert_many(insert, rows, "").await?;
    Ok(())
}

pub(crate) async fn insert_entries(tx: &mut Tx, rows: Vec<Vec<db::Value>>) -> Result<(), Error> {
    let insert = "insert into ledger_entry (tenant_id, account_id, number, posting_number, amount_cents, \
                  balance_after_cents, effective_on)";
    tx.insert_many(insert, rows, "").await?;
    Ok(())
}

pub(crate) async fn update_accounts(
    tx: &mut Tx,
    tenant: TenantId,
    accounts: &BTreeMap<AccountId, AccountState>,
) -> Result<(), Error> {
    let sql = "update ledger_account set balance_cents = $3, entry_count = $4 where tenant_id = $1 and id = $2";
    let rows = accounts.iter().map(|(id, state)| db::row![tenant, *id, state.balance, state.entries]).collect();
    tx.execute_many(sql, rows).await?;
    Ok(())
}

pub(crate) async fn balance(tx: &mut Tx, tenant: TenantId, account: AccountId) -> Result<Cents, Error> {
    let sql = "select balance_cents from ledger_account where tenant_id = $1 and id = $2";
    let row = tx.query_opt(sql, &[&tenant, &account]).await?.ok_or(Error::UnknownAccount(account))?;
    Ok(row.get(0)?)
}

pub(crate) async fn balance_at_end_of(tx: &mut Tx, tenant: TenantId, account: AccountId, day: Day) -> Result<Cents, Error> {
    let sql = "select a.balance_cents - coalesce((
                   select cast(sum(e.amount_cents) as bigint) from ledger_entry e
                   where e.tenant_id = $1 and e.account_id = $2 and e.effective_on > $3), 0)
               from ledger_account a where a.tenant_id = $1 and a.id = $2";
    let row = tx.query_opt(sql, &[&tenant, &account, &day]).await?.ok_or(Error::UnknownAccount(account))?;
    Ok(row.get(0)?)
}

/// With a running balance that is still to be computed.
pub(crate) async fn movements(
    tx: &mut Tx,
    tenant: TenantId,
    account: AccountId,
    first: Day,
    last: Day,
) -> Result<Vec<Movement>, Error> {
    let sql = "select p.id, p.number, e.effective_on, p.posted_at, p.cause, p.description, p.source_key, e.amount_cents
               from ledger_entry e
               join ledger_posting p on p.tenant_id = e.tenant_id and p.number = e.posting_number
               where e.tenant_id = $1 and e.account_id = $2 and e.effective_on >= $3 and e.effective_on <= $4
               order by e.effective_on, e.number";
    tx.query(sql, &[&tenant, &account, &first, &last]).await?.iter().map(movement).collect()
}

fn movement(row: &Row) -> Result<Movement, Error> {
    Ok(Movement {
        posting_id: row.get(0)?,
        number: row.get(1)?,
        effective_on: row.get(2)?,
        posted_at: row.get(3)?,
        cause: cause(&row.get::<String>(4)?)?,
        description: row.get(5)?,
        source_key: row.get(6)?,
        amount: row.get(7)?,
        balance_after: Cents::ZERO,
    })
}

fn cause(code: &str) -> Result<Cause, Error> {
    Cause::from_code(code).ok_or_else(|| unreadable("cause", code))
}

fn kind(code: &str) -> Result<AccountKind, Error> {
    AccountKind::from_code(code).ok_or_else(|| unreadable("account kind", code))
}

fn unreadable(what: &str, word: &str) -> Error {
    Error::Broken(crate::FirstBad { number: 0, posting: None, what: format!("{word} is no {what}") })
}

pub(crate) async fn posting(tx: &mut Tx, tenant: TenantId, id: PostingId) -> Result<Option<PostingView>, Error> {
    let sql = "select number, source_key, cause, description, actor, effective_on, posted_at
               from ledger_posting where tenant_id = $1 and id = $2";
    let Some(row) = tx.query_opt(sql, &[&tenant, &id]).await? else { return Ok(None) };
    let number = row.get(0)?;
    Ok(Some(PostingView {
        id,
        number,
        source_key: row.get(1)?,
        cause: cause(&row.get::<String>(2)?)?,
        description: row.get(3)?,
        actor: row.get(4)?,
        effective_on: row.get(5)?,
        posted_at: row.get(6)?,
        entries: posting_entries(tx, tenant, number).await?,
    }))
}

async fn posting_entries(tx: &mut Tx, tenant: TenantId, number: i64) -> Result<Vec<Entry>, Error> {
    let sql = "select e.account_id, a.kind, a.subject, e.amount_cents, e.balance_after_cents
               from ledger_entry e join ledger_account a on a.tenant_id = e.tenant_id and a.id = e.account_id
               where e.tenant_id = $1 and e.posting_number = $2 order by e.account_id, e.number";
    let entry = |row: &Row| {
        Ok(Entry {
            account: row.get(0)?,
            kind: kind(&row.get::<String>(1)?)?,
            subject: row.get(2)?,
            amount: row.get(3)?,
            balance_after: row.get(4)?,
        })
    };
    tx.query(sql, &[&tenant, &number]).await?.iter().map(entry).collect()
}

/// The next postings of the chain after `number`.
pub(crate) async fn stored_after(tx: &mut Tx, tenant: TenantId, number: i64, limit: i64) -> Result<Vec<Stored>, Error> {
    let sql = "select number, id, source_key, input_hash, cause, description, actor, effective_on, posted_at, previous_hash, hash
               from ledger_posting where tenant_id = $1 and number > $2 order by number limit $3";
    tx.query(sql, &[&tenant, &number, &limit]).await?.iter().map(stored).collect()
}

fn stored(row: &Row) -> Result<Stored, Error> {
    Ok(Stored {
        number: row.get(0)?,
        id: row.get(1)?,
        source_key: row.get(2)?,
        input_hash: row.get(3)?,
        cause: row.get(4)?,
        description: row.get(5)?,
        actor: row.get(6)?,
        effective_on: row.get(7)?,
        posted_at: row.get(8)?,
        previous_hash: row.get(9)?,
        hash: row.get(10)?,
    })
}

/// Entries of the postings in a range, each with its posting's number and its own day.
pub(crate) async fn entries_between(
    tx: &mut Tx,
    tenant: TenantId,
    after: i64,
    until: i64,
) -> Result<Vec<(i64, Day, LinkEntry)>, Error> {
    let sql = "select posting_number, effective_on, account_id, number, amount_cents, balance_after_cents from ledger_entry
               where tenant_id = $1 and posting_number > $2 and posting_number <= $3
               order by posting_number, account_id, number";
    let entry = |row: &Row| {
        let link = LinkEntry { account: row.get(2)?, number: row.get(3)?, amount: row.get(4)?, balance_after: row.get(5)? };
        Ok((row.get(0)?, row.get(1)?, link))
    };
    tx.query(sql, &[&tenant, &after, &until]).await?.iter().map(entry).collect()
}

pub(crate) async fn count_entries(tx: &mut Tx, tenant: TenantId) -> Result<i64, Error> {
    let row = tx.query_one("select count(*) from ledger_entry where tenant_id = $1", &[&tenant]).await?;
    Ok(row.get(0)?)
}

pub(crate) async fn account_states(tx: &mut Tx, tenant: TenantId) -> Result<Vec<(AccountId, AccountState)>, Error> {
    let sql = "select id, balance_cents, entry_count from ledger_account where tenant_id = $1 order by id";
    let state = |row: &Row| Ok((row.get(0)?, AccountState { balance: row.get(1)?, entries: row.get(2)? }));
    tx.query(sql, &[&tenant]).await?.iter().map(state).collect()
}

/// The sum of balances, and how many accounts' balance or count is not that of their entries.
pub(crate) async fn imbalance(tx: &mut Tx, tenant: TenantId) -> Result<(i64, i64), Error> {
    let sql = "select coalesce(cast(sum(a.balance_cents) as bigint), 0),
                      count(*) filter (where a.balance_cents <> coalesce(e.total, 0) or a.entry_count <> coalesce(e.entries, 0))
               from ledger_account a
               left join (select account_id, cast(sum(amount_cents) as bigint) as total, count(*) as entries
                          from ledger_entry where tenant_id = $1 group by account_id) e on e.account_id = a.id
               where a.tenant_id = $1";
    let row = tx.query_one(sql, &[&tenant]).await?;
    Ok((row.get(0)?, row.get(1)?))
}
