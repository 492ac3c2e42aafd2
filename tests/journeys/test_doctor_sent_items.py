"""The step of an examination about Sent Items: whether answers from Outlook can be seen, and why none ever were."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mailboxes.models import Folder
from tests.factories import InboundMessageFactory
from tests.journeys.customer import Customer
from tests.journeys.test_doctor import granted, run

__all__ = ["granted"]
pytestmark = [pytest.mark.journey, pytest.mark.django_db]


def sent_items(customer: Customer) -> dict[str, Any]:
    document, is_ok = run(customer.mailbox.address)
    assert is_ok
    (found,) = [one for one in document["mailboxes"][0]["checks"] if one["id"] == "sent_items"]
    return found


def test_sent_items_is_left_alone_where_nobody_wants_it(granted: Customer) -> None:
    found = sent_items(granted)
    assert (found["status"], found["code"]) == ("skip", "sent_items_off")
    assert not any("sentitems" in target for target in granted.control.targets())


def test_sent_items_says_how_far_it_was_read(granted: Customer) -> None:
    granted.change(reads_sent=True)
    assert sent_items(granted)["code"] == "sent_items_unread"
    granted.sync()
    since = Folder.objects.get(mailbox=granted.mailbox, purpose=Folder.Purpose.SENT).since_at
    assert f"read since {since:%Y-%m-%d}, nothing from Outlook yet" in sent_items(granted)["detail"]
    InboundMessageFactory(mailbox=granted.mailbox, is_sent=True)
    found = sent_items(granted)
    assert (found["status"], "latest mail of" in found["detail"]) == ("ok", True)


@pytest.mark.parametrize(("kind", "code"), [("shared", "sent_items_silent"), ("user", None)])
def test_silent_sent_items_of_a_shared_mailbox_names_exchanges_switch(
    granted: Customer, kind: str, code: str | None
) -> None:
    """Exchange keeps the copy with whoever wrote it, unless it is told otherwise."""
    granted.control(f"{granted.path}/kind", {"kind": kind})
    granted.change(reads_sent=True)
    granted.sync()
    sent = Folder.objects.filter(mailbox=granted.mailbox, purpose=Folder.Purpose.SENT)
    sent.update(since_at=timezone.now() - timedelta(days=8))
    found = sent_items(granted)
    assert found["code"] == code
    assert ("-MessageCopyForSentAsEnabled $true" in found["detail"]) is bool(code)


def test_sent_items_that_may_not_be_read_is_told_and_stops_nothing(granted: Customer) -> None:
    granted.change(reads_sent=True)
    refusal = {"status": 403, "code": "ErrorAccessDenied"}
    granted.control.fault("status", path="/mailFolders/sentitems", options=refusal)
    found = sent_items(granted)
    assert (found["status"], found["code"]) == ("warn", "ErrorAccessDenied")
