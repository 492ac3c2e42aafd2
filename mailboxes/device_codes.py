"""Flow: a person signs in with a code entered on another device, while tasks ask Entra whether that was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from mailboxes import signin
from mailboxes.features import resources_of, scopes_for
from mailboxes.models import DeviceCodePending, Mailbox
from mailboxes.sides import Opened, side_called
from tenants import audit
from tenants.clients import ask_as
from tenants.errors import IntegrationError, Misconfigured, TokenRefused
from tenants.fields import Unreadable
from tenants.microsoft import user_tokens
from tenants.whom import for_its_tenant


@for_its_tenant
def begin(mailbox: Opened, *, by: audit.Actor) -> DeviceCodePending:
    """Ask Entra for a code; one that waits already is forgotten. Raises IntegrationError with the diagnosis."""
    if not mailbox.tenant.is_active:
        raise Misconfigured.own("tenant_off")
    if not mailbox.tenant.allows_device_code:
        raise Misconfigured.own("sign_in_way_off")
    if mailbox.sign_in != Mailbox.SignIn.DEVICE_CODE:
        raise Misconfigured.own("sign_in_not_of_a_person")
    scopes = _scopes(mailbox)
    code = ask_as(
        mailbox.registration,
        lambda client: user_tokens.ask_device_code(client, scopes=scopes),
        is_public=True,
    )
    row, _made = DeviceCodePending.objects.update_or_create(
        mailbox_id=mailbox.pk,
        direction=mailbox.direction,
        defaults={
            "tenant_id": mailbox.tenant_id,
            "user_code": code.user_code,
            "device_code": code.device_code,
            "verification_uri": code.verification_uri,
            "expires_at": code.expires_at,
            "interval_s": code.interval_s,
            "look_at": timezone.now() + timedelta(seconds=code.interval_s),
            "begun_by": audit.name_of(by),
        },
    )
    return row


def due(now: datetime) -> Sequence[int]:
    """Give the mailboxes whose codes are to be asked about now."""
    rows = DeviceCodePending.objects.filter(look_at__lte=now, tenant__is_active=True)
    return sorted(set(rows.values_list("mailbox_id", flat=True)))


def look(mailbox_id: int) -> None:
    """Ask Entra once whether the codes of a mailbox have been entered, and finish when they have or never will be."""
    beside = ("registration__tenant", "outbound_registration__tenant", "tenant")
    rows = DeviceCodePending.objects.select_related(*(f"mailbox__{one}" for one in beside))
    for row in rows.filter(mailbox_id=mailbox_id, tenant__is_active=True):
        if _claim(row):
            _look(row)


def _look(row: DeviceCodePending) -> None:
    mailbox = side_called(row.mailbox, row.direction)
    try:
        found = _ask(row)
    except IntegrationError as error:
        if error.permanent and _end(row):
            signin.refuse(mailbox, error)
        return
    if isinstance(found, int):
        _put_off(row, found)
    elif _end(row):
        signin.complete_device(mailbox, found, by=row.begun_by)


def _claim(row: DeviceCodePending) -> bool:
    """Move the next look on; who moved it is the one who asks."""
    now = timezone.now()
    if row.look_at > now:
        return False
    mine = DeviceCodePending.objects.filter(pk=row.pk, look_at=row.look_at)
    # One answer may take as long as a minute; nobody else asks meanwhile.
    row.look_at = now + timedelta(seconds=max(row.interval_s, 60))
    return bool(mine.update(look_at=row.look_at))


def _ask(row: DeviceCodePending) -> user_tokens.UserToken | int:
    if row.expires_at <= timezone.now():
        raise TokenRefused.own("device_code_expired")
    if isinstance(row.device_code, Unreadable):
        raise TokenRefused.own("sign_in_unreadable")
    side = side_called(row.mailbox, row.direction)
    device_code, scopes = row.device_code, _scopes(side)
    return ask_as(
        side.registration,
        lambda client: user_tokens.look_device_code(client, device_code=device_code, scopes=scopes),
        is_public=True,
    )


def _put_off(row: DeviceCodePending, more_s: int) -> None:
    row.interval_s += more_s
    next_at = timezone.now() + timedelta(seconds=row.interval_s)
    mine = DeviceCodePending.objects.filter(pk=row.pk, look_at=row.look_at)
    mine.update(look_at=next_at, interval_s=row.interval_s)


def _end(row: DeviceCodePending) -> bool:
    """Forget the code; False when it was replaced by another meanwhile, whose sign-in this one must not touch."""
    deleted, _by_kind = DeviceCodePending.objects.filter(pk=row.pk, look_at=row.look_at).delete()
    return bool(deleted)


def _scopes(mailbox: Opened) -> tuple[str, ...]:
    # The code stands for the permissions of one resource; the others are asked for with what it brings.
    return scopes_for(mailbox, resources_of(mailbox)[0])
