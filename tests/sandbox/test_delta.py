"""Graph: delta rounds over a folder."""

from typing import Any

import pytest

from tests.sandbox.client import ADDRESS, Client, Json

INBOX = "mailFolders/inbox/messages/delta?$select=subject"


def walk(client: Client, path: str, **options: Any) -> tuple[list[Json], str]:
    """Follow a round to its end; gives the items and the delta link."""
    items: list[Json] = []
    while True:
        page = client.get(path, **options).json()
        items += page["value"]
        if "@odata.deltaLink" in page:
            return items, page["@odata.deltaLink"]
        path = page["@odata.nextLink"]


def test_first_round_tells_every_message_once_over_pages(client: Client) -> None:
    added = {client.add(f"m{number}")["id"] for number in range(7)}
    client.session.headers["Prefer"] = 'IdType="ImmutableId", odata.maxpagesize=3'
    items, _ = walk(client, INBOX)
    assert len(items) == 7
    assert {item["id"] for item in items} == added


def test_second_round_tells_only_what_is_new(client: Client) -> None:
    client.add("old")
    _, link = walk(client, INBOX)
    new = client.add("new")
    items, _ = walk(client, link)
    assert [item["id"] for item in items] == [new["id"]]
    assert set(items[0]) == {"@odata.type", "@odata.etag", "id", "subject"}


def test_idle_round_is_one_empty_page_with_a_delta_link(client: Client) -> None:
    _, link = walk(client, INBOX)
    page = client.get(link).json()
    assert page["value"] == []
    assert "@odata.deltaLink" in page


def test_message_moved_out_or_purged_is_told_as_removed_with_its_reason(client: Client) -> None:
    moved, purged = client.add("moved"), client.add("purged")
    _, link = walk(client, INBOX)
    client.post(f"messages/{moved['id']}/move", {"destinationId": "archive"})
    client.post(f"messages/{purged['id']}/permanentDelete")
    items, _ = walk(client, link)
    assert [(item["id"], item["@removed"]["reason"]) for item in items] == [
        (moved["id"], "changed"),
        (purged["id"], "deleted"),
    ]


def test_first_round_says_nothing_of_what_left_before(client: Client) -> None:
    mail = client.add("gone")
    client.delete(f"messages/{mail['id']}")
    assert walk(client, INBOX)[0] == []


def test_message_that_leaves_during_a_first_round_is_told_as_removed(client: Client) -> None:
    first, _ = client.add("a"), client.add("b")
    client.session.headers["Prefer"] = 'IdType="ImmutableId", odata.maxpagesize=1'
    page = client.get(INBOX).json()
    client.post(f"messages/{first['id']}/move", {"destinationId": "archive"})
    items, _ = walk(client, page["@odata.nextLink"])
    assert {
        "id": first["id"],
        "@odata.type": "#microsoft.graph.message",
        "@removed": {"reason": "changed"},
    } in items


def test_created_only_keeps_reading_and_leaving_away(client: Client) -> None:
    read, left = client.add("read"), client.add("left")
    _, link = walk(client, INBOX + "&changeType=created")
    client.patch(f"messages/{read['id']}", {"isRead": True})
    client.post(f"messages/{left['id']}/move", {"destinationId": "archive"})
    new = client.add("new")
    items, _ = walk(client, link)
    assert [item["id"] for item in items] == [new["id"]]


def test_created_only_says_nothing_of_what_came_and_left_between_two_rounds(client: Client) -> None:
    _, link = walk(client, INBOX + "&changeType=created")
    client.delete(f"messages/{client.add('one')['id']}")
    assert walk(client, link)[0] == []


def test_created_only_tells_a_new_message_that_was_read_before_the_round(client: Client) -> None:
    _, link = walk(client, INBOX + "&changeType=created")
    mail = client.add("one")
    client.patch(f"messages/{mail['id']}", {"isRead": True})
    assert [item["id"] for item in walk(client, link)[0]] == [mail["id"]]


def test_updated_message_is_told_again(client: Client) -> None:
    mail = client.add("one")
    _, link = walk(client, INBOX)
    client.patch(f"messages/{mail['id']}", {"isRead": True})
    assert [item["id"] for item in walk(client, link)[0]] == [mail["id"]]


def test_message_moved_back_is_told_as_new(client: Client) -> None:
    mail = client.add("one")
    client.post(f"messages/{mail['id']}/move", {"destinationId": "archive"})
    _, link = walk(client, INBOX)
    client.post(f"messages/{mail['id']}/move", {"destinationId": "inbox"})
    assert [item["id"] for item in walk(client, link)[0]] == [mail["id"]]


def test_filter_on_time_leaves_older_messages_out(client: Client) -> None:
    client.add("old", receivedDateTime="2026-01-01T00:00:00Z")
    new = client.add("new", receivedDateTime="2026-03-01T00:00:00Z")
    items, _ = walk(client, INBOX + "&$filter=receivedDateTime ge 2026-02-01T00:00:00Z")
    assert [item["id"] for item in items] == [new["id"]]


@pytest.mark.parametrize(
    "option", ["$filter=isRead eq false", "$orderby=subject", "changeType=moved", "$search=x"]
)
def test_options_a_delta_does_not_know_are_refused(client: Client, option: str) -> None:
    assert client.get(f"{INBOX}&{option}").status_code == 400


@pytest.mark.parametrize(
    "spelling",
    [
        {"status": 410, "code": "SyncStateNotFound"},
        {"status": 404, "code": "syncStateNotFound"},
        {"status": 410, "code": "resyncRequired", "location": True},
    ],
)
def test_expired_link_is_refused_as_spelt_and_a_new_round_works(client: Client, spelling: Json) -> None:
    """F-22, F-23."""
    mail = client.add("one")
    _, link = walk(client, INBOX)
    client.control(f"mailboxes/{ADDRESS}/expire", spelling)
    answer = client.get(link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (spelling["status"], spelling["code"])
    assert ("Location" in answer.headers) == spelling.get("location", False)
    assert [item["id"] for item in walk(client, INBOX)[0]] == [mail["id"]]


def test_garbled_link_is_a_bad_request(client: Client) -> None:
    assert client.get("mailFolders/inbox/messages/delta?$deltatoken=abc").status_code == 400


def test_links_name_the_host_the_client_used(client: Client) -> None:
    _, link = walk(client, INBOX, headers={"Host": "graph.test:8443"})
    assert link.startswith("https://graph.test:8443/v1.0/users/")


def test_preferred_page_size_beyond_the_largest_is_taken_as_the_largest(client: Client) -> None:
    client.add("one")
    page = client.get(INBOX, headers={"Prefer": "odata.maxpagesize=5000"})
    assert len(page.json()["value"]) == 1
