use db::Tx;
use enrolment::tenant::{self, Tenant};
use kernel::{Ctx, TenantId};
use payments::settings::{self, PagoPa};

use crate::Error;
use crate::folder::Folder;
use crate::report::{BadRow, Counts, Report};
use crate::rows::{PagoPaCells, TenantRow};
use crate::sheet::Placed;
use crate::spec;

/// The tenant the folder is for: the one of `comune.csv`, made now if it is new; without that file the context's.
pub(crate) async fn find_or_insert(tx: &mut Tx, ctx: &Ctx, folder: &Folder, report: &mut Report) -> Result<TenantId, Error> {
    let tenants = tenant::list_all(tx).await?;
    let Some(row) = folder.tenant.first() else {
        let known = tenants.iter().any(|t| t.id == ctx.tenant);
        return if known { Ok(ctx.tenant) } else { Err(Error::NoTenant) };
    };
    let (id, counts) = match tenants.iter().find(|t| t.ipa_code == row.value.ipa_code) {
        Some(known) => (known.id, compare(tx, known, row, report).await?),
        None => (insert(tx, ctx, row, &tenants, report).await?, Counts { inserted: 1, ..Counts::default() }),
    };
    report.files.push((spec::TENANT.name, counts));
    Ok(id)
}

/// What a Comune says of itself is changed by its office, not by a file: a file that says otherwise is refused.
async fn compare(tx: &mut Tx, known: &Tenant, row: &Placed<TenantRow>, report: &mut Report) -> Result<Counts, Error> {
    let same = tenant_of(&row.value, known.id) == Tenant { enabled: true, arms: None, ..known.clone() };
    let pagopa = settings::find(tx, known.id).await?.map(|s| PagoPa { checkout_key_sealed: None, ..s });
    if !same || pagopa != row.value.pagopa.as_ref().map(|cells| pagopa_of(cells, known.id)) {
        let reason = "il Comune c'è già con altri dati: l'importazione non li cambia (togliere il file)";
        report.bad.push(BadRow::new(spec::TENANT.name, row.row, reason));
    }
    Ok(Counts { unchanged: 1, ..Counts::default() })
}

async fn insert(tx: &mut Tx, ctx: &Ctx, row: &Placed<TenantRow>, all: &[Tenant], report: &mut Report) -> Result<TenantId, Error> {
    let id = TenantId(all.iter().map(|t| t.id.0).max().unwrap_or_default() + 1);
    let wanted = tenant_of(&row.value, id);
    let mut taken = all.iter().any(|t| t.fiscal_code == wanted.fiscal_code);
    for host in &row.value.hosts {
        taken |= tenant::find_by_host(tx, host).await?.is_some();
    }
    if taken {
        report.bad.push(BadRow::new(spec::TENANT.name, row.row, "codice_fiscale o host: sono già di un altro Comune"));
        return Ok(id);
    }
    tenant::insert(tx, &wanted, &row.value.hosts, ctx.now).await?;
    if let Some(cells) = &row.value.pagopa {
        settings::insert(tx, &pagopa_of(cells, id)).await?;
    }
    Ok(id)
}

fn tenant_of(row: &TenantRow, id: TenantId) -> Tenant {
    let r = row.clone();
    Tenant {
        id,
        ipa_code: r.ipa_code,
        name: r.name,
        tagline: r.tagline,
        fiscal_code: r.fiscal_code,
        colour: r.colour,
        city: r.city,
        region_name: r.region_name,
        region_url: r.region_url,
        website_url: r.website_url,
        office_name: r.office_name,
        office_email: r.office_email,
        office_phone: r.office_phone,
        office_address: r.office_address,
        office_hours: r.office_hours,
        accessibility_statement_url: r.accessibility_statement_url,
        public_url: r.public_url.trim_end_matches('/').to_owned(),
        enabled: true,
        arms: None,
    }
}

fn pagopa_of(cells: &PagoPaCells, tenant: TenantId) -> PagoPa {
    let c = cells.clone();
    PagoPa {
        tenant,
        broker: c.broker_fiscal_code,
        station: c.station_id,
        segregation: c.segregation_code,
        cbill: c.cbill_code,
        iban: c.iban,
        postal_iban: c.postal_iban,
        postal_holder: c.postal_holder,
        postal_authorisation: c.postal_authorisation,
        accepts_after_due: c.accepts_after_due,
        checkout_base_url: c.checkout_base_url.trim_end_matches('/').to_owned(),
        checkout_hosts: c.checkout_hosts,
        checkout_key_sealed: None,
    }
}
