"""What the rules of a tenant make of a mail: in their order, each with its reason, until one says stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from mailboxes.parsing import ParsedMessage
from tickets.policies.expressions import TooCostly
from tickets.policies.loops import Kind, Treatment, Verdict
from tickets.policies.patterns import pattern
from tickets.policies.trust import Level, Trust

#: Headers in which servers on the way have noted whom the mail was really for.
_DELIVERED: Final = (
    "delivered-to",
    "x-original-to",
    "x-forwarded-to",
    "x-ms-exchange-organization-originaltorecipients",
)
#: Every word a verdict may be: what sort of mail it is, how it is treated, how far its sender is proven.
VERDICTS: Final = (
    *(one.value for one in Kind),
    *(one.value for one in Treatment),
    *(f"sender_{one.value}" for one in Level),
)
#: Whose values a rule may look at of one header. Several lines of one name are looked at one by one.
MAX_LINES: Final = 50
SHOWN_CHARS: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a mail must have; "" and None ask nothing. Patterns are globs or /regular expressions/."""

    sender: str = ""
    recipient: str = ""
    subject: str = ""
    body: str = ""
    #: "Name: pattern"; the name alone asks whether the header is there.
    header: str = ""
    attachment: str = ""
    verdict: str = ""
    has_attachment: bool | None = None
    min_bytes: int | None = None
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """What happens to a mail that fits; None, "" and False leave things as they are."""

    queue_id: int | None = None
    assignee_id: int | None = None
    priority: int | None = None
    tags: tuple[str, ...] = ()
    is_unanswered: bool = False
    discard: str = ""
    is_last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    pk: int
    name: str
    conditions: Conditions
    actions: Actions
    #: The actions as a sentence, for the ledger.
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A mail as rules see it."""

    senders: Sequence[str]
    recipients: Sequence[str]
    subject: str
    body: str
    message: ParsedMessage
    size_bytes: int
    attachments: Sequence[str]
    verdicts: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one rule did with a mail, and why."""

    pk: int
    name: str
    has_acted: bool
    why: str
    told: str = ""

    def as_json(self) -> dict[str, object]:
        return {"rule": self.pk, "name": self.name, "why": self.why, "told": self.told}


@dataclass(slots=True)
class Outcome:
    """All that the rules want, and the way there."""

    queue_id: int | None = None
    assignee_id: int | None = None
    priority: int | None = None
    tags: list[str] = field(default_factory=list)
    is_unanswered: bool = False
    discard: str = ""
    steps: list[Step] = field(default_factory=list)

    def take(self, rule: Rule) -> None:
        """Add what a rule wants; a later rule has the last word, tags add up."""
        actions = rule.actions
        self.queue_id = actions.queue_id or self.queue_id
        self.assignee_id = actions.assignee_id or self.assignee_id
        self.priority = actions.priority or self.priority
        self.tags += [tag for tag in actions.tags if tag not in self.tags]
        self.is_unanswered |= actions.is_unanswered
        if actions.discard and not self.discard:
            self.discard = f"discarded by the rule {rule.name}: {actions.discard}"


def facts_of(
    message: ParsedMessage, *, verdict: Verdict, trust: Trust, mailbox_address: str, size_bytes: int
) -> Facts:
    """Gather what rules may ask about a mail."""
    people = [one.email for one in (*message.to, *message.cc)]
    named = [line for name in _DELIVERED for line in message.headers.get(name, ())[:MAX_LINES]]
    addresses = dict.fromkeys(one.strip(" <>").lower() for one in (*people, *named, mailbox_address) if one)
    sender = message.sender.email.lower()
    return Facts(
        senders=(sender, f"{message.sender.name} <{sender}>") if message.sender.name else (sender,),
        recipients=tuple(dict.fromkeys(form for one in addresses for form in _forms(one))),
        subject=message.subject,
        body=message.text,
        message=message,
        size_bytes=size_bytes,
        attachments=tuple(part.filename for part in message.parts if not part.is_inline),
        verdicts=(verdict.kind.value, verdict.treatment.value, f"sender_{trust.level.value}"),
    )


def decide(rules: Iterable[Rule], facts: Facts) -> Outcome:
    """Ask the rules in their order; every one that was asked leaves a step."""
    outcome = Outcome()
    for rule in rules:
        fits, why = _fits(rule.conditions, facts)
        told = rule.told if fits else ""
        outcome.steps.append(Step(pk=rule.pk, name=rule.name, has_acted=fits, why=why, told=told))
        if fits:
            outcome.take(rule)
            if rule.actions.is_last or rule.actions.discard:
                break
    return outcome


def _fits(conditions: Conditions, facts: Facts) -> tuple[bool, str]:
    """Ask the conditions, the cheap ones first; gives what decided."""
    reasons = []
    for fits, why in _answers(conditions, facts):
        if not fits:
            return False, why
        reasons.append(why)
    return True, "; ".join(reasons) or "it asks for nothing, so it fits every mail"


def _answers(conditions: Conditions, facts: Facts) -> Iterator[tuple[bool, str]]:
    if conditions.has_attachment is not None:
        has_one = bool(facts.attachments)
        yield has_one == conditions.has_attachment, "it has a file" if has_one else "it has no file"
    if conditions.min_bytes is not None:
        yield facts.size_bytes >= conditions.min_bytes, f"it has {facts.size_bytes} bytes"
    if conditions.max_bytes is not None:
        yield facts.size_bytes <= conditions.max_bytes, f"it has {facts.size_bytes} bytes"
    asked: list[tuple[str, str, Callable[[], Sequence[str]]]] = [
        ("verdict", conditions.verdict, lambda: facts.verdicts),
        ("sender", conditions.sender, lambda: facts.senders),
        ("recipient", conditions.recipient, lambda: facts.recipients),
        ("subject", conditions.subject, lambda: [facts.subject]),
        ("file name", conditions.attachment, lambda: facts.attachments),
    ]
    for what, text, values in asked:
        if text:
            yield _found(what, text, values())
    if conditions.header:
        name, _, text = (part.strip() for part in conditions.header.partition(":"))
        yield _found(f"header {name}", text or "*", facts.message.headers.get(name.lower(), ())[:MAX_LINES])
    if conditions.body:
        yield _found("text", conditions.body, [facts.body])


def _found(what: str, text: str, values: Sequence[str]) -> tuple[bool, str]:
    try:
        hit = next((value for value in values if pattern(text).fits(value)), None)
    except TooCostly:
        return False, f"the {what} would take too long to compare with {text}; write the expression simpler"
    if hit is None:
        return False, f"no {what} is like {text}"
    shown = hit if len(hit) <= SHOWN_CHARS and "\n" not in hit else ""
    return True, f"the {what} {shown} is like {text}" if shown else f"the {what} is like {text}"


def _forms(address: str) -> tuple[str, ...]:
    """Give an address as it is written, and without its plus-tag."""
    local, _, domain = address.rpartition("@")
    plain, plus, _tag = local.partition("+")
    return (address, f"{plain}@{domain}") if plus and plain else (address,)
