use std::collections::HashMap;

use db::{Row, Tx};
use enrolment::Right;
use kernel::{AccountId, BadgeId, Cents, Ctx, PositionId, PostingId, PupilId, ServiceId};

use super::Eyes;
use crate::Error;
use crate::account::Wallet;
use crate::top_up::{PendingTopUp, TopUpTarget};

/// Whether a badge takes money: not while its pupil's meals are billed afterwards, for then nothing would ever be taken
/// from it. `$3` is today.
const PREPAID: &str =
    "not exists (select 1 from enrolment e where e.tenant_id = $1 and e.pupil_id = b.pupil_id and e.service_id = b.service_id
    and e.payment_mode <> 'prepaid' and e.state = 'active' and e.from_on <= $3 and e.to_on >= $3)";

/// Wallets of visible pupils, one badge's or all: active first, then by pupil and service.
pub(crate) async fn list(tx: &mut Tx, ctx: &Ctx, badge: Option<BadgeId>) -> Result<Vec<Wallet>, Error> {
    let eyes = Eyes::of(ctx)?;
    let person = eyes.person();
    let today = ctx.today();
    let only = if badge.is_some() { "and b.id = $5" } else { "" };
    let sql = format!(
        "select b.id, b.code, b.state, b.pupil_id, p.family_name, p.name, b.service_id, s.name, a.balance_cents,
                (select cast(sum(o.amount_cents) as bigint) from debt_position o
                 where o.tenant_id = $1 and o.credit_account_id = w.account_id and o.state = 'payable' and o.attempt_until > $4),
                (select m.amount_cents from meal_charge m where m.tenant_id = $1 and m.pupil_id = b.pupil_id
                 and m.service_id = b.service_id order by m.day desc limit 1),
                {PREPAID}
         from badge b
         join pupil p on p.tenant_id = $1 and p.id = b.pupil_id
         join service s on s.tenant_id = $1 and s.id = b.service_id
         left join wallet w on w.tenant_id = $1 and w.badge_id = b.id
         left join ledger_account a on a.tenant_id = $1 and a.id = w.account_id
         where b.tenant_id = $1 and s.top_up_min_cents is not null and {} {only}
         order by b.state, p.family_name, p.name, s.name, b.code",
        eyes.sees("b.pupil_id", Right::View)
    );
    let mut params: Vec<&dyn db::ToValue> = vec![&ctx.tenant, &person, &today, &ctx.now];
    params.extend(badge.as_ref().map(|id| id as &dyn db::ToValue));
    tx.query(&sql, &params).await?.iter().map(wallet).collect()
}

fn wallet(row: &Row) -> Result<Wallet, Error> {
    Ok(Wallet {
        badge_id: row.get(0)?,
        badge_code: row.get(1)?,
        is_active: row.get::<String>(2)? == "active",
        pupil_id: row.get(3)?,
        pupil_name: format!("{} {}", row.get::<String>(4)?, row.get::<String>(5)?),
        service_id: row.get(6)?,
        service_name: row.get(7)?,
        balance: row.get::<Option<Cents>>(8)?.unwrap_or_default(),
        in_transit: row.get::<Option<Cents>>(9)?.unwrap_or_default(),
        last_price: row.get(10)?,
        is_prepaid: row.get(11)?,
    })
}

pub(crate) async fn account(tx: &mut Tx, ctx: &Ctx, badge: BadgeId) -> Result<Option<AccountId>, Error> {
    let sql = "select account_id from wallet where tenant_id = $1 and badge_id = $2";
    let row = tx.query_opt(sql, &[&ctx.tenant, &badge]).await?;
    Ok(row.map(|r| r.get(0)).transpose()?)
}

pub(crate) async fn insert(tx: &mut Tx, ctx: &Ctx, wallets: impl Iterator<Item = (BadgeId, AccountId)>) -> Result<(), Error> {
    let rows = wallets.map(|(badge, account)| db::row![ctx.tenant, badge, account]).collect();
    let tail = "on conflict (tenant_id, badge_id) do nothing";
    tx.insert_many("insert into wallet (tenant_id, badge_id, account_id)", rows, tail).await?;
    Ok(())
}

/// The position a top-up's receipt was for.
pub(crate) async fn position_of_receipt(
    tx: &mut Tx,
    ctx: &Ctx,
    posting: PostingId,
    account: AccountId,
) -> Result<Option<PositionId>, Error> {
    let sql = "select o.id from debt_position o join payment_receipt r on r.tenant_id = $1 and r.position_id = o.id
               where o.tenant_id = $1 and o.credit_account_id = $3 and (r.posting_id = $2 or exists
                   (select 1 from receipt_resolution m where m.tenant_id = $1 and m.receipt_id = r.id and m.posting_id = $2))";
    let row = tx.query_opt(sql, &[&ctx.tenant, &posting, &account]).await?;
    Ok(row.map(|r| r.get(0)).transpose()?)
}

