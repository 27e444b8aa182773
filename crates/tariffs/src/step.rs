use kernel::Cents;
use serde::{Deserialize, Serialize};

/// One step of how a price came about. It never holds the ISEE itself, which only the household may read: the band does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// A rule asked for an ISEE and none was valid that day.
    NoIsee,
    Flat {
        label: Option<String>,
        price: Cents,
    },
    Band {
        label: String,
        over: Option<Cents>,
        up_to: Option<Cents>,
        price: Cents,
    },
    ShareOfCost {
        label: String,
        over: Option<Cents>,
        up_to: Option<Cents>,
        basis_points: i64,
        full_cost: Cents,
        price: Cents,
    },
    Linear {
        from_isee: Cents,
        to_isee: Cents,
        price: Cents,
    },
    /// `price` is what is left.
    Discount {
        label: String,
        basis_points: i64,
        price: Cents,
    },
    Exempt {
        label: String,
    },
}

impl Step {
    /// What applies and what it makes, in Italian: `("Fascia 3: ISEE fino a 10.000 €", "3,40 €")`.
    pub fn parts_it(&self) -> (String, String) {
        match self {
            Step::NoIsee => ("Nessun ISEE valido in questa data".to_owned(), "tariffa massima".to_owned()),
            Step::Flat { label, price } => (label.clone().unwrap_or_else(|| "Tariffa unica".to_owned()), price.to_string()),
            Step::Band { label, over, up_to, price } => (format!("{label}{}", range_it(*over, *up_to)), price.to_string()),
            Step::ShareOfCost { label, over, up_to, basis_points, full_cost, price } => {
                let what =
                    format!("{label}{}: {} del costo pieno di {full_cost}", range_it(*over, *up_to), percent_it(*basis_points));
                (what, price.to_string())
            }
            Step::Linear { from_isee, to_isee, price } => {
                let what = format!("Tariffa lineare secondo l'ISEE, tra {} e {}", euros_it(*from_isee), euros_it(*to_isee));
                (what, price.to_string())
            }
            Step::Discount { label, basis_points, .. } => (label.clone(), format!("-{}", percent_it(*basis_points))),
            Step::Exempt { label } => (label.clone(), "esente".to_owned()),
        }
    }

    /// The two parts in one line: `Secondo figlio: -20%`.
    pub fn text_it(&self) -> String {
        let (what, makes) = self.parts_it();
        format!("{what}: {makes}")
    }
}

fn range_it(over: Option<Cents>, up_to: Option<Cents>) -> String {
    match (over, up_to) {
        (None, None) => String::new(),
        (None, Some(up_to)) => format!(": ISEE fino a {}", euros_it(up_to)),
        (Some(over), None) => format!(": ISEE oltre {}", euros_it(over)),
        (Some(over), Some(up_to)) => format!(": ISEE da {} a {}", euros_it(over), euros_it(up_to)),
    }
}

/// `10.000 €` for whole euros, `5.200,50 €` otherwise.
pub fn euros_it(amount: Cents) -> String {
    let text = amount.format_it();
    format!("{} €", text.strip_suffix(",00").unwrap_or(&text))
}

fn percent_it(basis_points: i64) -> String {
    let text = Cents(basis_points).format_it();
    let text = if text.contains(',') { text.trim_end_matches('0').trim_end_matches(',') } else { &text };
    format!("{text}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_read_as_an_office_would_write_them() {
        let band = |over, up_to| Step::Band { label: "Fascia 3".to_owned(), over, up_to, price: Cents(340) };
        for (step, text) in [
            (band(None, Some(Cents(1_000_000))), "Fascia 3: ISEE fino a 10.000 €: 3,40 €"),
            (band(Some(Cents(520_050)), Some(Cents(1_000_000))), "Fascia 3: ISEE da 5.200,50 € a 10.000 €: 3,40 €"),
            (band(Some(Cents(1_000_000)), None), "Fascia 3: ISEE oltre 10.000 €: 3,40 €"),
            (
                Step::Discount { label: "Secondo figlio".to_owned(), basis_points: 2000, price: Cents(272) },
                "Secondo figlio: -20%",
            ),
            (Step::Discount { label: "Terzo figlio".to_owned(), basis_points: 3350, price: Cents(272) }, "Terzo figlio: -33,5%"),
            (Step::Exempt { label: "Disabilità (L. 104/1992)".to_owned() }, "Disabilità (L. 104/1992): esente"),
            (Step::Flat { label: None, price: Cents(540) }, "Tariffa unica: 5,40 €"),
        ] {
            assert_eq!(step.text_it(), text);
        }
    }
}
