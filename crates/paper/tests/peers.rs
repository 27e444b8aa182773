//! Defects that other makers of the notice have had in public (GovPay, by the number of its report): each is tried here.

mod readers;
#[path = "../examples/samples/values.rs"]
mod values;

use kernel::Cents;
use paper::*;
use readers::{Box2, PAPERS, Printed, assert_says, assert_silent, read_code};

fn printed(notice: &Notice) -> Printed {
    Printed::new(&PAPERS.notice(notice).expect("prints"))
}

fn grouped(number: &str) -> String {
    [&number[..4], &number[4..8], &number[8..12], &number[12..16], &number[16..]].join(" ")
}

/// The module a code stands in: beside it in a wide module and a slip, above it in a narrow one.
fn module_around(code: Box2, page_width: usize) -> Box2 {
    let (left, right) = if code.left > page_width / 2 && code.right > page_width - 200 {
        (code.left - 800, code.right)
    } else {
        (code.left - 40, (code.right + 300).min(page_width))
    };
    Box2 { left, top: code.top.saturating_sub(620), right, bottom: code.bottom + 20 }
}

#[test]
fn govpay_565_each_qr_stands_with_the_code_and_the_amount_of_its_own_instalment() {
    for parts in [2, 3, 6] {
        let mut notice = values::notice(parts, false);
        for (at, module) in notice.modules.iter_mut().enumerate() {
            *module = values::module(module.part, 300 + at as i64, 1001 + 7 * at as i64);
        }
        let printed = printed(&notice);
        let Some(pages) = printed.pictures() else { return };
        for (at, page) in pages.iter().enumerate() {
            for code in page.codes() {
                let Some(text) = read_code(&page.cropped(code.grown(40))) else { return };
                let module = notice.modules.iter().find(|m| m.qr == text).expect("a code of this notice");
                let words = printed.words_in(at + 1, module_around(code, page.width)).expect("read before");
                assert!(words.contains(&grouped(&module.notice_number)), "{text}: {words}");
                assert!(words.contains(&module.amount.format_it()), "{text}: {words}");
                let others = notice.modules.iter().filter(|m| m.qr != text);
                assert!(others.into_iter().all(|m| !words.contains(&grouped(&m.notice_number))), "{text}: {words}");
            }
        }
    }
}

#[test]
fn govpay_565_a_notice_with_the_qr_of_another_instalment_is_refused() {
    let mut swapped = values::notice(2, false);
    swapped.modules[0].qr = swapped.modules[1].qr.clone();
    assert!(matches!(PAPERS.notice(&swapped), Err(Error::Unfit(_))));
    let mut other_amount = values::notice(1, false);
    other_amount.modules[0].qr = other_amount.modules[0].qr.replace("|3000", "|3001");
    assert!(matches!(PAPERS.notice(&other_amount), Err(Error::Unfit(_))));
    let mut other_creditor = values::notice(1, false);
    other_creditor.issuer.fiscal_code = "01199250158".to_owned();
    assert!(matches!(PAPERS.notice(&other_creditor), Err(Error::Unfit(_))));
    let mut other_slip = values::postal(values::notice(2, false));
    other_slip.modules[0].datamatrix = other_slip.modules[1].datamatrix.clone();
    assert!(matches!(PAPERS.notice(&other_slip), Err(Error::Unfit(_))));
}

#[test]
fn govpay_530_and_849_the_words_about_instalments_hold_for_any_number_of_them() {
    const DETAIL: &str = "Importi e scadenze sono riportati nel dettaglio di ogni singola rata.";
    for parts in [2, 3, 4, 8, 9, 10, 11, 23, 24] {
        for with_whole in [true, false] {
            if usize::from(parts) + usize::from(with_whole) > Notice::MOST_MODULES {
                continue;
            }
            let pdf = PAPERS.notice(&values::notice(parts, with_whole)).expect("prints");
            let words = if with_whole { "Puoi pagare per intero o in" } else { "Puoi pagare in" };
            assert_says(&pdf, &[&format!("{words} {parts} rate"), &format!("Rata {parts} entro il")]);
            if parts > 9 {
                assert_says(&pdf, &[DETAIL]);
                assert_silent(&pdf, &["Rata 2 30,00 Euro"]);
            } else {
                assert_says(&pdf, &["Rata 2 30,00 Euro entro il 30/06/2026"]);
                assert_silent(&pdf, &[DETAIL]);
            }
            if !with_whole {
                assert_silent(&pdf, &["Rata unica", "per intero"]);
            }
        }
    }
}

