"""The address a mail leaves from: the one the customer wrote to, if this mailbox may send as it; and where answers go.

Exchange tells only by taking or refusing a mail; what it has shown is kept for each mailbox and address.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from mailboxes.models import Mailbox, OutboundMessage, Sender
from mailboxes.sides import sending_side
from mailboxes.transports.out import sender_of, why_not
from tenants.diagnosis import Diagnosis
from tenants.errors import IntegrationError, Misconfigured
from tenants.setup.check import Check, failed, passed, skipped, warned
from tenants.setup.powershell import quoted

STEP: Final = "senders"
#: When the copy of a sender's first mail is looked for.
FIRST_LOOK: Final = timedelta(seconds=20)
#: What the wires call it when a mailbox may not send as an address.
REFUSALS: Final = frozenset({"ErrorSendAsDenied"})


def senders_of(mailbox: Mailbox) -> list[str]:
    """List the addresses a mailbox may be asked to send from: the configured one, its own, its aliases."""
    return list(dict.fromkeys([sender_of(mailbox).lower(), *mailbox.addresses]))


def sender_for(mailbox: Mailbox, *, written_to: Iterable[str]) -> str:
    """Choose the address an answer leaves from; the configured one when the customer wrote to none of ours."""
    found = own_among(mailbox, written_to)
    return found if found and _is_free(mailbox, found) else sender_of(mailbox)


def own_among(mailbox: Mailbox, addresses: Iterable[str]) -> str:
    """Find the first of the addresses that is the mailbox's own, without a +tag; "" when none is."""
    return next((one for one in map(_plain, addresses) if one in mailbox.addresses), "")


def _plain(address: str) -> str:
    """Take a +tag off: mail to it arrives where mail without it does."""
    local, _at, domain = address.strip().lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _is_free(mailbox: Mailbox, address: str) -> bool:
    """Tell whether the address is not refused, and no other mailbox's."""
    refused = Sender.objects.filter(mailbox=mailbox, address=address, refused_at__isnull=False)
    if refused.exists():
        return False
    # Asked of all tenants: whoever writes another customer's address among the aliases gains nothing.
    others = Mailbox.objects.for_machine().filter(address=address).exclude(pk=mailbox.pk)
    return address == mailbox.address or not others.exists()


def marks_of(mailbox: Mailbox, *, sender: str) -> dict[str, str]:
    """Give the header that sends customers' answers elsewhere; none where they come back to the sender."""
    elsewhere = mailbox.reply_to.lower()
    return {"Reply-To": elsewhere} if elsewhere and elsewhere != sender.lower() else {}


def unread_answers(mailbox: Mailbox) -> list[str]:
    """Name the addresses customers will answer to although no mailbox here reads what arrives there."""
    asked = [mailbox.reply_to.lower()] if mailbox.reply_to else [sender_of(mailbox).lower()]
    if mailbox.outbound_transport == Mailbox.Outbound.NONE:
        return []
    reading = Mailbox.objects.filter(tenant_id=mailbox.tenant_id, is_active=True)
    reading = reading.exclude(inbound_transport=Mailbox.Inbound.NONE).exclude(pk=mailbox.pk)
    read = {one for row in reading.only("address", "aliases") for one in row.addresses}
    if mailbox.inbound_transport != Mailbox.Inbound.NONE:
        read |= set(mailbox.addresses)
    return [one for one in asked if _plain(one) not in read]


