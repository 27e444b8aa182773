//! Agreements (convenzioni) between tenants, under which notices of several of them go in one cart.

use std::process::ExitCode;

use clap::Subcommand;
use payments::agreement;

use crate::Failure;
use crate::money::{Where, enter};

#[derive(Subcommand)]
pub enum Agreement {
    /// The tenant takes part from now on; the others under the same name must have joined it too
    Join {
        #[command(flatten)]
        at: Where,
        /// As the act names it; the same for all
        #[arg(long)]
        name: String,
    },
    /// The tenant is on its own again
    Leave {
        #[command(flatten)]
        at: Where,
    },
    /// Print the tenant's agreement and who else is under it
    Status {
        #[command(flatten)]
        at: Where,
    },
}

pub async fn run(command: Agreement) -> Result<ExitCode, Failure> {
    let at = match &command {
        Agreement::Join { at, .. } | Agreement::Leave { at } | Agreement::Status { at } => at,
    };
    let office = enter(at).await?;
    let mut tx = office.db.begin().await?;
    match &command {
        Agreement::Join { name, .. } => agreement::join(&mut tx, &office.ctx, name).await?,
        Agreement::Leave { .. } => agreement::leave(&mut tx, &office.ctx).await?,
        Agreement::Status { .. } => {}
    }
    match agreement::find(&mut tx, &office.ctx).await? {
        None => println!("no agreement"),
        Some(name) => {
            println!("{name}");
            for partner in agreement::partners(&mut tx, &office.ctx).await? {
                println!("  {}  {}", partner.ipa_code, partner.name);
            }
        }
    }
    tx.commit().await?;
    Ok(ExitCode::SUCCESS)
}
