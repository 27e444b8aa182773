use std::collections::HashMap;

use enrolment::load::{self, Keyed, ids};
use enrolment::{PaymentMode, PersonKind, Weekdays};

use super::Loading;
use crate::Error;
use crate::folder::Folder;
use crate::rows::Address;
use crate::spec;

/// A codice fiscale or VAT number that another row of the database has already cannot be given twice.
pub(super) async fn codes_of_others(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let persons =
        owners(l, "select fiscal_code, external_key from person where tenant_id = $1 and fiscal_code is not null").await?;
    let vats = owners(l, "select vat_number, external_key from person where tenant_id = $1 and vat_number is not null").await?;
    let pupils =
        owners(l, "select fiscal_code, external_key from pupil where tenant_id = $1 and fiscal_code is not null").await?;
    let other = |owners: &HashMap<String, Option<String>>, code: Option<&str>, key: &str| {
        code.and_then(|code| owners.get(code)).is_some_and(|owner| owner.as_deref() != Some(key))
    };
    for row in &folder.persons {
        let p = &row.value;
        if other(&persons, p.fiscal_code.as_ref().map(|c| c.as_str()), &p.key) {
            l.bad(&spec::PERSONS, row.row, "codice_fiscale: è già di un'altra persona importata");
        }
        if other(&vats, p.vat_number.as_deref(), &p.key) {
            l.bad(&spec::PERSONS, row.row, "partita_iva: è già di un'altra impresa importata");
        }
    }
    for row in &folder.pupils {
        if other(&pupils, row.value.fiscal_code.as_ref().map(|c| c.as_str()), &row.value.key) {
            l.bad(&spec::PUPILS, row.row, "codice_fiscale: è già di un altro alunno importato");
        }
    }
    Ok(())
}

async fn owners(l: &mut Loading<'_>, sql: &str) -> Result<HashMap<String, Option<String>>, Error> {
    let rows = l.tx.query(sql, &[&l.ctx.tenant]).await?;
    Ok(rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<_, db::Error>>()?)
}

pub(super) async fn load(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    persons(l, folder).await?;
    households(l, folder).await?;
    pupils(l, folder).await?;
    guardians(l, folder).await?;
    schools(l, folder).await?;
    services(l, folder).await?;
    enrolments(l, folder).await?;
    badges(l, folder).await?;
    diets(l, folder).await
}

fn address(a: &Address) -> load::Address {
    let a = a.clone();
    load::Address { street: a.street, postal_code: a.postal_code, city: a.city, province: a.province }
}

async fn persons(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let new = folder.persons.iter().map(|row| {
        let (p, address) = (row.value.clone(), address(&row.value.address));
        let kind = if p.business { PersonKind::Business } else { PersonKind::Natural };
        load::NewPerson {
            key: p.key,
            kind,
            fiscal_code: p.fiscal_code,
            vat_number: p.vat_number,
            name: p.name,
            family_name: p.family_name,
            birth_on: p.birth_on,
            birth_place: p.birth_place,
            email: p.email,
            phone: p.phone,
            address,
        }
    });
    let counts = load::persons(l.tx, l.ctx, new.collect()).await?;
    l.count(&spec::PERSONS, counts);
    l.ids.persons = ids(l.tx, l.ctx, Keyed::Person).await?;
    Ok(())
}

async fn households(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let mut keys: Vec<String> = folder.households.iter().map(|row| row.value.household.clone()).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut counts = load::households(l.tx, l.ctx, keys).await?;
    l.ids.households = ids(l.tx, l.ctx, Keyed::Household).await?;
    let isee = folder.households.iter().filter_map(|row| {
        let (household, isee) = (l.ids.households[&row.value.household], row.value.isee.clone()?);
        Some(load::NewIsee {
            household,
            from_on: isee.from_on,
            to_on: isee.to_on,
            kind: isee.kind,
            amount: isee.amount,
            protocol_number: isee.protocol_number,
        })
    });
    counts += load::isee(l.tx, l.ctx, isee.collect()).await?;
    l.count(&spec::HOUSEHOLDS, counts);
    Ok(())
}

async fn pupils(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let new = folder.pupils.iter().map(|row| {
        let (p, address) = (row.value.clone(), address(&row.value.address));
        load::NewPupil {
            key: p.key,
            household: p.household.map(|key| l.ids.households[&key]),
            name: p.name,
            family_name: p.family_name,
            fiscal_code: p.fiscal_code,
            birth_on: p.birth_on,
            birth_place: p.birth_place,
            address,
            phone: p.phone,
            resident: p.resident,
            open: p.open,
        }
    });
    let counts = load::pupils(l.tx, l.ctx, new.collect()).await?;
    l.count(&spec::PUPILS, counts);
    l.ids.pupils = ids(l.tx, l.ctx, Keyed::Pupil).await?;
    Ok(())
}

