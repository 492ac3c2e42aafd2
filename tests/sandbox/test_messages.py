"""Graph: lists, single messages, bytes, attachments, and the acts on messages."""

import base64
from email.message import EmailMessage

import pytest

from tests.sandbox.client import ADDRESS, LETTER, Client

PLAIN = {"Prefer": ""}


def ids(page: dict[str, list[dict[str, str]]]) -> list[str]:
    return [item["id"] for item in page["value"]]


def test_value_gives_the_very_bytes_that_arrived(client: Client) -> None:
    mail = client.add("bytes")
    answer = client.get(f"messages/{mail['id']}/$value")
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.content == LETTER % b"bytes@customers.example"


def test_mail_of_the_year_9999_arrives_too(client: Client) -> None:
    late = b"From: ann@customers.example\r\nDate: Wed, 31 Dec 9999 23:59:59 -2359\r\n\r\nlate"
    mail = client.control(f"mailboxes/{ADDRESS}/messages", {"mime": base64.b64encode(late).decode()})
    assert client.get(f"messages/{mail['id']}").json()["sentDateTime"] < "9999"


def test_value_below_a_folder_is_refused(client: Client) -> None:
    mail = client.add("one")
    answer = client.get(f"mailFolders/inbox/messages/{mail['id']}/$value")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "ErrorInvalidRequest")


def test_headers_are_shown_only_when_selected(client: Client) -> None:
    mail = client.add("one")
    assert "internetMessageHeaders" not in client.get(f"messages/{mail['id']}").json()
    chosen = client.get(f"messages/{mail['id']}?$select=internetMessageHeaders").json()
    assert {"name": "Subject", "value": "Printer"} in chosen["internetMessageHeaders"]


def test_unknown_property_in_select_is_refused(client: Client) -> None:
    assert client.get("messages?$select=size").json()["error"]["code"] == "BadRequest"


def test_list_is_newest_first_and_links_to_older(client: Client) -> None:
    for day in range(1, 4):
        client.add(f"m{day}", receivedDateTime=f"2026-01-0{day}T00:00:00Z")
    first = client.get("mailFolders/inbox/messages?$top=2&$select=receivedDateTime").json()
    second = client.get(first["@odata.nextLink"]).json()
    days = [item["receivedDateTime"][8:10] for item in first["value"] + second["value"]]
    assert days == ["03", "02", "01"]
    assert "@odata.nextLink" not in second


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ("internetMessageId eq '<a@customers.example>'", 1),
        ("isRead eq false and receivedDateTime ge 2026-01-02T00:00:00Z", 1),
        ("from/emailAddress/address eq 'ADA@customers.example'", 2),
        ("startswith(subject,'print')", 2),
        ("isRead eq true", 0),
    ],
)
def test_filter_finds(client: Client, wanted: str, count: int) -> None:
    client.add("a", receivedDateTime="2026-01-01T00:00:00Z")
    client.add("b", receivedDateTime="2026-01-03T00:00:00Z")
    assert len(client.get("messages", params={"$filter": wanted}).json()["value"]) == count


@pytest.mark.parametrize(
    ("wanted", "order", "status"),
    [
        ("isRead eq false", "receivedDateTime asc", 400),
        ("receivedDateTime ge 2026-01-01T00:00:00Z and isRead eq false", "receivedDateTime asc", 200),
        ("", "receivedDateTime asc", 200),
    ],
)
def test_order_must_stand_first_in_the_filter(client: Client, wanted: str, order: str, status: int) -> None:
    answer = client.get("messages", params={"$filter": wanted, "$orderby": order})
    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]["code"] == "InefficientFilter"


@pytest.mark.parametrize("size", ["0", "1001", "many"])
def test_page_size_out_of_bounds_is_refused(client: Client, size: str) -> None:
    assert client.get(f"messages?$top={size}").status_code == 400


def test_immutable_id_survives_a_move_and_a_plain_id_does_not(client: Client) -> None:
    mail = client.add("one")
    plain = ids(client.get("messages", headers=PLAIN).json())[0]
    moved = client.post(f"messages/{mail['id']}/move", {"destinationId": "archive"})
    assert (moved.status_code, moved.json()["id"]) == (201, mail["id"])
    assert client.get(f"messages/{mail['id']}").status_code == 200
    assert client.get(f"messages/{plain}").json()["error"]["code"] == "ErrorItemNotFound"


