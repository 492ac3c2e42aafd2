"""The audit list: every change that matters is one line, scoped, without secrets, and stays (S-110)."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from m365integration import customers
from mailboxes import folders, pausing
from tenants.models import AuditEntry
from tenants.models.audit import OnlyAddedTo
from tests.factories import InboundMessageFactory, MailboxFactory, MembershipFactory, QueueFactory, mail
from tests.tenants.admin.conftest import Desk, signed_in
from tests.tenants.admin.test_credentials import form_of
from tickets.replaying import replay


@pytest.fixture
def line(desk: Desk) -> AuditEntry:
    entry: AuditEntry = AuditEntry.objects.create(tenant=desk.ours, action="changed", subject="Helpdesk")
    return entry


def lines() -> list[tuple[str, str, str]]:
    """Give who, what and which kind, oldest first."""
    return list(AuditEntry.objects.order_by("pk").values_list("actor", "action", "subject_kind"))


def test_a_changed_column_is_told_with_before_and_after(desk: Desk) -> None:
    url = reverse("admin:tenants_appregistration_change", args=[desk.registration.pk])
    signed_in(desk.admin).post(url, form_of(desk) | {"name": "Renamed"})

    assert lines() == [("admin", "changed", "tenants.appregistration")]
    assert AuditEntry.objects.get(action="changed").details == {"name": ["Helpdesk", "Renamed"]}


def test_a_deleted_credential_is_told(desk: Desk) -> None:
    url = reverse("admin:tenants_appregistration_change", args=[desk.registration.pk])
    signed_in(desk.admin).post(url, form_of(desk) | {"credentials-0-DELETE": "on"})

    assert ("admin", "deleted", "tenants.credential") in lines()


def test_a_change_of_role_is_told_with_before_and_after(desk: Desk) -> None:
    member = MembershipFactory(tenant=desk.ours, role="viewer")
    url = reverse("admin:tenants_membership_change", args=[member.pk])
    signed_in(desk.admin).post(url, {"role": "agent"})

    entry = AuditEntry.objects.get()
    assert (entry.tenant, entry.actor, entry.details) == (desk.ours, "admin", {"role": ["viewer", "agent"]})


def test_accounts_and_their_passwords_are_told_without_the_password(desk: Desk) -> None:
    word = "another long passphrase 9"
    url = reverse("admin:auth_user_password_change", args=[desk.agent.pk])
    form = {"password1": word, "password2": word, "usable_password": "true"}
    signed_in(desk.operator).post(url, form)

    assert lines() == [("operator", "changed", "auth.user")]
    assert word not in json.dumps(list(AuditEntry.objects.values()), default=str)


def test_deleting_rows_is_told_one_by_one(desk: Desk) -> None:
    queues = [QueueFactory(tenant=desk.ours).pk for _number in range(2)]
    form = {"action": "delete_selected", "_selected_action": queues, "post": "yes"}
    signed_in(desk.admin).post(reverse("admin:tickets_queue_changelist"), form)

    assert lines() == [("admin", "deleted", "tickets.queue")] * 2


def test_pause_resume_and_folder_are_told(desk: Desk) -> None:
    mailbox = MailboxFactory(tenant=desk.ours)
    pausing.pause(mailbox, by=desk.admin)
    pausing.resume(mailbox, by=desk.admin)
    folders.choose_folder(mailbox, "move_to", path="Done", remote_id="AAMk=", by=desk.admin)

    assert [action for _who, action, _kind in lines()] == ["paused", "resumed", "changed"]
    assert set(AuditEntry.objects.values_list("actor", "tenant")) == {("admin", desk.ours.pk)}


def test_a_mail_filed_again_is_told(desk: Desk) -> None:
    row = InboundMessageFactory(mailbox__tenant=desk.ours, state="quarantined", raw=mail())
    replay([row], by=desk.agent)

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.details) == ("agent", "replayed", {"mails": [row.pk]})


@pytest.mark.parametrize(
    ("command", "action"),
    [(["export", "tickets", "--tenant", "Contoso"], "exported"), (["rotate_keys"], "keys_rotated")],
)
def test_commands_are_told(desk: Desk, command: list[str], action: str) -> None:
    call_command(*command, stdout=StringIO())

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor) == (action, f"manage.py {command[0]}")
    assert entry.tenant == (desk.ours if "Contoso" in command else None)


def test_provisioning_is_told_row_by_row_and_once(desk: Desk, tmp_path: Any) -> None:
    file = tmp_path / "plan.json"
    document = {
        "tenants": [{"name": "Contoso", "directory_id": desk.ours.directory_id, "queues": [{"name": "New"}]}]
    }
    file.write_text(json.dumps(document))
    for _turn in range(2):
        call_command("provision", str(file), stdout=StringIO())

    assert [one for one in lines() if one[2] == "tickets.queue"] == [
        ("manage.py provision", "added", "tickets.queue")
    ]


@pytest.mark.parametrize(
    "statement", ["UPDATE tenants_auditentry SET actor = 'x'", "DELETE FROM tenants_auditentry"]
)
def test_the_database_refuses_to_change_or_remove_a_line(line: AuditEntry, statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert AuditEntry.objects.filter(actor="").count() == 1


def test_code_is_refused_before_the_database_is_asked(line: AuditEntry) -> None:
    for change in (line.save, line.delete, AuditEntry.objects.all().delete, AuditEntry.objects.update):
        with pytest.raises(OnlyAddedTo):
            change()


def test_a_forgotten_tenant_leaves_one_line_that_only_the_operator_sees(desk: Desk, line: AuditEntry) -> None:
    desk.ours.is_active = False
    desk.ours.save()
    customers.remove(desk.ours, by=desk.operator)

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.tenant_id) == ("tenant_deleted", "Contoso", None)
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.all()._raw_delete("default")


def test_admins_read_the_lines_of_their_tenants_only(desk: Desk, line: AuditEntry) -> None:
    AuditEntry.objects.create(tenant=desk.theirs, action="changed", subject="Foreign")
    AuditEntry.objects.create(action="keys_rotated", subject="Installation")
    url = reverse("admin:tenants_auditentry_changelist")
    shown = signed_in(desk.admin).get(url).content.decode()
    all_of_it = signed_in(desk.operator).get(url).content.decode()

    assert [word in shown for word in ("Helpdesk", "Foreign", "Installation")] == [True, False, False]
    assert [word in all_of_it for word in ("Helpdesk", "Foreign", "Installation")] == [True, True, True]


def test_a_line_names_the_kind_of_row_in_words(desk: Desk) -> None:
    for kind in ("tenants.appregistration", "tickets.no_more", ""):
        AuditEntry.objects.create(tenant=desk.ours, subject_kind=kind, subject="Helpdesk", action="changed")
    page = signed_in(desk.admin).get("/admin/tenants/auditentry/")
    assert all(
        f'<span class="desk-quiet">{word}</span>' in page.content.decode()
        for word in ("app registration", "tickets.no_more", "")
    )


def test_a_line_shows_markup_as_text(desk: Desk) -> None:
    entry = AuditEntry.objects.create(
        tenant=desk.ours, action="changed", subject="<script>x", details={"name": ["<script>y", "<script>z"]}
    )
    url = reverse("admin:tenants_auditentry_change", args=[entry.pk])

    page = signed_in(desk.admin).get(url).content.decode()
    assert "<script>y" not in page
    assert "&lt;script&gt;y → &lt;script&gt;z" in page
