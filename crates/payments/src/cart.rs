//! A visit to the Checkout with up to five notices, of one tenant or of several that have an agreement.
//!
//! The door prepares, commits, asks the carts service with no transaction open (the node verifies each notice with us
//! meanwhile), then records what came of it. A cart over several tenants has a share in each, under one id: the attempt is
//! marked on the notices of all of them in one transaction, and every share reads only its own tenant.

use std::collections::HashSet;

use jiff::SignedDuration;
use kernel::{CartId, Cents, Ctx, Instant, PersonId, PositionId, PupilId, TenantId};
use pagopa::{Cart, CartNotice, ReturnUrls};

use crate::settings::Institution;
use crate::{Error, Position, PositionKind, State, agreement, settings, store};

const MOST: usize = 5;
/// How long a cart of the Checkout waits to be opened, and so how long the same set is the same cart.
const SAME_SET: SignedDuration = SignedDuration::from_mins(10);
/// How long a request may take to open a cart before it is taken for lost.
const OPENING: SignedDuration = SignedDuration::from_secs(30);
/// How long a browser that came back with success is believed to have paid, until the receipt says so.
const AWAITING_RECEIPT: SignedDuration = SignedDuration::from_mins(60);

/// What a person asks to pay.
#[derive(Clone, Debug)]
pub struct PrepareRequest {
    pub positions: Vec<PositionId>,
    /// Pupils for whom the person may pay, as `enrolment` says; what the person owes in its own name needs none.
    pub may_pay_for: Vec<PupilId>,
    /// Of tenants under the same agreement.
    pub elsewhere: Vec<Elsewhere>,
    /// Absolute; `/<cart>?esito=ok|annullato|errore|attesa` is added.
    pub return_base_url: String,
    /// Filled in for the payer on the payment page.
    pub email: Option<String>,
}

/// What the same person is to pay to another tenant.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// Of that tenant, acting as the person it knows.
    pub ctx: Ctx,
    pub positions: Vec<PositionId>,
    /// Pupils of that tenant for whom the person may pay.
    pub may_pay_for: Vec<PupilId>,
}

/// What one tenant has in a cart, its positions locked.
struct Share {
    ctx: Ctx,
    person: PersonId,
    positions: Vec<Position>,
}

#[derive(Clone, Debug)]
pub enum Prepared {
    /// Commit, then open this with the carts service of the settings.
    New { cart: CartId, request: Box<Cart>, settings: Box<settings::PagoPa> },
    /// The same set is open already: send the browser there.
    Reuse { cart: CartId, redirect_url: String },
    /// A first click is opening it right now: look again in a moment.
    Opening { cart: CartId },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CartState {
    Opening,
    Open,
    Refused,
}

/// What the browser said on its return. Anybody can say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    Ok,
    Waiting,
    Cancelled,
    Failed,
}

const STATES: [(CartState, &str); 3] =
    [(CartState::Opening, "opening"), (CartState::Open, "open"), (CartState::Refused, "refused")];
/// The word kept, and the word of the return address.
const RETURNS: [(Returned, &str, &str); 4] = [
    (Returned::Ok, "ok", "ok"),
    (Returned::Waiting, "waiting", "attesa"),
    (Returned::Cancelled, "cancelled", "annullato"),
    (Returned::Failed, "failed", "errore"),
];

/// A cart as its payer may see it.
#[derive(Clone, Debug)]
pub struct CartView {
    pub id: CartId,
    pub person: PersonId,
    pub state: CartState,
    pub total: Cents,
    pub redirect_url: Option<String>,
    pub created_at: Instant,
    pub returned: Option<Returned>,
    /// Of this tenant, by id; their own state says what is paid.
    pub positions: Vec<Position>,
    /// What the others have in it, where it was opened in this tenant's portal.
    pub elsewhere: Vec<ShareView>,
}

/// What another tenant has in a cart.
#[derive(Clone, Debug)]
pub struct ShareView {
    pub name: String,
    /// Where its receipts are found.
    pub public_url: String,
    pub positions: Vec<Position>,
}

impl CartView {
    pub fn is_all_paid(&self) -> bool {
        self.all().all(|p| p.state == State::Paid)
    }

    pub fn is_partly_paid(&self) -> bool {
        !self.is_all_paid() && self.all().any(|p| p.state == State::Paid)
    }

    fn all(&self) -> impl Iterator<Item = &Position> {
        self.positions.iter().chain(self.elsewhere.iter().flat_map(|share| &share.positions))
    }
}

impl CartState {
    pub(crate) fn code(self) -> &'static str {
        STATES.iter().find(|(state, _)| *state == self).expect("every state has a word").1
    }

    pub(crate) fn from_code(code: &str) -> Option<CartState> {
        STATES.iter().find(|(_, word)| *word == code).map(|(state, _)| *state)
    }
}

