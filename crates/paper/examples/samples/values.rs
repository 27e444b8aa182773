//! Invented values that fill every paper, also to its limits. Shared by the samples and the tests.

#![allow(dead_code)]

use std::io::Cursor;

use jiff::civil::{date, datetime};
use kernel::Cents;
use paper::*;

pub type Print = Box<dyn Fn(&Papers) -> Result<Vec<u8>, Error>>;

/// Every variant of the notice, by the name of its file.
pub fn notices() -> Vec<(&'static str, Notice)> {
    vec![
        ("notice-single", notice(1, false)),
        ("notice-no-due-date", notice_without_date()),
        ("notice-no-logo", without_logo(notice(3, true))),
        ("notice-2-parts", notice(2, false)),
        ("notice-whole-or-2-parts", notice(2, true)),
        ("notice-3-parts", notice(3, false)),
        ("notice-whole-or-3-parts", notice(3, true)),
        ("notice-whole-or-9-parts", notice(9, true)),
        ("notice-whole-or-10-parts", notice(10, true)),
        ("notice-24-parts", notice(24, false)),
        ("notice-postal", postal(notice(1, false))),
        ("notice-4-parts-postal", postal(notice(4, false))),
        ("notice-whole-or-3-parts-postal", postal(notice(3, true))),
        ("notice-limits", notice_at_the_limits()),
        ("notice-limits-postal", postal_at_the_limits()),
        ("notice-limits-parts", parts_at_the_limits()),
        ("notice-over-the-limits", notice_over_the_limits()),
        ("notice-english", in_english_too(notice(1, false))),
        ("notice-english-postal", in_english_too(postal(notice(1, false)))),
        ("notice-english-limits", in_english_too(postal_at_the_limits())),
        ("notice-english-whole-or-2-parts", in_english_too(notice(2, true))),
        ("notice-english-whole-or-3-parts-postal", in_english_too(postal(notice(3, true)))),
        ("notice-english-whole-or-10-parts", in_english_too(notice(10, true))),
    ]
}

/// Every paper and variant, by the name of its file.
pub fn all() -> Vec<(&'static str, Print)> {
    let notice = |(name, notice): (_, Notice)| (name, Box::new(move |p: &Papers| p.notice(&notice)) as Print);
    notices().into_iter().map(notice).chain(others()).chain([("run-of-notices", Box::new(bound) as Print)]).collect()
}

/// Every variant of the notice in one file, as for a print shop.
pub fn bound(papers: &Papers) -> Result<Vec<u8>, Error> {
    let mut bound =
        BoundPdf::new(Vec::new(), Cursor::new(Vec::new()), "Avvisi di pagamento", Locale::It).expect("memory takes it");
    for (_, notice) in notices() {
        bound.add(&papers.notice(&notice)?).expect("a paper of this house");
    }
    Ok(bound.finish().expect("memory takes it"))
}

fn others() -> Vec<(&'static str, Print)> {
    vec![
        ("receipt", Box::new(|p| p.receipt(&receipt()))),
        ("receipt-short", Box::new(|p| p.receipt(&short_receipt()))),
        ("receipt-english", Box::new(|p| p.receipt(&Receipt { language: Locale::En, ..receipt() }))),
        ("tax", Box::new(|p| p.tax_statement(&tax()))),
        ("tax-untraceable-and-refunds", Box::new(|p| p.tax_statement(&tax_with_everything()))),
        ("tax-nothing-paid", Box::new(|p| p.tax_statement(&tax_of_nothing()))),
        ("tax-nursery", Box::new(|p| p.tax_statement(&tax_of_nursery()))),
        ("tax-english", Box::new(|p| p.tax_statement(&TaxStatement { language: Locale::En, ..tax_with_everything() }))),
        ("account", Box::new(|p| p.account_statement(&account(18)))),
        ("account-empty", Box::new(|p| p.account_statement(&account(0)))),
        ("account-many-pages", Box::new(|p| p.account_statement(&account(400)))),
        ("account-english", Box::new(|p| p.account_statement(&AccountStatement { language: Locale::En, ..account(18) }))),
        ("absence", Box::new(|p| p.absence_receipt(&absence()))),
        ("absence-partly", Box::new(|p| p.absence_receipt(&absence_partly_late()))),
        ("absence-english", Box::new(|p| p.absence_receipt(&AbsenceReceipt { language: Locale::En, ..absence_partly_late() }))),
    ]
}

