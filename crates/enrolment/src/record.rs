//! The record of a pupil (scheda anagrafica), as one of their guardians reads it.

use db::{Row, Tx};
use kernel::{AttachmentId, BadgeId, Ctx, Day, EnrolmentId, FiscalCode, PersonId, PupilId, SchoolYear, ServiceId};

use crate::person::{self, Person};
use crate::{Error, PaymentMode, PupilSummary, Right, Weekdays, get_visible_pupil, visible_clause};

#[derive(Clone, Debug)]
pub struct PupilRecord {
    pub summary: PupilSummary,
    pub fiscal_code: Option<FiscalCode>,
    pub birth_place: Option<String>,
    pub address: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
    pub phone: Option<String>,
    pub resident: bool,
    /// The account holder; their birth, contacts and codes are only there when it is they who ask.
    pub holder: Option<Person>,
    /// The guardians in force today, holder first; their names only. A helper is told of the holder and of themselves.
    pub guardians: Vec<GuardianName>,
    /// Newest school year first.
    pub enrolments: Vec<EnrolmentRecord>,
    pub badges: Vec<BadgeRecord>,
    /// Codes and kinds; why is not read here.
    pub diets: Vec<DietRecord>,
    /// Those meant for the acting person or for every guardian: tax certificates first, newest first.
    pub attachments: Vec<AttachmentRecord>,
}

#[derive(Clone, Debug)]
pub struct GuardianName {
    pub person: PersonId,
    pub full_name: String,
    /// `account_holder`, `guardian`, `helper`.
    pub role: String,
}

#[derive(Clone, Debug)]
pub struct EnrolmentRecord {
    pub id: EnrolmentId,
    pub school_year: SchoolYear,
    pub service: ServiceId,
    pub service_name: String,
    pub service_kind: String,
    pub institute: Option<String>,
    pub site_name: Option<String>,
    pub level: Option<String>,
    pub class_label: Option<String>,
    pub from_on: Day,
    pub to_on: Day,
    /// `submitted`, `active`, `suspended`, `withdrawn`, `closed`.
    pub state: String,
    pub payment_mode: PaymentMode,
    pub weekdays: Option<Weekdays>,
    pub addressee_id: PersonId,
    pub addressee_name: String,
    pub addressee_code: String,
}

#[derive(Clone, Debug)]
pub struct BadgeRecord {
    pub id: BadgeId,
    pub code: String,
    pub service: ServiceId,
    pub service_name: String,
    pub active: bool,
    pub from_on: Day,
}

#[derive(Clone, Debug)]
pub struct DietRecord {
    pub code: String,
    /// `medical`, `ethical`.
    pub kind: String,
    pub from_on: Day,
    pub to_on: Option<Day>,
}

#[derive(Clone, Debug)]
pub struct AttachmentRecord {
    pub id: AttachmentId,
    pub kind: String,
    pub title: String,
    pub file_name: String,
    pub content_type: String,
    pub size_bytes: i64,
    pub issued_on: Day,
}

#[derive(Clone, Debug)]
pub struct Attachment {
    pub record: AttachmentRecord,
    pub content: Vec<u8>,
}

/// The whole record of a pupil the acting person may view.
///
/// # Errors
/// [`Error::NotVisible`] for somebody else's pupil and for none at all.
pub async fn pupil_record(tx: &mut Tx, ctx: &Ctx, id: PupilId) -> Result<PupilRecord, Error> {
    let summary = get_visible_pupil(tx, ctx, id, Right::View).await?;
    let sql = "select fiscal_code, birth_place, address, postal_code, city, province, phone, resident from pupil where tenant_id = $1 and id = $2";
    let row = tx.query_one(sql, &[&ctx.tenant, &id]).await?;
    let guardians = guardians(tx, ctx, id).await?;
    let holder = match guardians.iter().find(|g| g.role == "account_holder") {
        Some(holder) if ctx.actor.person() == Some(holder.person) => Some(person::get(tx, ctx, holder.person).await?),
        Some(holder) => Some(person::get(tx, ctx, holder.person).await?.name_only()),
        None => None,
    };
    Ok(PupilRecord {
        summary,
        fiscal_code: row.get(0)?,
        birth_place: row.get(1)?,
        address: row.get(2)?,
        postal_code: row.get(3)?,
        city: row.get(4)?,
        province: row.get(5)?,
        phone: row.get(6)?,
        resident: row.get(7)?,
        holder,
        guardians,
        enrolments: enrolments(tx, ctx, id).await?,
        badges: badges(tx, ctx, id).await?,
        diets: diets(tx, ctx, id).await?,
        attachments: attachments(tx, ctx, id).await?,
    })
}