def note_taken(mailbox: Mailbox, address: str, *, mail: OutboundMessage | None = None) -> None:
    """Note that Exchange has taken a mail from this address; where its copy lies is looked up once, by `mail`."""
    rows = Sender.objects.filter(mailbox=mailbox, address=address.lower())
    known = rows.filter(proved_at__isnull=False, refused_at=None)
    if mail is not None:
        known = known.exclude(copy_seen_at=None, copy_due_at=None)
    if known.exists():
        return
    now = timezone.now()
    row, _made = rows.get_or_create(
        defaults={"mailbox": mailbox, "address": address.lower(), "tenant_id": mailbox.tenant_id}
    )
    rows.filter(pk=row.pk).update(refused_at=None, proved_at=row.proved_at or now)
    if mail is not None and row.copy_seen_at is None and row.copy_due_at is None:
        rows.filter(pk=row.pk).update(copy_of=mail, copy_looks=0, copy_due_at=now + FIRST_LOOK)


def note_refused(mailbox: Mailbox, address: str) -> None:
    """Note that Exchange does not let the mailbox send as this address."""
    Sender.objects.update_or_create(
        mailbox=mailbox,
        address=address.lower(),
        defaults={"refused_at": timezone.now(), "tenant_id": mailbox.tenant_id},
    )


def is_refusal(error: IntegrationError) -> bool:
    return error.code in REFUSALS


def instead_of(row: OutboundMessage) -> str:
    """Give the address a mail leaves from when its own was refused; "" when there is no other."""
    configured = sender_of(row.mailbox)
    return configured if configured.lower() != row.from_email.lower() else ""


def explain(diagnosis: Diagnosis, mailbox: Mailbox, address: str) -> Diagnosis:
    """Add the line an Exchange administrator runs."""
    return replace(
        diagnosis, fix=f"{diagnosis.fix} Exchange Online PowerShell: {command_for(mailbox, address)}"
    )


def command_for(mailbox: Mailbox, address: str) -> str:
    if address in mailbox.aliases.split():
        alias, box = quoted(address), quoted(mailbox.address)
        return f"Set-Mailbox -Identity {box} -EmailAddresses @{{Add={alias}}}"
    side = sending_side(mailbox)
    if side.sign_in == Mailbox.SignIn.APPLICATION:
        # Known to Exchange by New-ServicePrincipal, as the setup guide writes it.
        who = f"(Get-ServicePrincipal -Identity {quoted(side.registration.client_id)}).ObjectId"
    else:
        who = quoted(side.signed_in_user or mailbox.address)
    return f"Add-RecipientPermission -Identity {quoted(address)} -Trustee {who} -AccessRights SendAs -Confirm:$false"


def examine_senders(mailbox: Mailbox) -> Check:
    """Say of each address whether Exchange has let this mailbox send from it, and where answers go unread."""
    if reason := why_not(mailbox):
        return skipped(STEP, reason)
    configured = sender_of(mailbox).lower()
    asked = senders_of(mailbox)
    rows: dict[str, Any] = {
        row.address: row for row in Sender.objects.filter(mailbox=mailbox, address__in=asked)
    }
    refused = [one for one in asked if one in rows and rows[one].refused_at]
    if refused:
        commands = "; ".join(f"{one}: {command_for(mailbox, one)}" for one in refused)
        if configured in refused:
            return failed(STEP, Misconfigured.own("sender_refused"), detail=commands)
        return warned(STEP, "alias_refused", detail=commands)
    if unread := unread_answers(mailbox):
        return warned(STEP, "answers_unread", detail=", ".join(unread))
    if unproved := [one for one in asked if one not in rows]:
        return skipped(STEP, "sender_unproved", detail=", ".join(unproved))
    return passed(STEP, "; ".join(f"{one}: {copy_in_words(rows[one])}" for one in asked))


def copy_in_words(sender: Sender) -> str:
    """Say where the copy of a sent mail was found."""
    copy = sender.copy or {}
    if sender.copy_seen_at is None:
        return "taken by Exchange"
    if copy.get("own"):
        return "copies in Sent Items of both mailboxes" if copy.get("named") else "copy in Sent Items"
    if copy.get("named"):
        return f"copy in Sent Items of {sender.address}"
    return (
        "no copy found" if copy.get("own") is False else "taken by Exchange, Sent Items cannot be looked into"
    )
