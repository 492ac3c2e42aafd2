"""Flow: before the first sync, what lies in the folder and what would become of it; then the start, with its bound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from mailboxes import pausing
from mailboxes.inbound.reconcile import Survey, survey
from mailboxes.inbound.sampling import sample
from mailboxes.models import Folder, InboundMessage, Mailbox
from mailboxes.parsing import Unparseable, parse
from tenants import audit
from tenants.whom import for_its_tenant
from tickets.filing import Filer
from tickets.rehearsing import Rehearsal, rehearsed
from tickets.sorting import rules_of

#: Mails that are read for the sample, the newest.
SAMPLED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    survey: Survey
    samples: Sequence[Rehearsal]


@for_its_tenant
def look_ahead(mailbox: Mailbox) -> Preview:
    """List the folder and ask the rules about its newest mails; nothing is stored. Raises IntegrationError."""
    found = survey(mailbox)
    return Preview(survey=found, samples=list(_rehearsed(mailbox, found)))


def _rehearsed(mailbox: Mailbox, found: Survey) -> Iterator[Rehearsal]:
    filer, rules = Filer(mailbox.tenant_id, mailboxes=[mailbox]), rules_of(mailbox.tenant_id)
    for ref, raw in sample(mailbox, found.named[:SAMPLED]):
        row = InboundMessage(
            tenant_id=mailbox.tenant_id, mailbox=mailbox, received_at=ref.received_at, raw_bytes=len(raw)
        )
        try:
            letter = filer.judged(row, parse(raw, received_at=ref.received_at))
        except Unparseable as error:
            yield Rehearsal(row=row, why_not=str(error))
            continue
        for part in letter.message.parts:
            part.content.discard()
        yield rehearsed(letter, rules)


@for_its_tenant
def start(mailbox: Mailbox, *, since_at: datetime | None, by: audit.Actor = None) -> None:
    """Let the first sync begin with mail received since then, all of it for None; it is answered never."""
    bound = Mailbox.Since.ALL if since_at is None else Mailbox.Since.DATE
    with transaction.atomic():
        Mailbox.objects.filter(pk=mailbox.pk).update(since=bound, since_at=since_at)
        values = {"cursor": "", "is_walking": True, "imported_until": timezone.now()}
        Folder.objects.update_or_create(
            mailbox=mailbox,
            purpose=Folder.Purpose.INBOX,
            defaults=values,
            create_defaults={"tenant_id": mailbox.tenant_id, **values},
        )
        audit.note(audit.Action.CHANGED, mailbox, by=by, since=[_told(mailbox.since_at), _told(since_at)])
        pausing.resume(mailbox, by=by)


def _told(since_at: datetime | None) -> str:
    return since_at.isoformat(timespec="seconds") if since_at else ""
