"""Flow: ask a customer's administrator to consent, and believe it when a token shows it.

The browser that comes back is believed only as "go and look": anybody can write its address.
Source: https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import F, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from tenants import app_tokens, audit
from tenants.diagnosis import Diagnosis, diagnose_own, diagnose_token
from tenants.errors import IntegrationError, Misconfigured
from tenants.microsoft.clouds import cloud
from tenants.microsoft.identity import AppToken
from tenants.models import AppRegistration, Consent, ConsentRequest, SignInAttempt
from tenants.redaction import remember
from tenants.round_trip import LIFE, Answer, Purpose, digest, may_return, new_state, return_address, send_away
from tenants.whom import for_its_tenant

State = ConsentRequest.State
LINK_LIFE: Final = timedelta(days=7)
#: Permissions take some minutes to reach tokens; longer than this they are not on their way.
GIVE_UP_AFTER: Final = timedelta(hours=2)
FIRST_WAIT: Final = timedelta(seconds=15)
LONGEST_WAIT: Final = timedelta(minutes=10)
#: A worker that dies while it looks holds the request up no longer. Longer than token and live call may take.
CLAIM: Final = timedelta(minutes=3)
MOST_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a live call with a fresh token has shown. `wanted` is False when the application itself needs nothing."""

    wanted: bool
    missing: tuple[str, ...]
    seen: str = ""
    trouble: Diagnosis | None = None


#: Looks at the mailboxes of a registration; given by the room that knows them.
LookAt = Callable[[AppRegistration, AppToken], Look]
_look_at: list[LookAt] = []
#: Of the permissions named, gives those some mailbox of the registration uses.
UsedOf = Callable[[AppRegistration, Sequence[str]], tuple[str, ...]]
_used_of: list[UsedOf] = []


def looks_with(look_at: LookAt, used_of: UsedOf) -> None:
    _look_at[:], _used_of[:] = [look_at], [used_of]


@for_its_tenant
def begin(registration: AppRegistration, request: HttpRequest) -> str:
    """Note that somebody here goes to consent; gives the address at Microsoft. Raises Misconfigured."""
    _refuse_unready(registration)
    now = timezone.now()
    asked = ConsentRequest.objects.create(
        tenant_id=registration.tenant_id,
        registration=registration,
        asked_by_id=request.user.pk,
        valid_until=now + LIFE,
        followed_at=now,
    )
    return _depart(request, asked)


@for_its_tenant
def offer_link(registration: AppRegistration, *, by: audit.Actor, user_id: int | None) -> str:
    """Make a link for an administrator who has no account here; it is shown once. Raises Misconfigured.

    It works once, for seven days; a link offered before, and not followed yet, works no longer.
    """
    _refuse_unready(registration)
    token = secrets.token_urlsafe(32)
    remember(token)
    ConsentRequest.objects.filter(registration=registration, state=State.WAITING, followed_at=None).update(
        state=State.LAPSED, trouble=diagnose_own("consent_lapsed").as_json()
    )
    ConsentRequest.objects.create(
        tenant_id=registration.tenant_id,
        registration=registration,
        asked_by_id=user_id,
        token_hash=digest(token),
        valid_until=timezone.now() + LINK_LIFE,
    )
    audit.note(audit.Action.CONSENT, registration, by=by, link=["offered"])
    return settings.PUBLIC_URL + reverse("tenants:consent_link", args=[token])


def follow(token: str, request: HttpRequest) -> str | None:
    """Use a link up; gives the address at Microsoft, None when the link leads nowhere (any more)."""
    now = timezone.now()
    # Whose row it is says the token, which is nobody's but the administrator's.
    found = ConsentRequest.objects.for_machine().filter(
        token_hash=digest(token), followed_at=None, valid_until__gt=now, state=State.WAITING
    )
    asked: ConsentRequest | None = found.select_related("registration__tenant").first()
    if (
        asked is None
        or not asked.registration.tenant.is_active
        or not found.update(followed_at=now, valid_until=now + LIFE)
    ):
        return None
    return _follow(asked, request)


@for_its_tenant
def _follow(asked: ConsentRequest, request: HttpRequest) -> str:
    return _depart(request, asked, is_anonymous=True)


