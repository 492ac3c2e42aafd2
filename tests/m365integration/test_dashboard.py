"""The first page: figures of one's own tenants, in a constant number of queries."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from m365integration.metrics import exposition
from m365integration.models import Heartbeat
from mailboxes.models import OutboundMessage
from tests.factories import CredentialFactory, InboundMessageFactory, MailboxFactory, TicketFactory
from tests.tenants.admin.conftest import Desk, desk, signed_in

__all__ = ["desk"]

TROUBLE = {"code": "x", "cause": "The secret has expired.", "who": "customer_admin", "fix": "Make a new one."}


def figures(page: Any) -> list[int]:
    return [card.count for card in page.context["cards"]]


def test_figures_count_own_tenants_only(desk: Desk) -> None:
    now = timezone.now()
    for tenant, number in ((desk.ours, 1), (desk.theirs, 3)):
        mailbox = MailboxFactory(tenant=tenant)
        for _number in range(number):
            TicketFactory(tenant=tenant, opened_at=now)
            InboundMessageFactory(mailbox=mailbox, state="quarantined", received_at=now)

    page = signed_in(desk.agent).get("/admin/")
    assert figures(page) == [1, 1, 1, 0, 0, 0]
    assert page.context["hours"].total == 1
    assert figures(signed_in(desk.operator).get("/admin/"))[:4] == [4, 4, 4, 0]


def test_suspended_mails_are_counted_and_led_to(desk: Desk) -> None:
    for tenant in (desk.ours, desk.theirs):
        InboundMessageFactory(mailbox__tenant=tenant, state="suspended")
    client = signed_in(desk.agent)
    card = next(card for card in client.get("/admin/").context["cards"] if "suspended" in card.link)

    assert card.count == 1
    assert client.get(card.link).context["cl"].result_count == 1


def test_mailboxes_in_trouble_come_with_cause_and_button(desk: Desk) -> None:
    own = MailboxFactory(tenant=desk.ours, trouble=TROUBLE, trouble_since_at=timezone.now())
    foreign = MailboxFactory(tenant=desk.theirs, trouble=TROUBLE, trouble_since_at=timezone.now())
    page = signed_in(desk.admin).get("/admin/").content.decode()

    assert own.address in page
    assert "The secret has expired." in page
    assert f"/admin/mailboxes/mailbox/{own.pk}/sync/" in page
    assert foreign.address not in page


def test_mailboxes_that_rest_are_counted_and_led_to(desk: Desk) -> None:
    MailboxFactory(tenant=desk.ours)
    MailboxFactory(tenant=desk.ours, paused="staff")
    MailboxFactory(tenant=desk.ours, is_active=False)
    for _number in range(2):
        MailboxFactory(tenant=desk.ours, quiet_since_at=timezone.now())
    MailboxFactory(tenant=desk.theirs, paused="staff")
    client = signed_in(desk.agent)
    shown = client.get("/admin/")
    counts = shown.context["healths"]
    assert {name: number for name, number in counts.items() if number} == {
        "all": 5, "paused": 1, "off": 1, "quiet": 2, "working": 3
    }  # fmt: skip
    assert 'm365_mailboxes_by_health{health="paused"} 2.0' in exposition().decode()
    for health in ("paused", "off", "quiet"):
        link = f"/admin/mailboxes/mailbox/?health={health}"
        assert f'href="{link}"' in shown.content.decode()
        assert client.get(link).context["cl"].result_count == counts[health]


def test_credentials_that_expire_are_named_unless_a_newer_one_stands_beside(desk: Desk) -> None:
    soon = timezone.localdate() + timedelta(days=10)
    desk.registration.credentials.update(expires_on=soon)
    client = signed_in(desk.admin)
    named = [row[0].registration for row in client.get("/admin/").context["expiring"]]
    CredentialFactory(registration=desk.registration, expires_on=soon + timedelta(days=300))

    assert named == [desk.registration]
    assert client.get("/admin/").context["expiring"] == []


def test_a_silent_worker_shows(desk: Desk) -> None:
    Heartbeat.objects.create(name="beat", beaten_at=timezone.now())
    Heartbeat.objects.create(name="worker", beaten_at=timezone.now() - timedelta(hours=1))
    hearts = signed_in(desk.agent).get("/admin/").context["hearts"]

    assert {heart.part: heart.level for heart in hearts} == {"scheduler": "success", "worker": "danger"}


def drawn(desk: Desk) -> Any:
    """Tickets opened today, closed today, and two whose customers wait, of which one is another tenant's."""
    now = timezone.now()
    for tenant in (desk.ours, desk.theirs):
        TicketFactory(tenant=tenant, opened_at=now, last_entry_at=now - timedelta(days=5))
        TicketFactory(tenant=tenant, opened_at=now, status="closed")
    return now


