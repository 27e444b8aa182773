//! Sessions: who is signed in with which browser.
//!
//! The cookie holds a secret of 256 bits, the table its hash. A session ends after a time without a request or a time in all, by
//! its kind ([`LIMITS`]); sign-in always makes a new one. Sessions of citizens and of staff are of two kinds, each found only by
//! its own doors.

use db::{Row, ToValue, Tx, Value};
use jiff::SignedDuration;
use kernel::{Actor, Ctx, FiscalCode, Instant, OperatorId, PersonId, PupilId, SessionId, TenantId};

use crate::{Error, hash};

/// Whose session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A parent, a helper, a business.
    Citizen,
    Staff,
}

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Kind::Citizen => "citizen",
            Kind::Staff => "staff",
        }
    }
}

/// When a session ends.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Without a request.
    pub idle: SignedDuration,
    /// In all.
    pub absolute: SignedDuration,
}

/// Staff see everybody's children: their screens are left alone for less time, their working day is longer.
pub const LIMITS: [(Kind, Limits); 2] = [
    (Kind::Citizen, Limits { idle: SignedDuration::from_mins(30), absolute: SignedDuration::from_hours(8) }),
    (Kind::Staff, Limits { idle: SignedDuration::from_mins(20), absolute: SignedDuration::from_hours(10) }),
];

pub fn limits(kind: Kind) -> Limits {
    LIMITS.iter().find(|(k, _)| *k == kind).expect("the table has a row for each kind").1
}

/// The time of the last request is written at most this often: reading pages must not cost a write each.
const TOUCH: SignedDuration = SignedDuration::from_mins(1);

#[derive(Clone, Debug)]
pub struct Session {
    pub tenant: TenantId,
    pub id: SessionId,
    pub kind: Kind,
    /// None when nobody in the registry has the code that signed in, and for staff.
    pub person: Option<PersonId>,
    pub operator: Option<OperatorId>,
    /// As it signed in: a codice fiscale, of a business the VAT number; empty for staff.
    pub fiscal_code: String,
    pub name: String,
    /// Empty for businesses and staff, whose whole name is `name`.
    pub family_name: String,
    /// `spid`, `cie`, `cns`, `password`.
    pub scheme: String,
    pub level: u8,
    pub csrf_token: String,
    /// The pupil last chosen in the switcher.
    pub pupil: Option<PupilId>,
    /// Such as `Safari · iPhone`; none before the first page was asked for with it.
    pub device: Option<String>,
    pub created_at: Instant,
    pub seen_at: Instant,
    pub expires_at: Instant,
    /// Whether the person is anything to anybody here.
    pub related: bool,
}

impl Session {
    pub fn full_name(&self) -> String {
        format!("{} {}", self.name, self.family_name).trim().to_owned()
    }

    /// The last three characters of the code, enough for a person to recognise their own.
    pub fn code_ending(&self) -> String {
        let skipped = self.fiscal_code.chars().count().saturating_sub(3);
        self.fiscal_code.chars().skip(skipped).collect()
    }

    /// Who acts in it.
    pub fn actor(&self) -> Actor {
        match (self.operator, self.person) {
            (Some(operator), _) => Actor::Operator(operator),
            (None, Some(person)) => Actor::Person(person),
            (None, None) => Actor::Anonymous,
        }
    }

    /// Whether [`touch`] is due.
    pub fn wants_touch(&self, now: Instant) -> bool {
        self.device.is_none() || now.duration_since(self.seen_at) >= TOUCH
    }

    /// When it ends if nothing more is asked of it.
    pub fn ends_at(&self) -> Instant {
        self.expires_at.min(self.seen_at + limits(self.kind).idle)
    }

    /// Whether a request now cannot put the end off.
    pub fn is_last_stretch(&self) -> bool {
        self.expires_at <= self.seen_at + limits(self.kind).idle
    }
}

/// Who signed in, as the identity provider said.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub person: Option<PersonId>,
    pub fiscal_code: FiscalCode,
    pub name: String,
    pub family_name: String,
    pub scheme: &'static str,
    pub idp_entity_id: String,
    pub level: u8,
}