def _depart(request: HttpRequest, asked: ConsentRequest, *, is_anonymous: bool = False) -> str:
    registration, state = asked.registration, new_state()
    attempt = SignInAttempt(purpose=Purpose.CONSENT, registration=registration, consent_request=asked)
    send_away(request, attempt, state=state, is_anonymous=is_anonymous)
    # The page without a scope: it grants what the registration lists of every API, where the other takes one at a time.
    asked_for = {"client_id": registration.client_id, "redirect_uri": return_address(), "state": state}
    tenant = registration.tenant
    return f"{cloud(tenant.cloud).login_url}/{tenant.directory_id}/adminconsent?{urlencode(asked_for)}"


def _refuse_unready(registration: AppRegistration) -> None:
    if not registration.tenant.is_active:
        raise Misconfigured.own("tenant_off")
    if not may_return():
        raise Misconfigured.own("public_address_unsafe", detail=settings.PUBLIC_URL)
    cloud(registration.tenant.cloud)


@for_its_tenant
def returned(asked: ConsentRequest, answer: Answer) -> None:
    """Note how the browser came back. A refusal is believed, for nobody gains by a false one; a grant is looked for."""
    now = timezone.now()
    values: dict[str, object] = {"returned_at": now, "valid_until": now + GIVE_UP_AFTER, "next_look_at": now}
    if answer.error:
        refused = diagnose_token(answer.as_refusal())
        values = {
            "returned_at": now,
            "state": State.REFUSED,
            "trouble": refused.as_row(),
            "next_look_at": None,
        }
        audit.note(audit.Action.CONSENT, asked.registration, by=None, refused=[refused.code])
    ConsentRequest.objects.filter(pk=asked.pk, state=State.WAITING).update(**values)


def prove_due(now: datetime) -> int:
    """Look again for consents that are not seen yet, and close what nobody came back from."""
    waiting = ConsentRequest.objects.for_machine().filter(state=State.WAITING)
    over = waiting.filter(valid_until__lte=now)
    over.filter(returned_at=None).update(state=State.LAPSED, trouble=diagnose_own("consent_lapsed").as_json())
    over.update(state=State.REFUSED, next_look_at=None)
    due = waiting.filter(next_look_at__lte=now, registration__tenant__is_active=True)
    return sum(prove(asked) for asked in due.select_related("registration__tenant")[:MOST_AT_ONCE])


@for_its_tenant
def prove(asked: ConsentRequest) -> bool:
    """Ask for a token now and try what it opens; tells whether the consent is seen. One looks at a time."""
    now = timezone.now()
    mine = ConsentRequest.objects.filter(pk=asked.pk, tenant_id=asked.tenant_id, state=State.WAITING)
    if not mine.filter(Q(next_look_at__lte=now)).update(next_look_at=now + CLAIM, tries=F("tries") + 1):
        return False
    try:
        look = _looked(asked.registration)
    except IntegrationError as error:
        look = Look(wanted=True, missing=(), trouble=error.diagnosis)
    if look.wanted and look.trouble is None:
        audit.note(audit.Action.CONSENT, asked.registration, by=None, proved=[look.seen])
        return bool(mine.update(state=State.PROVED, trouble=None, seen=look.seen[:200], next_look_at=None))
    again_at = now + min(FIRST_WAIT * 2**asked.tries, LONGEST_WAIT) if look.wanted else None
    trouble = look.trouble if look.wanted else diagnose_own("consent_seen_at_sign_in")
    mine.update(
        trouble=trouble.as_row() if trouble else {}, seen=", ".join(look.missing)[:200], next_look_at=again_at
    )
    return False


@for_its_tenant
def withdrawn_of(registration: AppRegistration) -> tuple[str, ...]:
    """Name what was taken back and is used here; taking back what nothing uses was good housekeeping."""
    row = Consent.objects.filter(registration=registration).exclude(lost="").first()
    return _used_of[0](registration, row.lost.split()) if row else ()


def _looked(registration: AppRegistration) -> Look:
    return _look_at[0](registration, app_tokens.fresh(registration))
