//! Scheda anagrafica: the record of a pupil, the tariff with its derivation, the papers to download.

use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use enrolment::record::{self, AttachmentRecord};
use enrolment::{PaymentMode, PupilRecord, PupilSummary, Right};
use jiff::ToSpan;
use kernel::{AttachmentId, PupilId};

use super::papers;
use crate::chrome::{Chrome, Crumb, download, html};
use crate::guard::see_other;
use crate::refusal::Refusal;
use crate::visit::Visit;

const PATH: &str = "/area-personale/scheda-anagrafica";

#[derive(Template)]
#[template(path = "portal/registry_list.html")]
struct List {
    c: Chrome,
    pupils: Vec<PupilSummary>,
    search: String,
    found: String,
}

/// `GET …?cerca=`: with one pupil straight to the record.
pub async fn list(visit: Visit) -> Result<Response, Refusal> {
    let pupils = enrolment::visible_pupils(&mut visit.read().await?, &visit.ctx, Right::View).await?;
    let search = visit.query.typed("cerca").trim().to_owned();
    if let ([only], true) = (pupils.as_slice(), search.is_empty()) {
        return Ok(see_other(&format!("{PATH}/{}", only.id)));
    }
    let wanted = search.to_lowercase();
    let fits = |p: &PupilSummary| {
        p.full_name().to_lowercase().contains(&wanted) || format!("{} {}", p.family_name, p.name).to_lowercase().contains(&wanted)
    };
    let pupils: Vec<_> = pupils.into_iter().filter(fits).collect();
    let found = visit.f("list-found", &[("total", pupils.len().into()), ("page", 1.into()), ("pages", 1.into())]);
    html(
        StatusCode::OK,
        &List { c: Chrome::personal(&visit, visit.t("service-scheda-anagrafica"), Vec::new()), pupils, search, found },
    )
}

#[derive(Template)]
#[template(path = "portal/registry.html")]
struct Page {
    c: Chrome,
    record: PupilRecord,
    tariffs: Vec<Tariff>,
    attachments: Vec<AttachmentRecord>,
    /// Last year, where the person may have the certificate of what they paid.
    tax_year: Option<i16>,
    several: bool,
}

impl Page {
    fn weekday_key(&self, day: &u8) -> &'static str {
        ["monday-short", "tuesday-short", "wednesday-short", "thursday-short", "friday-short", "saturday-short", "sunday-short"]
            [usize::from(*day)]
    }

    fn mode_key(&self, mode: &PaymentMode) -> &'static str {
        match mode {
            PaymentMode::Prepaid => "mode-prepaid",
            PaymentMode::Postpaid => "mode-postpaid",
            PaymentMode::Flat => "mode-flat",
        }
    }

    fn state_key(&self, state: &str) -> &'static str {
        match state {
            "active" => "enrolment-active",
            "submitted" => "enrolment-submitted",
            "suspended" => "enrolment-suspended",
            "withdrawn" => "enrolment-withdrawn",
            _ => "enrolment-closed",
        }
    }

    /// `PDF, 90 kB`
    fn size_words(&self, bytes: &i64) -> String {
        format!("PDF, {} kB", (bytes + 1023) / 1024)
    }
}

struct Tariff {
    service: String,
    rating: Option<billing::Price>,
}

pub async fn show(Path(id): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    let id: PupilId = id.parse().map_err(|_| Refusal::NotFound)?;
    let mut tx = visit.read().await?;
    let record = enrolment::pupil_record(&mut tx, &visit.ctx, id).await?;
    let mut tariffs = Vec::new();
    for service in enrolment::enrolled_services(&mut tx, &visit.ctx, id, visit.ctx.today()).await? {
        let rating = billing::price_on(&mut tx, &visit.ctx, id, service.id, visit.ctx.today()).await?;
        tariffs.push(Tariff { service: service.name, rating });
    }
    let papers = enrolment::get_visible_pupil(&mut tx, &visit.ctx, id, Right::TaxPapers).await.is_ok();
    let several = enrolment::visible_pupils(&mut tx, &visit.ctx, Right::View).await?.len() > 1;
    let last_year = visit.ctx.today().saturating_sub(1.year()).year();
    // The certificate first, as parents look for it.
    let mut attachments = record.attachments.clone();
    attachments.sort_by_key(|a| a.kind != "tax_certificate");
    let crumbs = vec![Crumb { words: visit.t("service-scheda-anagrafica").to_owned(), href: Some(PATH.to_owned()) }];
    let c = Chrome::personal(&visit, record.summary.full_name(), crumbs);
    html(StatusCode::OK, &Page { c, record, tariffs, attachments, tax_year: papers.then_some(last_year), several })
}

pub async fn attachment(Path((pupil, id)): Path<(String, String)>, visit: Visit) -> Result<Response, Refusal> {
    let pupil: PupilId = pupil.parse().map_err(|_| Refusal::NotFound)?;
    let id: AttachmentId = id.parse().map_err(|_| Refusal::NotFound)?;
    let mut tx = visit.read().await?;
    enrolment::get_visible_pupil(&mut tx, &visit.ctx, pupil, Right::View).await?;
    let paper = record::get_attachment(&mut tx, &visit.ctx, id).await?;
    let mut response = download("application/octet-stream", &paper.record.file_name, paper.content).into_response();
    if let Ok(kind) = HeaderValue::from_str(&paper.record.content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    Ok(response)
}

/// `GET …/{pupil}/730/{year}`: the certificate of what the acting person paid in a year that is over.
pub async fn tax_certificate(Path((pupil, year)): Path<(String, String)>, visit: Visit) -> Result<Response, Refusal> {
    let pupil: PupilId = pupil.parse().map_err(|_| Refusal::NotFound)?;
    let year: i16 = year.parse().map_err(|_| Refusal::NotFound)?;
    let mut tx = visit.read().await?;
    let found = billing::tax::certificate(&mut tx, &visit.ctx, pupil, year).await?;
    let summary = enrolment::get_visible_pupil(&mut tx, &visit.ctx, pupil, Right::TaxPapers).await?;
    drop(tx);
    let of = (summary.id, summary.site_name.unwrap_or_default());
    let certificate = crate::papers::tax_statement(visit.issuer().await?, visit.locale, &of, &found);
    papers::send(&visit, &format!("certificazione-730-{year}.pdf"), move |papers| papers.tax_statement(&certificate)).await
}

/// Rows as a CSV file that a spreadsheet in Italy opens: semicolons, and a mark that says it is UTF-8.
pub fn csv_file<const N: usize>(head: &[String; N], rows: impl Iterator<Item = [String; N]>) -> Vec<u8> {
    let mut out = csv::WriterBuilder::new().delimiter(b';').from_writer(b"\xef\xbb\xbf".to_vec());
    let harmless = |cell: &String| if cell.starts_with(['=', '+', '@', '\t']) { format!("'{cell}") } else { cell.clone() };
    let written = out.write_record(head).and_then(|()| {
        for row in rows {
            out.write_record(row.iter().map(harmless))?;
        }
        Ok(())
    });
    written.expect("writing to memory does not fail");
    out.into_inner().expect("writing to memory does not fail")
}
