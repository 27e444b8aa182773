use db::{Row, Tx};
use enrolment::Right;
use kernel::{Cents, Ctx, Day, DocumentId, InstalmentId, Instant, PositionId, PupilId, SchoolYear, ServiceId};
use payments::State;

use super::Eyes;
use crate::Error;
use crate::document::{DocumentLine, Instalment, InstalmentState};

/// An instalment with its document and its position: what lists, details and dues are made of.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub document_id: DocumentId,
    pub issued_on: Day,
    pub series: String,
    pub number: String,
    pub school_year: SchoolYear,
    pub description: String,
    pub service_id: ServiceId,
    pub pupil_id: Option<PupilId>,
    pub pupil_name: String,
    pub total: Cents,
    pub is_cancelled: bool,
    pub enforced_on: Option<Day>,
    pub instalment_id: InstalmentId,
    pub instalment: i64,
    pub due_on: Day,
    pub amount: Cents,
    pub paid_elsewhere: Cents,
    pub paid_elsewhere_on: Option<Day>,
    pub paid_elsewhere_by: Option<String>,
    pub position_id: Option<PositionId>,
    pub position_state: Option<State>,
    pub position_paid: Cents,
    pub attempt_until: Option<Instant>,
    pub notice_number: Option<String>,
    pub paid_at: Option<Instant>,
    pub whole_position_id: Option<PositionId>,
}

pub(crate) const COLUMNS: &str = "d.id, d.issued_on, d.series, d.number, d.school_year, d.description, d.service_id, d.pupil_id, \
    p.family_name, p.name, d.total_cents, d.state, d.enforced_on, i.id, i.number, i.due_on, i.amount_cents, \
    i.paid_elsewhere_cents, i.paid_elsewhere_on, i.paid_elsewhere_by, i.position_id, o.state, o.paid_cents, o.attempt_until, \
    o.notice_number, o.paid_at, d.whole_position_id";

/// A holder whom a court keeps from the pupil sees nothing of the pupil's, debts included.
const NOT_RESTRICTED: &str = "not exists (select 1 from guardianship r
    where r.tenant_id = $1 and r.person_id = $2 and r.pupil_id = d.pupil_id
      and (r.restricted_from_on is not null or r.restricted_to_on is not null or r.restriction_act is not null)
      and (r.restricted_from_on is null or r.restricted_from_on <= $3)
      and (r.restricted_to_on is null or r.restricted_to_on >= $3))";

/// The ids a person may see, found from the person outwards: holders' documents, and those of pupils they may pay for.
/// An id may come twice: to leave that out, SQLite would walk all documents in the order of their ids.
fn visible(eyes: Eyes) -> String {
    let of_pupils =
        format!("select d.id from billing_document d where d.tenant_id = $1 and {}", eyes.sees("d.pupil_id", Right::Pay));
    match eyes {
        Eyes::System => of_pupils,
        Eyes::Person(_) => format!(
            "select d.id from billing_document d where d.tenant_id = $1 and d.holder_id = $2 and {NOT_RESTRICTED} union all {of_pupils}"
        ),
    }
}

/// All instalments the acting person may see, of one document or of all: by document, newest first, then by number.
pub(crate) async fn parts(tx: &mut Tx, ctx: &Ctx, document: Option<DocumentId>) -> Result<Vec<Part>, Error> {
    let eyes = Eyes::of(ctx)?;
    let only = if document.is_some() { "and d.id = $4" } else { "" };
    let sql = format!(
        "select {COLUMNS} from billing_document d
         join instalment i on i.tenant_id = $1 and i.document_id = d.id
         left join pupil p on p.tenant_id = $1 and p.id = d.pupil_id
         left join debt_position o on o.tenant_id = $1 and o.id = i.position_id
         where d.tenant_id = $1 and d.id in ({}) {only} order by d.issued_on desc, d.id, i.number",
        visible(eyes)
    );
    let (person, today) = (eyes.person(), ctx.today());
    let mut params: Vec<&dyn db::ToValue> = vec![&ctx.tenant, &person, &today];
    params.extend(document.as_ref().map(|id| id as &dyn db::ToValue));
    tx.query(&sql, &params).await?.iter().map(part).collect()
}

pub(crate) fn part(row: &Row) -> Result<Part, Error> {
    let (family_name, name): (Option<String>, Option<String>) = (row.get(8)?, row.get(9)?);
    let position_state: Option<String> = row.get(21)?;
    Ok(Part {
        document_id: row.get(0)?,
        issued_on: row.get(1)?,
        series: row.get(2)?,
        number: row.get(3)?,
        school_year: row.get(4)?,
        description: row.get(5)?,
        service_id: row.get(6)?,
        pupil_id: row.get(7)?,
        pupil_name: family_name.zip(name).map(|(family, name)| format!("{family} {name}")).unwrap_or_default(),
        total: row.get(10)?,
        is_cancelled: row.get::<String>(11)? == "cancelled",
        enforced_on: row.get(12)?,
        instalment_id: row.get(13)?,
        instalment: row.get(14)?,
        due_on: row.get(15)?,
        amount: row.get(16)?,
        paid_elsewhere: row.get(17)?,
        paid_elsewhere_on: row.get(18)?,
        paid_elsewhere_by: row.get(19)?,
        position_id: row.get(20)?,
        position_state: position_state.as_deref().and_then(State::from_code),
        position_paid: row.get::<Option<Cents>>(22)?.unwrap_or_default(),
        attempt_until: row.get(23)?,
        notice_number: row.get(24)?,
        paid_at: row.get(25)?,
        whole_position_id: row.get(26)?,
    })
}

