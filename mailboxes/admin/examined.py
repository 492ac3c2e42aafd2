"""The result of “Test configuration” in words: every step, and a note for the customer's administrator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailboxes.accounts import expected
from mailboxes.doctor import Examination
from mailboxes.models import Mailbox
from mailboxes.wording import detail
from tenants.admin.wording import Trouble, explain
from tenants.console import iso
from tenants.diagnosis import Actor
from tenants.setup.check import Check, Status
from tenants.wording import told

_TITLES: Final[Mapping[str, Any]] = {
    "login_host": gettext_lazy("Microsoft's sign-in answers"),
    "graph_host": gettext_lazy("Microsoft Graph answers"),
    "clock": gettext_lazy("This server's clock"),
    "directory": gettext_lazy("The customer's directory exists"),
    "credential": gettext_lazy("The credential stored here"),
    "token": gettext_lazy("Entra accepts the credential"),
    "permissions": gettext_lazy("Permissions"),
    "identity": gettext_lazy("The user who signs in"),
    "mailbox": gettext_lazy("The mailbox exists and opens"),
    "purpose": gettext_lazy("Kind of mailbox"),
    "time_zone": gettext_lazy("Time zone"),
    "folder": gettext_lazy("The folder is there"),
    "marker": gettext_lazy("No other installation works on it"),
    "read": gettext_lazy("Mail can be read"),
    "write": gettext_lazy("Mail can be changed"),
    "sent_items": gettext_lazy("Answers from Outlook can be seen"),
    "send": gettext_lazy("Mail can be sent"),
    "answer": gettext_lazy("An answer finds its ticket"),
    "senders": gettext_lazy("The addresses answers come from and go to"),
}
_LOOKS: Final = {
    Status.OK: ("success", gettext_lazy("works")),
    Status.WARN: ("warning", gettext_lazy("look at this")),
    Status.FAIL: ("danger", gettext_lazy("does not work")),
    Status.SKIP: ("calm", gettext_lazy("not checked")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the page; `trouble` stands where somebody has to do something."""

    title: str
    level: str
    label: str
    detail: str
    reason: str
    trouble: Trouble | None


def steps(examination: Examination) -> list[Step]:
    """Give a line for each step, and a single last one for all that were not reached."""
    unreached = [check for check in examination.checks if _is_unreached(check)]
    reached = [_step(check) for check in examination.checks if not _is_unreached(check)]
    titles = ", ".join(str(_TITLES[check.id]) for check in unreached)
    return [*reached, *(replace(_step(check), title=titles) for check in unreached[:1])]


def note(examination: Examination, mailbox: Mailbox, *, made_at: datetime) -> str:
    """Write what to send to the customer's administrator; blank when nothing is up to them."""
    # Said once, as the last step that met it says it: that one has the request's ids.
    theirs = {
        check.diagnosis.code: _paragraph(explain(check.diagnosis), detail(check.detail))
        for check in examination.checks
        if check.asks and check.diagnosis and check.diagnosis.who is Actor.CUSTOMER_ADMIN
    }
    if not theirs:
        return ""
    registration = mailbox.registration
    about = {
        _("Mailbox"): mailbox.address,
        **({} if mailbox.sign_in == Mailbox.SignIn.APPLICATION else {_("Who signs in"): expected(mailbox)}),
        _("Directory (tenant) ID"): registration.tenant.directory_id,
        _("Application (client) ID"): registration.client_id,
        _("Tested at"): iso(made_at),
    }
    facts = [f"{name}: {value}" for name, value in about.items()]
    return "\n".join([*facts, *theirs.values()])


def _is_unreached(check: Check) -> bool:
    return check.diagnosis is not None and check.diagnosis.code == "check_not_reached"


def _step(check: Check) -> Step:
    level, label = _LOOKS[check.status]
    said = check.diagnosis
    return Step(
        title=str(_TITLES[check.id]),
        level=level,
        label=str(label),
        detail=detail(check.detail),
        reason=told(said) if said and not check.asks else "",
        trouble=explain(said) if check.asks else None,
    )


def _paragraph(said: Trouble | None, seen: str) -> str:
    if said is None:
        return ""
    trail = [f"{name}: {value}" for name, value in said.codes]
    return "\n".join(["", said.cause, *([seen] if seen else []), said.fix, *trail])
