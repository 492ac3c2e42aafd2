"""Codes of our own about people who sign in to a mailbox: who they are, and what they may not be."""

from tenants.diagnoses.advice import Actor, Advice

_HERE = Actor.TENANT_ADMIN
_PERSON = Actor.USER
_PRIVATE = (
    "Open this helpdesk in a private browser window, where nobody is signed in to Microsoft yet, press Sign in on the "
    "mailbox there and choose the expected account."
)

SIGN_INS: dict[str, Advice] = {
    "account_wrong": Advice(
        _PERSON,
        "Somebody else signed in than the account this mailbox expects; nothing was stored.",
        f"{_PRIVATE} If the mailbox is shared and the other account is right, enter it on the mailbox as the "
        "signed-in user.",
    ),
    "account_personal": Advice(
        _PERSON,
        "A personal Microsoft account signed in, not one of the customer's directory; nothing was stored.",
        _PRIVATE,
    ),
    "account_other_directory": Advice(
        _PERSON,
        "An account of another directory signed in; nothing was stored.",
        f"{_PRIVATE} If that account is right, the Directory (tenant) ID entered on the tenant is not the customer's.",
    ),
    "account_guest": Advice(
        _PERSON,
        "A guest of the customer's directory signed in, who has no mailbox there; nothing was stored.",
        f"{_PRIVATE} It must be an account of the customer's own directory.",
    ),
    "account_changed": Advice(
        _PERSON,
        "Entra renewed the sign-in for another account than the one that signed in; nothing was stored.",
        "Sign in to the mailbox again.",
    ),
    "sign_in_unproved": Advice(
        _PERSON,
        "The answer does not prove that it belongs to this sign-in: its audience, issuer, time or nonce is wrong.",
        "Start the sign-in again; if it stays, look for a proxy that changes answers, and check this server's clock.",
    ),
    "sign_in_not_lasting": Advice(
        Actor.CUSTOMER_ADMIN,
        "Entra gave a token for an hour and no lasting sign-in (offline_access).",
        "Entra admin center > App registrations > this application > API permissions: add Microsoft Graph > "
        "Delegated permissions > offline_access, then sign in again.",
    ),
    "full_access_missing": Advice(
        Actor.CUSTOMER_ADMIN,
        "The user who signed in may not open this shared mailbox: to Microsoft Graph it looks as if it were not "
        "there.",
        "Exchange admin center > Recipients > Mailboxes > this mailbox > Delegation > Read and manage (Full "
        "Access): add the user who signs in. It takes up to an hour. The setup guide of the mailbox has the same as "
        "a PowerShell line. If full access is there, sign in again and accept all permissions.",
    ),
    "sign_in_missing": Advice(
        _HERE,
        "Nobody has signed in to this mailbox yet.",
        "Open the mailbox in the admin and press Sign in.",
    ),
    "sign_in_unreadable": Advice(
        _HERE,
        "The stored sign-in cannot be decrypted with the keys this server has.",
        "Open the mailbox and sign in again. If the old key still exists, add it to FERNET_KEYS instead.",
    ),
    "sign_in_way_off": Advice(
        Actor.OPERATOR,
        "This way to sign in is switched off for the tenant.",
        "Open the tenant in the admin and switch it on, or choose another way to sign in on the mailbox.",
    ),
    "sign_in_not_of_a_person": Advice(
        _HERE,
        "The application itself opens this mailbox; nobody has to sign in.",
        "Choose another way to sign in on the mailbox if a person is to sign in.",
    ),
    "password_missing": Advice(
        _HERE,
        "No password is stored for this mailbox.",
        "Open the mailbox in the admin and enter the password of the account that signs in.",
    ),
    "device_code_declined": Advice(
        _PERSON,
        "The person who entered the code declined to sign in.",
        "Start the sign-in again and press Continue on Microsoft's page.",
    ),
    "device_code_expired": Advice(
        _PERSON,
        "Nobody entered the code within its time.",
        "Press Sign in on the mailbox again and enter the new code.",
    ),
    "public_address_unsafe": Advice(
        Actor.OPERATOR,
        "Microsoft sends browsers back to https addresses only, and the address of this installation begins with http.",
        "Set PUBLIC_URL to the https address of this installation (for a trial, http://localhost:PORT) and restart; "
        "then register the redirect address that is shown here.",
    ),
}