/// Active badges the acting person may top up, with the bounds of their service.
pub(crate) async fn targets(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<TopUpTarget>, Error> {
    let eyes = Eyes::of(ctx)?;
    let (person, today) = (eyes.person(), ctx.today());
    let sql = format!(
        "select b.id, s.top_up_min_cents, s.top_up_max_cents, s.top_up_suggested, s.taxonomy_code
         from badge b join service s on s.tenant_id = $1 and s.id = b.service_id
         where b.tenant_id = $1 and b.state = 'active' and s.top_up_min_cents is not null
           and {} order by b.code",
        eyes.sees("b.pupil_id", Right::Pay)
    );
    let wallets: HashMap<BadgeId, Wallet> = list(tx, ctx, None).await?.into_iter().map(|w| (w.badge_id, w)).collect();
    let mut targets = Vec::new();
    for row in tx.query(&sql, &[&ctx.tenant, &person, &today]).await? {
        if let Some(wallet) = wallets.get(&row.get(0)?).filter(|wallet| wallet.is_prepaid) {
            targets.push(target(&row, wallet.clone())?);
        }
    }
    targets.sort_by(|a, b| (&a.wallet.pupil_name, &a.wallet.service_name).cmp(&(&b.wallet.pupil_name, &b.wallet.service_name)));
    Ok(targets)
}

fn target(row: &Row, wallet: Wallet) -> Result<TopUpTarget, Error> {
    let suggested: Option<String> = row.get(3)?;
    let amounts = suggested.unwrap_or_default().split(',').filter_map(|cents| cents.trim().parse().ok()).map(Cents).collect();
    Ok(TopUpTarget { wallet, min: row.get(1)?, max: row.get(2)?, suggested: amounts, taxonomy_code: row.get(4)? })
}

/// Top-ups that wait to be paid, of the acting person or for pupils they may pay for; newest first.
pub(crate) async fn pending(tx: &mut Tx, ctx: &Ctx, position: Option<PositionId>) -> Result<Vec<PendingTopUp>, Error> {
    let eyes = Eyes::of(ctx)?;
    let (person, today) = (eyes.person(), ctx.today());
    let sees = eyes.sees("o.pupil_id", Right::Pay);
    let only = if position.is_some() { "o.id = $4" } else { "o.state = 'payable'" };
    let sql = format!(
        "select o.id, o.amount_cents, o.created_at, o.attempt_until, o.state, b.id, b.code, b.pupil_id, b.service_id, o.notice_number
         from debt_position o
         join wallet w on w.tenant_id = $1 and w.account_id = o.credit_account_id
         join badge b on b.tenant_id = $1 and b.id = w.badge_id
         where o.tenant_id = $1 and o.kind = 'top_up' and {only} and (o.debtor_id = $2 or {sees}) order by o.created_at desc, o.id"
    );
    let mut params: Vec<&dyn db::ToValue> = vec![&ctx.tenant, &person, &today];
    params.extend(position.as_ref().map(|id| id as &dyn db::ToValue));
    let rows = tx.query(&sql, &params).await?;
    rows.iter().map(|row| pending_row(row, ctx)).collect()
}

fn pending_row(row: &Row, ctx: &Ctx) -> Result<PendingTopUp, Error> {
    let until: Option<kernel::Instant> = row.get(3)?;
    Ok(PendingTopUp {
        position_id: row.get(0)?,
        amount: row.get(1)?,
        created_at: row.get(2)?,
        in_progress_until: until.filter(|until| *until > ctx.now),
        state: payments::State::from_code(&row.get::<String>(4)?).ok_or(Error::NotVisible)?,
        badge_id: row.get(5)?,
        badge_code: row.get(6)?,
        pupil_id: row.get(7)?,
        service_id: row.get(8)?,
        notice_number: row.get(9)?,
    })
}

/// The badge of each pupil that pays for a service: active before closed, the newest of several.
pub(crate) async fn badges_of_service(tx: &mut Tx, ctx: &Ctx, service: ServiceId) -> Result<HashMap<PupilId, BadgeId>, Error> {
    let sql = "select pupil_id, id from badge where tenant_id = $1 and service_id = $2
               order by case when state = 'active' then 1 else 0 end, from_on, id";
    let rows = tx.query(sql, &[&ctx.tenant, &service]).await?;
    // a later row takes the place of an earlier one
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Pupil and service of every badge of the tenant.
pub(crate) async fn badges(tx: &mut Tx, ctx: &Ctx) -> Result<HashMap<BadgeId, (PupilId, ServiceId)>, Error> {
    let rows = tx.query("select id, pupil_id, service_id from badge where tenant_id = $1 order by id", &[&ctx.tenant]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).collect()
}
