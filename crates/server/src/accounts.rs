//! The commands that make accounts with a password, and end what they may do.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use db::Db;
use enrolment::Tenant;
use identity::credentials::{Credential, Kind, account, link, second_factor};
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
