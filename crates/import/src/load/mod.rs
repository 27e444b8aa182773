//! From checked rows to the verbs of the crates that own the tables.

mod arms;
mod canteen;
mod documents;
mod movements;
mod papers;
mod registry;
mod tariff;
mod tenant;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use db::Tx;
use db::sync::Counts;
use db::vault::Vault;
use enrolment::load::{Keyed, ids};
use kernel::{BadgeId, ClassGroupId, Ctx, DocumentId, PersonId, PupilId, SchoolSiteId, ServiceId};
use uuid::Uuid;

use crate::folder::Folder;
use crate::report::{BadRow, Report};
use crate::spec::{self, File};
use crate::{Error, links};

pub(crate) use tenant::find_or_insert as tenant;

/// One import under way.
pub(crate) struct Loading<'a> {
    pub tx: &'a mut Tx,
    pub ctx: &'a Ctx,
    pub vault: &'a Vault,
    pub path: &'a Path,
    pub ids: Ids,
    pub report: &'a mut Report,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Inserted,
    Updated,
    Unchanged,
}

/// What external keys stand for, filled as tables are loaded.
#[derive(Default)]
pub(crate) struct Ids {
    pub persons: HashMap<String, PersonId>,
    pub households: HashMap<String, Uuid>,
    pub pupils: HashMap<String, PupilId>,
    pub sites: HashMap<String, SchoolSiteId>,
    pub classes: HashMap<String, ClassGroupId>,
    pub services: HashMap<String, ServiceId>,
    pub badges: HashMap<String, BadgeId>,
    pub documents: HashMap<String, DocumentId>,
}

/// The keys in the database, by the file that gives them.
pub(crate) async fn loaded_keys(tx: &mut Tx, ctx: &Ctx) -> Result<HashMap<&'static str, HashSet<String>>, Error> {
    let mut keys: HashMap<&'static str, HashSet<String>> = HashMap::new();
    for (file, of) in [
        (&spec::PERSONS, Keyed::Person),
        (&spec::HOUSEHOLDS, Keyed::Household),
        (&spec::PUPILS, Keyed::Pupil),
        (&spec::SITES, Keyed::SchoolSite),
        (&spec::CLASSES, Keyed::ClassGroup),
        (&spec::SERVICES, Keyed::Service),
        (&spec::BADGES, Keyed::Badge),
    ] {
        keys.insert(file.name, ids::<Uuid>(tx, ctx, of).await?.into_keys().collect());
    }
    for (file, sql) in [
        (&spec::ABSENCE_KINDS, "select code from absence_kind where tenant_id = $1"),
        (&spec::TARIFFS, "select external_key from tariff_plan where tenant_id = $1 and external_key is not null"),
        (&spec::DOCUMENTS, "select external_key from billing_document where tenant_id = $1 and external_key is not null"),
    ] {
        let rows = tx.query(sql, &[&ctx.tenant]).await?;
        keys.insert(file.name, rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?);
    }
    Ok(keys)
}

/// Checks what only the database knows, then loads everything in order. Stops with bad rows in the report.
pub(crate) async fn folder(loading: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let loaded = loaded_keys(loading.tx, loading.ctx).await?;
    let keys = links::Keys::new(loaded, folder);
    links::check(folder, &keys, &mut loading.report.bad);
    registry::codes_of_others(loading, folder).await?;
    papers::check(loading, folder);
    if !loading.report.bad.is_empty() {
        return Ok(());
    }
    arms::load(loading).await?;
    registry::load(loading, folder).await?;
    papers::load(loading, folder).await?;
    canteen::load_settings(loading, folder).await?;
    tariff::load(loading, folder).await?;
    documents::load(loading, folder).await?;
    causes(loading, folder).await?;
    canteen::load_days(loading, folder).await?;
    movements::load(loading, folder).await
}

/// The catalogue of spontaneous payments.
async fn causes(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let causes = folder.causes.iter().map(|row| row.value.0.clone()).collect();
    let counts = billing::load::causes(l.tx, l.ctx, causes).await?;
    l.count(&spec::CAUSES, counts);
    Ok(())
}

impl Loading<'_> {
    fn bad(&mut self, file: &'static File, row: u64, reason: impl Into<String>) {
        self.report.bad.push(BadRow::new(file.name, row, reason));
    }

    /// Notes what became of the rows of a file, given one by one.
    fn count_fates(&mut self, file: &'static File, fates: impl Iterator<Item = Fate>) {
        let mut counts = Counts::default();
        for fate in fates {
            *match fate {
                Fate::Inserted => &mut counts.inserted,
                Fate::Updated => &mut counts.updated,
                Fate::Unchanged => &mut counts.unchanged,
            } += 1;
        }
        self.count(file, counts);
    }

    /// Notes what became of a file, if it was there.
    fn count(&mut self, file: &'static File, counts: Counts) {
        let counts = crate::report::Counts { inserted: counts.inserted, updated: counts.updated, unchanged: counts.unchanged };
        if counts.rows() > 0 || self.path.join(file.name).exists() {
            self.report.files.push((file.name, counts));
        }
    }
}
