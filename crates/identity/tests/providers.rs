//! Whom a tenant trusts, with which keys it signs, and who people of other countries are: on both engines.
#![allow(clippy::unwrap_used, reason = "a scenario that meets an error has failed")]

mod common;

use common::{BROWSER, ENTITY_ID, World, draft, provider_key, provider_metadata, signed};
use db::testing::on_both_engines;
use identity::foreign::{self, LinkRefusal};
use identity::keys::{self, KeyRefusal, State};
use identity::settings::{self, Settings, Supplier};
use identity::sign_in::{self, Refusal, Scheme};
use identity::{idp, session};
use kernel::{Actor, Ctx, PersonId};
use saml::registry::{self, Listed};
use saml::{SpKey, idp_side};

fn listed(names: &[&str]) -> Vec<Listed> {
    let documents: Vec<_> = names.iter().map(|name| provider_metadata(name)).collect();
    let signed = idp_side::signed_registry(&documents, provider_key()).unwrap();
    let pinned = [provider_key().certificate_der().unwrap()];
    registry::read(&signed, &pinned, "2026-11-24T08:00:00Z".parse().unwrap()).unwrap()
}

#[tokio::test]
async fn a_registry_brings_and_takes_its_own_providers_and_leaves_those_of_a_file() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let ctx = world.ctx(&world.tenant, 0);
        let mut tx = world.town.db.begin().await.unwrap();
        let first =
            idp::take_registry(&mut tx, &ctx, Scheme::Spid, &listed(&["https://a.example", "https://b.example"])).await.unwrap();
        assert_eq!((first.added.len(), first.removed.len()), (2, 0));
        let same =
            idp::take_registry(&mut tx, &ctx, Scheme::Spid, &listed(&["https://b.example", "https://a.example"])).await.unwrap();
        assert!(same.is_empty(), "{same:?}");
        let next =
            idp::take_registry(&mut tx, &ctx, Scheme::Spid, &listed(&["https://b.example", "https://c.example"])).await.unwrap();
        assert_eq!((next.added, next.removed), (vec!["https://c.example".to_owned()], vec!["https://a.example".to_owned()]));
        let names: Vec<_> = idp::list(&mut tx, &ctx, Scheme::Spid).await.unwrap().into_iter().map(|i| i.entity_id).collect();
        assert_eq!(names, ["https://b.example", "https://c.example", ENTITY_ID]);
        assert!(idp::take_registry(&mut tx, &ctx, Scheme::Spid, &[]).await.is_err(), "an empty one is no registry");
        assert_eq!(idp::list(&mut tx, &ctx, Scheme::Spid).await.unwrap().len(), 3);
        let there = world.ctx(&world.other, 0);
        assert_eq!(idp::list(&mut tx, &there, Scheme::Spid).await.unwrap().len(), 1, "each tenant has its own");
    })
    .await;
}

#[tokio::test]
async fn what_changed_of_a_provider_is_said() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let ctx = world.ctx(&world.tenant, 0);
        let mut tx = world.town.db.begin().await.unwrap();
        let name = ["https://a.example"];
        idp::take_registry(&mut tx, &ctx, Scheme::Spid, &listed(&name)).await.unwrap();
        let mut moved = listed(&name);
        moved[0].metadata = moved[0].metadata.replace("a.example/sso", "a.example/sso2");
        moved[0].idp = saml::IdpDescriptor::parse(&moved[0].metadata).unwrap();
        let changes = idp::take_registry(&mut tx, &ctx, Scheme::Spid, &moved).await.unwrap();
        assert_eq!(changes.changed, [("https://a.example".to_owned(), vec!["addresses"])]);
    })
    .await;
}