async fn guardians(tx: &mut Tx, ctx: &Ctx, id: PupilId) -> Result<Vec<GuardianName>, Error> {
    let sql = "select p.id, p.name, p.family_name, g.role from guardianship g join person p on p.tenant_id = g.tenant_id and p.id = g.person_id
               where g.tenant_id = $1 and g.pupil_id = $2 and g.from_on <= $3 and (g.to_on is null or g.to_on >= $3)
               order by case g.role when 'account_holder' then 0 when 'guardian' then 1 else 2 end, p.family_name, p.name, p.id";
    let rows = tx.query(sql, &[&ctx.tenant, &id, &ctx.today()]).await?;
    let name = |r: &Row| -> Result<GuardianName, db::Error> {
        let full_name = format!("{} {}", r.get::<String>(1)?, r.get::<String>(2)?).trim().to_owned();
        Ok(GuardianName { person: r.get(0)?, full_name, role: r.get(3)? })
    };
    let mut names = rows.iter().map(name).collect::<Result<Vec<_>, _>>()?;
    let is_me = |g: &GuardianName| Some(g.person) == ctx.actor.person();
    if names.iter().any(|g| is_me(g) && g.role == "helper") {
        names.retain(|g| is_me(g) || g.role == "account_holder");
    }
    Ok(names)
}

async fn enrolments(tx: &mut Tx, ctx: &Ctx, id: PupilId) -> Result<Vec<EnrolmentRecord>, Error> {
    let sql = "select e.id, e.school_year, v.id, v.name, v.kind, s.institute, s.name, s.level, c.name, e.from_on, e.to_on, e.state, e.payment_mode,
                      coalesce(e.weekdays, c.weekdays), a.id, a.name, a.family_name, coalesce(a.fiscal_code, a.vat_number, '')
               from enrolment e
               join service v on v.tenant_id = e.tenant_id and v.id = e.service_id
               join person a on a.tenant_id = e.tenant_id and a.id = e.addressee_id
               left join placement l on l.tenant_id = e.tenant_id and l.pupil_id = e.pupil_id
                    and l.from_on = (select max(m.from_on) from placement m where m.tenant_id = e.tenant_id and m.pupil_id = e.pupil_id and m.from_on <= e.to_on)
               left join class_group c on c.tenant_id = l.tenant_id and c.id = l.class_id and c.school_year = e.school_year
               left join school_site s on s.tenant_id = c.tenant_id and s.id = c.site_id
               where e.tenant_id = $1 and e.pupil_id = $2 order by e.school_year desc, v.name, e.from_on desc";
    let rows = tx.query(sql, &[&ctx.tenant, &id]).await?;
    Ok(rows.iter().map(enrolment).collect::<Result<_, _>>()?)
}

fn enrolment(r: &Row) -> Result<EnrolmentRecord, db::Error> {
    Ok(EnrolmentRecord {
        id: r.get(0)?,
        school_year: r.get(1)?,
        service: r.get(2)?,
        service_name: r.get(3)?,
        service_kind: r.get(4)?,
        institute: r.get(5)?,
        site_name: r.get(6)?,
        level: r.get(7)?,
        class_label: r.get(8)?,
        from_on: r.get(9)?,
        to_on: r.get(10)?,
        state: r.get(11)?,
        payment_mode: PaymentMode::from_code(&r.get::<String>(12)?),
        weekdays: r.get::<Option<i64>>(13)?.map(Weekdays::from_column),
        addressee_id: r.get(14)?,
        addressee_name: format!("{} {}", r.get::<String>(15)?, r.get::<String>(16)?).trim().to_owned(),
        addressee_code: r.get(17)?,
    })
}

