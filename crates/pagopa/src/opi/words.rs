//! The words of the standard that say what a movement is.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Document {
    /// Money in that no order of collection covers yet.
    ProvisionalIn,
    ProvisionalOut,
    /// An order of collection (reversale).
    Order,
    /// A warrant of payment (mandato).
    Warrant,
    /// Money of cash funds and of the treasurer's own accounts.
    Fund,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Executed,
    /// Taken back by the treasurer.
    Reversed,
    /// Covered by an order of collection or a warrant.
    Regularised,
    /// The cover was taken away: the entry is provisional again.
    Restored,
}

pub(super) static DOCUMENTS: [(&str, Document); 8] = [
    ("SOSPESO ENTRATA", Document::ProvisionalIn),
    ("SOSPESO USCITA", Document::ProvisionalOut),
    ("REVERSALE", Document::Order),
    ("MANDATO", Document::Warrant),
    ("FONDO DI CASSA", Document::Fund),
    ("DEFICIT DI CASSA", Document::Fund),
    ("ANTICIPAZIONE", Document::Fund),
    ("DEPOSITI", Document::Fund),
];

pub(super) static OPERATIONS: [(&str, Operation); 4] = [
    ("ESEGUITO", Operation::Executed),
    ("STORNATO", Operation::Reversed),
    ("REGOLARIZZATO", Operation::Regularised),
    ("RIPRISTINATO", Operation::Restored),
];
