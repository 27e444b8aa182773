//! The files an import reads, as data: readers, header checks, writers of such files and `docs/import.md` are all made
//! of these tables.

/// A file of the folder.
#[derive(Debug)]
pub struct File {
    pub name: &'static str,
    /// What it holds, in a sentence of `docs/import.md`.
    pub about: &'static str,
    pub columns: &'static [Column],
}

#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    /// A required column must be in the header and hold something in every row.
    pub required: bool,
    pub format: &'static str,
    pub meaning: &'static str,
}

const fn must(name: &'static str, format: &'static str, meaning: &'static str) -> Column {
    Column { name, required: true, format, meaning }
}

const fn may(name: &'static str, format: &'static str, meaning: &'static str) -> Column {
    Column { name, required: false, format, meaning }
}

const TEXT: &str = "text";
const KEY: &str = "key";
const DAY: &str = "day";
const AMOUNT: &str = "amount";
const YES_NO: &str = "`si` or `no`";
const WEEKDAYS: &str = "weekdays: `lun mar mer gio ven`";
const LEVELS: &str = "`nido`, `infanzia`, `primaria` or `secondaria`";
const YEAR: &str = "school year: `2026/27`";

pub static TENANT: File = File {
    name: "comune.csv",
    about: "The Comune itself: one row. Only needed to create it, or to change what its pages say.",
    columns: &[
        must("codice_ipa", TEXT, "code in the index of public administrations, such as `c_x999`"),
        must("nome", TEXT, "name, as pages show it"),
        may("motto", TEXT, "line below the name"),
        must("codice_fiscale", "11 digits", "fiscal code of the body"),
        must("colore", "`#rrggbb`", "colour of the pages, with a contrast of at least 4.5:1 with white"),
        must("citta", TEXT, "town"),
        must("regione", TEXT, "name of the region"),
        must("sito_regione", "URL", "site of the region"),
        must("sito", "URL", "site of the Comune"),
        must("ufficio", TEXT, "name of the school-services office"),
        must("ufficio_email", TEXT, "its e-mail address"),
        must("ufficio_telefono", TEXT, "its telephone number"),
        must("ufficio_indirizzo", TEXT, "its address"),
        must("ufficio_orari", TEXT, "its opening hours"),
        may("accessibilita", "URL", "accessibility statement"),
        must("portale", "URL", "where browsers reach the portal"),
        must("host", "host names divided by blanks", "Host names that belong to this Comune"),
        may("pagopa_intermediario", "11 digits", "fiscal code of the broker; empty: the Comune takes no payments"),
        may("pagopa_stazione", TEXT, "id of the station"),
        may("pagopa_segregazione", "whole number", "segregation code"),
        may("pagopa_cbill", TEXT, "CBILL code of the Comune"),
        may("pagopa_iban", TEXT, "IBAN to credit"),
        may("pagopa_iban_postale", TEXT, "IBAN of the postal account, for notices with a postal slip"),
        may("pagopa_conto_postale_intestato_a", TEXT, "holder of the postal account"),
        may("pagopa_autorizzazione_postale", TEXT, "authorisation of the postal slip"),
        may("pagopa_dopo_scadenza", YES_NO, "whether a notice may be paid after its due date (default `si`)"),
        may("pagopa_checkout", "URL", "address of the Checkout service"),
        may("pagopa_checkout_host", "hosts divided by blanks", "hosts to which a browser may be sent to pay"),
    ],
};

pub static PERSONS: File = File {
    name: "persone.csv",
    about: "Parents, helpers and businesses.",
    columns: &[
        must("chiave", KEY, "key of the person"),
        may("tipo", "`persona` or `impresa`", "natural person (default) or business"),
        may("codice_fiscale", "fiscal code", "needed to sign in; 11 digits allowed for a business"),
        may("partita_iva", "VAT number", "required for a business"),
        must("cognome", TEXT, "family name, or the name of the business"),
        may("nome", TEXT, "given name; required for a natural person"),
        may("data_nascita", DAY, "birth"),
        may("luogo_nascita", TEXT, "place of birth"),
        may("email", TEXT, "e-mail address"),
        may("telefono", TEXT, "telephone number"),
        may("indirizzo", TEXT, "street and number"),
        may("cap", TEXT, "postal code"),
        may("comune", TEXT, "town"),
        may("provincia", TEXT, "province"),
    ],
};

