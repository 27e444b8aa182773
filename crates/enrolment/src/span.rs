//! When a pupil is enrolled in a service, and from which class.

use std::collections::HashMap;

use db::{Row, Tx};
use kernel::{Ctx, Day, EnrolmentId, PersonId, PupilId, SchoolSiteId, ServiceId};

use crate::{Error, PaymentMode, Weekdays};

/// States whose dates count: one withdrawn or closed was good until its last day; one submitted or suspended is not.
pub(crate) const ENROLLED: &str = "('active', 'withdrawn', 'closed')";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentOnDay {
    pub enrolment: EnrolmentId,
    pub site: SchoolSiteId,
    pub site_name: String,
    pub level: String,
    pub class_label: String,
    /// The pupil's own days, or the class's.
    pub weekdays: Weekdays,
    pub payment_mode: PaymentMode,
    pub holder: PersonId,
    pub addressee: PersonId,
}

/// Days on which a pupil is enrolled in a service from one and the same class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentSpan {
    pub pupil: PupilId,
    /// First and last day, both included: where the enrolment and the placement overlap.
    pub from_on: Day,
    pub to_on: Day,
    pub on_day: EnrolmentOnDay,
}

impl EnrolmentSpan {
    pub fn covers(&self, day: Day) -> bool {
        self.from_on <= day && day <= self.to_on
    }
}

const SPAN: &str = "select e.pupil_id, e.from_on, e.to_on, a.from_on, a.to_on, e.id, s.id, s.name, s.level, c.name,
        coalesce(e.weekdays, c.weekdays), e.payment_mode, e.holder_id, e.addressee_id
    from enrolment e
    join placement a on a.tenant_id = e.tenant_id and a.pupil_id = e.pupil_id and a.from_on <= e.to_on and a.to_on >= e.from_on
    join class_group c on c.tenant_id = a.tenant_id and c.id = a.class_id
    join school_site s on s.tenant_id = c.tenant_id and s.id = c.site_id";

/// The spans of a pupil's enrolments in a service that touch `first..=last`, by day. Not scoped by the actor: callers ask
/// for pupils they have made visible.
pub async fn enrolment_spans(
    tx: &mut Tx,
    ctx: &Ctx,
    pupil: PupilId,
    service: ServiceId,
    (first, last): (Day, Day),
) -> Result<Vec<EnrolmentSpan>, Error> {
    let sql = format!(
        "{SPAN} where e.tenant_id = $1 and e.pupil_id = $2 and e.service_id = $3 and e.from_on <= $5 and e.to_on >= $4
               and a.from_on <= $5 and a.to_on >= $4 and e.state in {ENROLLED} order by e.from_on, a.from_on, e.id"
    );
    let rows = tx.query(&sql, &[&ctx.tenant, &pupil, &service, &first, &last]).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

/// The enrolment of a pupil in a service on this day, with the class they sit in. None where either is missing.
pub async fn enrolment_on(
    tx: &mut Tx,
    ctx: &Ctx,
    pupil: PupilId,
    service: ServiceId,
    day: Day,
) -> Result<Option<EnrolmentOnDay>, Error> {
    let mut spans = enrolment_spans(tx, ctx, pupil, service, (day, day)).await?;
    Ok(spans.pop().map(|span| span.on_day))
}

/// The spans of everybody's enrolments in a service that touch `first..=last`, in no meaningful order.
pub async fn spans_of_all(
    tx: &mut Tx,
    ctx: &Ctx,
    service: ServiceId,
    (first, last): (Day, Day),
) -> Result<Vec<EnrolmentSpan>, Error> {
    let sql = format!(
        "{SPAN} where e.tenant_id = $1 and e.service_id = $2 and e.from_on <= $4 and e.to_on >= $3 and a.from_on <= $4 and a.to_on >= $3
               and e.state in {ENROLLED} order by e.from_on, a.from_on, e.id"
    );
    let rows = tx.query(&sql, &[&ctx.tenant, &service, &first, &last]).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

/// Everybody enrolled in a service on a day.
pub async fn enrolments_on(
    tx: &mut Tx,
    ctx: &Ctx,
    service: ServiceId,
    day: Day,
) -> Result<HashMap<PupilId, EnrolmentOnDay>, Error> {
    let spans = spans_of_all(tx, ctx, service, (day, day)).await?;
    Ok(spans.into_iter().map(|span| (span.pupil, span.on_day)).collect())
}

fn read(row: &Row) -> Result<EnrolmentSpan, db::Error> {
    let on_day = EnrolmentOnDay {
        enrolment: row.get(5)?,
        site: row.get(6)?,
        site_name: row.get(7)?,
        level: row.get(8)?,
        class_label: row.get(9)?,
        weekdays: Weekdays::from_column(row.get(10)?),
        payment_mode: PaymentMode::from_code(&row.get::<String>(11)?),
        holder: row.get(12)?,
        addressee: row.get(13)?,
    };
    let (from_on, to_on): (Day, Day) = (row.get(1)?, row.get(2)?);
    Ok(EnrolmentSpan { pupil: row.get(0)?, from_on: from_on.max(row.get(3)?), to_on: to_on.min(row.get(4)?), on_day })
}
