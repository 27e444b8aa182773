//! What the office does about documents.

use std::process::ExitCode;

use clap::Subcommand;
use db::Tx;
use kernel::{Ctx, DocumentId};

use crate::Failure;
use crate::commands::office;
use crate::money::Where;

#[derive(Subcommand)]
pub enum Document {
    /// Take documents back of which nothing was paid: their notices are withdrawn, their postings reversed
    Cancel {
        #[command(flatten)]
        at: Where,
        /// For the audit trail; never a name
        #[arg(long)]
        reason: String,
        /// Needed where two series have the number
        #[arg(long)]
        series: Option<String>,
        #[arg(required = true)]
        numbers: Vec<String>,
    },
}

/// All or nothing; one that is cancelled already stays so.
pub async fn run(command: Document) -> Result<ExitCode, Failure> {
    let Document::Cancel { at, reason, series, numbers } = command;
    let (db, ctx) = office(&at.database, &at.tenant).await?;
    let mut tx = db.begin().await?;
    for number in &numbers {
        let document = find(&mut tx, &ctx, number, series.as_deref()).await?;
        billing::cancel(&mut tx, &ctx, document, &reason).await.map_err(|why| format!("{number}: {why}"))?;
    }
    tx.commit().await?;
    println!("{} documents cancelled", numbers.len());
    Ok(ExitCode::SUCCESS)
}

async fn find(tx: &mut Tx, ctx: &Ctx, number: &str, series: Option<&str>) -> Result<DocumentId, Failure> {
    let mut found = billing::document::by_number(tx, ctx, number).await?;
    found.retain(|(_, of)| series.is_none_or(|series| series == of));
    match found.as_slice() {
        [] => Err(format!("no document {number}").into()),
        [(id, _)] => Ok(*id),
        several => {
            let names: Vec<&str> = several.iter().map(|(_, series)| series.as_str()).collect();
            Err(format!("{number} is in {}: say which with --series", names.join(", ")).into())
        }
    }
}
