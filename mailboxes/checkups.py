"""Flow: examine mailboxes before they are switched on and once a night, and keep what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mailboxes.doctor import Examination, examine
from mailboxes.enqueue import enqueue_sync
from mailboxes.models import ExaminationResult, Mailbox
from mailboxes.watch import condition_of
from tenants import audit
from tenants.alerts import Condition
from tenants.diagnosis import Diagnosis
from tenants.models import Alert
from tenants.setup.check import Check, Status
from tenants.whom import for_its_tenant

#: The night begins here, UTC; each mailbox is examined once after it, a few at a time.
NIGHT_HOUR: Final = 1
AT_ONCE: Final = 20


@for_its_tenant
def check_up(mailbox: Mailbox, *, send_to: str = "") -> Examination:
    """Examine a mailbox now and keep the result."""
    examination = examine(mailbox, send_to=send_to)
    ExaminationResult.objects.update_or_create(
        mailbox=mailbox,
        defaults={
            "tenant_id": mailbox.tenant_id,
            "examined_at": timezone.now(),
            "is_ok": examination.is_ok,
            "checks": [_kept(check) for check in examination.checks],
        },
    )
    return examination


@for_its_tenant
def switch_on(mailbox: Mailbox, *, by: audit.Actor) -> Examination:
    """Examine a mailbox that is off, and switch it on when nothing stands in its way."""
    examination = check_up(mailbox)
    if examination.is_ok:
        switch_on_untested(mailbox, by=by)
    return examination


@for_its_tenant
def switch_on_untested(mailbox: Mailbox, *, by: audit.Actor) -> None:
    """Switch a mailbox on although a step fails: what is missing shows on its page, and is tried again."""
    with transaction.atomic():
        if Mailbox.objects.filter(pk=mailbox.pk, is_active=False).update(is_active=True):
            audit.note(audit.Action.CHANGED, mailbox, by=by, is_active=[False, True])
            enqueue_sync(mailbox.pk)


@for_its_tenant
def last_found(mailbox: Mailbox) -> tuple[Examination, datetime] | None:
    """Give the result that was kept, and when it was found."""
    kept: ExaminationResult | None = ExaminationResult.objects.filter(mailbox=mailbox).first()
    if kept is None:
        return None
    checks = [_as_check(one) for one in kept.checks]
    return Examination(address=mailbox.address, checks=checks), kept.examined_at


def due(now: datetime) -> Sequence[int]:
    """Name mailboxes that have not been examined since the night began."""
    begun = now.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    begun = begun if begun <= now else begun - timedelta(days=1)
    old = Q(examination=None, created_at__lt=begun) | Q(examination__examined_at__lt=begun)
    rows = Mailbox.objects.working().filter(old).order_by("examination__examined_at", "pk")
    return list(rows.values_list("pk", flat=True)[:AT_ONCE])


def findings() -> list[Condition]:
    """List mailboxes that failed their last examination while nothing else has told of them yet."""
    rows = ExaminationResult.objects.filter(is_ok=False, mailbox__in=Mailbox.objects.working())
    rows = rows.filter(mailbox__trouble__isnull=True).select_related("mailbox__tenant")
    return [_finding(row) for row in rows]


def _finding(row: ExaminationResult) -> Condition:
    failed: dict[str, Any] = next((check for check in row.checks if check["status"] == Status.FAIL), {})
    return condition_of(
        row.mailbox,
        Alert.Kind.EXAMINATION,
        cause=failed.get("cause") or "",
        fix=failed.get("fix") or "",
        page="examined",
    )


def _kept(check: Check) -> dict[str, Any]:
    return check.as_json() | (check.diagnosis.as_row() if check.diagnosis else {"correlation": []})


def _as_check(kept: dict[str, Any]) -> Check:
    said = Diagnosis.from_row(kept) if kept["code"] else None
    return Check(id=kept["id"], status=Status(kept["status"]), diagnosis=said, detail=kept["detail"])
