//! What `demo --trust-idp` adds: identity providers of conformance suites and hostile tests, and the person the official
//! suite signs in as.

use std::path::PathBuf;

use enrolment::load::{self, Address, Keyed, NewGuardian, NewPerson};
use enrolment::{PersonKind, Tenant};
use identity::sign_in::Scheme;
use kernel::{Ctx, FiscalCode, PersonId, PupilId};

use crate::Failure;

/// The metadata in these files; each provider speaks for both schemes.
pub fn read(files: &[PathBuf]) -> Result<Vec<(Scheme, String)>, Failure> {
    let mut found = Vec::new();
    for file in files {
        let metadata = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
        saml::IdpDescriptor::parse(&metadata).map_err(|e| format!("{}: {e}", file.display()))?;
        found.extend([Scheme::Spid, Scheme::Cie].map(|scheme| (scheme, metadata.clone())));
    }
    Ok(found)
}

/// The test identity of AgID's `spid-sp-test`. Its cases end well only where the person is let in, and who is nothing to
/// any pupil is not: here it is somebody's helper, who may look and no more.
const VALIDATOR: (&str, &str, &str) = ("GDASDV00A01H501J", "SpidValidator", "AgID");

pub async fn add_validator(tx: &mut db::Tx, ctx: &Ctx, tenant: &Tenant) -> Result<(), Failure> {
    let pupils = load::ids::<PupilId>(tx, ctx, Keyed::Pupil).await?;
    let Some((_, pupil)) = pupils.into_iter().min() else { return Ok(()) };
    let (code, name, family_name) = VALIDATOR;
    let person = NewPerson {
        key: format!("spid-sp-test-{}", tenant.ipa_code),
        kind: PersonKind::Natural,
        fiscal_code: Some(FiscalCode::parse(code)?),
        vat_number: None,
        name: name.to_owned(),
        family_name: family_name.to_owned(),
        birth_on: None,
        birth_place: None,
        email: None,
        phone: None,
        address: Address::default(),
    };
    let key = person.key.clone();
    load::persons(tx, ctx, vec![person]).await?;
    let persons = load::ids::<PersonId>(tx, ctx, Keyed::Person).await?;
    let guardian = NewGuardian {
        pupil,
        person: persons[&key],
        role: "helper",
        may_view: true,
        may_report_absences: false,
        may_pay: false,
        may_have_tax_papers: false,
        from_on: ctx.today(),
        to_on: None,
        restricted_from_on: None,
        restricted_to_on: None,
        restriction_act: None,
    };
    load::guardians(tx, ctx, vec![guardian]).await?;
    Ok(())
}