def test_plain_id_translates_to_the_immutable_one(client: Client) -> None:
    mail = client.add("one")
    plain = ids(client.get("messages", headers=PLAIN).json())
    body = {"inputIds": plain, "sourceIdType": "restId", "targetIdType": "restImmutableEntryId"}
    found = client.post("translateExchangeIds", body).json()["value"]
    assert found == [{"sourceId": plain[0], "targetId": mail["id"]}]


def test_copy_is_another_message_with_the_same_bytes(client: Client) -> None:
    mail = client.add("one")
    copy = client.post(f"messages/{mail['id']}/copy", {"destinationId": "archive"}).json()
    assert copy["id"] != mail["id"]
    assert (
        client.get(f"messages/{copy['id']}/$value").content
        == client.get(f"messages/{mail['id']}/$value").content
    )


def test_delete_goes_to_recoverable_items_and_not_to_deleted_items(client: Client) -> None:
    mail = client.add("one")
    assert client.delete(f"messages/{mail['id']}").status_code == 204
    assert ids(client.get("mailFolders/recoverableitemsdeletions/messages").json()) == [mail["id"]]
    assert ids(client.get("mailFolders/deleteditems/messages").json()) == []


def test_purged_message_is_gone(client: Client) -> None:
    mail = client.add("one")
    assert client.post(f"messages/{mail['id']}/permanentDelete").status_code == 204
    assert client.get(f"messages/{mail['id']}").status_code == 404


def test_patch_writes_state_and_changes_the_etag(client: Client) -> None:
    mail = client.add("one")
    before = client.get(f"messages/{mail['id']}").json()
    body = {"isRead": True, "categories": ["Ticketed"], "flag": {"flagStatus": "flagged"}}
    after = client.patch(f"messages/{mail['id']}", body).json()
    assert {name: after[name] for name in body} == body
    assert after["@odata.etag"] != before["@odata.etag"]
    stale = client.patch(f"messages/{mail['id']}", body, headers={"If-Match": before["@odata.etag"]})
    assert stale.json()["error"]["code"] == "ErrorIrresolvableConflict"


@pytest.mark.parametrize("body", [{"subject": "New"}, {"isRead": "yes"}, {"flag": 3}])
def test_patch_of_what_cannot_be_set_is_refused(client: Client, body: dict[str, object]) -> None:
    mail = client.add("one")
    assert client.patch(f"messages/{mail['id']}", body).status_code == 400


def letter_with_files() -> bytes:
    inner = EmailMessage()
    inner["Subject"] = "Inner"
    inner.set_content("inner text")
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "ada@customers.example", ADDRESS, "Größe"
    letter.set_content("see files")
    letter.add_alternative("<p>see <img src='cid:i1'></p>", subtype="html")
    page = list(letter.iter_parts())[1]
    assert isinstance(page, EmailMessage)
    page.add_related(b"PNG", "image", "png", cid="<i1>", filename="a.png", disposition="inline")
    letter.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Rechnung für März.pdf")
    letter.add_attachment(inner)
    return letter.as_bytes()


def test_attachments_are_files_inline_images_and_mails(client: Client) -> None:
    mime = base64.b64encode(letter_with_files()).decode()
    mail = client.control(f"mailboxes/{ADDRESS}/messages", {"mime": mime})
    found = client.get(f"messages/{mail['id']}/attachments").json()["value"]
    assert [(item["@odata.type"].rpartition(".")[2], item["name"], item["isInline"]) for item in found] == [
        ("fileAttachment", "a.png", True),
        ("fileAttachment", "Rechnung für März.pdf", False),
        ("itemAttachment", "Inner", False),
    ]
    bytes_ = [client.get(f"messages/{mail['id']}/attachments/{item['id']}/$value").content for item in found]
    assert bytes_[:2] == [b"PNG", b"%PDF"]
    assert b"inner text" in bytes_[2]


def test_only_inline_images_are_no_attachments_of_the_message(client: Client) -> None:
    letter = EmailMessage()
    letter.set_content("<img src='cid:i1'>", subtype="html")
    letter.add_related(b"PNG", "image", "png", cid="<i1>", filename="a.png", disposition="inline")
    mime = base64.b64encode(letter.as_bytes()).decode()
    mail = client.control(f"mailboxes/{ADDRESS}/messages", {"mime": mime})
    assert client.get(f"messages/{mail['id']}").json()["hasAttachments"] is False


def test_mangled_and_foreign_ids_are_malformed(client: Client) -> None:
    mail = client.add("one")
    for name in (mail["id"].lower(), mail["id"][:-3], "x"):
        assert client.get(f"messages/{name}").json()["error"]["code"] == "ErrorInvalidIdMalformed"