#[test]
fn govpay_704_amounts_of_a_million_and_more_are_whole() {
    for (cents, words) in [
        (99_999_999, "999.999,99 Euro"),
        (100_000_000, "1.000.000,00 Euro"),
        (123_456_789, "1.234.567,89 Euro"),
        (99_999_999_999, "999.999.999,99 Euro"),
    ] {
        let mut notice = values::notice(1, false);
        notice.modules[0] = values::module(Part::Whole, 178, cents);
        let words_of_paper = printed(&notice).words();
        let Some(found) = words_of_paper else { return };
        assert_eq!(found.matches(words).count(), 2, "in the panel and in the module: {found}");
    }
    let Some(found) = printed(&values::parts_at_the_limits()).words() else { return };
    assert_eq!(found.matches("333.333.333,33 Euro").count(), 6, "{found}");
}

#[test]
fn govpay_704_amounts_beyond_the_paper_are_refused() {
    for cents in [0, -1, 100_000_000_000] {
        let mut notice = values::notice(1, false);
        notice.modules[0] = values::module(Part::Whole, 178, cents);
        assert!(matches!(PAPERS.notice(&notice), Err(Error::Unfit(_))), "{cents}");
    }
    let mut notice = values::postal(values::notice(1, false));
    notice.modules[0] = values::module(Part::Whole, 178, 10_000_000_000);
    assert!(matches!(PAPERS.notice(&notice), Err(Error::Unfit(_))));
}

#[test]
fn govpay_532_no_page_is_blank() {
    for (name, print) in values::all() {
        let printed = Printed::new(&print(&PAPERS).expect("prints"));
        let Some(pages) = printed.pages() else { return };
        for page in 1..=pages {
            // Below the head, above the foot.
            let body = Box2 { left: 100, top: if name.starts_with("notice") { 430 } else { 180 }, right: 2000, bottom: 2780 };
            let words = printed.words_in(page, body).expect("read before");
            assert!(words.split(' ').count() > 5, "{name}, page {page}: {words}");
        }
    }
}

#[test]
fn govpay_519_and_232_a_subject_of_90_characters_is_whole_and_a_longer_one_is_cut_visibly() {
    for notice in [values::notice_at_the_limits(), values::parts_at_the_limits(), values::postal_at_the_limits()] {
        assert_eq!(notice.subject.chars().count(), 90);
        let Some(words) = printed(&notice).words() else { return };
        let times = 1 + notice.modules.len() + notice.postal.as_ref().map_or(0, |_| notice.modules.len());
        assert!(words.matches(&notice.subject).count() >= times, "{words}");
    }
    let Some(words) = printed(&values::notice_over_the_limits()).words() else { return };
    assert!(words.contains("conguaglio anno 2025/2026, rata…") && !words.contains("che non ci sta"), "{words}");
}

#[test]
fn codes_accounts_and_authorisations_that_do_not_fit_are_refused_by_name() {
    fn refused(change: impl Fn(&mut Notice)) -> Field {
        let mut notice = values::postal(values::notice(1, false));
        change(&mut notice);
        match PAPERS.notice(&notice) {
            Err(Error::TooLong { field, .. }) => field,
            other => panic!("not refused: {:?}", other.map(|pdf| pdf.len())),
        }
    }
    let long = || "1".repeat(50);
    assert_eq!(refused(|n| n.cbill = Some(long())), Field::Cbill);
    assert_eq!(refused(|n| n.recipient.fiscal_code = Some(long())), Field::FiscalCode);
    assert_eq!(refused(|n| n.issuer.fiscal_code = long()), Field::CreditorCode);
    assert_eq!(refused(|n| n.postal.as_mut().unwrap().number = long()), Field::PostalAccount);
    assert_eq!(refused(|n| n.postal.as_mut().unwrap().authorisation = long()), Field::PostalAuthorisation);
}

#[test]
fn a_sum_of_instalments_that_is_not_the_whole_is_refused() {
    let mut notice = values::notice(3, true);
    notice.modules[1] = values::module(Part::Instalment(1), 201, 2999);
    assert_eq!(notice.modules[1].amount, Cents(2999));
    assert!(matches!(PAPERS.notice(&notice), Err(Error::DoesNotAddUp(_))));
}
