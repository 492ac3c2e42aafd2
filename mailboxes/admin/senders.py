"""The addresses a mailbox sends from, as its page shows them: what Exchange allows, and where the copies lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from mailboxes.models import Mailbox, Sender
from mailboxes.outbound.senders import command_for, senders_of
from tenants.setup.powershell import quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One address; `command` is what an Exchange administrator may run."""

    address: str
    level: str
    label: str
    says: list[str]
    command: str = ""


def lines_of(mailbox: Mailbox) -> list[Line]:
    """List the addresses mail leaves from; nothing where the mailbox sends no mail."""
    if mailbox.outbound_transport == Mailbox.Outbound.NONE:
        return []
    rows = {row.address: row for row in Sender.objects.filter(mailbox=mailbox)}
    return [_line(mailbox, address, rows.get(address)) for address in senders_of(mailbox)]


def _line(mailbox: Mailbox, address: str, row: Sender | None) -> Line:
    if row is None:
        label, says = _("not tried"), [_("Nothing has been sent from this address yet.")]
        return Line(address=address, level="calm", label=label, says=says)
    if row.refused_at is not None:
        said = _("Exchange does not let this mailbox send from this address.")
        command = command_for(mailbox, address)
        return Line(address=address, level="danger", label=_("refused"), says=[said], command=command)
    copy: dict[str, Any] = row.copy or {}
    says, command = list(_words(row, copy)), _remedy(row, copy)
    return Line(
        address=address,
        level="warning" if command or copy.get("threading") is False else "success",
        label=_("sends"),
        says=says,
        command=command,
    )


def _words(row: Sender, copy: dict[str, Any]) -> Iterator[str]:
    if row.copy_seen_at is None:
        yield _("Where the copy of a sent mail lies is looked up after the first answer.")
        return
    yield _place(row, copy)
    if _shown_otherwise(row, copy):
        yield _("Exchange shows %(address)s as the sender instead.") % {"address": copy["shown_as"]}
    if copy.get("message_id") is False:
        yield _("Exchange gives the mail another Message-ID; answers to that one are recognised, too.")
    if copy.get("threading") is False:
        yield _(
            "In-Reply-To and References are not kept, so customers may see answers outside of their thread."
        )


def _place(row: Sender, copy: dict[str, Any]) -> str:
    own, named = copy.get("own"), copy.get("named")
    if own and named:
        return _("Copies lie in Sent Items of this mailbox and of the one named as the sender.")
    if own and named is False:
        words = _(
            "Copies lie in Sent Items of this mailbox, none in those of %(address)s; this puts one there:"
        )
        return words % {"address": row.address}
    if own:
        return _("Copies lie in Sent Items of this mailbox.")
    if named:
        return _("Copies lie in Sent Items of %(address)s.") % {"address": row.address}
    if own is None:
        return _("Where copies lie cannot be seen from here.")
    return _("No copy was found in Sent Items.")


def _remedy(row: Sender, copy: dict[str, Any]) -> str:
    if _shown_otherwise(row, copy):
        return "Set-OrganizationConfig -SendFromAliasEnabled $true"
    if copy.get("named") is False:
        return f"Set-Mailbox -Identity {quoted(row.address)} -MessageCopyForSentAsEnabled $true"
    return ""


def _shown_otherwise(row: Sender, copy: dict[str, Any]) -> bool:
    return bool(copy.get("shown_as")) and copy["shown_as"] != row.address
