use db::{FromValue, Row, ToValue, Tx, Value};
use kernel::Ctx;

use crate::Error;

/// What an absence of a kind means for the meal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// No meal, no charge.
    Absent,
    /// The meal is eaten, in the light form (in bianco), and charged.
    LightMeal,
    /// The child leaves early after the meal, which is charged.
    EarlyExit,
}

const CODES: [(&str, Effect); 3] =
    [("absent", Effect::Absent), ("light_meal", Effect::LightMeal), ("early_exit", Effect::EarlyExit)];

impl Effect {
    /// As the table keeps it.
    pub fn code(self) -> &'static str {
        CODES.iter().find(|(_, effect)| *effect == self).map_or("absent", |(code, _)| code)
    }

    pub fn from_code(code: &str) -> Option<Effect> {
        CODES.iter().find(|(known, _)| *known == code).map(|(_, effect)| *effect)
    }
}

impl ToValue for Effect {
    fn to_value(&self) -> Value {
        self.code().to_value()
    }
}

impl FromValue for Effect {
    fn from_value(value: Value) -> Option<Effect> {
        Effect::from_code(&String::from_value(value)?)
    }
}

/// A kind of absence the tenant lets parents report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbsenceKind {
    pub code: String,
    pub name_it: String,
    pub name_en: String,
    pub effect: Effect,
    /// The most days in a row; none for no limit.
    pub max_days: Option<u16>,
}

/// The kinds of the tenant, in the order shown.
pub async fn kinds(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<AbsenceKind>, Error> {
    let sql = "select code, name_it, name_en, effect, max_days from absence_kind where tenant_id = $1 order by position, code";
    Ok(tx.query(sql, &[&ctx.tenant]).await?.iter().map(read).collect::<Result<_, _>>()?)
}

pub(crate) async fn get_kind(tx: &mut Tx, ctx: &Ctx, code: &str) -> Result<AbsenceKind, Error> {
    let sql = "select code, name_it, name_en, effect, max_days from absence_kind where tenant_id = $1 and code = $2";
    let row = tx.query_opt(sql, &[&ctx.tenant, &code]).await?.ok_or(Error::UnknownKind)?;
    Ok(read(&row)?)
}

fn read(row: &Row) -> Result<AbsenceKind, db::Error> {
    Ok(AbsenceKind { code: row.get(0)?, name_it: row.get(1)?, name_en: row.get(2)?, effect: row.get(3)?, max_days: row.get(4)? })
}
