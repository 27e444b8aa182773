//! A visit to the Checkout with up to five notices.
//!
//! The door prepares, commits, asks the carts service with no transaction open (the node verifies each notice with us
//! meanwhile), then records what came of it.

use std::collections::HashSet;

use jiff::SignedDuration;
use kernel::{CartId, Cents, Ctx, Instant, PersonId, PositionId, PupilId};
use pagopa::{Cart, CartNotice, ReturnUrls};

use crate::settings::Institution;
use crate::{Error, Position, PositionKind, State, settings, store};

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
    /// Absolute; `/<cart>?esito=ok|annullato|errore|attesa` is added.
    pub return_base_url: String,
    /// Filled in for the payer on the payment page.
    pub email: Option<String>,
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
    /// By id; their own state says what is paid.
    pub positions: Vec<Position>,
}

impl CartView {
    pub fn is_all_paid(&self) -> bool {
        self.positions.iter().all(|p| p.state == State::Paid)
    }

    pub fn is_partly_paid(&self) -> bool {
        !self.is_all_paid() && self.positions.iter().any(|p| p.state == State::Paid)
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
    let ids: HashSet<PositionId> = request.positions.iter().copied().collect();
    check_count(ids.len())?;
    // Locked, so that two clicks at once meet here and the second finds the cart of the first.
    let ids: Vec<PositionId> = ids.into_iter().collect();
    let positions = store::by_ids(tx, ctx.tenant, &ids, true).await?;
    check_visible(&positions, ids.len(), person, &request.may_pay_for)?;
    positions.iter().try_for_each(check_payable)?;
    check_one_side(&positions)?;
    let set_key = set_key(&positions);
    if let Some(standing) = store::live_cart(tx, ctx, person, &set_key, ctx.now - SAME_SET).await?
        && let Some(prepared) = reuse(&standing, ctx.now)
    {
        return Ok(prepared);
    }
    if let Some(until) = positions.iter().filter_map(|p| p.attempt_at(ctx.now)).max() {
        return Err(Error::InProgress { until });
    }
    open_new(tx, ctx, person, &set_key, &positions, request).await
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

/// The positions and amounts: a changed amount makes another set.
fn set_key(positions: &[Position]) -> String {
    let each: Vec<String> = positions.iter().map(|p| format!("{}:{}", p.id, p.due().0)).collect();
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
    positions: &[Position],
    request: &PrepareRequest,
) -> Result<Prepared, Error> {
    let institution = store::institution_of(tx, ctx.tenant).await?.ok_or(Error::NotConfigured)?;
    let cart: CartId = ctx.new_id();
    store::insert_cart(tx, ctx, cart, person, set_key, positions).await?;
    store::set_attempt(tx, ctx, cart, Some(ctx.now + SAME_SET)).await?;
    let wire = wire_cart(cart, &institution, positions, request);
    Ok(Prepared::New { cart, request: Box::new(wire), settings: Box::new(institution.pagopa) })
}

fn wire_cart(id: CartId, institution: &Institution, positions: &[Position], request: &PrepareRequest) -> Cart {
    let back = |outcome: Returned| {
        let (_, _, word) = RETURNS.iter().find(|(r, ..)| *r == outcome).expect("every return has a word");
        format!("{}/{id}?esito={word}", request.return_base_url.trim_end_matches('/'))
    };
    let cut = |text: &str| text.chars().take(140).collect::<String>();
    let notice = |p: &Position| CartNotice {
        notice_number: p.notice_number.to_string(),
        fiscal_code: institution.fiscal_code.clone(),
        amount_cents: p.due().0,
        company_name: cut(&institution.name),
        description: cut(&p.description),
    };
    Cart {
        payment_notices: positions.iter().map(notice).collect(),
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

/// The carts service gave the address of the payment page.
pub async fn opened(tx: &mut db::Tx, ctx: &Ctx, cart: CartId, redirect_url: &str) -> Result<(), Error> {
    store::update_cart(tx, ctx, cart, CartState::Open, Some(redirect_url)).await
}

/// The carts service gave none: the notices are free for another try.
pub async fn refused(tx: &mut db::Tx, ctx: &Ctx, cart: CartId) -> Result<(), Error> {
    store::update_cart(tx, ctx, cart, CartState::Refused, None).await?;
    store::set_attempt(tx, ctx, cart, None).await
}

/// The cart of the person who acts.
///
/// # Errors
/// [`Error::NotVisible`] when there is none, or it is another person's.
pub async fn get(tx: &mut db::Tx, ctx: &Ctx, id: CartId) -> Result<CartView, Error> {
    let row = store::cart(tx, ctx, id).await?.filter(|c| Some(c.person) == ctx.actor.person()).ok_or(Error::NotVisible)?;
    let ids = store::cart_positions(tx, ctx, id).await?;
    Ok(CartView {
        id,
        person: row.person,
        state: row.state,
        total: row.total,
        redirect_url: row.redirect_url,
        created_at: row.created_at,
        returned: row.returned,
        positions: store::by_ids(tx, ctx.tenant, &ids, false).await?,
    })
}

/// Notes what the browser of the person who acts said. It pays nothing; it only tells how long to wait for a receipt
/// before the notices may go into another cart. The first word counts.
///
/// # Errors
/// As [`get`].
pub async fn returned(tx: &mut db::Tx, ctx: &Ctx, id: CartId, outcome: Returned) -> Result<CartView, Error> {
    let view = get(tx, ctx, id).await?;
    if view.returned.is_some() {
        return Ok(view);
    }
    store::set_returned(tx, ctx, id, outcome).await?;
    let until = match outcome {
        Returned::Ok | Returned::Waiting => Some(ctx.now + AWAITING_RECEIPT),
        Returned::Cancelled | Returned::Failed => None,
    };
    store::set_attempt(tx, ctx, id, until).await?;
    get(tx, ctx, id).await
}