/// Opens a session; gives the secret for the cookie, which is kept nowhere.
pub async fn open(tx: &mut Tx, ctx: &Ctx, new: NewSession) -> Result<String, Error> {
    let row = Opened {
        kind: Kind::Citizen,
        person: new.person,
        operator: None,
        code: new.fiscal_code.as_str(),
        name: &new.name,
        family_name: &new.family_name,
        scheme: new.scheme,
        idp_entity_id: &new.idp_entity_id,
        level: new.level,
    };
    insert(tx, ctx, row).await
}

/// The same for a business that gave its password.
pub(crate) async fn open_business(
    tx: &mut Tx,
    ctx: &Ctx,
    person: PersonId,
    vat_number: &str,
    name: &str,
) -> Result<String, Error> {
    let row = Opened { person: Some(person), code: vat_number, name, ..Opened::by_password(Kind::Citizen) };
    insert(tx, ctx, row).await
}

/// The same for somebody of the staff, who gave a password and a code.
pub(crate) async fn open_staff(tx: &mut Tx, ctx: &Ctx, operator: OperatorId, name: &str) -> Result<String, Error> {
    let row = Opened { operator: Some(operator), name, level: 2, ..Opened::by_password(Kind::Staff) };
    insert(tx, ctx, row).await
}

struct Opened<'a> {
    kind: Kind,
    person: Option<PersonId>,
    operator: Option<OperatorId>,
    code: &'a str,
    name: &'a str,
    family_name: &'a str,
    scheme: &'a str,
    idp_entity_id: &'a str,
    level: u8,
}

impl Opened<'_> {
    fn by_password(kind: Kind) -> Opened<'static> {
        let (person, operator, idp_entity_id) = (None, None, "");
        Opened { kind, person, operator, code: "", name: "", family_name: "", scheme: "password", idp_entity_id, level: 1 }
    }
}

async fn insert(tx: &mut Tx, ctx: &Ctx, new: Opened<'_>) -> Result<String, Error> {
    let (token, csrf) = (ctx.entropy.token(), ctx.entropy.token());
    let sql = "insert into session (tenant_id, id, token_hash, csrf_token, kind, person_id, operator_id, fiscal_code, name, family_name, scheme,
               idp_entity_id, level, created_at, seen_at, expires_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15)";
    let (id, until) = (ctx.new_id::<SessionId>(), ctx.now + limits(new.kind).absolute);
    tx.execute_one(
        sql,
        &[
            &ctx.tenant,
            &id,
            &hash(&token),
            &csrf,
            &new.kind.code(),
            &new.person,
            &new.operator,
            &new.code,
            &new.name,
            &new.family_name,
            &new.scheme,
            &new.idp_entity_id,
            &new.level,
            &ctx.now,
            &until,
        ],
    )
    .await?;
    Ok(token)
}

const COLUMNS: &str = "s.tenant_id, s.id, s.kind, s.person_id, s.operator_id, s.fiscal_code, s.name, s.family_name, s.scheme, s.level, s.csrf_token,
                       s.pupil_id, s.device, s.created_at, s.seen_at, s.expires_at";

/// The live session of a citizen of this tenant behind a cookie's secret.
pub async fn find(tx: &mut Tx, tenant: TenantId, token: &str, now: Instant) -> Result<Option<Session>, Error> {
    find_of(tx, Kind::Citizen, tenant, token, now).await
}

/// The live session of somebody of this tenant's staff behind a cookie's secret.
pub async fn find_staff(tx: &mut Tx, tenant: TenantId, token: &str, now: Instant) -> Result<Option<Session>, Error> {
    find_of(tx, Kind::Staff, tenant, token, now).await
}