async fn badges(tx: &mut Tx, ctx: &Ctx, id: PupilId) -> Result<Vec<BadgeRecord>, Error> {
    let sql = "select b.id, b.code, v.id, v.name, b.state, b.from_on from badge b join service v on v.tenant_id = b.tenant_id and v.id = b.service_id
               where b.tenant_id = $1 and b.pupil_id = $2 order by b.state, b.code";
    let rows = tx.query(sql, &[&ctx.tenant, &id]).await?;
    let badge = |r: &Row| -> Result<BadgeRecord, db::Error> {
        let active = r.get::<String>(4)? == "active";
        Ok(BadgeRecord {
            id: r.get(0)?,
            code: r.get(1)?,
            service: r.get(2)?,
            service_name: r.get(3)?,
            active,
            from_on: r.get(5)?,
        })
    };
    Ok(rows.iter().map(badge).collect::<Result<_, _>>()?)
}

async fn diets(tx: &mut Tx, ctx: &Ctx, id: PupilId) -> Result<Vec<DietRecord>, Error> {
    let sql = "select code, kind, from_on, to_on from diet
               where tenant_id = $1 and pupil_id = $2 and (to_on is null or to_on >= $3) order by from_on desc, code";
    let rows = tx.query(sql, &[&ctx.tenant, &id, &ctx.today()]).await?;
    let diet = |r: &Row| -> Result<DietRecord, db::Error> {
        Ok(DietRecord { code: r.get(0)?, kind: r.get(1)?, from_on: r.get(2)?, to_on: r.get(3)? })
    };
    Ok(rows.iter().map(diet).collect::<Result<_, _>>()?)
}

const ATTACHMENT: &str = "a.id, a.kind, a.title, a.file_name, a.content_type, a.size_bytes, a.issued_on";

/// A paper for one person is theirs alone; a tax certificate always is, and needs the right to tax papers too.
fn readable() -> String {
    let right = |right| visible_clause("$1", "a.pupil_id", "$2", "$3", right);
    format!(
        "{} and (a.person_id = $2 or (a.person_id is null and a.kind <> 'tax_certificate'))
         and (a.kind <> 'tax_certificate' or {})",
        right(Right::View),
        right(Right::TaxPapers)
    )
}

async fn attachments(tx: &mut Tx, ctx: &Ctx, id: PupilId) -> Result<Vec<AttachmentRecord>, Error> {
    let sql = format!(
        "select {ATTACHMENT} from attachment a where a.tenant_id = $1 and a.pupil_id = $4 and {}
         order by case a.kind when 'tax_certificate' then 0 else 1 end, a.issued_on desc, a.title, a.id",
        readable()
    );
    let rows = tx.query(&sql, &[&ctx.tenant, &ctx.actor.person(), &ctx.today(), &id]).await?;
    Ok(rows.iter().map(attachment).collect::<Result<_, _>>()?)
}

/// A paper meant for the acting person, with its content.
///
/// # Errors
/// [`Error::NotVisible`] for somebody else's and for none at all.
pub async fn get_attachment(tx: &mut Tx, ctx: &Ctx, id: AttachmentId) -> Result<Attachment, Error> {
    let person = ctx.actor.person().ok_or(Error::NotVisible)?;
    let sql = format!("select {ATTACHMENT}, a.content from attachment a where a.tenant_id = $1 and a.id = $4 and {}", readable());
    let row = tx.query_opt(&sql, &[&ctx.tenant, &person, &ctx.today(), &id]).await?.ok_or(Error::NotVisible)?;
    Ok(Attachment { record: attachment(&row)?, content: row.get(7)? })
}

fn attachment(r: &Row) -> Result<AttachmentRecord, db::Error> {
    Ok(AttachmentRecord {
        id: r.get(0)?,
        kind: r.get(1)?,
        title: r.get(2)?,
        file_name: r.get(3)?,
        content_type: r.get(4)?,
        size_bytes: r.get(5)?,
        issued_on: r.get(6)?,
    })
}
