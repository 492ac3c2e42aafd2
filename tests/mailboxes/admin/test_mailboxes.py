"""The pages of a mailbox: what they say, and what their buttons do for whom."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.signals import pre_save
from django.urls import reverse
from django.utils import timezone

from mailboxes.admin.filters import HealthFilter
from mailboxes.health import Health, backfill_of, health_of
from mailboxes.models import InboundMessage, Mailbox
from tenants.models import AuditEntry, Tenant
from tenants.whom import for_machine
from tests.factories import EntryFactory, FolderFactory, InboundMessageFactory, MailboxFactory
from tests.tenants.admin.conftest import Desk, signed_in

TROUBLE = {
    "code": "AADSTS7000222",
    "cause": "The client secret has expired.",
    "who": "customer_admin",
    "fix": "Create a new one.",
    "correlation": [["trace_id", "0a3c"]],
}


def url_of(mailbox: Mailbox, name: str = "change") -> str:
    return reverse(f"admin:mailboxes_mailbox_{name}", args=[mailbox.pk])


def form_of(mailbox: Mailbox, **changed: Any) -> dict[str, Any]:
    names = (
        "address",
        "sign_in",
        "signed_in_user",
        "inbound_transport",
        "folder",
        "since",
        "after",
        "move_to",
        "copy_to",
        "outbound_transport",
    )
    form = {name: getattr(mailbox, name) for name in names}
    return (
        form
        | {"registration": mailbox.registration_id, "queue": mailbox.queue_id, "is_active": "on"}
        | changed
    )


@pytest.mark.parametrize(
    ("values", "health"),
    [
        ({}, Health.FRESH),
        ({"last_success_at": timezone.now()}, Health.WORKING),
        ({"trouble": TROUBLE}, Health.TROUBLE),
        ({"trouble": TROUBLE, "retry_after_until": timezone.now() + timedelta(hours=1)}, Health.WAITING),
        ({"trouble": TROUBLE, "paused": "staff"}, Health.PAUSED),
        ({"trouble": TROUBLE, "is_active": False}, Health.OFF),
        ({"inbound_transport": "none"}, Health.OFF),
    ],
)
def test_health_is_one_word(values: dict[str, Any], health: Health, db: None) -> None:
    mailbox = MailboxFactory(**values)

    assert health_of(mailbox, timezone.now()) is health


def test_the_page_of_a_mailbox_in_trouble_says_why_who_and_what(desk: Desk) -> None:
    mailbox = MailboxFactory(tenant=desk.ours, trouble=TROUBLE, trouble_since_at=timezone.now())
    page = signed_in(desk.agent).get(url_of(mailbox)).content.decode()

    for words in ("The client secret has expired.", "Create a new one.", "AADSTS7000222", "0a3c"):
        assert words in page
    assert "Administrator of the customer" in page


def test_the_first_walk_shows_how_far_it_is(db: None) -> None:
    mailbox = MailboxFactory(backlog_total=200)
    FolderFactory(mailbox=mailbox, is_walking=True)
    backfill = backfill_of(mailbox, {"filed": 40, "received": 10})

    assert backfill is not None
    assert (backfill.seen, backfill.settled, backfill.left, backfill.percent) == (50, 40, 150, 20)


def test_sync_now_makes_the_next_look_due(desk: Desk) -> None:
    mailbox = MailboxFactory(tenant=desk.ours, next_sync_at=timezone.now() + timedelta(hours=1))
    signed_in(desk.admin).post(url_of(mailbox, "sync"))

    mailbox.refresh_from_db()
    assert mailbox.next_sync_at <= timezone.now()
    assert mailbox.nudged_at is not None


def test_sync_now_promises_nothing_while_the_tenant_is_off(desk: Desk) -> None:
    mailbox = MailboxFactory(tenant=desk.ours)
    Tenant.objects.filter(pk=desk.ours.pk).update(is_active=False)
    page = signed_in(desk.admin).post(url_of(mailbox, "sync"), follow=True)
    mailbox.refresh_from_db()
    assert [str(told) for told in page.context["messages"]] == ["All mail of this tenant is switched off."]
    assert mailbox.nudged_at is None


def test_a_mailbox_is_paused_and_resumed(desk: Desk) -> None:
    mailbox, client = MailboxFactory(tenant=desk.ours), signed_in(desk.admin)
    client.post(url_of(mailbox, "pause"))
    mailbox.refresh_from_db()
    was_paused = mailbox.paused
    client.post(url_of(mailbox, "resume"))
    mailbox.refresh_from_db()

    assert (was_paused, mailbox.paused) == ("staff", "")


@pytest.mark.parametrize("door", ["sync", "pause", "resume", "test", "folders", "choose"])
def test_buttons_answer_admins_of_the_tenant_only_and_by_post(desk: Desk, door: str) -> None:
    own, foreign = MailboxFactory(tenant=desk.ours), MailboxFactory(tenant=desk.theirs)

    assert signed_in(desk.admin).post(url_of(foreign, door)).status_code == 404
    assert signed_in(desk.agent).post(url_of(own, door)).status_code == 404
    assert signed_in(desk.admin).get(url_of(own, door)).status_code == 405
    own.refresh_from_db()
    assert own.paused == ""


def test_deleting_after_filing_asks_for_the_address(desk: Desk) -> None:
    mailbox, client = MailboxFactory(tenant=desk.ours), signed_in(desk.admin)
    refused = client.post(url_of(mailbox), form_of(mailbox, after="delete"))
    mailbox.refresh_from_db()
    before = mailbox.after
    client.post(url_of(mailbox), form_of(mailbox, after="delete", confirm_address=mailbox.address))
    mailbox.refresh_from_db()

    assert "Type the address" in refused.content.decode()
    assert (before, mailbox.after) == ("move", "delete")


def test_where_deleted_mail_lies_and_for_how_long_is_said_with_the_line_that_tells(desk: Desk) -> None:
    """S1-17, S1-18"""
    mailbox = MailboxFactory(tenant=desk.ours)
    page = signed_in(desk.admin).get(url_of(mailbox)).content.decode()
    told = (
        "14 days",
        "30 at most",
        f"Get-Mailbox -Identity {mailbox.address}",
        "Recover items deleted from this folder",
    )
    assert [words for words in told if words not in page] == []


def test_saving_the_form_leaves_a_run_under_way_its_claim(desk: Desk) -> None:
    mailbox = MailboxFactory(tenant=desk.ours, claim_number=7, move_to_id="AAMk=", copy_to_id="AAMkC=")

    @for_machine()
    def claim(**_kwargs: Any) -> None:
        """A run starts between the form's reading of the row and its writing."""
        Mailbox.objects.filter(pk=mailbox.pk).update(claim_number=8)

    pre_save.connect(claim, sender=Mailbox)
    signed_in(desk.admin).post(url_of(mailbox), form_of(mailbox, move_to="Archive/2026"))
    pre_save.disconnect(claim, sender=Mailbox)

    mailbox.refresh_from_db()
    assert mailbox.claim_number == 8
    assert (mailbox.move_to, mailbox.move_to_id, mailbox.copy_to_id) == ("Archive/2026", "", "AAMkC=")


