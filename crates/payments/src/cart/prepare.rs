//! From what is asked to pay to a cart that may be opened.

use std::collections::HashSet;

use jiff::SignedDuration;
use kernel::{CartId, Cents, Ctx, Instant, PersonId, PositionId, PupilId, TenantId};
use pagopa::{Cart, CartNotice, ReturnUrls};

use super::{CartState, Elsewhere, PrepareRequest, Prepared, RETURNS, Returned};
use crate::settings::Institution;
use crate::{Error, Position, PositionKind, State, agreement, store};

const MOST: usize = 5;
/// How long a cart of the Checkout waits to be opened, and so how long the same set is the same cart.
const SAME_SET: SignedDuration = SignedDuration::from_mins(10);
/// How long a request may take to open a cart before it is taken for lost.
const OPENING: SignedDuration = SignedDuration::from_secs(30);

/// What one tenant has in a cart, its positions locked.
struct Share {
    ctx: Ctx,
    person: PersonId,
    positions: Vec<Position>,
}

/// Makes a cart of the positions, or finds the one the same person made of the same set in the last ten minutes.
///
/// # Errors
/// [`Error::NothingChosen`], [`Error::TooMany`], [`Error::NotVisible`], [`Error::AlreadyPaid`], [`Error::Cancelled`],
/// [`Error::WholeAndPart`],
/// [`Error::InProgress`] when one of them is in another cart that is under way, [`Error::NotConfigured`].
pub async fn prepare(tx: &mut db::Tx, ctx: &Ctx, request: &PrepareRequest) -> Result<Prepared, Error> {
    let person = ctx.actor.person().ok_or(Error::NotVisible)?;
    check_count(count(request))?;
    check_agreement(tx, ctx, &request.elsewhere).await?;
    let shares = lock_shares(tx, ctx, request).await?;
    let set_key = set_key(ctx.tenant, &shares);
    if let Some(standing) = store::live_cart(tx, ctx, person, &set_key, ctx.now - SAME_SET).await?
        && let Some(prepared) = reuse(&standing, ctx.now)
    {
        return Ok(prepared);
    }
    let under_way = shares.iter().flat_map(|share| &share.positions).filter_map(|p| p.attempt_at(ctx.now)).max();
    if let Some(until) = under_way {
        return Err(Error::InProgress { until });
    }
    open_new(tx, ctx, person, &set_key, &shares, request).await
}

/// The notices asked for, each once.
fn count(request: &PrepareRequest) -> usize {
    let own: HashSet<PositionId> = request.positions.iter().copied().collect();
    let others: HashSet<(TenantId, PositionId)> =
        request.elsewhere.iter().flat_map(|e| e.positions.iter().map(|id| (e.ctx.tenant, *id))).collect();
    own.len() + others.len()
}

/// Only of tenants that have an agreement with this one now.
async fn check_agreement(tx: &mut db::Tx, ctx: &Ctx, elsewhere: &[Elsewhere]) -> Result<(), Error> {
    if elsewhere.is_empty() {
        return Ok(());
    }
    let partners = agreement::partners(tx, ctx).await?;
    let agreed = |e: &Elsewhere| partners.iter().any(|partner| partner.tenant == e.ctx.tenant);
    if elsewhere.iter().all(agreed) { Ok(()) } else { Err(Error::NotVisible) }
}

/// Locked in ascending order of tenant and id, so that two clicks at once meet here and the second finds the cart of the
/// first, whichever portals they come from.
async fn lock_shares(tx: &mut db::Tx, ctx: &Ctx, request: &PrepareRequest) -> Result<Vec<Share>, Error> {
    let own = (ctx, &request.positions, &request.may_pay_for);
    let others = request.elsewhere.iter().map(|e| (&e.ctx, &e.positions, &e.may_pay_for));
    let mut asked: Vec<_> = others.chain([own]).collect();
    asked.sort_by_key(|(ctx, ..)| ctx.tenant);
    let mut shares = Vec::with_capacity(asked.len());
    for (ctx, positions, may_pay_for) in asked {
        shares.push(lock_share(tx, ctx, positions, may_pay_for).await?);
    }
    Ok(shares)
}

async fn lock_share(tx: &mut db::Tx, ctx: &Ctx, asked: &[PositionId], may_pay_for: &[PupilId]) -> Result<Share, Error> {
    let person = ctx.actor.person().ok_or(Error::NotVisible)?;
    let ids: HashSet<PositionId> = asked.iter().copied().collect();
    let ids: Vec<PositionId> = ids.into_iter().collect();
    let positions = store::by_ids(tx, ctx.tenant, &ids, true).await?;
    check_visible(&positions, ids.len(), person, may_pay_for)?;
    positions.iter().try_for_each(check_payable)?;
    check_one_side(&positions)?;
    Ok(Share { ctx: ctx.clone(), person, positions })
}

fn check_count(count: usize) -> Result<(), Error> {
    match count {
        0 => Err(Error::NothingChosen),
        1..=MOST => Ok(()),
        _ => Err(Error::TooMany),
    }
}

fn check_visible(positions: &[Position], wanted: usize, person: PersonId, may_pay_for: &[PupilId]) -> Result<(), Error> {
    let may_pay = |p: &Position| p.debtor == person || p.pupil.is_some_and(|pupil| may_pay_for.contains(&pupil));
    if positions.len() == wanted && positions.iter().all(may_pay) { Ok(()) } else { Err(Error::NotVisible) }
}

