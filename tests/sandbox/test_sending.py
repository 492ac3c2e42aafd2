"""Graph: drafts are sent, mail reaches other mailboxes, lost answers do not undo what was done."""

import base64
from typing import Any

import pytest
import requests

from tests.sandbox.client import ADDRESS, ROLES, Client, Json, scenario
from tests.sandbox.conftest import Start

COLLEAGUE = "ada@contoso.example"
TEXT = {"headers": {"Content-Type": "text/plain"}}
LARGE = b"0123456789" * 400_000


@pytest.fixture
def client(start: Start) -> Client:
    return sending(start)


def sending(start: Start, *, roles: tuple[str, ...] = (*ROLES, "Mail.Send"), **mailbox: Any) -> Client:
    document = scenario(**mailbox)
    document["tenants"][0]["apps"][0]["roles"] = list(roles)
    document["tenants"][0]["mailboxes"].append({"address": COLLEAGUE})
    return start(document).signed_in()


def mime(*, to: str = COLLEAGUE, sender: str = ADDRESS, bcc: str = "") -> bytes:
    hidden = f"Bcc: {bcc}\r\n" if bcc else ""
    head = f"From: {sender}\r\nTo: {to}\r\n{hidden}Subject: Re: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\r\n"
    head += "Message-ID: <one@contoso.example>\r\n"
    return base64.b64encode(f"{head}In-Reply-To: <a@b.example>\r\n\r\nHello\r\n".encode())


def draft(client: Client, **letter: str) -> Json:
    made: Json = client.session.post(
        f"{client.user}/messages", data=mime(**letter), timeout=10, **TEXT
    ).json()
    return made


def inbox(client: Client, address: str = COLLEAGUE) -> list[Json]:
    folders = client.control(f"mailboxes/{address}", method="GET")["folders"]
    found: list[Json] = next(one["messages"] for one in folders if one["well_known"] == "inbox")
    return found


def departures(client: Client) -> list[Json]:
    found: list[Json] = client.control("departures", method="GET")["departures"]
    return found


def test_a_sent_draft_keeps_its_immutable_id_in_sent_items(client: Client) -> None:
    made = draft(client)
    assert client.post(f"messages/{made['id']}/send").status_code == 202
    found = client.get(f"messages/{made['id']}").json()
    sent_items = client.get("mailFolders/sentitems").json()["id"]
    assert (found["isDraft"], found["parentFolderId"]) == (False, sent_items)


def test_a_sent_mail_reaches_the_other_mailbox_once(client: Client) -> None:
    client.post(f"messages/{draft(client)['id']}/send")
    assert [mail["internetMessageId"] for mail in inbox(client)] == ["<one@contoso.example>"]
    assert [one["recipients"] for one in departures(client)] == [[COLLEAGUE]]


def test_a_draft_is_sent_only_once(client: Client) -> None:
    made = draft(client)
    client.post(f"messages/{made['id']}/send")
    assert client.post(f"messages/{made['id']}/send").json()["error"]["code"] == "ErrorItemNotFound"
    assert len(departures(client)) == 1


def test_sending_a_whole_mail_files_it_under_sent_items(client: Client) -> None:
    answer = client.session.post(f"{client.user}/sendMail", data=mime(), timeout=10, **TEXT)
    assert (answer.status_code, answer.content) == (202, b"")
    assert client.get("mailFolders/sentitems").json()["totalItemCount"] == 1


def test_nobody_sees_the_blind_copies(client: Client) -> None:
    client.post(f"messages/{draft(client, to=ADDRESS, bcc=COLLEAGUE)['id']}/send")
    mail = inbox(client, ADDRESS)[0]
    assert b"Bcc" not in client.get(f"messages/{mail['id']}/$value").content
    assert len(inbox(client)) == 1


def test_an_unknown_address_of_a_tenant_comes_back_as_a_report(client: Client) -> None:
    client.post(f"messages/{draft(client, to='nobody@contoso.example')['id']}/send")
    report = client.get(f"messages/{inbox(client, ADDRESS)[0]['id']}/$value").content
    assert b"multipart/report" in report
    assert report.isascii()
    assert b"<one@contoso.example>" in report


def test_a_foreign_sender_is_refused(client: Client) -> None:
    answer = client.post(f"messages/{draft(client, sender='boss@contoso.example')['id']}/send")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ErrorSendAsDenied")
    assert departures(client) == []


def test_a_mailbox_may_be_given_the_right_to_send_as_another(start: Start) -> None:
    client = sending(start, send_as=["boss@contoso.example"])
    answer = client.post(f"messages/{draft(client, sender='boss@contoso.example')['id']}/send")
    assert answer.status_code == 202


def sent_items(client: Client, address: str = ADDRESS) -> list[bytes]:
    folders = client.control(f"mailboxes/{address}", method="GET")["folders"]
    mails = next(one["messages"] for one in folders if one["well_known"] == "sentitems")
    return [
        base64.b64decode(
            client.control(f"mailboxes/{address}/messages/{mail['id']}/mime", method="GET")["mime"]
        )
        for mail in mails
    ]


