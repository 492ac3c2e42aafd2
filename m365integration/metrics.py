"""Prometheus figures, counted in the database when they are asked for.

Counting rows needs no shared memory between web processes and survives a restart. Labels never hold a tenant, an
address or a subject.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from m365integration import heartbeat
from mailboxes import figures as mail_figures
from mailboxes.models import InboundMessage, Mailbox, OutboundMessage
from tenants.models import Alert, Credential, Tenant
from tickets import figures as ticket_figures
from tickets.models import Ticket

#: The ages of ticket_figures.AGES, as labels.
WAITS: Final = ("up to 1h", "1h to 4h", "4h to 24h", "1d to 3d", "over 3d")
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class HouseCollector(Collector):
    """One gauge per question an operator asks."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        ages = {part: age.total_seconds() for part, age in heartbeat.ages().items() if age is not None}
        states = dict.fromkeys(InboundMessage.State.values, 0) | mail_figures.by_state(
            InboundMessage.objects.all()
        )
        statuses = ticket_figures.by_status(Ticket.objects.all())
        yield _labelled("m365_heartbeat_age_seconds", "Seconds since a part was last heard.", "part", ages)
        yield _labelled("m365_mails", "Mails of the ledger by state.", "state", states)
        yield _labelled("m365_tickets", "Tickets by status.", "status", statuses)
        yield _single(
            "m365_mailboxes", "Mailboxes that are on.", Mailbox.objects.filter(is_active=True).count()
        )
        healths = mail_figures.count_by_health(Mailbox.objects.all())
        yield _single(
            "m365_mailboxes_in_trouble", "Mailboxes that are on and do not work.", healths["trouble"]
        )
        del healths["all"]
        told = "Mailboxes by how they are; quiet ones are counted in another state too."
        yield _labelled("m365_mailboxes_by_health", told, "health", healths)
        yield from _desk_figures(timezone.now())
        yield _single("m365_mailboxes_stale", "Mailboxes without a look for long.", stale_mailboxes())


def _desk_figures(now: datetime) -> Iterator[GaugeMetricFamily]:
    """Give what the overview plots; by queue and tenant it is there alone, for labels name nobody."""
    tickets, day = Ticket.objects.all(), now - timedelta(days=1)
    waits = dict(
        zip(WAITS, (count for *_span, count in ticket_figures.by_waiting(tickets, now)), strict=True)
    )
    opened, closed = (tickets.filter(**{f"{name}_at__gte": day}).count() for name in ("opened", "closed"))
    yield _single("m365_tickets_opened_24h", "Tickets opened in the last 24 hours.", opened)
    yield _single("m365_tickets_closed_24h", "Tickets solved or closed in the last 24 hours.", closed)
    yield _labelled("m365_tickets_waiting", "Tickets that wait for our answer, by age.", "age", waits)
    yield _single(
        "m365_tickets_longest_wait_seconds",
        "How long the customer who waits longest has waited.",
        ticket_figures.longest_wait(tickets, now).total_seconds(),
    )
    yield _single("m365_mails_received_24h", "Mails received in the last 24 hours.", _mails_since(day))
    yield _labelled(
        "m365_outbox",
        "Mails of ours that have not left for certain.",
        "state",
        mail_figures.unsent(OutboundMessage.objects.all()),
    )
    expiring = mail_figures.expiring(Credential.objects.all(), timezone.localdate(now))
    yield _single(
        "m365_credentials_expiring",
        "Registrations whose last credential runs out within 60 days, or has.",
        expiring.values("registration").distinct().count(),
    )
    yield _single("m365_alerts", "Alerts that go on.", Alert.objects.filter(recovered_at=None).count())
    yield _single("m365_tenants_off", "Tenants that are off.", Tenant.objects.filter(is_active=False).count())


def _mails_since(moment: datetime) -> int:
    return InboundMessage.objects.received().filter(received_at__gte=moment).count()


def exposition() -> bytes:
    """Count and print everything."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(HouseCollector())
    return generate_latest(registry)


def stale_mailboxes() -> int:
    """Count the mailboxes that have not been synced for long."""
    return mail_figures.stale(Mailbox.objects.all(), timezone.now())


def _labelled(name: str, text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, text, labels=[label])
    for value, count in values.items():
        gauge.add_metric([str(value)], count)
    return gauge


def _single(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
