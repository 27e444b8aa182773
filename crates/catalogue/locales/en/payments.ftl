# Paying the whole or its parts
document-whole = All at once
document-whole-text = The whole amount with one notice. Paying an instalment puts an end to this notice, and paying this one puts an end to those of the instalments.
document-whole-pay = Pay it all
pay-error-whole-and-part = You chose the whole amount and one of its instalments too: choose one or the other, so as not to pay twice.
