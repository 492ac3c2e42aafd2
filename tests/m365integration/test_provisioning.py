"""provision: one document becomes rows, as often as it is applied. Its faults are in test_provisioning_faults.py."""

import contextlib
import copy
import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailboxes.models import Mailbox
from tenants.console import Failed
from tenants.models import AccessToken, AppRegistration, Credential, Membership, Tenant
from tests.factories import CANARY_SECRET, PASSWORD, FolderFactory
from tests.tenants.test_fields import NEW, OLD, UseKeys, use_keys
from tickets.models import Queue

__all__ = ["use_keys"]

pytestmark = pytest.mark.django_db

Json = dict[str, Any]
DOCUMENT: Json = {
    "tenants": [
        {
            "name": "Contoso",
            "directory_id": "7D1F3A52-0c1b-4c58-9f0e-3b6a1d2c4e5f",
            "cloud": "global",
            "domain": "contoso.example",
            "registrations": [
                {
                    "name": "Helpdesk",
                    "client_id": "b6f2c1d0-5e4a-4b3c-8d2e-1f0a9b8c7d6e",
                    "credential": {"kind": "secret", "value": CANARY_SECRET, "expires_on": "2028-05-01"},
                }
            ],
            "queues": [{"name": "Support"}],
            "mailboxes": [
                {
                    "address": "Help@Contoso.example",
                    "registration": "Helpdesk",
                    "queue": "Support",
                    "sign_in": "application",
                    "inbound": {
                        "transport": "graph",
                        "folder": "Support/Incoming",
                        "since": "2026-01-01",
                        "after": "mark_read",
                        "move_to": "Processed",
                        "copy_to": "Archive",
                        "push": False,
                        "sent_items": False,
                        "join_by_subject": True,
                    },
                    "outbound": {
                        "transport": "smtp",
                        "from": "help@contoso.example",
                        "registration": "Helpdesk",
                    },
                }
            ],
            "rules": [],
        }
    ],
    "staff": [
        {
            "username": "agent1",
            "email": "agent1@desk.example",
            "role": "viewer",
            "tenants": ["Contoso"],
            "password": PASSWORD,
        }
    ],
}

Provision = Callable[..., Json]


