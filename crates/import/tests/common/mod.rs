use std::path::Path;

use db::Db;
use db::vault::Vault;
use import::{Mode, Report, run};
use kernel::{Actor, Clock, Ctx, Entropy, TenantId};

/// A small Comune: two pupils, one prepaid and one postpaid.
pub const TOWN: [(&str, &str); 22] = [
    (
        "comune.csv",
        "codice_ipa;nome;codice_fiscale;colore;citta;regione;sito_regione;sito;ufficio;ufficio_email;ufficio_telefono;ufficio_indirizzo;ufficio_orari;portale;host;pagopa_intermediario;pagopa_stazione;pagopa_segregazione;pagopa_iban;pagopa_checkout;pagopa_checkout_host\n\
         c_z111;Comune di Prova;90000170002;#005a9c;Prova;Regione;https://r.example;https://c.example;Scuola;s@c.example;0000;via Uno 1;9-12;https://p.example;prova.example;90000170002;S1;1;IT60X0542811101000000123456;http://127.0.0.1:1;127.0.0.1:1\n",
    ),
    (
        "persone.csv",
        "chiave;tipo;codice_fiscale;partita_iva;cognome;nome;data_nascita;email\n\
         G1;;RSSMRA85A01Z999D;;Rossi;Mario;01/01/1985;mario@posta.example\n\
         G2;persona;NCCCTT86B03Z999O;;Niccolò;Città;1986-02-03;\n\
         B1;impresa;;80000230005;Ditta S.r.l.;;;\n",
    ),
    ("nuclei.csv", "nucleo;dal;al;tipo;importo;protocollo\nN1;01/09/2026;31/08/2027;minorenni;8.123,50;P1\nN2;;;;;\n"),
    (
        "alunni.csv",
        "chiave;nucleo;cognome;nome;data_nascita;residente\nA1;N1;Rossi;Anna;05/06/2018;si\nA2;N2;Rossi;\"Luca; detto Lu\";05/06/2020;no\n",
    ),
    (
        "tutori.csv",
        "alunno;persona;ruolo;dal\nA1;G1;intestatario;01/09/2025\nA2;G2;intestatario;01/09/2025\nA1;G2;delegato;01/09/2025\n",
    ),
    ("plessi.csv", "chiave;istituto;nome;grado;indirizzo;cucina\nP1;IC;Primaria;primaria;via Due 2;Centro\n"),
    ("classi.csv", "chiave;plesso;anno_scolastico;nome;giorni\nC1;P1;2026/27;3A;lun mar mer gio ven\n"),
    ("collocazioni.csv", "alunno;classe;dal;al\nA1;C1;01/09/2026;31/08/2027\nA2;C1;01/09/2026;31/08/2027\n"),
    (
        "servizi.csv",
        "codice;nome;tipo;tassonomia;iva;ricarica_minima;ricarica_massima;ricariche_proposte\nMENSA;Mensa;mensa;9/0107101TS/;4;5;200;25 50\n",
    ),
    (
        "iscrizioni.csv",
        "chiave;alunno;servizio;anno_scolastico;dal;al;stato;intestatario;pagamento\n\
         I1;A1;MENSA;2026/27;01/09/2026;31/08/2027;attiva;G1;prepagato\nI2;A2;MENSA;2026;01/09/2026;31/08/2027;attiva;G2;postpagato\n",
    ),
    ("badge.csv", "codice;alunno;servizio;dal\n700001;A1;MENSA;01/09/2026\n"),
    ("diete.csv", "chiave;alunno;codice;tipo;dal;al\nD1;A1;SG;sanitaria;01/09/2026;\n"),
    (
        "calendario.csv",
        "servizio;plesso;giorno;aperto;motivo\nMENSA;P1;05/10/2026;si;\nMENSA;P1;06/10/2026;si;\nMENSA;P1;07/10/2026;no;Sciopero\n",
    ),
    ("orari_limite.csv", "servizio;ora;giorni_prima;giorni_avanti;dal\nMENSA;09:00;0;30;01/09/2025\n"),
    ("tipi_assenza.csv", "codice;nome;effetto;ordine\nASS;Assente;assente;1\n"),
    (
        "menu.csv",
        "servizio;giorno;grado;dieta;ordine;portata;piatto;allergeni\nMENSA;05/10/2026;primaria;;1;primo;Pasta al pomodoro;glutine\n",
    ),
    ("tariffe.csv", "chiave;servizio;nome;delibera;delibera_del;dal;al\nT1;MENSA;Tariffe;41;01/03/2026;01/09/2026;31/08/2027\n"),
    (
        "regole_tariffa.csv",
        "piano;ordine;effetto;nome;importo;percentuale;isee_fino_a;gradi;figlio_da\n\
         T1;1;fascia;Fascia 2;4,60;;;primaria;\nT1;1;fascia;Fascia 1;2,30;;9.000;primaria;\nT1;2;riduzione;Secondo figlio;;20;;;2\n",
    ),
    (
        "documenti.csv",
        "chiave;serie;numero;data;anno_scolastico;descrizione;intestatario;alunno;servizio;messa_a_ruolo\n\
         F1;2026;26001;05/11/2026;2026/27;Refezione ottobre;G2;A2;MENSA;\n",
    ),
    ("righe_documento.csv", "documento;riga;descrizione;quantita;prezzo;importo\nF1;1;Pasti;2;4,60;9,20\n"),
    (
        "rate.csv",
        "documento;rata;scadenza;importo;pagato;pagato_il;pagato_con\nF1;1;30/11/2026;5,00;5,00;10/11/2026;Bonifico\nF1;2;31/12/2026;4,20;;;\n",
    ),
    (
        "presenze.csv",
        "alunno;servizio;giorno;stato;importo;documento;derivazione\n\
         A1;MENSA;05/10/2026;presente;;;\nA1;MENSA;06/10/2026;assente;;;\n\
         A2;MENSA;05/10/2026;presente;4,60;F1;Fascia 2 | delibera 41\nA2;MENSA;06/10/2026;presente;4,60;F1;Fascia 2 | delibera 41\n",
    ),
];

