//! What a meal costs: free up to an ISEE of 4,000; 3.00 up to 10,000; else 4.50.

use db::Tx;
use jiff::civil::date;
use kernel::{Cents, Ctx, ServiceId};
use tariffs::{Band, Effect, NewPlan, Rule, When};

use super::{FIRST, LAST};

pub async fn load(tx: &mut Tx, ctx: &Ctx, meal: ServiceId) {
    let band = |label: &str, up_to, price| Band { label: label.to_owned(), up_to, price: Cents(price) };
    let bands = vec![
        band("Fascia 1", Some(Cents(400_000)), 0),
        band("Fascia 2", Some(Cents(1_000_000)), 300),
        band("Fascia 3", None, 450),
    ];
    let plan = NewPlan {
        external_key: "2026".to_owned(),
        service_id: meal,
        name: "Tariffe refezione 2026/27".to_owned(),
        resolution_number: "45".to_owned(),
        resolution_on: date(2026, 3, 20),
        from_on: FIRST,
        to_on: LAST,
        rules: vec![Rule { when: When::default(), effect: Effect::Bands { bands } }],
    };
    tariffs::load(tx, ctx, vec![plan]).await.expect("a tariff plan");
}