@pytest.fixture
def provision(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Provision:
    """Apply a document by the command; gives its JSON, of a failure too."""

    def apply(document: Any, *options: str) -> Json:
        file = tmp_path / "provision.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
        with contextlib.suppress(Failed):
            call_command("provision", str(file), "--json", *options)
        answer: Json = json.loads(capsys.readouterr().out)
        return answer

    return apply


def changed(path: str, value: Any) -> Json:
    """Copy the document with one value replaced; the path is written with dots and numbers."""
    document = copy.deepcopy(DOCUMENT)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = document
    for step in way:
        place = place[step]
    place[last] = value
    return document


MAILBOX = "tenants.0.mailboxes.0"
CREDENTIAL = "tenants.0.registrations.0.credential"


def counts(answer: Json, what: str) -> dict[str, int]:
    return {rows: numbers[what] for rows, numbers in answer["rows"].items() if numbers[what]}


def test_document_becomes_rows(provision: Provision) -> None:
    answer = provision(DOCUMENT)
    made = {"tenants": 1, "registrations": 1, "credentials": 1, "queues": 1, "mailboxes": 1, "staff": 1}
    assert answer["ok"] is True
    assert counts(answer, "created") == {**made, "memberships": 1}


def test_second_application_changes_nothing(provision: Provision) -> None:
    provision(DOCUMENT)
    again = provision(DOCUMENT)
    assert (counts(again, "created"), counts(again, "updated")) == ({}, {})
    assert Credential.objects.count() == 1


def test_further_addresses_and_reply_address_are_taken(provision: Provision) -> None:
    outbound = {"aliases": ["Sales@contoso.example"], "reply_to": "sales@contoso.example"}
    answer = provision(changed("tenants.0.mailboxes.0.outbound", outbound))
    mailbox = Mailbox.objects.get(address="help@contoso.example")
    assert (mailbox.aliases, mailbox.reply_to) == ("sales@contoso.example", "sales@contoso.example")
    assert answer["warnings"] == []


def test_reply_address_that_nobody_reads_is_warned_of(provision: Provision) -> None:
    """S0-30."""
    answer = provision(changed("tenants.0.mailboxes.0.outbound", {"reply_to": "desk@contoso.example"}))
    assert [(one["path"], one["code"]) for one in answer["warnings"]] == [
        ("tenants[0].mailboxes[0].outbound.reply_to", "answers_unread")
    ]


def test_mailbox_takes_every_value_of_the_document(provision: Provision) -> None:
    provision(DOCUMENT)
    mailbox = Mailbox.objects.get(address="help@contoso.example")
    assert (mailbox.folder, mailbox.after, mailbox.copy_to) == ("Support/Incoming", "mark_read", "Archive")
    assert (mailbox.since, mailbox.since_at) == ("date", datetime(2026, 1, 1, tzinfo=UTC))
    assert (mailbox.outbound_transport, mailbox.outbound_from) == ("smtp", "help@contoso.example")
    assert mailbox.outbound_registration == mailbox.registration == AppRegistration.objects.get()
    assert mailbox.joins_by_subject
    assert (mailbox.push, mailbox.reads_sent, mailbox.queue) == (
        False,
        False,
        Queue.objects.get(name="Support"),
    )


def test_ids_and_addresses_are_stored_in_lower_case(provision: Provision) -> None:
    provision(DOCUMENT)
    assert Tenant.objects.get().directory_id == "7d1f3a52-0c1b-4c58-9f0e-3b6a1d2c4e5f"
    assert Mailbox.objects.get().address == "help@contoso.example"


def test_new_mailbox_reads_the_inbox_from_now_on_and_moves_to_processed(provision: Provision) -> None:
    provision(changed(MAILBOX, {"address": "a@contoso.example", "registration": "Helpdesk"}))
    mailbox = Mailbox.objects.get()
    assert (mailbox.folder, mailbox.after, mailbox.move_to) == ("inbox", "move", "Processed")
    assert mailbox.since_at is not None
    assert mailbox.next_sync_at is not None


def test_mailbox_that_reads_from_now_on_keeps_its_moment(provision: Provision) -> None:
    document = changed(f"{MAILBOX}.inbound.since", "now")
    provision(document)
    first = Mailbox.objects.get().since_at
    provision(document)
    assert Mailbox.objects.get().since_at == first


def test_what_the_document_does_not_name_stays(provision: Provision) -> None:
    provision(DOCUMENT)
    provision({"tenants": [{"name": "Contoso", "mailboxes": [{"address": "help@contoso.example"}]}]})
    mailbox = Mailbox.objects.get()
    assert (mailbox.folder, mailbox.since) == ("Support/Incoming", "date")
    assert Tenant.objects.get().domain == "contoso.example"


def test_mailbox_may_refer_to_a_registration_that_is_stored_only(provision: Provision) -> None:
    provision(DOCUMENT)
    more = {"address": "b@contoso.example", "registration": "Helpdesk", "queue": "Support"}
    provision({"tenants": [{"name": "Contoso", "mailboxes": [more]}]})
    assert Mailbox.objects.filter(registration__name="Helpdesk").count() == 2


def test_changed_folder_names_are_looked_up_anew_and_at_once(provision: Provision) -> None:
    provision(DOCUMENT)
    later = timezone.now() + timedelta(hours=1)
    Mailbox.objects.update(copy_to_id="AAMkOld=", move_to_id="AAMkKept=", next_sync_at=later)
    provision(changed(f"{MAILBOX}.inbound.copy_to", "Elsewhere"))
    mailbox = Mailbox.objects.get()
    assert (mailbox.copy_to_id, mailbox.move_to_id) == ("", "AAMkKept=")
    assert mailbox.next_sync_at < later


def test_changed_since_walks_the_folder_again(provision: Provision) -> None:
    provision(DOCUMENT)
    mailbox = Mailbox.objects.get()
    for purpose in ("inbox", "sent"):
        FolderFactory(mailbox=mailbox, purpose=purpose, cursor="delta", is_walking=False)
    provision(changed(f"{MAILBOX}.inbound.since", "all"))
    assert set(mailbox.folders.values_list("cursor", "is_walking")) == {("", True), ("delta", False)}
    assert Mailbox.objects.filter(since_at=None, claim_number=mailbox.claim_number + 1).exists()


def test_changed_secret_becomes_one_more_credential(provision: Provision) -> None:
    provision(DOCUMENT)
    answer = provision(changed(f"{CREDENTIAL}.value", "another~secret.Value"))
    assert counts(answer, "created") == {"credentials": 1}
    assert [row.open().value for row in Credential.objects.all()] == ["another~secret.Value", CANARY_SECRET]


def test_changed_secret_is_proved_at_the_next_look(provision: Provision) -> None:
    provision(DOCUMENT)
    registration = AppRegistration.objects.get()
    AccessToken.objects.create(tenant=registration.tenant, registration=registration, token="t")
    provision(changed(f"{CREDENTIAL}.value", "another~secret.Value"))
    assert not AccessToken.objects.exists()


def test_changed_expiry_updates_the_credential_there_is(provision: Provision) -> None:
    provision(DOCUMENT)
    answer = provision(changed(f"{CREDENTIAL}.expires_on", "2029-01-01"))
    assert (counts(answer, "updated"), Credential.objects.get().expires_on) == (
        {"credentials": 1},
        date(2029, 1, 1),
    )


def test_secret_of_a_lost_key_is_entered_again_beside_it(provision: Provision, use_keys: UseKeys) -> None:
    use_keys(OLD)
    provision(DOCUMENT)
    use_keys(NEW)
    assert counts(provision(DOCUMENT), "created") == {"credentials": 1}
    assert Credential.objects.first().open().value == CANARY_SECRET


def test_secret_is_taken_from_the_environment(provision: Provision, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTOSO_SECRET", "from~the.Environment")
    provision(changed(CREDENTIAL, {"kind": "secret", "value_env": "CONTOSO_SECRET"}))
    assert Credential.objects.get().open().value == "from~the.Environment"


def test_secret_is_taken_from_a_file_beside_the_document(provision: Provision, tmp_path: Path) -> None:
    (tmp_path / "contoso.secret").write_text("from~the.File\n")
    provision(changed(CREDENTIAL, {"kind": "secret", "value_file": "contoso.secret"}))
    assert Credential.objects.get().open().value == "from~the.File"


def test_guid_as_secret_is_accepted_with_a_warning(provision: Provision) -> None:
    """S1-6: a form refuses it; whoever writes a file may know better."""
    answer = provision(changed(f"{CREDENTIAL}.value", "84bd8158-6d4d-4958-8b9f-9d6445542f95"))
    assert [(one["path"], one["code"]) for one in answer["warnings"]] == [
        ("tenants[0].registrations[0].credential", "secret_is_guid")
    ]
    assert Credential.objects.count() == 1


def test_public_client_has_no_credential(provision: Provision) -> None:
    assert provision(changed(CREDENTIAL, {"kind": "none"}))["ok"] is True
    assert not Credential.objects.exists()


def test_member_of_staff_can_sign_in_and_has_his_role(provision: Provision) -> None:
    provision(DOCUMENT)
    user = User.objects.get(username="agent1")
    assert (user.is_staff, user.is_superuser, user.check_password(PASSWORD)) == (True, False, True)
    assert Membership.objects.get(user=user, tenant__name="Contoso").role == "viewer"


def test_password_is_set_only_when_it_differs(provision: Provision) -> None:
    provision(DOCUMENT)
    before = User.objects.get().password
    provision(DOCUMENT)
    assert User.objects.get().password == before
    provision(changed("staff.0.password", "another long passphrase"))
    assert User.objects.get().check_password("another long passphrase")


def test_weak_password_is_set_with_a_warning(provision: Provision) -> None:
    answer = provision(changed("staff.0.password", "agent1"))
    assert [one["code"] for one in answer["warnings"]] == ["weak_password"]
    assert User.objects.get().check_password("agent1")


def test_memberships_the_document_does_not_name_stay(provision: Provision) -> None:
    provision(DOCUMENT)
    provision(changed("staff.0.tenants", []))
    assert Membership.objects.count() == 1


def test_dry_run_counts_and_changes_nothing(provision: Provision) -> None:
    answer = provision(DOCUMENT, "--dry-run")
    assert (answer["dry_run"], counts(answer, "created")["mailboxes"]) == (True, 1)
    assert not (Tenant.objects.exists())
    assert not (User.objects.exists())


def test_document_is_read_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(json.dumps(DOCUMENT).encode("utf-8-sig")))
    monkeypatch.setattr(sys, "stdin", stdin)
    call_command("provision", "-", stdout=io.StringIO())
    assert Tenant.objects.get().name == "Contoso"


def test_sentences_for_people_count_rows_and_hold_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """S-17, S-22."""
    file = tmp_path / "provision.json"
    file.write_text(json.dumps(DOCUMENT))
    call_command("provision", str(file))
    told = "".join(capsys.readouterr())
    assert "mailboxes: 1 created" in told
    assert CANARY_SECRET not in told
    assert PASSWORD not in told


def test_checking_takes_as_many_statements_for_ten_tenants_as_for_one(provision: Provision) -> None:
    from m365integration.provisioning import Source
    from m365integration.provisioning.provision import check

    taken = []
    for size in (1, 10):
        tenants = [
            {"name": f"T{n}", "directory_id": f"7d1f3a52-0c1b-4c58-9f0e-3b6a1d2c4e{n:02}"}
            for n in range(size)
        ]
        with CaptureQueriesContext(connection) as queries:
            check(Source(document={"tenants": tenants}, folder=Path()))
        taken.append(len(queries))
    assert taken == [5, 5]
