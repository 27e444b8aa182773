//! What a tenant says of itself to identity providers: a public body with services of its own.

use db::Tx;
use db::vault::Vault;
use enrolment::Tenant;
use kernel::Ctx;
use saml::{AttributeSet, Contact, Metadata, Organization, Role, Scheme};

use crate::keys;
use crate::settings::{self, Supplier};
use crate::sign_in::{Refusal, database};

/// The name under which a tenant is known to providers of a scheme.
pub fn entity_id(tenant: &Tenant, scheme: Scheme) -> String {
    address(tenant, scheme, "metadata")
}

/// Where a provider's answers are posted.
pub fn acs_url(tenant: &Tenant, scheme: Scheme) -> String {
    address(tenant, scheme, "acs")
}

/// Where logout messages come.
pub fn slo_url(tenant: &Tenant, scheme: Scheme) -> String {
    address(tenant, scheme, "slo")
}

fn address(tenant: &Tenant, scheme: Scheme, door: &str) -> String {
    format!("{}/{}/{door}", tenant.public_url, scheme.door().code())
}

/// The signed metadata of a tenant, with a first key made where there is none yet.
pub async fn metadata(tx: &mut Tx, ctx: &Ctx, vault: &Vault, tenant: &Tenant, scheme: Scheme) -> Result<String, Refusal> {
    let keys = keys::ensure(tx, ctx, vault, tenant, scheme).await?;
    let supplier = settings::find(tx, ctx).await.map_err(database)?.supplier;
    describe(tenant, scheme, supplier).signed(&keys).map_err(|_| Refusal::Keys)
}

fn describe(tenant: &Tenant, scheme: Scheme, supplier: Option<Supplier>) -> Metadata {
    let own = Contact {
        role: role(tenant, scheme),
        company: tenant.name.clone(),
        email: tenant.office_email.clone(),
        telephone: Some(international(&tenant.office_phone)),
    };
    let technical = supplier.filter(|_| scheme == Scheme::Cie).map(technical);
    Metadata {
        entity_id: entity_id(tenant, scheme),
        acs_url: acs_url(tenant, scheme),
        slo_url: slo_url(tenant, scheme),
        attribute_sets: AttributeSet::of(scheme, &tenant.office_name),
        organization: Organization {
            name: tenant.name.clone(),
            display_name: tenant.name.clone(),
            url: tenant.website_url.clone(),
        },
        contacts: [own].into_iter().chain(technical).collect(),
    }
}

fn role(tenant: &Tenant, scheme: Scheme) -> Role {
    let ipa_code = tenant.ipa_code.clone();
    if scheme != Scheme::Cie {
        return Role::SpidPublic { ipa_code };
    }
    // c_h501 is the municipality H501, and municipalities are category L6 of the index.
    let municipality = tenant.ipa_code.rsplit('_').next().unwrap_or_default().to_uppercase();
    Role::CieAdministrative { ipa_code, ipa_category: "L6".to_owned(), municipality }
}

fn technical(supplier: Supplier) -> Contact {
    let Supplier { name, email, telephone, vat_number, fiscal_code, nace_code, municipality } = supplier;
    let role = Role::CieTechnical { vat_number, fiscal_code, nace_code, municipality };
    Contact { role, company: name, email, telephone: telephone.as_deref().map(international) }
}

/// `+39…`, without blanks.
fn international(telephone: &str) -> String {
    let digits: String = telephone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    if digits.starts_with('+') { digits } else { format!("+39{digits}") }
}