impl Part {
    pub(crate) fn paid(&self) -> Cents {
        self.paid_elsewhere + self.position_paid
    }

    /// Nothing of a cancelled document.
    pub(crate) fn to_pay(&self) -> Cents {
        if self.is_cancelled { Cents::ZERO } else { self.amount - self.paid() }
    }

    /// A notice can be printed and paid.
    pub(crate) fn is_payable(&self) -> bool {
        self.position_state == Some(State::Payable) && self.enforced_on.is_none() && !self.is_cancelled
    }

    pub(crate) fn has_receipt(&self) -> bool {
        self.position_id.is_some() && !self.position_paid.is_zero()
    }

    pub(crate) fn paid_with_pagopa(&self) -> bool {
        self.has_receipt() || self.paid_elsewhere_by.as_deref().is_some_and(|by| by.eq_ignore_ascii_case("pagopa"))
    }

    pub(crate) fn state(&self, now: Instant) -> InstalmentState {
        if self.is_cancelled {
            return InstalmentState::Cancelled;
        }
        if self.to_pay().is_zero() {
            return InstalmentState::Paid;
        }
        match (self.enforced_on, self.is_payable(), self.attempt_until.filter(|until| *until > now)) {
            (Some(_), ..) => InstalmentState::Enforced,
            (None, true, Some(until)) => InstalmentState::InProgress { until },
            (None, true, None) => InstalmentState::Payable,
            (None, false, _) => InstalmentState::AskOffice,
        }
    }

    pub(crate) fn instalment(&self, now: Instant) -> Instalment {
        let elsewhere = self.paid_elsewhere_on.zip(self.paid_elsewhere_by.clone());
        Instalment {
            id: self.instalment_id,
            number: self.instalment,
            due_on: self.due_on,
            amount: self.amount,
            paid: self.paid(),
            to_pay: self.to_pay(),
            state: self.state(now),
            position_id: self.position_id,
            notice_number: self.notice_number.clone(),
            paid_at: self.paid_at,
            paid_elsewhere: elsewhere.map(|(on, by)| (self.paid_elsewhere, on, by)),
            has_receipt: self.has_receipt(),
        }
    }
}

/// The names of the service and of the holder.
pub(crate) async fn names(tx: &mut Tx, ctx: &Ctx, id: DocumentId) -> Result<(String, String), Error> {
    let sql = "select s.name, h.name, h.family_name from billing_document d
               join service s on s.tenant_id = d.tenant_id and s.id = d.service_id
               join person h on h.tenant_id = d.tenant_id and h.id = d.holder_id
               where d.tenant_id = $1 and d.id = $2";
    let row = tx.query_one(sql, &[&ctx.tenant, &id]).await?;
    let holder = format!("{} {}", row.get::<String>(1)?, row.get::<String>(2)?);
    Ok((row.get(0)?, holder.trim().to_owned()))
}

pub(crate) async fn lines(tx: &mut Tx, ctx: &Ctx, id: DocumentId) -> Result<Vec<DocumentLine>, Error> {
    let sql = "select description, quantity, unit_cents, amount_cents from billing_line
               where tenant_id = $1 and document_id = $2 order by position";
    let line =
        |row: &Row| Ok(DocumentLine { description: row.get(0)?, quantity: row.get(1)?, unit: row.get(2)?, amount: row.get(3)? });
    tx.query(sql, &[&ctx.tenant, &id]).await?.iter().map(line).collect()
}

/// The document whose instalment, or the whole of it, the position asks; none for a top-up.
pub(crate) async fn of_position(tx: &mut Tx, ctx: &Ctx, position: PositionId) -> Result<Option<DocumentId>, Error> {
    let sql = "select document_id from instalment where tenant_id = $1 and position_id = $2
               union select id from billing_document where tenant_id = $1 and whole_position_id = $2";
    let row = tx.query_opt(sql, &[&ctx.tenant, &position]).await?;
    Ok(row.map(|r| r.get(0)).transpose()?)
}

pub(crate) async fn set_cancelled(tx: &mut Tx, ctx: &Ctx, id: DocumentId) -> Result<(), Error> {
    let sql = "update billing_document set state = 'cancelled' where tenant_id = $1 and id = $2 and state = 'issued'";
    Ok(tx.execute_one(sql, &[&ctx.tenant, &id]).await?)
}

/// The issued or cancelled documents of a number, with their series.
pub(crate) async fn by_number(tx: &mut Tx, ctx: &Ctx, number: &str) -> Result<Vec<(DocumentId, String)>, Error> {
    let sql = "select id, series from billing_document where tenant_id = $1 and number = $2 order by series";
    let found = |row: &Row| Ok((row.get(0)?, row.get(1)?));
    tx.query(sql, &[&ctx.tenant, &number]).await?.iter().map(found).collect()
}

pub(crate) async fn set_enforced(tx: &mut Tx, ctx: &Ctx, id: DocumentId, on: Day) -> Result<bool, Error> {
    let sql = "update billing_document set enforced_on = $3
               where tenant_id = $1 and id = $2 and state = 'issued' and enforced_on is null";
    Ok(tx.execute(sql, &[&ctx.tenant, &id, &on]).await? == 1)
}
