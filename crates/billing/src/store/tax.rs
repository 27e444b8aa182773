use db::{Row, Tx};
use enrolment::Person;
use jiff::civil::{Time, date};
use kernel::{Cents, Ctx, Day, Instant, PersonId, PupilId, rome_day, rome_instant};

use crate::Error;
use crate::tax::{Paid, TaxPayment};

pub(crate) async fn pupil(tx: &mut Tx, ctx: &Ctx, pupil: PupilId) -> Result<(String, Option<String>), Error> {
    let sql = "select family_name, name, fiscal_code from pupil where tenant_id = $1 and id = $2";
    let row = tx.query_one(sql, &[&ctx.tenant, &pupil]).await?;
    Ok((format!("{} {}", row.get::<String>(0)?, row.get::<String>(1)?), row.get(2)?))
}

fn days_of(year: i16) -> (Day, Day) {
    (date(year, 1, 1), date(year, 12, 31))
}

/// Cash is the only way to pay that leaves no trace.
fn is_traceable(by: &str) -> bool {
    !by.to_lowercase().contains("contant")
}

/// Receipts of the year for the pupil's positions that this person paid.
pub(crate) async fn by_receipts(tx: &mut Tx, ctx: &Ctx, pupil: PupilId, payer: &Person, year: i16) -> Result<Vec<Paid>, Error> {
    let sql = "select s.id, s.name, s.kind, o.description, coalesce(r.paid_at, r.received_at), r.iuv, r.payer_code, o.debtor_id,
                      (select cast(sum(e.amount_cents) as bigint) from ledger_posting p
                       join ledger_entry e on e.tenant_id = $1 and e.posting_number = p.number
                       join ledger_account a on a.tenant_id = $1 and a.id = e.account_id and a.kind in ('receivable', 'wallet')
                       where p.tenant_id = $1 and (p.id = r.posting_id or p.id in
                           (select m.posting_id from receipt_resolution m
                            where m.tenant_id = $1 and m.receipt_id = r.id and m.kind = 'matched')))
               from debt_position o
               join payment_receipt r on r.tenant_id = $1 and r.position_id = o.id
               left join instalment i on i.tenant_id = $1 and i.position_id = o.id
               left join billing_document d on d.tenant_id = $1 and d.id = i.document_id
               left join billing_document at_once on at_once.tenant_id = $1 and at_once.whole_position_id = o.id
               left join wallet w on w.tenant_id = $1 and w.account_id = o.credit_account_id
               left join badge b on b.tenant_id = $1 and b.id = w.badge_id
               join service s on s.tenant_id = $1 and s.id = coalesce(d.service_id, at_once.service_id, b.service_id)
               where o.tenant_id = $1 and o.pupil_id = $2 and r.outcome in ('applied', 'amount_differs')
                 and coalesce(r.paid_at, r.received_at) >= $3 and coalesce(r.paid_at, r.received_at) < $4
               order by r.id";
    let (from, until) = (rome_instant(date(year, 1, 1), Time::MIN), rome_instant(date(year + 1, 1, 1), Time::MIN));
    let mut paid = Vec::new();
    for row in tx.query(sql, &[&ctx.tenant, &pupil, &from, &until]).await? {
        let (code, debtor): (Option<String>, PersonId) = (row.get(6)?, row.get(7)?);
        let mine = match code {
            Some(code) => payer.code().eq_ignore_ascii_case(code.trim()),
            None => debtor == payer.id,
        };
        let credited: Option<Cents> = row.get(8)?;
        if let Some(amount) = credited.filter(|amount| mine && !amount.is_zero()) {
            let on = rome_day(row.get::<Instant>(4)?);
            paid.push(of(&row, TaxPayment { on, what: row.get(3)?, amount, is_traceable: true, iuv: Some(row.get(5)?) })?);
        }
    }
    Ok(paid)
}

fn of(row: &Row, payment: TaxPayment) -> Result<Paid, Error> {
    let is_nursery = row.get::<String>(2)? == "nursery";
    Ok(Paid { service_id: row.get(0)?, service_name: row.get(1)?, is_nursery, payment })
}

/// What was paid of the holder's documents outside of this system.
pub(crate) async fn by_instalments(
    tx: &mut Tx,
    ctx: &Ctx,
    pupil: PupilId,
    holder: PersonId,
    year: i16,
) -> Result<Vec<Paid>, Error> {
    let sql =
        "select s.id, s.name, s.kind, d.description, d.number, i.paid_elsewhere_on, i.paid_elsewhere_cents, i.paid_elsewhere_by
               from billing_document d
               join instalment i on i.tenant_id = $1 and i.document_id = d.id
               join service s on s.tenant_id = $1 and s.id = d.service_id
               where d.tenant_id = $1 and d.pupil_id = $2 and d.holder_id = $3 and d.state = 'issued'
                 and i.paid_elsewhere_cents > 0 and i.paid_elsewhere_on >= $4 and i.paid_elsewhere_on <= $5
               order by i.id";
    let (first, last) = days_of(year);
    let paid = |row: &Row| {
        let what = format!("{} - documento {}", row.get::<String>(3)?, row.get::<String>(4)?);
        let by: Option<String> = row.get(7)?;
        let is_traceable = by.as_deref().is_none_or(is_traceable);
        of(row, TaxPayment { on: row.get(5)?, what, amount: row.get(6)?, is_traceable, iuv: None })
    };
    tx.query(sql, &[&ctx.tenant, &pupil, &holder, &first, &last]).await?.iter().map(paid).collect()
}

/// Top-ups an earlier system kept, and all refunds, of the wallets whose enrolments this person holds.
pub(crate) async fn by_wallet(tx: &mut Tx, ctx: &Ctx, pupil: PupilId, holder: PersonId, year: i16) -> Result<Vec<Paid>, Error> {
    let sql = "select s.id, s.name, s.kind, p.description, e.effective_on, e.amount_cents
               from badge b
               join wallet w on w.tenant_id = $1 and w.badge_id = b.id
               join ledger_entry e on e.tenant_id = $1 and e.account_id = w.account_id
               join ledger_posting p on p.tenant_id = $1 and p.number = e.posting_number
               join service s on s.tenant_id = $1 and s.id = b.service_id
               where b.tenant_id = $1 and b.pupil_id = $2 and e.effective_on >= $4 and e.effective_on <= $5
                 and (p.cause = 'refund' or (p.cause = 'top_up' and p.source_key like 'import:%'))
                 and exists (select 1 from enrolment n where n.tenant_id = $1 and n.pupil_id = b.pupil_id
                             and n.service_id = b.service_id and n.holder_id = $3 and n.from_on <= $5 and n.to_on >= $4)
               order by e.number";
    let (first, last) = days_of(year);
    let paid = |row: &Row| {
        let what: String = row.get(3)?;
        let is_traceable = is_traceable(&what);
        of(row, TaxPayment { on: row.get(4)?, what, amount: row.get(5)?, is_traceable, iuv: None })
    };
    tx.query(sql, &[&ctx.tenant, &pupil, &holder, &first, &last]).await?.iter().map(paid).collect()
}
