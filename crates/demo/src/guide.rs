//! The documents of the portal's guide: its page of nine documents, one unpaid, and its page of five instalments to pay.

use kernel::{Cents, Day, SchoolYear};

use crate::calendar::date;
use crate::documents::{Document, Instalment, Line};

type Ymd = (i16, i8, i8);

/// Issued, number, cents, due, paid.
const NINE: [(Ymd, &str, i64, Ymd, bool); 9] = [
    ((2021, 10, 21), "120274", 300, (2021, 10, 21), true),
    ((2021, 10, 14), "120273", 5000, (2021, 10, 14), true),
    ((2020, 9, 1), "120272", 1300, (2020, 9, 30), true),
    ((2020, 5, 6), "120234", 4500, (2020, 5, 31), true),
    ((2020, 4, 30), "120196", 4500, (2020, 5, 30), true),
    ((2020, 4, 30), "120039", 4500, (2020, 6, 30), false),
    ((2020, 4, 28), "120158", 4500, (2020, 5, 29), true),
    ((2020, 4, 24), "120001", 5500, (2020, 5, 31), true),
    ((2020, 2, 11), "120077", 4500, (2020, 2, 28), true),
];
/// The one whose row says that it was paid with pagoPA.
const PAID_WITH_PAGOPA: &str = "120077";
const FIVE: [&str; 5] = ["120272", "120039", "120234", "120196", "120158"];

/// Nine documents, of which one is to pay.
pub(crate) fn nine(holder: &str, pupil: &str) -> Vec<Document> {
    NINE.iter().map(|row| document("A", row, row.4, holder, pupil)).collect()
}

/// The five rows of the payment page, all to pay. Their numbers are the same, so the series is another.
pub(crate) fn five(holder: &str, pupil: &str) -> Vec<Document> {
    NINE.iter().filter(|row| FIVE.contains(&row.1)).map(|row| document("B", row, false, holder, pupil)).collect()
}

fn document(letter: &str, row: &(Ymd, &str, i64, Ymd, bool), paid: bool, holder: &str, pupil: &str) -> Document {
    let (issued, number, cents, due, _) = *row;
    let (issued_on, due_on, amount) = (day(issued), day(due), Cents(cents));
    let by = if number == PAID_WITH_PAGOPA { "pagoPA" } else { "Bonifico" };
    Document {
        key: format!("G{letter}-{number}"),
        series: format!("{letter}/{}", issued_on.year()),
        number: Some(number.to_owned()),
        issued_on,
        year: SchoolYear::containing(issued_on),
        description: "Servizi scolastici".to_owned(),
        holder: holder.to_owned(),
        pupil: Some(pupil.to_owned()),
        service: "MENSA",
        enforced_on: None,
        lines: vec![Line { description: "Quota refezione scolastica".to_owned(), quantity: 1, unit: amount }],
        instalments: vec![Instalment { due_on, amount, paid: paid.then_some((due_on, by)) }],
    }
}

fn day((year, month, day): Ymd) -> Day {
    date(year, month, day)
}
