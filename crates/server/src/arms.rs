//! The coat of arms that a tenant's pages and papers show.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use enrolment::arms::{self, Drawing};

use crate::Failure;
use crate::accounts::Place;
use crate::commands::office;

#[derive(Subcommand)]
pub enum Arms {
    /// Take an SVG drawing in place of the one that is there, if it holds shapes and gradients only
    Set {
        #[command(flatten)]
        at: Place,
        file: PathBuf,
    },
    /// Show none any more
    Remove {
        #[command(flatten)]
        at: Place,
    },
}

pub async fn run(command: Arms) -> Result<ExitCode, Failure> {
    match command {
        Arms::Set { at, file } => set(&at, &file).await,
        Arms::Remove { at } => remove(&at).await,
    }
}

async fn set(at: &Place, file: &Path) -> Result<ExitCode, Failure> {
    let (db, ctx) = office(&at.database, &at.tenant).await?;
    let drawing = Drawing::read(&read(file)?)?;
    let mut tx = db.begin().await?;
    let set = arms::set(&mut tx, &ctx, &drawing).await?;
    tx.commit().await?;
    println!(
        "{}",
        if set == arms::Set::Unchanged { "here already, nothing changed" } else { "pages show it within half a minute" }
    );
    Ok(ExitCode::SUCCESS)
}

async fn remove(at: &Place) -> Result<ExitCode, Failure> {
    let (db, ctx) = office(&at.database, &at.tenant).await?;
    let mut tx = db.begin().await?;
    let removed = arms::remove(&mut tx, &ctx).await?;
    tx.commit().await?;
    println!("{}", if removed { "removed" } else { "there was none" });
    Ok(ExitCode::SUCCESS)
}

/// No more of a file than shows that it is too large.
fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    File::open(file)?.take(arms::MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
