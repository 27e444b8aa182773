//! Bringing the registry to what a file says. Rows are told apart by their external key; what refers to others does so
//! by id, so the caller loads in order and asks [`ids`] between.

use std::collections::HashMap;

use db::sync::{self, Counts, Table};
use db::{Tx, Value, row};
use kernel::*;
use uuid::Uuid;

use crate::{Error, PaymentMode, PersonKind, Weekdays};

/// Tables whose rows have an external key and an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyed {
    Person,
    Household,
    Pupil,
    SchoolSite,
    ClassGroup,
    Enrolment,
    Diet,
    Attachment,
    /// By its code.
    Service,
    /// By its code.
    Badge,
}

/// The ids behind external keys (or codes).
pub async fn ids<I: From<Uuid>>(tx: &mut Tx, ctx: &Ctx, of: Keyed) -> Result<HashMap<String, I>, Error> {
    let (table, key) = match of {
        Keyed::Person => ("person", "external_key"),
        Keyed::Household => ("household", "external_key"),
        Keyed::Pupil => ("pupil", "external_key"),
        Keyed::SchoolSite => ("school_site", "external_key"),
        Keyed::ClassGroup => ("class_group", "external_key"),
        Keyed::Enrolment => ("enrolment", "external_key"),
        Keyed::Diet => ("diet", "external_key"),
        Keyed::Attachment => ("attachment", "external_key"),
        Keyed::Service => ("service", "code"),
        Keyed::Badge => ("badge", "code"),
    };
    let rows =
        tx.query(&format!("select {key}, id from {table} where tenant_id = $1 and {key} is not null"), &[&ctx.tenant]).await?;
    rows.iter().map(|r| Ok((r.get(0)?, I::from(r.get::<Uuid>(1)?)))).collect()
}

async fn bring(tx: &mut Tx, ctx: &Ctx, table: &Table, rows: Vec<Vec<Value>>) -> Result<Counts, Error> {
    Ok(sync::rows(tx, ctx.tenant, table, rows).await?)
}

#[derive(Clone, Debug, Default)]
pub struct Address {
    pub street: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
}

#[derive(Clone, Debug)]
pub struct NewPerson {
    pub key: String,
    pub kind: PersonKind,
    pub fiscal_code: Option<FiscalCode>,
    pub vat_number: Option<String>,
    pub name: String,
    pub family_name: String,
    pub birth_on: Option<Day>,
    pub birth_place: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Address,
}

const PERSON: Table = Table {
    name: "person",
    key: &["external_key"],
    fixed: &["id"],
    columns: &[
        "kind",
        "fiscal_code",
        "vat_number",
        "name",
        "family_name",
        "birth_on",
        "birth_place",
        "email",
        "phone",
        "address",
        "postal_code",
        "city",
        "province",
    ],
};

pub async fn persons(tx: &mut Tx, ctx: &Ctx, persons: Vec<NewPerson>) -> Result<Counts, Error> {
    let value = |p: NewPerson| {
        let a = p.address;
        row![
            p.key,
            ctx.new_id::<PersonId>(),
            p.kind.code(),
            p.fiscal_code,
            p.vat_number,
            p.name,
            p.family_name,
            p.birth_on,
            p.birth_place,
            p.email,
            p.phone,
            a.street,
            a.postal_code,
            a.city,
            a.province
        ]
    };
    bring(tx, ctx, &PERSON, persons.into_iter().map(value).collect()).await
}

/// Households, by their external keys.
pub async fn households(tx: &mut Tx, ctx: &Ctx, keys: Vec<String>) -> Result<Counts, Error> {
    let known: HashMap<String, Uuid> = ids(tx, ctx, Keyed::Household).await?;
    let new: Vec<_> =
        keys.iter().filter(|k| !known.contains_key(*k)).map(|k| row![ctx.tenant, ctx.new_id::<Uuid>(), k]).collect();
    let inserted = tx.insert_many("insert into household (tenant_id, id, external_key)", new, "").await?;
    Ok(Counts { inserted, updated: 0, unchanged: keys.len() as u64 - inserted })
}

#[derive(Clone, Debug)]
pub struct NewIsee {
    pub household: Uuid,
    pub from_on: Day,
    pub to_on: Day,
    /// `ordinario`, `minorenni`, `corrente`.
    pub kind: &'static str,
    pub amount: Cents,
    pub protocol_number: Option<String>,
}