pub const LONG_ADDRESS: &str = "Via Lungofiume Lungofiume Lungofiume Lungofiume Lungofiume Lungofiume 1234/bis, 43010 Villanova dell'Alta Valle del Fiume Freddo (PR) Italia";
pub const LONG_NAME: &str = "Mariana Sofìa Niccolò D’Angiò dell'Oro-Esposito di Villabàte Übergröße";
pub const LONG_SUBJECT: &str = "Servizi di refezione scolastica, pre-scuola e trasporto: conguaglio anno 2025/2026, rata 1";

/// That of the demo town.
const COAT_OF_ARMS: &str = include_str!("../../../demo/arms/castelmirto.svg");

pub fn issuer() -> Issuer {
    Issuer {
        name: "Comune di Borgo Fiorito".to_owned(),
        sector: "Ufficio Servizi scolastici".to_owned(),
        contacts: "Piazza della Libertà 1 · 0521 000000 · scuola@comune.borgofiorito.example".to_owned(),
        fiscal_code: "77777777777".to_owned(),
        colour: Colour::default(),
        logo_svg: Some(COAT_OF_ARMS.to_owned()),
    }
}

pub fn parent() -> Person {
    Person { name: "Niccolò D'Amico".to_owned(), fiscal_code: "DMCNCL80A01H501U".to_owned() }
}

fn child() -> Person {
    Person { name: "Sofia D'Amico".to_owned(), fiscal_code: "DMCSFO18E45H501X".to_owned() }
}

/// A notice of `parts` instalments of 30,00, with or without the whole amount; one part alone is the whole.
pub fn notice(parts: u8, with_whole: bool) -> Notice {
    let mut modules: Vec<Module> = Vec::new();
    if parts == 1 || with_whole {
        modules.push(module(Part::Whole, 178, 3000 * i64::from(parts)));
    }
    if parts > 1 {
        modules.extend((1..=parts).map(|n| module(Part::Instalment(n), 200 + i64::from(n), 3000)));
    }
    Notice {
        issuer: issuer(),
        second_language: None,
        recipient: Recipient {
            name: parent().name,
            fiscal_code: Some(parent().fiscal_code),
            address: Some("Via Giosuè Carducci 12, 43010 Borgo Fiorito (PR)".to_owned()),
        },
        subject: "Refezione scolastica marzo 2026".to_owned(),
        cbill: Some("ABCDE".to_owned()),
        payable_on_site: true,
        modules,
        postal: None,
        issued_on: date(2026, 4, 1),
    }
}

pub fn module(part: Part, number: i64, cents: i64) -> Module {
    let notice_number = format!("301002026{number:09}");
    let month = if let Part::Instalment(n) = part { (3 + n as i8) % 12 + 1 } else { 4 };
    Module {
        part,
        qr: format!("PAGOPA|002|{notice_number}|77777777777|{cents:02}"),
        datamatrix: Some(slip_text(&notice_number, cents)),
        notice_number,
        amount: Cents(cents),
        due_on: Some(date(if month < 4 { 2027 } else { 2026 }, month, 30.min(if month == 2 { 28 } else { 30 }))),
    }
}

/// 256 characters in the layout of the postal slip.
pub fn slip_text(number: &str, cents: i64) -> String {
    let (name, subject) = ("NICCOLO D'AMICO", "REFEZIONE SCOLASTICA MARZO 2026");
    format!(
        "codfase=NBPA;18{number}1200000123456710{cents:010}38961P177777777777DMCNCL80A01H501U{name:<40}{subject:<110}{:12}A",
        ""
    )
}

pub fn postal(mut notice: Notice) -> Notice {
    notice.postal = Some(PostalAccount {
        number: "1234567".to_owned(),
        holder: "Comune di Borgo Fiorito, servizio tesoreria".to_owned(),
        authorisation: "AUT. DB/XXXX/XXX XXXXX DEL 01/01/2026".to_owned(),
    });
    notice
}

fn notice_without_date() -> Notice {
    let mut notice = notice(1, false);
    notice.modules[0].due_on = None;
    notice.payable_on_site = false;
    notice.cbill = None;
    notice.issuer.logo_svg = None;
    notice
}

pub fn without_logo(mut notice: Notice) -> Notice {
    notice.issuer.logo_svg = None;
    notice
}

pub fn in_english_too(mut notice: Notice) -> Notice {
    notice.second_language = Some(Locale::En);
    notice
}

/// Each field exactly as long as the guide allows, the largest amount.
pub fn notice_at_the_limits() -> Notice {
    let mut notice = notice(1, false);
    fill_to_the_limits(&mut notice);
    notice.modules[0] = module(Part::Whole, 178, 99_999_999_999);
    notice
}

