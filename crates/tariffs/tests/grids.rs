//! Price grids as Italian Comuni decide them, under invented names: a line is a family and what it pays.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use jiff::civil::date;
use kernel::{Cents, ServiceId, TariffPlanId};
use tariffs::{Band, CostBand, Effect, Error, Facts, Plan, Rule, When, rate};

fn euros(whole: i64) -> Option<Cents> {
    Some(Cents(whole * 100))
}

fn plan(rules: Vec<Rule>) -> Plan {
    Plan {
        id: TariffPlanId::from(uuid::Uuid::from_u128(1)),
        service_id: ServiceId::from(uuid::Uuid::from_u128(2)),
        name: "Tariffe refezione".to_owned(),
        resolution_number: "41".to_owned(),
        resolution_on: date(2026, 5, 28),
        from_on: date(2026, 9, 1),
        to_on: date(2027, 8, 31),
        rules,
    }
}

fn bands(list: &[(Option<i64>, i64)]) -> Effect {
    let band = |(n, (up_to, price)): (usize, &(Option<i64>, i64))| Band {
        label: format!("Fascia {}", n + 1),
        up_to: up_to.map(|whole| Cents(whole * 100)),
        price: Cents(*price),
    };
    Effect::Bands { bands: list.iter().enumerate().map(band).collect() }
}

fn flat(price: i64) -> Effect {
    Effect::Flat { label: None, price: Cents(price) }
}

fn off(label: &str, percent: i64) -> Effect {
    Effect::Discount { label: label.to_owned(), basis_points: percent * 100 }
}

/// A resident primary-school child, the only one, without a valid ISEE.
fn family() -> Facts {
    Facts {
        resident: true,
        level: "primaria".to_owned(),
        minors_in_household: 1,
        children_enrolled: 1,
        child_order: 1,
        ..Facts::default()
    }
}

fn pays(plan: &Plan, facts: &Facts) -> i64 {
    rate(plan, facts, date(2026, 10, 5)).unwrap().amount.0
}

/// Flat, with another price for those who live elsewhere.
#[test]
fn roccaverde_asks_one_price_and_another_of_non_residents() {
    let non_residents = Rule { when: When { resident: Some(false), ..When::default() }, effect: flat(590) };
    let plan = plan(vec![non_residents, Rule::always(flat(540))]);
    assert_eq!(pays(&plan, &family()), 540);
    assert_eq!(pays(&plan, &Facts { resident: false, ..family() }), 590);
}

/// Four bands by ISEE.
#[test]
fn pievelago_has_four_bands_whose_ceilings_belong_to_them() {
    let plan = plan(vec![Rule::always(bands(&[(Some(4_500), 50), (Some(9_000), 250), (Some(16_500), 400), (None, 550)]))]);
    for (isee, expected) in [
        (euros(0), 50),
        (euros(4_500), 50),
        (Some(Cents(450_001)), 250),
        (euros(9_000), 250),
        (euros(16_500), 400),
        (Some(Cents(1_650_001)), 550),
        (None, 550),
    ] {
        assert_eq!(pays(&plan, &Facts { isee, ..family() }), expected, "{isee:?}");
    }
}

/// Five bands, the first of which pays nothing.
#[test]
fn borgo_sant_elmo_has_five_bands_and_asks_nothing_of_the_first() {
    let list = [(Some(5_000), 0), (Some(11_000), 170), (Some(16_000), 340), (Some(25_000), 380), (None, 410)];
    let plan = plan(vec![Rule::always(bands(&list))]);
    for (isee, expected) in [(5_000, 0), (5_001, 170), (11_000, 170), (16_000, 340), (25_000, 380), (25_001, 410)] {
        assert_eq!(pays(&plan, &Facts { isee: euros(isee), ..family() }), expected, "{isee}");
    }
    let told = rate(&plan, &Facts { isee: euros(12_000), ..family() }, date(2026, 10, 5)).unwrap();
    assert_eq!(told.band.as_deref(), Some("Fascia 3"));
    let lines = told.lines_it();
    assert_eq!(lines, ["Fascia 3: ISEE da 11.000 € a 16.000 €: 3,40 €", "Tariffe refezione: delibera n. 41 del 28/05/2026"]);
}

/// A price by school level; free below an ISEE; then off by the minors in the household, each with its own ceiling.
fn castelnuovo() -> Plan {
    let level = |name: &str, price| Rule { when: When { levels: vec![name.to_owned()], ..When::default() }, effect: flat(price) };
    let minors = |from, up_to, isee_over, isee_up_to, label, percent| Rule {
        when: When {
            minors_from: Some(from),
            minors_up_to: up_to,
            isee_over: euros(isee_over),
            isee_up_to: euros(isee_up_to),
            ..When::default()
        },
        effect: off(label, percent),
    };
    let free = When { isee_up_to: euros(4_000), ..When::default() };
    plan(vec![
        level("infanzia", 420),
        level("primaria", 460),
        level("secondaria", 500),
        Rule { when: free, effect: Effect::Exempt { label: "ISEE fino a 4.000 €".to_owned() } },
        minors(1, Some(1), 4_000, 7_000, "Un minore nel nucleo", 30),
        minors(2, Some(2), 4_000, 7_000, "Due minori nel nucleo", 40),
        minors(3, Some(3), 4_000, 7_000, "Tre minori nel nucleo", 50),
        minors(3, Some(3), 7_000, 10_000, "Tre minori nel nucleo", 30),
        minors(4, None, 4_000, 7_000, "Più di tre minori nel nucleo", 60),
        minors(4, None, 7_000, 10_000, "Più di tre minori nel nucleo", 40),
    ])
}