async fn find_of(tx: &mut Tx, kind: Kind, tenant: TenantId, token: &str, now: Instant) -> Result<Option<Session>, Error> {
    // Who has a password was invited by the office: a business belongs here before its first document.
    let sql = format!(
        "select {COLUMNS}, s.scheme = 'password'
                   or exists (select 1 from guardianship g where g.tenant_id = s.tenant_id and g.person_id = s.person_id)
                   or exists (select 1 from enrolment e where e.tenant_id = s.tenant_id and e.holder_id = s.person_id)
                   or exists (select 1 from billing_document d where d.tenant_id = s.tenant_id and d.holder_id = s.person_id)
         from session s
         where s.token_hash = $1 and s.tenant_id = $2 and s.kind = $3 and s.ended_at is null and s.expires_at > $4 and s.seen_at > $5"
    );
    let awake = now - limits(kind).idle;
    let row = tx.query_opt(&sql, &[&hash(token), &tenant, &kind.code(), &now, &awake]).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

/// Notes that the session is in use, and with what device.
pub async fn touch(tx: &mut Tx, ctx: &Ctx, id: SessionId, device: &str) -> Result<(), Error> {
    let sql = "update session set seen_at = case when seen_at < $3 then $3 else seen_at end, device = $4 where tenant_id = $1 and id = $2";
    tx.execute(sql, &[&ctx.tenant, &id, &ctx.now, &device]).await?;
    Ok(())
}

/// Remembers the pupil chosen in the switcher; none is all of them.
pub async fn choose_pupil(tx: &mut Tx, ctx: &Ctx, id: SessionId, pupil: Option<PupilId>) -> Result<(), Error> {
    let sql = "update session set pupil_id = $3 where tenant_id = $1 and id = $2";
    Ok(tx.execute_one(sql, &[&ctx.tenant, &id, &pupil]).await?)
}

/// Ends a session; a second time changes nothing.
pub async fn end(tx: &mut Tx, ctx: &Ctx, id: SessionId) -> Result<(), Error> {
    let sql = "update session set ended_at = $3 where tenant_id = $1 and id = $2 and ended_at is null";
    tx.execute(sql, &[&ctx.tenant, &id, &ctx.now]).await?;
    Ok(())
}

/// Whose sessions: of the same code for citizens (the registry need not know it), of the same operator for staff.
fn same_holder(session: &Session) -> (&'static str, Value) {
    match session.operator {
        Some(operator) => ("s.kind = 'staff' and s.operator_id = $2", operator.to_value()),
        None => ("s.kind = 'citizen' and s.fiscal_code = $2", session.fiscal_code.to_value()),
    }
}

/// The live sessions of whoever this session is of, the one used last first; this one is among them.
pub async fn list_own(tx: &mut Tx, ctx: &Ctx, session: &Session) -> Result<Vec<Session>, Error> {
    let (whose, holder) = same_holder(session);
    let sql = format!(
        "select {COLUMNS}, true from session s
         where s.tenant_id = $1 and {whose} and s.ended_at is null and s.expires_at > $3 and s.seen_at > $4
         order by s.seen_at desc, s.id desc"
    );
    let awake = ctx.now - limits(session.kind).idle;
    let rows = tx.query(&sql, &[&ctx.tenant, &holder, &ctx.now, &awake]).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

/// Ends one session of whoever this session is of; false where there is none of this id.
pub async fn end_own(tx: &mut Tx, ctx: &Ctx, session: &Session, id: SessionId) -> Result<bool, Error> {
    let own = list_own(tx, ctx, session).await?;
    if own.iter().all(|s| s.id != id) {
        return Ok(false);
    }
    end(tx, ctx, id).await?;
    Ok(true)
}

/// Ends all sessions of whoever this session is of, this one too; gives how many.
pub async fn end_everywhere(tx: &mut Tx, ctx: &Ctx, session: &Session) -> Result<usize, Error> {
    let own = list_own(tx, ctx, session).await?;
    for one in &own {
        end(tx, ctx, one.id).await?;
    }
    Ok(own.len())
}

/// Ends all sessions of a person or an operator.
pub(crate) async fn end_all_of(tx: &mut Tx, ctx: &Ctx, whose: &Actor) -> Result<(), Error> {
    let sql =
        "update session set ended_at = $4 where tenant_id = $1 and ended_at is null and (person_id = $2 or operator_id = $3)";
    tx.execute(sql, &[&ctx.tenant, &whose.person(), &whose.operator(), &ctx.now]).await?;
    Ok(())
}

fn read(r: &Row) -> Result<Session, db::Error> {
    let kind: String = r.get(2)?;
    Ok(Session {
        tenant: r.get(0)?,
        id: r.get(1)?,
        kind: if kind == "staff" { Kind::Staff } else { Kind::Citizen },
        person: r.get(3)?,
        operator: r.get(4)?,
        fiscal_code: r.get(5)?,
        name: r.get(6)?,
        family_name: r.get(7)?,
        scheme: r.get(8)?,
        level: r.get(9)?,
        csrf_token: r.get(10)?,
        pupil: r.get(11)?,
        device: r.get(12)?,
        created_at: r.get(13)?,
        seen_at: r.get(14)?,
        expires_at: r.get(15)?,
        related: r.get(16)?,
    })
}
