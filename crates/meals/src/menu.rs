//! What is served.

use std::collections::BTreeMap;

use db::Tx;
use kernel::{Ctx, Day, PupilId, ServiceId};

use crate::Error;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// `primo`, `secondo`, `contorno`, `frutta`, ...
    pub course: String,
    pub dish: String,
    /// Codes of the fourteen allergens of annex II of Regulation (EU) 1169/2011.
    pub allergens: Vec<String>,
}

/// The menu of each day that has one, in the order of the table: that of the diet where there is one, else everybody's.
pub async fn for_days(
    tx: &mut Tx,
    ctx: &Ctx,
    service: ServiceId,
    level: &str,
    diet_code: &str,
    (first, last): (Day, Day),
) -> Result<BTreeMap<Day, Vec<Course>>, Error> {
    let sql = "select m.day, m.diet_code, m.course, d.name, d.allergens
               from menu_day m join dish d on d.tenant_id = m.tenant_id and d.id = m.dish_id
               where m.tenant_id = $1 and m.service_id = $2 and m.day >= $3 and m.day <= $4 and m.level = $5
                 and m.diet_code in ('', $6)
               order by m.diet_code, m.day, m.position";
    let rows = tx.query(sql, &[&ctx.tenant, &service, &first, &last, &level, &diet_code]).await?;
    let mut menus: BTreeMap<Day, (String, Vec<Course>)> = BTreeMap::new();
    for row in rows {
        let (day, diet): (Day, String) = (row.get(0)?, row.get(1)?);
        let allergens: String = row.get(4)?;
        let allergens = allergens.split(',').map(str::trim).filter(|a| !a.is_empty()).map(str::to_owned).collect();
        let menu = menus.entry(day).or_default();
        // the diet's rows come after everybody's and take their place
        if menu.0 != diet {
            *menu = (diet, Vec::new());
        }
        menu.1.push(Course { course: row.get(2)?, dish: row.get(3)?, allergens });
    }
    Ok(menus.into_iter().map(|(day, (_, courses))| (day, courses)).collect())
}

/// The codes of a pupil's diets with their days, oldest first.
pub(crate) async fn diets(tx: &mut Tx, ctx: &Ctx, pupil: PupilId) -> Result<Vec<(String, Day, Option<Day>)>, Error> {
    let sql = "select code, from_on, to_on from diet where tenant_id = $1 and pupil_id = $2 order by from_on, id";
    let rows = tx.query(sql, &[&ctx.tenant, &pupil]).await?;
    Ok(rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect::<Result<_, db::Error>>()?)
}
