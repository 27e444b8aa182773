//! Conto corrente virtuale: the statement of a badge, like a bank's.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use billing::account::{AccountStatement, Wallet};
use kernel::{BadgeId, Cents, Day};
use ledger::Cause;

use super::papers;
use super::period::{Period, Preset};
use super::words::refused;
use crate::chrome::{Chrome, FieldError, download, html};
use crate::refusal::Refusal;
use crate::switcher::{Default as Show, Switcher};
use crate::visit::Visit;

const PATH: &str = "/area-personale/conto-corrente-virtuale";

#[derive(Template)]
#[template(path = "portal/account.html")]
struct Page {
    c: Chrome,
    switcher: Switcher,
    badges: Vec<BadgeLink>,
    wallet: Option<Wallet>,
    may_pay: bool,
    statement: Option<Shown>,
    period: Period,
    presets: Vec<Preset>,
    errors: Vec<FieldError>,
}

struct BadgeLink {
    words: String,
    href: String,
    current: bool,
}

/// A statement as the page shows it, newest movement first.
struct Shown {
    opening: Cents,
    closing: Cents,
    credits: Cents,
    debits: Cents,
    movements: Vec<Line>,
    pdf: String,
    csv: String,
}

struct Line {
    day: Day,
    words: String,
    detail: String,
    amount: Cents,
    balance: Cents,
    /// Where the cause of the movement is seen.
    href: Option<String>,
}

pub async fn show(visit: Visit) -> Result<Response, Refusal> {
    let mut tx = visit.read().await?;
    let switcher = Switcher::read(&mut tx, &visit, enrolment::Right::View, Show::First).await?;
    let all = billing::account::wallets(&mut tx, &visit.ctx).await?;
    let wallet = chosen(&visit, &switcher, &all)?;
    let (period, mut errors) = Period::read(&visit, Period::last_month(visit.ctx.today()));
    let mut statement = None;
    if let Some(wallet) = wallet.as_ref().filter(|_| errors.is_empty()) {
        match billing::account::statement(&mut tx, &visit.ctx, wallet.badge_id, period.first, period.last).await {
            Ok(read) => statement = Some(shown(&visit, read)),
            Err(error) => errors.push(FieldError { field: "da", words: visit.t(refused(error)?).to_owned() }),
        }
    }
    let may_pay = billing::top_up::options(&mut tx, &visit.ctx)
        .await?
        .iter()
        .any(|t| wallet.as_ref().is_some_and(|w| w.badge_id == t.wallet.badge_id));
    drop(tx);
    switcher.remember(&visit).await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let mut c = Chrome::personal(&visit, visit.t("service-conto-corrente-virtuale"), Vec::new());
    c.has_errors = !errors.is_empty();
    let (badges, presets) = (badges(&visit, &switcher, &all, wallet.as_ref()), period.presets(&visit));
    html(status, &Page { c, switcher, badges, wallet, may_pay, statement, period, presets, errors })
}

/// The badge of the address, else the chosen pupil's first; somebody else's is none at all.
fn chosen(visit: &Visit, switcher: &Switcher, all: &[Wallet]) -> Result<Option<Wallet>, Refusal> {
    if let Some(id) = visit.query.get("badge") {
        let id: BadgeId = id.parse().map_err(|_| Refusal::NotFound)?;
        return all.iter().find(|w| w.badge_id == id).cloned().map(Some).ok_or(Refusal::NotFound);
    }
    let of = |w: &&Wallet| switcher.chosen.as_ref().is_none_or(|p| p.id == w.pupil_id);
    Ok(all.iter().find(of).cloned())
}

fn badges(visit: &Visit, switcher: &Switcher, all: &[Wallet], current: Option<&Wallet>) -> Vec<BadgeLink> {
    let of_pupil: Vec<_> = all.iter().filter(|w| switcher.chosen.as_ref().is_none_or(|p| p.id == w.pupil_id)).collect();
    let link = |w: &&Wallet| BadgeLink {
        words: format!("{} · {}", w.service_name, w.badge_code),
        href: format!("{}{}", visit.path, visit.query.with("badge", &w.badge_id.to_string()).query()),
        current: current.is_some_and(|c| c.badge_id == w.badge_id),
    };
    if of_pupil.len() > 1 { of_pupil.iter().map(link).collect() } else { Vec::new() }
}

