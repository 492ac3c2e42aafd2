"""Codes of our own about admin consent: what was granted, and what is not seen of it."""

from tenants.diagnoses.advice import Actor, Advice

_PORTAL = "Entra admin center > App registrations > this application > API permissions"

CONSENTS: dict[str, Advice] = {
    "consent_not_seen": Advice(
        Actor.CUSTOMER_ADMIN,
        "The administrator came back from Microsoft, and a token asked for since does not show what is needed.",
        f"It can take some minutes and is looked for again. If it stays: {_PORTAL} must list the missing permissions, "
        "and behind each must stand Granted. Add what is not there and press Grant admin consent.",
    ),
    "consent_seen_at_sign_in": Advice(
        Actor.TENANT_ADMIN,
        "No mailbox needs rights of the application itself, so a token of its own proves nothing.",
        "Sign a mailbox in: its page shows what was granted.",
    ),
    "consent_lapsed": Advice(
        Actor.TENANT_ADMIN,
        "Nobody came back from Microsoft before the time was over.",
        "Press Ask for consent again, or send a new link.",
    ),
    "consent_withdrawn": Advice(
        Actor.CUSTOMER_ADMIN,
        "The administrator's consent was taken back or narrowed: earlier tokens named permissions the last one lacks.",
        f"{_PORTAL} > Grant admin consent, or follow a consent link of the helpdesk (“Make a consent link” on its app "
        "registration). If it was meant to be taken back, the helpdesk has to pause the mailboxes of this "
        "registration.",
    ),
}
