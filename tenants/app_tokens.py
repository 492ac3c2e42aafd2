"""App-only tokens: shared by all workers through the database, refreshed in good time by one claimer at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from tenants import audit
from tenants.errors import CredentialUnusable, IntegrationError, NetworkFailure, TokenRefused
from tenants.fields import Unreadable
from tenants.microsoft.clouds import cloud
from tenants.microsoft.identity import EXCHANGE, GRAPH, AppToken, acquire_app_token
from tenants.models import AccessToken, AppRegistration, Consent, Credential
from tenants.whom import for_its_tenant, for_machine

#: A token is not used in its last five minutes, and is renewed in its last ten. Source: reliability F-82.
MARGIN: Final = timedelta(minutes=5)
RENEW_BEFORE: Final = timedelta(minutes=10)
#: How long and how often those look who wait for another's refresh. Seconds.
WAIT_S: Final = 30.0
LOOK_S: Final = 0.1

#: How the permissions of the mail protocols begin; all others are Graph's.
EXCHANGE_ROLES: Final = ("IMAP.", "POP.", "SMTP.")

_Key = tuple[int, str, str, str, str]
#: Tokens this process has opened: a poll then needs no row and no decryption. Keyed by all that a token depends on.
_opened: dict[_Key, tuple[str, datetime]] = {}


class AppTokens:
    """Gives a GraphClient its token; called again with True after the peer has refused the last one."""

    def __init__(self, registration: AppRegistration, *, resource: str = "graph") -> None:
        self.registration = registration
        self.resource = resource
        tenant = registration.tenant
        self._key = (registration.pk, registration.client_id, tenant.directory_id, tenant.cloud, resource)
        self._refused = ""

    @for_machine()
    def __call__(self, is_refused: bool) -> str:
        """Give a token that is good for five minutes more. Raises TokenRefused or NetworkFailure."""
        opened = _opened.get(self._key)
        if is_refused and opened:
            self._refused = opened[0]
        elif opened and opened[1] > timezone.now() + MARGIN:
            return opened[0]
        token, expires_at = self._current() or self._refresh()
        _opened[self._key] = (token, expires_at)
        return token

    @for_machine()
    def renew(self) -> None:
        """Replace the stored token although it is still good, unless somebody does so already."""
        row = self._row()
        if _claim(row):
            self._acquire(row)

    def _row(self) -> AccessToken:
        row, _made = AccessToken.objects.get_or_create(
            tenant_id=self.registration.tenant_id, registration=self.registration, resource=self.resource
        )
        return row

    def _current(self) -> tuple[str, datetime] | None:
        row = AccessToken.objects.filter(registration=self.registration, resource=self.resource).first()
        return self._usable(row) if row else None

    def _usable(self, row: AccessToken) -> tuple[str, datetime] | None:
        if not row.token or row.expires_at is None or isinstance(row.token, Unreadable):
            return None
        if row.token == self._refused or row.expires_at <= timezone.now() + MARGIN:
            return None
        return row.token, row.expires_at

    def _refresh(self) -> tuple[str, datetime]:
        """Fetch a new token, or wait for the one another worker is fetching."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            row = self._row()
            # Looked at first: another may have finished since we found nothing, and a claim is good for what was read.
            if current := self._usable(row):
                return current
            if _claim(row):
                return self._acquire(row)
            time.sleep(LOOK_S)
        raise NetworkFailure.own("token_pending")

    def _acquire(self, row: AccessToken) -> tuple[str, datetime]:
        mine = AccessToken.objects.filter(pk=row.pk, claim_number=row.claim_number)
        try:
            got = _ask(self.registration, self.resource)
        except IntegrationError:
            mine.update(claimed_until=None)
            raise
        mine.update(token=got.value, expires_at=got.expires_at, claimed_until=None)
        _note_consent(self.registration, got, resource=self.resource)
        _opened[self._key] = (got.value, got.expires_at)
        return got.value, got.expires_at


@for_its_tenant
def forget(registration: AppRegistration) -> None:
    """Drop the tokens of a registration, so that the next call proves its credential and permissions anew."""
    AccessToken.objects.filter(registration=registration).delete()
    for key in [key for key in _opened if key[0] == registration.pk]:
        del _opened[key]


