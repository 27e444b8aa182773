# What a person is told in the personal area and by e-mail.
message-paid-subject = Pagamento ricevuto: { $amount }
message-paid-body =
    Abbiamo ricevuto il pagamento di { $amount } del { $date } per { $what }.
    La ricevuta è nella tua area personale.
message-paid-for-child =
    Abbiamo ricevuto il pagamento di { $amount } del { $date } per { $what } di { $child }.
    La ricevuta è nella tua area personale.
message-top-up-subject = Ricarica accreditata: { $amount }
message-top-up-body =
    La ricarica di { $amount } del { $date } per { $what } di { $child } è sul conto.
message-check-subject = Un pagamento è da verificare: { $amount }
message-check-body =
    Abbiamo ricevuto un pagamento di { $amount } del { $date } che non corrisponde a quanto era dovuto. Il denaro è registrato a tuo nome: l'ufficio lo sta verificando e ti scriverà.
message-low-balance-subject = Credito quasi finito: { $balance }
message-low-balance-body =
    Il credito della mensa di { $child } è { $balance } e basta per circa { $meals ->
        [one] un pasto
       *[other] { $meals } pasti
    }. Il pasto non viene mai negato: ricarica quando puoi.
mail-greeting = Gentile { $name },
mail-link = Per vedere i dettagli: { $link }
mail-closing = Questo messaggio è stato inviato da { $tenant }. Non serve rispondere.

# Messages of notices, in the personal area and in app IO: no name of a child, since strangers may read a locked screen.
io-notice-subject = Nuovo avviso di pagamento: { $amount }
io-notice-body = { $tenant } ha preparato un avviso di pagamento di { $amount } per { $what }, da pagare entro il { $date }. Si paga con pagoPA: sul portale dei servizi scolastici, in app, in banca, in posta o dal tabaccaio.
io-notice-undated = { $tenant } ha preparato un avviso di pagamento di { $amount } per { $what }. Si paga con pagoPA: sul portale dei servizi scolastici, in app, in banca, in posta o dal tabaccaio.
io-reminder-subject = Promemoria: { $amount } entro il { $date }
io-reminder-body = L'avviso di { $amount } per { $what } scade il { $date }. Se hai già pagato, non devi fare altro. Si paga con pagoPA: sul portale dei servizi scolastici, in app, in banca, in posta o dal tabaccaio.
io-receipt-subject = Pagamento ricevuto: { $amount }
io-receipt-body = { $tenant } ha ricevuto il pagamento di { $amount } del { $date } per { $what }. La ricevuta è nell'area personale del portale dei servizi scolastici.
