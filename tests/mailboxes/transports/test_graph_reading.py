"""What the Graph transport asks for when it lists and downloads, and what it makes of the answers."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from mailboxes.transports.base import Download, Ref
from mailboxes.transports.graph import SELECT, GraphInbound
from tenants.errors import BadAnswer, CursorExpired
from tests.mailboxes.transports.graph_wire import (
    DELTA,
    MAIL,
    USER,
    _no_old_connections,
    page,
    sample,
    template,
    transport,
    wire,
)

__all__ = ["_no_old_connections", "transport", "wire"]


class TestListing:
    def test_first_round_asks_for_all_that_is_created_and_filters_nothing(
        self, wire: responses.RequestsMock, transport: GraphInbound
    ) -> None:
        wire.get(DELTA, json=page(done=f"{DELTA}?$deltatoken=1"))
        list(transport.fetch("AQMk=", ""))
        asked = parse_qs(urlsplit(wire.calls[0].request.url or "").query)
        assert asked == {"$select": [SELECT], "changeType": ["created"]}

    def test_page_size_and_immutable_ids_are_asked_for_in_one_header(
        self, wire: responses.RequestsMock, transport: GraphInbound
    ) -> None:
        wire.get(DELTA, json=page(done="https://graph.microsoft.com/v1.0/done"))
        list(transport.fetch("AQMk=", ""))
        assert wire.calls[0].request.headers["Prefer"] == 'IdType="ImmutableId", odata.maxpagesize=100'

    def test_links_are_followed_as_they_are_and_the_last_is_the_cursor(
        self, wire: responses.RequestsMock, transport: GraphInbound
    ) -> None:
        following, done = f"{DELTA}?$skiptoken=a%2Bb%3D", f"{DELTA}?$deltatoken=c%2F"
        wire.get(DELTA, json=page(MAIL, following=following))
        wire.get(following, json=page(done=done))
        first, last = transport.fetch("AQMk=", "")
        assert (first.cursor, first.is_last, last.cursor, last.is_last) == (following, False, done, True)
        assert wire.calls[1].request.url == following

    def test_stored_cursor_is_asked_alone(
        self, wire: responses.RequestsMock, transport: GraphInbound
    ) -> None:
        stored = f"{DELTA}?$deltatoken=abc"
        wire.get(stored, json=page(done=stored))
        assert [batch.refs for batch in transport.fetch("AQMk=", stored)] == [()]
        assert wire.calls[0].request.url == stored

    def test_token_goes_to_no_other_host_than_graph(
        self, wire: responses.RequestsMock, transport: GraphInbound
    ) -> None:
        """S-56: a cursor stored for another address counts as forgotten."""
        with pytest.raises(CursorExpired):
            list(transport.fetch("AQMk=", "https://evil.example/v1.0/users/x/messages/delta?$deltatoken=1"))
        assert len(wire.calls) == 0

    def test_removed_items_and_drafts_are_left_out(
        self, wire: responses.RequestsMock, transport: GraphInbound
    ) -> None:
        """MT-185, MT-190"""
        gone = {"id": "AAgone=", "@removed": {"reason": "deleted"}}
        wire.get(
            DELTA, json=page(MAIL, gone, {**MAIL, "id": "AAdraft=", "isDraft": True}, {"subject": "no id"})
        )
        (batch,) = transport.fetch("AQMk=", "")
        assert [ref.remote_id for ref in batch.refs] == ["AAkALg="]

    def test_ids_that_differ_by_letter_case_are_two_mails(
        self, wire: responses.RequestsMock, transport: GraphInbound
    ) -> None:
        """MT-190"""
        wire.get(DELTA, json=page(MAIL, {**MAIL, "id": "AAkALG="}))
        (batch,) = transport.fetch("AQMk=", "")
        assert len({ref.remote_id for ref in batch.refs}) == 2

    def test_nulls_are_empty_texts(self, wire: responses.RequestsMock, transport: GraphInbound) -> None:
        """MT-185"""
        wire.get(
            DELTA,
            json=page(dict.fromkeys(MAIL) | {"id": "AAk="}, {"id": "AAl=", "from": {"emailAddress": None}}),
        )
        (batch,) = transport.fetch("AQMk=", "")
        assert [(ref.subject, ref.sender, ref.message_id) for ref in batch.refs] == [("", "", "")] * 2

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2026-11-02T09:30:00Z", datetime(2026, 11, 2, 9, 30, tzinfo=UTC)),
            ("2026-11-02T09:30:00.1234567Z", datetime(2026, 11, 2, 9, 30, tzinfo=UTC)),
            ("2026-11-02T09:30:00", datetime(2026, 11, 2, 9, 30, tzinfo=UTC)),
            ("0001-01-01T00:00:00Z", None),
            ("9999-12-31T23:59:59Z", None),
            ("yesterday", None),
            (None, None),
        ],
    )
    def test_impossible_time_counts_as_just_received(
        self,
        wire: responses.RequestsMock,
        transport: GraphInbound,
        text: str | None,
        expected: datetime | None,
    ) -> None:
        """MT-187"""
        wire.get(DELTA, json=page({**MAIL, "receivedDateTime": text}))
        (batch,) = transport.fetch("AQMk=", "")
        found = batch.refs[0].received_at
        assert found == expected if expected else datetime.now(UTC) - found < timedelta(minutes=1)

    @pytest.mark.parametrize("answer", [
        {"status": 410, "json": {"error": {"code": "SyncStateNotFound", "message": "x"}}},
        {"status": 410, "json": {"error": {"code": "resyncRequired", "message": "x"}}},
        {"status": 410, "body": ""},
        {"status": 400, "json": {"error": {"code": "SyncStateInvalid", "message": "x"}}},
        {"status": 400, "json": {"error": {"code": "BadRequest", "innerError": {"code": "syncStateNotFound"}}}},
    ])  # fmt: skip
    def test_forgotten_cursor_is_told_from_other_errors(
        self, wire: responses.RequestsMock, transport: GraphInbound, answer: dict[str, Any]
    ) -> None:
        """F-22, F-23"""
        wire.get(DELTA, **answer)
        with pytest.raises(CursorExpired):
            list(transport.fetch("AQMk=", f"{DELTA}?$deltatoken=old"))

    def test_listing_is_the_one_microsoft_documents(
        self, wire: responses.RequestsMock, transport: GraphInbound
    ) -> None:
        asked, answered = sample("api__message-delta")[1:3]
        following = answered["json"]["@odata.nextLink"].replace("{id}", "AQMk").replace("{_skipToken_}", "x")
        wire.get(DELTA, json={**answered["json"], "@odata.nextLink": following})
        batch = next(iter(transport.fetch("{id}".replace("{id}", "AQMk="), "")))
        ours = wire.calls[0].request
        assert [step for step in template(ours.url or "") if step != "AQMk="] == [
            step for step in template(asked["url"]) if step != "{id}"
        ]
        assert asked["headers"]["Prefer"].split("=")[0] in ours.headers["Prefer"]
        assert (batch.cursor, batch.is_last) == (following, False)


def fetched(transport: GraphInbound, remote_id: str, into: io.BytesIO) -> Download:
    ref = Ref(remote_id=remote_id, received_at=datetime(2026, 11, 2, tzinfo=UTC))
    ((bunch,),) = [list(transport.bunches([ref]))]
    (delivery,) = transport.download(bunch, open_file=lambda: into, max_bytes=100)
    assert delivery.remote_id == remote_id
    return delivery.download


class TestDownload:
    def test_bytes_go_to_the_file_with_their_hash(
        self, wire: responses.RequestsMock, transport: GraphInbound
    ) -> None:
        wire.get(f"{USER}/messages/AA%2F%2B%3D/$value", body=b"raw \x00\xff bytes", content_type="text/plain")
        into = io.BytesIO()
        got = fetched(transport, "AA/+=", into)
        assert (into.getvalue(), got.size_bytes, got.is_truncated) == (b"raw \x00\xff bytes", 12, False)
        assert len(got.sha256) == 64

    def test_mail_over_the_bound_is_cut_there(
        self, wire: responses.RequestsMock, transport: GraphInbound
    ) -> None:
        wire.get(f"{USER}/messages/AA/$value", body=b"x" * 101, content_type="text/plain")
        into = io.BytesIO()
        got = fetched(transport, "AA", into)
        assert (len(into.getvalue()), got.is_truncated, got.sha256) == (100, True, "")

    @pytest.mark.parametrize("answer", [
        {"body": "<html>Sign in to the hotel</html>", "content_type": "text/html; charset=utf-8"},
        {"body": b"", "content_type": "text/plain"},
    ])  # fmt: skip
    def test_page_or_nothing_is_not_taken_for_a_mail(
        self, wire: responses.RequestsMock, transport: GraphInbound, answer: dict[str, Any]
    ) -> None:
        """F-35"""
        wire.get(f"{USER}/messages/AA/$value", **answer)
        with pytest.raises(BadAnswer):
            fetched(transport, "AA", io.BytesIO())
