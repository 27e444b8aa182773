//! The two codes of a notice, as one vector path each: no seams between modules at any resolution.

use std::fmt::Write;

use datamatrix::{DataMatrix, SymbolList};
use fast_qr::{ECL, Mode, QRBuilder, Version};

use crate::Error;
use crate::error::Unfit;

/// The QR symbol of a notice as SVG without a margin: version 4 (33 by 33), correction level M, bytes
/// (guide to the pagoPA notice 3.x, "Codice QR").
pub(crate) fn qr_svg(text: &str) -> Result<String, Error> {
    let symbol = QRBuilder::new(text)
        .mode(Mode::Byte)
        .version(Version::V04)
        .ecl(ECL::M)
        .build()
        .map_err(|_| Error::Unfit(Unfit::LongQr))?;
    Ok(svg(symbol.size, |x, y| symbol[y][x].value()))
}

/// The DataMatrix (ECC200, square) of a postal slip as SVG without a margin.
pub(crate) fn datamatrix_svg(text: &str) -> Result<String, Error> {
    let symbol = DataMatrix::encode(text.as_bytes(), SymbolList::default().enforce_square())
        .map_err(|_| Error::Unfit(Unfit::LongSlip))?
        .bitmap();
    let size = symbol.width();
    let mut dark = vec![false; size * size];
    symbol.pixels().for_each(|(x, y)| dark[y * size + x] = true);
    Ok(svg(size, |x, y| dark[y * size + x]))
}

/// One path of horizontal runs: edges shared by two runs cancel out, since they belong to the same path.
fn svg(size: usize, dark: impl Fn(usize, usize) -> bool) -> String {
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let run = (x..size).take_while(|&x| dark(x, y)).count();
            if run > 0 {
                write!(path, "M{x} {y}h{run}v1h-{run}z").expect("a string takes every text");
            }
            x += run + 1;
        }
    }
    format!(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{path}"/></svg>"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_qr_of_a_notice_is_always_a_version_4_symbol() {
        for amount in ["05", "4500", "99999999999"] {
            let text = format!("PAGOPA|002|301002026000000178|77777777777|{amount}");
            assert!(qr_svg(&text).expect("fits").contains(r#"viewBox="0 0 33 33""#), "{amount}");
        }
        assert!(qr_svg(&"x".repeat(63)).is_err());
    }

    #[test]
    fn the_code_of_a_postal_slip_reads_back() {
        let text = format!("codfase=NBPA;18301002026000000178{:A<222}A", "12");
        let symbol = DataMatrix::encode(text.as_bytes(), SymbolList::default().enforce_square()).expect("fits").bitmap();
        let mut dark = vec![false; symbol.width() * symbol.height()];
        symbol.pixels().for_each(|(x, y)| dark[y * symbol.width() + x] = true);
        assert_eq!(DataMatrix::decode(&dark, symbol.width()).expect("reads"), text.as_bytes());
        let expected = format!(r#"viewBox="0 0 {0} {0}""#, symbol.width());
        assert!(symbol.width() <= 52 && datamatrix_svg(&text).expect("fits").contains(&expected));
    }
}
