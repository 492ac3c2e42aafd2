"""Rules on the way of a mail to its ticket: asked before there is a ticket, written when there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tickets.conversations import Letter
from tickets.models import Rule, Tag, Ticket
from tickets.policies import rules as policy
from tickets.policies.participants import Part
from tickets.policies.threads import subject_tags


def rules_of(tenant_id: int) -> list[policy.Rule]:
    """Load the rules of a tenant as decisions take them."""
    return [rule.as_policy() for rule in Rule.objects.in_force(tenant_id)]


def ask(rules: Sequence[policy.Rule], letters: Sequence[Letter]) -> None:
    """Let the rules decide about mails; what was suspended is not theirs."""
    if rules:
        for letter in letters:
            letter.outcome = outcome_of(rules, letter)


def outcome_of(rules: Sequence[policy.Rule], letter: Letter) -> policy.Outcome:
    facts = policy.facts_of(
        letter.message,
        verdict=letter.verdict,
        trust=letter.trust,
        mailbox_address=letter.mailbox.address,
        size_bytes=letter.row.raw_bytes,
    )
    return policy.decide(rules, facts)


def settle_on(ticket: Ticket, outcome: policy.Outcome) -> None:
    """Put a new ticket where the rules want it; it is not saved yet."""
    ticket.queue_id = outcome.queue_id or ticket.queue_id
    ticket.assignee_id = outcome.assignee_id or ticket.assignee_id
    ticket.priority = outcome.priority or ticket.priority


def put_tags(letters: Sequence[Letter]) -> None:
    """Write the tags that rules want on the tickets of these mails, which are saved."""
    wanted = [(letter, letter.ticket) for letter in letters if letter.outcome.tags and letter.ticket]
    if not wanted:
        return
    tenant_id = wanted[0][1].tenant_id
    names = dict.fromkeys(name for letter, _ticket in wanted for name in letter.outcome.tags)
    tags = {tag.name: tag.pk for tag in _tags(list(names), tenant_id=tenant_id)}
    through: Any = Ticket.tags.through
    pairs = {(ticket.pk, tags[name]) for letter, ticket in wanted for name in letter.outcome.tags}
    rows = [through(ticket_id=ticket, tag_id=tag) for ticket, tag in sorted(pairs)]
    through.objects.bulk_create(rows, ignore_conflicts=True)


def decisions_on(letter: Letter) -> dict[str, Any]:
    """Word what was decided about a mail, for its entry."""
    found: dict[str, Any] = {"trust": {"level": letter.trust.level.value, "why": letter.trust.reason}}
    found["kind"] = letter.verdict.kind.value
    if acted := [step.as_json() for step in letter.outcome.steps if step.has_acted]:
        found["rules"] = acted
    if letter.outcome.is_unanswered:
        found["unanswered"] = True
    if letter.flood:
        found["flood"] = letter.flood
    if letter.request_id and not letter.is_new:
        found["approval"] = letter.request_id
    if letter.answer:
        found["answer"] = letter.answer
    if letter.kept_from:
        found["kept_from"] = letter.kept_from
    elif letter.outside_of:
        found["outside_of"] = letter.outside_of
    elif letter.is_new and (tags := subject_tags(letter.message.subject)):
        found["stranger_to"] = tags[0]
    elif letter.part is not Part.TAKES_PART and letter.message.bounce is None:
        found["part"] = letter.part.value
    if letter.is_guessed:
        found["joined_by"] = "subject"
    if bounce := letter.message.bounce:
        found["bounce"] = [
            {
                "address": one.address[:320],
                "status": one.status[:20],
                "action": one.action[:20],
                "diagnostic": one.diagnostic[:500],
            }
            for one in bounce.recipients[:20]
        ]
    return found


def _tags(names: Sequence[str], *, tenant_id: int) -> list[Any]:
    # More than one mail of a batch may want more than a ticket may have.
    found: list[Any] = []
    for start in range(0, len(names), 20):
        found += Tag.objects.named(names[start : start + 20], tenant_id=tenant_id)
    return found
