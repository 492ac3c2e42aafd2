"""Answers against Microsoft's published OpenAPI description and examples; skipped where those are not at hand."""

import base64
import json
import re
from functools import cache
from typing import Any

import pytest

from tests.sandbox.client import ADDRESS, SECRET, Client, Json, shared
from tests.sandbox.test_messages import letter_with_files

pytestmark = pytest.mark.skipif(not shared().is_dir(), reason="the published descriptions are not at hand")
# Annotations stand in no schema; the description makes @odata.type compulsory, which the service leaves out.
ANNOTATION = "@"


@cache
def described() -> dict[str, Any]:
    schemas: dict[str, Any] = json.loads((shared() / "openapi" / "mail.json").read_text())["components"][
        "schemas"
    ]
    return schemas


def resolve(schema: Json) -> Json:
    """Flatten references and allOf into one schema with properties."""
    if "$ref" in schema:
        return resolve(described()[schema["$ref"].rpartition("/")[2]])
    if "allOf" not in schema:
        return schema
    parts = [resolve(part) for part in schema["allOf"]]
    return {
        "properties": {name: field for part in parts for name, field in part.get("properties", {}).items()}
    }


def faults_of(value: object, schema: Json, at: str) -> list[str]:
    """List where a value departs from its schema: unknown names, wrong types, wrong formats."""
    if "anyOf" in schema:
        options = [faults_of(value, option, at) for option in schema["anyOf"]]
        return min(options, key=len)
    schema = resolve(schema)
    if value is None:
        return [] if schema.get("nullable") else [f"{at} is null"]
    if "properties" in schema:
        return faults_of_object(value, schema["properties"], at)
    if isinstance(value, list):
        return [fault for item in value for fault in faults_of(item, schema["items"], f"{at}[]")]
    return faults_of_plain(value, schema, at)


def faults_of_object(value: object, fields: Json, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at} is no object"]
    found: list[str] = []
    for name, inner in value.items():
        if name.startswith(ANNOTATION):
            continue
        found += (
            faults_of(inner, fields[name], f"{at}.{name}") if name in fields else [f"{at}.{name} is unknown"]
        )
    return found


def faults_of_plain(value: object, schema: Json, at: str) -> list[str]:
    kinds = {"string": str, "boolean": bool, "integer": int, "number": float, "object": dict, "array": list}
    kind = kinds.get(schema.get("type", ""))
    if kind and not isinstance(value, kind):
        return [f"{at} is no {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at} is none of {schema['enum']}"]
    if "pattern" in schema and not re.search(schema["pattern"], str(value)):
        return [f"{at} has the wrong form"]
    return []


def sample(name: str) -> list[Json]:
    """Give the bodies of the successful answers in a page of documented examples."""
    page = json.loads((shared() / "graph_samples" / "ms_docs" / f"{name}.json").read_text())
    return [item["json"] for item in page["exchanges"] if item["kind"] == "response" and "json" in item]


def add_letter(client: Client) -> str:
    mime = base64.b64encode(letter_with_files()).decode()
    return str(client.control(f"mailboxes/{ADDRESS}/messages", {"mime": mime})["id"])


SELECTED = "?$select=internetMessageHeaders,uniqueBody,subject"


@pytest.mark.parametrize("options", ["", SELECTED], ids=["whole", "selected"])
def test_message_has_only_described_properties_of_the_described_types(client: Client, options: str) -> None:
    found = client.get(f"messages/{add_letter(client)}{options}").json()
    assert faults_of(found, described()["microsoft.graph.message"], "message") == []


def test_folder_has_only_described_properties_of_the_described_types(client: Client) -> None:
    folders = client.get("mailFolders?$top=100").json()["value"]
    assert folders
    for folder in folders:
        assert faults_of(folder, described()["microsoft.graph.mailFolder"], "mailFolder") == []


def test_attachments_have_only_described_properties_of_the_described_types(client: Client) -> None:
    items = client.get(f"messages/{add_letter(client)}/attachments").json()["value"]
    assert items
    for item in items:
        name = item["@odata.type"].removeprefix("#")
        assert faults_of(item, described()[name], name) == []


def test_checker_sees_unknown_names_and_wrong_types() -> None:
    wrong = {"id": "x", "isRead": "yes", "size": 3, "receivedDateTime": "today"}
    assert faults_of(wrong, described()["microsoft.graph.message"], "message") == [
        "message.isRead is no boolean",
        "message.size is unknown",
        "message.receivedDateTime has the wrong form",
    ]


@pytest.mark.parametrize(("name", "method"), [("api__message-get", "get"), ("api__message-move", "move")])
def test_message_has_every_property_of_the_documented_example(client: Client, name: str, method: str) -> None:
    path = f"messages/{add_letter(client)}"
    answer = (
        client.get(path) if method == "get" else client.post(f"{path}/move", {"destinationId": "archive"})
    )
    example = max(sample(name), key=len)
    assert set(example) - set(answer.json()) == set()


def test_delta_page_has_the_annotations_of_the_documented_example(client: Client) -> None:
    add_letter(client), add_letter(client)
    page = client.get("mailFolders/inbox/messages/delta", headers={"Prefer": "odata.maxpagesize=1"}).json()
    example = sample("api__message-delta")[0]
    assert set(example) - set(page) == set()
    assert "$skiptoken=" in page["@odata.nextLink"]
    assert set(example["value"][0]) - set(page["value"][0]) == set()


def observed(topic: str) -> Json:
    items = json.loads((shared() / "graph_samples" / "observed_errors_shared.json").read_text())["items"]
    found: Json = next(item for item in items if item["topic"] == topic)
    return found


def test_expired_delta_link_looks_like_the_observed_refusal(client: Client) -> None:
    link = client.get("mailFolders/inbox/messages/delta").json()["@odata.deltaLink"]
    client.control(f"mailboxes/{ADDRESS}/expire")
    answer, seen = client.get(link), observed("delta_410_sync_state_not_found")
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        seen["status"],
        seen["json"]["error"]["code"],
    )
    assert set(seen["json"]["error"]["innerError"]) <= set(answer.json()["error"]["innerError"])


def test_refused_sign_in_looks_like_the_observed_refusal(client: Client) -> None:
    answer, seen = client.sign_in(client_secret=SECRET[:-1]), observed("token_error_invalid_scope")
    assert {name: type(value) for name, value in answer.json().items()} == {
        name: type(value) for name, value in seen["json"].items()
    }


@pytest.mark.parametrize(
    "path", ["", "/{id}", "/{id}/$value", "/{id}/attachments", "/{id}/microsoft.graph.move"]
)
def test_paths_answered_here_are_described_paths(path: str) -> None:
    document = json.loads((shared() / "openapi" / "mail.json").read_text())
    assert "/users/{user-id}/messages" + path.replace("{id}", "{message-id}") in document["paths"]
