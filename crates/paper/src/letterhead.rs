use std::fmt;

use serde::{Serialize, Serializer};

/// The body that issues a paper.
#[derive(Clone, Debug, Serialize)]
pub struct Issuer {
    /// `Comune di Borgo Fiorito`, cut at 50 characters on a notice.
    pub name: String,
    /// The office, cut at 50 characters on a notice; empty when there is none to name.
    pub sector: String,
    /// How to reach it, parts separated by ` · `, cut at 100 characters on a notice.
    pub contacts: String,
    pub fiscal_code: String,
    pub colour: Colour,
    /// The coat of arms as SVG text, drawn 30 by 30 mm on a notice.
    #[serde(skip)]
    pub logo_svg: Option<String>,
}

/// Somebody named on a paper.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    pub name: String,
    pub fiscal_code: String,
}

/// The colour of a Comune's papers. White text on it, and it on white, are always readable: a lighter one is darkened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// Reads `#0066CC`.
    pub fn parse(text: &str) -> Option<Colour> {
        let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let part = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).ok();
        Some(Colour([part(0)?, part(2)?, part(4)?]).readable())
    }

    fn readable(mut self) -> Colour {
        while self.luminance() > DARK_ENOUGH {
            self.0 = self.0.map(|part| (u16::from(part) * 19 / 20) as u8);
        }
        self
    }

    /// Relative luminance in ten-thousandths of 255 squared, with gamma 2: a little above the true one, hence safe.
    fn luminance(self) -> u64 {
        let [red, green, blue] = self.0.map(|part| u64::from(part) * u64::from(part));
        2126 * red + 7152 * green + 722 * blue
    }
}

/// Luminance 0.183: contrast 4.5 to 1 against white (WCAG 2.2, 1.4.3).
const DARK_ENOUGH: u64 = 1830 * 255 * 255;

impl Default for Colour {
    /// The blue of the Italian public administration's design system.
    fn default() -> Colour {
        Colour([0x00, 0x66, 0xCC])
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02X}{green:02X}{blue:02X}")
    }
}

impl Serialize for Colour {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dark_colour_stays_and_a_light_one_is_darkened_until_it_reads() {
        assert_eq!(Colour::parse("#0066CC").map(|c| c.to_string()).as_deref(), Some("#0066CC"));
        let yellow = Colour::parse("#FFE000").expect("a colour");
        assert!(yellow.luminance() <= DARK_ENOUGH && yellow.0[2] == 0, "{yellow}");
    }

    #[test]
    fn what_is_not_a_colour_is_refused() {
        for text in ["0066CC", "#06C", "#0066CG", "#0066CÈ", "red"] {
            assert_eq!(Colour::parse(text), None, "{text}");
        }
    }
}