const ISEE: Table = Table {
    name: "isee_declaration",
    key: &["household_id", "from_on"],
    fixed: &[],
    columns: &["to_on", "kind", "amount_cents", "protocol_number"],
};

pub async fn isee(tx: &mut Tx, ctx: &Ctx, declarations: Vec<NewIsee>) -> Result<Counts, Error> {
    let value = |i: NewIsee| row![i.household, i.from_on, i.to_on, i.kind, i.amount, i.protocol_number];
    bring(tx, ctx, &ISEE, declarations.into_iter().map(value).collect()).await
}

#[derive(Clone, Debug)]
pub struct NewPupil {
    pub key: String,
    pub household: Option<Uuid>,
    pub name: String,
    pub family_name: String,
    pub fiscal_code: Option<FiscalCode>,
    pub birth_on: Day,
    pub birth_place: Option<String>,
    pub address: Address,
    pub phone: Option<String>,
    pub resident: bool,
    pub open: bool,
}

const PUPIL: Table = Table {
    name: "pupil",
    key: &["external_key"],
    fixed: &["id"],
    columns: &[
        "household_id",
        "name",
        "family_name",
        "fiscal_code",
        "birth_on",
        "birth_place",
        "address",
        "postal_code",
        "city",
        "province",
        "phone",
        "resident",
        "state",
    ],
};

pub async fn pupils(tx: &mut Tx, ctx: &Ctx, pupils: Vec<NewPupil>) -> Result<Counts, Error> {
    let value = |p: NewPupil| {
        let (a, state) = (p.address, if p.open { "open" } else { "closed" });
        row![
            p.key,
            ctx.new_id::<PupilId>(),
            p.household,
            p.name,
            p.family_name,
            p.fiscal_code,
            p.birth_on,
            p.birth_place,
            a.street,
            a.postal_code,
            a.city,
            a.province,
            p.phone,
            p.resident,
            state
        ]
    };
    bring(tx, ctx, &PUPIL, pupils.into_iter().map(value).collect()).await
}

#[derive(Clone, Debug)]
pub struct NewGuardian {
    pub pupil: PupilId,
    pub person: PersonId,
    /// `account_holder`, `guardian`, `helper`.
    pub role: &'static str,
    pub may_view: bool,
    pub may_report_absences: bool,
    pub may_pay: bool,
    pub may_have_tax_papers: bool,
    pub from_on: Day,
    pub to_on: Option<Day>,
    pub restricted_from_on: Option<Day>,
    pub restricted_to_on: Option<Day>,
    pub restriction_act: Option<String>,
}

const GUARDIAN: Table = Table {
    name: "guardianship",
    key: &["pupil_id", "person_id"],
    fixed: &["id"],
    columns: &[
        "role",
        "may_view",
        "may_report_absences",
        "may_pay",
        "may_have_tax_papers",
        "from_on",
        "to_on",
        "restricted_from_on",
        "restricted_to_on",
        "restriction_act",
    ],
};

pub async fn guardians(tx: &mut Tx, ctx: &Ctx, guardians: Vec<NewGuardian>) -> Result<Counts, Error> {
    let value = |g: NewGuardian| {
        row![
            g.pupil,
            g.person,
            ctx.new_id::<GuardianshipId>(),
            g.role,
            g.may_view,
            g.may_report_absences,
            g.may_pay,
            g.may_have_tax_papers,
            g.from_on,
            g.to_on,
            g.restricted_from_on,
            g.restricted_to_on,
            g.restriction_act
        ]
    };
    bring(tx, ctx, &GUARDIAN, guardians.into_iter().map(value).collect()).await
}

#[derive(Clone, Debug)]
pub struct NewSite {
    pub key: String,
    pub institute: String,
    pub name: String,
    /// `nido`, `infanzia`, `primaria`, `secondaria`.
    pub level: &'static str,
    pub address: String,
    pub kitchen: String,
}

const SITE: Table = Table {
    name: "school_site",
    key: &["external_key"],
    fixed: &["id"],
    columns: &["institute", "name", "level", "address", "kitchen"],
};

pub async fn sites(tx: &mut Tx, ctx: &Ctx, sites: Vec<NewSite>) -> Result<Counts, Error> {
    let value = |s: NewSite| row![s.key, ctx.new_id::<SchoolSiteId>(), s.institute, s.name, s.level, s.address, s.kitchen];
    bring(tx, ctx, &SITE, sites.into_iter().map(value).collect()).await
}

