use std::path::Path;

use db::Db;
use db::vault::Vault;
use kernel::Ctx;

use crate::folder::Folder;
use crate::load::{self, Ids, Loading};
use crate::{Error, Report};

/// Whether what is loaded is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything is done and then undone: the report says what would be.
    DryRun,
    Apply,
}

/// Loads a folder of files: all of it, or, when a single row is bad, nothing.
///
/// The tenant is that of `comune.csv`, made if it is new; without that file it is the context's. The vault signs the
/// receipts of absences.
///
/// # Errors
/// [`Error::NoTenant`], or what the database says. Bad rows are no error: they are in the report.
pub async fn run(db: &Db, ctx: &Ctx, vault: &Vault, folder: &Path, mode: Mode) -> Result<Report, Error> {
    let mut report = Report::default();
    let files = Folder::read(folder, &mut report.bad);
    if report.bad.is_empty() {
        let mut tx = db.begin().await?;
        let tenant = load::tenant(&mut tx, ctx, &files, &mut report).await?;
        let ctx = Ctx { tenant, ..ctx.clone() };
        let ids = Ids::default();
        let mut loading = Loading { tx: &mut tx, ctx: &ctx, vault, path: folder, ids, report: &mut report };
        load::folder(&mut loading, &files).await?;
        if mode == Mode::Apply && report.bad.is_empty() {
            db::audit::record(&mut tx, &ctx, "import.loaded", &format!("tenant:{}", tenant.0), &summary(&report)).await?;
            tx.commit().await?;
            report.written = true;
            db.count_rows().await?;
        } else {
            tx.rollback().await?;
        }
        report.tenant = Some(tenant);
    }
    if !report.bad.is_empty() {
        report.files.clear();
        report.bad.sort();
        report.bad.dedup();
    }
    Ok(report)
}

fn summary(report: &Report) -> serde_json::Value {
    let of = |counts: &crate::Counts| serde_json::json!([counts.inserted, counts.updated, counts.unchanged]);
    report.files.iter().map(|(file, counts)| ((*file).to_owned(), of(counts))).collect::<serde_json::Map<_, _>>().into()
}