pub static HOUSEHOLDS: File = File {
    name: "nuclei.csv",
    about: "Households and their ISEE declarations: a row per declaration; a household without ISEE has one row with the key alone.",
    columns: &[
        must("nucleo", KEY, "key of the household"),
        may("dal", DAY, "first day the office applies the declaration"),
        may("al", DAY, "last day"),
        may("tipo", "`ordinario`, `minorenni` or `corrente`", "kind of ISEE"),
        may("importo", AMOUNT, "value of the ISEE"),
        may("protocollo", TEXT, "number of the declaration"),
    ],
};

pub static PUPILS: File = File {
    name: "alunni.csv",
    about: "Pupils.",
    columns: &[
        must("chiave", KEY, "key of the pupil"),
        may("nucleo", "key in nuclei.csv", "household"),
        must("cognome", TEXT, "family name"),
        must("nome", TEXT, "given name"),
        may("codice_fiscale", "fiscal code", "the pupil's"),
        must("data_nascita", DAY, "birth"),
        may("luogo_nascita", TEXT, "place of birth"),
        may("indirizzo", TEXT, "street and number"),
        may("cap", TEXT, "postal code"),
        may("comune", TEXT, "town"),
        may("provincia", TEXT, "province"),
        may("telefono", TEXT, "telephone number"),
        must("residente", YES_NO, "whether resident in the Comune"),
        may("stato", "`aperto` or `chiuso`", "default `aperto`"),
    ],
};

pub static GUARDIANS: File = File {
    name: "tutori.csv",
    about: "Who may do what for a pupil. An account holder and a guardian may do everything unless a column says no; a helper may view and report absences unless a column says otherwise.",
    columns: &[
        must("alunno", "key in alunni.csv", "pupil"),
        must("persona", "key in persone.csv", "person"),
        must("ruolo", "`intestatario`, `tutore` or `delegato`", "account holder, guardian or helper"),
        may("consulta", YES_NO, "may see the pupil's data"),
        may("assenze", YES_NO, "may report absences"),
        may("paga", YES_NO, "may pay"),
        may("certificati", YES_NO, "may have tax papers"),
        must("dal", DAY, "from when"),
        may("al", DAY, "until when; empty: without end"),
        may("limitato_dal", DAY, "first day of a restriction by a court, which wins over every right"),
        may("limitato_al", DAY, "last day of the restriction"),
        may("atto", TEXT, "the act that restricts"),
    ],
};

pub static SITES: File = File {
    name: "plessi.csv",
    about: "School sites.",
    columns: &[
        must("chiave", KEY, "key of the site"),
        must("istituto", TEXT, "institute it belongs to"),
        must("nome", TEXT, "name"),
        must("grado", LEVELS, "school level"),
        must("indirizzo", TEXT, "address"),
        must("cucina", TEXT, "kitchen that serves it"),
    ],
};

pub static CLASSES: File = File {
    name: "classi.csv",
    about: "Classes, one row per school year.",
    columns: &[
        must("chiave", KEY, "key of the class in that year"),
        must("plesso", "key in plessi.csv", "site"),
        must("anno_scolastico", YEAR, "school year"),
        must("nome", TEXT, "such as `3A`"),
        must("giorni", WEEKDAYS, "days with lunch at school"),
    ],
};

pub static PLACEMENTS: File = File {
    name: "collocazioni.csv",
    about: "In which class a pupil sits, and when.",
    columns: &[
        must("alunno", "key in alunni.csv", "pupil"),
        must("classe", "key in classi.csv", "class"),
        must("dal", DAY, "first day"),
        must("al", DAY, "last day"),
    ],
};

pub static SERVICES: File = File {
    name: "servizi.csv",
    about: "Paid services.",
    columns: &[
        must("codice", KEY, "code of the service"),
        must("nome", TEXT, "name"),
        must("tipo", "`mensa`, `scuolabus`, `pre_scuola`, `post_scuola`, `nido`, `centro_estivo` or `altro`", "kind of service"),
        must("tassonomia", TEXT, "pagoPA taxonomy, such as `9/0107101TS/`"),
        may("iva", "percentage", "VAT inside the price; empty: exempt"),
        may("ricarica_minima", AMOUNT, "least top-up; empty: the service has no wallet"),
        may("ricarica_massima", AMOUNT, "largest top-up"),
        may("ricariche_proposte", "amounts divided by blanks", "amounts to propose, in order"),
    ],
};

