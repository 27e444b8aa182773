//! A small town: a family of two children, one prepaid and one postpaid, another family, a business and a second tenant.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use billing::{NewDocument, NewInstalment, NewLine, PaidElsewhere};
use db::{Db, ToValue, Tx};
use jiff::civil::date;
use kernel::{
    Actor, BadgeId, Cents, Clock, Ctx, Day, DocumentId, Entropy, Instant, PersonId, PositionId, PupilId, SchoolYear, ServiceId,
    TenantId,
};
use pagopa::{Destination, Metadata, Psp, Receipt, Subject, Transfer};
use payments::settings::{self, PagoPa};
use tariffs::{Band, Effect, NewPlan, Rule, When};

pub const HERE: TenantId = TenantId(1);
pub const THERE: TenantId = TenantId(2);
const FISCAL_CODES: [&str; 2] = ["77777777777", "01199250158"];

pub struct Town {
    pub db: Db,
    pub clock: Clock,
    pub entropy: Entropy,
    /// Account holder of both children.
    pub mother: PersonId,
    /// A guardian with all rights.
    pub father: PersonId,
    /// A helper who may view and report absences, and nothing else.
    pub aunt: PersonId,
    /// Kept from the children by a court.
    pub restricted: PersonId,
    /// May pay for Livio, and only look at Elettra.
    pub uncle: PersonId,
    /// Of another family.
    pub stranger: PersonId,
    pub business: PersonId,
    /// Prepaid, first child.
    pub elettra: PupilId,
    /// Postpaid, second child.
    pub livio: PupilId,
    /// The stranger's.
    pub other: PupilId,
    pub service: ServiceId,
    pub badge: BadgeId,
    pub other_badge: BadgeId,
    /// The mother of the same code in the second tenant.
    pub mother_there: PersonId,
}

pub fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

async fn run(tx: &mut Tx, sql: &str, params: &[&dyn ToValue]) {
    tx.execute_one(sql, params).await.unwrap();
}

impl Town {
    pub async fn new(db: Db) -> Town {
        let (clock, entropy) = (Clock::fixed(instant("2026-11-24T18:45:00Z")), Entropy::seeded(5));
        let ctx = Ctx::new(HERE, Actor::System("test"), &clock, &entropy);
        let mut tx = db.begin().await.unwrap();
        for (tenant, code) in [HERE, THERE].into_iter().zip(FISCAL_CODES) {
            insert_tenant(&mut tx, tenant, code).await;
        }
        let service = ctx.new_id();
        for tenant in [HERE, THERE] {
            insert_service(&mut tx, tenant, service).await;
        }
        let people = [
            ("Anna", "Verdi", Some("VRDNNA80A41Z999F")),
            ("Ugo", "Belloni", Some("BLLGUO80A01Z999X")),
            ("Zia", "Verdi", None),
            ("Ex", "Tutore", None),
            ("Ada", "Neri", Some("NREDAA80A41Z999K")),
            ("Zio", "Verdi", Some("VRDZIO80A01Z999K")),
            ("", "Cooperativa Il Filo", Some("15376371009")),
        ];
        let mut ids = Vec::new();
        for (name, family_name, code) in people {
            ids.push(insert_person(&mut tx, &ctx, HERE, name, family_name, code).await);
        }
        let there = ctx.acting_as(Actor::System("test"));
        let mother_there = insert_person(&mut tx, &there, THERE, "Anna", "Verdi", Some("VRDNNA80A41Z999F")).await;
        let household: uuid::Uuid = ctx.new_id::<PersonId>().0;
        run(&mut tx, "insert into household (tenant_id, id) values ($1, $2)", &[&HERE, &household]).await;
        run(
            &mut tx,
            "insert into isee_declaration (tenant_id, household_id, from_on, to_on, kind, amount_cents)
             values ($1, $2, $3, $4, 'ordinario', 800000)",
            &[&HERE, &household, &date(2026, 9, 1), &date(2026, 12, 31)],
        )
        .await;
        let class = insert_class(&mut tx, &ctx).await;
        let mut pupils: Vec<PupilId> = Vec::new();
        for (name, family_name, birth_on, household) in [
            ("Elettra", "Belloni", date(2016, 3, 9), Some(household)),
            ("Livio", "Belloni", date(2018, 6, 1), Some(household)),
            ("Nino", "Neri", date(2017, 1, 1), None),
        ] {
            let id: PupilId = ctx.new_id();
            run(
                &mut tx,
                "insert into pupil (tenant_id, id, household_id, name, family_name, birth_on, resident, state)
                 values ($1, $2, $3, $4, $5, $6, true, 'open')",
                &[&HERE, &id, &household, &name, &family_name, &birth_on],
            )
            .await;
            run(
                &mut tx,
                "insert into placement (tenant_id, pupil_id, class_id, from_on, to_on) values ($1, $2, $3, $4, $5)",
                &[&HERE, &id, &class, &date(2025, 9, 1), &date(2027, 6, 30)],
            )
            .await;
            pupils.push(id);
        }
        let town = Town {
            clock,
            entropy,
            mother: ids[0],
            father: ids[1],
            aunt: ids[2],
            restricted: ids[3],
            stranger: ids[4],
            uncle: ids[5],
            business: ids[6],
            elettra: pupils[0],
            livio: pupils[1],
            other: pupils[2],
            service,
            badge: ctx.new_id(),
            other_badge: ctx.new_id(),
            mother_there,
            db: db.clone(),
        };
        town.relate(&mut tx, &ctx).await;
        let plans = tariffs::load(&mut tx, &ctx, vec![plan(service)]).await.unwrap();
        assert_eq!(plans.len(), 1);
        tx.commit().await.unwrap();
        town
    }

