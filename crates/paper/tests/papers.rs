//! Every paper, read back: what it says, what it leaves out, what it refuses.

mod readers;
#[path = "../examples/samples/values.rs"]
mod values;

use kernel::Cents;
use paper::*;
use readers::{PAPERS, assert_says, assert_silent, pages_of, words_of};

#[test]
fn every_paper_prints_and_says_it_is_accessible_and_lasting() {
    for (name, print) in values::all() {
        let pdf = print(&PAPERS).unwrap_or_else(|why| panic!("{name}: {why}"));
        let text = String::from_utf8_lossy(&pdf);
        for mark in ["<pdfuaid:part>1", "<pdfaid:part>2", "<pdfaid:conformance>A", "/Lang", "/MarkInfo"] {
            assert!(text.contains(mark), "{name} lacks {mark}");
        }
    }
}

#[test]
fn the_same_values_give_the_same_bytes_also_in_another_printing_room() {
    let first = PAPERS.notice(&values::notice(3, true)).expect("prints");
    PAPERS.receipt(&values::receipt()).expect("prints");
    assert_eq!(first, Papers::new().notice(&values::notice(3, true)).expect("prints"));
    assert_ne!(first, PAPERS.notice(&values::notice(3, false)).expect("prints"));
}

#[test]
fn a_notice_names_both_sides_the_amount_the_day_and_the_codes() {
    let pdf = PAPERS.notice(&values::notice(1, false)).expect("prints");
    assert_says(
        &pdf,
        &[
            "Avviso di pagamento",
            "Quanto e quando pagare?",
            "30,00 Euro",
            "30/04/2026",
            "Niccolò D'Amico",
            "DMCNCL80A01H501U",
            "3010 0202 6000 0001 78",
            "77777777777",
            "ABCDE",
            "Rata unica",
            "oppure sul sito di Comune di Borgo Fiorito",
            "usa i dati accanto",
        ],
    );
    assert_silent(&pdf, &["Bollettino", "Puoi pagare", "usa i dati sopra"]);
    assert_eq!(pages_of(&pdf).unwrap_or(1), 1);
}

#[test]
fn a_notice_without_a_due_day_does_not_speak_of_one() {
    let mut notice = values::notice(1, false);
    notice.modules[0].due_on = None;
    notice.payable_on_site = false;
    let pdf = PAPERS.notice(&notice).expect("prints");
    assert_says(&pdf, &["Quanto pagare?", "oppure dal tuo Home Banking"]);
    assert_silent(&pdf, &["entro il", "Quanto e quando", "sul sito di"]);
}

#[test]
fn the_words_about_instalments_follow_the_modules() {
    let whole_and_three = PAPERS.notice(&values::notice(3, true)).expect("prints");
    assert_says(&whole_and_three, &["Puoi pagare per intero o in 3 rate", "90,00 Euro", "Rata 3 30,00 Euro entro il 30/07/2026"]);
    let four = PAPERS.notice(&values::notice(4, false)).expect("prints");
    assert_says(&four, &["Puoi pagare in 4 rate", "120,00 Euro"]);
    assert_silent(&four, &["Rata unica", "per intero"]);
    let ten = PAPERS.notice(&values::notice(10, true)).expect("prints");
    assert_says(
        &ten,
        &["Puoi pagare per intero o in 10 rate", "Importi e scadenze sono riportati nel dettaglio di ogni singola rata."],
    );
    assert_silent(&ten, &["Rata 2 30,00 Euro"]);
}

#[test]
fn one_instalment_alone_is_a_paper_of_its_own() {
    let mut notice = values::notice(1, false);
    notice.modules[0].part = Part::Instalment(2);
    let pdf = PAPERS.notice(&notice).expect("prints");
    assert_says(&pdf, &["Rata 2 entro il 30/04/2026", "usa i dati accanto", "Quanto e quando pagare?"]);
    assert_silent(&pdf, &["Puoi pagare", "Rata unica"]);
}

#[test]
fn with_a_postal_account_every_module_has_its_slip() {
    let pdf = PAPERS.notice(&values::postal(values::notice(4, false))).expect("prints");
    let Some(words) = words_of(&pdf) else { return };
    assert_eq!(words.matches("Bollettino Postale PA").count(), 4);
    assert!(words.contains("AUT. DB/") && words.contains("1234567"));
}

#[test]
fn the_longest_names_and_the_largest_amount_are_whole_and_on_one_page() {
    let pdf = PAPERS.notice(&values::notice_at_the_limits()).expect("prints");
    assert_says(&pdf, &["999.999.999,99 Euro", values::LONG_SUBJECT, values::LONG_NAME]);
    assert_eq!(pages_of(&pdf).unwrap_or(1), 1);
}

#[test]
fn what_people_type_is_printed_and_never_obeyed() {
    let mut notice = values::notice(1, false);
    notice.recipient.name = r#"#emph[x] $a$ *b* _c_ <d> @e \ "q" // z"#.to_owned();
    notice.subject = "#panic() ]} `raw` = titolo".to_owned();
    let pdf = PAPERS.notice(&notice).expect("prints");
    // Readers see spaces between kerned signs, so they are left out on both sides.
    let Some(words) = words_of(&pdf).map(|words| words.replace(' ', "")) else { return };
    for text in [&notice.recipient.name, &notice.subject] {
        assert!(words.contains(&text.replace(' ', "")), "{text} is not in: {words}");
    }
}

