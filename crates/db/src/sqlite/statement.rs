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
        static NUMBERED: RefCell<HashMap<String, String>> = RefCell::new(HashMap::new());
    }
    NUMBERED.with_borrow_mut(|cache| {
        if !cache.contains_key(sql) {
            cache.insert(sql.to_owned(), number_parameters(sql));
        }
        connection.prepare_cached(&cache[sql]).map_err(error)
    })
}

/// `$2` to `?2`: to SQLite `$2` is a name, numbered by where it first stands.
fn number_parameters(sql: &str) -> String {
    let (mut out, mut quoted) = (String::with_capacity(sql.len()), false);
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        quoted ^= letter == '\'';
        let parameter = letter == '$' && !quoted && letters.peek().is_some_and(char::is_ascii_digit);
        out.push(if parameter { '?' } else { letter });
    }
    out
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
    fn parameters_are_numbered_and_quoted_text_is_left_alone() {
        assert_eq!(number_parameters("select $2, '$1', $1"), "select ?2, '$1', ?1");
    }
}
