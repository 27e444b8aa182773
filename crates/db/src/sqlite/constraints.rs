//! SQLite names the columns of a broken unique constraint, not the constraint: its name is read from the migrations.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::migrate::MIGRATIONS;

/// The constraint over `table.column, table.column`; the columns themselves where none is known.
pub fn name(columns: &str) -> String {
    static NAMES: OnceLock<HashMap<String, String>> = OnceLock::new();
    let names = NAMES.get_or_init(|| MIGRATIONS.iter().flat_map(|m| named(m.sql)).collect());
    let columns = columns.trim_start_matches("index '").trim_end_matches('\'');
    names.get(columns).cloned().unwrap_or_else(|| columns.to_owned())
}

fn named(sql: &str) -> Vec<(String, String)> {
    let (mut found, mut table) = (Vec::new(), "");
    for line in sql.lines().map(str::trim) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["create", "table", name, ..] => table = name,
            ["constraint", name, "unique", ..] | ["constraint", name, "primary", "key", ..] => {
                found.push((columns(table, line), (*name).to_owned()))
            }
            ["create", "unique", "index", name, "on", table, ..] => found.push((columns(table, line), (*name).to_owned())),
            _ => {}
        }
    }
    found
}

fn columns(table: &str, line: &str) -> String {
    let inside = line.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(inside, _)| inside);
    inside.split(',').map(|column| format!("{table}.{}", column.trim())).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unique_constraint_of_the_migrations_has_a_name() {
        let database = rusqlite::Connection::open_in_memory().unwrap();
        let mine = MIGRATIONS.iter().filter(|m| m.engine != Some(crate::Engine::Postgres));
        mine.for_each(|m| database.execute_batch(m.sql).unwrap());
        let sql = "select t.name || '.' || group_concat(c.name, ', ' || t.name || '.') from sqlite_schema as t, pragma_index_list(t.name) as i,
                   pragma_index_info(i.name) as c where t.type = 'table' and i.\"unique\" and c.name is not null group by t.name, i.name";
        let mut statement = database.prepare(sql).unwrap();
        let unique: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert!(unique.len() > 20);
        let unnamed: Vec<&String> = unique.iter().filter(|columns| name(columns).contains('.')).collect();
        assert!(unnamed.is_empty(), "write `constraint NAME unique (…)` on one line: {unnamed:?}");
    }

    #[test]
    fn columns_lead_to_the_name_of_their_constraint() {
        assert_eq!(name("person.tenant_id, person.fiscal_code"), "person_fiscal_code_unique");
        assert_eq!(
            name("absence_day.tenant_id, absence_day.pupil_id, absence_day.service_id, absence_day.day"),
            "absence_day_once"
        );
        assert_eq!(name("nothing.known"), "nothing.known");
    }
}
