use std::borrow::Cow;

/// What an institution may answer when it cannot say OK. The payer's app chooses its words by this code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultCode {
    /// Well-formed XML that the schema refuses.
    SintassiXsd,
    /// A rule of the envelope is broken.
    SintassiExtraXsd,
    /// The institution is not one of ours, or is switched off.
    IdDominioErrato,
    /// The broker is not the institution's.
    IdIntermediarioErrato,
    /// The station is not the institution's.
    StazioneIntErrata,
    /// No such notice for this institution, or not yet published.
    PagamentoSconosciuto,
    /// Already paid, through pagoPA or elsewhere.
    PagamentoDuplicato,
    /// Past its due date, and the institution accepts no more.
    PagamentoScaduto,
    /// Cancelled or replaced by the institution.
    PagamentoAnnullato,
    /// A refusal with no better code; needs a description.
    Semantica,
    /// Our own failure.
    SystemError,
    /// The receipt is already here; final and harmless.
    ReceiptDuplicata,
}

/// Code, name on the wire, words for the person who reads the log of the other side.
const FAULTS: &[(FaultCode, &str, &str)] = &[
    (FaultCode::SintassiXsd, "PAA_SINTASSI_XSD", "Richiesta non conforme allo schema"),
    (FaultCode::SintassiExtraXsd, "PAA_SINTASSI_EXTRAXSD", "Busta SOAP non conforme"),
    (FaultCode::IdDominioErrato, "PAA_ID_DOMINIO_ERRATO", "Ente creditore non gestito"),
    (FaultCode::IdIntermediarioErrato, "PAA_ID_INTERMEDIARIO_ERRATO", "Intermediario non associato all'ente"),
    (FaultCode::StazioneIntErrata, "PAA_STAZIONE_INT_ERRATA", "Stazione non associata all'ente"),
    (FaultCode::PagamentoSconosciuto, "PAA_PAGAMENTO_SCONOSCIUTO", "Avviso sconosciuto"),
    (FaultCode::PagamentoDuplicato, "PAA_PAGAMENTO_DUPLICATO", "Avviso già pagato"),
    (FaultCode::PagamentoScaduto, "PAA_PAGAMENTO_SCADUTO", "Avviso scaduto e non più pagabile"),
    (FaultCode::PagamentoAnnullato, "PAA_PAGAMENTO_ANNULLATO", "Avviso annullato dall'ente"),
    (FaultCode::Semantica, "PAA_SEMANTICA", "Richiesta non accettabile"),
    (FaultCode::SystemError, "PAA_SYSTEM_ERROR", "Errore interno, riprovare"),
    (FaultCode::ReceiptDuplicata, "PAA_RECEIPT_DUPLICATA", "Ricevuta già acquisita"),
];

impl FaultCode {
    pub const ALL: [FaultCode; 12] = [
        FaultCode::SintassiXsd,
        FaultCode::SintassiExtraXsd,
        FaultCode::IdDominioErrato,
        FaultCode::IdIntermediarioErrato,
        FaultCode::StazioneIntErrata,
        FaultCode::PagamentoSconosciuto,
        FaultCode::PagamentoDuplicato,
        FaultCode::PagamentoScaduto,
        FaultCode::PagamentoAnnullato,
        FaultCode::Semantica,
        FaultCode::SystemError,
        FaultCode::ReceiptDuplicata,
    ];

    /// The name on the wire, as `PAA_PAGAMENTO_SCONOSCIUTO`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> &'static (FaultCode, &'static str, &'static str) {
        FAULTS.iter().find(|(code, ..)| *code == self).expect("every code has its row")
    }
}

/// A refusal as it travels. A code from another institution may be one this table does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub code: Cow<'static, str>,
    pub text: Cow<'static, str>,
    /// The fiscal code of the institution that answers.
    pub id: String,
    pub description: Option<String>,
}

impl Fault {
    /// The refusal `code` of the institution `id`.
    pub fn new(code: FaultCode, id: &str) -> Fault {
        let (_, name, text) = code.row();
        Fault { code: Cow::Borrowed(name), text: Cow::Borrowed(text), id: id.to_owned(), description: None }
    }

    pub fn describe(self, description: impl Into<String>) -> Fault {
        Fault { description: Some(description.into()), ..self }
    }

    /// The code, if it is one of the table.
    pub fn known_code(&self) -> Option<FaultCode> {
        FAULTS.iter().find(|(_, name, _)| *name == self.code).map(|(code, ..)| *code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_row_and_comes_back_by_its_name() {
        assert_eq!(FAULTS.len(), FaultCode::ALL.len());
        for code in FaultCode::ALL {
            assert!(code.name().starts_with("PAA_"));
            assert_eq!(Fault::new(code, "77777777777").known_code(), Some(code));
        }
    }
}
