# Password, secondo fattore, accessi e sessioni
sign-in-business-go = Imprese: utente e password
sign-in-enter = Entra
business-sign-in-title = Imprese: utente e password
business-sign-in-lead = Per le imprese con partita IVA che l'ufficio ha invitato.
business-user-name = Partita IVA
business-user-name-hint = 11 cifre, senza spazi.
business-user-name-wrong = Scrivi la partita IVA: 11 cifre, senza spazi.
business-wrong = La partita IVA o la password non sono corrette. Controlla e riprova.
business-forgotten-lead = Ti mandiamo un collegamento per scegliere una nuova password, all'indirizzo di posta dato all'ufficio.
business-only = Se sei un genitore o un delegato, non hai una password:
business-others = entra con SPID, CIE o CNS.
staff-sign-in-title = Accesso del personale
staff-sign-in-lead = Per chi lavora all'ufficio, a scuola o in mensa.
staff-user-name = Indirizzo di posta
staff-user-name-hint = Quello a cui hai ricevuto l'invito.
staff-user-name-wrong = Scrivi un indirizzo di posta, per esempio nome@comune.it.
staff-wrong = L'indirizzo o la password non sono corretti. Controlla e riprova.
staff-forgotten-lead = Ti mandiamo un collegamento per scegliere una nuova password. Il codice dell'app resta quello di prima.
password-label = Password
password-forgotten-link = Password dimenticata?
password-forgotten-title = Password dimenticata
password-forgotten-send = Inviami il collegamento
password-asked-title = Controlla la posta
password-asked-text = Se esiste un'utenza con questi dati, tra poco arriva un messaggio con il collegamento per scegliere una nuova password. Vale due ore.
password-asked-nothing = Se non arriva nulla, guarda nella posta indesiderata o contatta l'ufficio: forse l'indirizzo che abbiamo è un altro.
password-back = Torna all'accesso
password-set-title = Scegli la password
password-set-new-title = Scegli una nuova password
password-present = Password attuale
password-present-wrong = La password attuale non è corretta.
password-new = Nuova password
password-repeat = Ripeti la nuova password
password-limits = Da { $least } a { $most } caratteri, quelli che vuoi.
password-advice = Una frase di qualche parola si ricorda meglio ed è più sicura.
password-save = Salva la password
password-set-note = Quando la salvi, le altre sessioni aperte finiscono.
password-not-the-same = Le due password non sono uguali.
password-too-short = La password è troppo corta: servono almeno { $least } caratteri.
password-too-long = La password è troppo lunga: al massimo { $most } caratteri.
password-breached = Questa password è tra quelle rubate ad altri siti, e qualcuno la proverebbe. Scegline un'altra.
password-personal = La password contiene il nome o i dati dell'utenza: è facile da indovinare. Scegline un'altra.
password-change = Cambia la password
password-changed = La password è stata cambiata. Le altre sessioni sono finite.
factor-title = Codice di verifica
factor-lead = La password è giusta. Ora serve il codice della tua app di autenticazione.
factor-code = Codice
factor-hint = Le 6 cifre che vedi nell'app, oppure un codice di recupero.
factor-first-hint = Le 6 cifre che vedi ora nell'app.
factor-wrong = Il codice non è valido. Ogni codice vale una volta sola: aspetta il prossimo e riprova.
factor-lost = Hai perso il telefono? Usa un codice di recupero; se non ne hai più, chiedi all'amministratore.
factor-start-title = Attiva il secondo fattore
factor-start-lead = Oltre alla password, ogni accesso chiede un codice che solo il tuo telefono conosce.
factor-qr = Codice QR con la chiave per l'app di autenticazione
factor-step-key = 1. Metti la chiave nell'app
factor-step-key-text = Inquadra il codice con un'app di autenticazione: va bene qualunque app che crea codici a tempo.
factor-open-app = Apri l'app su questo telefono
factor-key-text = Oppure scrivi la chiave a mano:
factor-step-code = 2. Scrivi il primo codice
factor-activate = Attiva
recovery-title = I tuoi codici di recupero
recovery-lead = Il secondo fattore è attivo. Se perdi il telefono, entri con uno di questi codici al posto di quello dell'app.
recovery-once = Stampali o copiali in un posto sicuro: non li mostriamo più. Ognuno vale una volta sola.
recovery-kept = Li ho conservati
recovery-left = Codici di recupero
recovery-left-count = { $count ->
    [0] Nessuno: creane di nuovi
    [one] Ne resta uno
   *[other] Ne restano { $count }
}
recovery-renew-title = Nuovi codici di recupero
recovery-renew-text = Ne crei dieci nuovi e i vecchi non valgono più. Serve un codice dell'app.
recovery-renew = Crea nuovi codici
office-title = Il tuo accesso
office-roles = Ruolo
office-factor = Secondo fattore
office-factor-since = App di autenticazione, dal { $at }
role-administrator = Amministratore
role-operator = Ufficio servizi scolastici
role-school = Personale scolastico
role-kitchen = Cucina
accesses-short = Accessi
accesses-title = Accessi e sessioni
accesses-lead = Dove sei entrato, e cosa è successo di recente al tuo accesso.
sessions-title = Sessioni aperte
session-this = Questa
session-how = Con { $how }
session-since = dal { $at }
session-seen = ultima attività { $at }
session-end = Termina
sessions-end-all = Esci da tutti i dispositivi
sessions-end-all-text = Finiscono tutte le sessioni, anche questa.
device-unknown = Dispositivo non riconosciuto
scheme-spid = SPID
scheme-cie = CIE
scheme-cns = CNS
scheme-eidas = eIDAS
scheme-password = password
events-title = Che cosa è successo
events-none = Non c'è ancora nulla.
events-strange = Non riconosci qualcosa? Esci da tutti i dispositivi e avvisa l'ufficio.
event-signed-in = Accesso con { $how }
event-signed-out = Uscita
event-failed = Tentativo di accesso con { $how } non riuscito
event-refused = Consultazione rifiutata: nessun alunno collegato
event-password-set = Password impostata
event-second-factor-set = Secondo fattore attivato
event-recovery-code-used = Usato un codice di recupero
event-recovery-codes-renewed = Creati nuovi codici di recupero
event-signed-out-everywhere = Uscita da tutti i dispositivi
session-until = La sessione dura fino alle { $time }, e si allunga ogni volta che apri una pagina.
session-last = Tra due minuti la sessione finisce e dovrai accedere di nuovo. Se stai compilando un modulo, invialo ora.
session-understood = Ho capito
no-role-title = Nessun ruolo attivo
no-role-text = Ti abbiamo riconosciuto, ma in questo momento non hai un ruolo in questo Comune. Se pensi sia un errore, rivolgiti all'amministratore.
no-link-title = Il collegamento non è più valido
no-link-text = È già stato usato, oppure è passato troppo tempo. Puoi chiederne un altro.
ask-again = Chiedi un altro collegamento
wait-minutes = { $minutes ->
    [one] Puoi riprovare tra un minuto.
   *[other] Puoi riprovare tra { $minutes } minuti.
}
wait-seconds = { $seconds ->
    [one] Puoi riprovare tra un secondo.
   *[other] Puoi riprovare tra { $seconds } secondi.
}
mail-invitation-business-subject = Invito ad accedere ai servizi scolastici di { $tenant }
mail-invitation-business = L'ufficio ha creato un'utenza per la partita IVA { $user }. Per scegliere la password apri questo collegamento entro sette giorni: { $link }
mail-invitation-staff-subject = Il tuo accesso ai servizi scolastici di { $tenant }
mail-invitation-staff = Hai un'utenza per lavorare con i servizi scolastici: { $user }. Per scegliere la password e attivare il codice di verifica apri questo collegamento entro sette giorni: { $link }
mail-reset-subject = Nuova password per i servizi scolastici di { $tenant }
mail-reset = È stata chiesta una nuova password per l'utenza { $user }. Per sceglierla apri questo collegamento entro due ore: { $link }

    Se non l'hai chiesta tu, ignora questo messaggio: la password resta quella di prima.
mail-changed-subject = La password per { $tenant } è stata cambiata
mail-changed = La password dell'utenza { $user } è appena stata cambiata. Se non sei stato tu, chiedi subito una nuova password da { $link } e avvisa l'ufficio.
