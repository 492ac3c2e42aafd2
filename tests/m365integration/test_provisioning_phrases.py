"""What customers read, from a provisioning document."""

from __future__ import annotations

from typing import Any

import pytest

from mailboxes.models import Mailbox
from tests.m365integration.test_provisioning import Json, Provision, changed, counts, provision
from tests.m365integration.test_provisioning_faults import faults
from tickets.models import CannedAnswer, Queue
from tickets.models.queue import DEFAULT_TEXT

__all__ = ["provision"]

pytestmark = pytest.mark.django_db
QUEUE = "tenants[0].queues[0].acknowledge"


def with_queue(**acknowledge: Any) -> Json:
    return changed("tenants.0.queues", [{"name": "Support", "acknowledge": acknowledge}])


def test_acknowledgement_of_a_queue_is_set(provision: Provision) -> None:
    provision(with_queue(active=True, subject="[#{reference}]", text="Hello {requester_name},\r\n\nthanks."))
    queue = Queue.objects.get()
    assert (queue.answers_automatically, queue.auto_answer_subject) == (True, "[#{reference}]")
    assert queue.auto_answer_text == "Hello {requester_name},\n\nthanks."


def test_what_is_left_out_stays_and_a_new_queue_is_silent(provision: Provision) -> None:
    provision(with_queue())
    assert (Queue.objects.get().answers_automatically, Queue.objects.get().auto_answer_text) == (
        False,
        DEFAULT_TEXT,
    )
    provision(with_queue(active=True, text="Thanks."))
    again = provision(with_queue())
    assert (Queue.objects.get().answers_automatically, Queue.objects.get().auto_answer_text) == (
        True,
        "Thanks.",
    )
    assert counts(again, "updated") == {}


def test_unknown_placeholder_is_named(provision: Provision) -> None:
    """S0-32."""
    answer = provision(with_queue(text="Dear {requestor_name}"))
    assert faults(answer) == [(f"{QUEUE}.text", "placeholder_unknown")]
    assert "{requestor_name}; did you mean {requester_name}?" in str(answer)


def test_acknowledgement_without_words_is_refused(provision: Provision) -> None:
    answer = provision(with_queue(active=True, text=" "))
    assert faults(answer) == [(f"{QUEUE}.text", "missing")]


def test_footer_of_a_mailbox_is_set_in_lines_and_checked(provision: Provision) -> None:
    provision(changed("tenants.0.mailboxes.0.outbound.footer", "{agent_name}\n{organisation}"))
    assert Mailbox.objects.get().outbound_footer == "{agent_name}\n{organisation}"
    answer = provision(changed("tenants.0.mailboxes.0.outbound.footer", "{style}"))
    assert faults(answer) == [("tenants[0].mailboxes[0].outbound.footer", "placeholder_unknown")]


def with_canned(*answers: Any) -> Json:
    return changed("tenants.0.canned_answers", list(answers))


def test_canned_answers_become_rows_and_stay_as_they_are(provision: Provision) -> None:
    everywhere = {"name": "Unplug", "text": "Dear {requester_name},\nunplug it."}
    answers = (everywhere, {"name": "Money", "queue": "Support", "text": "It is free."})
    assert counts(provision(with_canned(*answers)), "created")["canned_answers"] == 2
    assert counts(provision(with_canned(*answers)), "updated") == {}
    money, unplug = CannedAnswer.objects.order_by("name")
    assert (money.queue.name, unplug.queue) == ("Support", None)
    assert unplug.text == "Dear {requester_name},\nunplug it."


@pytest.mark.parametrize(
    ("answer", "path", "code"),
    [
        ({"name": "Unplug", "text": "{style}"}, ".text", "placeholder_unknown"),
        ({"name": "Unplug"}, ".text", "missing"),
        ({"name": "Unplug", "text": "x", "queue": "Nowhere"}, ".queue", "queue_unknown"),
        ({"text": "x"}, ".name", "missing"),
    ],
)
def test_canned_answer_at_fault_is_named(provision: Provision, answer: Json, path: str, code: str) -> None:
    assert (f"tenants[0].canned_answers[0]{path}", code) in faults(provision(with_canned(answer)))