def test_every_bar_leads_to_as_many_tickets_as_it_shows(desk: Desk) -> None:
    drawn(desk)
    client = signed_in(desk.operator)
    shown = client.get("/admin/").context
    bars = [(bar.link, int(bar.title.split()[0])) for bar in shown["days"].pillars]
    bars += [(line.link, line.count) for part in ("waiting", "queues", "tenants") for line in shown[part]]
    bars += [(card.link, card.count) for card in shown["cards"]]
    bars += [
        (shown["days"].opened_link, shown["days"].opened),
        (shown["days"].closed_link, shown["days"].closed),
    ]
    found = [(link, client.get(link).context["cl"].result_count) for link, _count in bars]
    assert found == bars
    assert sum(count for _link, count in bars) > 10


def mails_of_today(desk: Desk) -> Any:
    """Three mails and one this hour in two mailboxes of ours, one a day old, one from Sent Items, one of others."""
    now = timezone.now()
    busy, calm = (MailboxFactory(tenant=desk.ours) for _number in range(2))
    for mailbox, number in ((busy, 3), (calm, 1), (MailboxFactory(tenant=desk.theirs), 1)):
        for _number in range(number):
            InboundMessageFactory(mailbox=mailbox, received_at=now - timedelta(hours=5))
    InboundMessageFactory(mailbox=busy, received_at=now)
    InboundMessageFactory(mailbox=busy, received_at=now - timedelta(days=1))
    InboundMessageFactory(mailbox=busy, received_at=now, is_sent=True)
    return busy, calm


def test_mail_per_hour_is_drawn_for_all_and_for_each_mailbox_and_leads_to_the_mails(desk: Desk) -> None:
    mailboxes = mails_of_today(desk)
    client = signed_in(desk.agent)
    shown = client.get("/admin/").context
    assert [(mailbox, hours.total) for mailbox, hours in shown["busiest"]] == list(
        zip(mailboxes, (4, 1), strict=True)
    )
    drawings = [shown["hours"], *(hours for _mailbox, hours in shown["busiest"])]
    found = [client.get(hours.link).context["cl"].result_count for hours in drawings]
    assert found == [hours.total for hours in drawings] == [5, 4, 1]
    counts = [client.get(bar.link).context["cl"].result_count for bar in shown["hours"].bars[-6:]]
    assert counts == [4, 0, 0, 0, 0, 1]


def test_page_of_a_mailbox_draws_its_own_mail(desk: Desk) -> None:
    busy, _calm = mails_of_today(desk)
    assert (
        signed_in(desk.admin).get(f"/admin/mailboxes/mailbox/{busy.pk}/change/").context["hours"].total == 4
    )


def test_mails_failed_or_in_doubt_are_counted_led_to_and_measured(desk: Desk) -> None:
    for tenant in (desk.ours, desk.theirs):
        mailbox = MailboxFactory(tenant=tenant)
        for state in ("uncertain", "failed", "queued", "sent"):
            OutboundMessage.objects.create(
                tenant=tenant, mailbox=mailbox, key=f"{tenant} {state}", state=state
            )
    client = signed_in(desk.agent)
    card = next(card for card in client.get("/admin/").context["cards"] if "uncertain" in card.link)
    assert (card.count, card.level, client.get(card.link).context["cl"].result_count) == (2, "danger", 2)
    assert 'm365_outbox{state="uncertain"} 2.0' in exposition().decode()


def test_credentials_that_expire_are_measured(desk: Desk) -> None:
    desk.registration.credentials.update(expires_on=timezone.localdate() + timedelta(days=10))
    assert "m365_credentials_expiring 1.0" in exposition().decode()


def test_plots_show_an_agent_his_own_tenants_only(desk: Desk) -> None:
    drawn(desk)
    shown = signed_in(desk.agent).get("/admin/").context
    assert (shown["days"].opened, shown["days"].closed, shown["waiting"][-1].count) == (2, 1, 1)
    assert [line.count for line in shown["queues"]] == [1]
    assert shown["tenants"] == []


def test_longest_wait_is_said(desk: Desk) -> None:
    drawn(desk)
    client = signed_in(desk.agent)
    page = client.get("/admin/")
    assert "longest: 5 days" in page.content.decode()
    assert client.get(page.context["longest_link"]).context["cl"].result_count == 1


def test_metrics_give_the_figures_of_the_overview(desk: Desk) -> None:
    drawn(desk)
    page = exposition().decode()
    lines = ("m365_tickets_opened_24h 4.0", "m365_tickets_closed_24h 2.0", "m365_alerts 0.0")
    assert all(line in page for line in lines)
    assert 'm365_tickets_waiting{age="over 3d"} 2.0' in page
    assert "Contoso" not in page


def test_the_page_takes_a_constant_number_of_queries(desk: Desk, django_assert_max_num_queries: Any) -> None:
    for _number in range(12):
        MailboxFactory(tenant=desk.ours, trouble=TROUBLE, trouble_since_at=timezone.now())
    client = signed_in(desk.admin)

    with django_assert_max_num_queries(29):
        client.get("/admin/")
