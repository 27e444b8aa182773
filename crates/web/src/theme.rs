//! A tenant's colour as the eleven shades of the reduced stylesheet, by fixed steps of lightness.

/// How each shade stands to the base: lightness in thousandths of the base's, and an alpha suffix.
/// The order is that of the variables `--p-1` ... `--p-11` of the built stylesheet.
const SHADES: [(i64, &str); 11] = [
    (1000, ""),
    (804, ""),
    (873, ""),
    (627, ""),
    (750, ""),
    (500, ""),
    (853, ""),
    (700, ""),
    (900, ""),
    (-965, ""),
    (1000, "40"),
];

/// The stylesheet of a tenant; the house's blue where the colour cannot be read.
pub fn stylesheet(colour: &str) -> String {
    let (hue, saturation, lightness) = hsl(colour).unwrap_or((210, 1000, 400));
    let mut css = String::from(":root{");
    for (number, (step, alpha)) in SHADES.iter().enumerate() {
        // A negative step is a lightness of its own: the palest tint.
        let (light, saturated) = if *step < 0 { (-step, saturation * 6 / 10) } else { (lightness * step / 1000, saturation) };
        let (r, g, b) = rgb(hue, saturated, light);
        css.push_str(&format!("--p-{}:#{r:02x}{g:02x}{b:02x}{alpha};", number + 1));
    }
    css.push('}');
    css
}

/// Degrees, and thousandths of saturation and lightness.
fn hsl(colour: &str) -> Option<(i64, i64, i64)> {
    let digits = colour.strip_prefix('#').filter(|d| d.len() == 6 && d.is_ascii())?;
    let part = |at: usize| i64::from_str_radix(&digits[at..at + 2], 16).ok();
    let (r, g, b) = (part(0)?, part(2)?, part(4)?);
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    let (spread, lightness) = (most - least, (most + least) * 1000 / 510);
    if spread == 0 {
        return Some((0, 0, lightness));
    }
    let saturation = spread * 1000 / (255 - (most + least - 255).abs());
    let hue = if most == r {
        60 * (g - b) / spread
    } else if most == g {
        120 + 60 * (b - r) / spread
    } else {
        240 + 60 * (r - g) / spread
    };
    Some((hue.rem_euclid(360), saturation, lightness))
}

fn rgb(hue: i64, saturation: i64, lightness: i64) -> (i64, i64, i64) {
    let chroma = (1000 - (2 * lightness - 1000).abs()) * saturation / 1000;
    let second = chroma * (60 - ((hue % 120) - 60).abs()) / 60;
    let base = lightness - chroma / 2;
    let (r, g, b) = match hue / 60 {
        0 => (chroma, second, 0),
        1 => (second, chroma, 0),
        2 => (0, chroma, second),
        3 => (0, second, chroma),
        4 => (second, 0, chroma),
        _ => (chroma, 0, second),
    };
    let byte = |part: i64| ((part + base) * 255 + 500) / 1000;
    (byte(r).clamp(0, 255), byte(g).clamp(0, 255), byte(b).clamp(0, 255))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_shade_is_the_colour_itself_and_the_tint_is_pale() {
        assert!(stylesheet("#0066cc").starts_with(":root{--p-1:#0066cc;"));
        let red = stylesheet("#8a1f2d");
        let shade = |n: usize| red.split(&format!("--p-{n}:#")).nth(1).map(|s| s[..6].to_owned()).expect("it is there");
        assert_eq!(i64::from_str_radix(&shade(1)[..2], 16).map(|r| (r - 0x8a).abs() <= 2), Ok(true));
        assert!(shade(10).bytes().step_by(2).all(|d| d >= b'e'), "{}", shade(10));
        assert!(red.contains("40;"));
    }
}
