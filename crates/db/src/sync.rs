//! Bringing a tenant's rows of a table to what a file says: new ones are inserted, changed ones updated, in a few hops.

use std::collections::HashMap;

use kernel::{Day, Instant, TenantId};
use uuid::Uuid;

use crate::{Error, FromValue, Tx, Value};

/// A table whose first column is `tenant_id`.
pub struct Table {
    pub name: &'static str,
    /// The columns that tell rows apart, the tenant left out.
    pub key: &'static [&'static str],
    /// What only an insert sets: an id that others refer to.
    pub fixed: &'static [&'static str],
    /// What a later file may change.
    pub columns: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub inserted: u64,
    pub updated: u64,
    pub unchanged: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
    }
}

/// Each row holds the values of the key, then of the fixed columns, then of the others; no two have the same key.
pub async fn rows(tx: &mut Tx, tenant: TenantId, table: &Table, rows: Vec<Vec<Value>>) -> Result<Counts, Error> {
    let known = known(tx, tenant, table).await?;
    let (keys, skip) = (table.key.len(), table.key.len() + table.fixed.len());
    let (mut inserts, mut updates, mut counts) = (Vec::new(), Vec::new(), Counts::default());
    for row in rows {
        match known.get(&key_text(&row[..keys])) {
            None => inserts.push([&[Value::Int(tenant.0)], row.as_slice()].concat()),
            Some(old) if old.iter().zip(&row[skip..]).all(|(old, new)| same(old, new)) => counts.unchanged += 1,
            Some(_) => updates.push([&[Value::Int(tenant.0)], &row[..keys], &row[skip..]].concat()),
        }
    }
    counts.inserted = inserts.len() as u64;
    counts.updated = updates.len() as u64;
    if !updates.is_empty() {
        tx.execute_many(&update(table), updates).await?;
    }
    let all = [table.key, table.fixed, table.columns].concat().join(", ");
    tx.insert_many(&format!("insert into {} (tenant_id, {all})", table.name), inserts, "").await?;
    Ok(counts)
}

async fn known(tx: &mut Tx, tenant: TenantId, table: &Table) -> Result<HashMap<String, Vec<Value>>, Error> {
    let columns = [table.key, table.columns].concat();
    let sql = format!("select {} from {} where tenant_id = $1", columns.join(", "), table.name);
    let mut known = HashMap::new();
    for row in tx.query(&sql, &[&tenant]).await? {
        let values = (0..columns.len()).map(|c| row.get::<Value>(c)).collect::<Result<Vec<_>, _>>()?;
        known.insert(key_text(&values[..table.key.len()]), values[table.key.len()..].to_vec());
    }
    Ok(known)
}

fn update(table: &Table) -> String {
    let set = |(n, column): (usize, &&str)| format!("{column} = ${}", n + 2 + table.key.len());
    let is = |(n, column): (usize, &&str)| format!("{column} = ${}", n + 2);
    let sets: Vec<String> = table.columns.iter().enumerate().map(set).collect();
    let keys: Vec<String> = table.key.iter().enumerate().map(is).collect();
    format!("update {} set {} where tenant_id = $1 and {}", table.name, sets.join(", "), keys.join(" and "))
}

/// The same text for the same key on both engines.
fn key_text(key: &[Value]) -> String {
    let text = |value: &Value| match value {
        Value::Bytes(bytes) => Uuid::from_slice(bytes).map_or_else(|_| format!("{bytes:?}"), |id| id.to_string()),
        Value::Uuid(id) => id.to_string(),
        Value::Day(day) => day.to_string(),
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Bool(truth) => i64::from(*truth).to_string(),
        Value::Instant(at) => crate::value::instant_text(*at),
        Value::Null => "-".to_owned(),
    };
    key.iter().map(text).collect::<Vec<_>>().join("\u{1f}")
}

fn same(old: &Value, new: &Value) -> bool {
    match new {
        Value::Bool(truth) => bool::from_value(old.clone()) == Some(*truth),
        Value::Day(day) => Day::from_value(old.clone()) == Some(*day),
        Value::Instant(at) => Instant::from_value(old.clone()).is_some_and(|o| o.as_microsecond() == at.as_microsecond()),
        Value::Uuid(id) => Uuid::from_value(old.clone()) == Some(*id),
        other => old == other,
    }
}
