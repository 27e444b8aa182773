use db::{Row, ToValue, Tx};
use kernel::TenantId;
use pagopa::NoticeNumber;

use super::positions::{POSITION_COLUMNS, position_from};
use crate::settings::{Institution, PagoPa};
use crate::{Error, Position};

const COLUMNS: &str =
    "s.tenant_id, s.broker_fiscal_code, s.station_id, s.segregation_code, s.cbill_code, s.iban, s.postal_iban, s.postal_holder,
    s.postal_authorisation, s.accepts_after_due, s.checkout_base_url, s.checkout_hosts, s.checkout_key_sealed";

fn pagopa(row: &Row) -> Result<PagoPa, Error> {
    let hosts: String = row.get(11)?;
    Ok(PagoPa {
        tenant: row.get(0)?,
        broker: row.get(1)?,
        station: row.get(2)?,
        segregation: row.get(3)?,
        cbill: row.get(4)?,
        iban: row.get(5)?,
        postal_iban: row.get(6)?,
        postal_holder: row.get(7)?,
        postal_authorisation: row.get(8)?,
        accepts_after_due: row.get(9)?,
        checkout_base_url: row.get(10)?,
        checkout_hosts: hosts.split(',').map(str::trim).filter(|h| !h.is_empty()).map(str::to_owned).collect(),
        checkout_key_sealed: row.get(12)?,
    })
}

fn institution(row: &Row) -> Result<Institution, Error> {
    Ok(Institution {
        tenant: row.get(0)?,
        fiscal_code: row.get(13)?,
        name: row.get(14)?,
        office_name: row.get(15)?,
        is_enabled: row.get(16)?,
        pagopa: pagopa(row)?,
    })
}

pub(crate) async fn settings(tx: &mut Tx, tenant: TenantId) -> Result<Option<PagoPa>, Error> {
    let sql = format!("select {COLUMNS} from tenant_pagopa s where s.tenant_id = $1");
    tx.query_opt(&sql, &[&tenant]).await?.as_ref().map(pagopa).transpose()
}

pub(crate) async fn put_settings(tx: &mut Tx, settings: &PagoPa) -> Result<(), Error> {
    let delete = "delete from tenant_pagopa where tenant_id = $1";
    tx.execute(delete, &[&settings.tenant]).await?;
    let sql =
        "insert into tenant_pagopa (tenant_id, broker_fiscal_code, station_id, segregation_code, cbill_code, iban, postal_iban,
                   postal_holder, postal_authorisation, accepts_after_due, checkout_base_url, checkout_hosts, checkout_key_sealed)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let hosts = settings.checkout_hosts.join(",");
    let params: [&dyn ToValue; 13] = [
        &settings.tenant,
        &settings.broker,
        &settings.station,
        &settings.segregation,
        &settings.cbill,
        &settings.iban,
        &settings.postal_iban,
        &settings.postal_holder,
        &settings.postal_authorisation,
        &settings.accepts_after_due,
        &settings.checkout_base_url,
        &hosts,
        &settings.checkout_key_sealed,
    ];
    Ok(tx.execute_one(sql, &params).await?)
}

pub(crate) async fn tenant_by_fiscal_code(tx: &mut Tx, fiscal_code: &str) -> Result<Option<TenantId>, Error> {
    let row = tx.query_opt("select id from tenant where fiscal_code = $1", &[&fiscal_code]).await?;
    row.map(|row| Ok(row.get(0)?)).transpose()
}

/// How many columns an institution has, and a position after them.
const INSTITUTION: usize = 17;
const POSITION: usize = 22;

/// The institution, and those of its positions that have these numbers: one statement, so that all of it is one moment.
pub(crate) async fn institution_and_positions(
    tx: &mut Tx,
    fiscal_code: &str,
    numbers: &[NoticeNumber],
) -> Result<Option<(Institution, Vec<Position>)>, Error> {
    // One row that is the institution and one for each position: its words are not repeated beside each of them.
    let sql = format!(
        "select {COLUMNS}, t.fiscal_code, t.name, t.office_name, t.enabled, {}
         from tenant_pagopa s join tenant t on t.id = s.tenant_id where t.fiscal_code = $1
         union all
         select {}, {POSITION_COLUMNS}
         from debt_position p
         where p.tenant_id = (select id from tenant where fiscal_code = $1) and p.notice_number in ({{list}})",
        nulls(POSITION),
        nulls(INSTITUTION)
    );
    let (mut of, mut positions) = (None, Vec::with_capacity(numbers.len()));
    for row in tx.query_list(&sql, &[&fiscal_code], numbers.iter().map(NoticeNumber::as_str)).await? {
        match row.get::<Option<TenantId>>(0)? {
            Some(_) => of = Some(institution(&row)?),
            None => positions.push(position_from(&row, INSTITUTION)?),
        }
    }
    Ok(of.map(|of| (of, positions)))
}

fn nulls(count: usize) -> String {
    vec!["null"; count].join(", ")
}

/// One, or all by fiscal code.
pub(crate) async fn institutions(tx: &mut Tx, fiscal_code: Option<&str>) -> Result<Vec<Institution>, Error> {
    let sql = format!(
        "select {COLUMNS}, t.fiscal_code, t.name, t.office_name, t.enabled
         from tenant_pagopa s join tenant t on t.id = s.tenant_id
         where cast($1 as text) is null or t.fiscal_code = $1 order by t.fiscal_code"
    );
    tx.query(&sql, &[&fiscal_code]).await?.iter().map(institution).collect()
}

pub(crate) async fn institution_of(tx: &mut Tx, tenant: TenantId) -> Result<Option<Institution>, Error> {
    let sql = format!(
        "select {COLUMNS}, t.fiscal_code, t.name, t.office_name, t.enabled
         from tenant_pagopa s join tenant t on t.id = s.tenant_id where s.tenant_id = $1"
    );
    tx.query_opt(&sql, &[&tenant]).await?.as_ref().map(institution).transpose()
}