#[tokio::test]
async fn a_new_key_is_listed_before_it_signs_and_the_old_one_until_it_is_retired() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let (tenant, vault) = (&world.tenant, &world.town.vault);
        let ctx = |seconds| world.ctx(tenant, seconds);
        let mut tx = world.town.db.begin().await.unwrap();
        let old = keys::add(&mut tx, &ctx(0), vault, tenant, Scheme::Spid).await.unwrap();
        let new = keys::add(&mut tx, &ctx(1), vault, tenant, Scheme::Spid).await.unwrap();
        assert_eq!((old.state, new.state), (State::Signing, State::Listed));
        let signer = |keys: &[SpKey]| keys[0].certificate_pem.clone();
        let both = keys::load(&mut tx, &ctx(2), vault, Scheme::Spid).await.unwrap();
        assert_eq!((both.len(), signer(&both)), (2, old.certificate_pem.clone()), "both are listed, the old one signs");
        let metadata = sign_in::metadata(&mut tx, &ctx(2), vault, tenant, Scheme::Spid).await.unwrap();
        assert_eq!(idp_side::service_provider(&metadata).unwrap().certificates.len(), 2);
        assert!(matches!(keys::retire(&mut tx, &ctx(3), Scheme::Spid, old.id).await, Err(KeyRefusal::Signing)));
        keys::activate(&mut tx, &ctx(3), Scheme::Spid, new.id).await.unwrap();
        let both = keys::load(&mut tx, &ctx(4), vault, Scheme::Spid).await.unwrap();
        assert_eq!((both.len(), signer(&both)), (2, new.certificate_pem.clone()), "both are listed, the new one signs");
        keys::retire(&mut tx, &ctx(5), Scheme::Spid, old.id).await.unwrap();
        let one = keys::load(&mut tx, &ctx(6), vault, Scheme::Spid).await.unwrap();
        assert_eq!((one.len(), signer(&one)), (1, new.certificate_pem.clone()));
        assert!(matches!(keys::activate(&mut tx, &ctx(7), Scheme::Spid, old.id).await, Err(KeyRefusal::Retired)));
        let states: Vec<_> = keys::list(&mut tx, &ctx(8), Scheme::Spid).await.unwrap().into_iter().map(|k| k.state).collect();
        assert_eq!(states, [State::Signing, State::Retired]);
        // Another tenant, another scheme: no such key.
        let there = Ctx { tenant: world.other.id, ..ctx(9) };
        assert!(matches!(keys::activate(&mut tx, &there, Scheme::Spid, new.id).await, Err(KeyRefusal::NoSuchKey)));
        assert!(matches!(keys::retire(&mut tx, &ctx(9), Scheme::Cie, new.id).await, Err(KeyRefusal::NoSuchKey)));
    })
    .await;
}

#[tokio::test]
async fn a_tenant_says_its_level_and_its_supplier() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let (tenant, vault, ctx) = (&world.tenant, &world.town.vault, world.ctx(&world.tenant, 0));
        let mut tx = world.town.db.begin().await.unwrap();
        assert_eq!(settings::find(&mut tx, &ctx).await.unwrap(), Settings { level: 2, supplier: None });
        let supplier = Supplier {
            name: "Servizi Digitali S.r.l.".to_owned(),
            email: "spid@servizi.example".to_owned(),
            telephone: Some("06 0000 0000".to_owned()),
            vat_number: "IT12345678901".to_owned(),
            fiscal_code: "12345678901".to_owned(),
            nace_code: "62.01".to_owned(),
            municipality: "H501".to_owned(),
        };
        let said = Settings { level: 3, supplier: Some(supplier) };
        settings::set(&mut tx, &ctx, &said).await.unwrap();
        assert_eq!(settings::find(&mut tx, &ctx).await.unwrap(), said);
        let cie = sign_in::metadata(&mut tx, &ctx, vault, tenant, Scheme::Cie).await.unwrap();
        assert!(cie.contains("contactType=\"administrative\"") && cie.contains("contactType=\"technical\""));
        assert!(cie.contains("<md:TelephoneNumber>+390600000000</md:TelephoneNumber>"));
        let spid = sign_in::metadata(&mut tx, &ctx, vault, tenant, Scheme::Spid).await.unwrap();
        assert!(!spid.contains("technical") && spid.matches("<md:ContactPerson").count() == 1);
        let started = sign_in::start(&mut tx, &ctx, vault, tenant, Scheme::Spid, ENTITY_ID, "/", BROWSER).await.unwrap();
        assert!(started.outgoing.xml.contains("https://www.spid.gov.it/SpidL3<"));
    })
    .await;
}

