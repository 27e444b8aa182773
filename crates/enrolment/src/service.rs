//! The paid services (servizi a domanda individuale) of a tenant.

use db::{Row, Tx};
use kernel::{Cents, Ctx, Day, PupilId, ServiceId};

use crate::Error;
use crate::span::ENROLLED;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceKind {
    Meal,
    SchoolBus,
    BeforeSchool,
    AfterSchool,
    Nursery,
    SummerCamp,
    Other,
}

const KINDS: [(&str, ServiceKind); 6] = [
    ("meal", ServiceKind::Meal),
    ("school_bus", ServiceKind::SchoolBus),
    ("before_school", ServiceKind::BeforeSchool),
    ("after_school", ServiceKind::AfterSchool),
    ("nursery", ServiceKind::Nursery),
    ("summer_camp", ServiceKind::SummerCamp),
];

impl ServiceKind {
    fn from_code(code: &str) -> ServiceKind {
        KINDS.iter().find(|(known, _)| *known == code).map_or(ServiceKind::Other, |(_, kind)| *kind)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub id: ServiceId,
    pub code: String,
    pub name: String,
    pub kind: ServiceKind,
    pub taxonomy_code: String,
    /// VAT inside the price, in ten-thousandths; none where the service is exempt.
    pub vat_basis_points: Option<i64>,
    /// None where the service has no wallet.
    pub top_up_min: Option<Cents>,
    pub top_up_max: Option<Cents>,
    /// In the order shown.
    pub top_up_suggested: Vec<Cents>,
}

const SERVICE: &str = "select s.id, s.code, s.name, s.kind, s.taxonomy_code, s.vat_basis_points, s.top_up_min_cents,
        s.top_up_max_cents, s.top_up_suggested
    from service s where s.tenant_id = $1";

/// The services of the tenant, by name.
pub async fn list_services(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<Service>, Error> {
    let rows = tx.query(&format!("{SERVICE} order by s.name, s.code"), &[&ctx.tenant]).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

pub async fn find_service(tx: &mut Tx, ctx: &Ctx, id: ServiceId) -> Result<Option<Service>, Error> {
    let row = tx.query_opt(&format!("{SERVICE} and s.id = $2"), &[&ctx.tenant, &id]).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

/// The services a pupil is enrolled in on a day, by name. Not scoped by the actor.
pub async fn enrolled_services(tx: &mut Tx, ctx: &Ctx, pupil: PupilId, day: Day) -> Result<Vec<Service>, Error> {
    let sql = format!(
        "{SERVICE} and s.id in (select e.service_id from enrolment e where e.tenant_id = $1 and e.pupil_id = $2
                           and e.from_on <= $3 and e.to_on >= $3 and e.state in {ENROLLED})
         order by s.name, s.code"
    );
    Ok(tx.query(&sql, &[&ctx.tenant, &pupil, &day]).await?.iter().map(read).collect::<Result<_, _>>()?)
}

fn read(row: &Row) -> Result<Service, db::Error> {
    let suggested: Option<String> = row.get(8)?;
    let cents = suggested.iter().flat_map(|text| text.split(',')).filter_map(|cents| cents.trim().parse().ok());
    Ok(Service {
        id: row.get(0)?,
        code: row.get(1)?,
        name: row.get(2)?,
        kind: ServiceKind::from_code(&row.get::<String>(3)?),
        taxonomy_code: row.get(4)?,
        vat_basis_points: row.get(5)?,
        top_up_min: row.get(6)?,
        top_up_max: row.get(7)?,
        top_up_suggested: cents.map(Cents).collect(),
    })
}