impl Returned {
    pub(crate) fn code(self) -> &'static str {
        RETURNS.iter().find(|(returned, ..)| *returned == self).expect("every return has a word").1
    }

    pub(crate) fn from_code(code: &str) -> Option<Returned> {
        RETURNS.iter().find(|(_, word, _)| *word == code).map(|(returned, ..)| *returned)
    }

    /// Reads the `esito` of a return address.
    pub fn from_query(word: &str) -> Option<Returned> {
        RETURNS.iter().find(|(_, _, query)| *query == word).map(|(returned, ..)| *returned)
    }
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

/// The context of each tenant that has a share in a cart of this one, in the order their positions are locked.
async fn all_of(tx: &mut db::Tx, ctx: &Ctx, cart: CartId) -> Result<Vec<Ctx>, Error> {
    let others = store::others(tx, ctx, cart).await?.into_iter().map(|(tenant, ..)| Ctx { tenant, ..ctx.clone() });
    let mut all: Vec<Ctx> = [ctx.clone()].into_iter().chain(others).collect();
    all.sort_by_key(|ctx| ctx.tenant);
    Ok(all)
}

/// Whether every notice of the cart is known to who is asked for it: where pagoPA answers for a tenant it is told of what
/// a payer asked for when the cart is made, and the carts service must wait for that.
pub async fn is_told(tx: &mut db::Tx, ctx: &Ctx, cart: CartId) -> Result<bool, Error> {
    for ctx in all_of(tx, ctx, cart).await? {
        if store::count_untold(tx, &ctx, cart).await? > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The carts service gave the address of the payment page.
pub async fn opened(tx: &mut db::Tx, ctx: &Ctx, cart: CartId, redirect_url: &str) -> Result<(), Error> {
    for ctx in all_of(tx, ctx, cart).await? {
        store::update_cart(tx, &ctx, cart, CartState::Open, Some(redirect_url)).await?;
    }
    Ok(())
}

/// The carts service gave none: the notices are free for another try.
pub async fn refused(tx: &mut db::Tx, ctx: &Ctx, cart: CartId) -> Result<(), Error> {
    for ctx in all_of(tx, ctx, cart).await? {
        store::update_cart(tx, &ctx, cart, CartState::Refused, None).await?;
        store::set_attempt(tx, &ctx, cart, None).await?;
    }
    Ok(())
}

/// The cart of the person who acts.
///
/// # Errors
/// [`Error::NotVisible`] when there is none, or it is another person's.
pub async fn get(tx: &mut db::Tx, ctx: &Ctx, id: CartId) -> Result<CartView, Error> {
    let row = own(tx, ctx, id).await?;
    let mut elsewhere = Vec::new();
    for (tenant, name, public_url) in store::others(tx, ctx, id).await? {
        let positions = positions_of(tx, &Ctx { tenant, ..ctx.clone() }, id).await?;
        elsewhere.push(ShareView { name, public_url, positions });
    }
    Ok(CartView {
        id,
        person: row.person,
        state: row.state,
        total: row.total,
        redirect_url: row.redirect_url,
        created_at: row.created_at,
        returned: row.returned,
        positions: positions_of(tx, ctx, id).await?,
        elsewhere,
    })
}

async fn own(tx: &mut db::Tx, ctx: &Ctx, id: CartId) -> Result<store::CartRow, Error> {
    store::cart(tx, ctx, id).await?.filter(|c| Some(c.person) == ctx.actor.person()).ok_or(Error::NotVisible)
}

async fn positions_of(tx: &mut db::Tx, ctx: &Ctx, cart: CartId) -> Result<Vec<Position>, Error> {
    let ids = store::cart_positions(tx, ctx, cart).await?;
    store::by_ids(tx, ctx.tenant, &ids, false).await
}

/// Notes what the browser of the person who acts said. It pays nothing; it only tells how long to wait for a receipt
/// before the notices may go into another cart. The first word counts, and only in the portal that opened the cart.
///
/// # Errors
/// As [`get`].
pub async fn returned(tx: &mut db::Tx, ctx: &Ctx, id: CartId, outcome: Returned) -> Result<CartView, Error> {
    let row = own(tx, ctx, id).await?;
    if row.returned.is_some() || row.is_share {
        return get(tx, ctx, id).await;
    }
    let until = match outcome {
        Returned::Ok | Returned::Waiting => Some(ctx.now + AWAITING_RECEIPT),
        Returned::Cancelled | Returned::Failed => None,
    };
    for ctx in all_of(tx, ctx, id).await? {
        store::set_returned(tx, &ctx, id, outcome).await?;
        store::set_attempt(tx, &ctx, id, until).await?;
    }
    get(tx, ctx, id).await
}
