//! Running one statement on a connection.

use std::cell::RefCell;
use std::collections::HashMap;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};

use super::error;
use crate::Error;
use crate::value::{Columns, Row, Value, instant_text};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        use rusqlite::types::Value as Owned;
        Ok(match self {
            Value::Null => ToSqlOutput::Owned(Owned::Null),
            Value::Int(number) => ToSqlOutput::Owned(Owned::Integer(*number)),
            Value::Bool(truth) => ToSqlOutput::Owned(Owned::Integer(i64::from(*truth))),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Value::Day(day) => ToSqlOutput::Owned(Owned::Text(day.to_string())),
            Value::Instant(instant) => ToSqlOutput::Owned(Owned::Text(instant_text(*instant))),
            Value::Uuid(id) => ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes())),
        })
    }
}

pub fn query(connection: &Connection, sql: &str, params: &[Value]) -> Result<Vec<Row>, Error> {
    #[cfg(feature = "testing")]
    crate::testing::note(sql, params.len());
    let mut statement = prepare(connection, sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(params)).map_err(error)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(error)? {
        let values = (0..columns).map(|c| value(row.get_ref(c).map_err(error)?)).collect::<Result<_, _>>()?;
        found.push(Row(Columns::Sqlite(values)));
    }
    Ok(found)
}

pub fn execute(connection: &Connection, sql: &str, params: &[Value]) -> Result<u64, Error> {
    let changed = prepare(connection, sql)?.execute(rusqlite::params_from_iter(params)).map_err(error)?;
    Ok(changed as u64)
}

pub fn execute_many(connection: &Connection, sql: &str, rows: &[Vec<Value>]) -> Result<u64, Error> {
    let mut statement = prepare(connection, sql)?;
    let mut changed = 0;
    for row in rows {
        changed += statement.execute(rusqlite::params_from_iter(row)).map_err(error)? as u64;
    }
    Ok(changed)
}

fn prepare<'c>(connection: &'c Connection, sql: &str) -> Result<CachedStatement<'c>, Error> {
    thread_local! {
        static TRANSLATED: RefCell<HashMap<String, String>> = RefCell::new(HashMap::new());
    }
    TRANSLATED.with_borrow_mut(|cache| {
        if let Some(text) = cache.get(sql) {
            return connection.prepare_cached(text).map_err(error);
        }
        if cache.len() >= TEXTS {
            cache.clear();
        }
        let text = cache.entry(sql.to_owned()).or_insert(translate(sql));
        connection.prepare_cached(text).map_err(error)
    })
}

/// Translated texts kept per thread: several times what the house has, in case some are built with lists of parameters.
const TEXTS: usize = 4_096;

/// To SQLite these types are numbers, and `cast('2026-09-14' as date)` would be 2026.
const CASTS: [(&str, &str); 4] =
    [(" as date", " as text"), (" as timestamptz", " as text"), (" as uuid", " as blob"), (" as bytea", " as blob")];

/// `$2` becomes `?2` (to SQLite `$2` is a name, numbered by where it first stands), and casts those of [`CASTS`].
fn translate(sql: &str) -> String {
    let (mut out, mut quoted, mut comment) = (String::with_capacity(sql.len()), false, false);
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied().unwrap_or_default();
        comment = letter != '\n' && (comment || (!quoted && letter == '-' && next == '-'));
        quoted ^= letter == '\'' && !comment;
        match letter {
            _ if quoted || comment => out.push(letter),
            '$' if next.is_ascii_digit() => out.push('?'),
            ')' => {
                retype(&mut out);
                out.push(')');
            }
            _ => out.push(letter),
        }
    }
    out
}

fn retype(out: &mut String) {
    if let Some((theirs, ours)) = CASTS.iter().find(|(theirs, _)| out.ends_with(theirs)) {
        out.truncate(out.len() - theirs.len());
        out.push_str(ours);
    }
}

fn value(column: ValueRef<'_>) -> Result<Value, Error> {
    Ok(match column {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8(text.to_vec()).map_err(|e| Error::Other(e.to_string()))?),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => return Err(Error::Other("a column holds a floating point number".to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_and_quoted_text_and_comments_are_left_alone() {
        assert_eq!(translate("select $2, '$1', $1"), "select ?2, '$1', ?1");
        assert_eq!(translate("select $1 -- the parent's $3\n, $2"), "select ?1 -- the parent's $3\n, ?2");
        assert_eq!(translate("select 'it''s - $1' - $1"), "select 'it''s - $1' - ?1");
    }

    #[test]
    fn casts_name_the_form_sqlite_keeps() {
        assert_eq!(translate("cast($1 as date) or cast($2 as uuid)"), "cast(?1 as text) or cast(?2 as blob)");
        assert_eq!(translate("cast(sum(x) as bigint), 'a as date)'"), "cast(sum(x) as bigint), 'a as date)'");
    }
}
