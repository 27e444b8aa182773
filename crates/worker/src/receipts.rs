//! Telling people of a payment.

use catalogue::{Arg, Locale, day_short};
use db::Tx;
use db::jobs::{self, Job};
use kernel::{Ctx, MessageId, PositionId, PupilId, ReceiptId, rome_day};
use messages::NewMessage;
use payments::io::ToTell;
use payments::receipt::{Outcome, Receipt};
use payments::{Position, PositionKind};
use serde::Deserialize;

use crate::{Error, Parts};

/// The body of the job.
#[derive(Deserialize)]
struct Told {
    position_id: PositionId,
    receipt_id: ReceiptId,
}

/// A message for the debtor, in the transaction that ends the job.
pub async fn tell(parts: &Parts, ctx: &Ctx, job: &Job) -> Result<(), Error> {
    let told: Told = serde_json::from_str(&job.body)?;
    let mut tx = parts.db.begin().await?;
    let position = payments::get(&mut tx, ctx, told.position_id).await?;
    let receipts = payments::receipt::list_for_position(&mut tx, ctx, told.position_id).await?;
    if let Some(receipt) = receipts.into_iter().find(|r| r.id == told.receipt_id) {
        let message = message(parts, ctx, &mut tx, &position, &receipt).await?;
        // The message has the job's id: a job that runs twice tells once.
        let id = MessageId(job.id.0);
        messages::create_once(&mut tx, ctx, id, message).await?;
        if receipt.outcome == Outcome::Applied && payments::io::find(&mut tx, ctx.tenant).await?.is_some() {
            payments::io::put(&mut tx, ctx, &ToTell::Receipt(position.id, receipt.id), id).await?;
        }
    }
    jobs::done(&mut tx, job, ctx.now).await?;
    Ok(tx.commit().await?)
}

async fn message(parts: &Parts, ctx: &Ctx, tx: &mut Tx, position: &Position, receipt: &Receipt) -> Result<NewMessage, Error> {
    let child = match position.pupil {
        Some(pupil) => child(tx, ctx, pupil).await?,
        None => None,
    };
    let date = day_short(rome_day(receipt.paid_at.unwrap_or(receipt.received_at)));
    let mut args: Vec<(&str, Arg<'_>)> =
        vec![("amount", receipt.amount.into()), ("date", date.into()), ("what", (&position.description).into())];
    let top_up = position.kind == PositionKind::TopUp;
    let stem = match (receipt.outcome, &child) {
        (Outcome::Applied, Some(child)) => {
            args.push(("child", child.into()));
            if top_up { "message-top-up" } else { "message-paid" }
        }
        (Outcome::Applied, None) => "message-paid",
        _ => "message-check",
    };
    let body = match stem {
        "message-paid" if child.is_some() => "message-paid-for-child".to_owned(),
        stem => format!("{stem}-body"),
    };
    let words = |key: &str| parts.catalogue.format(Locale::It, key, &args);
    let path = match position.kind {
        PositionKind::TopUp => format!("/area-personale/ricariche/{}", position.id),
        PositionKind::Spontaneous => format!("/area-personale/pagamento/spontaneo/avviso/{}", position.id),
        PositionKind::Instalment | PositionKind::Whole => "/area-personale/documenti-contabili".to_owned(),
    };
    Ok(NewMessage {
        person: position.debtor,
        kind: "payment.received",
        subject: words(&format!("{stem}-subject")),
        body: words(&body),
        link: Some(path),
    })
}

/// The child's first name: the message is the parent's own.
async fn child(tx: &mut Tx, ctx: &Ctx, pupil: PupilId) -> Result<Option<String>, Error> {
    let row = tx.query_opt("select name from pupil where tenant_id = $1 and id = $2", &[&ctx.tenant, &pupil]).await?;
    Ok(row.map(|r| r.get(0)).transpose()?)
}
