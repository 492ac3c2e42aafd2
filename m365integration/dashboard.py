"""The first page: what is in trouble, what waits, what expires, whether the machinery is alive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from m365integration import heartbeat, plots
from mailboxes import figures as mail_figures
from mailboxes.admin.hours import draw
from mailboxes.health import trouble_of
from mailboxes.models import InboundMessage, Mailbox, OutboundMessage
from tenants.admin.wording import explain, lasts
from tenants.models import Alert, Credential, Tenant
from tenants.reach import ADMINS, is_operator, may, within
from tenants.templatetags.desk import distance
from tickets import figures as ticket_figures
from tickets.admin.saved_views import NEEDS_ANSWER
from tickets.models import Ticket

#: What the page lists of each kind; the lists have the rest.
SHOWN: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    label: str
    count: int
    link: str
    #: Whether there should be none.
    is_trouble: bool = False

    @property
    def level(self) -> str:
        return "danger" if self.is_trouble and self.count else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heart:
    part: str
    level: str
    text: str


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the figures to the context of the admin's index."""
    now = timezone.now()
    mailboxes = within(request, Mailbox.objects.all())
    ledger = within(request, InboundMessage.objects.all())
    ailing = list(mail_figures.in_trouble(mailboxes).select_related("tenant")[: SHOWN + 1])
    tickets = within(request, Ticket.objects.all())
    context |= _plots(request, tickets, now) | _mail(mailboxes, ledger, now)
    context |= {
        "title": _("Overview"),
        "cards": [*_cards(tickets, ledger, now), *_troubles(request)],
        "ailing": [(mailbox, explain(trouble_of(mailbox, now))) for mailbox in ailing[:SHOWN]],
        "has_more_ailing": len(ailing) > SHOWN,
        "may_act": may(request, ADMINS),
        "expiring": _expiring(request, now),
        "hearts": _hearts(),
        "healths": mail_figures.count_by_health(mailboxes),
        "is_operator": is_operator(request),
    }
    return context


def _plots(request: HttpRequest, tickets: QuerySet[Any], now: datetime) -> dict[str, Any]:
    has_several = len(within(request, Tenant.objects.all())[:2]) > 1
    waiting = plots.waiting(tickets, now)
    return {
        "days": plots.days(tickets, now),
        "waiting": waiting,
        "longest_link": next((line.link for line in reversed(waiting) if line.count), ""),
        "longest_wait": plots.longest_wait(ticket_figures.longest_wait(tickets, now)),
        "queues": plots.by_queue(tickets, names_tenants=has_several),
        "tenants": plots.by_tenant(tickets) if has_several else [],
    }


def _cards(tickets: QuerySet[Any], ledger: QuerySet[Any], now: datetime) -> list[Card]:
    list_of_tickets = reverse("admin:tickets_ticket_changelist")
    list_of_mails = reverse("admin:mailboxes_inboundmessage_changelist")
    status = ticket_figures.by_unsolved_status(tickets)
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    states = mail_figures.quarantined(ledger), mail_figures.waiting(ledger), mail_figures.suspended(ledger)
    return [
        Card(
            label=_("tickets need an answer"),
            count=status["new"] + status["open"],
            link=f"{list_of_tickets}?{NEEDS_ANSWER}",
        ),
        Card(
            label=_("tickets opened today"),
            count=ticket_figures.opened_since(tickets, today),
            link=plots.tickets_link(opened_at__gte=today),
        ),
        Card(
            label=_("mails in quarantine"),
            count=states[0],
            link=f"{list_of_mails}?state__exact=quarantined",
            is_trouble=True,
        ),
        Card(
            label=_("mails waiting to be filed"),
            count=states[1],
            link=f"{list_of_mails}?state__exact=received",
        ),
        Card(
            label=_("mails suspended"),
            count=states[2],
            link=f"{list_of_mails}?state__exact=suspended",
        ),
    ]


def _troubles(request: HttpRequest) -> list[Card]:
    """Count mails of which nobody can say that they left; for the operator, the alerts that go on as well.

    Those may name mailboxes of every tenant.
    """
    stuck = Card(
        label=_("mails failed or in doubt"),
        count=mail_figures.stuck(within(request, OutboundMessage.objects.all())),
        link=f"{reverse('admin:mailboxes_outboundmessage_changelist')}?state__in=failed,uncertain",
        is_trouble=True,
    )
    if not is_operator(request):
        return [stuck]
    alerts = Card(
        label=_("alerts go on"),
        count=Alert.objects.filter(recovered_at=None).count(),
        link=f"{reverse('admin:tenants_alert_changelist')}?lasts=yes",
        is_trouble=True,
    )
    return [stuck, alerts]


def _mail(mailboxes: QuerySet[Any], ledger: QuerySet[Any], now: datetime) -> dict[str, Any]:
    """Draw the mail of the last day: all of it, and that of the mailboxes with most."""
    busiest = mail_figures.per_hour_of_busiest(ledger, now, most=SHOWN)
    named = mailboxes.in_bulk(busiest)
    return {
        "hours": draw(mail_figures.per_hour(ledger, now)),
        "busiest": [
            (named[pk], draw(counts, mailbox_id=pk)) for pk, counts in busiest.items() if pk in named
        ],
    }


def _expiring(request: HttpRequest, now: datetime) -> list[tuple[Credential, str, str]]:
    """Name the registrations whose last credential runs out soon, or has; a newer one beside it settles the matter."""
    rows = mail_figures.expiring(within(request, Credential.objects.all(), ADMINS), timezone.localdate(now))
    rows = rows.select_related("registration", "tenant").order_by("expires_on", "pk")
    latest: dict[int, Credential] = {row.registration_id: row for row in rows[:200]}
    return [(row, *lasts(row)) for row in list(latest.values())[:SHOWN]]


def _hearts() -> list[Heart]:
    limit = timedelta(seconds=settings.HEARTBEAT_LIMIT_S)
    names = {"beat": _("scheduler"), "worker": _("worker")}
    hearts = []
    for part, age in heartbeat.ages().items():
        if age is None:
            level, text = "warning", _("not heard yet")
        elif age > limit:
            level, text = (
                "danger",
                _("silent; last heard %(when)s") % {"when": distance(timezone.now() - age)},
            )
        else:
            level, text = "success", _("alive, heard %(when)s") % {"when": distance(timezone.now() - age)}
        hearts.append(Heart(part=names.get(part, part), level=level, text=text))
    return hearts
