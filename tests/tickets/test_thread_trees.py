"""Conversations of other projects' corpora, when they lie beside this repository: all of them are right."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mailboxes.models import Mailbox
from tests import factories
from tickets.filing import file_for
from tickets.models import Entry

TREES = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "threads"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not TREES.is_dir(), reason="The corpora are not beside the repository."),
]


def items() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        json.loads((TREES / "manifest.json").read_text())["items"] if TREES.is_dir() else []
    )
    return found


def mails(mbox: bytes) -> list[bytes]:
    """Take a mailbox file apart; the line that starts a mail is no header of it."""
    return [one for one in re.split(rb"^From .*\r?\n", mbox, flags=re.MULTILINE) if one.strip()]


@pytest.mark.parametrize("is_one_batch", [True, False])
@pytest.mark.parametrize("item", items(), ids=lambda item: item["file"])
def test_mails_of_a_conversation_meet_and_no_others(
    mailbox: Mailbox, item: dict[str, Any], is_one_batch: bool
) -> None:
    for raw in mails((TREES / item["file"]).read_bytes()):
        factories.InboundMessageFactory(mailbox=mailbox, raw=raw)
        if not is_one_batch:
            file_for(mailbox)
    file_for(mailbox)
    tickets = list(Entry.objects.order_by("inbound_id").values_list("ticket_id", flat=True))
    found = [{tickets[number - 1] for number in group} for group in item["expected"]["groups"]]
    assert [len(group) for group in found] == [1] * len(found)
    assert len(set.union(*found)) == len(found)
