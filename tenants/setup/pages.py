"""Microsoft's own pages, one behind each step of the guides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page; `version_on` is the day of the version the step was written from or checked by.

    It is None where the copy names no day, or one that is older than what it says. `checked_on` is the day the step
    was last held against the page.
    """

    url: str
    version_on: date | None = None
    checked_on: date | None = None


_LEARN: Final = "https://learn.microsoft.com/"
_CMDLETS: Final = f"{_LEARN}powershell/module/exchangepowershell/"
_21ST: Final = date(2026, 11, 21)
_22ND: Final = date(2026, 11, 22)

ROLES: Final = Page(
    url=f"{_LEARN}entra/identity/role-based-access-control/permissions-reference",
    version_on=date(2026, 1, 20),
    checked_on=_22ND,
)
REGISTRATION: Final = Page(url=f"{_LEARN}entra/identity-platform/quickstart-register-app", checked_on=_21ST)
CREDENTIAL: Final = Page(
    url=f"{_LEARN}entra/identity-platform/how-to-add-credentials",
    version_on=date(2025, 1, 29),
    checked_on=_22ND,
)
CONSENT: Final = Page(
    url=f"{_LEARN}entra/identity/enterprise-apps/grant-admin-consent",
    version_on=date(2024, 11, 29),
    checked_on=_22ND,
)
SHARED_MAILBOX: Final = Page(
    url=f"{_LEARN}microsoft-365/admin/email/create-a-shared-mailbox",
    version_on=date(2024, 9, 30),
    checked_on=_22ND,
)
#: Written from that version, and not held against one since.
RBAC: Final = Page(url=f"{_LEARN}exchange/permissions-exo/application-rbac", version_on=date(2025, 11, 25))
ACCESS_POLICY: Final = Page(url=f"{_CMDLETS}new-applicationaccesspolicy", checked_on=_22ND)
#: Its copy says 2021 and speaks of Entra.
MAIL_PROTOCOLS: Final = Page(
    url=f"{_LEARN}exchange/client-developer/legacy-protocols/"
    "how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth",
    checked_on=_22ND,
)
FULL_ACCESS: Final = Page(url=f"{_CMDLETS}add-mailboxpermission", checked_on=_22ND)
SEND_AS: Final = Page(url=f"{_CMDLETS}add-recipientpermission", checked_on=_22ND)
FORWARDING: Final = Page(
    url=f"{_LEARN}exchange/recipients-in-exchange-online/manage-user-mailboxes/configure-email-forwarding",
    checked_on=_22ND,
)
FOLDERS: Final = Page(url=f"{_LEARN}graph/api/resources/mailfolder", checked_on=_22ND)
NETWORK: Final = Page(url=f"{_LEARN}microsoft-365/enterprise/urls-and-ip-address-ranges", checked_on=_21ST)
TROUBLE: Final = Page(url=f"{_LEARN}graph/resolve-auth-errors", checked_on=_22ND)
