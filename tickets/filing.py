"""The path of a stored mail to its ticket: claim, parse, judge, find the conversation, write it all in one transaction.

One bad mail never stops the next: a batch that fails is filed mail by mail, and what fails alone is tried again with
growing delays and then quarantined with its cause, where people see it and can replay it.
"""

from __future__ import annotations

import logging
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailboxes import storage
from mailboxes.errors import LeaseLost
from mailboxes.inbound.run import Filed, Settled
from mailboxes.models import InboundMessage, Mailbox
from mailboxes.parsing import ParsedMessage, Unparseable, parse
from tenants.diagnosis import diagnose_own
from tickets import auto_answers, claims, outlook, records, sorting
from tickets.approval_answers import hear
from tickets.bounces import note_bounces
from tickets.breakers import note_floods
from tickets.conversations import Conversations, Letter
from tickets.models import Attachment, Entry, Queue, ThreadKey, Ticket
from tickets.policies.loops import Treatment, judge
from tickets.policies.rules import Rule
from tickets.replies import own_addresses
from tickets.stubs import stub_of

log = logging.getLogger(__name__)

State = InboundMessage.State
#: What one transaction takes at most besides its first mail. Bytes.
GROUP_BYTES: Final = 8 * 1024 * 1024


class Filer:
    """Files the stored mails of one tenant, batch by batch."""

    def __init__(self, tenant_id: int, *, mailboxes: Sequence[Mailbox] = ()) -> None:
        self.tenant_id = tenant_id
        self.mailboxes = {mailbox.pk: mailbox for mailbox in mailboxes}
        self._own: frozenset[str] | None = None
        self._rules: list[Rule] | None = None
        self._may_answer = False
        self._has_other_domains = True
        self.counts = Filed()

    def file_due(self) -> Filed:
        """File what is due until nothing is left; another filer of the tenant at work counts as nothing."""
        while rows := claims.claim(self.tenant_id):
            # Asked anew for every claim: staff may have changed them.
            self._rules = None if getattr(rows[0], "has_rules", True) else []
            self._may_answer = getattr(rows[0], "has_auto_answers", False)
            self._has_other_domains = getattr(rows[0], "has_other_domains", True)
            self._file(rows)
            if len(rows) < settings.FILING_BATCH and rows[0].tries == 1:
                break  # all that was fresh is done; what was tried before has a time of its own
        return self.counts

    def _file(self, rows: Sequence[InboundMessage]) -> None:
        if rows[0].tries > settings.FILING_TRIES:
            # Only a mail whose worker died each time comes this far: nothing has recorded its failure.
            self._quarantine(rows[0], "worker_killed", "")
            return
        for place, group in enumerate(_groups(rows)):
            if place and not claims.still_held(group):
                return
            self._file_group(group)

    def _file_group(self, rows: Sequence[InboundMessage]) -> None:
        try:
            self._file_together(rows)
        except LeaseLost:
            log.warning("Filing of %d mails was taken over by another worker", len(rows))
        except Exception:  # the per-message boundary: see the next function
            for row in rows:
                self._file_alone(row)

    def _file_alone(self, row: InboundMessage) -> None:
        """File one mail; whatever is wrong with it is recorded on its row and goes no further."""
        try:
            self._file_together([row])
        except LeaseLost:
            log.warning("Mail %d was taken over by another worker", row.pk)
        except Unparseable as error:
            self._quarantine(row, error.cause, str(error))
        except Exception as error:
            log.warning("Mail %d could not be filed: %s", row.pk, type(error).__name__)
            trace = traceback.format_exc()
            if row.tries >= settings.FILING_TRIES:
                self._quarantine(row, "filing_failed", trace, detail=type(error).__name__)
            else:
                diagnosis = diagnose_own("filing_failed", detail=type(error).__name__)
                claims.put_back(row, error=diagnosis.as_json(), traceback=trace)

    def _quarantine(self, row: InboundMessage, code: str, trace: str, *, detail: str = "") -> None:
        diagnosis = diagnose_own(code, detail=detail)
        held = claims.settle(
            [row],
            State.QUARANTINED,
            reason=diagnosis.cause,
            error=diagnosis.as_json(),
            traceback=trace[-20_000:],
        )
        self.counts.quarantined += held

    def _file_together(self, rows: Sequence[InboundMessage]) -> None:
        with self._parsed(rows) as letters:
            for letter in letters:
                records.store_files(self.tenant_id, letter.message.parts)
            with transaction.atomic():
                outcome = self._write(letters)
        # Counted when it is committed: what was rolled back is filed, and counted, mail by mail.
        self.counts.filed += outcome.filed
        self.counts.skipped += outcome.skipped
        self.counts.suspended += outcome.suspended
        self.counts.settled += [
            Settled(pk=row.pk, mailbox_id=row.mailbox_id, remote_id=row.remote_id, is_cut=row.is_truncated)
            for row in rows
            if not row.is_sent
        ]

    @contextmanager
    def _parsed(self, rows: Sequence[InboundMessage]) -> Iterator[list[Letter]]:
        """Parse the claimed mails; files cut out of large mails live until the block ends."""
        started = time.monotonic()
        with _scratch(rows) as folder:
            letters = []
            for row in rows:
                letters.append(self.letter_of(row, folder))
                if time.monotonic() - started > settings.SYNC_LEASE_S / 4:
                    started = time.monotonic()
                    if not claims.still_held(rows):
                        raise LeaseLost("filing claim")
            yield letters

    def letter_of(self, row: InboundMessage, scratch: Path | None = None) -> Letter:
        """Read a stored mail. Raises Unparseable, and OSError when its bytes cannot be read."""
        source = stub_of(row) if row.wanted == row.Wanted.STUB else storage.full_path(row.raw_path)
        message: ParsedMessage = parse(source, received_at=row.received_at, scratch=scratch)
        return self.judged(row, message)

    def judged(self, row: InboundMessage, message: ParsedMessage) -> Letter:
        mailbox = self._mailbox(row.mailbox_id)
        verdict = judge(message, own=self._own_addresses(mailbox, message.sender.email))
        return Letter(row, mailbox, message, verdict)

    def _write(self, letters: Sequence[Letter]) -> Filed:
        """Decide and write a batch; gives how many mails came to which end.

        Raises LeaseLost, and so writes nothing, when the claim is no longer ours.
        """
        conversations = Conversations(self.tenant_id, letters)
        if self._rules is None:
            self._rules = sorting.rules_of(self.tenant_id)
        received = [letter for letter in letters if not letter.row.is_sent]
        sorting.ask(self._rules, received)
        filed, keys = [], []
        ends: dict[tuple[State, str], list[Letter]] = {}
        for letter in letters:
            end = self._end_of(letter, conversations)
            ends.setdefault(end, []).append(letter)
            if end[0] is State.FILED:
                keys += self._assign(letter, conversations)
                filed.append(letter)
        if self._may_answer or any(letter.request_id is not None for letter in filed):
            note_floods(self.tenant_id, filed)
        answered = auto_answers.choose(self.tenant_id, filed) if self._may_answer else []
        self._save(filed, keys)
        auto_answers.queue(answered)
        note_bounces(received)
        hear(filed)
        return self._settle(ends)

    def _end_of(self, letter: Letter, conversations: Conversations) -> tuple[State, str]:
        """Give the state a mail ends in, and its reason."""
        if letter.row.is_sent:
            return outlook.end_of(letter, conversations)
        if letter.row.wanted:
            return State.FILED, "staff made a ticket of it"
        if letter.verdict.treatment is Treatment.SUSPEND:
            return State.SUSPENDED, letter.verdict.reason
        if conversations.ticket_of_copy(letter):
            return State.SKIPPED, "the same mail is filed already"
        # What an approver answers counts for more than any rule: he was asked, and somebody waits for it.
        if letter.outcome.discard and conversations.request_of(letter) is None:
            return State.SKIPPED, letter.outcome.discard
        return State.FILED, ""

    def _assign(self, letter: Letter, conversations: Conversations) -> list[ThreadKey]:
        ticket = conversations.ticket_of(letter)
        if letter.row.is_sent:
            letter.ticket = ticket
            return self._keys(letter, conversations)
        if ticket is None:
            ticket = records.open_ticket(letter, self._queue_id(letter.mailbox), letter.mailbox.tenant.name)
            letter.is_new = True
        letter.ticket, letter.request_id = ticket, conversations.request_of(letter)
        letter.is_direct = conversations.is_direct(letter, letter.request_id)
        records.note_entry(ticket, letter)
        return self._keys(letter, conversations)

    def _keys(self, letter: Letter, conversations: Conversations) -> list[ThreadKey]:
        if letter.ticket is None:
            return []
        fresh = conversations.remember(letter, letter.ticket)
        return [ThreadKey(tenant_id=self.tenant_id, key=key, ticket=letter.ticket) for key in fresh]

    def _save(self, letters: Sequence[Letter], keys: Sequence[ThreadKey]) -> None:
        pairs = [(letter, letter.ticket) for letter in letters if letter.ticket is not None]
        Ticket.objects.bulk_create([ticket for letter, ticket in pairs if letter.is_new])
        entries = [
            outlook.build_entry(letter, ticket) if letter.row.is_sent else records.build_entry(letter, ticket)
            for letter, ticket in pairs
        ]
        Entry.objects.bulk_create(entries)
        files = [
            file
            for (letter, _ticket), entry in zip(pairs, entries, strict=True)
            for file in records.build_attachments(letter, entry)
        ]
        if files:
            Attachment.objects.bulk_create(files)
        if keys:
            ThreadKey.objects.bulk_create(keys)
        opened = {ticket.pk for letter, ticket in pairs if letter.is_new}
        older: dict[Ticket, list[Letter]] = {}
        for letter, ticket in pairs:
            if ticket.pk not in opened and not letter.row.is_sent:
                older.setdefault(ticket, []).append(letter)
        records.bring_up_to_date(older)
        outlook.bring_up_to_date(pairs, entries)
        sorting.put_tags(letters)

    def _settle(self, ends: Mapping[tuple[State, str], Sequence[Letter]]) -> Filed:
        counts = {State.FILED: 0, State.SKIPPED: 0, State.SUSPENDED: 0}
        for (state, reason), letters in ends.items():
            rows = [letter.row for letter in letters]
            if not claims.settle(rows, state, reason=reason, error=None):
                raise LeaseLost("filing claim")
            counts[state] += len(rows)
        return Filed(
            filed=counts[State.FILED], skipped=counts[State.SKIPPED], suspended=counts[State.SUSPENDED]
        )

    def _mailbox(self, pk: int) -> Mailbox:
        if pk not in self.mailboxes:
            self.mailboxes[pk] = Mailbox.objects.select_related("tenant", "queue").get(pk=pk)
        return self.mailboxes[pk]

    def _own_addresses(self, mailbox: Mailbox, sender: str) -> frozenset[str]:
        """Give the addresses of the tenant's mailboxes; the others are looked up where the sender could be one."""
        is_ours = sender.rpartition("@")[2].lower() == mailbox.tenant.domain.lower()
        if not (is_ours or self._has_other_domains):
            return frozenset(mailbox.addresses)
        if self._own is None:
            self._own = frozenset(own_addresses(self.tenant_id))
        return self._own

    def _queue_id(self, mailbox: Mailbox) -> int:
        if mailbox.queue_id is None:
            queue, _made = Queue.objects.get_or_create(tenant_id=self.tenant_id, name="Support")
            mailbox.queue_id = queue.pk
        return mailbox.queue_id


