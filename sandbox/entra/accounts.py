"""Which account comes to sign in, and why it may be turned away."""

from sandbox.cloud import Cloud
from sandbox.directory import CONSUMERS, App, Person, Tenant
from sandbox.entra.errors import EntraError

#: What Entra says when an account is refused, by AADSTS number; the texts are Microsoft's.
REFUSALS = {
    50034: "The user account does not exist in the directory. To sign into this application, the account must be"
    " added to the directory.",
    500341: "The user account has been deleted from the directory.",
    50053: "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.",
    50055: "The password is expired.",
    50057: "The user account is disabled.",
    50079: "Due to a configuration change made by your administrator, or because you moved to a new location, you must"
    " enroll in multi-factor authentication to access '00000003-0000-0000-c000-000000000000'.",
    50105: "Your administrator has configured the application to block users unless they are specifically granted"
    " ('assigned') access to the application.",
    50173: "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have"
    " changed or reset their password.",
    53000: "Device is not in required device state. Conditional Access policy requires a compliant device, and the"
    " device is not compliant.",
    53003: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    530032: "Blocked by security policy.",
    70043: "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access.",
}
MFA = (
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must use"
    " multi-factor authentication to access '00000003-0000-0000-c000-000000000000'."
)


def at_browser(cloud: Cloud, tenant: Tenant, app: App, name: str) -> Person:
    """Give the account that signed in at the browser, as this tenant knows it. Raises EntraError."""
    person = cloud.directory.person(tenant.directory_id, name)
    if person is None:
        home = cloud.directory.person_anywhere(name)
        if home is None:
            raise refused(50034)
        provider = (
            "live.com" if home.directory_id == CONSUMERS else f"https://sts.windows.net/{home.directory_id}/"
        )
        raise EntraError(
            50020,
            "invalid_request",
            f"User account '{name}' from identity provider '{provider}' does not exist in tenant '{tenant.name}' and"
            f" cannot access the application '{app.client_id}'({app.name}) in that tenant. The account needs to be"
            " added as an external user in the tenant first. Sign out and sign in again with a different Azure Active"
            " Directory user account.",
        )
    admit(person, mfa=not person.mfa or cloud.sign_ins.browser.mfa == "done")
    return person


def admit(person: Person, *, mfa: bool) -> None:
    """Turn away who may not sign in; mfa tells whether a second factor was given. Raises EntraError."""
    if person.refused:
        raise refused(person.refused)
    if person.mfa and not mfa:
        raise EntraError(50076, "invalid_grant", MFA, suberror="basic_action")


def refused(code: int) -> EntraError:
    text = REFUSALS.get(code, "The sign-in was refused.")
    return EntraError(code, "invalid_grant", text, suberror="bad_token" if code in (50173, 70043) else "")