    async fn relate(&self, tx: &mut Tx, ctx: &Ctx) {
        for pupil in [self.elettra, self.livio] {
            guardian(tx, ctx, self.mother, pupil, "account_holder", true, None).await;
            guardian(tx, ctx, self.father, pupil, "guardian", true, None).await;
            guardian(tx, ctx, self.aunt, pupil, "helper", false, None).await;
            guardian(tx, ctx, self.restricted, pupil, "guardian", true, Some("Decreto 12/2026")).await;
        }
        guardian(tx, ctx, self.uncle, self.livio, "guardian", true, None).await;
        guardian(tx, ctx, self.uncle, self.elettra, "helper", false, None).await;
        guardian(tx, ctx, self.stranger, self.other, "account_holder", true, None).await;
        for (pupil, holder, mode) in [
            (self.elettra, self.mother, "prepaid"),
            (self.livio, self.mother, "postpaid"),
            (self.other, self.stranger, "prepaid"),
        ] {
            let sql = "insert into enrolment (tenant_id, id, pupil_id, service_id, school_year, from_on, to_on, state, holder_id,
                       addressee_id, payment_mode) values ($1, $2, $3, $4, 2026, $5, $6, 'active', $7, $7, $8)";
            let id: kernel::EnrolmentId = ctx.new_id();
            let (from_on, to_on) = (date(2025, 9, 1), date(2027, 6, 30));
            run(tx, sql, &[&HERE, &id, &pupil, &self.service, &from_on, &to_on, &holder, &mode]).await;
        }
        for (badge, code, pupil) in [(self.badge, "100201", self.elettra), (self.other_badge, "100202", self.other)] {
            let sql = "insert into badge (tenant_id, id, code, pupil_id, service_id, state, from_on)
                       values ($1, $2, $3, $4, $5, 'active', $6)";
            run(tx, sql, &[&HERE, &badge, &code, &pupil, &self.service, &date(2025, 9, 1)]).await;
        }
    }

    pub fn system(&self) -> Ctx {
        Ctx::new(HERE, Actor::System("test"), &self.clock, &self.entropy)
    }

    pub fn as_person(&self, person: PersonId) -> Ctx {
        self.system().acting_as(Actor::Person(person))
    }

    pub fn there(&self) -> Ctx {
        Ctx::new(THERE, Actor::Person(self.mother_there), &self.clock, &self.entropy)
    }

    /// Those who must see nothing of the family's money.
    pub fn outsiders(&self) -> Vec<Ctx> {
        let same_id_there = Ctx { tenant: THERE, ..self.as_person(self.mother) };
        vec![
            self.as_person(self.stranger),
            self.as_person(self.restricted),
            self.there(),
            same_id_there,
            self.system().acting_as(Actor::PagopaNode),
        ]
    }

    pub fn document(&self, number: &str, issued_on: Day, parts: &[(Day, i64)]) -> NewDocument {
        let total: i64 = parts.iter().map(|(_, amount)| amount).sum();
        let instalment = |(number, (due_on, amount)): (i64, &(Day, i64))| NewInstalment {
            number,
            due_on: *due_on,
            amount: Cents(*amount),
            paid_elsewhere: None,
        };
        let line = NewLine { description: "Pasti".to_owned(), quantity: 1, unit: Cents(total), amount: Cents(total) };
        NewDocument {
            external_key: format!("DOC-{number}"),
            series: "MENSA".to_owned(),
            number: number.to_owned(),
            issued_on,
            school_year: SchoolYear::containing(issued_on),
            description: "Refezione scolastica".to_owned(),
            holder: self.mother,
            pupil: Some(self.elettra),
            service: self.service,
            lines: vec![line],
            instalments: (1..).zip(parts).map(instalment).collect(),
            enforced_on: None,
        }
    }

    pub async fn issue(&self, new: NewDocument) -> DocumentId {
        let mut tx = self.db.begin().await.unwrap();
        let id = billing::issue(&mut tx, &self.system(), new).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// The node delivers a receipt of this amount for a position.
    pub async fn pay(&self, position: PositionId, cents: i64, payer_code: Option<&str>) {
        let node = self.system().acting_as(Actor::PagopaNode);
        let mut tx = self.db.begin().await.unwrap();
        let asked = payments::get(&mut tx, &node, position).await.unwrap();
        let institution = settings::find_institution(&mut tx, FISCAL_CODES[0]).await.unwrap().unwrap();
        let receipt = receipt(&asked, cents, payer_code, self.clock.now(), &self.entropy);
        payments::receipt::record(&mut tx, &node, &institution, &receipt, "<raw/>").await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn attend(&self, pupil: PupilId, day: Day, status: &str) {
        let mut tx = self.db.begin().await.unwrap();
        let sql = "insert into attendance (tenant_id, pupil_id, service_id, day, status, source, recorded_at, recorded_by)
                   values ($1, $2, $3, $4, $5, 'roll', $6, 'test')";
        run(&mut tx, sql, &[&HERE, &pupil, &self.service, &day, &status, &self.clock.now()]).await;
        tx.commit().await.unwrap();
    }

    /// After every scenario: the whole ledger balances and its chain holds.
    pub async fn check_ledger(&self) {
        let mut tx = self.db.read().await.unwrap();
        ledger::check_balanced(&mut tx, HERE).await.unwrap();
        ledger::verify(&mut tx, HERE).await.unwrap();
    }
}

pub fn paid(amount: i64, on: Day, by: &str) -> Option<PaidElsewhere> {
    Some(PaidElsewhere { amount: Cents(amount), on, by: by.to_owned() })
}

/// Three bands by ISEE, and a fifth off for the second child.
fn plan(service: ServiceId) -> NewPlan {
    let band =
        |label: &str, up_to: Option<i64>, price| Band { label: label.to_owned(), up_to: up_to.map(Cents), price: Cents(price) };
    let bands = vec![band("Fascia 1", Some(400_000), 0), band("Fascia 2", Some(1_000_000), 340), band("Fascia 3", None, 500)];
    let second = When { child_from: Some(2), ..When::default() };
    NewPlan {
        external_key: "T26".to_owned(),
        service_id: service,
        name: "Tariffe refezione".to_owned(),
        resolution_number: "41".to_owned(),
        resolution_on: date(2026, 5, 28),
        from_on: date(2026, 9, 1),
        to_on: date(2027, 8, 31),
        rules: vec![
            Rule::always(Effect::Bands { bands }),
            Rule { when: second, effect: Effect::Discount { label: "Secondo figlio".to_owned(), basis_points: 2000 } },
        ],
    }
}

async fn insert_tenant(tx: &mut Tx, id: TenantId, fiscal_code: &str) {
    let sql = "insert into tenant (id, ipa_code, name, tagline, fiscal_code, colour, city, region_name, region_url, website_url,
                   office_name, office_email, office_phone, office_address, office_hours, public_url, enabled, created_at)
               values ($1, $2, $2, '', $2, '#0066cc', 'Roma', 'Lazio', 'https://r.example', 'https://c.example', 'Servizi scolastici',
                   'a@c.example', '06', 'Via', '9-12', 'https://s.example', true, $3)";
    run(tx, sql, &[&id, &fiscal_code, &instant("2026-01-01T00:00:00Z")]).await;
    let pagopa = PagoPa {
        tenant: id,
        broker: fiscal_code.to_owned(),
        station: format!("{fiscal_code}_01"),
        segregation: 1,
        cbill: None,
        iban: "IT60X0542811101000000123456".to_owned(),
        postal_iban: None,
        postal_holder: None,
        postal_authorisation: None,
        accepts_after_due: true,
        checkout_base_url: "http://127.0.0.1:8081/checkout/ec/v2".to_owned(),
        checkout_hosts: vec!["127.0.0.1:8081".to_owned()],
        checkout_key_sealed: None,
    };
    settings::insert(tx, &pagopa).await.unwrap();
}

