use std::path::{Path, PathBuf};

use db::Db;
use db::vault::Vault;
use import::{Mode, Report};
use kernel::{Ctx, TenantId};

use crate::write::{Written, write_main, write_second};
use crate::{DemoOptions, Persona};

/// A town in the database.
#[derive(Clone, Debug)]
pub struct DemoTown {
    pub main: TenantId,
    pub second: TenantId,
    /// Whom one can sign in as, in the order to show them.
    pub personas: Vec<Persona>,
    /// What was loaded, of the main Comune and of the second.
    pub reports: [Report; 2],
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the files of the demo cannot be written: {0}")]
    Files(#[from] std::io::Error),
    #[error(transparent)]
    Import(#[from] import::Error),
    /// The database holds another demo: other people, another seed, another day.
    #[error("the database does not take the files of the demo: {0}")]
    Refused(Box<Report>),
}

/// Writes the files of both Comuni into `folder` (made if need be) and loads them. On a database that has them
/// already nothing changes.
///
/// # Errors
/// [`Error::Refused`] where the database holds a town of another day or seed.
pub async fn build(db: &Db, ctx: &Ctx, vault: &Vault, folder: &Path, options: &DemoOptions) -> Result<DemoTown, Error> {
    let (main, second): (PathBuf, PathBuf) = (folder.join("castelmirto"), folder.join("pievelieta"));
    let Written { mut personas } = write_main(&main, options)?;
    personas.extend(write_second(&second, options)?.personas);
    let reports = [load(db, ctx, vault, &main).await?, load(db, ctx, vault, &second).await?];
    let tenant = |report: &Report| report.tenant.expect("a folder that was loaded has a comune.csv");
    Ok(DemoTown { main: tenant(&reports[0]), second: tenant(&reports[1]), personas, reports })
}

async fn load(db: &Db, ctx: &Ctx, vault: &Vault, folder: &Path) -> Result<Report, Error> {
    let report = import::run(db, ctx, vault, folder, Mode::Apply).await?;
    if report.bad.is_empty() { Ok(report) } else { Err(Error::Refused(Box::new(report))) }
}