pub const MORE: [(&str, &str); 4] = [
    (
        "causali.csv",
        "codice;nome;descrizione;tassonomia;importo;importo_minimo;importo_massimo;per;pezzi_massimi;dal;al;giorni_validita;conto\n\
         GITA;Gita a Roma;Pullman e musei;9/0107100TS/;25,00;;;alunno;;01/10/2026;30/11/2026;15;gite\n\
         BADGE;Duplicato del badge;Per chi lo ha perso;9/0107107AP/;5,00;;;alunno;3;01/09/2026;;;\n\
         DONO;Contributo volontario;Per la scuola;9/0107100TS/;;1,00;500,00;pagante;;01/09/2026;;;\n",
    ),
    (
        "assenze.csv",
        "ricevuta;alunno;servizio;persona;tipo;dal;al;ricevuta_il\nA-2026-000007;A1;MENSA;G1;ASS;06/10/2026;06/10/2026;06/10/2026 08:59\n",
    ),
    (
        "movimenti.csv",
        "chiave;badge;data;tipo;importo;descrizione;derivazione\n\
         M1;700001;01/09/2026;saldo_iniziale;-2,00;Saldo iniziale;\nM2;700001;02/09/2026;ricarica;50,00;Ricarica;\n\
         M3;700001;05/10/2026;pasto;-2,30;Pasto;Fascia 1\nM4;700001;08/10/2026;rettifica;1,00;Rettifica;\n",
    ),
    (
        "allegati.csv",
        "chiave;alunno;persona;tipo;titolo;file;data\nL1;A1;G1;certificato_730;Certificato 730;carte/730.pdf;01/03/2026\n",
    ),
];

pub fn ctx() -> Ctx {
    let clock = Clock::fixed("2026-11-24T10:00:00Z".parse().unwrap());
    Ctx::new(TenantId(0), Actor::System("import"), &clock, &Entropy::seeded(7))
}

/// A folder with the whole town.
pub fn town() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in TOWN.iter().chain(&MORE) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    std::fs::create_dir(folder.path().join("carte")).unwrap();
    std::fs::write(folder.path().join("carte/730.pdf"), b"%PDF-1.7 a paper").unwrap();
    folder
}

/// Replaces a text that is in a file.
pub fn change(folder: &Path, file: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    assert!(text.contains(from), "{file} has {from:?}");
    std::fs::write(folder.join(file), text.replacen(from, to, 1)).unwrap();
}

pub async fn load(db: &Db, folder: &Path, mode: Mode) -> Report {
    run(db, &ctx(), &Vault::from_key([3; 32]), folder, mode).await.unwrap()
}

/// How many rows some tables have, for "nothing was written".
pub async fn rows(db: &Db) -> Vec<i64> {
    let mut tx = db.read().await.unwrap();
    let mut counts = Vec::new();
    for table in [
        "tenant",
        "person",
        "pupil",
        "attendance",
        "ledger_posting",
        "billing_document",
        "debt_position",
        "absence_day",
        "audit_event",
    ] {
        counts.push(tx.query_one(&format!("select count(*) from {table}"), &[]).await.unwrap().get(0).unwrap());
    }
    counts
}
