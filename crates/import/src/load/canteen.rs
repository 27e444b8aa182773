use std::collections::HashMap;

use billing::load::NewMealCharge;
use kernel::{Day, PupilId, ServiceId};
use meals::attendance::Roll;
use meals::cutoff::CutoffRule;
use meals::load::{self, NewAbsence, NewAbsenceKind, NewAttendance, NewCalendarDay, NewMenuLine};

use super::Loading;
use crate::Error;
use crate::folder::Folder;
use crate::spec;

/// Calendar, deadlines, kinds and menus.
pub(super) async fn load_settings(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let new = folder.calendar.iter().map(|row| {
        let c = row.value.clone();
        NewCalendarDay {
            service: l.ids.services[&c.service],
            site: l.ids.sites[&c.site],
            day: c.day,
            open: c.open,
            cause: c.cause,
        }
    });
    let counts = load::calendar(l.tx, l.ctx, new.collect()).await?;
    l.count(&spec::CALENDAR, counts);
    cutoffs(l, folder).await?;
    let new = folder.absence_kinds.iter().map(|row| {
        let k = row.value.clone();
        let name_en = k.name_en.unwrap_or_else(|| k.name_it.clone());
        NewAbsenceKind { code: k.code, name_it: k.name_it, name_en, effect: k.effect, max_days: k.max_days, position: k.position }
    });
    let counts = load::absence_kinds(l.tx, l.ctx, new.collect()).await?;
    l.count(&spec::ABSENCE_KINDS, counts);
    menus(l, folder).await
}

async fn cutoffs(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let new = folder.cutoffs.iter().map(|row| {
        let c = &row.value;
        CutoffRule {
            service: l.ids.services[&c.service],
            site: c.site.as_ref().map(|key| l.ids.sites[key]),
            weekday: c.weekday,
            minute: c.minute,
            days_before: c.days_before,
            days_ahead: c.days_ahead,
            from_on: c.from_on,
            to_on: c.to_on,
        }
    });
    let counts = load::cutoff_rules(l.tx, l.ctx, new.collect()).await?;
    l.count(&spec::CUTOFFS, counts);
    Ok(())
}

async fn menus(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let new = folder.menus.iter().map(|row| {
        let m = row.value.clone();
        NewMenuLine {
            service: l.ids.services[&m.service],
            day: m.day,
            level: m.level.to_owned(),
            diet_code: m.diet_code,
            position: m.position,
            course: m.course.to_owned(),
            dish: m.dish,
            allergens: m.allergens,
        }
    });
    let counts = load::menus(l.tx, l.ctx, new.collect()).await?;
    l.count(&spec::MENUS, counts);
    Ok(())
}

/// What happened: reports of absence first, for they beat the roll.
pub(super) async fn load_days(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let charged = charged_meals(l).await?;
    refuse_changed_history(l, folder, &charged);
    if !l.report.bad.is_empty() {
        return Ok(());
    }
    let new = folder.absences.iter().map(|row| {
        let a = row.value.clone();
        NewAbsence {
            receipt_number: a.receipt,
            pupil: l.ids.pupils[&a.pupil],
            service: l.ids.services[&a.service],
            person: l.ids.persons[&a.person],
            kind_code: a.kind,
            first_on: a.first_on,
            last_on: a.last_on,
            received_at: a.received_at,
        }
    });
    let absences = load::absences(l.tx, l.ctx, l.vault, new.collect()).await?;
    attendance(l, folder).await?;
    l.count(&spec::ABSENCES, absences);
    Ok(())
}

async fn attendance(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let (mut new, mut charges) = (Vec::with_capacity(folder.attendance.len()), Vec::new());
    for row in &folder.attendance {
        let a = &row.value;
        let (pupil, service, day) = (l.ids.pupils[&a.pupil], l.ids.services[&a.service], a.day);
        new.push(NewAttendance { pupil, service, day, status: a.status });
        if let Some(charge) = &a.charge {
            let document = charge.document.as_ref().map(|key| l.ids.documents[key]);
            let derivation = lines_of(&charge.derivation);
            charges.push(NewMealCharge { pupil, service, day, amount: charge.amount, document, derivation });
        }
    }
    // in the order of the keys, so that the database appends more than it searches
    new.sort_unstable_by_key(|a| (a.pupil, a.service, a.day));
    charges.sort_unstable_by_key(|c| (c.pupil, c.service, c.day));
    let counts = load::attendance(l.tx, l.ctx, new).await?;
    billing::load::meal_charges(l.tx, l.ctx, charges).await?;
    l.count(&spec::ATTENDANCE, counts);
    Ok(())
}

/// Bars divide the lines of a derivation in a cell.
pub(super) fn lines_of(derivation: &str) -> String {
    derivation.split('|').map(str::trim).collect::<Vec<_>>().join("\n")
}

type Meals = HashMap<(PupilId, ServiceId, Day), i64>;

/// What each meal was charged, for those that were.
async fn charged_meals(l: &mut Loading<'_>) -> Result<Meals, Error> {
    let sql = "select pupil_id, service_id, day, amount_cents from meal_charge where tenant_id = $1";
    let rows = l.tx.query(sql, &[&l.ctx.tenant]).await?;
    let meal = |row: &db::Row| Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.get(3)?));
    Ok(rows.iter().map(meal).collect::<Result<_, db::Error>>()?)
}

/// A meal that was charged stays eaten, at its price: what was wrong is put right by an adjustment.
fn refuse_changed_history(l: &mut Loading<'_>, folder: &Folder, charged: &Meals) {
    if charged.is_empty() {
        return;
    }
    for row in &folder.attendance {
        let a = &row.value;
        let Some(known) = charged.get(&(l.ids.pupils[&a.pupil], l.ids.services[&a.service], a.day)) else { continue };
        if a.status == Roll::Absent {
            l.bad(&spec::ATTENDANCE, row.row, "stato: il pasto è già stato addebitato e non può diventare un'assenza");
        } else if a.charge.as_ref().is_some_and(|charge| charge.amount.0 != *known) {
            l.bad(&spec::ATTENDANCE, row.row, "importo: il pasto è già stato addebitato con un altro importo");
        }
    }
}
