//! The flow as a file: `FlussoRiversamento`, every element in its namespace.

use super::{Flow, Mismatch, OutcomeCode, Party, PartyKind, Payment};
use crate::dates::{collapse, read_amount, read_date, read_instant, write_amount, write_instant};
use crate::receipt::text;
use crate::schema::{self, Kind, Part, one, optional, several};
use crate::xml::{self, Element, REPORTING, Space, XmlError};

/// The longest file read; some 60,000 payments.
pub const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;
const MAX_ELEMENTS: usize = 500_000;

/// Why a file is not taken; nothing of it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("the file is longer than 32 MiB")]
    TooLarge,
    #[error("the file is not XML that can be read: {0}")]
    NotXml(String),
    #[error("the file is no reporting flow: {0}")]
    NotAFlow(String),
    #[error(transparent)]
    Totals(#[from] Mismatch),
}

static PARTY: &[(&str, &str)] =
    &[("identificativoUnivocoMittente", "denominazioneMittente"), ("identificativoUnivocoRicevente", "denominazioneRicevente")];

static CODE: &[Part] =
    &[one("tipoIdentificativoUnivoco", Kind::OneOf(&["G", "A", "B"])), one("codiceIdentificativoUnivoco", Kind::Text(35))];

static SENDER: &[Part] = &[one("identificativoUnivocoMittente", Kind::Group(CODE)), optional("denominazioneMittente", Kind::Any)];

static RECEIVER: &[Part] =
    &[one("identificativoUnivocoRicevente", Kind::Group(CODE)), optional("denominazioneRicevente", Kind::Any)];

static PAYMENT: &[Part] = &[
    one("identificativoUnivocoVersamento", Kind::Text(35)),
    one("identificativoUnivocoRiscossione", Kind::Text(35)),
    optional("indiceDatiSingoloPagamento", Kind::UpTo(5)),
    one("singoloImportoPagato", Kind::Amount { zero: false }),
    one("codiceEsitoSingoloPagamento", Kind::Digits(1)),
    one("dataEsitoSingoloPagamento", Kind::Date),
];

static FLOW: &[Part] = &[
    one("versioneOggetto", Kind::Text(16)),
    one("identificativoFlusso", Kind::Text(35)),
    one("dataOraFlusso", Kind::Instant),
    one("identificativoUnivocoRegolamento", Kind::Text(35)),
    one("dataRegolamento", Kind::Date),
    one("istitutoMittente", Kind::Group(SENDER)),
    optional("codiceBicBancaDiRiversamento", Kind::Text(35)),
    one("istitutoRicevente", Kind::Group(RECEIVER)),
    one("numeroTotalePagamenti", Kind::Int),
    one("importoTotalePagamenti", Kind::Amount { zero: true }),
    several("datiSingoliPagamenti", usize::MAX, Kind::Group(PAYMENT)),
];

/// Reads a flow and checks its totals.
pub fn read_file(bytes: &[u8]) -> Result<Flow, FileError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(FileError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| FileError::NotXml("only UTF-8 is read".into()))?;
    let mut root = xml::parse_up_to(text, MAX_ELEMENTS).map_err(|why: XmlError| FileError::NotXml(why.to_string()))?;
    if root.space != Space::Reporting || root.name != "FlussoRiversamento" {
        return Err(FileError::NotAFlow(format!("its root is {}", root.name)));
    }
    root.unqualify(Space::Reporting);
    schema::check(&root, FLOW).map_err(FileError::NotAFlow)?;
    let flow = read(&root);
    flow.check()?;
    Ok(flow)
}

fn read(root: &Element<'_>) -> Flow {
    let checked = "the schema was checked before reading";
    let count: i32 = collapse(&root.required("numeroTotalePagamenti").text).parse().expect(checked);
    Flow {
        id: root.code("identificativoFlusso"),
        revision: None,
        flow_at: read_instant(&root.required("dataOraFlusso").text).expect(checked),
        regulation: root.code("identificativoUnivocoRegolamento"),
        regulation_on: read_date(&root.required("dataRegolamento").text).expect(checked),
        bic: root.optional_code("codiceBicBancaDiRiversamento"),
        sender: read_party(root.required("istitutoMittente"), 0),
        receiver: read_party(root.required("istitutoRicevente"), 1),
        count: u64::try_from(count).unwrap_or(0),
        sum_cents: read_amount(&root.required("importoTotalePagamenti").text).expect(checked),
        payments: root.children_named("datiSingoliPagamenti").map(read_payment).collect(),
    }
}