#[derive(Clone, Debug)]
pub struct NewClass {
    pub key: String,
    pub site: SchoolSiteId,
    pub school_year: SchoolYear,
    pub name: String,
    pub weekdays: Weekdays,
}

const CLASS: Table = Table {
    name: "class_group",
    key: &["external_key"],
    fixed: &["id"],
    columns: &["site_id", "school_year", "name", "weekdays"],
};

pub async fn classes(tx: &mut Tx, ctx: &Ctx, classes: Vec<NewClass>) -> Result<Counts, Error> {
    let value = |c: NewClass| row![c.key, ctx.new_id::<ClassGroupId>(), c.site, c.school_year, c.name, c.weekdays.0];
    bring(tx, ctx, &CLASS, classes.into_iter().map(value).collect()).await
}

#[derive(Clone, Debug)]
pub struct NewPlacement {
    pub pupil: PupilId,
    pub class: ClassGroupId,
    pub from_on: Day,
    pub to_on: Day,
}

const PLACEMENT: Table = Table { name: "placement", key: &["pupil_id", "from_on"], fixed: &[], columns: &["class_id", "to_on"] };

pub async fn placements(tx: &mut Tx, ctx: &Ctx, placements: Vec<NewPlacement>) -> Result<Counts, Error> {
    let value = |p: NewPlacement| row![p.pupil, p.from_on, p.class, p.to_on];
    bring(tx, ctx, &PLACEMENT, placements.into_iter().map(value).collect()).await
}

#[derive(Clone, Debug)]
pub struct NewService {
    pub code: String,
    pub name: String,
    /// `meal`, `school_bus`, `before_school`, `after_school`, `nursery`, `summer_camp`, `other`.
    pub kind: &'static str,
    pub taxonomy_code: String,
    pub vat_basis_points: Option<i32>,
    pub top_up_min: Option<Cents>,
    pub top_up_max: Option<Cents>,
    pub top_up_suggested: Vec<Cents>,
}

const SERVICE: Table = Table {
    name: "service",
    key: &["code"],
    fixed: &["id"],
    columns: &["name", "kind", "taxonomy_code", "vat_basis_points", "top_up_min_cents", "top_up_max_cents", "top_up_suggested"],
};

pub async fn services(tx: &mut Tx, ctx: &Ctx, services: Vec<NewService>) -> Result<Counts, Error> {
    let value = |s: NewService| {
        let suggested = s.top_up_suggested.iter().map(|c| c.0.to_string()).collect::<Vec<_>>().join(",");
        let suggested = (!suggested.is_empty()).then_some(suggested);
        row![
            s.code,
            ctx.new_id::<ServiceId>(),
            s.name,
            s.kind,
            s.taxonomy_code,
            s.vat_basis_points,
            s.top_up_min,
            s.top_up_max,
            suggested
        ]
    };
    bring(tx, ctx, &SERVICE, services.into_iter().map(value).collect()).await
}

#[derive(Clone, Debug)]
pub struct NewEnrolment {
    pub key: String,
    pub pupil: PupilId,
    pub service: ServiceId,
    pub school_year: SchoolYear,
    pub from_on: Day,
    pub to_on: Day,
    /// `submitted`, `active`, `suspended`, `withdrawn`, `closed`.
    pub state: &'static str,
    pub holder: PersonId,
    pub addressee: PersonId,
    pub payment_mode: PaymentMode,
    /// None: the days of the class.
    pub weekdays: Option<Weekdays>,
}

const ENROLMENT: Table = Table {
    name: "enrolment",
    key: &["external_key"],
    fixed: &["id"],
    columns: &[
        "pupil_id",
        "service_id",
        "school_year",
        "from_on",
        "to_on",
        "state",
        "holder_id",
        "addressee_id",
        "payment_mode",
        "weekdays",
    ],
};

pub async fn enrolments(tx: &mut Tx, ctx: &Ctx, enrolments: Vec<NewEnrolment>) -> Result<Counts, Error> {
    let value = |e: NewEnrolment| {
        row![
            e.key,
            ctx.new_id::<EnrolmentId>(),
            e.pupil,
            e.service,
            e.school_year,
            e.from_on,
            e.to_on,
            e.state,
            e.holder,
            e.addressee,
            e.payment_mode.code(),
            e.weekdays.map(|w| w.0)
        ]
    };
    bring(tx, ctx, &ENROLMENT, enrolments.into_iter().map(value).collect()).await
}

