//! Sessions: who is signed in with which browser.
//!
//! The cookie holds a secret of 256 bits, the table its hash. A session ends after [`IDLE`] without a request or
//! [`ABSOLUTE`] in all; sign-in always makes a new one.

use db::{Row, Tx};
use jiff::SignedDuration;
use kernel::{Ctx, FiscalCode, Instant, PersonId, PupilId, SessionId, TenantId};

use crate::{Error, hash};

pub const IDLE: SignedDuration = SignedDuration::from_mins(30);
pub const ABSOLUTE: SignedDuration = SignedDuration::from_hours(8);
/// The time of the last request is written at most this often: reading pages must not cost a write each.
const TOUCH: SignedDuration = SignedDuration::from_mins(1);

#[derive(Clone, Debug)]
pub struct Session {
    pub tenant: TenantId,
    pub id: SessionId,
    /// None when nobody in the registry has the code that signed in.
    pub person: Option<PersonId>,
    pub fiscal_code: FiscalCode,
    pub name: String,
    pub family_name: String,
    /// `spid`, `cie`, `cns`.
    pub scheme: String,
    pub level: u8,
    pub csrf_token: String,
    /// The pupil last chosen in the switcher.
    pub pupil: Option<PupilId>,
    pub created_at: Instant,
    pub seen_at: Instant,
    pub expires_at: Instant,
    /// Whether the person is anything to anybody here.
    pub related: bool,
}

impl Session {
    pub fn full_name(&self) -> String {
        format!("{} {}", self.name, self.family_name)
    }

    /// Whether [`touch`] is due.
    pub fn wants_touch(&self, now: Instant) -> bool {
        now.duration_since(self.seen_at) >= TOUCH
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
    let (token, csrf) = (ctx.entropy.token(), ctx.entropy.token());
    let sql = "insert into session (tenant_id, id, token_hash, csrf_token, person_id, fiscal_code, name, family_name, scheme, idp_entity_id, level,
               created_at, seen_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13)";
    let id = ctx.new_id::<SessionId>();
    tx.execute_one(
        sql,
        &[
            &ctx.tenant,
            &id,
            &hash(&token),
            &csrf,
            &new.person,
            &new.fiscal_code,
            &new.name,
            &new.family_name,
            &new.scheme,
            &new.idp_entity_id,
            &new.level,
            &ctx.now,
            &(ctx.now + ABSOLUTE),
        ],
    )
    .await?;
    Ok(token)
}

/// The live session of this tenant behind a cookie's secret.
pub async fn find(tx: &mut Tx, tenant: TenantId, token: &str, now: Instant) -> Result<Option<Session>, Error> {
    let sql = "select s.tenant_id, s.id, s.person_id, s.fiscal_code, s.name, s.family_name, s.scheme, s.level, s.csrf_token, s.pupil_id, s.created_at, s.seen_at, s.expires_at,
                      exists (select 1 from guardianship g where g.tenant_id = s.tenant_id and g.person_id = s.person_id)
                   or exists (select 1 from enrolment e where e.tenant_id = s.tenant_id and e.holder_id = s.person_id)
                   or exists (select 1 from billing_document d where d.tenant_id = s.tenant_id and d.holder_id = s.person_id)
               from session s
               where s.token_hash = $1 and s.tenant_id = $2 and s.ended_at is null and s.expires_at > $3 and s.seen_at > $4";
    let row = tx.query_opt(sql, &[&hash(token), &tenant, &now, &(now - IDLE)]).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

/// Notes that the session is in use.
pub async fn touch(tx: &mut Tx, ctx: &Ctx, id: SessionId) -> Result<(), Error> {
    let sql = "update session set seen_at = $3 where tenant_id = $1 and id = $2 and seen_at < $3";
    tx.execute(sql, &[&ctx.tenant, &id, &ctx.now]).await?;
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

fn read(r: &Row) -> Result<Session, db::Error> {
    Ok(Session {
        tenant: r.get(0)?,
        id: r.get(1)?,
        person: r.get(2)?,
        fiscal_code: r.get(3)?,
        name: r.get(4)?,
        family_name: r.get(5)?,
        scheme: r.get(6)?,
        level: r.get(7)?,
        csrf_token: r.get(8)?,
        pupil: r.get(9)?,
        created_at: r.get(10)?,
        seen_at: r.get(11)?,
        expires_at: r.get(12)?,
        related: r.get(13)?,
    })
}
