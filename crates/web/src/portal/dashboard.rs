//! The first page of the personal area: what is due today, then everything else.

use std::collections::HashMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use billing::account::Wallet;
use billing::due::{DueRow, DueState};
use enrolment::{PupilSummary, Right};
use kernel::{Cents, Day, Instant, MessageId, Paged, PupilId};
use meals::attendance::TodayMeal;

use crate::chrome::{Chrome, Crumb, Pager, asked_page, html};
use crate::public::{self, ServiceCard};
use crate::refusal::Refusal;
use crate::visit::Visit;

/// How many messages the dashboard shows.
const LATEST: u32 = 3;

#[derive(Template)]
#[template(path = "portal/dashboard.html")]
struct Dashboard {
    c: Chrome,
    greeting: String,
    children: Vec<ChildCard>,
    dues: Option<Dues>,
    cards: Vec<ServiceCard>,
    messages: Vec<messages::Message>,
}

struct ChildCard {
    pupil: PupilSummary,
    today: Option<TodayLine>,
    wallets: Vec<Wallet>,
    may_report: bool,
}

impl ChildCard {
    fn takes_top_ups(&self) -> bool {
        self.wallets.iter().any(|wallet| wallet.is_prepaid)
    }
}

/// What happens at lunch today, in words.
struct TodayLine {
    words: String,
    kind: &'static str,
    menu: String,
}

struct Dues {
    words: String,
    first_due: Option<Day>,
}

pub async fn show(visit: Visit) -> Result<Response, Refusal> {
    let mut tx = visit.read().await?;
    let pupils = enrolment::visible_pupils(&mut tx, &visit.ctx, Right::View).await?;
    let reportable = enrolment::visible_pupils(&mut tx, &visit.ctx, Right::ReportAbsences).await?;
    let ids: Vec<PupilId> = pupils.iter().map(|p| p.id).collect();
    let mut today = meals::attendance::today(&mut tx, &visit.ctx, &ids).await?;
    let mut wallets: HashMap<PupilId, Vec<Wallet>> = HashMap::new();
    // Who is billed afterwards has no credit to speak of.
    let speaks = |w: &Wallet| w.is_active && (w.is_prepaid || !w.balance.is_zero());
    for wallet in billing::account::wallets(&mut tx, &visit.ctx).await?.into_iter().filter(speaks) {
        wallets.entry(wallet.pupil_id).or_default().push(wallet);
    }
    let dues = dues(&visit, &billing::due::list_for(&mut tx, &visit.ctx).await?);
    let latest = kernel::Page { number: 1, size: LATEST };
    let messages = messages::list_for(&mut tx, &visit.ctx, latest).await?.items;
    let card = |pupil: PupilSummary| ChildCard {
        today: today.iter().position(|t| t.pupil == pupil.id).map(|at| today_line(&visit, &today.swap_remove(at))),
        wallets: wallets.remove(&pupil.id).unwrap_or_default(),
        may_report: reportable.iter().any(|p| p.id == pupil.id),
        pupil,
    };
    let children = pupils.into_iter().filter(|p| p.open).map(card).collect();
    let name = visit.session.as_ref().map(|s| s.name.clone()).unwrap_or_default();
    let title = visit.t("crumb-personal").to_owned();
    let crumbs = vec![
        Crumb { words: visit.t("crumb-home").to_owned(), href: Some("/".to_owned()) },
        Crumb { words: title.clone(), href: None },
    ];
    let greeting = visit.f("dashboard-greeting", &[("name", name.into())]);
    let cards = public::cards(&visit);
    html(StatusCode::OK, &Dashboard { c: Chrome::new(&visit, title, crumbs), greeting, children, dues, cards, messages })
}

fn dues(visit: &Visit, rows: &[DueRow]) -> Option<Dues> {
    let payable: Vec<_> = rows.iter().filter(|r| r.state == DueState::Payable).collect();
    let first_due = payable.iter().map(|r| r.due_on).min();
    let total: Cents = payable.iter().map(|r| r.amount).sum();
    let args = [("amount", total.into()), ("count", payable.len().into())];
    (!payable.is_empty()).then(|| Dues { words: visit.f("dashboard-dues", &args), first_due })
}

fn today_line(visit: &Visit, today: &TodayMeal) -> TodayLine {
    let (key, kind) = super::canteen::status_key(&today.record.status);
    TodayLine {
        words: visit.t(key).to_owned(),
        kind,
        menu: today.record.menu.iter().map(|m| m.dish.clone()).collect::<Vec<_>>().join(", "),
    }
}

#[derive(Template)]
#[template(path = "portal/messages.html")]
struct Messages {
    c: Chrome,
    list: Paged<messages::Message>,
    /// When each was sent in app IO too.
    in_io: HashMap<MessageId, Instant>,
    pager: Pager,
}

impl Messages {
    fn io_words(&self, message: &messages::Message) -> Option<String> {
        let at = self.in_io.get(&message.id)?;
        Some(self.c.t1("messages-in-io", "at", &self.c.instant(at)))
    }
}

pub async fn messages(visit: Visit) -> Result<Response, Refusal> {
    let mut tx = visit.begin().await?;
    let list = messages::list_for(&mut tx, &visit.ctx, asked_page(&visit.query)).await?;
    let ids: Vec<MessageId> = list.items.iter().map(|message| message.id).collect();
    let in_io = payments::io::sent_at(&mut tx, &visit.ctx, &ids).await?;
    messages::mark_read(&mut tx, &visit.ctx).await?;
    tx.commit().await?;
    let pager = Pager::new(&visit, &list);
    html(StatusCode::OK, &Messages { c: Chrome::personal(&visit, visit.t("messages-title"), Vec::new()), list, in_io, pager })
}
