"""Telling the operator: his webhook address, and by mail from a mailbox of his own, else by his mail server.

Conditions open alerts and end them; what is new, over, or still open after a day is told together in one message, so
that a hundred mailboxes in trouble are one notice and not a hundred.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Q, QuerySet
from requests.adapters import HTTPAdapter

from tenants.models import Alert
from tenants.public_address import HTTPS_PORT, NotPublic, public_ip

log = logging.getLogger(__name__)

#: Takes subject, text, addresses, and the mailboxes that may not send it because it is about them.
Way = Callable[[str, str, Sequence[str], Collection[int]], bool]

#: What passes within this time is not worth waking anybody for.
GRACE: Final = timedelta(minutes=3)
#: What is back within this time was never over: trouble that comes and goes is one alert, and its end is told once.
SETTLED: Final = timedelta(minutes=10)
#: Notices come at most this often, whatever happens; an alert that lasts is told again once a day.
PAUSE: Final = timedelta(minutes=5)
REMIND_AFTER: Final = timedelta(hours=24)
MAX_LINES: Final = 30
TIMEOUT_S: Final = (5.0, 15.0)
#: How those who have mailboxes send; nothing is imported from them here.
_ways: list[Way] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that is wrong now; `subject` tells two of one kind apart and stays the same while it lasts.

    One with a `stage` is told when it reaches another, and not every day.
    """

    kind: Alert.Kind
    subject: str
    cause: str
    fix: str
    path: str = ""
    stage: str = ""
    tenant_id: int | None = None
    mailbox_id: int | None = None


def reconcile(conditions: Sequence[Condition], kinds: Collection[Alert.Kind], now: datetime) -> None:
    """Open an alert for each new condition of these kinds, and end those whose condition is gone."""
    lasting = {(alert.kind, alert.subject): alert for alert in _lasting(kinds, now)}
    current = {(str(condition.kind), condition.subject): condition for condition in conditions}
    fresh = [
        Alert(
            kind=condition.kind,
            subject=condition.subject,
            cause=condition.cause,
            fix=condition.fix,
            path=condition.path,
            stage=condition.stage,
            tenant_id=condition.tenant_id,
            mailbox_number=condition.mailbox_id,
            opened_at=now,
        )
        for key, condition in current.items()
        if key not in lasting
    ]
    Alert.objects.bulk_create(fresh, ignore_conflicts=True)
    _move_on(current, lasting)
    back = [alert.pk for key, alert in lasting.items() if key in current and alert.recovered_at]
    Alert.objects.filter(pk__in=back).update(recovered_at=None)
    over = [alert.pk for key, alert in lasting.items() if key not in current and not alert.recovered_at]
    Alert.objects.filter(pk__in=over).update(recovered_at=now)


def _lasting(kinds: Collection[Alert.Kind], now: datetime) -> list[Alert]:
    """Give the alerts that go on, after those that have just ended and may yet go on."""
    rows = Alert.objects.filter(kind__in=kinds)
    ended = list(rows.filter(recovered_at__gt=now - SETTLED, recovery_told_at=None).order_by("recovered_at"))
    return [*ended, *rows.filter(recovered_at=None)]


def _move_on(current: Mapping[tuple[str, str], Condition], lasting: Mapping[tuple[str, str], Alert]) -> None:
    """Have an alert told once more whose condition has reached another stage."""
    for key, condition in current.items():
        alert = lasting.get(key)
        if alert is not None and alert.stage != condition.stage:
            alert.stage, alert.cause, alert.fix, alert.told_at = (
                condition.stage, condition.cause, condition.fix, None,
            )  # fmt: skip
            alert.save(update_fields=["stage", "cause", "fix", "told_at"])


def tell(now: datetime) -> int:
    """Send one notice about everything that is due; gives how many alerts it told of.

    What could not be sent anywhere stays due and is tried again with the next call.
    """
    if _is_too_soon(now):
        return 0
    opened, over = list(_to_tell(now)), list(_to_end(now))
    if not opened and not over:
        return 0
    if not _send(opened, over):
        return 0
    Alert.objects.filter(pk__in=[alert.pk for alert in opened]).update(told_at=now)
    Alert.objects.filter(pk__in=[alert.pk for alert in over]).update(recovery_told_at=now)
    return len(opened) + len(over)


def _is_too_soon(now: datetime) -> bool:
    recent = Q(told_at__gt=now - PAUSE) | Q(recovery_told_at__gt=now - PAUSE)
    return Alert.objects.filter(recent).exists()