def test_a_chosen_folder_is_kept_by_its_id(desk: Desk) -> None:
    folder = FolderFactory(mailbox__tenant=desk.ours, remote_id="old", cursor="x", is_walking=False)
    form = {"purpose": "folder", "folder": "AAMkNew=\nPosteingang/Büro"}
    signed_in(desk.admin).post(url_of(folder.mailbox, "choose"), form)

    folder.refresh_from_db()
    folder.mailbox.refresh_from_db()
    assert folder.mailbox.folder == folder.path == "Posteingang/Büro"
    assert (folder.remote_id, folder.cursor, folder.is_walking) == ("AAMkNew=", "", True)


def test_registrations_of_two_tenants_are_never_tied_together(desk: Desk) -> None:
    """S-04, also for the operator, who sees both."""
    mailbox = MailboxFactory(tenant=desk.ours)
    before = mailbox.registration
    signed_in(desk.operator).post(url_of(mailbox), form_of(mailbox, registration=desk.foreign.pk))

    mailbox.refresh_from_db()
    assert mailbox.registration == before


def test_only_the_operator_deletes_a_mailbox_and_its_tickets_stay(desk: Desk) -> None:
    mailbox = MailboxFactory(tenant=desk.ours)
    entry = EntryFactory(ticket__tenant=desk.ours, inbound=InboundMessageFactory(mailbox=mailbox))
    refused = signed_in(desk.admin).post(url_of(mailbox, "delete"), {"post": "yes"})
    page = signed_in(desk.operator).get(url_of(mailbox, "delete")).content.decode()
    signed_in(desk.operator).post(url_of(mailbox, "delete"), {"post": "yes"})

    entry.refresh_from_db()
    assert refused.status_code == 403
    assert "filed a second time" in page
    assert not Mailbox.objects.filter(pk=mailbox.pk).exists()
    assert entry.inbound is None


