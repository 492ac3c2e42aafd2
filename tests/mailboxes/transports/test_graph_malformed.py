"""Answers of Graph that are JSON and not what Graph documents: each is a BadAnswer, or costs nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import responses

from mailboxes.transports.base import Step
from mailboxes.transports.graph import GraphInbound
from mailboxes.transports.graph_out import LARGE_BYTES, GraphOutbound
from tenants.errors import BadAnswer, TokenRefused
from tenants.microsoft.login import refusal
from tenants.microsoft.upload import reached
from tests.mailboxes.transports.graph_wire import DELTA, MAIL, _no_old_connections, page, transport, wire

__all__ = ["_no_old_connections", "transport", "wire"]

Call = Callable[[GraphInbound], object]
LISTS: list[dict[str, Any]] = [
    {},
    {"value": None},
    {"value": 7},
    {"value": {}},
    {"value": ["x"]},
    {"value": [None]},
]
IDS: list[dict[str, Any]] = [{}, {"id": None}, {"id": 7}, {"id": ""}, {"id": ["x"]}]
INBOX = {"id": "AQ=", "displayName": "Inbox"}


def sends(transport: GraphInbound) -> GraphOutbound:
    return GraphOutbound(transport.client, address="help@contoso.example")


def ask(wire: responses.RequestsMock, transport: GraphInbound, call: Call, answer: dict[str, Any]) -> object:
    for method in (responses.GET, responses.POST):
        wire.add(method, re.compile(r"https://graph\.microsoft\.com/.*"), json=answer)
    return call(transport)


@pytest.mark.parametrize("answer", LISTS)
@pytest.mark.parametrize("call", [
    lambda graph: list(graph.fetch("AQMk=", "")), lambda graph: graph.folders(),
    lambda graph: graph.find_folder("Desk"), lambda graph: sends(graph).attached("AA="),
    lambda graph: sends(graph).find(remote_id="", message_id="<a@x>"),
])  # fmt: skip
def test_list_that_is_none_is_a_bad_answer(
    wire: responses.RequestsMock, transport: GraphInbound, call: Call, answer: dict[str, Any]
) -> None:
    with pytest.raises(BadAnswer, match="answer_malformed"):
        ask(wire, transport, call, {"@odata.deltaLink": DELTA, **answer})


@pytest.mark.parametrize("answer", IDS)
@pytest.mark.parametrize("call", [
    lambda graph: graph.find_folder("inbox"), lambda graph: sends(graph).draft(b"mail"),
    lambda graph: sends(graph).find(remote_id="AA=", message_id=""),
])  # fmt: skip
def test_object_without_its_id_is_a_bad_answer(
    wire: responses.RequestsMock, transport: GraphInbound, call: Call, answer: dict[str, Any]
) -> None:
    with pytest.raises(BadAnswer, match="answer_malformed"):
        ask(wire, transport, call, {"isDraft": True, **answer})


@pytest.mark.parametrize("answer", IDS)
def test_folder_of_a_list_without_its_id_is_a_bad_answer(
    wire: responses.RequestsMock, transport: GraphInbound, answer: dict[str, Any]
) -> None:
    with pytest.raises(BadAnswer, match="answer_malformed"):
        ask(
            wire,
            transport,
            lambda graph: graph.find_folder("Desk/New"),
            {"value": [{"displayName": "Desk", **answer}]},
        )


@pytest.mark.parametrize("answer", [
    page({**MAIL, "id": 7}), {"value": []}, {"value": [], "@odata.deltaLink": 7}, {"value": [], "@odata.nextLink": 7},
])  # fmt: skip
def test_page_that_cannot_be_gone_on_from_is_a_bad_answer(
    wire: responses.RequestsMock, transport: GraphInbound, answer: dict[str, Any]
) -> None:
    with pytest.raises(BadAnswer, match="answer_malformed"):
        ask(wire, transport, lambda graph: list(graph.fetch("AQMk=", "")), answer)


@pytest.mark.parametrize("name", ["internetMessageId", "receivedDateTime", "subject", "from"])
@pytest.mark.parametrize("value", [7, ["x"], {"emailAddress": 7}, "x", True])
def test_what_a_listing_says_of_a_mail_beside_its_id_keeps_no_mail_away(
    wire: responses.RequestsMock, transport: GraphInbound, name: str, value: object
) -> None:
    (batch,) = ask(wire, transport, lambda graph: list(graph.fetch("AQMk=", "")), page({**MAIL, name: value}))  # type: ignore[misc,attr-defined]
    (ref,) = batch.refs
    assert ref.remote_id == MAIL["id"]


@pytest.mark.parametrize("total", ["many", [1], {}])
def test_count_that_is_none_is_no_empty_folder(
    wire: responses.RequestsMock, transport: GraphInbound, total: object
) -> None:
    """A full inbox that may be a person's is held back by its count."""
    with pytest.raises(BadAnswer, match="answer_malformed"):
        ask(wire, transport, lambda graph: graph.find_folder("inbox"), {**INBOX, "totalItemCount": total})


