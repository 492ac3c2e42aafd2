"""reply: an answer is queued from the console, with files, or refused with what to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailboxes.models import OutboundMessage
from tests.factories import MailboxFactory, TicketFactory
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

Answer = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _storage_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.RAW_FSYNC = tmp_path / "media", False


def ticket(**values: Any) -> Ticket:
    mailbox = MailboxFactory(**{"outbound_transport": "graph", **values})
    made: Ticket = TicketFactory(tenant=mailbox.tenant, mailbox=mailbox)
    return made


def test_an_answer_is_queued_and_its_line_printed(answer: Answer) -> None:
    asked = ticket()
    told = answer("reply", asked.reference, "--text", "Unplug it.")
    assert (told["exit"], told["state"], told["ticket"]) == (0, "queued", asked.reference)
    assert told["to"] == [{"name": "Ada Byron", "email": "ada@fabrikam.example"}]


def test_files_go_along(answer: Answer, tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(b"%PDF")
    answer("reply", ticket().reference, "--text", "See this.", "--attach", str(tmp_path / "scan.pdf"))
    (file,) = OutboundMessage.objects.get().files
    assert (file["name"], file["content_type"], file["size_bytes"]) == ("scan.pdf", "application/pdf", 4)


def test_several_files_stand_behind_one_attach_or_several(answer: Answer, tmp_path: Path) -> None:
    first, second, third = (str(tmp_path / name) for name in ("a.txt", "b.txt", "empty.txt"))
    for name in (first, second, third):
        Path(name).write_bytes(b"" if name == third else b"text")
    told = answer(
        "reply", ticket().reference, "--text", "See these.", "--attach", first, second, "--attach", third
    )
    files = OutboundMessage.objects.get().files
    assert (told["exit"], [file["size_bytes"] for file in files]) == (0, [4, 4, 0])


def test_a_mailbox_that_sends_nothing_refuses_with_a_sentence(answer: Answer) -> None:
    told = answer("reply", ticket(outbound_transport="none").reference, "--text", "Hello")
    assert (told["exit"], told["errors"][0]["code"]) == (1, "outbound_off")
    assert "choose Microsoft Graph" in told["errors"][0]["message"]


def test_an_unknown_ticket_and_a_missing_file_are_named(answer: Answer) -> None:
    unknown = answer("reply", "CON-AAAAAAAAAA", "--text", "Hello")
    missing = answer("reply", ticket().reference, "--text", "Hello", "--attach", "nowhere.pdf")
    assert unknown["errors"][0]["code"] == "ticket_missing"
    assert missing["errors"][0]["path"] == "attach[0]"