async fn insert_service(tx: &mut Tx, tenant: TenantId, id: ServiceId) {
    let sql = "insert into service (tenant_id, id, code, name, kind, taxonomy_code, top_up_min_cents, top_up_max_cents, top_up_suggested)
               values ($1, $2, 'MENSA', 'Refezione scolastica', 'meal', '9/0107101TS/', 500, 20000, '1000,2500,5000')";
    run(tx, sql, &[&tenant, &id]).await;
}

async fn insert_person(tx: &mut Tx, ctx: &Ctx, tenant: TenantId, name: &str, family_name: &str, code: Option<&str>) -> PersonId {
    let id: PersonId = ctx.new_id();
    let is_business = code.is_some_and(|code| code.len() == 11);
    let kind = if is_business { "business" } else { "natural" };
    let (fiscal, vat) = (code.filter(|_| !is_business), code.filter(|_| is_business));
    let sql = "insert into person (tenant_id, id, kind, fiscal_code, vat_number, name, family_name) values ($1, $2, $3, $4, $5, $6, $7)";
    let fiscal = fiscal.map(valid);
    run(tx, sql, &[&tenant, &id, &kind, &fiscal, &vat, &name, &family_name]).await;
    id
}

/// A code with its check character made right.
pub fn valid(code: &str) -> String {
    let last = ('A'..='Z').find(|c| kernel::FiscalCode::parse(&format!("{}{c}", &code[..15])).is_ok());
    format!("{}{}", &code[..15], last.unwrap())
}

