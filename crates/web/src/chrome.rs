//! What stands around every page, and the words and forms of values its templates use.

use std::sync::Arc;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use catalogue::Locale;
use enrolment::Tenant;
use kernel::{Cents, Day, Instant, Page, Paged};

use crate::assets;
use crate::fields::Fields;
use crate::guard;
use crate::refusal::Refusal;
use crate::state::AppState;
use crate::visit::Visit;

/// A step of the breadcrumb; the last one has no address.
#[derive(Clone, Debug)]
pub struct Crumb {
    pub words: String,
    pub href: Option<String>,
}

/// The end of a session, told before it comes.
#[derive(Clone, Copy, Debug)]
pub struct SessionEnd {
    pub at: Instant,
    pub in_seconds: i64,
    /// Whether a request now cannot put it off.
    pub is_last: bool,
}

impl SessionEnd {
    fn of(session: &identity::Session, now: Instant) -> SessionEnd {
        let at = session.ends_at();
        SessionEnd { at, in_seconds: at.duration_since(now).as_secs().max(0), is_last: session.is_last_stretch() }
    }
}

/// The frame of a page. Templates call it `c`.
#[derive(Clone)]
pub struct Chrome {
    state: AppState,
    pub locale: Locale,
    pub tenant: Arc<Tenant>,
    /// Stands in the window's title and, unless the page has its own, as its one h1.
    pub title: String,
    pub crumbs: Vec<Crumb>,
    /// Who is signed in.
    pub person: Option<String>,
    pub csrf: String,
    pub path: String,
    /// Where the page's language is changed and come back to.
    pub here: String,
    pub demo: Option<String>,
    /// When the session ends if nothing more is done, and how this is said; none where nobody is signed in.
    pub session_end: Option<SessionEnd>,
    /// Whether this is a page of the staff's area.
    pub office: bool,
    /// Set where the page answers a form that was refused.
    pub has_errors: bool,
}

impl Chrome {
    pub fn new(visit: &Visit, title: impl Into<String>, crumbs: Vec<Crumb>) -> Chrome {
        Chrome {
            state: visit.state.clone(),
            locale: visit.locale,
            tenant: visit.tenant.clone(),
            title: title.into(),
            crumbs,
            person: visit.session.as_ref().map(identity::Session::full_name),
            csrf: visit.session.as_ref().map(|s| s.csrf_token.clone()).unwrap_or_default(),
            path: visit.path.clone(),
            here: format!("{}{}", visit.path, visit.query.query()),
            demo: visit.state.demo.as_ref().map(|d| d.sandbox_url.clone()),
            session_end: visit.session.as_ref().map(|s| SessionEnd::of(s, visit.ctx.now)),
            office: guard::is_office(&visit.path),
            has_errors: false,
        }
    }

    /// The chrome of a page of the personal area: Home / Area personale / the service / further steps.
    pub fn personal(visit: &Visit, title: impl Into<String>, further: Vec<Crumb>) -> Chrome {
        let title = title.into();
        let crumb = |key: &str, href: &str| Crumb { words: visit.t(key).to_owned(), href: Some(href.to_owned()) };
        let mut crumbs = vec![crumb("crumb-home", "/"), crumb("crumb-personal", "/area-personale")];
        crumbs.extend(further);
        crumbs.push(Crumb { words: title.clone(), href: None });
        Chrome::new(visit, title, crumbs)
    }

    /// The chrome of a page of the staff's area.
    pub fn office(visit: &Visit, title: impl Into<String>) -> Chrome {
        let title = title.into();
        let mut crumbs = vec![Crumb { words: visit.t("crumb-home").to_owned(), href: Some("/".to_owned()) }];
        if visit.path != "/ufficio" && visit.session.is_some() {
            crumbs.push(Crumb { words: visit.t("office-title").to_owned(), href: Some("/ufficio".to_owned()) });
        }
        crumbs.push(Crumb { words: title.clone(), href: None });
        Chrome::new(visit, title, crumbs)
    }

