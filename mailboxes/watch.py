"""What about mailboxes the operator must hear of: trouble that lasts, and silence that is not like them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_noop

from mailboxes.health import NEVER_ENDS, endless
from mailboxes.models import InboundMessage, Mailbox
from tenants.alerts import Condition
from tenants.models import Alert

#: A mailbox that was not looked at for longer, or twice, cannot be called quiet: nobody listened.
LISTENED: Final = timedelta(hours=1)
#: A mailbox is compared with itself at the same weekday and hours of the last weeks. Windows are tried longest last.
WEEKS: Final = 4
WINDOWS: Final = (timedelta(hours=6), timedelta(hours=24))
#: Microsoft may make a mailbox wait so long, wait after wait, before anybody is told.
PATIENCE: Final = timedelta(hours=1)
NEXT_TRY: Final = timedelta(minutes=2)
#: Each of those weeks must have brought this many mails before silence means anything.
USUAL_MAILS: Final = 3


def troubles(now: datetime) -> list[Condition]:
    """List the mailboxes that do not work, other than those staff have paused on purpose.

    One that waits because Microsoft asked it to gets better by itself; it is told when that has lasted.
    """
    ailing = Mailbox.objects.working().filter(trouble__isnull=False).select_related("tenant")
    # What was asked for ends a moment before the next try does.
    ailing = ailing.exclude(retry_after_until__gt=now - NEXT_TRY, trouble_since_at__gt=now - PATIENCE)
    told = [
        condition_of(
            mailbox, Alert.Kind.MAILBOX_TROUBLE, cause=mailbox.trouble["cause"], fix=mailbox.trouble["fix"]
        )
        for mailbox in ailing
    ]
    return [*told, *_endless(now)]


def _endless(now: datetime) -> list[Condition]:
    """List the mailboxes whose looks begin and never end."""
    return [
        condition_of(mailbox, Alert.Kind.MAILBOX_TROUBLE, cause=NEVER_ENDS["cause"], fix=NEVER_ENDS["fix"])
        for mailbox in Mailbox.objects.working().filter(endless(now)).select_related("tenant")
    ]


def pauses() -> list[Condition]:
    """List the mailboxes staff have paused after they had worked: each is told once, lest it be forgotten."""
    rows = Mailbox.objects.filter(
        is_active=True, tenant__is_active=True, paused=Mailbox.Pause.STAFF, last_success_at__isnull=False
    )
    return [
        condition_of(
            mailbox,
            Alert.Kind.MAILBOX_PAUSED,
            cause=gettext_noop(
                "Staff have paused it: its mail waits at Microsoft, and no ticket is made of it."
            ),
            fix=gettext_noop(
                "Press “Resume” on its page when mail is to flow again; the audit list says who paused it."
            ),
            stage="paused",
        )
        for mailbox in rows.select_related("tenant")
    ]


def note_silences(now: datetime) -> list[Condition]:
    """List the mailboxes that are unusually quiet: working, and silent where each of the last weeks was not.

    Each says so on its row until a mail comes, or until a later look finds it in keeping with its habit.
    """
    found = quiet_since(now)
    listened = max(LISTENED, timedelta(seconds=2 * settings.SYNC_INTERVAL_S))
    mailboxes = list(
        Mailbox.objects.working()
        .filter(pk__in=found, trouble__isnull=True, last_success_at__gt=now - listened)
        .select_related("tenant")
    )
    quiet = [mailbox.pk for mailbox in mailboxes]
    Mailbox.objects.filter(quiet_since_at__isnull=False).exclude(pk__in=quiet).update(quiet_since_at=None)
    for window in WINDOWS:
        fresh = [pk for pk in quiet if found[pk] == window]
        Mailbox.objects.filter(pk__in=fresh, quiet_since_at=None).update(quiet_since_at=now - window)
    return [_silence(mailbox, found[mailbox.pk]) for mailbox in mailboxes]


def quiet_since(now: datetime) -> dict[int, timedelta]:
    """Find the unusually quiet mailboxes, id to the window that brought nothing; a constant number of statements."""
    found: dict[int, timedelta] = {}
    for window in WINDOWS:
        usual = _usual_in_each_week(now, window)
        heard = InboundMessage.objects.received().filter(mailbox_id__in=usual, received_at__gt=now - window)
        silent = usual - set(heard.values_list("mailbox_id", flat=True).distinct())
        found.update(dict.fromkeys(silent, window))
    return found


def _usual_in_each_week(now: datetime, window: timedelta) -> set[int]:
    weeks = [now - timedelta(weeks=week) for week in range(1, WEEKS + 1)]
    counts: dict[str, Any] = {
        f"week{number}": Count("pk", filter=Q(received_at__gt=week - window, received_at__lte=week))
        for number, week in enumerate(weeks)
    }
    rows = InboundMessage.objects.received().filter(received_at__gt=weeks[-1] - window).order_by()
    usual = rows.values("mailbox_id").annotate(**counts)
    usual = usual.filter(**{f"{name}__gte": USUAL_MAILS for name in counts})
    return set(usual.values_list("mailbox_id", flat=True))


def _silence(mailbox: Mailbox, window: timedelta) -> Condition:
    hours = int(window.total_seconds() // 3600)
    return condition_of(
        mailbox,
        Alert.Kind.MAILBOX_QUIET,
        cause=(
            f"No mail for {hours} hours; at this time of the week each of the last {WEEKS} weeks brought "
            f"{USUAL_MAILS} or more."
        ),
        fix=gettext_noop(
            "Send a test mail to the address. If it does not arrive, look for a rule or forwarding in the mailbox."
        ),
    )


def condition_of(
    mailbox: Mailbox, kind: Alert.Kind, *, cause: str, fix: str, stage: str = "", page: str = "change"
) -> Condition:
    """Say of a mailbox what is wrong with it, and where that is shown."""
    return Condition(
        kind=kind,
        subject=f"{mailbox.address} ({mailbox.tenant.name})",
        cause=cause,
        fix=fix,
        path=reverse(f"admin:mailboxes_mailbox_{page}", args=[mailbox.pk]),
        stage=stage,
        tenant_id=mailbox.tenant_id,
        mailbox_id=mailbox.pk,
    )