async fn insert_class(tx: &mut Tx, ctx: &Ctx) -> kernel::ClassGroupId {
    let (site, class): (kernel::SchoolSiteId, kernel::ClassGroupId) = (ctx.new_id(), ctx.new_id());
    let sql = "insert into school_site (tenant_id, id, institute, name, level, address, kitchen)
               values ($1, $2, 'IC Uno', 'Rodari', 'primaria', 'Via', 'Centrale')";
    run(tx, sql, &[&HERE, &site]).await;
    let sql = "insert into class_group (tenant_id, id, site_id, school_year, name, weekdays) values ($1, $2, $3, 2026, '3A', 31)";
    run(tx, sql, &[&HERE, &class, &site]).await;
    class
}

async fn guardian(tx: &mut Tx, ctx: &Ctx, person: PersonId, pupil: PupilId, role: &str, may_pay: bool, act: Option<&str>) {
    let id: kernel::GuardianshipId = ctx.new_id();
    let sql = "insert into guardianship (tenant_id, id, pupil_id, person_id, role, may_view, may_report_absences, may_pay,
               may_have_tax_papers, from_on, restriction_act) values ($1, $2, $3, $4, $5, true, true, $6, $6, $7, $8)";
    run(tx, sql, &[&HERE, &id, &pupil, &person, &role, &may_pay, &date(2020, 1, 1), &act]).await;
}

fn receipt(position: &payments::Position, cents: i64, payer: Option<&str>, now: Instant, entropy: &Entropy) -> Receipt {
    let subject = |code: &str| Subject { identifier: code.to_owned(), full_name: "Chi paga".to_owned(), ..Subject::default() };
    Receipt {
        receipt_id: entropy.token(),
        notice_number: position.notice_number,
        fiscal_code: FISCAL_CODES[0].to_owned(),
        is_paid: true,
        creditor_reference_id: position.iuv.clone(),
        amount_cents: cents,
        description: position.description.clone(),
        company_name: "Comune".to_owned(),
        office_name: None,
        debtor: subject(&position.debtor_code),
        transfers: vec![Transfer {
            index: 1,
            amount_cents: cents,
            fiscal_code_pa: FISCAL_CODES[0].to_owned(),
            company_name: None,
            destination: Destination::Iban("IT60X0542811101000000123456".to_owned()),
            remittance_information: "Refezione".to_owned(),
            category: "9/0107101TS/".to_owned(),
            metadata: Metadata::new(),
        }],
        psp: Psp {
            id: "PSP1".to_owned(),
            fiscal_code: None,
            vat_number: None,
            company_name: "Banca di prova".to_owned(),
            channel_id: "C1".to_owned(),
            channel_description: "WISP".to_owned(),
        },
        payer: payer.map(subject),
        payment_method: Some("creditCard".to_owned()),
        payment_note: None,
        fee_cents: None,
        creditor_fee_cents: None,
        bundle_id: None,
        creditor_bundle_id: None,
        paid_at: Some(now),
        applied_on: None,
        transferred_on: None,
        metadata: Metadata::new(),
        is_stand_in: false,
    }
}