fn shown(visit: &Visit, read: AccountStatement) -> Shown {
    let sum = |keep: fn(Cents) -> bool| read.statement.movements.iter().map(|m| m.amount).filter(|a| keep(*a)).sum();
    let query = visit.query.with("badge", &read.wallet.badge_id.to_string());
    let query = query.with("da", &read.statement.first.to_string()).with("a", &read.statement.last.to_string()).query();
    Shown {
        opening: read.statement.opening,
        closing: read.statement.closing,
        credits: sum(|a| !a.is_negative()),
        debits: sum(Cents::is_negative),
        movements: read.statement.movements.iter().rev().map(|m| line(visit, &read.wallet, m)).collect(),
        pdf: format!("{PATH}/estratto.pdf{query}"),
        csv: format!("{PATH}/estratto.csv{query}"),
    }
}

fn line(visit: &Visit, wallet: &Wallet, movement: &ledger::Movement) -> Line {
    let day = movement.effective_on;
    let month = format!(
        "/area-personale/refezione-scolastica?alunno={}&mese={:04}-{:02}#g{day}",
        wallet.pupil_id,
        day.year(),
        day.month()
    );
    Line {
        day,
        words: visit.t(cause_key(movement.cause)).to_owned(),
        detail: movement.description.clone(),
        amount: movement.amount,
        balance: movement.balance_after,
        href: (movement.cause == Cause::Meal).then_some(month),
    }
}

fn cause_key(cause: Cause) -> &'static str {
    match cause {
        Cause::TopUp => "cause-top-up",
        Cause::Meal => "cause-meal",
        Cause::Opening => "cause-opening",
        Cause::Refund => "cause-refund",
        Cause::Transfer => "cause-transfer",
        Cause::Reversal => "cause-reversal",
        _ => "cause-adjustment",
    }
}

/// The statement the query asks for, or the refusal of the page: a file has no room for words beside a field.
async fn asked(visit: &Visit) -> Result<AccountStatement, Refusal> {
    let badge: BadgeId = visit.query.get("badge").and_then(|b| b.parse().ok()).ok_or(Refusal::NotFound)?;
    let (period, errors) = Period::read(visit, Period::last_month(visit.ctx.today()));
    if !errors.is_empty() {
        return Err(Refusal::BadRequest);
    }
    let mut tx = visit.read().await?;
    let read = billing::account::statement(&mut tx, &visit.ctx, badge, period.first, period.last).await;
    match read {
        Ok(statement) => Ok(statement),
        Err(error) => refused(error).and(Err(Refusal::BadRequest)),
    }
}

pub async fn csv(visit: Visit) -> Result<Response, Refusal> {
    let read = asked(&visit).await?;
    let head = ["column-data", "account-movement", "column-descrizione", "column-importo", "account-balance"]
        .map(|k| visit.t(k).to_owned());
    let rows = read.statement.movements.iter().map(|m| {
        let words = visit.t(cause_key(m.cause)).to_owned();
        [catalogue::day_short(m.effective_on), words, m.description.clone(), m.amount.format_it(), m.balance_after.format_it()]
    });
    let file = format!("conto-{}.csv", read.wallet.badge_code);
    Ok(download("text/csv; charset=utf-8", &file, super::registry::csv_file(&head, rows)))
}

pub async fn pdf(visit: Visit) -> Result<Response, Refusal> {
    let read = asked(&visit).await?;
    let session = visit.session.as_ref().ok_or(Refusal::SignInFirst)?;
    let movement = |m: &ledger::Movement| paper::Movement {
        on: m.effective_on,
        description: m.description.clone(),
        amount: m.amount,
        balance: m.balance_after,
    };
    let statement = paper::AccountStatement {
        issuer: visit.issuer().await?,
        language: visit.locale,
        holder: paper::Person { name: session.full_name(), fiscal_code: session.fiscal_code.clone() },
        account: format!("{} · badge {}", read.wallet.service_name, read.wallet.badge_code),
        pupil: read.wallet.pupil_name.clone(),
        first_on: read.statement.first,
        last_on: read.statement.last,
        opening: read.statement.opening,
        movements: read.statement.movements.iter().map(movement).collect(),
        closing: read.statement.closing,
        issued_on: visit.ctx.today(),
    };
    let file = format!("conto-{}.pdf", read.wallet.badge_code);
    papers::send(&visit, &file, move |papers| papers.account_statement(&statement)).await
}