pub static ENROLMENTS: File = File {
    name: "iscrizioni.csv",
    about: "Enrolments of pupils in services, one row per school year.",
    columns: &[
        must("chiave", KEY, "key of the enrolment"),
        must("alunno", "key in alunni.csv", "pupil"),
        must("servizio", "code in servizi.csv", "service"),
        must("anno_scolastico", YEAR, "school year"),
        must("dal", DAY, "first day"),
        must("al", DAY, "last day"),
        must("stato", "`presentata`, `attiva`, `sospesa`, `ritirata` or `chiusa`", "state"),
        must("intestatario", "key in persone.csv", "account holder"),
        may("destinatario", "key in persone.csv", "addressee of documents; default the account holder"),
        must("pagamento", "`prepagato`, `postpagato` or `forfait`", "how it is paid"),
        may("giorni", WEEKDAYS, "the pupil's own days; empty: those of the class"),
    ],
};

pub static BADGES: File = File {
    name: "badge.csv",
    about: "Badges: each carries the wallet of a pupil for a service.",
    columns: &[
        must("codice", KEY, "code of the badge"),
        must("alunno", "key in alunni.csv", "pupil"),
        must("servizio", "code in servizi.csv", "service"),
        may("stato", "`attivo` or `chiuso`", "default `attivo`"),
        must("dal", DAY, "first day"),
    ],
};

pub static DIETS: File = File {
    name: "diete.csv",
    about: "Diets by code. Why a pupil has one is health or belief, and has no column here on purpose.",
    columns: &[
        must("chiave", KEY, "key of the diet"),
        must("alunno", "key in alunni.csv", "pupil"),
        must("codice", TEXT, "code the kitchen knows"),
        must("tipo", "`sanitaria` or `etica`", "medical or ethical"),
        must("dal", DAY, "first day"),
        may("al", DAY, "last day; empty: without end"),
    ],
};

pub static CALENDAR: File = File {
    name: "calendario.csv",
    about: "Which days a service runs at a site. A day without a row is closed.",
    columns: &[
        must("servizio", "code in servizi.csv", "service"),
        must("plesso", "key in plessi.csv", "site"),
        must("giorno", DAY, "day"),
        must("aperto", YES_NO, "whether the service runs"),
        may("motivo", TEXT, "why it is closed, as parents read it"),
    ],
};

pub static CUTOFFS: File = File {
    name: "orari_limite.csv",
    about: "Until when an absence may be reported; the most specific rule wins (site and weekday, site, weekday, service).",
    columns: &[
        must("servizio", "code in servizi.csv", "service"),
        may("plesso", "key in plessi.csv", "site; empty: all"),
        may("giorno_settimana", "`lun` ... `dom`", "weekday; empty: all"),
        must("ora", "`hh:mm`", "a report made at this minute is too late"),
        must("giorni_prima", "0 or 1", "0 the same day, 1 the day before"),
        must("giorni_avanti", "whole number", "how many days ahead may be reported"),
        must("dal", DAY, "first day of the rule"),
        may("al", DAY, "last day of the rule"),
    ],
};

pub static ABSENCE_KINDS: File = File {
    name: "tipi_assenza.csv",
    about: "The kinds of absence that parents may report.",
    columns: &[
        must("codice", KEY, "code"),
        must("nome", TEXT, "name in Italian"),
        may("nome_inglese", TEXT, "name in English; default the Italian one"),
        must("effetto", "`assente`, `pasto_leggero` or `uscita_anticipata`", "no meal and no charge, or a meal that is eaten"),
        may("giorni_massimi", "whole number", "most days in a row"),
        must("ordine", "whole number", "place in the list"),
    ],
};

pub static MENUS: File = File {
    name: "menu.csv",
    about: "The menu of each day, one row per dish.",
    columns: &[
        must("servizio", "code in servizi.csv", "service"),
        must("giorno", DAY, "day"),
        must("grado", LEVELS, "school level"),
        may("dieta", TEXT, "diet code; empty: everybody's menu"),
        must("ordine", "whole number", "place on the table"),
        must("portata", "`primo`, `secondo`, `contorno`, `frutta`, `pane` or `merenda`", "course"),
        must("piatto", TEXT, "dish"),
        may("allergeni", "words divided by blanks", "codes of the fourteen allergens of Regulation (EU) 1169/2011"),
    ],
};

pub static ATTENDANCE: File = File {
    name: "presenze.csv",
    about: "Who ate on which day. With an amount the meal counts as charged: in the document named, or, where none is named, in one still to be issued. Prepaid meals have their amount in movimenti.csv and none here.",
    columns: &[
        must("alunno", "key in alunni.csv", "pupil"),
        must("servizio", "code in servizi.csv", "service"),
        must("giorno", DAY, "day"),
        must("stato", "`presente`, `assente` or `presente_non_iscritto`", "what the roll says"),
        may("importo", AMOUNT, "price of the meal"),
        may("documento", "key in documenti.csv", "document that charges it"),
        may("derivazione", TEXT, "how the price came about"),
    ],
};