fn read_party(from: &Element<'_>, which: usize) -> Party {
    let (identifier, name) = PARTY[which];
    let identifier = from.required(identifier);
    let kind = match &*identifier.required("tipoIdentificativoUnivoco").text {
        "A" => PartyKind::Abi,
        "B" => PartyKind::Bic,
        _ => PartyKind::LegalPerson,
    };
    Party { kind, code: identifier.code("codiceIdentificativoUnivoco"), name: from.optional_prose(name) }
}

fn read_payment(from: &Element<'_>) -> Payment {
    let checked = "the schema was checked before reading";
    Payment {
        iuv: from.code("identificativoUnivocoVersamento"),
        iur: from.code("identificativoUnivocoRiscossione"),
        index: from.child("indiceDatiSingoloPagamento").map(|i| collapse(&i.text).parse().expect(checked)),
        amount_cents: read_amount(&from.required("singoloImportoPagato").text).expect(checked),
        outcome: OutcomeCode(from.required("codiceEsitoSingoloPagamento").text.parse().expect(checked)),
        paid_on: read_date(&from.required("dataEsitoSingoloPagamento").text).expect(checked),
    }
}

/// The flow as a provider would send it; its revision has no place in a file.
pub fn write_file(flow: &Flow) -> String {
    let mut children = vec![
        Element::leaf("versioneOggetto", "1.0"),
        Element::leaf("identificativoFlusso", flow.id.as_str()),
        Element::leaf("dataOraFlusso", write_instant(flow.flow_at)),
        Element::leaf("identificativoUnivocoRegolamento", flow.regulation.as_str()),
        Element::leaf("dataRegolamento", flow.regulation_on.to_string()),
        write_party("istitutoMittente", &flow.sender, 0),
    ];
    children.extend(text("codiceBicBancaDiRiversamento", flow.bic.as_deref()));
    children.push(write_party("istitutoRicevente", &flow.receiver, 1));
    children.push(Element::leaf("numeroTotalePagamenti", flow.count.to_string()));
    children.push(Element::leaf("importoTotalePagamenti", write_amount(flow.sum_cents)));
    children.extend(flow.payments.iter().map(write_payment));
    xml::write_qualified(&Element::group("FlussoRiversamento", children), REPORTING)
}

fn write_party<'a>(name: &'static str, party: &'a Party, which: usize) -> Element<'a> {
    let (identifier, named) = PARTY[which];
    let kind = match party.kind {
        PartyKind::LegalPerson => "G",
        PartyKind::Abi => "A",
        PartyKind::Bic => "B",
    };
    let code =
        vec![Element::leaf("tipoIdentificativoUnivoco", kind), Element::leaf("codiceIdentificativoUnivoco", party.code.as_str())];
    let mut children = vec![Element::group(identifier, code)];
    children.extend(text(named, party.name.as_deref()));
    Element::group(name, children)
}

fn write_payment(payment: &Payment) -> Element<'_> {
    let mut children = vec![
        Element::leaf("identificativoUnivocoVersamento", payment.iuv.as_str()),
        Element::leaf("identificativoUnivocoRiscossione", payment.iur.as_str()),
    ];
    children.extend(payment.index.map(|i| Element::leaf("indiceDatiSingoloPagamento", i.to_string())));
    children.push(Element::leaf("singoloImportoPagato", write_amount(payment.amount_cents)));
    children.push(Element::leaf("codiceEsitoSingoloPagamento", payment.outcome.0.to_string()));
    children.push(Element::leaf("dataEsitoSingoloPagamento", payment.paid_on.to_string()));
    Element::group("datiSingoliPagamenti", children)
}
