use std::collections::HashMap;

use billing::load::NewMovement;
use db::sync::Counts;
use kernel::{BadgeId, Day, PupilId, ServiceId};

use super::Loading;
use super::canteen::lines_of;
use crate::Error;
use crate::folder::Folder;
use crate::rows::{MovementKind, MovementRow};
use crate::spec;

/// Posts what is new. A movement that stands is history: the same key with other money is refused.
pub(super) async fn load(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    if folder.movements.is_empty() {
        l.count(&spec::MOVEMENTS, Counts::default());
        return Ok(());
    }
    let standing = Standing::read(l).await?;
    let (mut new, mut counts) = (Vec::new(), Counts::default());
    let mut meals: HashMap<(PupilId, ServiceId, Day), u64> = HashMap::new();
    for row in &folder.movements {
        let m = &row.value;
        let badge = l.ids.badges[&m.badge];
        let (pupil, service) = standing.badges[&badge];
        if m.kind == MovementKind::Meal
            && let Some(first) = meals.insert((pupil, service, m.on), row.row)
        {
            l.bad(&spec::MOVEMENTS, row.row, format!("il pasto di quel giorno è già alla riga {first}"));
        }
        match standing.of(m, badge) {
            None => new.push(movement(m, badge)),
            Some(true) => counts.unchanged += 1,
            Some(false) => {
                l.bad(
                    &spec::MOVEMENTS,
                    row.row,
                    "il movimento è già stato importato con altri dati: si corregge con una rettifica",
                );
            }
        }
    }
    if !l.report.bad.is_empty() {
        return Ok(());
    }
    // by day: a wallet's entries are numbered in the order they are posted
    new.sort_by_key(|m| (m.on, m.kind == billing::load::MovementKind::Meal));
    counts.inserted = new.len() as u64;
    billing::load::movements(l.tx, l.ctx, new).await?;
    l.count(&spec::MOVEMENTS, counts);
    Ok(())
}

fn movement(m: &MovementRow, badge: BadgeId) -> NewMovement {
    NewMovement {
        external_key: m.key.clone(),
        badge,
        on: m.on,
        kind: m.kind,
        amount: m.amount,
        description: m.description.clone(),
        derivation: lines_of(&m.derivation),
    }
}

/// What the ledger and the charges say already.
struct Standing {
    badges: HashMap<BadgeId, (PupilId, ServiceId)>,
    /// badge and amount of each meal charged; no badge for one in a document
    meals: HashMap<(PupilId, ServiceId, Day), (Option<BadgeId>, i64)>,
    /// day and wallet amount of each other movement, by key
    others: HashMap<String, (Day, i64, Option<BadgeId>)>,
}

impl Standing {
    async fn read(l: &mut Loading<'_>) -> Result<Standing, Error> {
        let tenant = l.ctx.tenant;
        let sql = "select id, pupil_id, service_id from badge where tenant_id = $1";
        let badges = l.tx.query(sql, &[&tenant]).await?;
        let badges = badges.iter().map(|r| Ok((r.get(0)?, (r.get(1)?, r.get(2)?)))).collect::<Result<_, db::Error>>()?;
        let sql = "select pupil_id, service_id, day, badge_id, amount_cents from meal_charge where tenant_id = $1";
        let meals = l.tx.query(sql, &[&tenant]).await?;
        let meal = |r: &db::Row| Ok(((r.get(0)?, r.get(1)?, r.get(2)?), (r.get(3)?, r.get(4)?)));
        let meals = meals.iter().map(meal).collect::<Result<_, db::Error>>()?;
        let sql = "select p.source_key, p.effective_on, e.amount_cents, w.badge_id
                   from ledger_posting p
                   join ledger_entry e on e.tenant_id = p.tenant_id and e.posting_number = p.number
                   join wallet w on w.tenant_id = e.tenant_id and w.account_id = e.account_id
                   where p.tenant_id = $1 and p.source_key >= 'import:' and p.source_key < 'import;'";
        let others = l.tx.query(sql, &[&tenant]).await?;
        let other = |r: &db::Row| Ok((r.get(0)?, (r.get(1)?, r.get(2)?, r.get(3)?)));
        let others = others.iter().map(other).collect::<Result<_, db::Error>>()?;
        Ok(Standing { badges, meals, others })
    }

    /// Whether the movement stands, and if so with the same money.
    fn of(&self, m: &MovementRow, badge: BadgeId) -> Option<bool> {
        if m.kind == MovementKind::Meal {
            let (pupil, service) = self.badges[&badge];
            return self.meals.get(&(pupil, service, m.on)).map(|known| *known == (Some(badge), -m.amount.0));
        }
        self.others.get(&format!("import:{}", m.key)).map(|known| *known == (m.on, m.amount.0, Some(badge)))
    }
}
