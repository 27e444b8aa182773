//! Who lives in the town.

use std::collections::HashMap;

use db::Tx;
use enrolment::load::{
    self, Address, Keyed, NewBadge, NewClass, NewDiet, NewEnrolment, NewGuardian, NewIsee, NewPerson, NewPlacement, NewPupil,
    NewService, NewSite,
};
use enrolment::{PaymentMode, PersonKind, Tenant, Weekdays, tenant};
use jiff::civil::date;
use kernel::{
    BadgeId, Cents, ClassGroupId, Ctx, Day, FiscalCode, Instant, PersonId, PupilId, SchoolSiteId, SchoolYear, ServiceId, TenantId,
};
use uuid::Uuid;

use super::{FIRST, LAST, People, Pupils, Sites};

const YEAR: SchoolYear = SchoolYear(2026);
const MONDAY_WEDNESDAY: Weekdays = Weekdays(0b101);

pub struct Town {
    pub people: People,
    pub pupils: Pupils,
    /// The meal, and before-school.
    pub services: (ServiceId, ServiceId),
    pub sites: Sites,
    pub badge: BadgeId,
}

pub struct Elsewhere {
    pub sara: PersonId,
    pub tommaso: PupilId,
    pub meal: ServiceId,
    pub site: SchoolSiteId,
    pub badge: BadgeId,
}

pub async fn tenant(tx: &mut Tx, now: Instant, ipa_code: &str, name: &str, fiscal_code: &str, host: &str) -> TenantId {
    let id = TenantId(tenant::list_all(tx).await.expect("tenants").len() as i64 + 1);
    let about = Tenant {
        id,
        ipa_code: ipa_code.to_owned(),
        name: name.to_owned(),
        tagline: "Servizi scolastici".to_owned(),
        fiscal_code: fiscal_code.to_owned(),
        colour: "#0b5394".to_owned(),
        city: name.trim_start_matches("Comune di ").to_owned(),
        region_name: "Regione Esempio".to_owned(),
        region_url: "https://regione.esempio.test".to_owned(),
        website_url: format!("https://www.{host}"),
        office_name: "Ufficio scuola".to_owned(),
        office_email: format!("scuola@{host}"),
        office_phone: "055 000 0000".to_owned(),
        office_address: "Piazza del Comune 1".to_owned(),
        office_hours: "lun-ven 9-12".to_owned(),
        accessibility_statement_url: None,
        public_url: format!("https://{host}"),
        enabled: true,
        arms: None,
    };
    tenant::insert(tx, &about, &[host.to_owned()], now).await.expect("a tenant");
    id
}

/// Key, given name, family name, birth, whether a woman.
const PERSONS: [(&str, &str, &str, Day, bool); 6] = [
    ("anna", "Anna", "Bianchi", date(1986, 3, 4), true),
    ("marco", "Marco", "Rossi", date(1984, 7, 19), false),
    ("teresa", "Teresa", "Verdi", date(1955, 1, 30), true),
    ("paolo", "Paolo", "Neri", date(1983, 11, 2), false),
    ("elena", "Elena", "Conti", date(1982, 5, 25), true),
    ("carla", "Carla", "Fontana", date(1990, 9, 9), true),
];

/// Key, given name, family name, birth, whether a girl, household.
const PUPILS: [(&str, &str, &str, Day, bool, &str); 4] = [
    ("luca", "Luca", "Rossi", date(2018, 4, 12), false, "rossi"),
    ("giulia", "Giulia", "Conti", date(2018, 2, 3), true, "conti"),
    ("pietro", "Pietro", "Conti", date(2016, 6, 21), false, "conti"),
    ("nina", "Nina", "Conti", date(2022, 10, 8), true, "conti"),
];

/// Pupil, class, how the meal is paid.
const SEATS: [(&str, &str, PaymentMode, &str); 4] = [
    ("luca", "3A", PaymentMode::Prepaid, "anna"),
    ("giulia", "3A", PaymentMode::Postpaid, "elena"),
    ("pietro", "5B", PaymentMode::Postpaid, "elena"),
    ("nina", "BLU", PaymentMode::Postpaid, "elena"),
];

