//! Answers that end badly, to be tried by hand and by tests.

use jiff::SignedDuration;
use saml::idp_side::ResponseDraft;
use saml::{SignatureError, SpKey};

/// What a provider may be made to do wrong, or to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// An unsigned answer with this number of SPID's table.
    Number(u8),
    /// A whole identity that nobody signed.
    Unsigned,
    /// Signed by a key that is in no metadata.
    Stranger,
    /// Signed long ago.
    Late,
    /// Of a lower level than was asked for.
    LowLevel,
}

/// The name in the form, the words on the button, and what happens.
pub const TRIALS: [(&str, &str, Trial); 13] = [
    ("19", "Credenziali errate (19)", Trial::Number(19)),
    ("20", "Nessuna credenziale del livello (20)", Trial::Number(20)),
    ("21", "Tempo scaduto (21)", Trial::Number(21)),
    ("22", "Consenso negato (22)", Trial::Number(22)),
    ("23", "Identità sospesa o revocata (23)", Trial::Number(23)),
    ("24", "Numero riservato (24)", Trial::Number(24)),
    ("25", "Accesso annullato (25)", Trial::Number(25)),
    ("30", "Identità di un altro tipo (30)", Trial::Number(30)),
    ("16", "Richiesta del portale rifiutata (16)", Trial::Number(16)),
    ("senza-firma", "Risposta senza firma", Trial::Unsigned),
    ("firma-estranea", "Risposta firmata da un estraneo", Trial::Stranger),
    ("tardi", "Risposta in ritardo", Trial::Late),
    ("livello", "Livello più basso del richiesto", Trial::LowLevel),
];

/// The trial of this name; the two buttons of every provider are trials too.
pub fn find(name: &str) -> Option<Trial> {
    match name {
        "annulla" => Some(Trial::Number(25)),
        "nega" => Some(Trial::Number(22)),
        _ => TRIALS.iter().find(|(known, ..)| *known == name).map(|(.., trial)| *trial),
    }
}

impl Trial {
    /// The answer in base64.
    pub fn answer(self, draft: ResponseDraft, key: &SpKey, stranger: &SpKey) -> Result<String, SignatureError> {
        match self {
            Trial::Number(number) => Ok(draft.refusal(number)),
            Trial::Unsigned => Ok(draft.unsigned()),
            Trial::Stranger => draft.signed(stranger),
            Trial::Late => {
                let issued_at = draft.issued_at - SignedDuration::from_mins(20);
                ResponseDraft { issued_at, ..draft }.signed(key)
            }
            Trial::LowLevel => {
                let level = draft.level.saturating_sub(1).max(1);
                ResponseDraft { level, ..draft }.signed(key)
            }
        }
    }
}