pub static ABSENCES: File = File {
    name: "assenze.csv",
    about: "Absences that guardians reported.",
    columns: &[
        must("ricevuta", KEY, "number of the receipt that was given"),
        must("alunno", "key in alunni.csv", "pupil"),
        must("servizio", "code in servizi.csv", "service"),
        must("persona", "key in persone.csv", "who reported"),
        must("tipo", "code in tipi_assenza.csv", "kind of absence"),
        must("dal", DAY, "first day"),
        must("al", DAY, "last day"),
        must("ricevuta_il", "day and time: `24/11/2026 08:59`", "when it arrived"),
    ],
};

pub static TARIFFS: File = File {
    name: "tariffe.csv",
    about: "Price plans of the council's resolutions.",
    columns: &[
        must("chiave", KEY, "key of the plan"),
        must("servizio", "code in servizi.csv", "service"),
        must("nome", TEXT, "name"),
        must("delibera", TEXT, "number of the resolution"),
        must("delibera_del", DAY, "day of the resolution"),
        must("dal", DAY, "first day in force"),
        must("al", DAY, "last day in force"),
    ],
};

pub static RULES: File = File {
    name: "regole_tariffa.csv",
    about: "The rules of the price plans. Rows with the same plan and order are the bands of one price. The first price whose conditions hold is the price; then every reduction and exemption that holds is applied, in order.",
    columns: &[
        must("piano", "key in tariffe.csv", "plan"),
        must("ordine", "whole number", "order of the rule in the plan; bands of one price share it"),
        must(
            "effetto",
            "`prezzo`, `fascia`, `quota_costo`, `lineare`, `riduzione` or `esenzione`",
            "one price, a band by ISEE, a band that pays a share of the full cost, a price that grows with the ISEE, a reduction, nothing to pay",
        ),
        may("nome", TEXT, "label of the band, reduction or exemption, as parents read it"),
        may("importo", AMOUNT, "the price; for `quota_costo` the full cost; for `lineare` the price up to `isee_oltre`"),
        may("importo_finale", AMOUNT, "for `lineare`: the price from `isee_fino_a` on"),
        may("percentuale", "percentage", "of a reduction, or the share of the full cost"),
        may("isee_oltre", AMOUNT, "condition: an ISEE above this; for `lineare`, where it begins to grow"),
        may("isee_fino_a", AMOUNT, "condition: an ISEE up to this; of a band, its ceiling (the last band has none)"),
        may("gradi", "levels divided by blanks", "condition: school levels"),
        may("residente", YES_NO, "condition: residents, or others"),
        may("minori_da", "whole number", "condition: at least so many minors in the household"),
        may("minori_fino_a", "whole number", "condition: at most so many"),
        may("figlio_da", "whole number", "condition: from the how-manieth child enrolled, the eldest being 1"),
        may("figlio_fino_a", "whole number", "condition: to the how-manieth"),
        may("iscritti_da", "whole number", "condition: at least so many children of the household enrolled"),
        may("circostanze", "words divided by blanks", "condition: circumstances the office recorded, such as `disability`"),
    ],
};

pub static DOCUMENTS: File = File {
    name: "documenti.csv",
    about: "Documents issued to families.",
    columns: &[
        must("chiave", KEY, "key of the document"),
        must("serie", TEXT, "series of the number"),
        must("numero", TEXT, "number"),
        must("data", DAY, "day of issue"),
        must("anno_scolastico", YEAR, "school year it is of"),
        must("descrizione", TEXT, "what it asks for, without the name of a minor"),
        must("intestatario", "key in persone.csv", "who has to pay"),
        may("alunno", "key in alunni.csv", "pupil"),
        must("servizio", "code in servizi.csv", "service"),
        may("messa_a_ruolo", DAY, "day it was sent to enforcement"),
    ],
};

pub static LINES: File = File {
    name: "righe_documento.csv",
    about: "Lines of the documents: quantity times price is the amount.",
    columns: &[
        must("documento", "key in documenti.csv", "document"),
        must("riga", "whole number", "place in the document"),
        must("descrizione", TEXT, "what was charged"),
        must("quantita", "whole number", "how many"),
        must("prezzo", "amount, possibly negative", "price of one"),
        must("importo", "amount, possibly negative", "amount of the line"),
    ],
};

