use kernel::Cents;
use serde::{Deserialize, Serialize};

use crate::Facts;

/// One rule of a plan: what it does, and for whom.
///
/// The first price that fits is the price; then every exemption and reduction that fits changes it, in the plan's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    #[serde(default, skip_serializing_if = "When::is_always")]
    pub when: When,
    #[serde(flatten)]
    pub effect: Effect,
}

/// For whom a rule is: everything that is said must hold; nothing said holds for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident: Option<bool>,
    /// Codes of school levels (`infanzia`, `primaria`, ...): any of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
    /// An ISEE above this; without a valid ISEE this does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isee_over: Option<Cents>,
    /// An ISEE up to this, itself included; without a valid ISEE this does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isee_up_to: Option<Cents>,
    /// At least so many minors in the household.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minors_from: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minors_up_to: Option<u8>,
    /// From the how-manieth child of the household enrolled in the service, the eldest being the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_from: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_up_to: Option<u8>,
    /// At least so many children of the household enrolled in the service, the pupil included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrolled_from: Option<u8>,
    /// Circumstances the office has recorded (`disability`, `foster_care`, `social_services`, ...): any of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub circumstances: Vec<String>,
}

/// What a rule does to the price of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// One price.
    Flat { label: Option<String>, price: Cents },
    /// The first band whose ceiling the ISEE does not pass; the last, without ceiling, also without a valid ISEE.
    Bands { bands: Vec<Band> },
    /// Bands that pay a share of the full cost of a meal.
    ShareOfCost { full_cost: Cents, bands: Vec<CostBand> },
    /// Grows with the ISEE between two points; flat outside of them; the upper price without a valid ISEE.
    Linear { from_isee: Cents, from_price: Cents, to_isee: Cents, to_price: Cents },
    /// Takes a share, in basis points, off the price; the price left is rounded half away from zero.
    Discount { label: String, basis_points: i64 },
    /// Nothing to pay.
    Exempt { label: String },
}

/// A band of ISEE and its price. A ceiling of none is the last band's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band {
    pub label: String,
    pub up_to: Option<Cents>,
    pub price: Cents,
}

/// A band of ISEE and the share of the full cost it pays, in basis points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostBand {
    pub label: String,
    pub up_to: Option<Cents>,
    pub basis_points: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    Price,
    Reduction,
    Exemption,
}

impl RuleKind {
    pub fn code(self) -> &'static str {
        match self {
            RuleKind::Price => "price",
            RuleKind::Reduction => "reduction",
            RuleKind::Exemption => "exemption",
        }
    }
}

impl Rule {
    /// A rule for everybody.
    pub fn always(effect: Effect) -> Rule {
        Rule { when: When::default(), effect }
    }

    pub fn kind(&self) -> RuleKind {
        match self.effect {
            Effect::Flat { .. } | Effect::Bands { .. } | Effect::ShareOfCost { .. } | Effect::Linear { .. } => RuleKind::Price,
            Effect::Discount { .. } => RuleKind::Reduction,
            Effect::Exempt { .. } => RuleKind::Exemption,
        }
    }

    /// What is wrong with the rule as written, if anything.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        match &self.effect {
            Effect::Flat { price, .. } => price.is_negative().then_some("a price is below zero"),
            Effect::Bands { bands } => bands_fault(bands.iter().map(|b| b.up_to), bands.iter().any(|b| b.price.is_negative())),
            Effect::ShareOfCost { bands, full_cost } => {
                let shares = bands.iter().any(|b| !(0..=10_000).contains(&b.basis_points));
                bands_fault(bands.iter().map(|b| b.up_to), shares || full_cost.is_negative())
            }
            Effect::Linear { from_isee, to_isee, from_price, to_price } => {
                let prices = from_price.is_negative() || to_price.is_negative();
                (prices || from_isee >= to_isee).then_some("a linear price needs two rising ISEE values and no price below zero")
            }
            Effect::Discount { basis_points, .. } => {
                (!(1..=10_000).contains(basis_points)).then_some("a reduction is between 0,01% and 100%")
            }
            Effect::Exempt { .. } => None,
        }
    }
}

fn bands_fault(ceilings: impl Iterator<Item = Option<Cents>>, bad_values: bool) -> Option<&'static str> {
    let ceilings: Vec<Option<Cents>> = ceilings.collect();
    let (last, before) = ceilings.split_last().map_or((None, &[][..]), |(last, before)| (Some(*last), before));
    let rising = before.iter().all(Option::is_some) && before.is_sorted_by(|a, b| a < b);
    match (last, rising, bad_values) {
        (Some(None), true, false) => None,
        (_, _, true) => Some("a band has a value out of range"),
        _ => Some("bands need rising ceilings, and a last one without"),
    }
}

impl When {
    fn is_always(&self) -> bool {
        *self == When::default()
    }

    /// Whether everything that is said holds.
    pub fn holds(&self, facts: &Facts) -> bool {
        let among = |list: &[String], words: &[String]| list.is_empty() || words.iter().any(|word| list.contains(word));
        self.resident.is_none_or(|resident| resident == facts.resident)
            && (self.levels.is_empty() || self.levels.contains(&facts.level))
            && among(&self.circumstances, &facts.circumstances)
            && self.isee_over.is_none_or(|floor| facts.isee.is_some_and(|isee| isee > floor))
            && self.isee_up_to.is_none_or(|ceiling| facts.isee.is_some_and(|isee| isee <= ceiling))
            && within(facts.minors_in_household, self.minors_from, self.minors_up_to)
            && within(facts.child_order, self.child_from, self.child_up_to)
            && within(facts.children_enrolled, self.enrolled_from, None)
    }
}

fn within(value: u8, from: Option<u8>, up_to: Option<u8>) -> bool {
    from.is_none_or(|from| value >= from) && up_to.is_none_or(|up_to| value <= up_to)
}
