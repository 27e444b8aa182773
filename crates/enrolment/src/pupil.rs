//! The pupils a person may see.

use db::{Row, Tx};
use kernel::{Ctx, Day, PupilId};

use crate::right::restricted_clause;
use crate::{Error, Right, visible_clause};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PupilSummary {
    pub id: PupilId,
    pub name: String,
    pub family_name: String,
    pub birth_on: Day,
    /// `3A`, where the pupil is placed today.
    pub class_label: Option<String>,
    pub site_name: Option<String>,
    pub open: bool,
    /// Whether the acting person is the account holder.
    pub holder: bool,
}

impl PupilSummary {
    pub fn full_name(&self) -> String {
        format!("{} {}", self.name, self.family_name)
    }
}

fn select(right: Right) -> String {
    let visible = visible_clause("$1", "p.id", "$2", "$3", right);
    format!(
        "select p.id, p.name, p.family_name, p.birth_on, c.name, s.name, p.state,
                exists (select 1 from guardianship h where h.tenant_id = p.tenant_id and h.pupil_id = p.id and h.person_id = $2 and h.role = 'account_holder')
         from pupil p
         left join placement a on a.tenant_id = p.tenant_id and a.pupil_id = p.id and a.to_on >= $3
              and a.from_on = (select max(b.from_on) from placement b where b.tenant_id = p.tenant_id and b.pupil_id = p.id and b.from_on <= $3)
         left join class_group c on c.tenant_id = a.tenant_id and c.id = a.class_id
         left join school_site s on s.tenant_id = c.tenant_id and s.id = c.site_id
         where p.tenant_id = $1 and {visible}"
    )
}

/// The pupils the acting person has this right for today, eldest first. Empty for whoever is nobody's guardian.
pub async fn visible_pupils(tx: &mut Tx, ctx: &Ctx, right: Right) -> Result<Vec<PupilSummary>, Error> {
    let Some(person) = ctx.actor.person() else { return Ok(Vec::new()) };
    let sql = format!("{} order by p.birth_on, p.name, p.id", select(right));
    let rows = tx.query(&sql, &[&ctx.tenant, &person, &ctx.today()]).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

/// One pupil, if the acting person has this right for them today.
///
/// # Errors
/// [`Error::NotVisible`] for somebody else's pupil and for none at all.
pub async fn get_visible_pupil(tx: &mut Tx, ctx: &Ctx, id: PupilId, right: Right) -> Result<PupilSummary, Error> {
    let person = ctx.actor.person().ok_or(Error::NotVisible)?;
    let sql = format!("{} and p.id = $4", select(right));
    let row = tx.query_opt(&sql, &[&ctx.tenant, &person, &ctx.today(), &id]).await?.ok_or(Error::NotVisible)?;
    Ok(read(&row)?)
}

/// Whether the acting person is anything to anybody here: a guardian today, a holder or addressee of an enrolment or a
/// document. Whoever is not, or is kept from the pupil by a restriction, sees the page that says so, and nothing else.
pub async fn has_any_relation(tx: &mut Tx, ctx: &Ctx) -> Result<bool, Error> {
    let Some(person) = ctx.actor.person() else { return Ok(false) };
    let restricted = restricted_clause("g", "$3");
    let kept_out = |pupil: &str| {
        format!(
            "exists (select 1 from guardianship g where g.tenant_id = $1 and g.person_id = $2 and g.pupil_id = {pupil} and {restricted})"
        )
    };
    let sql = format!(
        "select exists (select 1 from guardianship g where g.tenant_id = $1 and g.person_id = $2 and g.from_on <= $3
                            and (g.to_on is null or g.to_on >= $3) and not {restricted}
                            and (g.may_view or g.may_report_absences or g.may_pay or g.may_have_tax_papers))
             or exists (select 1 from enrolment e where e.tenant_id = $1 and (e.holder_id = $2 or e.addressee_id = $2) and not {})
             or exists (select 1 from billing_document d where d.tenant_id = $1 and d.holder_id = $2
                            and (d.pupil_id is null or not {}))",
        kept_out("e.pupil_id"),
        kept_out("d.pupil_id")
    );
    Ok(tx.query_one(&sql, &[&ctx.tenant, &person, &ctx.today()]).await?.get(0)?)
}

fn read(row: &Row) -> Result<PupilSummary, db::Error> {
    let state: String = row.get(6)?;
    Ok(PupilSummary {
        id: row.get(0)?,
        name: row.get(1)?,
        family_name: row.get(2)?,
        birth_on: row.get(3)?,
        class_label: row.get(4)?,
        site_name: row.get(5)?,
        open: state == "open",
        holder: row.get(7)?,
    })
}
