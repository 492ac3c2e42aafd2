"""Outgoing mail over Graph against answers that lack what they promise: nothing is taken for sent, or for absent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import responses

from mailboxes.transports.graph_out import LARGE_BYTES, GraphOutbound
from mailboxes.transports.outgoing import Found
from tenants.errors import BadAnswer
from tenants.microsoft.clouds import cloud
from tenants.microsoft.graph import GraphClient
from tests.mailboxes.transports.graph_wire import USER, _no_old_connections, wire

__all__ = ["_no_old_connections", "wire"]

SEEN = {"id": "AAkALg=", "isDraft": False, "internetMessageId": "<a@x>"}


class Journal:
    """Notes nothing: these answers come before anything is worth a note."""

    def alive(self) -> None: ...

    def next_piece(self) -> None: ...

    def asking(self, refused: Any = None) -> None: ...

    def drafted(self, *, remote_id: str, message_id: str) -> None: ...

    def uploading(self, name: str, url: str) -> None: ...


class Kept:
    name = "photo.jpg"
    content_type = "image/jpeg"

    def __init__(self, folder: Path) -> None:
        self.path = folder / self.name
        self.path.write_bytes(bytes(LARGE_BYTES))


@pytest.fixture
def outbound() -> GraphOutbound:
    client = GraphClient(cloud=cloud("global"), token=lambda refused: "token")
    return GraphOutbound(client, address="help@contoso.example")


@pytest.mark.parametrize(
    "answer", [{}, SEEN | {"isDraft": None}, SEEN | {"isDraft": "false"}, SEEN | {"id": ""}, SEEN | {"id": 7}]
)
def test_answer_that_says_nothing_of_a_mail_is_no_proof_of_it(
    outbound: GraphOutbound, wire: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    wire.get(f"{USER}/messages/AAkALg%3D", json=answer)
    wire.get(f"{USER}/messages", json={"value": [answer]})
    for known in ("AAkALg=", ""):
        with pytest.raises(BadAnswer, match="answer_malformed"):
            outbound.find(remote_id=known, message_id="<a@x>")


@pytest.mark.parametrize("answer", [{}, {"value": None}, {"value": {"id": "x"}}, {"value": ["x"]}])
def test_answer_without_a_list_is_no_empty_one(
    outbound: GraphOutbound, wire: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    """A mail that is there would be drafted, and its files attached, a second time."""
    wire.get(f"{USER}/messages", json=answer)
    wire.get(f"{USER}/messages/AAkALg%3D/attachments", json=answer)
    with pytest.raises(BadAnswer, match="answer_malformed"):
        outbound.find(remote_id="", message_id="<a@x>")
    with pytest.raises(BadAnswer, match="answer_malformed"):
        outbound.attached("AAkALg=")


@pytest.mark.parametrize("answer", [{}, {"id": None, "uploadUrl": None}, {"id": "", "uploadUrl": ""}])
def test_draft_and_upload_session_without_a_name_are_bad_answers(
    outbound: GraphOutbound, wire: responses.RequestsMock, tmp_path: Path, answer: dict[str, Any]
) -> None:
    wire.post(f"{USER}/messages", json=answer)
    wire.post(f"{USER}/messages/AAkALg%3D/attachments/createUploadSession", json=answer)
    with pytest.raises(BadAnswer, match="answer_malformed"):
        outbound.draft(b"From: a@x\r\n\r\n")
    with pytest.raises(BadAnswer, match="answer_malformed"):
        outbound.attach("AAkALg=", Kept(tmp_path), Journal(), url="")


def test_sent_mail_and_draft_are_told_apart(outbound: GraphOutbound, wire: responses.RequestsMock) -> None:
    wire.get(f"{USER}/messages", json={"value": [SEEN | {"isDraft": True}, SEEN]})
    assert outbound.find(remote_id="", message_id="<a@x>").found is Found.SENT