def _to_tell(now: datetime) -> QuerySet[Alert]:
    lasting = Alert.objects.filter(recovered_at=None, opened_at__lte=now - GRACE)
    is_due = Q(told_at=None) | Q(told_at__lte=now - REMIND_AFTER, stage="")
    return lasting.filter(is_due).order_by("opened_at")


def _to_end(now: datetime) -> QuerySet[Alert]:
    """Give what is over for good and was told of; what passed before anybody heard of it ends in silence."""
    over = Alert.objects.filter(recovered_at__lte=now - SETTLED, recovery_told_at=None, told_at__isnull=False)
    return over.order_by("recovered_at")


def _send(opened: Sequence[Alert], over: Sequence[Alert]) -> bool:
    text = compose(opened, over)
    sent = []
    if settings.ALERT_WEBHOOK_URL:
        sent.append(_post(settings.ALERT_WEBHOOK_URL, _document(text, opened, over)))
    if settings.ALERT_EMAILS:
        concerned = {alert.mailbox_number for alert in [*opened, *over] if alert.mailbox_number}
        sent.append(_mail(text, len(opened), concerned))
    # Nowhere to send to counts as told: the alerts stand in the admin, and must not pile up until an address is set.
    return any(sent) or not sent


def compose(opened: Sequence[Alert], over: Sequence[Alert]) -> str:
    """Write the notice: what is wrong, since when and what to do; then what is over."""
    lines = [line for alert in opened[:MAX_LINES] for line in _lines(alert)]
    if len(opened) > MAX_LINES:
        lines.append(f"… and {len(opened) - MAX_LINES} more: {settings.PUBLIC_URL}/admin/")
    lines += [f"OVER: {alert} (since {alert.opened_at:%Y-%m-%d %H:%M} UTC)" for alert in over[:MAX_LINES]]
    return "\n".join(lines)


def _lines(alert: Alert) -> list[str]:
    first = f"{alert}, since {alert.opened_at:%Y-%m-%d %H:%M} UTC: {alert.cause}"
    return [first, f"    {alert.fix}", f"    {settings.PUBLIC_URL}{alert.path}" if alert.path else ""]


def _document(text: str, opened: Sequence[Alert], over: Sequence[Alert]) -> dict[str, Any]:
    """Build the JSON of the webhook; `text` alone is what chat systems show."""
    return {
        "text": text,
        "alerts": [_item(alert) for alert in opened],
        "recovered": [_item(alert) for alert in over],
    }


def _item(alert: Alert) -> dict[str, str]:
    return {
        "kind": alert.kind,
        "subject": alert.subject,
        "cause": alert.cause,
        "fix": alert.fix,
        "since": f"{alert.opened_at:%Y-%m-%dT%H:%M:%SZ}",
        "url": f"{settings.PUBLIC_URL}{alert.path}" if alert.path else "",
    }


def sends_with(way: Way) -> None:
    """Have notices sent; what gives False leaves it to the operator's mail server."""
    _ways[:] = [way]


def _mail(text: str, count: int, concerned: Collection[int]) -> bool:
    subject = f"Helpdesk mail: {count} alert{'s' * (count != 1)}" if count else "Helpdesk mail: all clear"
    if any(way(subject, text, settings.ALERT_EMAILS, concerned) for way in _ways):
        return True
    try:
        send_mail(subject, text, None, settings.ALERT_EMAILS)
    except OSError as error:  # smtplib's errors are OSErrors too
        log.warning("The alert could not be sent by mail: %s", type(error).__name__)
        return False
    return True


class _Pinned(HTTPAdapter):
    """Connects to the address that was checked, and still verifies the certificate of the name."""

    def __init__(self, host: str) -> None:
        self._host = host
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, server_hostname=self._host, assert_hostname=self._host, **kwargs)


def _post(url: str, document: dict[str, Any]) -> bool:
    try:
        ip = public_ip(url)
    except NotPublic as refusal:
        log.warning("ALERT_WEBHOOK_URL is not called: %s", refusal)
        return False
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or HTTPS_PORT
    target = parts._replace(netloc=f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}").geturl()
    with requests.Session() as session:
        session.trust_env = False  # a proxy would resolve the name anew
        session.mount("https://", _Pinned(host))
        try:
            answer = session.post(
                target,
                json=document,
                headers={"Host": parts.netloc},
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # The address may hold a token, and requests' messages hold the address.
            log.warning("The alert could not be posted: %s", type(error).__name__)
            return False
    if not answer.ok or answer.is_redirect:
        log.warning("The alert was refused with status %d", answer.status_code)
    return answer.ok and not answer.is_redirect