#[derive(Clone, Debug)]
pub struct NewBadge {
    pub code: String,
    pub pupil: PupilId,
    pub service: ServiceId,
    pub active: bool,
    pub from_on: Day,
}

const BADGE: Table =
    Table { name: "badge", key: &["code"], fixed: &["id"], columns: &["pupil_id", "service_id", "state", "from_on"] };

pub async fn badges(tx: &mut Tx, ctx: &Ctx, badges: Vec<NewBadge>) -> Result<Counts, Error> {
    let value = |b: NewBadge| {
        let state = if b.active { "active" } else { "closed" };
        row![b.code, ctx.new_id::<BadgeId>(), b.pupil, b.service, state, b.from_on]
    };
    bring(tx, ctx, &BADGE, badges.into_iter().map(value).collect()).await
}

#[derive(Clone, Debug)]
pub struct NewDiet {
    pub key: String,
    pub pupil: PupilId,
    pub code: String,
    /// `medical`, `ethical`.
    pub kind: &'static str,
    pub from_on: Day,
    pub to_on: Option<Day>,
}

const DIET: Table =
    Table { name: "diet", key: &["external_key"], fixed: &["id"], columns: &["pupil_id", "code", "kind", "from_on", "to_on"] };

/// Diets without their reasons: those are sealed apart.
pub async fn diets(tx: &mut Tx, ctx: &Ctx, diets: Vec<NewDiet>) -> Result<Counts, Error> {
    let value = |d: NewDiet| row![d.key, ctx.new_id::<DietId>(), d.pupil, d.code, d.kind, d.from_on, d.to_on];
    bring(tx, ctx, &DIET, diets.into_iter().map(value).collect()).await
}

/// Keeps the reasons of diets, already sealed, by the diets' external keys.
pub async fn diet_reasons(tx: &mut Tx, ctx: &Ctx, reasons: Vec<(String, Vec<u8>)>) -> Result<(), Error> {
    let rows = reasons.into_iter().map(|(key, sealed)| row![ctx.tenant, key, sealed]).collect();
    tx.execute_many("update diet set reason_sealed = $3 where tenant_id = $1 and external_key = $2", rows).await?;
    Ok(())
}

#[derive(Clone, Debug)]
pub struct NewAttachment {
    pub key: String,
    pub pupil: PupilId,
    pub person: Option<PersonId>,
    /// `tax_certificate`, `letter`, `form`, `other`.
    pub kind: &'static str,
    pub title: String,
    pub file_name: String,
    pub content_type: String,
    pub content: Vec<u8>,
    pub issued_on: Day,
}

const ATTACHMENT: Table = Table {
    name: "attachment",
    key: &["external_key"],
    fixed: &["id"],
    columns: &["pupil_id", "person_id", "kind", "title", "file_name", "content_type", "size_bytes", "content", "issued_on"],
};

pub async fn attachments(tx: &mut Tx, ctx: &Ctx, attachments: Vec<NewAttachment>) -> Result<Counts, Error> {
    let value = |a: NewAttachment| {
        let size = i64::try_from(a.content.len()).expect("a paper fits in memory");
        row![
            a.key,
            ctx.new_id::<AttachmentId>(),
            a.pupil,
            a.person,
            a.kind,
            a.title,
            a.file_name,
            a.content_type,
            size,
            a.content,
            a.issued_on
        ]
    };
    bring(tx, ctx, &ATTACHMENT, attachments.into_iter().map(value).collect()).await
}

#[derive(Clone, Debug)]
pub struct NewCircumstance {
    pub pupil: PupilId,
    pub from_on: Day,
    pub to_on: Option<Day>,
    /// The tenant's code, as its tariff rules name it.
    pub code: String,
    /// The act of the office.
    pub act: Option<String>,
}

const CIRCUMSTANCE: Table =
    Table { name: "pupil_circumstance", key: &["pupil_id", "from_on"], fixed: &[], columns: &["to_on", "code", "act"] };

/// Why pupils pay less whatever the ISEE.
pub async fn circumstances(tx: &mut Tx, ctx: &Ctx, new: Vec<NewCircumstance>) -> Result<Counts, Error> {
    let value = |c: NewCircumstance| row![c.pupil, c.from_on, c.to_on, c.code, c.act];
    bring(tx, ctx, &CIRCUMSTANCE, new.into_iter().map(value).collect()).await
}