pub static INSTALMENTS: File = File {
    name: "rate.csv",
    about: "Instalments of the documents: their amounts sum to the document's lines.",
    columns: &[
        must("documento", "key in documenti.csv", "document"),
        must("rata", "whole number", "number of the instalment, from 1"),
        must("scadenza", DAY, "due date"),
        must("importo", AMOUNT, "amount"),
        may("pagato", AMOUNT, "what has been paid so far; the rest gets a payment notice"),
        may("pagato_il", DAY, "when"),
        may("pagato_con", TEXT, "how: `pagoPA`, `bonifico`, `contanti`, ..."),
    ],
};

pub static MOVEMENTS: File = File {
    name: "movimenti.csv",
    about: "Movements of the wallets, in any order.",
    columns: &[
        must("chiave", KEY, "key of the movement"),
        must("badge", "code in badge.csv", "badge"),
        must("data", DAY, "day it counts from; for a meal, the day of the meal"),
        must(
            "tipo",
            "`saldo_iniziale`, `ricarica`, `pasto`, `rettifica`, `rimborso` or `trasferimento`",
            "opening balance, top-up, meal, adjustment, refund or transfer between wallets",
        ),
        must(
            "importo",
            "amount, possibly negative",
            "above zero raises the wallet, below zero lowers it; a meal is negative or zero, a top-up positive",
        ),
        must("descrizione", TEXT, "as the parent reads it"),
        may("derivazione", TEXT, "for a meal: how the price came about"),
    ],
};

pub static ATTACHMENTS: File = File {
    name: "allegati.csv",
    about: "Papers of a pupil. The files lie in the folder, or in folders inside it; PDF, PNG or JPEG, at most 10 MB each.",
    columns: &[
        must("chiave", KEY, "key of the paper"),
        must("alunno", "key in alunni.csv", "pupil"),
        may("persona", "key in persone.csv", "whom it is for; required for a 730 certificate; empty: every guardian"),
        must("tipo", "`certificato_730`, `lettera`, `modulo` or `altro`", "kind"),
        must("titolo", TEXT, "title"),
        must("file", "file name", "name of the file"),
        must("data", DAY, "day of issue"),
    ],
};

pub static CAUSES: File = File {
    name: "causali.csv",
    about: "The catalogue of spontaneous payments: what parents may pay for without a document. Either `importo`, or `importo_minimo` and `importo_massimo`.",
    columns: &[
        must("codice", "letters, digits, `-` and `_`", "code of the cause, which stands in the address of its page"),
        must("nome", TEXT, "name, as parents and their notices show it; without the name of a minor"),
        must("descrizione", TEXT, "what it is for, as the parent reads it"),
        must("tassonomia", TEXT, "pagoPA taxonomy, such as `9/0107100TS/`"),
        may("importo", AMOUNT, "fixed amount, of one piece"),
        may("importo_minimo", AMOUNT, "least amount, where the parent chooses it"),
        may("importo_massimo", AMOUNT, "largest amount"),
        must("per", "`alunno` or `pagante`", "for a pupil of the parent, or for the parent"),
        may("pezzi_massimi", "whole number", "how many pieces at once (default 1); more than one only with a fixed amount"),
        must("dal", DAY, "first day it can be asked for"),
        may("al", DAY, "last day; empty: without end"),
        may("giorni_validita", "whole number", "days that an unpaid notice waits before it is withdrawn (default 30)"),
        may("conto", TEXT, "revenue account to credit; empty: one of its own"),
    ],
};

/// Every file, in the order of loading.
pub static FILES: [&File; 26] = [
    &TENANT,
    &PERSONS,
    &HOUSEHOLDS,
    &PUPILS,
    &GUARDIANS,
    &SITES,
    &CLASSES,
    &PLACEMENTS,
    &SERVICES,
    &ENROLMENTS,
    &BADGES,
    &DIETS,
    &CALENDAR,
    &CUTOFFS,
    &ABSENCE_KINDS,
    &MENUS,
    &TARIFFS,
    &RULES,
    &DOCUMENTS,
    &LINES,
    &INSTALMENTS,
    &ATTENDANCE,
    &ABSENCES,
    &MOVEMENTS,
    &ATTACHMENTS,
    &CAUSES,
];

/// The part of `docs/import.md` that is made of these tables: a section per file.
pub fn markdown() -> String {
    let mut text = String::new();
    for file in FILES {
        text.push_str(&format!(
            "### {}\n\n{}\n\n| column | required | format | meaning |\n|---|---|---|---|\n",
            file.name, file.about
        ));
        for c in file.columns {
            let required = if c.required { "yes" } else { "" };
            text.push_str(&format!("| `{}` | {required} | {} | {} |\n", c.name, c.format, c.meaning));
        }
        text.push('\n');
    }
    text
}
