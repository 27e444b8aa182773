message-paid-subject = Payment received: { $amount }
message-paid-body =
    We have received your payment of { $amount } made on { $date } for { $what }.
    The receipt is in your personal area.
message-paid-for-child =
    We have received your payment of { $amount } made on { $date } for { $what } of { $child }.
    The receipt is in your personal area.
message-top-up-subject = Top-up credited: { $amount }
message-top-up-body =
    The top-up of { $amount } made on { $date } for { $what } of { $child } has been credited.
message-check-subject = A payment is being checked: { $amount }
message-check-body =
    We have received a payment of { $amount } made on { $date } that differs from what was due. The money is recorded in your name: the office is checking it and will write to you.
message-low-balance-subject = Credit almost used up: { $balance }
message-low-balance-body =
    The canteen credit of { $child } is { $balance }, enough for about { $meals ->
        [one] one meal
       *[other] { $meals } meals
    }. A meal is never refused: top up when you can.
mail-greeting = Dear { $name },
mail-link = See the details: { $link }
mail-closing = This message was sent by { $tenant }. There is no need to answer.

# Messages of notices, in the personal area and in app IO: no name of a child, since strangers may read a locked screen.
io-notice-subject = New payment notice: { $amount }
io-notice-body = { $tenant } has prepared a payment notice of { $amount } for { $what }, to be paid by { $date }. It is paid with pagoPA: on the portal of the school services, in the app, at a bank, a post office or a tobacconist's.
io-notice-undated = { $tenant } has prepared a payment notice of { $amount } for { $what }. It is paid with pagoPA: on the portal of the school services, in the app, at a bank, a post office or a tobacconist's.
io-reminder-subject = Reminder: { $amount } by { $date }
io-reminder-body = The notice of { $amount } for { $what } is due on { $date }. If you have paid it already there is nothing else to do. It is paid with pagoPA: on the portal of the school services, in the app, at a bank, a post office or a tobacconist's.
io-receipt-subject = Payment received: { $amount }
io-receipt-body = { $tenant } has received the payment of { $amount } of { $date } for { $what }. The receipt is in the personal area of the portal of the school services.