@pytest.mark.parametrize("state", ["trouble", "waiting", "paused", "off", "working"])
def test_the_filter_by_state_agrees_with_the_state_shown(desk: Desk, state: str) -> None:
    soon, now = timezone.now() + timedelta(hours=1), timezone.now()
    for values in (
        {"trouble": TROUBLE},
        {"trouble": TROUBLE, "retry_after_until": soon},
        {"paused": "staff", "trouble": TROUBLE},
        {"is_active": False},
        {"last_success_at": now},
    ):
        MailboxFactory(tenant=desk.ours, **values)
    page = signed_in(desk.operator).get(f"/admin/mailboxes/mailbox/?{HealthFilter.parameter_name}={state}")

    (found,) = page.context["cl"].result_list
    assert health_of(found, now) == state


def test_the_list_takes_a_constant_number_of_queries(desk: Desk, django_assert_max_num_queries: Any) -> None:
    for _number in range(20):
        MailboxFactory(tenant=desk.ours)
    client = signed_in(desk.operator)

    with django_assert_max_num_queries(16):
        client.get("/admin/mailboxes/mailbox/")


def test_smtp_can_be_chosen_for_sending(desk: Desk) -> None:
    mailbox = MailboxFactory(tenant=desk.ours)
    signed_in(desk.admin).post(url_of(mailbox), form_of(mailbox, outbound_transport="smtp"))
    mailbox.refresh_from_db()
    assert mailbox.outbound_transport == "smtp"


@pytest.mark.parametrize(
    ("posted", "paused"),
    [
        ({"since": "all", "preview_first": "on"}, "staff"),
        ({"since": "all"}, ""),
        ({"since": "now", "preview_first": "on"}, ""),
    ],
)
def test_mailbox_with_older_mail_waits_until_somebody_has_looked_ahead(
    desk: Desk, posted: dict[str, str], paused: str
) -> None:
    """S0-28"""
    known = MailboxFactory(tenant=desk.ours)
    form = form_of(known, address="new@contoso.example", tenant=desk.ours.pk, **posted)
    signed_in(desk.admin).post(reverse("admin:mailboxes_mailbox_add"), form)

    assert Mailbox.objects.get(address="new@contoso.example").paused == paused


def test_page_of_a_mailbox_not_read_yet_offers_to_look_ahead(desk: Desk) -> None:
    mailbox = MailboxFactory(tenant=desk.ours)
    client = signed_in(desk.admin)

    assert "Look ahead" in client.get(url_of(mailbox)).content.decode()
    Mailbox.objects.update(last_success_at=timezone.now())
    assert "Look ahead" not in client.get(url_of(mailbox)).content.decode()


