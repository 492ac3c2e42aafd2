"""The last resort, off unless a mailbox has it on: mail that names no earlier one joins a ticket by subject and sender.

Of a person whom Exchange has proven, marked as an answer, under a subject that tells one matter from another: then the
open tickets of the same mailbox with that subject come into question. The caller lets the sender in if he takes part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

from django.db.models import Q

from mailboxes.models.mailbox import JOINED_DAYS
from tickets.models import Ticket
from tickets.models.ticket import UNSOLVED
from tickets.policies.loops import Treatment
from tickets.policies.participants import Part
from tickets.policies.subjects import read_subject, subject_of_answer
from tickets.policies.threads import subject_tags
from tickets.policies.trust import Level

#: So many open tickets under the subjects of one batch are a machine's; nothing is guessed then.
MAX_TICKETS: Final = 500
#: Who may join so: whoever takes part, and whom one of those wrote to.
JOINING: Final = (Part.TAKES_PART, Part.ADDRESSED)
_QUIET: Final = timedelta(days=JOINED_DAYS)


class Guesses:
    """The open tickets that mails of a batch could belong to by their subjects; grows as the batch opens tickets."""

    def __init__(self, tenant_id: int, letters: Iterable[Any], *, once: Callable[[Ticket], Ticket]) -> None:
        """Look them up, all at once; nothing is asked unless a mail of a mailbox that has it on comes into question.

        `once` gives the object a ticket is known by already.
        """
        #: The stem of the subject of each such mail, by its line of the ledger.
        self.stems: dict[int, str] = {}
        self.tickets: dict[tuple[int | None, str], list[Ticket]] = {}
        wanted = Q()
        moments = []
        for letter in letters:
            subject = subject_of_answer(letter.message) if _may_guess(letter) else None
            if subject is not None and subject.is_telling:
                self.stems[letter.row.pk] = subject.stem
                wanted |= Q(mailbox_id=letter.mailbox.pk, subject__iendswith=subject.tail)
                moments.append(letter.row.received_at)
        if not moments:
            return
        rows = Ticket.objects.filter(wanted, tenant_id=tenant_id, status__in=UNSOLVED, merged_into=None)
        rows = rows.filter(last_entry_at__gte=min(moments) - _QUIET, opened_at__lte=max(moments))
        found = list(rows.order_by("-last_entry_at")[: MAX_TICKETS + 1])
        for ticket in found if len(found) <= MAX_TICKETS else ():
            self.note(once(ticket))

    def note(self, ticket: Ticket) -> None:
        """Take in a ticket, found or just opened."""
        if self.stems:
            stem = read_subject(ticket.subject).stem
            self.tickets.setdefault((ticket.mailbox_id, stem), []).append(ticket)

    def of(self, letter: Any) -> Iterator[Ticket]:
        """Give the tickets a mail could belong to, whoever its sender is."""
        stem = self.stems.get(letter.row.pk)
        tags, received_at = subject_tags(letter.message.subject), letter.row.received_at
        for ticket in self.tickets.get((letter.mailbox.pk, stem), ()) if stem else ():
            is_near = ticket.opened_at <= received_at <= ticket.last_entry_at + _QUIET
            # One that its subject names is meant, or none.
            if is_near and (not tags or ticket.reference in tags):
                yield ticket


def _may_guess(letter: Any) -> bool:
    row = letter.row
    is_persons = letter.verdict.treatment is Treatment.ACCEPT and bool(letter.sender)
    is_open = letter.mailbox.joins_by_subject and not row.is_sent and not row.wanted
    return is_open and is_persons and letter.trust.level is Level.PASSED
