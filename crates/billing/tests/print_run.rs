//! The documents of a print run: which, in what order, and for whom.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use billing::Error;
use billing::print_run::{self, DocumentNotice, PrintPlace, PrintSelection};
use common::{Town, paid};
use db::testing::on_both_engines;
use jiff::civil::date;
use kernel::{Actor, Ctx};

async fn town(db: db::Db) -> Town {
    let town = Town::new(db).await;
    let due = |month: i8| date(2026, month, 28);
    let mut new = vec![
        town.document("3", date(2026, 1, 3), &[(due(2), 300)]),
        town.document("1", date(2026, 1, 1), &[(due(2), 100), (due(3), 100), (due(4), 100)]),
        town.document("2", date(2026, 1, 2), &[(due(2), 200)]),
        town.document("4", date(2026, 1, 4), &[(due(2), 400)]),
    ];
    new[1].instalments[0].paid_elsewhere = paid(100, due(2), "cassa");
    new[2].instalments[0].paid_elsewhere = paid(200, due(2), "cassa");
    let mut tx = town.db.begin().await.unwrap();
    billing::issue_all(&mut tx, &town.system(), new).await.unwrap();
    tx.commit().await.unwrap();
    town
}

async fn all(town: &Town, ctx: &Ctx, selection: &PrintSelection, page: usize) -> Result<Vec<DocumentNotice>, Error> {
    let mut tx = town.db.read().await.unwrap();
    let (mut found, mut place) = (Vec::new(), PrintPlace::default());
    loop {
        let next = print_run::page(&mut tx, ctx, selection, &place, page).await?;
        let Some(last) = next.last() else { break };
        place = last.place.clone();
        found.extend(next);
    }
    assert_eq!(print_run::count(&mut tx, ctx, selection).await?, found.len());
    Ok(found)
}

fn numbers(found: &[DocumentNotice]) -> Vec<&str> {
    found.iter().map(|notice| notice.place.number.as_str()).collect()
}

#[tokio::test]
async fn a_run_has_each_document_with_something_to_pay_once_whatever_its_pages() {
    on_both_engines(async |db| {
        let town = town(db).await;
        for page in [1, 2, 100] {
            let found = all(&town, &town.system(), &PrintSelection::default(), page).await.unwrap();
            assert_eq!(numbers(&found), ["1", "3", "4"], "pages of {page}");
            let instalments: Vec<(i64, usize)> =
                found[0].parts.iter().filter_map(|part| part.document.as_ref()).map(|d| (d.instalment, d.of)).collect();
            assert_eq!(instalments, [(1, 1), (2, 3), (3, 3)], "all that is left, then its instalments; the first is paid");
            assert!(found.iter().flat_map(|notice| &notice.parts).all(|part| part.amount.0 > 0));
        }
    })
    .await;
}

#[tokio::test]
async fn a_run_takes_a_series_or_single_documents() {
    on_both_engines(async |db| {
        let town = town(db).await;
        let series = all(&town, &town.system(), &PrintSelection::default(), 9).await.unwrap()[0].place.series.clone();
        let of = |series: &str, numbers: &[&str]| PrintSelection {
            series: Some(series.to_owned()),
            numbers: numbers.iter().map(|n| (*n).to_owned()).collect(),
        };
        assert_eq!(all(&town, &town.system(), &of(&series, &[]), 9).await.unwrap().len(), 3);
        assert_eq!(all(&town, &town.system(), &of("another", &[]), 9).await.unwrap().len(), 0);
        let found = all(&town, &town.system(), &of(&series, &["4", "1", "2", "77"]), 9).await.unwrap();
        assert_eq!(numbers(&found), ["1", "4"], "2 is paid, 77 does not exist");
        let anywhere = PrintSelection { series: None, numbers: vec!["3".to_owned()] };
        assert_eq!(numbers(&all(&town, &town.system(), &anywhere, 1).await.unwrap()), ["3"]);
    })
    .await;
}

#[tokio::test]
async fn a_run_is_for_the_system_alone_and_of_one_tenant() {
    on_both_engines(async |db| {
        let town = town(db).await;
        let mut mother = town.system();
        mother.actor = Actor::Person(town.mother);
        assert!(matches!(all(&town, &mother, &PrintSelection::default(), 9).await, Err(Error::NotVisible)));
        let mut there = town.system();
        there.tenant = common::THERE;
        let found = all(&town, &there, &PrintSelection::default(), 9).await;
        assert!(found.map_or(true, |found| found.is_empty()), "the other tenant has documents of its own only");
    })
    .await;
}
