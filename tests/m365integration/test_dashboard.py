"""The first page: figures of one's own tenants, in a constant number of queries."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from m365integration.metrics import exposition
from m365integration.models import Heartbeat
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
    assert figures(page) == [1, 1, 1, 0, 0]
    assert page.context["mails_today"] == 1
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
    bars += [(card.link, card.count) for card in shown["cards"][:2]]
    found = [(link, client.get(link).context["cl"].result_count) for link, _count in bars]
    assert found == bars
    assert sum(count for _link, count in bars) > 10


def test_plots_show_an_agent_his_own_tenants_only(desk: Desk) -> None:
    drawn(desk)
    shown = signed_in(desk.agent).get("/admin/").context
    assert (shown["days"].opened, shown["days"].closed, shown["waiting"][-1].count) == (2, 1, 1)
    assert [line.count for line in shown["queues"]] == [1]
    assert shown["tenants"] == []


def test_longest_wait_is_said(desk: Desk) -> None:
    drawn(desk)
    assert "longest: 5 days" in signed_in(desk.agent).get("/admin/").content.decode()


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

    with django_assert_max_num_queries(25):
        client.get("/admin/")