@for_its_tenant
def replace_by(registration: AppRegistration, got: AppToken) -> None:
    """Note what a token of Graph, asked for beside the store, has shown; workers fetch fresh ones from now on."""
    forget(registration)
    _note_consent(registration, got, resource=GRAPH)


@for_its_tenant
def fresh(registration: AppRegistration) -> AppToken:
    """Ask Entra for a token of Graph now, whatever is stored; everybody goes on with what it shows."""
    got = _ask(registration, GRAPH)
    replace_by(registration, got)
    return got


def renew_due(now: datetime) -> int:
    """Renew the tokens that are in their last minutes; errors show when the mailbox needs the token."""
    rows = AccessToken.objects.filter(
        expires_at__lte=now + RENEW_BEFORE, expires_at__gt=now - timedelta(days=1)
    )
    rows = rows.filter(registration__tenant__is_active=True).select_related("registration__tenant")
    return sum(_renewed(row) for row in rows)


def _renewed(row: AccessToken) -> bool:
    try:
        AppTokens(row.registration, resource=row.resource).renew()
    except IntegrationError:
        return False
    return True


def _claim(row: AccessToken) -> bool:
    now = timezone.now()
    if row.claimed_until is not None and row.claimed_until >= now:
        return False
    number = row.claim_number + 1
    # A worker killed while it refreshed holds up the others no longer than one killed while it read.
    until = now + timedelta(seconds=settings.SYNC_LEASE_S)
    # As it was read, the end of a claim included: a refresh that has ended since has left its token.
    taken = AccessToken.objects.filter(
        pk=row.pk, claim_number=row.claim_number, claimed_until=row.claimed_until
    )
    row.claim_number = number
    return bool(taken.update(claimed_until=until, claim_number=number))


def _ask(registration: AppRegistration, resource: str) -> AppToken:
    """Try the usable credentials, newest first: while one replaces another, either may be the one that works."""
    refused: IntegrationError | None = None
    for credential in credentials_of(registration):
        try:
            return acquire_app_token(
                cloud=cloud(registration.tenant.cloud),
                directory_id=registration.tenant.directory_id,
                client_id=registration.client_id,
                credential=credential.open(),
                resource=resource,
            )
        except (TokenRefused, CredentialUnusable) as error:
            refused = refused or error
    raise refused or CredentialUnusable.own("secret_missing", detail=registration.name)


def credentials_of(registration: AppRegistration) -> Sequence[Credential]:
    """Order the credentials, newest first; expired ones come last, for the date is only what somebody typed."""
    every = list(registration.credentials.select_related("secret").order_by("-pk"))
    today = timezone.localdate()
    return sorted(every, key=lambda credential: (credential.days_left(today) or 0) < 0)


def _note_consent(registration: AppRegistration, got: AppToken, *, resource: str) -> None:
    """Write down the permissions of this token, and keep those that tokens for other resources have shown."""
    row = Consent.objects.filter(registration=registration).first()
    others = {
        role for role in (row.roles.split() if row else ()) if _is_of_exchange(role) != (resource == EXCHANGE)
    }
    roles = " ".join(sorted(others | set(got.roles)))
    if row is None or row.roles != roles:
        told = audit.changed({"roles": row.roles if row else ""}, {"roles": roles})
        audit.note(audit.Action.CONSENT, registration, by=None, **told)
    defaults = {"tenant_id": registration.tenant_id, "roles": roles, "proved_at": timezone.now()}
    Consent.objects.update_or_create(registration=registration, defaults=defaults | _lost(row, roles))


def _lost(row: Consent | None, roles: str) -> dict[str, Any]:
    """Say what earlier tokens named and this one does not; a consent that was taken back shows here first."""
    if row is None:
        return {}
    gone = (set(row.roles.split()) | set(row.lost.split())) - set(roles.split())
    if not gone:
        return {"lost": "", "lost_at": None}
    is_new = not gone <= set(row.lost.split())
    return {"lost": " ".join(sorted(gone)), "lost_at": timezone.now() if is_new else row.lost_at}


def _is_of_exchange(role: str) -> bool:
    return role.startswith(EXCHANGE_ROLES)
