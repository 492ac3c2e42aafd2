"""Finding the ticket of each mail: by our token, the ids it refers to, a tag of a participant; else a new one.

Where a mailbox has it on, a participant's mail without any of these may join by its subject (`tickets.guesses`).

Whoever has no part in a ticket does not join it by knowing an id: his mail is a ticket of its own that names the other.

All look-ups of a batch are made at once, by index, within one tenant. A mail may belong to a ticket that an earlier
mail of the same batch opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from django.db.models.functions import Left

from mailboxes.models import InboundMessage, Mailbox
from mailboxes.parsing import ParsedMessage
from mailboxes.parsing.gate import one_line, storable
from tickets import guesses
from tickets.models import Entry, ThreadKey, Ticket
from tickets.policies import threads
from tickets.policies.loops import Treatment, Verdict
from tickets.policies.participants import Circle, Part, part_of
from tickets.policies.rules import Outcome
from tickets.policies.trust import Trust, judge_sender, may_join

#: How much of two mails with the same id is compared.
COMPARED_CHARS: Final = 10_000
#: Mails that are asked at most, newest first, for who takes part in the tickets of a batch.
CIRCLE_MAILS: Final = 5_000


class Letter:
    """A claimed mail on its way to a ticket."""

    __slots__ = (
        "answer",
        "content_key",
        "flood",
        "is_direct",
        "is_guessed",
        "is_new",
        "kept_from",
        "keys",
        "mailbox",
        "message",
        "outcome",
        "outside_of",
        "part",
        "request_id",
        "reuses_id",
        "row",
        "ticket",
        "trust",
        "verdict",
    )

    def __init__(
        self, row: InboundMessage, mailbox: Mailbox, message: ParsedMessage, verdict: Verdict
    ) -> None:
        self.row = row
        self.mailbox = mailbox
        self.message = message
        self.verdict = verdict
        self.trust: Trust = judge_sender(message)
        self.outcome: Outcome = Outcome()
        #: Reference of the ticket it names and may not join, because its sender is proven false.
        self.kept_from = ""
        #: The same, because its sender has no part in it.
        self.outside_of = ""
        #: How the sender stands to the ticket it joins.
        self.part = Part.TAKES_PART
        #: It joins by subject and sender alone.
        self.is_guessed = False
        self.content_key = threads.content_key(mailbox.pk, message, row.received_at)
        self.keys: tuple[str, ...] = threads.leaves(message)
        self.ticket: Ticket | None = None
        self.is_new = False
        #: Why no program answers it, whatever else speaks for an answer.
        self.flood = ""
        #: The request for approval whose one-time mark it refers to.
        self.request_id: int | None = None
        #: Whether it answers that request itself, and not another mail of the conversation.
        self.is_direct = False
        #: Whether it is answered automatically, and why not; empty where the queue does not answer.
        self.answer: dict[str, Any] = {}
        #: Another mail of the conversation has the same Message-ID, and says something else.
        self.reuses_id = False

    @property
    def sender(self) -> str:
        return self.message.sender.email.lower()


class Conversations:
    """The thread keys a batch touches, and the tickets behind them; grows as the batch opens tickets."""

    def __init__(self, tenant_id: int, letters: Sequence[Letter]) -> None:
        self.tenant_id = tenant_id
        wanted = {
            key
            for letter in letters
            for key in (*threads.known_by(letter.message), *letter.keys, letter.content_key)
        }
        rows = ThreadKey.objects.filter(tenant_id=tenant_id, key__in=wanted).select_related(
            "ticket__merged_into"
        )
        #: Each ticket once, however it is found: what the batch makes of it is noted on one object.
        self.by_pk: dict[int, Ticket] = {}
        self.tickets = {row.key: self._once(row.ticket.standing_for()) for row in rows}
        #: The requests for approval among them, by the mark their answers refer to.
        self.requests = {row.key: row.request_id for row in rows if row.request_id is not None}
        #: Who said what under which id, within the batch.
        self.said: dict[str, list[tuple[str, str]]] = {}
        #: Message-IDs of the mails from Sent Items that the batch files.
        self.answers: set[str] = set()
        self.by_token = self._by_token(letters)
        self.by_tag = self._by_tag(letters)
        #: Who takes part in which ticket, by its reference; the database is asked only where somebody else than its
        #: requester writes.
        self.circles: dict[str, Circle] = {}
        self.asked: set[str] = set()
        received = [letter for letter in letters if not letter.row.is_sent]
        pairs = [(letter, ticket) for letter in received for ticket, _has_token in self._named(letter)]
        named = {letter for letter, _ticket in pairs}
        lost = [letter for letter in received if letter not in named]
        self.guesses = guesses.Guesses(tenant_id, lost, once=self._once)
        pairs += [(letter, ticket) for letter in received for ticket in self.guesses.of(letter)]
        others = {ticket.pk: ticket for letter, ticket in pairs if letter.sender != ticket.requester_email}
        self._ask_circles(others.values())

    def ticket_of_copy(self, letter: Letter) -> Ticket | None:
        """Find the ticket that holds this very mail already, from the same mailbox under another id."""
        return self.tickets.get(letter.content_key)

    def ticket_of(self, letter: Letter) -> Ticket | None:
        """Find the ticket a mail may join, and note on the letter how; None when it opens a new one.

        The best mark that leads to a ticket of the sender's counts: a stranger's second mail finds his first.
        """
        outside: list[str] = []
        for ticket, has_token in self._named(letter):
            if letter.row.is_sent:
                return ticket
            if not may_join(letter.trust, is_bounce=letter.message.bounce is not None):
                letter.kept_from = ticket.reference
                return None
            letter.part = self._part(letter, ticket, has_token=has_token)
            if letter.part is not Part.STRANGER:
                return ticket
            outside.append(ticket.reference)
        letter.outside_of = outside[0] if outside else ""
        return None if outside else self._guessed(letter)

    def _guessed(self, letter: Letter) -> Ticket | None:
        """Find the one ticket that subject and sender fit; two that fit are none."""
        found = [
            (ticket, part)
            for ticket in self.guesses.of(letter)
            if (part := self._part(letter, ticket, has_token=False)) in guesses.JOINING
        ]
        if len(found) != 1:
            return None
        letter.is_guessed = True
        ticket, letter.part = found[0]
        # Other mails are not drawn after it by ids that it only refers to: split off, it takes its marks along.
        letter.keys = letter.keys[:1] if letter.message.message_id else ()
        return ticket

    def _once(self, ticket: Ticket) -> Ticket:
        return self.by_pk.setdefault(ticket.pk, ticket)

    def _named(self, letter: Letter) -> Iterator[tuple[Ticket, bool]]:
        """Give the tickets a mail names, best first, and whether it does so by our token."""
        for token in threads.reply_tokens(letter.message):
            if token in self.by_token:
                yield self.by_token[token], True
        for key in threads.known_by(letter.message):
            if key in self.tickets:
                yield self.tickets[key], False
        for tag in threads.subject_tags(letter.message.subject):
            if (tag, letter.sender) in self.by_tag:
                yield self.by_tag[tag, letter.sender], False
        # Replies that were filed before the mail they answer have left its id behind.
        own = threads.message_key(letter.message.message_id) if letter.message.message_id else ""
        if own in self.tickets:
            yield self.tickets[own], False

    def _part(self, letter: Letter, ticket: Ticket, *, has_token: bool) -> Part:
        if letter.sender == ticket.requester_email:
            return Part.TAKES_PART
        if ticket.reference not in self.asked:
            self._ask_circles([ticket])
        circle = self.circles[ticket.reference]
        has_token = has_token or not circle.ours.isdisjoint(threads.known_by(letter.message))
        return part_of(
            letter.sender,
            circle=circle,
            trust=letter.trust,
            own_domain=letter.mailbox.address.rpartition("@")[2],
            has_token=has_token,
        )

    def request_of(self, letter: Letter) -> int | None:
        """Find the request for approval a mail answers, by its one-time mark alone."""
        keys = threads.known_by(letter.message) if self.requests else ()
        return next((self.requests[key] for key in keys if key in self.requests), None)

    def is_direct(self, letter: Letter, request_id: int | None) -> bool:
        """Tell whether the mail it answers is one of the request, and not what somebody wrote about it."""
        answered = threads.answered_by(letter.message)
        return bool(answered) and all(self.requests.get(key) == request_id for key in answered)

    def remember(self, letter: Letter, ticket: Ticket) -> list[str]:
        """Note the keys of a filed mail; gives those that are new and have to be stored."""
        letter.reuses_id = self._reuses_id(letter)
        self._note_sender(letter, ticket)
        if letter.is_new:
            self.guesses.note(ticket)
        fresh = [key for key in (*letter.keys, letter.content_key) if key not in self.tickets]
        self.tickets.update(dict.fromkeys(fresh, ticket))
        return fresh

    def _note_sender(self, letter: Letter, ticket: Ticket) -> None:
        """Let those a mail is from and to take part; automatic mail lets nobody in."""
        if letter.is_new:
            self.asked.add(ticket.reference)
        circle = self.circles.setdefault(ticket.reference, Circle(ticket.requester_email))
        people = [one.email for one in (*letter.message.to, *letter.message.cc)]
        if letter.row.is_sent:
            circle.note_ours(threads.message_key(letter.message.message_id), people)
        elif letter.verdict.treatment is Treatment.ACCEPT:
            circle.note(letter.sender, people)

    def _ask_circles(self, tickets: Iterable[Ticket]) -> None:
        """Look up, at once, who wrote the mails of these tickets and to whom."""
        found = {ticket.pk: ticket for ticket in tickets}
        if not found:
            return
        for ticket in found.values():
            self.asked.add(ticket.reference)
            self.circles.setdefault(ticket.reference, Circle(ticket.requester_email))
        kinds = (Entry.Kind.MAIL_IN, Entry.Kind.MAIL_OUT)
        mails = Entry.objects.filter(ticket__in=list(found), kind__in=kinds, auto_reply=False)
        columns = mails.order_by("-pk").values_list(
            "ticket_id", "kind", "message_id", "from_email", "to", "cc"
        )
        for pk, kind, message_id, sender, to, cc in columns[:CIRCLE_MAILS]:
            circle = self.circles[found[pk].reference]
            people = [str(one.get("email", "")) for one in (*to, *cc)]
            if kind == Entry.Kind.MAIL_OUT:
                circle.note_ours(threads.message_key(message_id), people)
            else:
                circle.note(sender.lower(), people)

    def _reuses_id(self, letter: Letter) -> bool:
        """Look for another mail of this id with other words or another sender; asked only where the id is known."""
        message_id = one_line(letter.message.message_id, max_chars=998)
        if not message_id:
            return False
        own = (letter.sender, storable(letter.message.text, max_chars=COMPARED_CHARS))
        said = self.said.setdefault(message_id, [])
        known = self.tickets.get(threads.message_key(message_id))
        others = list(said)
        if known is not None and known.pk is not None:
            rows = Entry.objects.filter(ticket=known, message_id=message_id, kind=Entry.Kind.MAIL_IN)
            texts = rows.values_list("from_email", Left("text", COMPARED_CHARS))
            others += texts
        said.append(own)
        return bool(others) and own not in others

    def _by_token(self, letters: Sequence[Letter]) -> dict[str, Ticket]:
        tokens = {token for letter in letters for token in threads.reply_tokens(letter.message)}
        if not tokens:
            return {}
        found = Ticket.objects.filter(tenant_id=self.tenant_id, reply_token__in=tokens)
        found = found.select_related("merged_into")
        return {ticket.reply_token: self._once(ticket.standing_for()) for ticket in found}

    def _by_tag(self, letters: Sequence[Letter]) -> dict[tuple[str, str], Ticket]:
        """Tickets named in subject lines, for the senders who already take part in them."""
        tags = {
            (tag, letter.sender)
            for letter in letters
            for tag in threads.subject_tags(letter.message.subject)
            if letter.sender
        }
        if not tags:
            return {}
        named = Ticket.objects.filter(tenant_id=self.tenant_id, reference__in={tag for tag, _sender in tags})
        found: dict[tuple[str, str], Ticket] = {}
        for ticket in named.select_related("merged_into"):
            senders = {sender for tag, sender in tags if tag == ticket.reference}
            own = self._once(ticket.standing_for())
            spoke = Entry.objects.filter(ticket=own, from_email__in=senders)
            known = {*spoke.values_list("from_email", flat=True), ticket.requester_email} & senders
            found.update({(ticket.reference, sender): own for sender in known})
        return found
