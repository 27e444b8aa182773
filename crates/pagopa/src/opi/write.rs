//! The journal as a treasurer would send it.

use std::borrow::Cow;

use super::{ACCOUNT, CashJournal, MOVEMENT, ProvisionalEntry, ROOT};
use crate::xml::{self, Element};

/// The journal as a file, one account, in the order of its entries; what was passed over has no place in it.
pub fn write_file(journal: &CashJournal) -> String {
    let year = journal.entries.first().map_or(0, |entry| entry.year);
    let mut account =
        vec![Element::leaf("conto_evidenza", "1"), Element::leaf("descrizione_conto_evidenza", "Conto di tesoreria")];
    account.extend(journal.entries.iter().map(movement));
    let head = journal.fiscal_code.iter().map(|code| Element::leaf("codice_fiscale_ente", code.as_str())).collect();
    xml::write_plain(&Element::group(
        ROOT,
        vec![
            Element::group("testata_messaggio", head),
            Element::leaf("esercizio", year.to_string()),
            Element::group(ACCOUNT, account),
        ],
    ))
}

fn movement(entry: &ProvisionalEntry) -> Element<'_> {
    let amount = format!("{}.{:02}", entry.amount_cents / 100, entry.amount_cents % 100);
    let leaf = |name, text: Cow<'static, str>| Element::leaf(name, text);
    Element::group(
        MOVEMENT,
        vec![
            leaf("tipo_movimento", "ENTRATA".into()),
            leaf("tipo_documento", "SOSPESO ENTRATA".into()),
            leaf("tipo_operazione", if entry.is_reversal { "STORNATO" } else { "ESEGUITO" }.into()),
            leaf("numero_documento", entry.number.to_string().into()),
            leaf("progressivo_documento", "1".into()),
            leaf("importo", amount.into()),
            leaf("data_movimento", entry.booked_on.to_string().into()),
            Element::group("cliente", vec![Element::leaf("anagrafica_cliente", entry.payer.as_str())]),
            Element::leaf("causale", entry.reason.as_str()),
        ],
    )
}