def test_walk_says_when_it_will_be_done(desk: Desk) -> None:
    folder = FolderFactory(mailbox__tenant=desk.ours, mailbox__backlog_total=40, is_walking=True)
    rows = [InboundMessageFactory(mailbox=folder.mailbox) for _number in range(10)]
    now = timezone.now()
    for age, row in enumerate(reversed(rows)):
        InboundMessage.objects.filter(pk=row.pk).update(seen_at=now - timedelta(seconds=20 * age))
    backfill = backfill_of(folder.mailbox, {"filed": 10})
    assert backfill is not None
    assert backfill.ends_at is not None
    assert timedelta(minutes=8) < backfill.ends_at - now < timedelta(minutes=11)


def test_walk_that_rests_names_no_end(desk: Desk) -> None:
    folder = FolderFactory(mailbox__tenant=desk.ours, mailbox__backlog_total=40, is_walking=True)
    InboundMessageFactory(mailbox=folder.mailbox)
    InboundMessage.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    backfill = backfill_of(folder.mailbox, {"filed": 1})
    assert backfill is not None
    assert backfill.ends_at is None


def test_unknown_placeholder_in_the_footer_is_named(desk: Desk) -> None:
    """S0-32."""
    mailbox = MailboxFactory(tenant=desk.ours)
    form = form_of(mailbox, outbound_footer="{style}")
    page = signed_in(desk.admin).post(url_of(mailbox), form).content.decode()
    mailbox.refresh_from_db()
    assert mailbox.outbound_footer == ""
    assert "There is no placeholder {style}" in page


def test_labels_of_the_form_are_written_alike(desk: Desk) -> None:
    mailbox = MailboxFactory(tenant=desk.ours)
    form = signed_in(desk.admin).get(url_of(mailbox)).context["adminform"].form
    labels = [str(field.label) for field in form]
    assert "Password" in labels
    assert [label for label in labels if label[0].islower()] == []


def test_readers_are_offered_nothing_that_is_refused_to_them(desk: Desk) -> None:
    mailbox = MailboxFactory(tenant=desk.ours, sign_in="authorization_code")
    for user, is_offered in ((desk.agent, False), (desk.viewer, False), (desk.admin, True)):
        client = signed_in(user)
        page = client.get(url_of(mailbox)).content.decode()
        mails = client.get(reverse("admin:mailboxes_mailbox_changelist")).content.decode()
        assert (reverse("admin:tenants_appregistration_explain") in page) is is_offered
        assert ("take_over_all" in mails) is is_offered


def test_audit_tells_of_nothing_but_what_was_changed(desk: Desk) -> None:
    mailbox = MailboxFactory(tenant=desk.ours)
    signed_in(desk.admin).post(url_of(mailbox), form_of(mailbox, joins_by_subject="on"))
    told = AuditEntry.objects.filter(subject_id=mailbox.pk, action="changed").latest("pk").details
    assert told == {"joins_by_subject": [False, True]}


@pytest.mark.parametrize("total", [None, 3_000])
def test_first_walk_shows_how_far_it_is_with_and_without_a_total(desk: Desk, total: int | None) -> None:
    """S0-28: from a date on nobody knows beforehand how many there are."""
    mailbox = MailboxFactory(tenant=desk.ours, backlog_total=total)
    FolderFactory(mailbox=mailbox, is_walking=True)
    InboundMessageFactory(mailbox=mailbox, state="filed")
    page = signed_in(desk.admin).get(url_of(mailbox)).content.decode()
    said = "1 of 3000 seen, 1 done, 2999 left" if total else "from the date on: 1 known, 1 done"
    assert said in page
    assert "The first walk through the folder is under way." in page
    assert ("<progress" in page) is bool(total)
    # A run has ended well, and the walk goes on with the next.
    Mailbox.objects.update(last_success_at=timezone.now())
    assert said in signed_in(desk.admin).get(url_of(mailbox)).content.decode()
