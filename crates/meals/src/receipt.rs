//! Receipts of absence reports: their numbers and the signature that shows, years later, that this installation gave them.
//!
//! The signature is HMAC-SHA-256 with a key of the tenant derived from the installation's, over [`text`]; printed as
//! groups of four hexadecimal digits.

use db::Tx;
use db::vault::Vault;
use kernel::{Ctx, TenantId, rome_day};

use crate::Error;
use crate::absence::StoredReport;

const PURPOSE: &str = "absence receipt";

/// What is signed: a line per fact, in this order. The form is fixed: old receipts must verify for ever.
pub fn text(tenant: TenantId, report: &StoredReport) -> String {
    let mut lines = vec![
        "absence receipt 1".to_owned(),
        format!("tenant {}", tenant.0),
        format!("number {}", report.receipt_number),
        format!("report {}", report.id),
        // the database keeps microseconds
        format!("received {:.6}", report.received_at),
        format!("pupil {}", report.pupil),
        format!("service {}", report.service),
        format!("person {}", report.person),
        format!("kind {}", report.kind_code),
    ];
    lines.extend(report.reported_days().map(|day| format!("day {day}")));
    lines.join("\n")
}

pub(crate) fn sign(vault: &Vault, tenant: TenantId, report: &StoredReport) -> String {
    let hash = vault.sign(tenant, PURPOSE, text(tenant, report).as_bytes());
    let groups: Vec<String> = hash.chunks(2).map(|pair| pair.iter().map(|b| format!("{b:02x}")).collect()).collect();
    groups.join(" ")
}

/// Whether `signature` (as printed, in any case, blanks ignored) was given for exactly this report.
pub fn verify(vault: &Vault, tenant: TenantId, report: &StoredReport, signature: &str) -> bool {
    hex(signature).is_some_and(|bytes| vault.verify(tenant, PURPOSE, text(tenant, report).as_bytes(), &bytes))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16))
        .map(|d| d.and_then(|d| u8::try_from(d).ok()))
        .collect::<Option<_>>()?;
    (digits.len() == 64).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// Takes the tenant's line of receipt numbers for this transaction: reports of one tenant are decided one after another
/// from here on. Gives the last number used this year.
pub(crate) async fn lock_numbers(tx: &mut Tx, ctx: &Ctx) -> Result<i64, Error> {
    let year = rome_day(ctx.now).year();
    let sql = "insert into receipt_counter (tenant_id, year, last_number) values ($1, $2, 0) on conflict do nothing";
    tx.execute(sql, &[&ctx.tenant, &year]).await?;
    let lock = tx.for_update();
    let sql = format!("select last_number from receipt_counter where tenant_id = $1 and year = $2{lock}");
    Ok(tx.query_one(&sql, &[&ctx.tenant, &year]).await?.get(0)?)
}

/// The number after `last`, taken for good when the transaction commits.
pub(crate) async fn take_number(tx: &mut Tx, ctx: &Ctx, last: i64) -> Result<String, Error> {
    let year = rome_day(ctx.now).year();
    let sql = "update receipt_counter set last_number = $3 + 1 where tenant_id = $1 and year = $2 and last_number = $3";
    tx.execute_one(sql, &[&ctx.tenant, &year, &last]).await?;
    Ok(format!("A-{year}-{:06}", last + 1))
}

/// Numbers of ours that came with an import are not given again.
pub(crate) async fn skip_to(tx: &mut Tx, ctx: &Ctx, year: i16, number: i64) -> Result<(), Error> {
    let sql = "insert into receipt_counter (tenant_id, year, last_number) values ($1, $2, $3)
               on conflict (tenant_id, year) do update set last_number = excluded.last_number
               where receipt_counter.last_number < excluded.last_number";
    tx.execute(sql, &[&ctx.tenant, &year, &number]).await?;
    Ok(())
}

/// The year and number of `A-2026-000123`.
pub(crate) fn parse_number(text: &str) -> Option<(i16, i64)> {
    let (year, number) = text.strip_prefix("A-")?.split_once('-')?;
    Some((year.parse().ok()?, number.parse().ok()?))
}
