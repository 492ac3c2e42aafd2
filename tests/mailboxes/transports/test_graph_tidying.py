"""What the Graph transport asks for when it moves, marks, deletes, and looks for folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import responses

from mailboxes.governor import RunGate
from mailboxes.transports.base import Step
from mailboxes.transports.graph import GraphInbound
from tenants.errors import FolderGone, ItemGone, MailboxFull, Throttled
from tests.mailboxes.transports.graph_wire import (
    BATCH,
    USER,
    _no_old_connections,
    page,
    sample,
    template,
    transport,
    wire,
)

__all__ = ["_no_old_connections", "transport", "wire"]


Answers = Callable[..., None]


@pytest.fixture
def answers(wire: responses.RequestsMock) -> Answers:
    """Let the batch answer its items, in whatever order they are given here."""

    def give(*items: tuple[int, int, str]) -> None:
        shown = [
            {
                "id": str(place),
                "status": status,
                "headers": {},
                "body": {"error": {"code": code}} if code else {},
            }
            for place, status, code in items
        ]
        wire.post(BATCH, json={"responses": shown})

    return give


class TestAcknowledging:
    @pytest.mark.parametrize(
        ("step", "method", "end", "body"),
        [
            (Step.MOVE, "POST", "/move?$select=id", {"destinationId": "AQtarget="}),
            (Step.COPY, "POST", "/copy?$select=id", {"destinationId": "AQtarget="}),
            (Step.MARK_READ, "PATCH", "", {"isRead": True}),
            (Step.DELETE, "DELETE", "", None),
        ],
    )
    def test_each_step_is_one_item_of_a_batch(
        self, wire: responses.RequestsMock, transport: GraphInbound, answers: Answers,
        step: Step, method: str, end: str, body: dict[str, Any] | None,
    ) -> None:  # fmt: skip
        answers((0, 201, ""))
        transport.acknowledge(["AA/+="], step, folder_id="AQtarget=")
        (item,) = json.loads(wire.calls[0].request.body or b"")["requests"]
        assert (item["method"], item["url"]) == (
            method,
            f"/users/help%40contoso.example/messages/AA%2F%2B%3D{end}",
        )
        assert item.get("body") == body
        assert item["headers"]["Prefer"] == 'IdType="ImmutableId"'

    def test_move_is_the_one_microsoft_documents(
        self, wire: responses.RequestsMock, transport: GraphInbound, answers: Answers
    ) -> None:
        asked = sample("api__message-move")[1]
        answers((0, 201, ""))
        transport.acknowledge(["AAMk"], Step.MOVE, folder_id="AQtarget=")
        (item,) = json.loads(wire.calls[0].request.body or b"")["requests"]
        assert (item["method"], set(item["body"])) == (asked["method"], set(asked["json"]))
        assert template(item["url"])[-1] == template(asked["url"])[-1]

    def test_batch_is_the_one_microsoft_documents(
        self, wire: responses.RequestsMock, transport: GraphInbound, answers: Answers
    ) -> None:
        theirs = next(
            one for one in sample("concepts__json-batching") if "requests" in (one.get("json") or {})
        )
        answers((0, 200, ""))
        transport.acknowledge(["AAMk"], Step.MARK_READ)
        (item,) = json.loads(wire.calls[0].request.body or b"")["requests"]
        known = {key for one in theirs["json"]["requests"] for key in one} | {"headers", "body", "id"}
        assert set(item) <= known

    def test_each_mail_gets_its_own_answer_in_whatever_order_they_come(
        self, transport: GraphInbound, answers: Answers
    ) -> None:
        answers((2, 507, "ErrorQuotaExceeded"), (0, 201, ""), (1, 429, "ApplicationThrottled"))
        found = transport.acknowledge(["a", "b", "c"], Step.DELETE)
        assert found["a"] is None
        assert isinstance(found["b"], Throttled)
        assert isinstance(found["c"], MailboxFull)

    def test_batch_is_as_large_as_the_seats_allow(self, transport: GraphInbound) -> None:
        """Exchange runs four requests of a batch at once; with a visitor in a seat only three may be."""
        assert (transport.steps_at_once, transport.lanes) == (20, 4)
        transport.gate = RunGate(has_visitor=True)
        assert (transport.steps_at_once, transport.lanes) == (3, 3)

    def test_mail_without_an_answer_is_not_done(self, transport: GraphInbound, answers: Answers) -> None:
        answers((0, 201, ""))
        found = transport.acknowledge(["a", "b"], Step.DELETE)
        assert found["b"] is not None
        assert found["b"].code == "answer_missing"

    def test_mail_that_is_gone_is_told_as_gone(
        self, wire: responses.RequestsMock, transport: GraphInbound, answers: Answers
    ) -> None:
        """F-04"""
        answers((0, 404, "ErrorItemNotFound"))
        wire.get(f"{USER}/mailFolders/AQtarget%3D", json={"id": "AQtarget="})
        found = transport.acknowledge(["a"], Step.MOVE, folder_id="AQtarget=")
        assert isinstance(found["a"], ItemGone)

    def test_target_that_is_gone_is_told_from_a_mail_that_is_gone(
        self, wire: responses.RequestsMock, transport: GraphInbound, answers: Answers
    ) -> None:
        """Graph answers both with the same code."""
        answers((0, 404, "ErrorItemNotFound"), (1, 201, ""))
        wire.get(f"{USER}/mailFolders/AQtarget%3D", status=404, json={"error": {"code": "ErrorItemNotFound"}})
        found = transport.acknowledge(["a", "b"], Step.MOVE, folder_id="AQtarget=")
        assert isinstance(found["a"], FolderGone)
        assert found["b"] is None


class TestFolders:
    def test_well_known_name_is_asked_for_directly(
        self, wire: responses.RequestsMock, transport: GraphInbound
    ) -> None:
        wire.get(
            f"{USER}/mailFolders/inbox",
            json={"id": "AQinbox", "displayName": "Posteingang", "totalItemCount": 7},
        )
        seen = transport.find_folder(" Inbox ")
        assert (seen.remote_id, seen.display_name, seen.total) == ("AQinbox", "Posteingang", 7)

    def test_path_is_walked_name_by_name_over_all_pages(
        self, wire: responses.RequestsMock, transport: GraphInbound
    ) -> None:
        more = f"{USER}/mailFolders?$skip=100"
        wire.get(f"{USER}/mailFolders", json=page({"id": "A", "displayName": "Other"}, following=more))
        wire.get(more, json=page({"id": "B", "displayName": "Support"}))
        wire.get(f"{USER}/mailFolders/B/childFolders", json=page({"id": "C", "displayName": "Eingang"}))
        assert transport.find_folder("support/EINGANG").remote_id == "C"

    def test_missing_folder_is_made_where_it_may_be(
        self, wire: responses.RequestsMock, transport: GraphInbound
    ) -> None:
        wire.get(f"{USER}/mailFolders", json=page())
        wire.post(f"{USER}/mailFolders", status=201, json={"id": "N", "displayName": "Processed"})
        assert transport.find_folder("Processed", create=True).remote_id == "N"
        assert json.loads(wire.calls[-1].request.body or b"") == {"displayName": "Processed"}

    def test_folder_that_somebody_made_first_is_used(
        self, wire: responses.RequestsMock, transport: GraphInbound
    ) -> None:
        wire.get(f"{USER}/mailFolders", json=page())
        wire.post(f"{USER}/mailFolders", status=409, json={"error": {"code": "ErrorFolderExists"}})
        wire.get(f"{USER}/mailFolders", json=page({"id": "T", "displayName": "processed"}))
        assert transport.find_folder("Processed", create=True).remote_id == "T"

    @pytest.mark.parametrize("path", ["Nowhere", "", "/", "Support//Incoming"])
    def test_folder_that_cannot_be_is_named(
        self, wire: responses.RequestsMock, transport: GraphInbound, path: str
    ) -> None:
        wire.get(f"{USER}/mailFolders", json=page({"id": "S", "displayName": "Support"}))
        wire.get(f"{USER}/mailFolders/S/childFolders", json=page())
        with pytest.raises(FolderGone) as caught:
            transport.find_folder(path)
        assert caught.value.code == "folder_missing"

    def test_tree_is_listed_with_its_paths(
        self, wire: responses.RequestsMock, transport: GraphInbound
    ) -> None:
        wire.get(
            f"{USER}/mailFolders", json=page({"id": "S", "displayName": "Support", "childFolderCount": 1})
        )
        wire.get(f"{USER}/mailFolders/S/childFolders", json=page({"id": "I", "displayName": "Incoming"}))
        assert [folder.path for folder in transport.folders()] == ["Support", "Support/Incoming"]
