//! No page of a parent walks through a table that grows with the town.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::{BTreeSet, HashMap};

use identity::session::{self, NewSession};
use kernel::PersonId;
use reqwest::StatusCode;
use testkit::TestTown;

/// Tables with a few rows for each tenant: to walk one is as quick as an index.
const SMALL: [&str; 9] = [
    "service",
    "cutoff_rule",
    "absence_kind",
    "identity_provider",
    "tenant_host",
    "spontaneous_cause",
    "tenant_arms",
    "tenant_pagopa",
    "payment_agreement",
];
/// Pages of one address that differ in what they ask for only.
const MOST_OF_ONE: usize = 6;

/// The cookie of a session of the person.
async fn sign_in(town: &TestTown, person: PersonId) -> String {
    let mut tx = town.db.begin().await.unwrap();
    let who = enrolment::person::get(&mut tx, &town.office(), person).await.unwrap();
    let new = NewSession {
        person: Some(person),
        fiscal_code: who.fiscal_code.unwrap(),
        name: who.name,
        family_name: who.family_name,
        scheme: "spid",
        idp_entity_id: "https://idp.example".to_owned(),
        level: 2,
    };
    let token = session::open(&mut tx, &town.office(), new).await.unwrap();
    tx.commit().await.unwrap();
    format!("__Host-campanella_session={token}")
}

/// Follows every link of the personal area; gives the pages that answered.
async fn visit_everything(url: &str, host: &str, cookie: &str) -> BTreeSet<String> {
    let client = reqwest::Client::new();
    let (mut waiting, mut seen) = (vec!["/area-personale".to_owned()], BTreeSet::new());
    let mut of_one: HashMap<String, usize> = HashMap::new();
    while let Some(path) = waiting.pop() {
        let count = of_one.entry(path.split('?').next().unwrap().to_owned()).or_default();
        if *count == MOST_OF_ONE || !seen.insert(path.clone()) {
            continue;
        }
        *count += 1;
        let answer = client.get(format!("{url}{path}")).header("host", host).header("cookie", cookie).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let text = String::from_utf8_lossy(&answer.bytes().await.unwrap()).replace("&amp;", "&");
        let links = text.split("href=\"").skip(1).filter_map(|rest| rest.split(['"', '#']).next());
        waiting.extend(links.filter(|link| link.starts_with("/area-personale")).map(str::to_owned));
    }
    seen
}

/// `from pupil p`, `join badge b`: the table behind each alias.
fn aliases(sql: &str) -> HashMap<&str, &str> {
    let words: Vec<&str> = sql.split([' ', '\n', '(', ')', ',']).filter(|word| !word.is_empty()).collect();
    let named = words.windows(3).filter(|three| matches!(three[0], "from" | "join"));
    named.flat_map(|three| [(three[2], three[1]), (three[1], three[1])]).collect()
}

/// The table a step of a plan walks through: all of it, all of one tenant's, or all of a tenant's of one kind.
fn walked<'a>(step: &str, aliases: &HashMap<&str, &'a str>) -> Option<&'a str> {
    let words: Vec<&str> = step.split(' ').collect();
    let table = aliases.get(words.get(1)?).copied()?;
    let bounds = step.split_once('(').map_or("", |(_, bounds)| bounds.trim_end_matches(')'));
    let columns = bounds.split(" AND ").filter_map(|bound| bound.split(['=', '<', '>']).next());
    let is_fine = |column: &str| !column.is_empty() && column != "tenant_id" && !db::testing::COARSE.contains(&column);
    (!columns.into_iter().any(is_fine) && !SMALL.contains(&table)).then_some(table)
}

#[tokio::test]
async fn no_page_walks_through_a_table_that_grows_with_the_town() {
    let folder = tempfile::tempdir().unwrap();
    let town = common::town(&folder).await;
    let url = common::serve(&town).await;
    db::testing::watch_queries();
    let mut pages = 0;
    for person in [town.people.anna, town.people.elena, town.people.teresa] {
        let cookie = sign_in(&town, person).await;
        pages += visit_everything(&url, town.host, &cookie).await.len();
    }
    let queries = db::testing::watched_queries();
    assert!(pages > 60 && queries.len() > 40, "{pages} pages asked {} queries", queries.len());
    let (mut tx, mut walks) = (town.db.read().await.unwrap(), Vec::new());
    for (sql, parameters) in queries {
        let nothing = vec![db::Value::Null; parameters];
        let nothing: Vec<&dyn db::ToValue> = nothing.iter().map(|value| value as &dyn db::ToValue).collect();
        let aliases = aliases(&sql);
        for step in tx.query(&format!("explain query plan {sql}"), &nothing).await.unwrap() {
            let step: String = step.get(3).unwrap();
            walks.extend(walked(&step, &aliases).map(|_| format!("{step}\n{sql}")));
        }
    }
    assert!(walks.is_empty(), "{}", walks.join("\n\n"));
}
