use db::{Row, ToValue, Tx};
use enrolment::Right;
use kernel::{CauseId, Ctx, PositionId};

use super::Eyes;
use crate::Error;
use crate::spontaneous::{Cause, SpontaneousPayment};

/// How many a list shows at most.
const MOST: i64 = 50;

/// Those open today, by name; or the one with this code, if it is.
pub(crate) async fn causes(tx: &mut Tx, ctx: &Ctx, code: Option<&str>) -> Result<Vec<Cause>, Error> {
    let sql =
        "select id, code, name, description, min_cents, max_cents, for_pupil, most_pieces, open_to, taxonomy_code, valid_days,
                      revenue_subject
               from spontaneous_cause
               where tenant_id = $1 and open_from <= $2 and (open_to is null or open_to >= $2)
                 and (cast($3 as text) is null or code = $3)
               order by name, code";
    tx.query(sql, &[&ctx.tenant, &ctx.today(), &code]).await?.iter().map(cause).collect()
}

fn cause(row: &Row) -> Result<Cause, Error> {
    Ok(Cause {
        id: row.get(0)?,
        code: row.get(1)?,
        name: row.get(2)?,
        description: row.get(3)?,
        min: row.get(4)?,
        max: row.get(5)?,
        for_pupil: row.get(6)?,
        most_pieces: row.get(7)?,
        open_to: row.get(8)?,
        taxonomy_code: row.get(9)?,
        valid_days: row.get(10)?,
        revenue_subject: row.get(11)?,
    })
}

/// What was chosen; false where the position has another choice already.
pub(crate) async fn insert(tx: &mut Tx, ctx: &Ctx, position: PositionId, cause: CauseId, pieces: i64) -> Result<bool, Error> {
    let sql = "insert into spontaneous_payment (tenant_id, position_id, cause_id, pieces) values ($1, $2, $3, $4)
               on conflict (tenant_id, position_id) do nothing";
    tx.execute(sql, &[&ctx.tenant, &position, &cause, &pieces]).await?;
    let same = "select 1 from spontaneous_payment where tenant_id = $1 and position_id = $2 and cause_id = $3 and pieces = $4";
    Ok(tx.query_opt(same, &[&ctx.tenant, &position, &cause, &pieces]).await?.is_some())
}

/// Of the acting person or for pupils they may pay for, newest first; what waits before what is over. Or one of them.
pub(crate) async fn payments(tx: &mut Tx, ctx: &Ctx, only: Option<PositionId>) -> Result<Vec<SpontaneousPayment>, Error> {
    let eyes = Eyes::of(ctx)?;
    let (person, today) = (eyes.person(), ctx.today());
    let one = if only.is_some() { "and o.id = $5" } else { "" };
    let sql = format!(
        "select o.id, o.notice_number, o.description, o.pupil_id, p.family_name, p.name, o.amount_cents, o.created_at, o.due_on, o.state,
                o.attempt_until, o.debtor_id
         from debt_position o
         left join pupil p on p.tenant_id = $1 and p.id = o.pupil_id
         where o.tenant_id = $1 and o.kind = 'spontaneous' and (o.debtor_id = $2 or {}) {one}
         order by case when o.state = 'payable' then 0 else 1 end, o.created_at desc, o.id limit $4",
        eyes.sees("o.pupil_id", Right::Pay)
    );
    let mut params: Vec<&dyn ToValue> = vec![&ctx.tenant, &person, &today, &MOST];
    params.extend(only.as_ref().map(|id| id as &dyn ToValue));
    let rows = tx.query(&sql, &params).await?;
    rows.iter().map(|row| payment(row, ctx, eyes)).collect()
}

fn payment(row: &Row, ctx: &Ctx, eyes: Eyes) -> Result<SpontaneousPayment, Error> {
    let (family_name, name): (Option<String>, Option<String>) = (row.get(4)?, row.get(5)?);
    let until: Option<kernel::Instant> = row.get(10)?;
    Ok(SpontaneousPayment {
        position_id: row.get(0)?,
        notice_number: row.get(1)?,
        description: row.get(2)?,
        pupil_id: row.get(3)?,
        pupil_name: family_name.zip(name).map(|(family, name)| format!("{family} {name}")).unwrap_or_default(),
        amount: row.get(6)?,
        created_at: row.get(7)?,
        due_on: row.get(8)?,
        state: payments::State::from_code(&row.get::<String>(9)?).ok_or(Error::NotVisible)?,
        in_progress_until: until.filter(|until| *until > ctx.now),
        is_own: eyes.person() == Some(row.get(11)?),
    })
}

/// Whose days are over, and that nobody is paying now.
pub(crate) async fn over(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<PositionId>, Error> {
    let sql = "select id from debt_position
               where tenant_id = $1 and kind = 'spontaneous' and state = 'payable' and due_on < $2 and paid_cents = 0
                 and (attempt_until is null or attempt_until <= $3)
               order by id";
    let rows = tx.query(sql, &[&ctx.tenant, &ctx.today(), &ctx.now]).await?;
    rows.iter().map(|row| Ok(row.get(0)?)).collect()
}