async fn guardians(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let new = folder.guardians.iter().map(|row| {
        let g = row.value.clone();
        load::NewGuardian {
            pupil: l.ids.pupils[&g.pupil],
            person: l.ids.persons[&g.person],
            role: g.role,
            may_view: g.may_view,
            may_report_absences: g.may_report_absences,
            may_pay: g.may_pay,
            may_have_tax_papers: g.may_have_tax_papers,
            from_on: g.from_on,
            to_on: g.to_on,
            restricted_from_on: g.restricted_from_on,
            restricted_to_on: g.restricted_to_on,
            restriction_act: g.restriction_act,
        }
    });
    let counts = load::guardians(l.tx, l.ctx, new.collect()).await?;
    l.count(&spec::GUARDIANS, counts);
    Ok(())
}

async fn schools(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let new = folder.sites.iter().map(|row| {
        let s = row.value.clone();
        load::NewSite { key: s.key, institute: s.institute, name: s.name, level: s.level, address: s.address, kitchen: s.kitchen }
    });
    let counts = load::sites(l.tx, l.ctx, new.collect()).await?;
    l.count(&spec::SITES, counts);
    l.ids.sites = ids(l.tx, l.ctx, Keyed::SchoolSite).await?;
    let new = folder.classes.iter().map(|row| {
        let c = row.value.clone();
        let (site, weekdays) = (l.ids.sites[&c.site], Weekdays(c.weekdays));
        load::NewClass { key: c.key, site, school_year: c.school_year, name: c.name, weekdays }
    });
    let counts = load::classes(l.tx, l.ctx, new.collect()).await?;
    l.count(&spec::CLASSES, counts);
    l.ids.classes = ids(l.tx, l.ctx, Keyed::ClassGroup).await?;
    let new = folder.placements.iter().map(|row| {
        let p = &row.value;
        load::NewPlacement { pupil: l.ids.pupils[&p.pupil], class: l.ids.classes[&p.class], from_on: p.from_on, to_on: p.to_on }
    });
    let counts = load::placements(l.tx, l.ctx, new.collect()).await?;
    l.count(&spec::PLACEMENTS, counts);
    Ok(())
}

async fn services(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let new = folder.services.iter().map(|row| {
        let s = row.value.clone();
        load::NewService {
            code: s.code,
            name: s.name,
            kind: s.kind,
            taxonomy_code: s.taxonomy_code,
            vat_basis_points: s.vat_basis_points,
            top_up_min: s.top_up_min,
            top_up_max: s.top_up_max,
            top_up_suggested: s.top_up_suggested,
        }
    });
    let counts = load::services(l.tx, l.ctx, new.collect()).await?;
    l.count(&spec::SERVICES, counts);
    l.ids.services = ids(l.tx, l.ctx, Keyed::Service).await?;
    Ok(())
}

async fn enrolments(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let new = folder.enrolments.iter().map(|row| {
        let e = row.value.clone();
        let holder = l.ids.persons[&e.holder];
        load::NewEnrolment {
            key: e.key,
            pupil: l.ids.pupils[&e.pupil],
            service: l.ids.services[&e.service],
            school_year: e.school_year,
            from_on: e.from_on,
            to_on: e.to_on,
            state: e.state,
            holder,
            addressee: e.addressee.map_or(holder, |key| l.ids.persons[&key]),
            payment_mode: PaymentMode::from_code(e.payment_mode),
            weekdays: e.weekdays.map(Weekdays),
        }
    });
    let counts = load::enrolments(l.tx, l.ctx, new.collect()).await?;
    l.count(&spec::ENROLMENTS, counts);
    Ok(())
}

async fn badges(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let new = folder.badges.iter().map(|row| {
        let b = row.value.clone();
        let (pupil, service) = (l.ids.pupils[&b.pupil], l.ids.services[&b.service]);
        load::NewBadge { code: b.code, pupil, service, active: b.active, from_on: b.from_on }
    });
    let counts = load::badges(l.tx, l.ctx, new.collect()).await?;
    l.count(&spec::BADGES, counts);
    l.ids.badges = ids(l.tx, l.ctx, Keyed::Badge).await?;
    Ok(())
}

async fn diets(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let new = folder.diets.iter().map(|row| {
        let d = row.value.clone();
        load::NewDiet {
            pupil: l.ids.pupils[&d.pupil],
            key: d.key,
            code: d.code,
            kind: d.kind,
            from_on: d.from_on,
            to_on: d.to_on,
        }
    });
    let counts = load::diets(l.tx, l.ctx, new.collect()).await?;
    l.count(&spec::DIETS, counts);
    Ok(())
}