    /// Where who is signed in is at home.
    pub fn own_area(&self) -> &'static str {
        if self.office { "/ufficio" } else { "/area-personale" }
    }

    /// Where one's sessions are listed.
    pub fn accesses(&self) -> &'static str {
        if self.office { "/ufficio#sessioni" } else { "/area-personale/accessi" }
    }

    pub fn sign_out(&self) -> &'static str {
        if self.office { "/ufficio/esci" } else { "/esci" }
    }

    /// Where a script asks that the session goes on.
    pub fn stay(&self) -> &'static str {
        if self.office { "/ufficio/accessi/resta" } else { "/area-personale/accessi/resta" }
    }

    /// A message without arguments.
    pub fn t<'a>(&'a self, key: &'a str) -> &'a str {
        self.state.catalogue.text(self.locale, key)
    }

    /// A message with one argument.
    pub fn t1(&self, key: &str, name: &str, value: &str) -> String {
        self.state.catalogue.format(self.locale, key, &[(name, value.into())])
    }

    /// A message with a number.
    pub fn tn(&self, key: &str, name: &str, number: &i64) -> String {
        self.state.catalogue.format(self.locale, key, &[(name, (*number).into())])
    }

    /// `45,00 €`.
    pub fn eur(&self, amount: &Cents) -> String {
        amount.to_string()
    }

    /// `+50,00 €`, `−4,60 €`: for movements.
    pub fn signed(&self, amount: &Cents) -> String {
        let sign = if amount.is_negative() { "−" } else { "+" };
        format!("{sign}{}", amount.abs())
    }

    /// `24/11/2026`.
    pub fn day(&self, day: &Day) -> String {
        catalogue::day_short(*day)
    }

    /// `24 novembre 2026`.
    pub fn day_long(&self, day: &Day) -> String {
        catalogue::day_long(self.locale, *day)
    }

    /// `martedì 24 novembre`.
    pub fn day_week(&self, day: &Day) -> String {
        catalogue::day_week(self.locale, *day)
    }

    /// `24/11/2026, 8:59:12`.
    pub fn instant(&self, at: &Instant) -> String {
        catalogue::instant_long(*at)
    }

    /// `9:00`.
    pub fn time(&self, at: &Instant) -> String {
        catalogue::time_of_day(*at)
    }

    /// `2026-11-24`, for the value of a date field.
    pub fn iso(&self, day: &Day) -> String {
        day.to_string()
    }

    /// An icon of the sprite, hidden from screen readers: the words beside it say the same.
    pub fn icon(&self, name: &str) -> String {
        format!(
            "<svg class=\"icon\" aria-hidden=\"true\" focusable=\"false\"><use href=\"{}#{name}\"></use></svg>",
            assets::url("sprite.svg")
        )
    }

    pub fn asset(&self, logical: &str) -> String {
        assets::url(logical)
    }

    /// The tenant's own stylesheet; its name follows the colour.
    pub fn theme(&self) -> String {
        format!("/tema-{}.css", self.tenant.colour.trim_start_matches('#'))
    }

    /// The address of the tenant's coat of arms; its name follows the drawing.
    pub fn arms(&self) -> Option<String> {
        self.tenant.arms.as_ref().map(|hash| format!("/stemma-{hash}.svg"))
    }

    pub fn lang(&self) -> &'static str {
        self.locale.code()
    }

    pub fn is_italian(&self) -> bool {
        self.locale == Locale::It
    }

    /// `tel:` needs digits.
    pub fn phone_link(&self) -> String {
        self.tenant.office_phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
    }

    /// `aria-current` for a link of the menus.
    pub fn current(&self, href: &str) -> bool {
        self.path == href || (href != "/" && self.path.starts_with(&format!("{href}/")))
    }
}

/// `Trovati N risultati, pagina x di y`, and the links to the other pages.
#[derive(Clone, Debug)]
pub struct Pager {
    pub found: String,
    pub pages: Vec<PageLink>,
    pub previous: Option<String>,
    pub next: Option<String>,
}

#[derive(Clone, Debug)]
pub struct PageLink {
    pub number: u32,
    pub href: String,
    pub current: bool,
}

impl Pager {
    pub fn new<T>(visit: &Visit, list: &Paged<T>) -> Pager {
        let (number, last) = (list.page.number, list.pages());
        let args = [("total", list.total.into()), ("page", number.into()), ("pages", last.into())];
        let href = |page: u32| format!("{}{}", visit.path, visit.query.with("pagina", &page.to_string()).query());
        let near = (1..=last).filter(|p| *p == 1 || *p == last || p.abs_diff(number) <= 2);
        Pager {
            found: visit.f("list-found", &args),
            pages: near.map(|p| PageLink { number: p, href: href(p), current: p == number }).collect(),
            previous: (number > 1).then(|| href(number - 1)),
            next: (number < last).then(|| href(number + 1)),
        }
    }
}

/// The page a query asks for.
pub fn asked_page(query: &Fields) -> Page {
    Page::number(query.get("pagina").and_then(|p| p.parse().ok()).unwrap_or(1))
}

/// A field that was refused, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The id of the field's element.
    pub field: &'static str,
    pub words: String,
}

/// Renders a page.
pub fn html(status: StatusCode, page: &impl Template) -> Result<Response, Refusal> {
    let body = page.render().map_err(|error| {
        tracing::error!(%error, "a page does not render");
        Refusal::Unexpected
    })?;
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    Ok((status, [(header::CONTENT_TYPE, kind)], body).into_response())
}

/// A file to keep: `attachment` with this name.
pub fn download(content_type: &'static str, file_name: &str, body: Vec<u8>) -> Response {
    let plain: String = file_name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"")).expect("the name is plain");
    ([(header::CONTENT_TYPE, HeaderValue::from_static(content_type)), (header::CONTENT_DISPOSITION, disposition)], body)
        .into_response()
}
