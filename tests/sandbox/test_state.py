"""What survives a restart, what a scenario may say, and the sandbox as a program of its own."""

import base64
import stat
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests

from sandbox import process
from sandbox.scenario import BadScenario
from sandbox.server import Sandbox
from tests.sandbox.client import ADDRESS, APP, OTHER_TENANT, TENANT, Client, Json, scenario
from tests.sandbox.conftest import Start


def test_mail_ids_tokens_and_delta_links_survive_a_restart(start: Start) -> None:
    client = start(None, port=0).signed_in()
    mail = client.add("one")
    link = client.get("mailFolders/inbox/messages/delta").json()["@odata.deltaLink"]
    client.sandbox.stop()
    again = start()
    again.session.headers = client.session.headers
    page = again.get(link.replace(client.sandbox.url, again.sandbox.url)).json()
    assert page["value"] == []
    assert again.get(f"messages/{mail['id']}/$value").content.endswith(b"Hi\xe9\r\n")


def test_what_was_changed_in_the_directory_survives_a_restart(start: Start) -> None:
    client = start()
    client.control(f"apps/{APP}/secrets/expire")
    client.control(f"mailboxes/{ADDRESS}/kind", {"kind": "unlicensed"})
    client.sandbox.stop()
    again = start()
    assert again.sign_in().json()["error_codes"] == [7000222]
    assert again.control(f"mailboxes/{ADDRESS}", method="GET")["kind"] == "unlicensed"


def test_second_start_seeds_no_mail_again(start: Start) -> None:
    document = scenario(mail=[{"mix": {"seed": 3, "count": 5}}])
    start(document).sandbox.stop()
    client = start(document).signed_in()
    assert client.get("mailFolders/inbox").json()["totalItemCount"] == 5
    assert client.control("health", method="GET")["mailboxes"] == [ADDRESS]


def test_scenario_may_grow_while_running(client: Client) -> None:
    mailbox = {"address": "new@fabrikam.example"}
    client.control("scenario", {"tenants": [{"directory_id": OTHER_TENANT, "mailboxes": [mailbox]}]})
    assert client.control("mailboxes/new@fabrikam.example", method="GET")["address"] == "new@fabrikam.example"


def test_folder_of_eml_files_is_seeded_in_the_order_of_names(start: Start, tmp_path: Path) -> None:
    for name in ("b", "a"):
        letter = EmailMessage()
        letter["Subject"] = name
        (tmp_path / f"{name}.eml").write_bytes(letter.as_bytes())
    client = start(scenario(mail=[{"eml": str(tmp_path), "folder": "Processed"}]))
    folders = client.control(f"mailboxes/{ADDRESS}", method="GET")["folders"]
    found = next(folder for folder in folders if folder["name"] == "Processed")
    assert [message["subject"] for message in found["messages"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"kind": "castle"}, "tenants[0].mailboxes[0].kind"),
        ({"address": ""}, "tenants[0].mailboxes[0].address"),
        ({"mail": "x"}, "tenants[0].mailboxes[0].mail"),
        ({"mail": [{"eml": "/nowhere"}]}, "tenants[0].mailboxes[0].mail[0].eml"),
        ({"mail": [{"demo": "nobody"}]}, "tenants[0].mailboxes[0].mail[0].demo"),
    ],
)
def test_bad_scenario_names_the_place(start: Start, change: Json, place: str) -> None:
    with pytest.raises(BadScenario) as refused:
        start(scenario(**change))
    assert str(refused.value).startswith(place)


def test_private_keys_are_for_their_owner_only(client: Client) -> None:
    directory = client.sandbox.ca_path.parent
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.glob("*.key")}
    assert modes == {"ca.key": 0o600, "server.key": 0o600, "signing.key": 0o600}


def test_secret_is_not_kept_in_the_state(client: Client) -> None:
    directory = client.sandbox.ca_path.parent
    assert not any(b"a~secret" in path.read_bytes() for path in directory.rglob("*") if path.is_file())


def test_control_door_stays_shut_unless_asked_for(state: Path) -> None:
    with Sandbox(state, control_port=None) as sandbox:
        assert sandbox.control_url == ""


def test_mail_can_arrive_as_fields_or_bytes(client: Client) -> None:
    fields = {"from": "ada@customers.example", "subject": "Grüße", "text": "hi", "html": "<p>hi</p>"}
    client.control(f"mailboxes/{ADDRESS}/messages", fields)
    client.control(f"mailboxes/{ADDRESS}/messages", {"mime": base64.b64encode(b"Subject: raw\n\nx").decode()})
    found = client.signed_in().get("mailFolders/inbox/messages?$select=subject,bodyPreview").json()["value"]
    assert {item["subject"] for item in found} == {"Grüße", "raw"}


def test_owner_moves_and_deletes_by_message_id(client: Client) -> None:
    """F-25, F-26."""
    client.add("one"), client.add("two")
    client.control(f"mailboxes/{ADDRESS}/messages/<one@customers.example>/move", {"folder": "Processed"})
    client.control(f"mailboxes/{ADDRESS}/messages/<two@customers.example>?purge=true", method="DELETE")
    folders = client.control(f"mailboxes/{ADDRESS}", method="GET")["folders"]
    held = {folder["name"]: len(folder["messages"]) for folder in folders if folder["messages"]}
    assert held == {"Processed": 1}


@pytest.mark.parametrize("path", ["nothing", "mailboxes/nobody@x.example/messages", "mailboxes//"])
def test_control_says_what_it_does_not_know(client: Client, path: str) -> None:
    answer = requests.post(f"{client.sandbox.control_url}/{path}", json={}, timeout=10)
    assert (answer.status_code, "error" in answer.json()) == (404, True)


def test_sandbox_runs_as_a_program_of_its_own(state: Path) -> None:
    with process.start(state, scenario=scenario()) as running:
        url = f"{running.url}/{TENANT}/v2.0/.well-known/openid-configuration"
        with requests.Session() as session:
            session.trust_env = False
            assert session.get(url, verify=str(running.ca_path), timeout=10).ok
            assert session.get(f"{running.control_url}/health", timeout=10).json()["ok"] is True
    assert running.child.returncode == 0


def test_mail_survives_the_death_of_the_program(state: Path) -> None:
    mail = {"subject": "Still here", "text": "x"}
    with process.start(state, scenario=scenario()) as running:
        assert requests.post(f"{running.control_url}/mailboxes/{ADDRESS}/messages", json=mail, timeout=10).ok
        running.child.kill()
    with process.start(state) as again:
        found = requests.get(f"{again.control_url}/mailboxes/{ADDRESS}", timeout=10).json()
    subjects = [message["subject"] for folder in found["folders"] for message in folder["messages"]]
    assert subjects == ["Still here"]


def test_program_ends_at_once_on_a_bad_scenario(state: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError):
        process.start(state, scenario={"tenants": [{}]})
    assert "tenants[0].directory_id" in capfd.readouterr().err
