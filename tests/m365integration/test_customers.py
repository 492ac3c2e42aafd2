"""One switch stops a customer on every path; deleting one leaves nothing behind but a line."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from m365integration import customers, watch
from mailboxes import folders, storage
from mailboxes.errors import LeaseLost
from mailboxes.governor import RunGate, renew
from mailboxes.inbound.acknowledge import mailboxes_with_leftovers
from mailboxes.inbound.sync import due_mailboxes, sync
from mailboxes.models import InboundMessage, Mailbox
from mailboxes.sweeping import sweep_storage
from tenants import app_tokens
from tenants.connection import prove
from tenants.errors import Misconfigured
from tenants.models import AccessToken, Alert, AuditEntry, Tenant
from tenants.ownership import TenantOwned
from tests import factories
from tests.factories import UserFactory
from tests.tenants.admin.conftest import Desk, desk, signed_in
from tickets import filing
from tickets.filing import Filer
from tickets.models import SavedFilter, Tag, Ticket
from tickets.replaying import replay
from tickets.search.sqlite import INDEXED

__all__ = ["desk"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(desk: Desk) -> Mailbox:
    """A mailbox of ours that is due, with a stored mail, and one filed that is not tidied up yet."""
    found = factories.MailboxFactory(tenant=desk.ours, registration=desk.registration)
    factories.FolderFactory(mailbox=found)
    factories.InboundMessageFactory(mailbox=found, raw=factories.mail())
    factories.InboundMessageFactory(mailbox=found, state="filed")
    factories.CredentialFactory(registration=desk.registration)
    return found


def off(desk: Desk) -> None:
    customers.switch_off(Tenant.objects.filter(pk=desk.ours.pk))


def fresh(mailbox: Mailbox) -> Mailbox:
    return Mailbox.objects.select_related("tenant", "registration__tenant").get(pk=mailbox.pk)


def test_schedule_finds_nothing_to_do_for_a_tenant_that_is_off(desk: Desk, mailbox: Mailbox) -> None:
    later = timezone.now() + timedelta(hours=1)
    assert due_mailboxes(later) == [mailbox.pk]
    off(desk)
    assert due_mailboxes(later) == []
    assert mailboxes_with_leftovers(later) == []
    assert filing.tenants_due() == []


def test_nudge_that_was_sent_before_reaches_nobody(desk: Desk, mailbox: Mailbox) -> None:
    """No request is allowed here, so a run that asked Microsoft would fail."""
    off(desk)
    report = sync(mailbox.pk, file=filing.file_for, budget_s=5)
    assert (report.fetched, report.requests, report.error) == (0, 0, None)
    assert fresh(mailbox).claimed_until is None


def test_stored_mail_is_not_filed_while_off_and_is_filed_once_on(desk: Desk, mailbox: Mailbox) -> None:
    off(desk)
    assert Filer(desk.ours.pk).file_due().filed == 0
    customers.switch_on(Tenant.objects.filter(pk=desk.ours.pk))
    assert Filer(desk.ours.pk).file_due().filed == 1


def test_mail_that_is_tried_again_waits_for_the_switch(desk: Desk, mailbox: Mailbox) -> None:
    off(desk)
    [answer] = replay(InboundMessage.objects.filter(state="received"))
    assert (answer.state, answer.ticket) == ("received", None)
    assert not Ticket.objects.exists()


def test_run_under_way_loses_its_mailbox(desk: Desk, mailbox: Mailbox) -> None:
    Mailbox.objects.filter(pk=mailbox.pk).update(
        claimed_until=timezone.now() + timedelta(minutes=5), claim_number=7
    )
    running = fresh(mailbox)
    off(desk)
    with pytest.raises(LeaseLost):
        renew(running, RunGate())
    customers.switch_on(Tenant.objects.filter(pk=desk.ours.pk))
    assert due_mailboxes(timezone.now()) == [mailbox.pk]


def test_connection_tests_and_folder_picker_ask_nothing(desk: Desk, mailbox: Mailbox) -> None:
    off(desk)
    for ask in (lambda: folders.live_folders(fresh(mailbox)), lambda: folders.open_folder(fresh(mailbox))):
        with pytest.raises(Misconfigured, match="tenant_off"):
            ask()
    desk.registration.refresh_from_db()
    with pytest.raises(Misconfigured, match="tenant_off"):
        prove(desk.registration)


def test_no_token_is_renewed(desk: Desk, mailbox: Mailbox) -> None:
    soon = timezone.now() + timedelta(minutes=1)
    AccessToken.objects.create(tenant=desk.ours, registration=desk.registration, token="old", expires_at=soon)
    off(desk)
    assert app_tokens.renew_due(timezone.now()) == 0


def test_nobody_is_alarmed_about_what_was_switched_off(desk: Desk, mailbox: Mailbox) -> None:
    Mailbox.objects.update(trouble={"code": "x", "cause": "c", "who": "operator", "fix": "f"})
    off(desk)
    watch.look(timezone.now())
    assert not Alert.objects.exists()


def test_other_tenants_go_on(desk: Desk, mailbox: Mailbox) -> None:
    theirs = factories.MailboxFactory(tenant=desk.theirs)
    off(desk)
    assert due_mailboxes(timezone.now()) == [theirs.pk]


def everything_of(tenant: Tenant) -> Mailbox:
    """One row of each kind, with files, an alert and a line in the history."""
    mailbox = factories.MailboxFactory(tenant=tenant)
    factories.FolderFactory(mailbox=mailbox)
    inbound = factories.InboundMessageFactory(mailbox=mailbox, raw=factories.mail())
    ticket = factories.TicketFactory(tenant=tenant, mailbox=mailbox, queue=mailbox.queue, subject="quokka")
    entry = factories.EntryFactory(ticket=ticket, inbound=inbound)
    factories.AttachmentFactory(entry=entry)
    factories.CredentialFactory(registration=mailbox.registration)
    Alert.objects.create(
        kind="mailbox_quiet", subject=mailbox.address, tenant=tenant, opened_at=timezone.now()
    )
    return mailbox


def rows_of(tenant_id: int) -> dict[str, int]:
    owned = [model for model in apps.get_models() if issubclass(model, TenantOwned)]
    counts = {model.__name__: model._base_manager.filter(tenant_id=tenant_id).count() for model in owned}
    return {name: count for name, count in counts.items() if count}


def files_of(tenant_id: int) -> list[Path]:
    rooms = [Path(settings.MEDIA_ROOT) / room / str(tenant_id) for room in storage.ROOMS]
    return [path for room in rooms for path in room.rglob("*")]


def remove(desk: Desk, **form: str) -> int:
    address = reverse("admin:tenants_tenant_delete", args=[desk.ours.pk])
    return signed_in(desk.operator).post(address, form).status_code


def left_in_search(word: str) -> list[str]:
    """Name the pieces of SQLite's search index that still hold a word."""
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            return []
        found = []
        for table in INDEXED:
            cursor.execute(f"SELECT block FROM {table}_search_data")
            found += [table for (block,) in cursor.fetchall() if word.encode() in bytes(block)]
    return found


