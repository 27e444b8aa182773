//! Pages that need no sign-in: home, services and their sheets, notes, language, the tenant's colours.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use catalogue::Locale;

use crate::chrome::{Chrome, Crumb, html};
use crate::cookies;
use crate::guard::see_other;
use crate::headers::AloneAndStill;
use crate::refusal::Refusal;
use crate::theme as colours;
use crate::visit::Visit;

/// The seven services, in the order parents know; the slug is also the address in the personal area and the stem of
/// the catalogue's keys.
pub const SERVICES: [(&str, &str); 7] = [
    ("scheda-anagrafica", "it-user"),
    ("conto-corrente-virtuale", "it-card"),
    ("refezione-scolastica", "it-calendar"),
    ("pagamento", "it-cart"),
    ("documenti-contabili", "it-files"),
    ("ricariche", "it-plus-circle"),
    ("comunicazioni-assenze", "it-horn"),
];

#[derive(Clone, Debug)]
pub struct ServiceCard {
    pub slug: &'static str,
    pub icon: &'static str,
    pub name: String,
    pub text: String,
}

pub fn cards(visit: &Visit) -> Vec<ServiceCard> {
    let card = |(slug, icon): (&'static str, &'static str)| ServiceCard {
        slug,
        icon,
        name: visit.t(&format!("service-{slug}")).to_owned(),
        text: visit.t(&format!("service-{slug}-short")).to_owned(),
    };
    SERVICES.into_iter().map(card).collect()
}

fn home_crumb(visit: &Visit) -> Crumb {
    Crumb { words: visit.t("crumb-home").to_owned(), href: Some("/".to_owned()) }
}

fn plain(visit: &Visit, key: &str) -> Chrome {
    let title = visit.t(key).to_owned();
    Chrome::new(visit, title.clone(), vec![home_crumb(visit), Crumb { words: title, href: None }])
}

#[derive(Template)]
#[template(path = "public/home.html")]
struct Home {
    c: Chrome,
    cards: Vec<ServiceCard>,
}

pub async fn home(visit: Visit) -> Result<Response, Refusal> {
    let c = Chrome::new(&visit, visit.t("home-title"), Vec::new());
    html(StatusCode::OK, &Home { c, cards: cards(&visit) })
}

#[derive(Template)]
#[template(path = "public/services.html")]
struct Services {
    c: Chrome,
    cards: Vec<ServiceCard>,
    search: String,
}

/// `GET /servizi?cerca=`
pub async fn services(visit: Visit) -> Result<Response, Refusal> {
    let search = visit.query.typed("cerca").trim().to_owned();
    let wanted = search.to_lowercase();
    let found = |card: &ServiceCard| card.name.to_lowercase().contains(&wanted) || card.text.to_lowercase().contains(&wanted);
    let cards = cards(&visit).into_iter().filter(found).collect();
    html(StatusCode::OK, &Services { c: plain(&visit, "nav-services"), cards, search })
}

#[derive(Template)]
#[template(path = "public/service.html")]
struct ServiceSheet {
    c: Chrome,
    slug: &'static str,
    icon: &'static str,
    short: String,
    sections: Vec<SheetSection>,
    /// Structured data, as the national validator reads it.
    metatag: String,
}

/// A section of the sheet, with the attribute the national validator looks for.
struct SheetSection {
    id: &'static str,
    element: &'static str,
    title: String,
    text: String,
}

/// Ids and data elements of the service sheet (design-comuni, C.SI.1.3), in the order it asks for.
const SECTIONS: [(&str, &str); 8] = [
    ("who", "service-addressed"),
    ("how", "service-how-to"),
    ("needed", "service-needed"),
    ("obtained", "service-achieved"),
    ("times", "service-calendar-text"),
    ("access", "service-generic-access"),
    ("conditions", "service-file"),
    ("contacts", "service-area"),
];

/// `GET /servizi/{slug}`
pub async fn service(Path(slug): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    let (slug, icon) = SERVICES.into_iter().find(|(s, _)| *s == slug).ok_or(Refusal::NotFound)?;
    let (name, short) = (visit.t(&format!("service-{slug}")).to_owned(), visit.t(&format!("service-{slug}-short")).to_owned());
    let crumbs = vec![
        home_crumb(&visit),
        Crumb { words: visit.t("nav-services").to_owned(), href: Some("/servizi".to_owned()) },
        Crumb { words: visit.t("category-school").to_owned(), href: Some("/servizi".to_owned()) },
        Crumb { words: name.clone(), href: None },
    ];
    let section = |(id, element): (&'static str, &'static str)| SheetSection {
        id,
        element,
        title: visit.t(&format!("sheet-{id}")).to_owned(),
        text: sheet_text(&visit, slug, id),
    };
    let sections = SECTIONS.into_iter().map(section).collect();
    let metatag = metatag(&visit, slug, &name);
    html(StatusCode::OK, &ServiceSheet { c: Chrome::new(&visit, name, crumbs), slug, icon, short, sections, metatag })
}

