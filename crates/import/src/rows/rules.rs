use std::collections::BTreeMap;

use kernel::Cents;
use tariffs::{Band, CostBand, Effect, Rule, When};

use super::LEVELS;
use crate::cells::Cells;
use crate::sheet::{Placed, Record};
use crate::spec::{self, File};
use crate::values::{Value, amount, percent, text, whole, yes_no};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleEffect {
    Flat,
    Band,
    ShareOfCost,
    Linear,
    Discount,
    Exempt,
}

const EFFECTS: [(&str, RuleEffect); 6] = [
    ("prezzo", RuleEffect::Flat),
    ("fascia", RuleEffect::Band),
    ("quota_costo", RuleEffect::ShareOfCost),
    ("lineare", RuleEffect::Linear),
    ("riduzione", RuleEffect::Discount),
    ("esenzione", RuleEffect::Exempt),
];

/// A rule, or one band of it.
#[derive(Clone, Debug)]
pub(crate) struct RuleRow {
    pub plan: String,
    pub order: i32,
    pub rule: Rule,
}

impl Record for RuleRow {
    const FILE: &'static File = &spec::RULES;

    fn read(c: &Cells<'_>) -> Option<RuleRow> {
        let (plan, order, effect) = (c.must("piano", text), c.must("ordine", whole), c.one_of("effetto", &EFFECTS, None));
        let when = read_when(c, effect);
        let effect = read_effect(c, effect?);
        Some(RuleRow { plan: plan?, order: order?, rule: Rule { when: when?, effect: effect? } })
    }

    fn key(&self) -> String {
        let ceiling = match &self.rule.effect {
            Effect::Bands { bands } => Some(bands[0].up_to),
            Effect::ShareOfCost { bands, .. } => Some(bands[0].up_to),
            _ => None,
        };
        let band = match ceiling {
            Some(Some(up_to)) => format!(", fascia fino a {}", up_to.format_it()),
            Some(None) => ", ultima fascia".to_owned(),
            None => String::new(),
        };
        format!("{} regola {}{band}", self.plan, self.order)
    }
}

fn read_effect(c: &Cells<'_>, effect: RuleEffect) -> Option<Effect> {
    Some(match effect {
        RuleEffect::Flat => Effect::Flat { label: c.may("nome", text)?, price: c.must("importo", amount)? },
        RuleEffect::Band => {
            let (label, price) = (c.must("nome", text), c.must("importo", amount));
            Effect::Bands { bands: vec![Band { label: label?, up_to: c.may("isee_fino_a", amount)?, price: price? }] }
        }
        RuleEffect::ShareOfCost => {
            let (label, full_cost, share) = (c.must("nome", text), c.must("importo", amount), c.must("percentuale", percent));
            let band = CostBand { label: label?, up_to: c.may("isee_fino_a", amount)?, basis_points: share?.into() };
            Effect::ShareOfCost { full_cost: full_cost?, bands: vec![band] }
        }
        RuleEffect::Linear => {
            let (from_isee, from_price) = (c.must("isee_oltre", amount), c.must("importo", amount));
            let (to_isee, to_price) = (c.must("isee_fino_a", amount), c.must("importo_finale", amount));
            Effect::Linear { from_isee: from_isee?, from_price: from_price?, to_isee: to_isee?, to_price: to_price? }
        }
        RuleEffect::Discount => {
            let (label, basis_points) = (c.must("nome", text), c.must("percentuale", percent));
            Effect::Discount { label: label?, basis_points: basis_points?.into() }
        }
        RuleEffect::Exempt => Effect::Exempt { label: c.must("nome", text)? },
    })
}

/// The ISEE columns are conditions, except where the effect itself is made of them.
fn read_when(c: &Cells<'_>, effect: Option<RuleEffect>) -> Option<When> {
    let own = matches!(effect, Some(RuleEffect::Band | RuleEffect::ShareOfCost | RuleEffect::Linear));
    let isee = |column| if own { Some(None) } else { c.may(column, amount) };
    let (over, up_to): (Option<Option<Cents>>, Option<Option<Cents>>) = (isee("isee_oltre"), isee("isee_fino_a"));
    let (levels, circumstances) = (c.or("gradi", levels, Vec::new()), c.or("circostanze", words, Vec::new()));
    let (minors_from, minors_up_to) = (c.may("minori_da", few), c.may("minori_fino_a", few));
    let (child_from, child_up_to) = (c.may("figlio_da", few), c.may("figlio_fino_a", few));
    Some(When {
        resident: c.may("residente", yes_no)?,
        levels: levels?,
        isee_over: over?,
        isee_up_to: up_to?,
        minors_from: minors_from?,
        minors_up_to: minors_up_to?,
        child_from: child_from?,
        child_up_to: child_up_to?,
        enrolled_from: c.may("iscritti_da", few)?,
        circumstances: circumstances?,
    })
}

fn few(cell: &str) -> Value<u8> {
    whole(cell).ok().and_then(|n| u8::try_from(n).ok()).ok_or("non è un numero intero piccolo")
}

fn words(cell: &str) -> Value<Vec<String>> {
    Ok(cell.split([' ', '|']).filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

fn levels(cell: &str) -> Value<Vec<String>> {
    let levels = words(cell)?;
    let known = levels.iter().all(|level| LEVELS.iter().any(|(word, _)| word == level));
    if known { Ok(levels) } else { Err("ha un grado che non è tra nido, infanzia, primaria, secondaria") }
}

/// The rules of each plan in order, rows of the same order joined into one price with bands by ceiling.
pub(crate) fn rules_by_plan(rows: &[Placed<RuleRow>]) -> BTreeMap<String, Vec<Rule>> {
    let mut plans: BTreeMap<String, BTreeMap<i32, Rule>> = BTreeMap::new();
    for Placed { value: row, .. } in rows {
        let rules = plans.entry(row.plan.clone()).or_default();
        match rules.get_mut(&row.order) {
            Some(rule) => join(rule, &row.rule),
            None => {
                rules.insert(row.order, row.rule.clone());
            }
        }
    }
    plans.into_iter().map(|(plan, rules)| (plan, rules.into_values().collect())).collect()
}

fn join(rule: &mut Rule, other: &Rule) {
    // the band without a ceiling comes last
    let place = |up_to: Option<Cents>| (up_to.is_none(), up_to);
    match (&mut rule.effect, &other.effect) {
        (Effect::Bands { bands }, Effect::Bands { bands: more }) => {
            bands.extend(more.iter().cloned());
            bands.sort_by_key(|band| place(band.up_to));
        }
        (Effect::ShareOfCost { bands, .. }, Effect::ShareOfCost { bands: more, .. }) => {
            bands.extend(more.iter().cloned());
            bands.sort_by_key(|band| place(band.up_to));
        }
        // the reader of the folder refuses a repeated order of anything else
        _ => {}
    }
}

/// Whether two rows of the same order belong to one price: the same kind of band under the same conditions.
pub(crate) fn fit_together(one: &Rule, other: &Rule) -> bool {
    let kinds = match (&one.effect, &other.effect) {
        (Effect::Bands { .. }, Effect::Bands { .. }) => true,
        (Effect::ShareOfCost { full_cost, .. }, Effect::ShareOfCost { full_cost: cost, .. }) => full_cost == cost,
        _ => false,
    };
    kinds && one.when == other.when
}
