# Passwords, second factor, accesses and sessions
sign-in-business-go = Businesses: user name and password
sign-in-enter = Sign in
business-sign-in-title = Businesses: user name and password
business-sign-in-lead = For businesses with a VAT number that the office has invited.
business-user-name = VAT number
business-user-name-hint = 11 digits, without spaces.
business-user-name-wrong = Enter the VAT number: 11 digits, without spaces.
business-wrong = The VAT number or the password is not right. Check them and try again.
business-forgotten-lead = We send a link to choose a new password, to the mail address the office was given.
business-only = If you are a parent or a helper you have no password:
business-others = sign in with SPID, CIE or CNS.
staff-sign-in-title = Staff sign-in
staff-sign-in-lead = For people who work at the office, at a school or in a kitchen.
staff-user-name = Mail address
staff-user-name-hint = The one your invitation came to.
staff-user-name-wrong = Enter a mail address, for example name@comune.it.
staff-wrong = The address or the password is not right. Check them and try again.
staff-forgotten-lead = We send you a link to choose a new password. The code of your app stays as it was.
password-label = Password
password-forgotten-link = Forgot your password?
password-forgotten-title = Forgotten password
password-forgotten-send = Send me the link
password-asked-title = Look at your mail
password-asked-text = If there is an account with these details, a message with a link to choose a new password will arrive soon. It is good for two hours.
password-asked-nothing = If nothing comes, look among unwanted mail or contact the office: perhaps we have another address.
password-back = Back to sign-in
password-set-title = Choose your password
password-set-new-title = Choose a new password
password-present = Present password
password-present-wrong = The present password is not right.
password-new = New password
password-repeat = The new password again
password-limits = { $least } to { $most } characters, whichever you like.
password-advice = A phrase of a few words is easier to remember and safer.
password-save = Save the password
password-set-note = When you save it, other open sessions end.
password-not-the-same = The two passwords are not the same.
password-too-short = The password is too short: it needs at least { $least } characters.
password-too-long = The password is too long: { $most } characters at most.
password-breached = This password is among those stolen from other sites, and somebody would try it. Choose another.
password-personal = The password holds the name or the details of the account: it is easy to guess. Choose another.
password-change = Change the password
password-changed = The password was changed. Other sessions have ended.
factor-title = Verification code
factor-lead = The password is right. Now we need the code of your authenticator app.
factor-code = Code
factor-hint = The 6 digits in the app, or a recovery code.
factor-first-hint = The 6 digits the app shows now.
factor-wrong = The code is not valid. Each code is good once: wait for the next one and try again.
factor-lost = Lost your phone? Use a recovery code; if none is left, ask the administrator.
factor-start-title = Turn on the second factor
factor-start-lead = Besides the password, each sign-in asks for a code that only your phone knows.
factor-qr = QR code with the key for the authenticator app
factor-step-key = 1. Put the key into the app
factor-step-key-text = Point an authenticator app at the code: any app that makes timed codes will do.
factor-open-app = Open the app on this phone
factor-key-text = Or type the key:
factor-step-code = 2. Enter the first code
factor-activate = Turn on
recovery-title = Your recovery codes
recovery-lead = The second factor is on. If you lose your phone, one of these codes lets you in in place of the app's.
recovery-once = Print them or copy them to a safe place: we do not show them again. Each is good once.
recovery-kept = I have kept them
recovery-left = Recovery codes
recovery-left-count = { $count ->
    [0] None: make new ones
    [one] One is left
   *[other] { $count } are left
}
recovery-renew-title = New recovery codes
recovery-renew-text = You get ten new ones and the old ones are void. A code of the app is needed.
recovery-renew = Make new codes
office-title = Your access
office-roles = Role
office-factor = Second factor
office-factor-since = Authenticator app, since { $at }
role-administrator = Administrator
role-operator = School-services office
role-school = School staff
role-kitchen = Kitchen
accesses-short = Sessions
accesses-title = Accesses and sessions
accesses-lead = Where you are signed in, and what happened to your access lately.
sessions-title = Open sessions
session-this = This one
session-how = With { $how }
session-since = since { $at }
session-seen = last used { $at }
session-end = End
sessions-end-all = Sign out everywhere
sessions-end-all-text = All sessions end, this one too.
device-unknown = Device not recognised
scheme-spid = SPID
scheme-cie = CIE
scheme-cns = CNS
scheme-eidas = eIDAS
scheme-password = password
events-title = What happened
events-none = Nothing yet.
events-strange = Something you do not recognise? Sign out everywhere and tell the office.
event-signed-in = Signed in with { $how }
event-signed-out = Signed out
event-failed = A sign-in with { $how } did not succeed
event-refused = Refused: no pupil is yours
event-password-set = Password set
event-second-factor-set = Second factor turned on
event-recovery-code-used = A recovery code was used
event-recovery-codes-renewed = New recovery codes were made
event-signed-out-everywhere = Signed out everywhere
session-until = Your session lasts until { $time }, and longer each time you open a page.
session-last = In two minutes the session ends and you will have to sign in again. If you are filling in a form, send it now.
session-understood = I see
no-role-title = No role in force
no-role-text = We know who you are, but at present you have no role in this municipality. If you think this is a mistake, ask the administrator.
no-link-title = The link is not valid any more
no-link-text = It was used already, or too much time has passed. You can ask for another.
ask-again = Ask for another link
wait-minutes = { $minutes ->
    [one] You can try again in a minute.
   *[other] You can try again in { $minutes } minutes.
}
wait-seconds = { $seconds ->
    [one] You can try again in a second.
   *[other] You can try again in { $seconds } seconds.
}
mail-invitation-business-subject = Invitation to the school services of { $tenant }
mail-invitation-business = The office has made an account for the VAT number { $user }. To choose the password open this link within seven days: { $link }
mail-invitation-staff-subject = Your access to the school services of { $tenant }
mail-invitation-staff = You have an account to work with the school services: { $user }. To choose the password and turn on the verification code open this link within seven days: { $link }
mail-reset-subject = New password for the school services of { $tenant }
mail-reset = A new password was asked for the account { $user }. To choose it open this link within two hours: { $link }

    If it was not you, ignore this message: the password stays as it was.
mail-changed-subject = The password for { $tenant } was changed
mail-changed = The password of the account { $user } was changed just now. If it was not you, ask at once for a new password from { $link } and tell the office.
