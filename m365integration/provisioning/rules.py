"""Read the rules of a tenant: their order in the document is the order in which they are asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from m365integration.provisioning.node import Node, Seen, field_of
from m365integration.provisioning.plan import RulePlan
from tickets.models import Rule, Ticket
from tickets.models.rule import check_verdict
from tickets.models.tag import MAX_NAME, MAX_TAGS

#: Room between two places for a rule that staff put there by hand.
STEP: Final = 10
_IF: Final = {
    "from": "sender",
    "to": "recipient",
    "subject": "subject",
    "body": "body",
    "header": "header",
    "attachment": "attachment",
    "verdict": "verdict",
}
_SIZES: Final = ("larger_than_kb", "smaller_than_kb")
_THEN: Final = ("queue", "assignee", "tags", "priority", "answer", "discard", "stop")
_PRIORITIES: Final = {choice.name.lower(): choice.value for choice in Ticket.Priority}
#: Larger than any mail; the column's own end. KB.
MAX_SIZE_KB: Final = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a rule may name."""

    queues: Collection[str]
    usernames: Collection[str]


def read_rules(tenant: Node, around: Around, seen: Seen) -> tuple[RulePlan, ...]:
    """Check the rules of a tenant; every condition and action that is left out asks, or does, nothing."""
    found = (
        _rule(node, (place + 1) * STEP, around, seen) for place, node in enumerate(tenant.children("rules"))
    )
    return tuple(plan for plan in found if plan is not None)


def _rule(node: Node, place: int, around: Around, seen: Seen) -> RulePlan | None:
    node.allow("name", "if", "then", "active")
    name = node.column("name", field_of(Rule, "name"), is_required=True)
    node.columns.pop("name", None)
    columns = _blank() | {"place": place, "is_active": True}
    node.flag("active", "is_active")
    conditions, actions = node.child("if"), node.child("then")
    _read_conditions(conditions)
    _read_actions(actions, around)
    columns |= node.columns | conditions.columns | actions.columns
    if name is None or not seen.is_new(node, "name", (Rule, name)):
        return None
    return RulePlan(name=name, columns=columns)


def _blank() -> dict[str, object]:
    """Give every column its empty value: what a document leaves out of a rule is not part of the rule."""
    texts = dict.fromkeys([*_IF.values(), "discard"], "")
    nothing = dict.fromkeys([*_SIZES, "has_attachment", "queue", "assignee", "priority"])
    return {**texts, **nothing, "tags": [], "is_unanswered": False, "is_last": False}


def _read_conditions(node: Node) -> None:
    node.allow(*_IF, "has_attachment", *_SIZES)
    for key, column in _IF.items():
        node.column(key, field_of(Rule, column), check=check_verdict if column == "verdict" else None)
    node.flag("has_attachment", "has_attachment")
    for key in _SIZES:
        value = node.values.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SIZE_KB:
            node.columns[key] = value
        elif value is not None:
            node.fault(key, "not_a_size", "Here must stand a whole number of kilobytes.")


def _read_actions(node: Node, around: Around) -> None:
    node.allow(*_THEN)
    for key, names, what in (
        ("queue", around.queues, "queue"),
        ("assignee", around.usernames, "member of staff"),
    ):
        name = node.name_of(key, names, what=what)
        if name is not None:
            node.columns[key] = name
    _read_priority(node)
    _read_tags(node)
    node.flag("answer", "is_unanswered")
    if "is_unanswered" in node.columns:
        node.columns["is_unanswered"] = not node.columns["is_unanswered"]
    node.column("discard", field_of(Rule, "discard"))
    node.flag("stop", "is_last")


def _read_priority(node: Node) -> None:
    name = node.text("priority")
    if name is None:
        return
    if name in _PRIORITIES:
        node.columns["priority"] = _PRIORITIES[name]
    else:
        node.fault("priority", "not_a_choice", f"Choose one of: {', '.join(_PRIORITIES)}.")


def _read_tags(node: Node) -> None:
    tags = node.values.get("tags")
    if tags is None:
        return
    is_list = isinstance(tags, list) and all(isinstance(tag, str) and tag.strip() for tag in tags)
    if not is_list or len(tags) > MAX_TAGS or any(len(tag) > MAX_NAME or "," in tag for tag in tags):
        node.fault(
            "tags", "not_tags", f'Here must stand a list of words, ["…"]: {MAX_TAGS} of {MAX_NAME} letters.'
        )
    else:
        node.columns["tags"] = [tag.strip().lower() for tag in tags]
