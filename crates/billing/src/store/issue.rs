use std::collections::HashMap;

use db::{ToValue, Tx};
use kernel::{Cents, Ctx, DocumentId, PersonId, ServiceId};

use super::{PIECE, as_params, places};
use crate::Error;
use crate::issue::{Draft, NewDocument};

/// Documents that stand, by external key, with their totals.
pub(crate) async fn known(tx: &mut Tx, ctx: &Ctx, new: &[NewDocument]) -> Result<HashMap<String, (DocumentId, Cents)>, Error> {
    let keys: Vec<&str> = new.iter().map(|document| document.external_key.as_str()).collect();
    let mut known = HashMap::new();
    for piece in keys.chunks(PIECE) {
        let sql = format!(
            "select external_key, id, total_cents from billing_document where tenant_id = $1 and external_key in ({}) order by id",
            places(2, piece.len())
        );
        let mut params: Vec<&dyn ToValue> = vec![&ctx.tenant];
        params.extend(as_params(piece));
        for row in tx.query(&sql, &params).await? {
            known.insert(row.get(0)?, (row.get(1)?, row.get(2)?));
        }
    }
    Ok(known)
}

/// Tax code and name of those who have a code.
pub(crate) async fn debtors(
    tx: &mut Tx,
    ctx: &Ctx,
    ids: impl Iterator<Item = PersonId>,
) -> Result<HashMap<PersonId, (String, String)>, Error> {
    let mut ids: Vec<PersonId> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = HashMap::new();
    for piece in ids.chunks(PIECE) {
        let sql = format!(
            "select id, coalesce(fiscal_code, vat_number), name, family_name from person
             where tenant_id = $1 and id in ({}) and coalesce(fiscal_code, vat_number) is not null order by id",
            places(2, piece.len())
        );
        let mut params: Vec<&dyn ToValue> = vec![&ctx.tenant];
        params.extend(as_params(piece));
        for row in tx.query(&sql, &params).await? {
            let name = format!("{} {}", row.get::<String>(2)?, row.get::<String>(3)?);
            found.insert(row.get(0)?, (row.get(1)?, name.trim().to_owned()));
        }
    }
    Ok(found)
}

pub(crate) async fn taxonomies(tx: &mut Tx, ctx: &Ctx) -> Result<HashMap<ServiceId, String>, Error> {
    let rows = tx.query("select id, taxonomy_code from service where tenant_id = $1 order by id", &[&ctx.tenant]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

pub(crate) async fn insert(tx: &mut Tx, ctx: &Ctx, drafts: &[Draft<'_>]) -> Result<(), Error> {
    insert_documents(tx, ctx, drafts).await?;
    insert_lines(tx, ctx, drafts).await?;
    insert_instalments(tx, ctx, drafts).await
}

async fn insert_documents(tx: &mut Tx, ctx: &Ctx, drafts: &[Draft<'_>]) -> Result<(), Error> {
    let row = |draft: &Draft<'_>| {
        let new = draft.new;
        db::row![
            ctx.tenant,
            draft.id,
            new.external_key,
            new.series,
            new.number,
            new.issued_on,
            new.school_year,
            new.description,
            new.holder,
            new.pupil,
            new.service,
            new.total(),
            "issued",
            new.enforced_on,
            draft.whole,
        ]
    };
    let insert = "insert into billing_document (tenant_id, id, external_key, series, number, issued_on, school_year, description,
                  holder_id, pupil_id, service_id, total_cents, state, enforced_on, whole_position_id)";
    tx.insert_many(insert, drafts.iter().map(row).collect(), "").await?;
    Ok(())
}

async fn insert_lines(tx: &mut Tx, ctx: &Ctx, drafts: &[Draft<'_>]) -> Result<(), Error> {
    let rows = drafts.iter().flat_map(|draft| {
        (1i64..).zip(&draft.new.lines).map(|(position, line)| {
            db::row![ctx.tenant, draft.id, position, line.description, line.quantity, line.unit, line.amount]
        })
    });
    let insert = "insert into billing_line (tenant_id, document_id, position, description, quantity, unit_cents, amount_cents)";
    tx.insert_many(insert, rows.collect(), "").await?;
    Ok(())
}

async fn insert_instalments(tx: &mut Tx, ctx: &Ctx, drafts: &[Draft<'_>]) -> Result<(), Error> {
    let rows = drafts.iter().flat_map(|draft| {
        draft.parts.iter().map(|part| {
            let paid = part.new.paid_elsewhere.as_ref().filter(|paid| !paid.amount.is_zero());
            let amount = paid.map_or(Cents::ZERO, |paid| paid.amount);
            let (on, by) = (paid.map(|paid| paid.on), paid.map(|paid| paid.by.clone()));
            db::row![
                ctx.tenant,
                part.id,
                draft.id,
                part.new.number,
                part.new.due_on,
                part.new.amount,
                amount,
                on,
                by,
                part.position,
                part.account(),
            ]
        })
    });
    let insert = "insert into instalment (tenant_id, id, document_id, number, due_on, amount_cents, paid_elsewhere_cents,
                  paid_elsewhere_on, paid_elsewhere_by, position_id, receivable_account_id)";
    tx.insert_many(insert, rows.collect(), "").await?;
    Ok(())
}
