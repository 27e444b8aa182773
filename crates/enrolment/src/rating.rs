//! What a price depends on.

use db::Tx;
use kernel::{Cents, Ctx, Day, PupilId, ServiceId};

use crate::Error;
use crate::span::ENROLLED;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentMode {
    Prepaid,
    Postpaid,
    Flat,
}

impl PaymentMode {
    pub fn code(self) -> &'static str {
        match self {
            PaymentMode::Prepaid => "prepaid",
            PaymentMode::Postpaid => "postpaid",
            PaymentMode::Flat => "flat",
        }
    }

    pub fn from_code(code: &str) -> PaymentMode {
        match code {
            "prepaid" => PaymentMode::Prepaid,
            "flat" => PaymentMode::Flat,
            _ => PaymentMode::Postpaid,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatingFacts {
    pub pupil: PupilId,
    pub resident: bool,
    /// Of the class on that day; empty where the pupil has none.
    pub level: String,
    /// The declaration in force on that day; none is the highest price.
    pub isee: Option<Cents>,
    /// Pupils of the household enrolled in the service on that day, this one included.
    pub enrolled_in_household: u8,
    /// 1 for the eldest of them.
    pub child_order: u8,
    /// Pupils of the household under eighteen on that day.
    pub minors_in_household: u8,
    pub payment_mode: PaymentMode,
    /// The circumstance in force that day that the office wrote down, by the tenant's code.
    pub circumstance: Option<String>,
}

/// The facts for all pupils enrolled in a service on a day, or for one of them; by pupil.
pub async fn rating_facts(
    tx: &mut Tx,
    ctx: &Ctx,
    service: ServiceId,
    day: Day,
    pupil: Option<PupilId>,
) -> Result<Vec<RatingFacts>, Error> {
    let eighteen = day.saturating_sub(jiff::Span::new().years(18));
    let enrolled = format!(
        "exists (select 1 from enrolment f where f.tenant_id = q.tenant_id and f.pupil_id = q.id and f.service_id = $2
                            and f.from_on <= $3 and f.to_on >= $3 and f.state in {ENROLLED})"
    );
    let only = if pupil.is_some() { "and e.pupil_id = $5" } else { "" };
    let sql = format!(
        "select p.id, p.resident, s.level, i.amount_cents, e.payment_mode,
                (select count(*) from pupil q where q.tenant_id = p.tenant_id and q.household_id = p.household_id and {enrolled}),
                (select count(*) from pupil q where q.tenant_id = p.tenant_id and q.household_id = p.household_id and {enrolled}
                    and (q.birth_on < p.birth_on or (q.birth_on = p.birth_on and q.id < p.id))),
                (select count(*) from pupil q where q.tenant_id = p.tenant_id and q.household_id = p.household_id and q.birth_on > $4),
                (select u.code from pupil_circumstance u where u.tenant_id = p.tenant_id and u.pupil_id = p.id and (u.to_on is null or u.to_on >= $3)
                    and u.from_on = (select max(w.from_on) from pupil_circumstance w where w.tenant_id = p.tenant_id and w.pupil_id = p.id and w.from_on <= $3))
         from enrolment e
         join pupil p on p.tenant_id = e.tenant_id and p.id = e.pupil_id
         left join placement a on a.tenant_id = p.tenant_id and a.pupil_id = p.id and a.to_on >= $3
              and a.from_on = (select max(b.from_on) from placement b where b.tenant_id = p.tenant_id and b.pupil_id = p.id and b.from_on <= $3)
         left join class_group c on c.tenant_id = a.tenant_id and c.id = a.class_id
         left join school_site s on s.tenant_id = c.tenant_id and s.id = c.site_id
         left join isee_declaration i on i.tenant_id = p.tenant_id and i.household_id = p.household_id and i.to_on >= $3
              and i.from_on = (select max(j.from_on) from isee_declaration j where j.tenant_id = p.tenant_id and j.household_id = p.household_id and j.from_on <= $3)
         where e.tenant_id = $1 and e.service_id = $2 and e.from_on <= $3 and e.to_on >= $3 and e.state in {ENROLLED}
           {only}
         order by p.id"
    );
    let mut params: Vec<&dyn db::ToValue> = vec![&ctx.tenant, &service, &day, &eighteen];
    params.extend(pupil.as_ref().map(|id| id as &dyn db::ToValue));
    let rows = tx.query(&sql, &params).await?;
    rows.iter().map(read).collect()
}

fn read(row: &db::Row) -> Result<RatingFacts, Error> {
    let enrolled: u8 = row.get(5)?;
    Ok(RatingFacts {
        pupil: row.get(0)?,
        resident: row.get(1)?,
        level: row.get::<Option<String>>(2)?.unwrap_or_default(),
        isee: row.get(3)?,
        enrolled_in_household: enrolled.max(1),
        child_order: row.get::<u8>(6)? + 1,
        minors_in_household: row.get::<u8>(7)?.max(1),
        payment_mode: PaymentMode::from_code(&row.get::<String>(4)?),
        circumstance: row.get(8)?,
    })
}