pub async fn town(tx: &mut Tx, ctx: &Ctx) -> Town {
    let people = people(tx, ctx).await;
    let pupils = pupils(tx, ctx).await;
    guardians(tx, ctx, &people, &pupils).await;
    let (sites, classes) = schools(tx, ctx).await;
    let services = services(tx, ctx).await;
    let (meal, before_school) = (services["MENSA"], services["PRE"]);
    for (pupil, class, mode, holder) in SEATS {
        seat(tx, ctx, pupils[pupil], classes[class], (meal, mode, people[holder])).await;
    }
    enrol(tx, ctx, "pietro-pre", pupils["pietro"], (before_school, PaymentMode::Flat, people["elena"], people["faro"])).await;
    let badge = badge(tx, ctx, "0001001", pupils["luca"], meal).await;
    let diet = NewDiet {
        key: "nina-sg".to_owned(),
        pupil: pupils["nina"],
        code: "SG".to_owned(),
        kind: "medical",
        from_on: FIRST,
        to_on: Some(LAST),
    };
    load::diets(tx, ctx, vec![diet]).await.expect("a diet");
    Town {
        people: People {
            anna: people["anna"],
            marco: people["marco"],
            teresa: people["teresa"],
            paolo: people["paolo"],
            elena: people["elena"],
            carla: people["carla"],
            business: people["faro"],
            sara: PersonId(Uuid::nil()),
        },
        pupils: Pupils {
            luca: pupils["luca"],
            giulia: pupils["giulia"],
            pietro: pupils["pietro"],
            nina: pupils["nina"],
            tommaso: PupilId(Uuid::nil()),
        },
        services: (meal, before_school),
        sites,
        badge,
    }
}

/// One family of the other tenant; its keys are those of the first.
pub async fn elsewhere(tx: &mut Tx, ctx: &Ctx) -> Elsewhere {
    load::persons(tx, ctx, vec![person("anna", "Sara", "Galli", date(1988, 8, 8), true)]).await.expect("persons");
    load::households(tx, ctx, vec!["rossi".to_owned()]).await.expect("households");
    let household = load::ids::<Uuid>(tx, ctx, Keyed::Household).await.expect("ids")["rossi"];
    let tommaso = pupil("luca", "Tommaso", "Galli", date(2018, 1, 15), false, household);
    load::pupils(tx, ctx, vec![tommaso]).await.expect("pupils");
    let sara = load::ids::<PersonId>(tx, ctx, Keyed::Person).await.expect("ids")["anna"];
    let tommaso = load::ids::<PupilId>(tx, ctx, Keyed::Pupil).await.expect("ids")["luca"];
    load::guardians(tx, ctx, vec![guardian(tommaso, sara, "account_holder")]).await.expect("guardians");
    let (sites, classes) = schools(tx, ctx).await;
    let meal = services(tx, ctx).await["MENSA"];
    seat(tx, ctx, tommaso, classes["3A"], (meal, PaymentMode::Prepaid, sara)).await;
    let badge = badge(tx, ctx, "0001001", tommaso, meal).await;
    Elsewhere { sara, tommaso, meal, site: sites.collodi, badge }
}

async fn people(tx: &mut Tx, ctx: &Ctx) -> HashMap<String, PersonId> {
    let mut persons: Vec<NewPerson> =
        PERSONS.iter().map(|(key, name, family_name, birth, woman)| person(key, name, family_name, *birth, *woman)).collect();
    persons.push(NewPerson {
        kind: PersonKind::Business,
        fiscal_code: None,
        vat_number: Some("00000000034".to_owned()),
        name: String::new(),
        family_name: "Il Faro S.r.l.".to_owned(),
        birth_on: None,
        birth_place: None,
        ..person("faro", "Il", "Faro", date(2000, 1, 1), false)
    });
    load::persons(tx, ctx, persons).await.expect("persons");
    load::ids(tx, ctx, Keyed::Person).await.expect("ids")
}

