"""How far a mail has come, written down as its wire says it: the draft, the moment of asking, who has it already."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from mailboxes.inbound.retries import retry_at
from mailboxes.models import OutboundMessage, UploadSession
from mailboxes.models.outbound import GIVE_UP_AFTER
from mailboxes.outbound import claims
from mailboxes.outbound.compose import Composed
from mailboxes.transports.outgoing import Outgoing, TurnOver
from tenants.diagnosis import diagnose_own
from tenants.errors import IntegrationError
from tenants.fields import Unreadable

State = OutboundMessage.State
Delivery = OutboundMessage.Delivery
#: One that waited longer may stand as it did in a backup, and have left since.
OLD_AFTER: Final = timedelta(minutes=10)


#: Those who recognise answers by the Message-ID; nothing is imported from them here.
_hear_of_new_ids: list[Callable[[OutboundMessage], None]] = []


def tells_of_new_ids(hear: Callable[[OutboundMessage], None]) -> None:
    """Have somebody told of each mail that Exchange has given another Message-ID, before it is sent."""
    _hear_of_new_ids[:] = [hear]


class RowJournal:
    """Notes on the row of the outbox, each committed before the wire goes on. Raises LeaseLost.

    `stay` is called whenever something takes long.
    """

    def __init__(self, row: OutboundMessage, *, turn_s: float, stay: Callable[[], None]) -> None:
        self.row, self._turn_s, self._stay = row, turn_s, stay
        self._until: float | None = None

    def alive(self) -> None:
        self._stay()
        claims.hold(self.row)

    def next_piece(self) -> None:
        # The turn begins with its first piece, so that even short ones end a long upload on a slow line.
        if self._until is None:
            self._until = time.monotonic() + self._turn_s
        elif time.monotonic() > self._until:
            raise TurnOver
        self.alive()

    def uploading(self, name: str, url: str) -> None:
        claims.hold(self.row)
        begun = {"tenant_id": self.row.tenant_id, "file_name": name, "address": url}
        UploadSession.objects.update_or_create(message=self.row, defaults=begun)

    def drafted(self, *, remote_id: str, message_id: str) -> None:
        claims.hold(self.row, remote_id=remote_id, remote_message_id=message_id[:512])
        if message_id and message_id != self.row.message_id:
            for hear in _hear_of_new_ids:
                hear(self.row)

    def asking(self, refused: Mapping[str, IntegrationError] | None = None) -> None:
        marks: dict[str, Any] = {}
        if refused or self.row.deliveries:
            asked = {one: _mark((refused or {}).get(one)) for one in recipients_of(self.row)}
            marks["deliveries"] = {**self.row.deliveries, **asked}
        claims.hold(self.row, asked_at=timezone.now(), **marks)
        forget_upload(self.row)


def outgoing(row: OutboundMessage, mail: Composed) -> Outgoing:
    """Give the wire what it needs of a row and its composed mail."""
    begun = getattr(row, "upload", None)
    return Outgoing(
        sender=row.from_email,
        recipients=recipients_of(row),
        message_id=row.remote_message_id or row.message_id,
        mime=mail.mime,
        files=mail.files,
        remote_id=row.remote_id,
        tries=row.tries - 1,
        is_old=timezone.now() - row.queued_at > OLD_AFTER,
        taken=has_taken(row),
        uploads={begun.file_name: begun.address}
        if begun and not isinstance(begun.address, Unreadable)
        else {},
    )


def forget_upload(row: OutboundMessage) -> None:
    """Let go of a session that nothing more is sent to."""
    UploadSession.objects.filter(message=row).delete()


def recipients_of(row: OutboundMessage) -> list[str]:
    """List who is to get the mail and neither has it nor was refused, each once."""
    settled = (Delivery.TAKEN, Delivery.REFUSED)
    return [email for email in row.everybody() if row.deliveries.get(email) not in settled]


def has_taken(row: OutboundMessage) -> int:
    """Count the recipients an earlier try has reached."""
    return sum(mark == Delivery.TAKEN for mark in row.deliveries.values())


def settle_as_taken(row: OutboundMessage, **values: Any) -> None:
    """Write down that the mail left: to everybody, or to all but those who are asked again or were refused."""
    marks = {
        email: Delivery.TAKEN if mark == Delivery.ASKED else mark for email, mark in row.deliveries.items()
    }
    waiting = sum(mark == Delivery.LATER for mark in marks.values())
    refused = sum(mark == Delivery.REFUSED for mark in marks.values())
    values = {"retry_at": None, "error": None, **values}
    if waiting and timezone.now() - row.queued_at <= GIVE_UP_AFTER:
        told = diagnose_own("recipient_later", detail=f"{waiting} of {len(marks)}").as_json()
        again = {"asked_at": None, "retry_at": retry_at(row.tries - 1), "error": told}
        claims.settle(row, State.QUEUED, deliveries=marks, **{**values, **again})
        return
    values.setdefault("sent_at", row.asked_at or timezone.now())
    if waiting + refused:
        row.deliveries = marks
        settle_as_partly_taken(row, **values)
        return
    claims.settle(row, State.SENT, **values, **({"deliveries": marks} if marks else {}))


def settle_as_partly_taken(row: OutboundMessage, **values: Any) -> None:
    """Write down that some have the mail, and that the others are not asked again."""
    everybody = len(row.everybody())
    detail = f"{everybody - has_taken(row)} of {everybody}"
    told = diagnose_own("recipient_refused", detail=detail).as_json()
    settled = {**values, "retry_at": None, "error": told}
    claims.settle(row, State.BOUNCED, deliveries=row.deliveries, **settled)


def _mark(error: IntegrationError | None) -> str:
    if error is None:
        return Delivery.ASKED
    return Delivery.REFUSED if error.permanent else Delivery.LATER
