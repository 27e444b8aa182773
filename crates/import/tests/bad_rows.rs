mod common;

use common::{change, load, rows, town};
use db::testing::on_both_engines;
use import::Mode;

/// File, text to replace, bad text, row, words of the reason.
const BAD: [(&str, &str, &str, u64, &str); 55] = [
    (
        "persone.csv",
        "RSSMRA85A01Z999D",
        "RSSMRA85A01Z999A",
        2,
        "codice_fiscale: «RSSMRA85A01Z999A» non è un codice fiscale valido",
    ),
    ("persone.csv", "01/01/1985", "31/02/1985", 2, "data_nascita: «31/02/1985» non è una data"),
    ("persone.csv", "mario@posta.example", "mario", 2, "email: «mario» non è un indirizzo e-mail"),
    ("persone.csv", "80000230005", "80000230006", 4, "partita_iva: «80000230006» non è una partita IVA valida"),
    ("persone.csv", "80000230005", "", 4, "partita_iva: manca"),
    ("persone.csv", "Rossi;Mario", "Rossi;", 2, "nome: manca"),
    ("persone.csv", "persona", "ente", 3, "tipo: «ente» non è tra persona, impresa"),
    ("persone.csv", "G2;", "G1;", 3, "«G1» è già alla riga 2"),
    ("persone.csv", "G2;persona;NCCCTT86B03Z999O", "G2;persona;RSSMRA85A01Z999D", 3, "codice_fiscale: è già alla riga 2"),
    ("persone.csv", "chiave;tipo", "chiave;genere", 1, "la colonna «genere» non è prevista"),
    ("persone.csv", "cognome", "nome", 1, "manca la colonna «cognome»"),
    ("persone.csv", "Ditta S.r.l.;;;", "Ditta S.r.l.;;;;;", 4, "ha 10 celle e l'intestazione 8"),
    ("nuclei.csv", "8.123,50", "8.123,505", 2, "importo: «8.123,505» non è un importo"),
    ("nuclei.csv", "31/08/2027", "31/08/2025", 2, "l'ultimo giorno viene prima del primo"),
    ("alunni.csv", "A1;N1", "A1;N9", 2, "nucleo: «N9» non è in nuclei.csv e non è già stato importato"),
    ("alunni.csv", ";si\n", ";forse\n", 2, "residente: «forse» non è «si» né «no»"),
    ("tutori.csv", "A1;G1", "A9;G1", 2, "alunno: «A9» non è in alunni.csv"),
    ("tutori.csv", "delegato", "nonna", 4, "ruolo: «nonna» non è tra intestatario, tutore, delegato"),
    ("plessi.csv", "primaria;via", "liceo;via", 2, "grado: «liceo» non è tra"),
    ("classi.csv", "2026/27", "2026/29", 2, "anno_scolastico: «2026/29» non è un anno scolastico"),
    ("classi.csv", "lun mar", "lun xyz", 2, "giorni: «lun xyz mer gio ven» non è un giorno"),
    ("collocazioni.csv", "A2;C1", "A2;C2", 3, "classe: «C2» non è in classi.csv"),
    ("servizi.csv", ";5;200", ";500;200", 2, "ricarica_massima: è meno della minima"),
    ("iscrizioni.csv", "attiva;G1", "attiva;G7", 2, "intestatario: «G7» non è in persone.csv"),
    ("iscrizioni.csv", "postpagato", "a rate", 3, "pagamento: «a rate» non è tra prepagato, postpagato, forfait"),
    ("badge.csv", "A1;MENSA", "A1;BUS", 2, "servizio: «BUS» non è in servizi.csv"),
    ("diete.csv", "sanitaria", "celiachia", 2, "tipo: «celiachia» non è tra sanitaria, etica"),
    ("calendario.csv", "06/10/2026", "05/10/2026", 3, "è già alla riga 2"),
    ("orari_limite.csv", "09:00", "25:00", 2, "ora: «25:00» non è un'ora"),
    ("orari_limite.csv", ";0;30", ";2;30", 2, "giorni_prima: «2» non è 0 né 1"),
    ("menu.csv", "glutine", "sale", 2, "allergeni: «sale» ha un allergene che non è tra i quattordici"),
    ("tariffe.csv", "01/09/2026;31/08/2027", "01/09/2026;31/08/2026", 2, "l'ultimo giorno viene prima del primo"),
    ("regole_tariffa.csv", "Fascia 1;2,30;;9.000", "Fascia 1;2,30;;", 3, "è già alla riga 2"),
    ("regole_tariffa.csv", "T1;2;riduzione", "T1;1;riduzione", 4, "ordine: è già di una regola d'altro effetto"),
    ("regole_tariffa.csv", ";;20;", ";;120;", 4, "percentuale: «120» è più del 100%"),
    ("documenti.csv", "F1;2026", "F2;2026", 2, "il documento non ha righe"),
    ("righe_documento.csv", "9,20", "9,30", 2, "importo: non è la quantità per il prezzo"),
    ("rate.csv", "F1;2;", "F9;2;", 3, "documento: «F9» non è in documenti.csv"),
    ("rate.csv", "5,00;5,00", "5,00;6,00", 2, "pagato: è più dell'importo"),
    (
        "presenze.csv",
        "A1;MENSA;06/10/2026;assente;",
        "A1;MENSA;06/10/2026;assente;4,60",
        3,
        "importo: un assente non ha un pasto",
    ),
    ("presenze.csv", "4,60;F1", ";F1", 4, "importo: manca, e un documento è indicato"),
    ("assenze.csv", "06/10/2026 08:59", "06/10/2026", 2, "ricevuta_il: «06/10/2026» non è una data con ora"),
    ("movimenti.csv", "pasto;-2,30", "pasto;2,30", 4, "importo: un pasto non può alzare il saldo"),
    ("movimenti.csv", "M4;700001", "M4;700009", 5, "badge: «700009» non è in badge.csv"),
    ("allegati.csv", "carte/730.pdf", "../730.pdf", 2, "file: «../730.pdf» non è un nome di file dentro la cartella"),
    ("allegati.csv", "carte/730.pdf", "carte/731.pdf", 2, "file: non c'è nella cartella"),
    ("causali.csv", "GITA;", "gita a roma;", 2, "codice: «gita a roma» ha altro che lettere, cifre"),
    ("causali.csv", "BADGE;", "GITA;", 3, "«GITA» è già alla riga 2"),
    ("causali.csv", "25,00;;;", ";;;", 2, "importo: va indicato l'importo fisso, oppure il minimo e il massimo"),
    ("causali.csv", "25,00;;;", "25,00;1,00;30,00;", 2, "importo: va indicato l'importo fisso, oppure il minimo e il massimo"),
    ("causali.csv", "25,00;;;", "0,00;;;", 2, "importo: è zero"),
    ("causali.csv", "1,00;500,00", "1,00;0,50", 4, "importo_massimo: è meno del minimo"),
    ("causali.csv", "pagante;", "pagante;2", 4, "pezzi_massimi: più di uno solo con un importo fisso"),
    ("causali.csv", "30/11/2026;15", "30/09/2026;15", 2, "l'ultimo giorno viene prima del primo"),
    ("causali.csv", "alunno;3", "nonno;3", 3, "per: «nonno» non è tra alunno, pagante"),
];