#[test]
fn castelnuovo_grades_by_level_isee_and_minors_in_the_household() {
    for (level, isee, minors, expected) in [
        ("infanzia", None, 1, 420),
        ("primaria", None, 3, 460),
        ("secondaria", euros(20_000), 4, 500),
        ("primaria", euros(4_000), 1, 0),
        ("primaria", euros(4_001), 1, 322),
        ("primaria", euros(7_001), 1, 460),
        ("primaria", euros(6_000), 2, 276),
        ("primaria", euros(6_000), 3, 230),
        ("primaria", euros(9_000), 3, 322),
        ("infanzia", euros(7_000), 4, 168),
        ("infanzia", euros(10_000), 5, 252),
        ("infanzia", euros(10_001), 5, 420),
    ] {
        let facts = Facts { level: level.to_owned(), isee, minors_in_household: minors, ..family() };
        assert_eq!(pays(&castelnuovo(), &facts), expected, "{level} {isee:?} {minors}");
    }
}

#[test]
fn a_level_without_a_price_is_refused_and_not_guessed() {
    let nursery = Facts { level: "nido".to_owned(), ..family() };
    assert!(matches!(rate(&castelnuovo(), &nursery, date(2026, 10, 5)), Err(Error::NoPrice { .. })));
    assert!(matches!(rate(&castelnuovo(), &family(), date(2027, 9, 1)), Err(Error::NotInForce { .. })));
}

/// A share of the full cost by band.
#[test]
fn monteforte_asks_a_share_of_the_full_cost() {
    let band = |label: &str, up_to: Option<i64>, percent: i64| CostBand {
        label: label.to_owned(),
        up_to: up_to.map(|whole| Cents(whole * 100)),
        basis_points: percent * 100,
    };
    let shares = vec![band("A", Some(3_000), 0), band("B", Some(8_000), 25), band("C", Some(15_000), 50), band("D", None, 100)];
    let plan = plan(vec![Rule::always(Effect::ShareOfCost { full_cost: Cents(774), bands: shares })]);
    for (isee, expected) in [(euros(3_000), 0), (euros(8_000), 194), (euros(15_000), 387), (None, 774)] {
        assert_eq!(pays(&plan, &Facts { isee, ..family() }), expected, "{isee:?}");
    }
}

/// Linear between two points for residents; others pay the full price.
#[test]
fn acquachiara_asks_a_price_that_grows_with_the_isee() {
    let line =
        Effect::Linear { from_isee: Cents(400_000), from_price: Cents(125), to_isee: Cents(3_000_000), to_price: Cents(628) };
    let residents = When { resident: Some(true), ..When::default() };
    let plan = plan(vec![Rule { when: residents, effect: line }, Rule::always(flat(771))]);
    for (isee, expected) in [
        (euros(0), 125),
        (euros(4_000), 125),
        (euros(17_000), 377),
        (euros(29_999), 628),
        (euros(30_000), 628),
        (euros(90_000), 628),
        (None, 628),
    ] {
        assert_eq!(pays(&plan, &Facts { isee, ..family() }), expected, "{isee:?}");
    }
    assert_eq!(pays(&plan, &Facts { resident: false, isee: euros(10_000), ..family() }), 771);
    let told = rate(&plan, &family(), date(2026, 10, 5)).unwrap().lines_it();
    assert_eq!(told[0], "Nessun ISEE valido in questa data: tariffa massima");
}

/// Half from the second child, nothing from the third; exempt circumstances.
#[test]
fn santa_giulia_halves_the_second_child_and_asks_nothing_of_the_third() {
    let child =
        |from, up_to, effect| Rule { when: When { child_from: Some(from), child_up_to: up_to, ..When::default() }, effect };
    let exempt = |label: &str| Effect::Exempt { label: label.to_owned() };
    let foster = When { circumstances: vec!["foster_care".to_owned(), "disability".to_owned()], ..When::default() };
    let plan = plan(vec![
        Rule::always(flat(455)),
        Rule { when: foster, effect: exempt("Affido familiare o disabilità") },
        child(2, Some(2), off("Secondo figlio", 50)),
        child(3, None, exempt("Terzo figlio e successivi")),
    ]);
    for (child_order, circumstance, expected) in
        [(1, None, 455), (2, None, 228), (3, None, 0), (5, None, 0), (1, Some("disability"), 0), (1, Some("other"), 455)]
    {
        let circumstances = circumstance.map(str::to_owned).into_iter().collect();
        assert_eq!(pays(&plan, &Facts { child_order, circumstances, ..family() }), expected);
    }
    let told = rate(&plan, &Facts { child_order: 2, ..family() }, date(2026, 10, 5)).unwrap().lines_it();
    assert_eq!(told[1], "Secondo figlio: -50%");
}

#[test]
fn a_rule_is_written_as_readable_json_and_reads_back_the_same() {
    for rule in castelnuovo().rules {
        let text = serde_json::to_string(&rule).unwrap();
        assert_eq!(serde_json::from_str::<Rule>(&text).unwrap(), rule, "{text}");
    }
    let text = serde_json::to_string(&castelnuovo().rules[0]).unwrap();
    assert_eq!(text, r#"{"when":{"levels":["infanzia"]},"effect":"flat","label":null,"price":420}"#);
    assert!(serde_json::from_str::<Rule>(r#"{"when":{"residents":true},"effect":"flat","price":1}"#).is_err());
}
