//! The codes and the marks of the notice, read and measured on the printed page, for every variant.

mod readers;
#[path = "../examples/samples/values.rs"]
mod values;

use paper::*;
use readers::{Box2, PAPERS, Picture, Printed, read_code};

/// Tenths of millimetres a pixel may blur an edge.
const BLUR: usize = 2;
const CODE: usize = 250;
const ARMS: usize = 300;
const MARGIN: usize = 100;

fn pages(notice: &Notice) -> Option<Vec<Picture>> {
    Printed::new(&PAPERS.notice(notice).expect("prints")).pictures()
}

fn is(size: usize, expected: usize) -> bool {
    size.abs_diff(expected) <= BLUR
}

#[test]
fn every_code_of_every_variant_reads_back_what_its_module_asks() {
    for (name, notice) in values::notices() {
        let Some(pages) = pages(&notice) else { return };
        let codes = pages.iter().flat_map(|page| page.codes().into_iter().map(|code| page.cropped(code.grown(40))));
        let Some(mut found) = codes.map(|code| read_code(&code)).collect::<Option<Vec<String>>>() else { return };
        let slips = notice.modules.iter().filter_map(|module| notice.postal.as_ref().and(module.datamatrix.clone()));
        let mut expected: Vec<String> = notice.modules.iter().map(|module| module.qr.clone()).chain(slips).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn every_code_is_25_mm_wide_and_high_with_white_around_it_and_the_outer_margin_is_empty() {
    for (name, notice) in values::notices() {
        let Some(pages) = pages(&notice) else { return };
        assert!(pages.iter().all(margin_is_empty), "{name}: something stands in the outer margin");
        for (page, code) in pages.iter().flat_map(|page| page.codes().into_iter().map(move |code| (page, code))) {
            assert!(is(code.width(), CODE) && is(code.height(), CODE), "{name}: {code:?}");
            let around = page.cropped(code.grown(30));
            let dark = around.extent(inked).expect("the code itself");
            assert!(is(dark.width(), CODE) && is(dark.height(), CODE), "{name}: something within 3 mm of {code:?}");
        }
    }
}

fn margin_is_empty(page: &Picture) -> bool {
    let (width, height, margin) = (page.width, page.height, MARGIN - BLUR);
    let strip = |left, top, right, bottom| page.cropped(Box2 { left, top, right, bottom });
    let strips = [
        strip(0, 0, width, margin),
        strip(0, height - margin, width, height),
        strip(0, margin, margin, height - margin),
        strip(width - margin, margin, width, height - margin),
    ];
    strips.iter().all(|strip| strip.extent(inked).is_none())
}

fn inked([r, g, b]: [u8; 3]) -> bool {
    r < 240 || g < 240 || b < 240
}

#[test]
fn the_coat_of_arms_is_30_mm_on_every_page() {
    const SQUARE: &str =
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9h-9z" fill="#FF00FF"/></svg>"##;
    let mut notice = values::postal(values::notice(4, false));
    notice.issuer.logo_svg = Some(SQUARE.to_owned());
    let Some(pages) = pages(&notice) else { return };
    assert!(pages.len() > 1);
    for page in pages {
        let arms = page.extent(|[r, g, b]| r > 240 && g < 20 && b > 240).expect("the coat of arms");
        assert!(is(arms.width(), ARMS) && is(arms.height(), ARMS), "{arms:?}");
    }
}

#[test]
fn the_line_of_the_postal_authorisation_is_black_at_70_percent() {
    let notice = values::postal(values::notice(1, false));
    let Some(pages) = pages(&notice) else { return };
    let grey = pages[0].extent(|pixel| pixel == [77, 77, 77] || pixel == [76, 76, 76]).expect("the line");
    let printed = Printed::new(&PAPERS.notice(&notice).expect("prints"));
    let Some(words) = printed.words_in(1, grey.grown(15)) else { return };
    assert_eq!(words, notice.postal.expect("postal").authorisation);
}
