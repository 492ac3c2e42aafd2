"""Graph: mail folders in the mailbox's language, their tree, paging, creation and delta."""

from tests.sandbox.client import ADDRESS, Client, scenario
from tests.sandbox.conftest import Start


def names(page: dict[str, object]) -> list[str]:
    value = page["value"]
    assert isinstance(value, list)
    return [folder["displayName"] for folder in value]


def test_well_known_folder_has_the_name_of_the_mailbox_language(start: Start) -> None:
    client = start(scenario(locale="de-DE")).signed_in()
    assert client.get("mailFolders/inbox").json()["displayName"] == "Posteingang"


def test_folder_list_shows_ten_unless_more_are_asked_for_and_links_to_the_rest(start: Start) -> None:
    client = start(scenario(folders=["A", "B", "C"])).signed_in()
    first = client.get("mailFolders").json()
    second = client.get(first["@odata.nextLink"]).json()
    assert len(first["value"]) == 10
    assert names(second) == ["C"]
    assert "@odata.nextLink" not in second


def test_list_holds_root_folders_only_and_children_are_below(start: Start) -> None:
    client = start(scenario(folders=["Inbox/Team", "Inbox/Team/Deep"])).signed_in()
    inbox = client.get("mailFolders/inbox").json()
    below = client.get(f"mailFolders/{inbox['id']}/childFolders").json()
    assert inbox["childFolderCount"] == 1
    assert names(below) == ["Team"]
    assert "Team" not in names(client.get("mailFolders?$top=100").json())


def test_hidden_folder_is_listed_only_when_asked_for(client: Client) -> None:
    client.post("mailFolders", {"displayName": "Secret", "isHidden": True})
    assert "Secret" not in names(client.get("mailFolders?$top=100").json())
    assert "Secret" in names(client.get("mailFolders?$top=100&includeHiddenFolders=true").json())


def test_second_folder_of_a_name_is_refused_and_the_first_found_by_filter(client: Client) -> None:
    made = client.post("mailFolders", {"displayName": "O'Brien"})
    again = client.post("mailFolders", {"displayName": "o'brien"})
    found = client.get("mailFolders", params={"$filter": "displayName eq 'O''Brien'"}).json()
    assert (made.status_code, again.status_code) == (201, 409)
    assert again.json()["error"]["code"] == "ErrorFolderExists"
    assert [folder["id"] for folder in found["value"]] == [made.json()["id"]]


def test_select_leaves_id_and_what_was_named(client: Client) -> None:
    folder = client.get("mailFolders/inbox?$select=totalItemCount").json()
    assert set(folder) == {"@odata.context", "id", "totalItemCount"}


def test_counts_follow_mail_reading_and_moving(client: Client) -> None:
    first, _ = client.add("one"), client.add("two")
    client.patch(f"messages/{first['id']}", {"isRead": True})
    client.post(f"messages/{first['id']}/move", {"destinationId": "archive"})
    inbox, archive = client.get("mailFolders/inbox").json(), client.get("mailFolders/archive").json()
    assert (inbox["totalItemCount"], inbox["unreadItemCount"]) == (1, 1)
    assert (archive["totalItemCount"], archive["unreadItemCount"]) == (1, 0)


def test_folder_renamed_by_its_owner_keeps_its_id(client: Client) -> None:
    """F-28."""
    before = client.get("mailFolders", params={"$filter": "displayName eq 'Processed'"}).json()["value"][0]
    client.control(f"mailboxes/{ADDRESS}/folders/rename", {"folder": "Processed", "name": "Erledigt"})
    assert client.get(f"mailFolders/{before['id']}").json()["displayName"] == "Erledigt"


def test_deleted_folder_is_not_found(client: Client) -> None:
    """F-28."""
    folder = client.get("mailFolders", params={"$filter": "displayName eq 'Processed'"}).json()["value"][0]
    client.control(f"mailboxes/{ADDRESS}/folders/delete", {"folder": "Processed"})
    answer = client.get(f"mailFolders/{folder['id']}/messages/delta")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ErrorItemNotFound")


def test_folder_delta_tells_what_came_changed_and_went(client: Client) -> None:
    first = client.get("mailFolders/delta").json()
    client.control(f"mailboxes/{ADDRESS}/folders", {"folder": "New"})
    client.control(f"mailboxes/{ADDRESS}/folders/delete", {"folder": "Processed"})
    second = client.get(first["@odata.deltaLink"]).json()
    assert "Processed" in names(first)
    assert [item.get("displayName", item.get("@removed")) for item in second["value"]] == [
        "New",
        {"reason": "deleted"},
    ]


def test_mangled_folder_id_is_malformed(client: Client) -> None:
    folder_id = client.get("mailFolders/inbox").json()["id"]
    answer = client.get(f"mailFolders/{folder_id[:-5]}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ErrorInvalidIdMalformed")


def test_key_in_parentheses_is_the_same_path(client: Client) -> None:
    assert client.get("mailFolders('inbox')").json()["id"] == client.get("mailFolders/inbox").json()["id"]


MARK = "String {8D2C3A54-6A0F-4C0B-9B1E-2F3A4B5C6D7E} Name Owner"


def expanded(name: str) -> dict[str, str]:
    return {"$select": "id", "$expand": f"singleValueExtendedProperties($filter=id eq '{name}')"}


def test_extended_property_of_a_folder_is_shown_only_when_asked_for(client: Client) -> None:
    inbox = client.get("mailFolders/inbox").json()["id"]
    items = [{"id": MARK, "value": "desk-1"}]
    wrote = client.patch(f"mailFolders/{inbox}", {"singleValueExtendedProperties": items})
    assert wrote.status_code == 200
    assert "singleValueExtendedProperties" not in client.get(f"mailFolders/{inbox}").json()
    shown = client.get("mailFolders/inbox", params=expanded(MARK)).json()
    assert shown["singleValueExtendedProperties"] == [
        {"id": MARK.replace(MARK[7:45], MARK[7:45].lower()), "value": "desk-1"}
    ]


def test_unwritten_property_is_left_out_and_a_malformed_id_is_refused(client: Client) -> None:
    assert (
        "singleValueExtendedProperties" not in client.get("mailFolders/inbox", params=expanded(MARK)).json()
    )
    refused = client.get("mailFolders/inbox", params=expanded("Owner"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ErrorInvalidProperty")