/// An answer of the eIDAS node for somebody with these attributes.
async fn by_eidas(world: &World, attributes: &[(&str, &str)], seconds: i64) -> Result<sign_in::SignedIn, Refusal> {
    let started = world.start(&world.tenant, Scheme::Eidas).await;
    assert!(started.outgoing.xml.contains("AttributeConsumingServiceIndex=\"99\""));
    let mut draft = draft(world, &world.tenant, Scheme::Eidas, &started, "").await;
    draft.attributes = attributes.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    world.accept(&world.tenant, &signed(&draft, Scheme::Spid, &started), Some(BROWSER), seconds).await
}

const MARIA: [(&str, &str); 4] =
    [("spidCode", "ES/IT/12345678A"), ("name", "María"), ("familyName", "García"), ("dateOfBirth", "1988-02-03")];

#[tokio::test]
async fn a_foreign_identity_gets_in_only_once_an_operator_has_said_who_it_is() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let anna = world.town.people.anna;
        assert!(matches!(by_eidas(&world, &MARIA, 10).await, Err(Refusal::Foreign)));
        let office = world.ctx(&world.tenant, 20).acting_as(Actor::System("office"));
        let mut tx = world.town.db.begin().await.unwrap();
        let waiting = foreign::list_waiting(&mut tx, &office).await.unwrap();
        assert_eq!((waiting.len(), waiting[0].foreign_id.as_str(), waiting[0].name.as_str()), (1, "ES/IT/12345678A", "María"));
        let unknown = foreign::link(&mut tx, &office, "ES/IT/99999999Z", anna).await;
        assert!(matches!(unknown, Err(LinkRefusal::NeverSeen)));
        let nobody = foreign::link(&mut tx, &office, "ES/IT/12345678A", office.new_id::<PersonId>()).await;
        assert!(matches!(nobody, Err(LinkRefusal::NoSuchPerson)));
        let there = Ctx { tenant: world.other.id, ..office.clone() };
        assert!(matches!(foreign::link(&mut tx, &there, "ES/IT/12345678A", anna).await, Err(LinkRefusal::NoSuchPerson)));
        foreign::link(&mut tx, &office, "ES/IT/12345678A", anna).await.unwrap();
        assert!(foreign::list_waiting(&mut tx, &office).await.unwrap().is_empty());
        tx.commit().await.unwrap();
        let signed_in = by_eidas(&world, &MARIA, 30).await.unwrap();
        assert!(signed_in.person_known);
        let mut tx = world.town.db.begin().await.unwrap();
        let now = world.ctx(&world.tenant, 31).now;
        let found = session::find(&mut tx, world.tenant.id, &signed_in.session_token, now).await.unwrap().unwrap();
        assert_eq!((found.person, found.scheme.as_str(), found.name.as_str()), (Some(anna), "eidas", "María"));
        foreign::unlink(&mut tx, &office, "ES/IT/12345678A").await.unwrap();
        assert!(session::find(&mut tx, world.tenant.id, &signed_in.session_token, now).await.unwrap().is_none());
        tx.commit().await.unwrap();
        assert!(matches!(by_eidas(&world, &MARIA, 40).await, Err(Refusal::Foreign)));
    })
    .await;
}

#[tokio::test]
async fn an_italian_code_by_the_eidas_node_is_a_code_like_any_other() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let code = format!("TINIT-{}", world.code_of_anna().await);
        let own = [("fiscalNumber", code.as_str()), ("spidCode", "ES/IT/1"), ("name", "Anna"), ("familyName", "Bianchi")];
        assert!(by_eidas(&world, &own, 10).await.unwrap().person_known);
        assert_eq!(world.count("select count(*) from foreign_identity").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_spid_answer_without_a_code_is_no_foreign_identity() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let started = world.start(&world.tenant, Scheme::Spid).await;
        let mut draft = draft(&world, &world.tenant, Scheme::Spid, &started, "").await;
        draft.attributes = MARIA.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let refused = world.accept(&world.tenant, &signed(&draft, Scheme::Spid, &started), Some(BROWSER), 10).await;
        assert_eq!(common::key_of(refused), "sign-in-identity-kind");
    })
    .await;
}
