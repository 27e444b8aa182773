use std::collections::HashMap;

use tariffs::{NewPlan, Rule};

use super::{Fate, Loading};
use crate::Error;
use crate::folder::Folder;
use crate::rows::{TariffRow, fit_together, rules_by_plan};
use crate::sheet::Placed;
use crate::spec;

/// What is wrong with a plan, by the words of the tariffs crate.
const FAULTS: [(&str, &str); 6] = [
    ("the plan has no price", "il piano non ha un prezzo in regole_tariffa.csv"),
    ("a price is below zero", "un prezzo è negativo"),
    ("a band has a value out of range", "una fascia ha un valore fuori misura"),
    ("bands need rising ceilings, and a last one without", "le fasce vogliono limiti ISEE crescenti, e l'ultima senza limite"),
    (
        "a linear price needs two rising ISEE values and no price below zero",
        "il prezzo lineare vuole due valori ISEE crescenti e nessun prezzo negativo",
    ),
    ("a reduction is between 0,01% and 100%", "una riduzione è tra 0,01% e 100%"),
];

pub(super) async fn load(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    refuse_mixed_rules(l, folder);
    let mut rules = rules_by_plan(&folder.rules);
    let mut plans = Vec::new();
    for row in &folder.tariffs {
        let plan = plan(l, row, rules.remove(&row.value.key).unwrap_or_default());
        match plan.fault() {
            None => plans.push(plan),
            Some(fault) => {
                let words = FAULTS.iter().find(|(english, _)| *english == fault).map_or(fault, |(_, italian)| italian);
                l.bad(&spec::TARIFFS, row.row, words);
            }
        }
    }
    if !l.report.bad.is_empty() {
        return Ok(());
    }
    let fates = fates(l, &plans).await?;
    tariffs::load(l.tx, l.ctx, plans).await?;
    l.count_fates(&spec::TARIFFS, folder.tariffs.iter().map(|row| fates[&row.value.key]));
    l.count_fates(&spec::RULES, folder.rules.iter().map(|row| fates[&row.value.plan]));
    Ok(())
}

fn plan(l: &Loading<'_>, row: &Placed<TariffRow>, rules: Vec<Rule>) -> NewPlan {
    let t = row.value.clone();
    NewPlan {
        external_key: t.key,
        service_id: l.ids.services[&t.service],
        name: t.name,
        resolution_number: t.resolution_number,
        resolution_on: t.resolution_on,
        from_on: t.from_on,
        to_on: t.to_on,
        rules,
    }
}

fn refuse_mixed_rules(l: &mut Loading<'_>, folder: &Folder) {
    let mut first: HashMap<(&str, i32), &Rule> = HashMap::new();
    for row in &folder.rules {
        let known = first.entry((&row.value.plan, row.value.order)).or_insert(&row.value.rule);
        if !std::ptr::eq(*known, &row.value.rule) && !fit_together(known, &row.value.rule) {
            l.bad(&spec::RULES, row.row, "ordine: è già di una regola d'altro effetto o con altre condizioni");
        }
    }
}

/// Which plans are new, changed or the same, by all they say.
async fn fates(l: &mut Loading<'_>, plans: &[NewPlan]) -> Result<HashMap<String, Fate>, Error> {
    let keyed = "select external_key, id from tariff_plan where tenant_id = $1 and external_key is not null";
    let rows = l.tx.query(keyed, &[&l.ctx.tenant]).await?;
    let ids: HashMap<String, kernel::TariffPlanId> =
        rows.iter().map(|r| Ok((r.get(0)?, r.get(1)?))).collect::<Result<_, db::Error>>()?;
    let mut fates = HashMap::new();
    for plan in plans {
        let standing = tariffs::list_plans(l.tx, l.ctx, plan.service_id, plan.from_on, plan.to_on).await?;
        let fate = match ids.get(&plan.external_key) {
            None => Fate::Inserted,
            Some(id) if standing.iter().any(|s| s.id == *id && says_the_same(s, plan)) => Fate::Unchanged,
            Some(_) => Fate::Updated,
        };
        fates.insert(plan.external_key.clone(), fate);
    }
    Ok(fates)
}

fn says_the_same(standing: &tariffs::Plan, new: &NewPlan) -> bool {
    (&standing.name, &standing.resolution_number, standing.resolution_on)
        == (&new.name, &new.resolution_number, new.resolution_on)
        && (standing.from_on, standing.to_on, &standing.rules) == (new.from_on, new.to_on, &new.rules)
}
