//! Coats of arms in the database, on both engines.
#![allow(clippy::unwrap_used, reason = "a scenario that meets an error has failed")]

use db::testing::on_both_engines;
use enrolment::arms::{self, Drawing, Set};
use enrolment::tenant;
use testkit::TestTown;

fn drawing(colour: &str) -> Drawing {
    let svg = format!("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><path d='M0 0h9v9z' fill='{colour}'/></svg>");
    Drawing::read(svg.as_bytes()).unwrap()
}

#[tokio::test]
async fn a_tenant_has_one_drawing_under_the_address_of_its_content() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let ctx = town.office();
        let mut tx = town.db.begin().await.unwrap();
        assert_eq!(arms::find(&mut tx, town.tenant).await.unwrap(), None);
        assert_eq!(arms::set(&mut tx, &ctx, &drawing("red")).await.unwrap(), Set::Inserted);
        assert_eq!(arms::set(&mut tx, &ctx, &drawing("red")).await.unwrap(), Set::Unchanged);
        let red = tenant::find(&mut tx, town.tenant).await.unwrap().unwrap().arms.unwrap();
        assert_eq!(arms::set(&mut tx, &ctx, &drawing("blue")).await.unwrap(), Set::Updated);
        let blue = tenant::find(&mut tx, town.tenant).await.unwrap().unwrap().arms.unwrap();
        assert_ne!(red, blue);
        assert_eq!(arms::find_by_hash(&mut tx, town.tenant, &red).await.unwrap(), None, "an old address is no other drawing");
        let found = arms::find_by_hash(&mut tx, town.tenant, &blue).await.unwrap();
        assert_eq!(found.as_deref(), Some(drawing("blue").svg()));
        assert_eq!(arms::find_by_hash(&mut tx, town.other_tenant, &blue).await.unwrap(), None, "the other tenant has none");
        assert_eq!(tenant::find(&mut tx, town.other_tenant).await.unwrap().unwrap().arms, None);
        assert!(arms::remove(&mut tx, &ctx).await.unwrap() && !arms::remove(&mut tx, &ctx).await.unwrap());
        assert_eq!(tenant::find(&mut tx, town.tenant).await.unwrap().unwrap().arms, None);
    })
    .await;
}
