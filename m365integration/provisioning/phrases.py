"""Read what customers are told: the acknowledgement of a queue, and canned answers."""

from __future__ import annotations

from collections.abc import Collection

from m365integration.provisioning.node import Node, Seen, field_of
from m365integration.provisioning.plan import CannedAnswerPlan, Columns, QueuePlan
from tickets.models import CannedAnswer, Queue


def read_queue(node: Node, seen: Seen) -> QueuePlan | None:
    """Check a queue; None when nothing can be made of it."""
    node.allow("name", "acknowledge")
    columns = _acknowledge(node.child("acknowledge"))
    name = node.column("name", field_of(Queue, "name"), is_required=True)
    if name is None or not seen.is_new(node, "name", (Queue, name)):
        return None
    return QueuePlan(name=name, columns=columns)


def _acknowledge(node: Node) -> Columns:
    """Read what a customer is told when his mail has arrived."""
    node.allow("active", "subject", "text")
    node.flag("active", "answers_automatically")
    node.column("subject", field_of(Queue, "auto_answer_subject"))
    node.column("text", field_of(Queue, "auto_answer_text"), is_prose=True)
    for key in ("subject", "text"):
        if node.columns.get(f"auto_answer_{key}") == "" and node.columns.get("answers_automatically"):
            node.fault(key, "missing", "Write what the customer reads, or switch the acknowledgement off.")
    return node.columns


def read_canned_answer(node: Node, queues: Collection[str], seen: Seen) -> CannedAnswerPlan | None:
    """Check a canned answer; without a queue it is for all of them."""
    node.allow("name", "queue", "text")
    queue = node.name_of("queue", queues, what="queue")
    node.column("text", field_of(CannedAnswer, "text"), is_required=True, is_prose=True)
    columns = {**node.columns, "queue": queue}
    name = node.column("name", field_of(CannedAnswer, "name"), is_required=True)
    if name is None or not seen.is_new(node, "name", (CannedAnswer, name)):
        return None
    return CannedAnswerPlan(name=name, columns=columns)