@pytest.mark.parametrize("is_draft", [None, "no", 0])
def test_mail_that_is_not_said_to_be_no_draft_does_not_count_as_sent(
    wire: responses.RequestsMock, transport: GraphInbound, is_draft: object
) -> None:
    with pytest.raises(BadAnswer, match="answer_malformed"):
        ask(
            wire,
            transport,
            lambda graph: sends(graph).find(remote_id="AA=", message_id=""),
            {"id": "AA=", "isDraft": is_draft},
        )


@pytest.mark.parametrize("found", [7, "x", ["x"], {"a": 1}])
def test_marks_that_are_no_list_are_a_bad_answer(
    wire: responses.RequestsMock, transport: GraphInbound, found: object
) -> None:
    with pytest.raises(BadAnswer, match="answer_malformed"):
        ask(wire, transport, lambda graph: graph.marker("AQ="), {"singleValueExtendedProperties": found})


@pytest.mark.parametrize("found", [None, [], [{"value": 7}], [{}]])
def test_mark_that_is_no_text_is_none(
    wire: responses.RequestsMock, transport: GraphInbound, found: object
) -> None:
    assert (
        ask(wire, transport, lambda graph: graph.marker("AQ="), {"singleValueExtendedProperties": found})
        == ""
    )


@pytest.mark.parametrize("value", [7, None, {"a": 1}])
def test_purpose_that_is_no_word_is_none(
    wire: responses.RequestsMock, transport: GraphInbound, value: object
) -> None:
    assert ask(wire, transport, lambda graph: graph.purpose(), {"userPurpose": value}) == ""


@pytest.mark.parametrize("body", [None, 7, {}, {"value": 7}, {"value": None}])
def test_copy_that_cannot_be_looked_for_is_a_bad_answer(
    wire: responses.RequestsMock, transport: GraphInbound, body: object
) -> None:
    answer = {"responses": [{"id": "0", "status": 200, "body": body}]}
    with pytest.raises(BadAnswer, match="answer_malformed"):
        ask(wire, transport, lambda graph: graph.copied(["<a@x>"], "AQ="), answer)


@pytest.mark.parametrize(
    "found", [None, 7, {}, {"status": "200"}, {"status": None}, {"status": 400, "headers": 7, "body": 7}]
)
def test_step_without_a_readable_answer_has_an_error_of_its_own(
    wire: responses.RequestsMock, transport: GraphInbound, found: object
) -> None:
    answers = [{"id": "0", **found}] if isinstance(found, dict) else [found]
    errors = ask(
        wire, transport, lambda graph: graph.acknowledge(["AA="], Step.DELETE), {"responses": answers}
    )
    assert errors["AA="] is not None  # type: ignore[index]


@pytest.mark.parametrize("url", [None, 7, ""])
def test_session_without_an_address_is_a_bad_answer(
    wire: responses.RequestsMock, transport: GraphInbound, tmp_path: Path, url: object
) -> None:
    file = tmp_path / "large"
    with file.open("wb") as sparse:
        sparse.truncate(LARGE_BYTES)
    journal: Any = SimpleNamespace(alive=lambda: None)
    large: Any = SimpleNamespace(path=file, name="large", content_type="text/plain")
    with pytest.raises(BadAnswer, match="answer_malformed"):
        ask(
            wire,
            transport,
            lambda graph: sends(graph).attach("AA=", large, journal, url=""),
            {"uploadUrl": url},
        )


@pytest.mark.parametrize("ranges", [7, "0-", {"a": 1}])
def test_session_that_does_not_say_how_far_it_is_is_a_bad_answer(
    wire: responses.RequestsMock, transport: GraphInbound, ranges: object
) -> None:
    url = "https://graph.microsoft.com/v1.0/session"
    with pytest.raises(BadAnswer, match="answer_malformed"):
        ask(wire, transport, lambda graph: reached(url, client=graph.client), {"nextExpectedRanges": ranges})


@pytest.mark.parametrize("error", [["x"], {"code": "x"}, 7, None])
def test_refusal_of_any_shape_is_a_refusal(error: object) -> None:
    assert isinstance(refusal({"error": error}, {}, skew=timedelta(0)), TokenRefused)
