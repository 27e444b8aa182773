//! Accounts with a password: the commands that make them, and those of a demo, made by the same verbs.

use std::fmt;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use db::Db;
use db::vault::Vault;
use demo::{Persona, Scheme};
use enrolment::Tenant;
use identity::credentials::sign_in::{self, Outcome};
use identity::credentials::{Credential, Kind, Passwords, account, link, second_factor};
use identity::staff::{self, Role};
use kernel::{Actor, Clock, Ctx, Entropy};

use crate::Failure;
use crate::commands::{no_such_tenant, open_existing};

/// Where, and in whose name.
#[derive(Args)]
pub struct Place {
    /// `sqlite:FILE` or `postgres://…`
    #[arg(long)]
    pub database: String,
    /// The tenant's code of the index of public administrations
    #[arg(long)]
    pub tenant: String,
}

#[derive(Subcommand)]
pub enum Business {
    /// Invite a business of the registry to choose a password; inviting it again sends another link
    Invite {
        #[command(flatten)]
        place: Place,
        /// Its VAT number
        #[arg(long)]
        vat: String,
        /// Where its mails go
        #[arg(long)]
        email: String,
        /// Print a link instead of relying on the mail: for a Comune without a mail server
        #[arg(long)]
        print_link: bool,
    },
}

#[derive(Subcommand)]
pub enum Staff {
    /// Give somebody of the staff a role and invite them
    Invite {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        /// administrator, operator, school or kitchen
        #[arg(long, value_parser = role)]
        role: Role,
        /// Print a link instead of relying on the mail
        #[arg(long)]
        print_link: bool,
    },
    /// End a role, or all of them; it counts from the next request
    Revoke {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        email: String,
        #[arg(long, value_parser = role)]
        role: Option<Role>,
    },
    /// Take the second factor off, for who lost phone and recovery codes: the next sign-in sets up a new one
    ResetFactor {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        email: String,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_code(text).ok_or_else(|| "the roles are administrator, operator, school, kitchen".to_owned())
}

/// A database, one of its tenants, and the command's context.
struct Office {
    db: Db,
    tenant: Tenant,
    ctx: Ctx,
}

impl Office {
    async fn open(place: &Place) -> Result<Office, Failure> {
        let db = open_existing(&place.database).await?;
        let found = enrolment::tenant::find_by_ipa_code(&mut db.read().await?, &place.tenant).await?;
        let tenant = found.ok_or_else(|| no_such_tenant(&place.tenant))?;
        let ctx = Ctx::new(tenant.id, Actor::System("office"), &Clock::System, &Entropy::System);
        Ok(Office { db, tenant, ctx })
    }

    async fn member(&self, tx: &mut db::Tx, email: &str) -> Result<Credential, Failure> {
        let found = account::find(tx, &self.ctx, Kind::Staff, &Kind::Staff.user_name(email)).await?;
        found.ok_or_else(|| "nobody of the staff has this address".into())
    }

    /// Says that somebody was invited, with the link where it is asked for.
    async fn invited(&self, mut tx: db::Tx, credential: &Credential, print_link: bool) -> Result<ExitCode, Failure> {
        if print_link {
            let token = link::make(&mut tx, &self.ctx, credential, link::Purpose::Invitation).await?;
            println!("{}{}", self.tenant.public_url, link::path(credential.kind, &token));
        } else {
            println!("{} is invited; the program that serves sends the mail to {}", credential.name, credential.email);
        }
        tx.commit().await?;
        Ok(ExitCode::SUCCESS)
    }
}

pub async fn business(command: Business) -> Result<ExitCode, Failure> {
    let Business::Invite { place, vat, email, print_link } = command;
    let office = Office::open(&place).await?;
    let mut tx = office.db.begin().await?;
    let credential = account::invite_business(&mut tx, &office.ctx, &vat, &email).await?;
    office.invited(tx, &credential, print_link).await
}

pub async fn staff(command: Staff) -> Result<ExitCode, Failure> {
    match command {
        Staff::Invite { place, email, name, role, print_link } => {
            let office = Office::open(&place).await?;
            let mut tx = office.db.begin().await?;
            let credential = account::invite_staff(&mut tx, &office.ctx, &email, &name, role).await?;
            office.invited(tx, &credential, print_link).await
        }
        Staff::Revoke { place, email, role } => {
            let office = Office::open(&place).await?;
            let mut tx = office.db.begin().await?;
            let member = office.member(&mut tx, &email).await?;
            let operator = member.operator.ok_or("nobody of the staff has this address")?;
            let ended = staff::revoke(&mut tx, &office.ctx, operator, role).await?;
            tx.commit().await?;
            println!("{ended} roles ended");
            Ok(if ended > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Staff::ResetFactor { place, email } => {
            let office = Office::open(&place).await?;
            let mut tx = office.db.begin().await?;
            let member = office.member(&mut tx, &email).await?;
            second_factor::take_off(&mut tx, &office.ctx, &member).await?;
            tx.commit().await?;
            println!("the next sign-in sets up a new second factor");
            Ok(ExitCode::SUCCESS)
        }
    }
}

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