def leave_traces(desk: Desk, mailbox: Mailbox) -> None:
    """Change and delete rows in the admin, and give an account a role: each is told in Django's history too."""
    client = signed_in(desk.operator)
    client.post("/admin/tickets/tag/add/", {"tenant": desk.ours.pk, "name": "kept"})
    client.post("/admin/tickets/tag/add/", {"tenant": desk.ours.pk, "name": "gone"})
    client.post(
        f"/admin/tickets/tag/{Tag.objects.for_machine().get(name='gone').pk}/delete/", {"post": "yes"}
    )
    newcomer = UserFactory(username="newcomer")
    inline = {"tenant": desk.ours.pk, "role": "viewer", "user": newcomer.pk}
    form = {"username": "newcomer", "is_active": "on", "is_staff": "on"}
    for prefix, count in (("memberships", 1), ("microsoft_identity", 0)):
        form |= {f"{prefix}-TOTAL_FORMS": count, f"{prefix}-INITIAL_FORMS": 0}
    form |= {f"memberships-0-{name}": value for name, value in inline.items()}
    answer = client.post(f"/admin/auth/user/{newcomer.pk}/change/", form)
    assert answer.status_code == 302, answer.context["errors"]
    asked = (f"tenant__id__exact={desk.ours.pk}&status=open", f"queue__id__exact={mailbox.queue_id}")
    for query in (*asked, f"tenant__id__exact={desk.theirs.pk}", f"tenant__id__exact={desk.ours.pk}7"):
        SavedFilter.objects.create(user=newcomer, name=query, query=query)


@pytest.mark.django_db(transaction=True)
def test_deleted_tenant_leaves_nothing_but_one_line(desk: Desk) -> None:
    mailbox = everything_of(desk.ours)
    leave_traces(desk, mailbox)
    assert left_in_search("quokka") or connection.vendor != "sqlite"
    assert LogEntry.objects.count() == 2
    off(desk)
    assert remove(desk, name="Contoso") == 302
    assert (rows_of(desk.ours.pk), files_of(desk.ours.pk), Alert.objects.count()) == ({}, [], 0)
    assert not Tenant.objects.filter(pk=desk.ours.pk).exists()
    assert not LogEntry.objects.exists()
    assert SavedFilter.objects.count() == 2, "of others"
    assert not left_in_search("quokka")
    lines = AuditEntry.objects.for_machine().filter(tenant=None)
    [line] = [line for line in lines if "Contoso" in f"{line.subject} {line.details}"]
    assert (line.actor, line.subject, line.action) == ("operator", "Contoso", "tenant_deleted")