#[test]
fn a_name_in_letters_the_typefaces_lack_still_prints() {
    let mut notice = values::notice(1, false);
    notice.recipient.name = "Nguyễn Анна 🎈 Đorđević 李\u{301}\u{200F}".to_owned();
    assert_says(&PAPERS.notice(&notice).expect("prints"), &["Nguyen ????"]);
}

#[test]
fn a_notice_that_contradicts_itself_is_refused() {
    let mut wrong_sum = values::notice(3, true);
    wrong_sum.modules[1] = values::module(Part::Instalment(1), 201, 2999);
    assert!(matches!(PAPERS.notice(&wrong_sum), Err(Error::DoesNotAddUp(_))));
    let mut swapped = values::notice(2, false);
    swapped.modules[0].qr = swapped.modules[1].qr.clone();
    assert!(matches!(PAPERS.notice(&swapped), Err(Error::Unfit(_))));
    let mut slipless = values::postal(values::notice(1, false));
    slipless.modules[0].datamatrix = None;
    assert!(matches!(PAPERS.notice(&slipless), Err(Error::Unfit(_))));
    let mut empty = values::notice(1, false);
    empty.modules.clear();
    assert!(matches!(PAPERS.notice(&empty), Err(Error::Unfit(_))));
}

#[test]
fn a_receipt_says_who_paid_whom_when_and_by_which_numbers() {
    assert_says(
        &PAPERS.receipt(&values::receipt()).expect("prints"),
        &[
            "Quietanza di pagamento",
            "90,00 Euro",
            "18/04/2026 alle ore 23:51:07",
            "19/04/2026",
            "3010 0202 6000 0001 78",
            "01002026000000178",
            "c110729d258c4ab1b765fe902aae41d6",
            "Banca dell'Esempio S.p.A.",
            "11111111111",
            "Niccolò D'Amico",
            "Chiara Müller Castagnèr",
            "1,50 Euro",
            "77777777777",
        ],
    );
    let mut wrong = values::receipt();
    wrong.lines[0].amount = Cents(1);
    assert!(matches!(PAPERS.receipt(&wrong), Err(Error::DoesNotAddUp(_))));
}

#[test]
fn a_tax_statement_tells_traceable_sums_others_and_refunds_apart() {
    let pdf = PAPERS.tax_statement(&values::tax_with_everything()).expect("prints");
    assert_says(
        &pdf,
        &[
            "660,00 Euro",
            "Totale 660,00 13,50 9,00",
            "Non tracciabili",
            "Pasti non consumati",
            "01002025000000011",
            "Sofia D'Amico",
        ],
    );
    assert_silent(&PAPERS.tax_statement(&values::tax()).expect("prints"), &["Non tracciabili"]);
    let mut wrong = values::tax();
    wrong.payments.pop();
    assert!(matches!(PAPERS.tax_statement(&wrong), Err(Error::DoesNotAddUp(_))));
}

#[test]
fn an_account_of_many_pages_repeats_its_head_and_closes_once() {
    let pdf = PAPERS.account_statement(&values::account(400)).expect("prints");
    let (Some(words), Some(pages)) = (words_of(&pdf), pages_of(&pdf)) else { return };
    assert!(pages > 5);
    assert_eq!(words.matches("Data Descrizione Importo, Euro Saldo, Euro").count(), pages);
    assert!(words.contains(&format!("Pagina {pages} di {pages}")));
    assert_eq!(words.matches("Saldo finale").count(), 2, "once above, once below the movements");
}

#[test]
fn an_account_whose_balances_do_not_follow_is_refused() {
    let mut skipped = values::account(18);
    skipped.movements.remove(5);
    assert!(matches!(PAPERS.account_statement(&skipped), Err(Error::DoesNotAddUp(_))));
    let mut closing = values::account(18);
    closing.closing += Cents(1);
    assert!(matches!(PAPERS.account_statement(&closing), Err(Error::DoesNotAddUp(_))));
    let mut reversed = values::account(0);
    std::mem::swap(&mut reversed.first_on, &mut reversed.last_on);
    assert!(matches!(PAPERS.account_statement(&reversed), Err(Error::Unfit(_))));
}

#[test]
fn an_absence_receipt_answers_for_each_day() {
    assert_says(
        &PAPERS.absence_receipt(&values::absence_partly_late()).expect("prints"),
        &[
            "A-2026-000123",
            "24/11/2026 alle ore 09:00:00",
            "martedì 24/11/2026 Non accolta",
            "mercoledì 25/11/2026 Accolta",
            "Giorni accolti: 1 su 2",
            "8f3a 91c2",
            "Sofia D'Amico",
        ],
    );
    let mut none = values::absence();
    none.days.clear();
    assert!(matches!(PAPERS.absence_receipt(&none), Err(Error::Unfit(_))));
}

#[test]
fn a_coat_of_arms_that_is_no_picture_is_an_error_and_not_a_crash() {
    let mut notice = values::notice(1, false);
    notice.issuer.logo_svg = Some("<html>not found</html>".to_owned());
    assert!(matches!(PAPERS.notice(&notice), Err(Error::Typeset(_))));
}

#[test]
fn no_stream_ends_so_that_its_length_could_be_mistaken() {
    let mut repaired = 0;
    for at in 0..250 {
        let pdf = PAPERS.notice(&values::numbered_notice(at)).expect("prints");
        let ends = (1..pdf.len()).filter(|end| pdf[*end..].starts_with(b"\r\nendstream"));
        let ends: Vec<bool> = ends.map(|end| pdf[end - 1] == b'\r').collect();
        assert!(ends.iter().all(|plain| *plain), "notice {at}");
        repaired += ends.len();
    }
    assert!(repaired > 0, "none of 250 had such an end: the test shows nothing");
}
