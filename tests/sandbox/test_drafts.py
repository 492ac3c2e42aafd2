"""Drafts are made, seen as such, and taken away again."""

import base64

from tests.sandbox.client import LETTER, Client


def test_draft_made_from_json_lies_in_drafts(client: Client) -> None:
    made = client.post("messages", {"subject": "A check", "body": {"contentType": "text", "content": "Hi"}})
    assert (made.status_code, made.json()["isDraft"], made.json()["subject"]) == (201, True, "A check")
    listed = client.get("mailFolders/drafts/messages?$select=subject").json()["value"]
    assert [one["subject"] for one in listed] == ["A check"]


def test_draft_made_from_mime_keeps_its_message_id(client: Client) -> None:
    body = base64.b64encode(LETTER % b"draft@contoso.example")
    made = client.session.post(
        f"{client.user}/messages", data=body, headers={"Content-Type": "text/plain"}, timeout=10
    )
    assert made.json()["internetMessageId"] == "<draft@contoso.example>"


def test_mime_that_is_no_base64_is_refused(client: Client) -> None:
    answer = client.session.post(
        f"{client.user}/messages", data=b"=?", headers={"Content-Type": "text/plain"}, timeout=10
    )
    assert answer.json()["error"]["code"] == "ErrorMimeContentInvalidBase64String"


def test_deleted_draft_leaves_nothing_in_drafts(client: Client) -> None:
    made = client.post("messages", {"subject": "A check"}).json()
    assert client.delete(f"messages/{made['id']}").status_code == 204
    assert client.get("mailFolders/drafts/messages").json()["value"] == []