/// The same with a slip, whose code has room for 99.999.999,99.
pub fn postal_at_the_limits() -> Notice {
    let mut notice = notice_at_the_limits();
    notice.modules[0] = module(Part::Whole, 178, 9_999_999_999);
    let mut notice = postal(notice);
    notice.postal = Some(PostalAccount {
        number: "12345678901234567890".to_owned(),
        holder: "Unione Comuni Alta Valle Fiume Freddo, Tesoreria 1".to_owned(),
        authorisation: "AUT. DB/ABCD/XYZ 12345 DEL 01/01/2026".to_owned(),
    });
    notice
}

/// Three narrow modules a row with every field full and the largest amounts that a whole allows.
pub fn parts_at_the_limits() -> Notice {
    let mut notice = notice(3, true);
    fill_to_the_limits(&mut notice);
    notice.modules[0] = module(Part::Whole, 178, 99_999_999_999);
    for n in 1..=3 {
        notice.modules[usize::from(n)] = module(Part::Instalment(n), 200 + i64::from(n), 33_333_333_333);
    }
    notice
}

fn fill_to_the_limits(notice: &mut Notice) {
    notice.issuer.name = "Unione dei Comuni dell'Alta Valle del Fiume Freddo".to_owned();
    notice.issuer.sector = "Settore servizi educativi, scolastici e per i nidi".to_owned();
    notice.issuer.contacts =
        "Via dei Tigli 100/bis · 0521 000000 · protocollo@pec.unionealtavalle.example · www.altavalle.example".to_owned();
    notice.issuer.colour = Colour::parse("#FFB400").unwrap_or_default();
    notice.recipient.name = LONG_NAME.to_owned();
    notice.recipient.address = Some(LONG_ADDRESS.to_owned());
    notice.subject = LONG_SUBJECT.to_owned();
}

/// Every text that is cut, longer than its place.
pub fn notice_over_the_limits() -> Notice {
    let mut notice = postal(notice(2, true));
    fill_to_the_limits(&mut notice);
    let Notice { issuer, recipient, subject, postal, .. } = &mut notice;
    let name = &mut recipient.name;
    for text in [&mut issuer.name, &mut issuer.sector, &mut issuer.contacts, name, subject] {
        text.push_str(" e altro che non ci sta");
    }
    recipient.address.iter_mut().for_each(|address| address.push_str(", interno 12"));
    postal.iter_mut().for_each(|postal| postal.holder.push_str(" e conto corrente"));
    notice
}

/// A notice unlike any other, for measuring.
pub fn numbered_notice(at: u32) -> Notice {
    let mut notice = notice(1, false);
    notice.modules[0] = module(Part::Whole, i64::from(at), 1000 + i64::from(at));
    notice.recipient.name = format!("Genitore Numero{at} D'Amico");
    notice
}

pub fn receipt() -> Receipt {
    Receipt {
        issuer: issuer(),
        language: Locale::It,
        subject: "Refezione scolastica marzo 2026".to_owned(),
        paid_at: Some(datetime(2026, 4, 18, 23, 51, 7, 0)),
        applied_on: Some(date(2026, 4, 19)),
        notice_number: "301002026000000178".to_owned(),
        iuv: "01002026000000178".to_owned(),
        receipt_id: "c110729d258c4ab1b765fe902aae41d6".to_owned(),
        psp_name: "Banca dell'Esempio S.p.A.".to_owned(),
        psp_fiscal_code: Some("11111111111".to_owned()),
        channel: Some("App dell'istituto".to_owned()),
        debtor: parent(),
        payer: Some(Person { name: "Chiara Müller Castagnèr".to_owned(), fiscal_code: "MLLCHR82D55H501K".to_owned() }),
        lines: vec![
            ReceiptLine { description: "Pasti, 18 giorni".to_owned(), amount: Cents(8100) },
            ReceiptLine { description: "Quota fissa".to_owned(), amount: Cents(900) },
        ],
        amount: Cents(9000),
        fee: Some(Cents(150)),
        issued_on: date(2026, 4, 20),
    }
}

fn short_receipt() -> Receipt {
    let mut receipt = receipt();
    (receipt.paid_at, receipt.applied_on, receipt.psp_fiscal_code, receipt.channel) = (None, None, None, None);
    (receipt.payer, receipt.fee, receipt.lines) = (None, None, Vec::new());
    receipt.issuer.logo_svg = None;
    receipt
}