def test_right_to_send_on_behalf_shows_who_sent_it(start: Start) -> None:
    client = sending(start, on_behalf=["boss@contoso.example"])
    client.post(f"messages/{draft(client, sender='boss@contoso.example')['id']}/send")
    (sent,) = sent_items(client)
    assert sent.startswith(f"Sender: {ADDRESS}\r\nFrom: boss@contoso.example".encode())


@pytest.mark.parametrize(("is_allowed", "shown"), [(False, ADDRESS), (True, "sales@contoso.example")])
def test_alias_is_replaced_unless_the_organisation_allows_it(
    start: Start, is_allowed: bool, shown: str
) -> None:
    client = sending(start, aliases=["sales@contoso.example"], sends_from_alias=is_allowed)
    client.post(f"messages/{draft(client, sender='Sales <sales@contoso.example>')['id']}/send")
    (sent,) = sent_items(client)
    assert shown.encode() in sent.partition(b"\r\nTo:")[0]


def test_named_mailbox_gets_a_copy_where_it_is_set_to(client: Client) -> None:
    rights = {"send_as": [COLLEAGUE]}
    client.control(f"mailboxes/{ADDRESS}/rights", rights)
    client.post(f"messages/{draft(client, sender=COLLEAGUE, to='x@elsewhere.example')['id']}/send")
    assert sent_items(client, COLLEAGUE) == []
    client.control(f"mailboxes/{COLLEAGUE}/rights", {"copy_for_sent_as": True})
    client.post(f"messages/{draft(client, sender=COLLEAGUE, to='x@elsewhere.example')['id']}/send")
    assert (len(sent_items(client, COLLEAGUE)), len(sent_items(client))) == (1, 2)


def test_sending_needs_a_right_of_its_own(start: Start) -> None:
    client = sending(start, roles=("Mail.ReadWrite",))
    assert client.post(f"messages/{draft(client)['id']}/send").status_code == 403


def test_a_lost_answer_does_not_undo_the_send(client: Client) -> None:
    made = draft(client)
    client.fault("reset_after", method="POST", path="/send$", count=1)
    with pytest.raises(requests.ConnectionError):
        client.post(f"messages/{made['id']}/send")
    assert len(departures(client)) == 1


def upload(client: Client, made: Json, **item: Any) -> requests.Response:
    path = f"messages/{made['id']}/attachments/createUploadSession"
    return client.post(path, {"AttachmentItem": {"attachmentType": "file", "name": "scan.pdf", **item}})


def put(client: Client, url: str, first: int, last: int) -> requests.Response:
    headers = {"Content-Range": f"bytes {first}-{last - 1}/{len(LARGE)}"}
    return requests.put(
        url, data=LARGE[first:last], headers=headers, verify=str(client.sandbox.ca_path), timeout=10
    )


def test_a_large_file_comes_piece_by_piece(client: Client) -> None:
    made = draft(client)
    url = upload(client, made, size=len(LARGE), contentType="application/pdf").json()["uploadUrl"]
    assert put(client, url, 0, 2_000_000).json()["NextExpectedRanges"] == ["2000000"]
    assert put(client, url, 2_000_000, len(LARGE)).status_code == 201
    files = client.get(f"messages/{made['id']}/attachments").json()["value"]
    assert [base64.b64decode(file["contentBytes"]) for file in files] == [LARGE]


def test_a_piece_out_of_order_is_refused(client: Client) -> None:
    url = upload(client, draft(client), size=len(LARGE)).json()["uploadUrl"]
    assert put(client, url, 2_000_000, len(LARGE)).status_code == 416


def test_an_upload_session_is_for_large_files_alone(client: Client) -> None:
    assert upload(client, draft(client), size=1000).json()["error"]["code"] == "ErrorInvalidParameter"


def test_a_small_file_is_added_with_one_request(client: Client) -> None:
    made = draft(client)
    item = {"name": "a.txt", "contentType": "text/plain", "contentBytes": base64.b64encode(b"hi").decode()}
    assert client.post(f"messages/{made['id']}/attachments", item).status_code == 201
    mail = client.get(f"messages/{made['id']}").json()
    assert (mail["internetMessageId"], mail["hasAttachments"]) == ("<one@contoso.example>", True)


def test_what_is_sent_is_new_in_the_delta_of_sent_items(client: Client) -> None:
    first = client.get("mailFolders/sentitems/messages/delta?changeType=created").json()
    assert first["value"] == []
    made = draft(client)
    client.post(f"messages/{made['id']}/send")
    client.session.post(f"{client.user}/sendMail", data=mime(), timeout=10, **TEXT)
    found = client.get(first["@odata.deltaLink"]).json()["value"]
    assert [one["isDraft"] for one in found] == [False, False]
    assert found[0]["id"] == made["id"]
