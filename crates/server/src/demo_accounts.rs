//! The accounts with a password of a demo: made by the verbs of the commands and the doors, there is no short cut.

use std::fmt;

use db::Db;
use db::vault::Vault;
use demo::{Persona, Scheme};
use enrolment::Tenant;
use identity::credentials::sign_in::{self, Outcome};
use identity::credentials::{Credential, Passwords, account, link, second_factor};
use identity::staff::Role;
use kernel::{Actor, Clock, Ctx, Entropy};

use crate::Failure;

/// The password of a demo's accounts: a demo lets anybody in anyway.
const PASSWORD: &str = "campane di prova 2026";
const MEMBER: (&str, &str) = ("ufficio@comune.example", "Nora Vestri");

/// An account of a demo, ready to be used.
pub struct Account {
    who: String,
    path: &'static str,
    user_name: String,
    totp: Option<String>,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<26} {:<16} utente {}, password «{PASSWORD}»", self.who, self.path, self.user_name)?;
        self.totp.as_ref().map_or(Ok(()), |key| write!(f, ", chiave dei codici {key}"))
    }
}

/// Invites the business and one of the office, and follows the links as they would. At each start anew, as the keys of the
/// test identity provider are.
pub async fn make(db: &Db, vault: &Vault, tenants: &[Tenant], personas: &[Persona]) -> Result<Vec<Account>, Failure> {
    let tenant = tenants.iter().min_by_key(|t| t.id).ok_or("a demo has a Comune")?;
    let ctx = Ctx::new(tenant.id, Actor::System("demo"), &Clock::System, &Entropy::System);
    let passwords = Passwords::default();
    let mut accounts = Vec::new();
    for persona in personas.iter().filter(|p| p.scheme == Scheme::Business) {
        let mut tx = db.begin().await?;
        let email = format!("amministrazione@{}.example", persona.fiscal_code);
        let credential = account::invite_business(&mut tx, &ctx, &persona.fiscal_code, &email).await?;
        set_password(db, &ctx, &passwords, tx, &credential).await?;
        let Credential { name, user_name, .. } = credential;
        accounts.push(Account { who: name, path: "/accedi/imprese", user_name, totp: None });
    }
    let mut tx = db.begin().await?;
    let credential = account::invite_staff(&mut tx, &ctx, MEMBER.0, MEMBER.1, Role::Operator).await?;
    second_factor::take_off(&mut tx, &ctx, &credential).await?;
    let Outcome::CodeAwaited { pending_token, .. } = set_password(db, &ctx, &passwords, tx, &credential).await? else {
        return Err("staff are asked for a code".into());
    };
    let mut tx = db.begin().await?;
    let credential = account::get(&mut tx, &ctx, credential.id).await?;
    let key = second_factor::begin(&mut tx, &ctx, vault, &credential, &tenant.name).await?;
    tx.commit().await?;
    // The code of the step before: the present one is for whoever signs in first.
    let before = Ctx { now: ctx.now - jiff::SignedDuration::from_secs(30), ..ctx.clone() };
    let code = second_factor::code_of(&key, &before).ok_or("a key has codes")?;
    sign_in::with_first_code(db, &ctx, vault, &pending_token, &code).await?;
    let packed = key.text.replace(' ', "");
    accounts.push(Account { who: credential.name, path: "/ufficio/accedi", user_name: credential.user_name, totp: Some(packed) });
    Ok(accounts)
}

async fn set_password(
    db: &Db,
    ctx: &Ctx,
    passwords: &Passwords,
    mut tx: db::Tx,
    credential: &Credential,
) -> Result<Outcome, Failure> {
    let token = link::make(&mut tx, ctx, credential, link::Purpose::Invitation).await?;
    tx.commit().await?;
    Ok(sign_in::by_link(db, ctx, passwords, credential.kind, &token, PASSWORD).await?)
}