fn person(key: &str, name: &str, family_name: &str, birth: Day, woman: bool) -> NewPerson {
    NewPerson {
        key: key.to_owned(),
        kind: PersonKind::Natural,
        fiscal_code: Some(FiscalCode::build(family_name, name, birth, woman, "Z999")),
        vat_number: None,
        name: name.to_owned(),
        family_name: family_name.to_owned(),
        birth_on: Some(birth),
        birth_place: Some("Esempio".to_owned()),
        email: Some(format!("{key}@famiglie.test")),
        phone: Some("333 000 0000".to_owned()),
        address: address(),
    }
}

fn address() -> Address {
    let some = |text: &str| Some(text.to_owned());
    Address { street: some("Via dei Tigli 3"), postal_code: some("00100"), city: some("Esempio"), province: some("XX") }
}

async fn pupils(tx: &mut Tx, ctx: &Ctx) -> HashMap<String, PupilId> {
    load::households(tx, ctx, vec!["rossi".to_owned(), "conti".to_owned()]).await.expect("households");
    let households = load::ids::<Uuid>(tx, ctx, Keyed::Household).await.expect("ids");
    let isee = NewIsee {
        household: households["conti"],
        from_on: date(2026, 1, 15),
        to_on: date(2026, 12, 31),
        kind: "ordinario",
        amount: Cents(850_000),
        protocol_number: Some("INPS-ISEE-2026-0001".to_owned()),
    };
    load::isee(tx, ctx, vec![isee]).await.expect("an ISEE");
    let pupils =
        PUPILS.iter().map(|(key, name, family, birth, girl, home)| pupil(key, name, family, *birth, *girl, households[*home]));
    load::pupils(tx, ctx, pupils.collect()).await.expect("pupils");
    load::ids(tx, ctx, Keyed::Pupil).await.expect("ids")
}

fn pupil(key: &str, name: &str, family_name: &str, birth: Day, girl: bool, household: Uuid) -> NewPupil {
    NewPupil {
        key: key.to_owned(),
        household: Some(household),
        name: name.to_owned(),
        family_name: family_name.to_owned(),
        fiscal_code: Some(FiscalCode::build(family_name, name, birth, girl, "Z999")),
        birth_on: birth,
        birth_place: Some("Esempio".to_owned()),
        address: address(),
        phone: None,
        resident: true,
        open: true,
    }
}

async fn guardians(tx: &mut Tx, ctx: &Ctx, people: &HashMap<String, PersonId>, pupils: &HashMap<String, PupilId>) {
    let luca = pupils["luca"];
    let mut all = vec![
        guardian(luca, people["anna"], "account_holder"),
        guardian(luca, people["marco"], "guardian"),
        NewGuardian {
            may_report_absences: false,
            may_pay: false,
            may_have_tax_papers: false,
            ..guardian(luca, people["teresa"], "helper")
        },
        NewGuardian {
            restricted_from_on: Some(date(2026, 10, 1)),
            restriction_act: Some("decreto 123/2026".to_owned()),
            ..guardian(luca, people["paolo"], "guardian")
        },
    ];
    all.extend(["giulia", "pietro", "nina"].map(|child| guardian(pupils[child], people["elena"], "account_holder")));
    load::guardians(tx, ctx, all).await.expect("guardians");
}

fn guardian(pupil: PupilId, person: PersonId, role: &'static str) -> NewGuardian {
    NewGuardian {
        pupil,
        person,
        role,
        may_view: true,
        may_report_absences: true,
        may_pay: true,
        may_have_tax_papers: true,
        from_on: date(2024, 9, 1),
        to_on: None,
        restricted_from_on: None,
        restricted_to_on: None,
        restriction_act: None,
    }
}

