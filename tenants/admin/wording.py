"""Sentences about rows: who has to act, how long a credential lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants.diagnosis import Actor, Diagnosis
from tenants.models import Credential
from tenants.models.credential import WARN_DAYS
from tenants.round_trip import return_address
from tenants.wording import shown

WHO: Final[Mapping[str, Any]] = {
    Actor.OPERATOR: gettext_lazy("Operator of this helpdesk"),
    Actor.TENANT_ADMIN: gettext_lazy("Admin of this tenant, here"),
    Actor.CUSTOMER_ADMIN: gettext_lazy("Administrator of the customer's Microsoft 365"),
    Actor.USER: gettext_lazy("Owner of the mailbox or account"),
    Actor.MICROSOFT: gettext_lazy("Nobody: it passes at Microsoft"),
}


#: Whoever repairs these has to know the redirect address.
_REDIRECTS: Final = ("AADSTS50011", "AADSTS500113")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A diagnosis as a page shows it."""

    cause: str
    who: str
    fix: str
    codes: tuple[tuple[str, str], ...]
    is_theirs: bool = False  #: up to the customer's administrator, who reads it in a note and not here

    @property
    def note(self) -> str:
        return "\n".join(["", self.cause, self.fix, *(f"{name}: {value}" for name, value in self.codes)])


def explain(diagnosis: Diagnosis | Mapping[str, Any] | None) -> Trouble | None:
    """Word a diagnosis, or the JSON a row keeps of one; None stays None."""
    if diagnosis is None:
        return None
    if isinstance(diagnosis, Diagnosis):
        diagnosis = diagnosis.as_row()
    who = str(diagnosis.get("who", ""))
    return Trouble(
        cause=shown(str(diagnosis.get("cause", ""))),
        who=str(WHO.get(who, who)),
        fix=shown(str(diagnosis.get("fix", ""))),
        codes=_codes(diagnosis),
        is_theirs=who == Actor.CUSTOMER_ADMIN,
    )


def _codes(diagnosis: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """List code and trail, and the address to register where that is what is missing."""
    code = str(diagnosis.get("code", ""))
    address = [("redirect_uri", return_address())] if code in _REDIRECTS else []
    trail = [(str(pair[0]), str(pair[1])) for pair in diagnosis.get("correlation") or () if len(pair) == 2]
    return (("code", code), *address, *trail)


def credential_state(credential: Credential) -> tuple[str, str]:
    """Say how a credential stands: (level, sentence); the level is success, warning or danger.

    Opens the encrypted part only to see whether it can be opened.
    """
    try:
        is_readable = credential.is_readable()
    except ObjectDoesNotExist:
        is_readable = False
    level, rest = (
        ("danger", _("cannot be decrypted: re-enter the secret")) if not is_readable else lasts(credential)
    )
    set_on = date_format(timezone.localdate(credential.created_at), "DATE_FORMAT")
    return level, _("set on %(date)s, %(rest)s") % {"date": set_on, "rest": rest}


def lasts(credential: Credential) -> tuple[str, str]:
    """Say how long a credential lasts by its date alone."""
    days = credential.days_left()
    if days is None:
        return "warning", _("no expiry date entered")
    if days < 0:
        return "danger", _("expired")
    if days == 0:
        return "danger", _("expires today")
    level = "warning" if days < WARN_DAYS else "success"
    return level, ngettext("expires in %(days)d day", "expires in %(days)d days", days) % {"days": days}