/// The service's own words where it has any, else those of all services.
fn sheet_text(visit: &Visit, slug: &str, id: &str) -> String {
    let own = format!("service-{slug}-{id}");
    let key = if visit.state.catalogue.has(Locale::It, &own) { own } else { format!("sheet-{id}-text") };
    visit.t(&key).to_owned()
}

fn metatag(visit: &Visit, slug: &str, name: &str) -> String {
    let tenant = &visit.tenant;
    let value = serde_json::json!({
        "@context": "https://schema.org",
        "@type": "GovernmentService",
        "name": name,
        "serviceType": visit.t("category-school"),
        "serviceOperator": { "name": tenant.name },
        "areaServed": { "name": tenant.city },
        "audience": { "audienceType": visit.t("sheet-audience") },
        "availableChannel": {
            "serviceUrl": format!("{}/area-personale/{slug}", tenant.public_url),
            "serviceLocation": { "name": tenant.office_name, "address": { "streetAddress": tenant.office_address } },
        },
    });
    // A closing tag inside a value must not end the script element.
    value.to_string().replace('<', "\\u003c")
}

#[derive(Template)]
#[template(path = "public/text.html")]
struct TextPage {
    c: Chrome,
    lead: String,
    parts: Vec<(String, String)>,
    statement: Option<String>,
}

fn text_page(visit: &Visit, stem: &str, parts: usize, statement: Option<String>) -> Result<Response, Refusal> {
    let part = |n: usize| {
        let text = visit.f(
            &format!("{stem}-{n}-text"),
            &[("tenant", (&visit.tenant.name).into()), ("office", (&visit.tenant.office_email).into())],
        );
        (visit.t(&format!("{stem}-{n}-heading")).to_owned(), text)
    };
    let page = TextPage {
        c: plain(visit, &format!("{stem}-title")),
        lead: visit.t(&format!("{stem}-lead")).to_owned(),
        parts: (1..=parts).map(part).collect(),
        statement,
    };
    html(StatusCode::OK, &page)
}

pub async fn privacy(visit: Visit) -> Result<Response, Refusal> {
    text_page(&visit, "privacy", 5, None)
}

pub async fn legal_notes(visit: Visit) -> Result<Response, Refusal> {
    text_page(&visit, "legal", 2, None)
}

pub async fn accessibility(visit: Visit) -> Result<Response, Refusal> {
    text_page(&visit, "access", 3, visit.tenant.accessibility_statement_url.clone())
}

/// `GET /lingua/{code}?poi=`: remembers the language and goes back.
pub async fn language(Path(code): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    let locale = Locale::from_code(&code).ok_or(Refusal::NotFound)?;
    let mut response = see_other(local_path(visit.query.get("poi")));
    response.headers_mut().append(header::SET_COOKIE, cookies::LANGUAGE.set(&visit, locale.code(), 31_536_000));
    Ok(response)
}

/// Only addresses of this portal are gone back to.
pub fn local_path(asked: Option<&str>) -> &str {
    let safe =
        |p: &&str| p.starts_with('/') && !p.starts_with("//") && !p.contains('\\') && p.bytes().all(|b| b.is_ascii_graphic());
    asked.filter(safe).unwrap_or("/")
}

/// `GET /tema-{colour}.css`: the tenant's shades; another colour has another address.
pub async fn theme(Path(colour): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    if colour != format!("{}.css", visit.tenant.colour.trim_start_matches('#')) {
        return Err(Refusal::NotFound);
    }
    let kind = HeaderValue::from_static("text/css; charset=utf-8");
    let kept = HeaderValue::from_static("public, max-age=31536000, immutable");
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept)], colours::stylesheet(&visit.tenant.colour)).into_response())
}

/// `GET /stemma-{hash}.svg`: the tenant's coat of arms; another drawing has another address.
pub async fn arms(Path(name): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    let hash = name.strip_suffix(".svg").ok_or(Refusal::NotFound)?;
    let found = enrolment::arms::find_by_hash(&mut visit.read().await?, visit.tenant.id, hash).await?;
    let svg = found.ok_or(Refusal::NotFound)?;
    let kind = HeaderValue::from_static("image/svg+xml; charset=utf-8");
    let kept = HeaderValue::from_static("public, max-age=31536000, immutable");
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept)];
    Ok((headers, Extension(AloneAndStill), svg).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_portal_are_gone_back_to() {
        for bad in
            ["https://altrove.example/", "//altrove.example", "/\\altrove.example", "altrove", "/a b", "javascript:alert(1)"]
        {
            assert_eq!(local_path(Some(bad)), "/", "{bad}");
        }
        assert_eq!(local_path(Some("/area-personale/pagamento?alunno=1")), "/area-personale/pagamento?alunno=1");
    }
}
