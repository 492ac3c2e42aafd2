"""Entra's AADSTS codes about a person or account that signs in, and about grants made by one.

Keys are the digits after "AADSTS". Meaning: Microsoft's reference of error codes
(https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
"""

from tenants.diagnoses.advice import Actor, Advice

_PERSON = Actor.USER
_THERE = Actor.CUSTOMER_ADMIN
_AGAIN = "Press Sign in on the mailbox and complete the sign-in again."
_RECONNECT = Advice(_PERSON, "The stored sign-in is no longer valid.", _AGAIN)
_REVOKED = Advice(
    _PERSON,
    "The stored sign-in was revoked: the password was changed or reset, or the account was signed out "
    "everywhere.",
    _AGAIN,
)
_MFA = Advice(
    _PERSON,
    "The account has to prove a second factor, which only a person can do.",
    "Press Sign in on the mailbox and do what Microsoft asks for. A mailbox that signs in with a stored password "
    "cannot do that: there choose “a user signs in with the browser” under Sign-in, save, and then press Sign in.",
)
_DEVICE = Advice(
    _THERE,
    "A Conditional Access policy asks for a managed device or an approved application.",
    "Entra admin center > Protection > Conditional Access: exclude this application or the account that "
    "signs "
    "in, or use application sign-in instead.",
)
_RISK = Advice(
    _THERE,
    "Entra blocks the account for a security reason (risk, security policy or security defaults).",
    "Entra admin center > Protection > Risky users and Sign-in logs: find the reason there and clear it.",
)
_STALE_SIGN_IN = Advice(_PERSON, "The sign-in was not completed in one go.", "Start the sign-in again.")
_WRONG_DIRECTORY = Advice(
    _PERSON,
    "The account that signed in does not belong to this customer's directory.",
    "Open this helpdesk in a private browser window, where nobody is signed in to Microsoft yet, start again there and "
    "choose an account of the customer's own directory. A guest of that directory is refused as well.",
)
_DEVICE_CODE = Advice(
    _PERSON,
    "The device code has expired or was not the one shown.",
    "Start the sign-in again and enter the new code.",
)

ENTRA_PEOPLE: dict[str, Advice] = {
    "50020": _WRONG_DIRECTORY,
    "90072": _WRONG_DIRECTORY,
    "16000": _WRONG_DIRECTORY,
    "700005": _WRONG_DIRECTORY,
    "50034": Advice(
        _PERSON,
        "There is no such account in the directory.",
        "Check the user name and the directory, then sign in again.",
    ),
    "500341": Advice(
        _THERE,
        "The account has been deleted.",
        "Restore the account or choose another one; signing the same one in again cannot work.",
    ),
    "50057": Advice(
        Actor.TENANT_ADMIN,
        "The account is disabled; shared mailboxes are disabled by design and cannot sign in.",
        "For a shared mailbox enter a user who may open it (Full Access) as the signed-in user on the mailbox here, "
        "save, press Sign in and choose that user. Any other account has to be enabled by its administrator.",
    ),
    "50126": Advice(
        _PERSON,
        "User name or password is wrong.",
        "Enter the password again. An account that signs in at a server of its own company (federated) cannot use "
        "a password here: choose another way to sign in.",
    ),
    "50053": Advice(
        _THERE,
        "The account is locked after too many attempts, or this server's address is considered malicious.",
        "Wait for the lock to end or unlock the account; check this server's outgoing address in the "
        "sign-in logs.",
    ),
    "50055": Advice(_PERSON, "The password has expired.", "Change the password and sign in again."),
    "50144": Advice(
        _PERSON, "The password of the local directory has expired.", "Change the password and sign in again."
    ),
    "50056": Advice(
        _THERE,
        "No password is stored for this account in Entra; it signs in elsewhere or without one.",
        "Choose another way to sign in than by password.",
    ),
    "50076": _MFA,
    "50079": _MFA,
    "50072": _MFA,
    "50074": _MFA,
    "50078": _MFA,
    "50158": _MFA,
    "53000": _DEVICE,
    "53001": _DEVICE,
    "53002": _DEVICE,
    "50097": _DEVICE,
    "50131": _DEVICE,
    "53003": Advice(
        _THERE,
        "A Conditional Access policy blocks this sign-in.",
        "Entra admin center > Monitoring > Sign-in logs names the policy: exclude this application, "
        "account or "
        "server address from it. For application sign-in look at the policies for workload identities.",
    ),
    "53004": _RISK,
    "53011": _RISK,
    "530032": _RISK,
    "530035": _RISK,
    "50105": Advice(
        _THERE,
        "The application is open to assigned users only, and this one is not assigned.",
        "Entra admin center > Enterprise applications > this application > Users and groups: assign the "
        "account.",
    ),
    "50173": _REVOKED,
    "50132": _REVOKED,
    "50133": _REVOKED,
    "70000": _RECONNECT,
    "70008": _RECONNECT,
    "700082": Advice(
        _PERSON,
        "The stored sign-in expired because it had not been used for 90 days.",
        f"{_AGAIN} Find out why the mailbox was not read for so long.",
    ),
    "700084": Advice(
        _THERE,
        "The sign-in lasts 24 hours only, because the redirect address is registered as a single-page "
        "application.",
        "Move the redirect address to the platform Web in the registration, then sign in again.",
    ),
    "70043": Advice(
        _THERE,
        "A sign-in frequency policy ended the stored sign-in.",
        "Exclude the account from the policy, or sign in again each time.",
    ),
    "54005": Advice(
        _PERSON, "The sign-in was completed twice, as by a double click.", "Start again; nothing was lost."
    ),
    "501481": _STALE_SIGN_IN,
    "50147": _STALE_SIGN_IN,
    "501491": _STALE_SIGN_IN,
    "50089": _STALE_SIGN_IN,
    "50058": _STALE_SIGN_IN,
    "50196": Advice(
        Actor.OPERATOR,
        "Entra saw the same sign-in request too often and stopped answering it.",
        "Leave it alone for some minutes; if it returns, report it with its correlation id.",
    ),
    "70016": Advice(
        _PERSON, "The code has not been entered yet.", "Enter the code shown on Microsoft's page."
    ),
    "70018": _DEVICE_CODE,
    "70019": _DEVICE_CODE,
    "70020": _DEVICE_CODE,
}