@pytest.mark.django_db(transaction=True)
def test_deleting_one_tenant_leaves_the_other_whole(desk: Desk) -> None:
    everything_of(desk.ours)
    everything_of(desk.theirs)
    before = rows_of(desk.theirs.pk), sorted(files_of(desk.theirs.pk))
    off(desk)
    remove(desk, name="Contoso")
    assert (rows_of(desk.theirs.pk), sorted(files_of(desk.theirs.pk))) == before
    assert Alert.objects.count() == 1


def test_tenant_that_is_on_is_not_deleted(desk: Desk, mailbox: Mailbox) -> None:
    assert remove(desk, name="Contoso") == 200
    with pytest.raises(customers.StillOn):
        customers.remove(desk.ours)
    assert InboundMessage.objects.count() == 2


def test_tenant_is_deleted_only_by_its_name(desk: Desk, mailbox: Mailbox) -> None:
    off(desk)
    assert remove(desk, name="Fabrikam") == remove(desk) == 200
    assert Tenant.objects.filter(pk=desk.ours.pk).exists()


@pytest.mark.parametrize("role", ["admin", "agent", "viewer", "stranger"])
def test_only_the_operator_deletes_or_switches(desk: Desk, role: str) -> None:
    client = signed_in(getattr(desk, role))
    chosen = {"action": "switch_off", "_selected_action": [desk.ours.pk]}
    client.post(reverse("admin:tenants_tenant_changelist"), chosen)
    assert Tenant.objects.get(pk=desk.ours.pk).is_active
    off(desk)
    client.post(reverse("admin:tenants_tenant_delete", args=[desk.ours.pk]), {"name": "Contoso"})
    assert Tenant.objects.filter(pk=desk.ours.pk).exists()


def test_files_of_a_tenant_that_is_gone_are_swept_a_day_later(mailbox: Mailbox) -> None:
    (row,) = InboundMessage.objects.exclude(raw_path="")
    row.tenant_id = 987654
    orphan = storage.full_path(storage.new_raw_path(row.tenant_id, timezone.now()))
    storage.make_folder(orphan.parent)
    orphan.write_bytes(b"left behind")
    sweep_storage(timezone.now())
    assert orphan.exists()
    _age(orphan.parent.parent, timezone.now() - timedelta(days=2))
    sweep_storage(timezone.now())
    assert not orphan.exists()
    assert storage.full_path(row.raw_path).exists()


def _age(path: Path, moment: datetime) -> None:
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    assert path.exists()


def needs_a_look(desk: Desk) -> None:
    """Ours has two tickets to do, a mailbox in trouble and a mail in quarantine."""
    trouble = {"code": "x", "cause": "c", "who": "operator", "fix": "f"}
    ailing = factories.MailboxFactory(tenant=desk.ours, trouble=trouble, last_mail_at=timezone.now())
    factories.InboundMessageFactory(mailbox=ailing, state="quarantined")
    for status in ("new", "waiting", "closed"):
        factories.TicketFactory(tenant=desk.ours, mailbox=ailing, status=status)


def test_operator_sees_of_each_tenant_what_needs_a_look(desk: Desk) -> None:
    needs_a_look(desk)
    page = signed_in(desk.operator).get(reverse("admin:tenants_tenant_changelist"))
    found = {row.name: row for row in page.context["cl"].result_list}
    ours, theirs = found["Contoso"], found["Fabrikam"]
    assert (ours.open_count, ours.ailing_count, ours.quarantine_count) == (2, 1, 1)
    assert (theirs.open_count, theirs.ailing_count, theirs.last_mail_at) == (0, 0, None)


def test_every_figure_of_the_overview_leads_to_as_many_rows(desk: Desk) -> None:
    needs_a_look(desk)
    client = signed_in(desk.operator)
    counts = {"tickets/ticket": 2, "mailboxes/mailbox": 1, "mailboxes/inboundmessage": 1}
    page = client.get(reverse("admin:tenants_tenant_changelist")).content.decode().replace("&amp;", "&")
    for model, count in counts.items():
        _before, _sep, rest = page.partition(f'href="/admin/{model}/?tenant')
        shown = client.get(f"/admin/{model}/?tenant{rest.partition(chr(34))[0]}")
        assert shown.context["cl"].result_count == count, model


def test_tenant_admin_sees_figures_of_his_own_tenant_only(desk: Desk) -> None:
    page = signed_in(desk.admin).get(reverse("admin:tenants_tenant_changelist"))
    assert [row.name for row in page.context["cl"].result_list] == ["Contoso"]
    assert "Switch off" not in page.content.decode()


def test_the_switch_on_the_page_of_a_tenant_cuts_runs_off(desk: Desk, mailbox: Mailbox) -> None:
    Mailbox.objects.filter(pk=mailbox.pk).update(claimed_until=timezone.now() + timedelta(minutes=5))
    form = {"name": "Contoso", "directory_id": desk.ours.directory_id, "cloud": "global", "domain": ""}
    signed_in(desk.operator).post(reverse("admin:tenants_tenant_change", args=[desk.ours.pk]), form)
    assert not Tenant.objects.get(pk=desk.ours.pk).is_active
    assert fresh(mailbox).claimed_until is None
