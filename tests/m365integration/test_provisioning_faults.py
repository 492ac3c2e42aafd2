"""provision: bad input names the path of every value at fault, changes nothing, exits 1 and repeats no secret."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django import Settings

from mailboxes.models import Mailbox
from tenants.console import Failed
from tenants.models import Credential, Tenant
from tests.factories import CANARY_SECRET, TenantFactory
from tests.m365integration.test_provisioning import (
    CREDENTIAL,
    DOCUMENT,
    MAILBOX,
    Json,
    Provision,
    changed,
    provision,
)

__all__ = ["provision"]

pytestmark = pytest.mark.django_db

TENANT, REGISTRATION, STAFF = "tenants.0", "tenants.0.registrations.0", "staff.0"


def faults(answer: Json) -> list[tuple[str, str]]:
    assert answer["ok"] is False, "the document was accepted"
    assert all(one["message"] for one in answer["errors"])
    return [(one["path"], one["code"]) for one in answer["errors"]]


def as_path(dotted: str) -> str:
    path = ""
    for step in dotted.split("."):
        path += f"[{step}]" if step.isdigit() else f".{step}" if path else step
    return path


@pytest.mark.parametrize(
    ("where", "value", "code"),
    [
        (f"{TENANT}.name", "", "missing"),
        (f"{TENANT}.name", None, "missing"),
        (f"{TENANT}.name", 7, "not_text"),
        (f"{TENANT}.name", "x" * 101, "max_length"),
        (f"{TENANT}.name", "Con\u0000toso", "unprintable"),
        (f"{TENANT}.name", "Con\ud800toso", "unprintable"),
        (f"{TENANT}.directory_id", "contoso.example", "not_a_guid"),
        (f"{TENANT}.cloud", "mars", "not_a_choice"),
        (f"{TENANT}.cloud", "custom", "cloud_not_configured"),
        (f"{TENANT}.domain", "x" * 254, "max_length"),
        (f"{TENANT}.nmae", "x", "key_unknown"),
        (f"{TENANT}.rules", {}, "not_a_list"),
        (f"{TENANT}.queues", {"name": "Support"}, "not_a_list"),
        (f"{TENANT}.queues.0", "Support", "not_an_object"),
        (f"{REGISTRATION}.client_id", "b6f2c1d0", "not_a_guid"),
        (f"{CREDENTIAL}.kind", "password", "not_a_choice"),
        (f"{CREDENTIAL}.expires_on", "2028-02-30", "not_a_date"),
        (f"{CREDENTIAL}.expires_on", "1.5.2028", "not_a_date"),
        (f"{CREDENTIAL}.expires_on", 2028, "not_text"),
        (f"{CREDENTIAL}.value_env", "NOT_SET_ANYWHERE", "given_twice"),
        (f"{MAILBOX}.address", "help", "invalid"),
        (f"{MAILBOX}.registration", "Helpdek", "registration_unknown"),
        (f"{MAILBOX}.registration", None, "missing"),
        (f"{MAILBOX}.queue", "Sales", "queue_unknown"),
        (f"{MAILBOX}.sign_in", "magic", "not_a_choice"),
        (f"{MAILBOX}.password_env", "NOT_THERE", "environment_missing"),
        (f"{TENANT}.allow_password", "yes", "not_a_flag"),
        (f"{MAILBOX}.signed_in_user", "svc", "invalid"),
        (f"{MAILBOX}.inbound", [], "not_an_object"),
        (f"{MAILBOX}.inbound.transport", "pigeon", "not_a_choice"),
        (f"{MAILBOX}.inbound.since", "yesterday", "not_a_date"),
        (f"{MAILBOX}.inbound.after", "burn", "not_a_choice"),
        (f"{MAILBOX}.inbound.folder", "x" * 501, "max_length"),
        (f"{MAILBOX}.inbound.folder", "", "blank"),
        (f"{MAILBOX}.inbound.copy_to", "support/incoming", "same_folder"),
        (f"{MAILBOX}.inbound.push", "yes", "not_a_flag"),
        (f"{MAILBOX}.inbound.move_too", "x", "key_unknown"),
        (f"{MAILBOX}.outbound.transport", "imap", "not_a_choice"),
        (f"{MAILBOX}.outbound.from", "nobody", "invalid"),
        (f"{MAILBOX}.outbound.registration", "Other", "registration_unknown"),
        (f"{STAFF}.username", "agent one", "invalid"),
        (f"{STAFF}.email", "agent1", "invalid"),
        (f"{STAFF}.role", "boss", "not_a_choice"),
        (f"{STAFF}.role", None, "missing"),
        (f"{STAFF}.tenants", "Contoso", "not_a_list"),
        (f"{STAFF}.tenants.0", "Nobody", "tenant_unknown"),
        (f"{STAFF}.password", "", "not_text"),
        ("stuff", [], "key_unknown"),
        ("tenants", {}, "not_a_list"),
    ],
)
def test_value_at_fault_is_named_by_its_path(provision: Provision, where: str, value: Any, code: str) -> None:
    assert (as_path(where), code) in faults(provision(changed(where, value)))
    assert not (Tenant.objects.exists())
    assert not (User.objects.exists())


def test_pop3_is_told_what_it_cannot_do(provision: Provision) -> None:
    document = changed(f"{MAILBOX}.inbound.transport", "pop3")
    document["tenants"][0]["mailboxes"][0]["inbound"] |= {
        "folder": "Support",
        "after": "move",
        "move_to": "Done",
    }
    assert faults(provision(document)) == [
        ("tenants[0].mailboxes[0].inbound.after", "not_over_this_wire"),
        ("tenants[0].mailboxes[0].inbound.copy_to", "not_over_this_wire"),
        ("tenants[0].mailboxes[0].inbound.folder", "not_over_this_wire"),
    ]


def test_every_fault_is_told_at_once(provision: Provision) -> None:
    document = changed(f"{MAILBOX}.inbound.since", "soon")
    document["tenants"][0]["directory_id"] = "x"
    document["staff"][0]["role"] = "boss"
    assert faults(provision(document)) == [
        ("tenants[0].directory_id", "not_a_guid"),
        ("tenants[0].mailboxes[0].inbound.since", "not_a_date"),
        ("staff[0].role", "not_a_choice"),
    ]


def test_typing_error_in_a_key_is_told_the_nearest_one(provision: Provision) -> None:
    answer = provision(changed(f"{MAILBOX}.inbond", {}))
    assert "did you mean inbound" in answer["errors"][0]["message"]


def test_unknown_name_is_told_the_names_there_are(provision: Provision) -> None:
    answer = provision(changed(f"{MAILBOX}.registration", "Helpdek"))
    assert "known: Helpdesk" in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    "path", ["tenants", "tenants.0.registrations", "tenants.0.queues", "tenants.0.mailboxes", "staff"]
)
def test_same_name_twice_is_refused_with_the_place_of_the_first(provision: Provision, path: str) -> None:
    items: Any = DOCUMENT
    for step in path.split("."):
        items = items[int(step) if step.isdigit() else step]
    answer = provision(changed(path, [*items, *items]))
    twice = [one for one in answer["errors"] if one["code"] == "duplicate"]
    assert twice[0]["path"].startswith(f"{as_path(path)}[1].")
    assert f"{as_path(path)}[0] has the same" in twice[0]["message"]


def test_directory_of_another_tenant_is_refused(provision: Provision) -> None:
    TenantFactory(name="Fabrikam", directory_id=DOCUMENT["tenants"][0]["directory_id"].lower())
    assert faults(provision(DOCUMENT)) == [("tenants[0].directory_id", "directory_taken")]


def test_registration_of_another_tenant_is_unknown(provision: Provision) -> None:
    provision(DOCUMENT)
    mailbox = {"address": "a@fabrikam.example", "registration": "Helpdesk"}
    other = {
        "name": "Fabrikam",
        "directory_id": "0a9b8c7d-1111-4222-8333-444455556666",
        "mailboxes": [mailbox],
    }
    assert ("tenants[0].mailboxes[0].registration", "registration_unknown") in faults(
        provision({"tenants": [other]})
    )


def test_custom_cloud_is_accepted_when_both_its_hosts_are_set(
    provision: Provision, settings: Settings
) -> None:
    settings.M365_LOGIN_URL = settings.M365_GRAPH_URL = "https://localhost:8443"
    assert provision(changed(f"{TENANT}.cloud", "custom"))["ok"] is True


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not_json"),
        ("{", "not_json"),
        ('{"tenants": [NaN]}', "not_json"),
        ('{"tenants": [' + "9" * 5000 + "]}", "not_json"),
        ("[" * 100_000, "too_deep"),
        ("[]", "not_an_object"),
        ("null", "not_an_object"),
    ],
)
def test_document_that_is_none_is_refused_in_a_sentence(provision: Provision, text: str, code: str) -> None:
    assert faults(provision(text)) == [("", code)]


def test_key_written_twice_is_refused(provision: Provision) -> None:
    assert ("tenants", "key_twice") in faults(provision('{"tenants": [], "tenants": []}'))


def test_missing_document_is_a_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(Failed, match="cannot be read: No such file"):
        call_command("provision", str(tmp_path / "nowhere.json"))


@pytest.mark.parametrize("name", ["missing.txt", "", ".", "large.txt", "binary.txt", "empty.txt", "pipe"])
def test_file_that_holds_no_secret_is_refused_and_never_waited_for(
    provision: Provision, tmp_path: Path, name: str
) -> None:
    (tmp_path / "large.txt").write_text("x" * 70_000)
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty.txt").write_text("\n")
    os.mkfifo(tmp_path / "pipe")
    answer = provision(changed(CREDENTIAL, {"kind": "secret", "value_file": name}))
    assert [path for path, _code in faults(answer)] == ["tenants[0].registrations[0].credential.value_file"]


def test_unset_environment_variable_is_named_by_its_path(provision: Provision) -> None:
    answer = provision(changed(CREDENTIAL, {"kind": "secret", "value_env": "NOT_SET_ANYWHERE"}))
    assert faults(answer) == [("tenants[0].registrations[0].credential.value_env", "environment_missing")]


def test_key_that_does_not_belong_to_its_certificate_is_refused(provision: Provision) -> None:
    pair = {"kind": "certificate", "private_key": CANARY_SECRET, "certificate": "-----BEGIN CERTIFICATE-----"}
    answer = provision(changed(CREDENTIAL, pair))
    assert faults(answer) == [("tenants[0].registrations[0].credential", "certificate_unreadable")]
    assert CANARY_SECRET not in json.dumps(answer)


def test_stored_rows_stay_as_they_are_when_anything_is_at_fault(provision: Provision) -> None:
    provision(DOCUMENT)
    document = changed(f"{CREDENTIAL}.value", "another~secret.Value")
    document["tenants"][0]["mailboxes"].append({"address": "b@contoso.example", "registration": "Nobody"})
    provision(document)
    assert (Mailbox.objects.count(), Credential.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "where",
    [f"{CREDENTIAL}.kind", f"{MAILBOX}.sign_in", f"{TENANT}.cloud", f"{MAILBOX}.inbound.since", "staff"],
)
def test_secret_in_the_wrong_place_is_not_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    """S-17, S-22, S-23: neither in the output nor in the exception."""
    file = tmp_path / "provision.json"
    file.write_text(json.dumps(changed(where, CANARY_SECRET)))
    with pytest.raises(Failed) as failed:
        call_command("provision", str(file), "--json")
    assert CANARY_SECRET not in "".join(capsys.readouterr()) + repr(failed.value) + str(failed.value)


def test_command_line_exits_1_with_json_on_one_stream_and_sentences_on_the_other(tmp_path: Path) -> None:
    file = tmp_path / "provision.json"
    file.write_text("{")
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    ran = subprocess.run(
        [sys.executable, "manage.py", "provision", str(file), "--json"],
        cwd=root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 1
    assert json.loads(ran.stdout)["errors"][0]["code"] == "not_json"
    assert "The document is not JSON" in ran.stderr