fn check_payable(position: &Position) -> Result<(), Error> {
    match position.state {
        State::Payable => Ok(()),
        State::Paid | State::Closed => Err(Error::AlreadyPaid),
        State::Cancelled => Err(Error::Cancelled),
    }
}

/// Paying the one closes the other, so both in a cart would be paid twice.
fn check_one_side(positions: &[Position]) -> Result<(), Error> {
    let wholes = || positions.iter().filter(|p| p.kind == PositionKind::Whole);
    let is_part = |p: &&Position| p.kind != PositionKind::Whole && wholes().any(|whole| whole.choice_key == p.choice_key);
    if positions.iter().any(|p| is_part(&p)) { Err(Error::WholeAndPart) } else { Ok(()) }
}

/// The positions and amounts: a changed amount makes another set. Those of other tenants have the tenant before them.
fn set_key(home: TenantId, shares: &[Share]) -> String {
    let key = |tenant: TenantId, p: &Position| match tenant == home {
        true => format!("{}:{}", p.id, p.due().0),
        false => format!("{}/{}:{}", tenant.0, p.id, p.due().0),
    };
    let each: Vec<String> = shares.iter().flat_map(|s| s.positions.iter().map(move |p| key(s.ctx.tenant, p))).collect();
    each.join(",")
}

fn reuse(standing: &store::CartRow, now: Instant) -> Option<Prepared> {
    let cart = standing.id;
    match (standing.state, &standing.redirect_url) {
        (CartState::Open, Some(url)) => Some(Prepared::Reuse { cart, redirect_url: url.clone() }),
        (CartState::Opening, _) if now - OPENING <= standing.created_at => Some(Prepared::Opening { cart }),
        _ => None,
    }
}

async fn open_new(
    tx: &mut db::Tx,
    ctx: &Ctx,
    person: PersonId,
    set_key: &str,
    shares: &[Share],
    request: &PrepareRequest,
) -> Result<Prepared, Error> {
    let own = institution(tx, ctx.tenant).await?;
    let cart: CartId = ctx.new_id();
    let total = shares.iter().flat_map(|share| &share.positions).map(Position::due).sum();
    let (home, others): (Vec<&Share>, Vec<&Share>) = shares.iter().partition(|share| share.ctx.tenant == ctx.tenant);
    for share in &home {
        store::insert_cart(tx, ctx, cart, person, set_key, total, &share.positions).await?;
    }
    for share in &others {
        store::insert_share(tx, &share.ctx, cart, share.person, &share.positions).await?;
    }
    let tenants: Vec<TenantId> = others.iter().map(|share| share.ctx.tenant).collect();
    store::insert_others(tx, ctx, cart, &tenants).await?;
    let mut notices = Vec::new();
    for share in shares {
        store::set_attempt(tx, &share.ctx, cart, Some(ctx.now + SAME_SET)).await?;
        store::insert_gpd_pushes(tx, &share.ctx, share.positions.iter().map(|p| p.id)).await?;
        notices.extend(notices_of(&institution(tx, share.ctx.tenant).await?, &share.positions));
        audit_share(tx, ctx.tenant, cart, share, !others.is_empty()).await?;
    }
    let wire = wire_cart(cart, notices, request);
    Ok(Prepared::New { cart, request: Box::new(wire), settings: Box::new(own.pagopa) })
}

async fn institution(tx: &mut db::Tx, tenant: TenantId) -> Result<Institution, Error> {
    store::institution_of(tx, tenant).await?.ok_or(Error::NotConfigured)
}

/// A cart over several tenants is told in the trail of each, with its own notices alone.
async fn audit_share(tx: &mut db::Tx, home: TenantId, cart: CartId, share: &Share, is_shared: bool) -> Result<(), Error> {
    if !is_shared {
        return Ok(());
    }
    let amount: Cents = share.positions.iter().map(Position::due).sum();
    let here = share.ctx.tenant == home;
    let details = serde_json::json!({ "notices": share.positions.len(), "amount_cents": amount.0, "opened_here": here });
    Ok(db::audit::record(tx, &share.ctx, "cart.shared", &format!("cart:{cart}"), &details).await?)
}

fn notices_of<'a>(institution: &'a Institution, positions: &'a [Position]) -> impl Iterator<Item = CartNotice> + 'a {
    let cut = |text: &str| text.chars().take(140).collect::<String>();
    positions.iter().map(move |p| CartNotice {
        notice_number: p.notice_number.to_string(),
        fiscal_code: institution.fiscal_code.clone(),
        amount_cents: p.due().0,
        company_name: cut(&institution.name),
        description: cut(&p.description),
    })
}

fn wire_cart(id: CartId, payment_notices: Vec<CartNotice>, request: &PrepareRequest) -> Cart {
    let back = |outcome: Returned| {
        let (_, _, word) = RETURNS.iter().find(|(r, ..)| *r == outcome).expect("every return has a word");
        format!("{}/{id}?esito={word}", request.return_base_url.trim_end_matches('/'))
    };
    Cart {
        payment_notices,
        return_urls: ReturnUrls {
            ok: back(Returned::Ok),
            cancel: back(Returned::Cancelled),
            error: back(Returned::Failed),
            waiting: Some(back(Returned::Waiting)),
        },
        email_notice: request.email.clone(),
        id_cart: Some(id.to_string()),
        is_all_postal: None,
    }
}
