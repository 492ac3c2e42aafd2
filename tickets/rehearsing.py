"""Flow: what the rules of today would make of a mail that is in the ledger. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailboxes.models import InboundMessage
from mailboxes.parsing import Unparseable
from tenants.whom import for_its_tenant
from tickets.conversations import Conversations, Letter
from tickets.filing import Filer
from tickets.policies import rules as policy
from tickets.policies.loops import Treatment
from tickets.sorting import outcome_of, rules_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """One mail with what is known of it and what each rule does; `why_not` when it cannot be read."""

    row: InboundMessage
    letter: Letter | None = None
    steps: Sequence[policy.Step] = ()
    #: A sentence about the end: suspended, discarded, or filed.
    end: str = ""
    why_not: str = ""


@for_its_tenant
def rehearse(row: InboundMessage) -> Rehearsal:
    """Ask the rules in force about one mail of the ledger."""
    try:
        letter = read(row)
    except (Unparseable, OSError) as error:
        reason = str(error) if isinstance(error, Unparseable) else "Its bytes are not in storage."
        return Rehearsal(row=row, why_not=reason)
    return rehearsed(letter, rules_of(row.tenant_id))


def rehearsed(letter: Letter, rules: Sequence[policy.Rule]) -> Rehearsal:
    """Ask the rules about a mail that has been read."""
    row = letter.row
    if letter.verdict.treatment is Treatment.SUSPEND:
        return Rehearsal(row=row, letter=letter, end=f"suspended, no rule is asked: {letter.verdict.reason}")
    outcome = outcome_of(rules, letter)
    # As filing does: what an approver answers counts for more than any rule.
    is_asked_for = outcome.discard and Conversations(row.tenant_id, [letter]).request_of(letter) is not None
    end = "filed on a ticket" if is_asked_for else outcome.discard or "filed on a ticket"
    return Rehearsal(row=row, letter=letter, steps=outcome.steps, end=end)


def read(row: InboundMessage) -> Letter:
    """Read a stored mail as filing would. Raises Unparseable and OSError."""
    if not row.raw_path:
        raise FileNotFoundError(row.pk)
    letter = Filer(row.tenant_id, mailboxes=[row.mailbox]).letter_of(row)
    for part in letter.message.parts:
        part.content.discard()
    return letter
