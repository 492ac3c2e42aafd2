"""Everything that expires, by its day: what to renew before mail stops, and when to say so.

Access tokens renew themselves and are not here. A consent has no end; what counts is the day it was last seen in a
live token, because a withdrawn one shows there first. A person's sign-in ends 90 days after its last renewal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from mailboxes.models import Direction, MailboxSignIn
from tenants.alerts import Condition
from tenants.models import Alert, AppRegistration, Credential
from tenants.models.credential import WARN_DAYS
from tenants.ownership import TenantOwned, seats_of
from tenants.reach import ADMINS

#: From here on it is urgent.
URGENT_DAYS: Final = 7
#: Entra ends a sign-in that was not used for so long. Source: refresh tokens in the Microsoft identity platform.
IDLE_LIFE: Final = timedelta(days=90)
#: A warning goes out when this many days are left, once each, and once more when it is over.
STAGES: Final = (1, 7, 14, 30, WARN_DAYS)
OVER: Final = "over"


class Level(StrEnum):
    """The colour of a line; the order is the order of urgency."""

    DANGER = "danger"
    WARNING = "warning"
    SUCCESS = "success"
    CALM = "calm"  #: another credential of the registration lasts longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """One line; `days` are those that are left, fewer than 0 when it is over, None when nobody entered a date.

    `key` tells it from all others, for as long as it is there; `path` is where it is renewed.
    """

    key: str
    tenant: str
    tenant_id: int
    name: str
    path: str
    kind: str
    ends_on: date | None
    days: int | None
    level: Level
    fix: str = ""
    mailbox_id: int | None = None

    @property
    def stage(self) -> str:
        """Name the last warning that is due; "" while none is, or when something else lasts longer."""
        if self.days is None or self.level is Level.CALM:
            return ""
        if self.days < 0:
            return OVER
        return next((str(stage) for stage in STAGES if self.days <= stage), "")

    @property
    def remaining(self) -> str:
        if self.level is Level.CALM:
            return _("another one lasts longer")
        if self.days is None:
            return _("no date entered: nobody can be warned")
        if self.days < 0:
            return _("over")
        if self.days == 0:
            return _("today")
        return ngettext("%(days)d day left", "%(days)d days left", self.days) % {"days": self.days}


def expiries(registrations: QuerySet[AppRegistration], *, today: date | None = None) -> list[Expiry]:
    """List every credential of these registrations: soonest end first, those without a date before all."""
    day = today or timezone.localdate()
    found = [
        _expiry(credential, registration, held, day)
        for registration in registrations.select_related("tenant").prefetch_related("credentials")
        for held in [list(registration.credentials.all())]
        for credential in held
    ]
    return sorted(found, key=lambda one: (one.level is Level.CALM, one.ends_on or date.min))


def without_credential(registrations: QuerySet[AppRegistration]) -> QuerySet[AppRegistration]:
    """Give the registrations that can prove themselves with nothing."""
    return registrations.filter(credentials=None).select_related("tenant")


def sign_ins(rows: QuerySet[MailboxSignIn], *, today: date | None = None) -> list[Expiry]:
    """List the sign-ins of people: ended ones first, then by the day Entra would end one that nothing renews."""
    day = today or timezone.localdate()
    columns = (
        "mailbox_id",
        "direction",
        "mailbox__address",
        "tenant_id",
        "tenant__name",
        "account",
        "used_at",
        "refused_at",
    )
    kept = rows.exclude(used_at=None).order_by("used_at").values(*columns)
    return sorted((_sign_in(row, day) for row in kept), key=lambda one: one.days or 0)


def everything_for(user: AbstractBaseUser) -> list[Expiry]:
    """List all that expires of what this person administers, outside of any request."""
    credentials = expiries(_administered_by(user, AppRegistration))
    return [*credentials, *sign_ins(_administered_by(user, MailboxSignIn))]


def _administered_by(user: AbstractBaseUser, model: type[TenantOwned]) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.for_machine()
    if not user.is_active:
        return rows.none()
    if getattr(user, "is_superuser", False):
        return rows
    return rows.filter(tenant_id__in=[pk for pk, seat in seats_of(user).items() if seat.role in ADMINS])


def warnings(today: date | None = None) -> list[Condition]:
    """Say what the operator must hear of; each stage is told once, and the end of the matter when it is renewed."""
    registrations = AppRegistration.objects.filter(tenant__is_active=True)
    # One that Entra has ended is the trouble of its mailbox, and told as such.
    people = MailboxSignIn.objects.filter(tenant__is_active=True, mailbox__is_active=True, refused_at=None)
    found = [*expiries(registrations, today=today), *sign_ins(people, today=today)]
    return [_warning(one) for one in found if one.stage]


def _warning(one: Expiry) -> Condition:
    cause = (
        f"It ended on {one.ends_on}."
        if one.stage == OVER
        else f"It ends on {one.ends_on}, {one.days} day{'s' * (one.days != 1)} from now; mail stops with it."
    )
    return Condition(
        kind=Alert.Kind.EXPIRY,
        subject=f"{one.kind} of {one.name} ({one.tenant}), {one.ends_on}"[:450],
        cause=cause,
        fix=one.fix
        or gettext_noop(
            "Make a new one in the Entra admin center and press “Replace credential” on the registration."
        ),
        path=one.path,
        stage=one.stage,
        tenant_id=one.tenant_id,
        mailbox_id=one.mailbox_id,
    )


def _expiry(
    credential: Credential, registration: AppRegistration, held: Iterable[Credential], day: date
) -> Expiry:
    days = credential.days_left(day)
    return Expiry(
        key=f"credential-{credential.pk}",
        tenant=registration.tenant.name,
        tenant_id=registration.tenant_id,
        name=registration.name,
        path=reverse("admin:tenants_appregistration_change", args=[registration.pk]),
        kind=str(credential.get_kind_display()),
        ends_on=credential.expires_on,
        days=days,
        level=Level.CALM if _is_relieved(credential, held, day) else _level(days),
    )


def _sign_in(row: Mapping[str, Any], day: date) -> Expiry:
    used_on = timezone.localdate(row["used_at"])
    ends_on = timezone.localdate(row["refused_at"]) if row["refused_at"] else used_on + IDLE_LIFE
    days = (ends_on - day).days - bool(row["refused_at"])
    return Expiry(
        key=f"sign-in-{row['mailbox_id']}" + ("-out" if row["direction"] == Direction.OUT else ""),
        tenant=row["tenant__name"],
        tenant_id=row["tenant_id"],
        mailbox_id=row["mailbox_id"],
        name=row["mailbox__address"],
        path=reverse("admin:mailboxes_mailbox_change", args=[row["mailbox_id"]]),
        kind=_("sign-in of %(account)s") % {"account": row["account"]},
        ends_on=ends_on,
        days=days,
        level=_level(days),
        fix=gettext_noop("Sign in again on the page of the mailbox."),
    )


def _level(days: int | None) -> Level:
    if days is None:
        return Level.WARNING
    if days <= URGENT_DAYS:
        return Level.DANGER
    return Level.WARNING if days <= WARN_DAYS else Level.SUCCESS


def _is_relieved(credential: Credential, held: Iterable[Credential], day: date) -> bool:
    """Tell whether another credential of the registration lasts longer, and beyond the first warning."""
    ends_on = credential.expires_on or date.min
    return any(other.expires_on and other.expires_on > ends_on and _lasts(other, day) for other in held)


def _lasts(credential: Credential, day: date) -> bool:
    return (credential.days_left(day) or 0) > WARN_DAYS
