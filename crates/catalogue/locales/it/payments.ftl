# Paying the whole or its parts
document-whole = In un'unica soluzione
document-whole-text = Tutto l'importo con un solo avviso. Se paghi una rata, questo avviso non vale più, e se paghi questo non valgono più quelli delle rate.
document-whole-pay = Paga tutto insieme
pay-error-whole-and-part = Hai scelto l'intero importo e anche una sua rata: scegli l'uno o l'altra, per non pagare due volte.