#[tokio::test]
async fn every_kind_of_bad_row_is_told_and_nothing_is_written() {
    on_both_engines(|db| async move {
        for (file, from, to, row, words) in BAD {
            let folder = town();
            change(folder.path(), file, from, to);
            let report = load(&db, folder.path(), Mode::Apply).await;
            let told = report.bad.iter().any(|bad| (bad.file.as_str(), bad.row) == (file, row) && bad.reason.contains(words));
            assert!(told && !report.written, "{file}, {to:?}: {report}");
        }
        assert_eq!(rows(&db).await, [0; 9]);
    })
    .await;
}

#[tokio::test]
async fn all_problems_of_all_files_are_told_at_once_in_order() {
    on_both_engines(|db| async move {
        let folder = town();
        change(folder.path(), "alunni.csv", "05/06/2018", "05/06/18");
        change(folder.path(), "persone.csv", "01/01/1985;mario@posta.example", "ieri;mario");
        std::fs::write(folder.path().join("personne.csv"), "chiave\n").unwrap();
        let report = load(&db, folder.path(), Mode::Apply).await;
        let told: Vec<String> = report.bad.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{report}");
        assert!(told[0].starts_with("alunni.csv, riga 2: data_nascita"));
        assert!(told[1].starts_with("persone.csv, riga 2: ") && told[1].contains("data_nascita") && told[1].contains("email"));
        assert!(told[2].contains("personne.csv") && told[2].contains("non è previsto"));
    })
    .await;
}

#[tokio::test]
async fn an_empty_folder_and_one_that_is_not_there_are_told() {
    on_both_engines(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("nowhere")] {
            let report = load(&db, &path, Mode::Apply).await;
            assert!(report.bad.len() == 1 && !report.written, "{report}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_document_whose_instalments_do_not_sum_to_its_lines_is_told_at_the_document() {
    on_both_engines(|db| async move {
        let folder = town();
        change(folder.path(), "rate.csv", "4,20", "4,10");
        let report = load(&db, folder.path(), Mode::Apply).await;
        assert_eq!(report.bad.len(), 1);
        assert_eq!(report.bad[0].to_string(), "documenti.csv, riga 2: le righe fanno 9,20 e le rate 9,10");
    })
    .await;
}
