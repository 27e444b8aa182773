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