def file_for(mailbox: Mailbox) -> Filed:
    """File what is stored for the mailbox's tenant; what a sync run calls after each page."""
    return Filer(mailbox.tenant_id, mailboxes=[mailbox]).file_due()


def tenants_due() -> list[int]:
    """List the tenants with stored mails to file."""
    now = timezone.now()
    due = InboundMessage.objects.filter(state=State.RECEIVED).exclude(raw_path="")
    due = due.exclude(retry_at__gt=now).filter(tenant__is_active=True)
    return list(due.order_by().values_list("tenant_id", flat=True).distinct())


def _groups(rows: Sequence[InboundMessage]) -> Iterator[Sequence[InboundMessage]]:
    """Cut a claim into transactions that need little memory, however large its mails are."""
    group: list[InboundMessage] = []
    for row in rows:
        if group and sum(one.raw_bytes for one in group) + row.raw_bytes > GROUP_BYTES:
            yield group
            group = []
        group.append(row)
    yield group


@contextmanager
def _scratch(rows: Sequence[InboundMessage]) -> Iterator[Path | None]:
    """A folder for the parts cut out of large mails, only where one of them is large."""
    if max(row.raw_bytes for row in rows) < GROUP_BYTES:
        yield None
        return
    room = storage.full_path("scratch")
    storage.make_folder(room)
    with tempfile.TemporaryDirectory(dir=room) as folder:
        yield Path(folder)