async fn schools(tx: &mut Tx, ctx: &Ctx) -> (Sites, HashMap<String, ClassGroupId>) {
    let site = |key: &str, name: &str, level| NewSite {
        key: key.to_owned(),
        institute: "I.C. Esempio".to_owned(),
        name: name.to_owned(),
        level,
        address: "Via della Scuola 1".to_owned(),
        kitchen: "Centro cottura".to_owned(),
    };
    let sites = vec![site("collodi", "Primaria Collodi", "primaria"), site("arcobaleno", "Infanzia Arcobaleno", "infanzia")];
    load::sites(tx, ctx, sites).await.expect("sites");
    let sites = load::ids::<SchoolSiteId>(tx, ctx, Keyed::SchoolSite).await.expect("ids");
    let class = |name: &str, site: &str, weekdays| NewClass {
        key: name.to_owned(),
        site: sites[site],
        school_year: YEAR,
        name: name.to_owned(),
        weekdays,
    };
    let classes = vec![
        class("3A", "collodi", Weekdays::SCHOOL_WEEK),
        class("5B", "collodi", MONDAY_WEDNESDAY),
        class("BLU", "arcobaleno", Weekdays::SCHOOL_WEEK),
    ];
    load::classes(tx, ctx, classes).await.expect("classes");
    let classes = load::ids(tx, ctx, Keyed::ClassGroup).await.expect("ids");
    (Sites { collodi: sites["collodi"], arcobaleno: sites["arcobaleno"] }, classes)
}

async fn services(tx: &mut Tx, ctx: &Ctx) -> HashMap<String, ServiceId> {
    let meal = NewService {
        code: "MENSA".to_owned(),
        name: "Refezione scolastica".to_owned(),
        kind: "meal",
        taxonomy_code: "9/0107101TS/".to_owned(),
        vat_basis_points: Some(400),
        top_up_min: Some(Cents(1_000)),
        top_up_max: Some(Cents(30_000)),
        top_up_suggested: vec![Cents(2_500), Cents(5_000), Cents(10_000)],
    };
    let before_school = NewService {
        code: "PRE".to_owned(),
        name: "Pre-scuola".to_owned(),
        kind: "before_school",
        vat_basis_points: None,
        top_up_min: None,
        top_up_max: None,
        top_up_suggested: Vec::new(),
        ..meal.clone()
    };
    load::services(tx, ctx, vec![meal, before_school]).await.expect("services");
    load::ids(tx, ctx, Keyed::Service).await.expect("ids")
}

/// A place in a class and the enrolment in the meal.
async fn seat(
    tx: &mut Tx,
    ctx: &Ctx,
    pupil: PupilId,
    class: ClassGroupId,
    (meal, mode, holder): (ServiceId, PaymentMode, PersonId),
) {
    let placement = NewPlacement { pupil, class, from_on: FIRST, to_on: LAST };
    load::placements(tx, ctx, vec![placement]).await.expect("a placement");
    enrol(tx, ctx, &format!("{pupil}-mensa"), pupil, (meal, mode, holder, holder)).await;
}

async fn enrol(
    tx: &mut Tx,
    ctx: &Ctx,
    key: &str,
    pupil: PupilId,
    (service, payment_mode, holder, addressee): (ServiceId, PaymentMode, PersonId, PersonId),
) {
    let enrolment = NewEnrolment {
        key: key.to_owned(),
        pupil,
        service,
        school_year: YEAR,
        from_on: FIRST,
        to_on: LAST,
        state: "active",
        holder,
        addressee,
        payment_mode,
        weekdays: None,
    };
    load::enrolments(tx, ctx, vec![enrolment]).await.expect("an enrolment");
}

async fn badge(tx: &mut Tx, ctx: &Ctx, code: &str, pupil: PupilId, service: ServiceId) -> BadgeId {
    let badge = NewBadge { code: code.to_owned(), pupil, service, active: true, from_on: FIRST };
    load::badges(tx, ctx, vec![badge]).await.expect("a badge");
    load::ids::<BadgeId>(tx, ctx, Keyed::Badge).await.expect("ids")[code]
}
