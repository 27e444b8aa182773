use std::path::Path;

use crate::report::BadRow;
use crate::rows::*;
use crate::sheet::{Placed, Record, read};
use crate::spec::{self, File};

/// Every file of a folder, read.
pub(crate) struct Folder {
    pub tenant: Vec<Placed<TenantRow>>,
    pub persons: Vec<Placed<PersonRow>>,
    pub households: Vec<Placed<HouseholdRow>>,
    pub pupils: Vec<Placed<PupilRow>>,
    pub guardians: Vec<Placed<GuardianRow>>,
    pub sites: Vec<Placed<SiteRow>>,
    pub classes: Vec<Placed<ClassRow>>,
    pub placements: Vec<Placed<PlacementRow>>,
    pub services: Vec<Placed<ServiceRow>>,
    pub enrolments: Vec<Placed<EnrolmentRow>>,
    pub badges: Vec<Placed<BadgeRow>>,
    pub diets: Vec<Placed<DietRow>>,
    pub calendar: Vec<Placed<CalendarRow>>,
    pub cutoffs: Vec<Placed<CutoffRow>>,
    pub absence_kinds: Vec<Placed<AbsenceKindRow>>,
    pub menus: Vec<Placed<MenuRow>>,
    pub tariffs: Vec<Placed<TariffRow>>,
    pub rules: Vec<Placed<RuleRow>>,
    pub documents: Vec<Placed<DocumentRow>>,
    pub lines: Vec<Placed<LineRow>>,
    pub instalments: Vec<Placed<InstalmentRow>>,
    pub attendance: Vec<Placed<AttendanceRow>>,
    pub absences: Vec<Placed<AbsenceRow>>,
    pub movements: Vec<Placed<MovementRow>>,
    pub attachments: Vec<Placed<AttachmentRow>>,
    pub causes: Vec<Placed<CauseRow>>,
}

impl Folder {
    /// Reads what is there; everything that cannot be read goes to `bad`.
    pub fn read(path: &Path, bad: &mut Vec<BadRow>) -> Folder {
        refuse_strangers(path, bad);
        Folder {
            tenant: only_one(read(path, bad), bad),
            persons: read(path, bad),
            households: read(path, bad),
            pupils: read(path, bad),
            guardians: read(path, bad),
            sites: read(path, bad),
            classes: read(path, bad),
            placements: read(path, bad),
            services: read(path, bad),
            enrolments: read(path, bad),
            badges: read(path, bad),
            diets: read(path, bad),
            calendar: read(path, bad),
            cutoffs: read(path, bad),
            absence_kinds: read(path, bad),
            menus: read(path, bad),
            tariffs: read(path, bad),
            rules: read(path, bad),
            documents: read(path, bad),
            lines: read(path, bad),
            instalments: read(path, bad),
            attendance: read(path, bad),
            absences: read(path, bad),
            movements: read(path, bad),
            attachments: read(path, bad),
            causes: read(path, bad),
        }
    }
}

fn only_one(rows: Vec<Placed<TenantRow>>, bad: &mut [BadRow]) -> Vec<Placed<TenantRow>> {
    // a second row repeats the key of the first, and has been refused for it
    debug_assert!(rows.len() < 2 || bad.iter().any(|b| b.file == TenantRow::FILE.name));
    rows
}

/// A file whose name is misspelt must not be passed over in silence.
fn refuse_strangers(path: &Path, bad: &mut Vec<BadRow>) {
    let names: Vec<String> = match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect(),
        Err(error) => {
            bad.push(BadRow::new(&path.display().to_string(), 0, format!("la cartella non si legge: {error}")));
            return;
        }
    };
    let sheets: Vec<&String> = names.iter().filter(|name| name.to_lowercase().ends_with(".csv")).collect();
    if sheets.is_empty() {
        bad.push(BadRow::new(&path.display().to_string(), 0, "la cartella non ha file CSV"));
    }
    let known = |name: &str| spec::FILES.iter().any(|file: &&File| file.name == name);
    for name in sheets.into_iter().filter(|name| !known(name)) {
        bad.push(BadRow::new(name, 0, "il file non è previsto: i nomi sono in docs/import.md"));
    }
}
