//! The catalogue of spontaneous payments.

use import::spec;
use kernel::Day;

use crate::output::Sheet;

/// Code, name, description, taxonomy, fixed amount, least, largest, for whom, most pieces, account.
type Cause = [&'static str; 10];

const CAUSES: [Cause; 3] = [
    [
        "GITA",
        "Gita scolastica",
        "Pullman e ingressi della gita di primavera.",
        "9/0107100TS/",
        "25,00",
        "",
        "",
        "alunno",
        "1",
        "gite",
    ],
    ["BADGE", "Duplicato del badge", "Per chi ha perso o rotto il badge.", "9/0107107AP/", "5,00", "", "", "alunno", "3", ""],
    [
        "CONTRIBUTO",
        "Contributo volontario",
        "Un aiuto per i libri e i laboratori delle scuole.",
        "9/0107100TS/",
        "",
        "1,00",
        "500,00",
        "pagante",
        "1",
        "contributi",
    ],
];

pub(crate) fn sheet(since: Day) -> Sheet {
    let columns = [
        "codice",
        "nome",
        "descrizione",
        "tassonomia",
        "importo",
        "importo_minimo",
        "importo_massimo",
        "per",
        "pezzi_massimi",
        "conto",
        "dal",
    ];
    let mut sheet = Sheet::new(&spec::CAUSES, &columns);
    for [code, name, about, taxonomy, fixed, min, max, for_whom, pieces, account] in CAUSES {
        sheet.row(&[&code, &name, &about, &taxonomy, &fixed, &min, &max, &for_whom, &pieces, &account, &since]);
    }
    sheet
}