pub fn tax() -> TaxStatement {
    TaxStatement {
        issuer: issuer(),
        language: Locale::It,
        number: "2025/0412".to_owned(),
        year: 2025,
        payer: parent(),
        pupil: child(),
        school: "Scuola primaria Gianni Rodari, classe 2B".to_owned(),
        services: vec![
            ServiceTotal {
                service: "Refezione scolastica".to_owned(),
                traceable: Cents(54_000),
                is_nursery: false,
                untraceable: Cents(0),
                refunded: Cents(0),
            },
            ServiceTotal {
                service: "Pre-scuola".to_owned(),
                traceable: Cents(12_000),
                is_nursery: false,
                untraceable: Cents(0),
                refunded: Cents(0),
            },
        ],
        payments: (1..=11)
            .map(|n| TaxPayment {
                paid_on: date(2025, n, 14),
                description: if n > 9 {
                    "Pre-scuola, quota annuale".to_owned()
                } else {
                    format!("Refezione scolastica, rata {n}")
                },
                reference: format!("0100202500000{n:04}"),
                traceable: true,
                amount: Cents(6000),
            })
            .collect(),
        refunds: Vec::new(),
        signatory: "Il Responsabile del Servizio, Anna Bianchi".to_owned(),
        issued_on: date(2026, 3, 1),
    }
}

pub fn tax_with_everything() -> TaxStatement {
    let mut tax = tax();
    tax.services[0].untraceable = Cents(1350);
    tax.services[0].refunded = Cents(900);
    tax.payments.push(TaxPayment {
        paid_on: date(2025, 12, 2),
        description: "Buoni pasto in contanti".to_owned(),
        reference: "Bolletta 118".to_owned(),
        traceable: false,
        amount: Cents(1350),
    });
    tax.refunds.push(TaxRefund {
        refunded_on: date(2025, 7, 20),
        description: "Pasti non consumati".to_owned(),
        amount: Cents(900),
    });
    tax
}

/// A pupil who left the nursery for school within the year: two deductions on one paper.
pub fn tax_of_nursery() -> TaxStatement {
    let mut tax = tax();
    tax.services[1].service = "Asilo nido".to_owned();
    tax.services[1].is_nursery = true;
    for payment in &mut tax.payments[9..] {
        payment.description = "Retta dell'asilo nido".to_owned();
    }
    tax
}

fn tax_of_nothing() -> TaxStatement {
    let mut tax = tax();
    tax.services.truncate(1);
    tax.services[0].traceable = Cents(0);
    tax.payments.clear();
    tax
}

/// A year of meals with a top-up now and then.
pub fn account(movements: i64) -> AccountStatement {
    let opening = Cents(1250);
    let mut balance = opening;
    let movements: Vec<Movement> = (0..movements)
        .map(|n| {
            let amount = if n % 12 == 3 { Cents(5000) } else { Cents(-450) };
            balance += amount;
            let description =
                if amount.is_negative() { "Pranzo, menu del giorno" } else { "Ricarica con pagoPA, IUV 01002026000000178" };
            Movement {
                on: date(2025, 9, 15).saturating_add(jiff::Span::new().days(n * 2 / 3)),
                description: description.to_owned(),
                amount,
                balance,
            }
        })
        .collect();
    AccountStatement {
        issuer: issuer(),
        language: Locale::It,
        holder: parent(),
        account: "Refezione scolastica, badge 004512".to_owned(),
        pupil: child().name,
        first_on: date(2025, 9, 1),
        last_on: date(2026, 8, 31),
        opening,
        closing: balance,
        movements,
        issued_on: date(2026, 9, 1),
    }
}

pub fn absence() -> AbsenceReceipt {
    AbsenceReceipt {
        issuer: issuer(),
        language: Locale::It,
        number: "A-2026-000123".to_owned(),
        received_at: datetime(2026, 11, 24, 8, 59, 12, 0),
        reported_by: parent(),
        pupil: child().name,
        school: "Scuola primaria Gianni Rodari, classe 2B".to_owned(),
        service: "Refezione scolastica".to_owned(),
        kind: "Assenza".to_owned(),
        days: vec![
            AbsenceDay {
                on: date(2026, 11, 24),
                accepted: true,
                outcome: "Il pasto non sarà preparato né addebitato".to_owned(),
            },
            AbsenceDay {
                on: date(2026, 11, 25),
                accepted: true,
                outcome: "Il pasto non sarà preparato né addebitato".to_owned(),
            },
        ],
        signature: "8f3a 91c2 77de 0b14 5a6e c3f0 19d8 e2b7 44c1 9f05 6d3e a870 1bb2 73fc e590 2d46".to_owned(),
        issued_on: date(2026, 11, 24),
    }
}

pub fn absence_partly_late() -> AbsenceReceipt {
    let mut receipt = absence();
    receipt.received_at = datetime(2026, 11, 24, 9, 0, 0, 0);
    receipt.days[0] = AbsenceDay {
        on: date(2026, 11, 24),
        accepted: false,
        outcome: "Oltre l'orario limite, chiuso alle 09:00 di martedì 24/11/2026".to_owned(),
    };
    receipt
}
