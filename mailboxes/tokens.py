"""Tokens of a person who signed in to a mailbox: kept for all workers, renewed by one claimer at a time.

Entra may stop accepting a refresh token once it has given the next one. So the next one is committed before the
access token that came with it is used, and only by whoever holds the claim; who was too late takes the winner's.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from mailboxes.accounts import Admitted, admit, expected, proved_for
from mailboxes.features import resources_of, scopes_for
from mailboxes.models import Direction, Mailbox, MailboxSignIn, MailboxToken
from mailboxes.sides import Opened, side_of
from tenants.app_tokens import LOOK_S, MARGIN, WAIT_S
from tenants.clients import ask_as, has_credential
from tenants.diagnosis import Diagnosis
from tenants.errors import (
    CredentialUnusable,
    IntegrationError,
    Misconfigured,
    NetworkFailure,
    TokenRefused,
)
from tenants.fields import Unreadable
from tenants.microsoft import user_tokens
from tenants.microsoft.graph import Gate
from tenants.microsoft.identity import GRAPH
from tenants.microsoft.user_tokens import UserToken
from tenants.whom import for_its_tenant, for_machine

#: A sign-in nobody has used for so long is renewed by the schedule; Entra ends it after 90 days.
IDLE_AFTER: Final = timedelta(days=21)
#: How a row stands after a renewal that went well.
_RENEWED: Final = {"claimed_until": None, "refused": None, "refused_at": None}
#: Sign-ins renewed by one round of the schedule.
MOST_AT_ONCE: Final = 50


class UserTokens:
    """Gives a wire its token; called again with True after the peer has refused the last one."""

    def __init__(self, mailbox: Opened, *, resource: str) -> None:
        self.mailbox = mailbox
        self.resource = resource
        self._held: tuple[str, datetime] | None = None
        self._refused = ""

    @for_machine()
    def __call__(self, is_refused: bool) -> str:
        """Give a token that is good for five minutes more.

        Raises CredentialUnusable when nobody has signed in, TokenRefused when Entra ends the sign-in, and
        NetworkFailure for what passes.
        """
        if is_refused and self._held:
            self._refused = self._held[0]
        elif self._held and self._held[1] > timezone.now() + MARGIN:
            return self._held[0]
        self._held = self._stored() or self._renew()
        return self._held[0]

    @for_machine()
    def renew(self) -> None:
        """Ask Entra for a new token now, although the stored one may still be good."""
        if stored := self._stored():
            self._refused = stored[0]
        self._held = self._renew()

    def _stored(self) -> tuple[str, datetime] | None:
        mine = MailboxToken.objects.filter(
            sign_in__mailbox_id=self.mailbox.pk,
            sign_in__direction=self.mailbox.direction,
            sign_in__proved_for=proved_for(self.mailbox),
            resource=self.resource,
        )
        row = mine.first()
        if row is None or isinstance(row.token, Unreadable) or row.token == self._refused:
            return None
        return (row.token, row.expires_at) if row.expires_at > timezone.now() + MARGIN else None

    def _renew(self) -> tuple[str, datetime]:
        """Renew, or wait for the one another worker is fetching; what Entra refuses him is refused to all who wait."""
        began_at, deadline = timezone.now(), time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            row = row_of(self.mailbox)
            # Looked at first: another may have finished since, and a claim is good for what was read.
            if stored := self._stored():
                return stored
            if row.refused and row.refused_at and row.refused_at >= began_at:
                raise TokenRefused(Diagnosis.from_row(row.refused))
            if claim(row) and (got := self._ask(row)):
                return got.value, got.expires_at
            time.sleep(LOOK_S)
        raise NetworkFailure.own("token_pending")

    def _ask(self, row: MailboxSignIn) -> UserToken | None:
        """Renew under the claim; None when it was lost meanwhile, for then another's refresh token is the newer."""
        try:
            got = _granted(self.mailbox, row, self.resource)
        except IntegrationError as error:
            _let_go(row, error)
            raise
        if isinstance(got, Admitted):
            return got.tokens[self.resource] if _kept(row, _columns(self.mailbox, got), got.tokens) else None
        renewed = {**_RENEWED, "refresh_token": got.refresh_token, "used_at": timezone.now()}
        return got if _kept(row, renewed, {self.resource: got}) else None


@for_its_tenant
def row_of(mailbox: Opened) -> MailboxSignIn:
    row, _made = MailboxSignIn.objects.get_or_create(
        mailbox_id=mailbox.pk, direction=mailbox.direction, defaults={"tenant_id": mailbox.tenant_id}
    )
    return row


@for_its_tenant
def store(mailbox: Opened, admitted: Admitted) -> None:
    """Keep a new sign-in; whatever was being renewed for the one before is worth nothing from here on."""
    row = row_of(mailbox)
    with transaction.atomic():
        MailboxSignIn.objects.filter(pk=row.pk).update(
            claim_number=F("claim_number") + 1, **_columns(mailbox, admitted)
        )
        row.tokens.all().delete()
        _keep_tokens(row, admitted.tokens)


@for_its_tenant
def store_password(mailbox: Opened, password: str) -> None:
    """Keep the password of the account that signs in; the sign-in made with the one before ends here."""
    row = row_of(mailbox)
    with transaction.atomic():
        MailboxSignIn.objects.filter(pk=row.pk).update(
            claim_number=F("claim_number") + 1,
            claimed_until=None,
            password=password,
            refresh_token=None,
            proved_for="",
            refused=None,
        )
        row.tokens.all().delete()


@for_its_tenant
def change_password(mailbox: Opened, password: str) -> bool:
    """Keep a password unless it is the one that is kept; tells whether it is another."""
    if row_of(mailbox).password == password:
        return False
    store_password(mailbox, password)
    return True


@for_its_tenant
def forget(mailbox: Opened) -> None:
    """Drop the sign-in of a mailbox, and whatever is being renewed for it."""
    row = row_of(mailbox)
    row.tokens.all().delete()
    MailboxSignIn.objects.filter(pk=row.pk).update(
        **_RENEWED,
        claim_number=F("claim_number") + 1,
        refresh_token=None,
        proved_for="",
        account="",
        oid="",
        signed_in_at=None,
        used_at=None,
        outcome=None,
    )


@for_its_tenant
def is_signed_in(mailbox: Opened) -> bool:
    """Tell whether a sign-in is kept that is still the one this mailbox asks for."""
    kept = MailboxSignIn.objects.filter(refresh_token__isnull=False, refused__isnull=True)
    mine = kept.filter(mailbox_id=mailbox.pk, direction=mailbox.direction)
    return mine.filter(proved_for=proved_for(mailbox)).exists()


def idle(now: datetime) -> QuerySet[MailboxSignIn]:
    """Find the sign-ins nothing has used for long, of mailboxes that are in use or only paused."""
    rows = MailboxSignIn.objects.filter(
        used_at__lte=now - IDLE_AFTER,
        refresh_token__isnull=False,
        refused__isnull=True,
        mailbox__tenant__is_active=True,
    ).exclude(direction=Direction.IN, mailbox__sign_in=Mailbox.SignIn.APPLICATION)
    beside = ("mailbox__registration__tenant", "mailbox__outbound_registration__tenant")
    return rows.select_related(*beside).order_by("used_at")


def exercise_idle(now: datetime) -> int:
    """Renew the sign-ins that nothing else renews, so that none ends unnoticed; gives how many were renewed."""
    return sum(_exercised(row) for row in idle(now)[:MOST_AT_ONCE])


def _exercised(row: MailboxSignIn) -> bool:
    known = row.tokens.values_list("resource", flat=True).first()
    side = side_of(row)
    if side is None:
        # Mail is sent by the sign-in that reads, by now: nobody comes back to this one.
        row.delete()
        return False
    try:
        UserTokens(side, resource=known or GRAPH).renew()
    except IntegrationError:
        # What no retry helps against stands on the row and is shown; the rest is tried in the next round.
        return False
    return True


def claim(row: MailboxSignIn) -> bool:
    now = timezone.now()
    if row.claimed_until is not None and row.claimed_until >= now:
        return False
    # As it was read, the end of a claim included: a renewal that has ended since has left its token.
    taken = MailboxSignIn.objects.filter(
        pk=row.pk, claim_number=row.claim_number, claimed_until=row.claimed_until
    )
    row.claim_number += 1
    until = now + timedelta(seconds=settings.SYNC_LEASE_S)
    return bool(taken.update(claimed_until=until, claim_number=row.claim_number))


def _granted(mailbox: Opened, row: MailboxSignIn, resource: str) -> UserToken | Admitted:
    """Get the next token by the refresh token, by the password where there is one, or not at all."""
    if isinstance(row.refresh_token, Unreadable):
        raise CredentialUnusable.own("sign_in_unreadable")
    has_password = mailbox.sign_in == Mailbox.SignIn.PASSWORD
    if row.refresh_token and row.proved_for == proved_for(mailbox):
        try:
            return _refreshed(mailbox, row, resource)
        except TokenRefused as error:
            if not (has_password and error.permanent):
                raise
    if not has_password:
        raise CredentialUnusable.own("sign_in_missing")
    return by_password(mailbox, row)


@for_its_tenant
def by_password(mailbox: Opened, row: MailboxSignIn, *, gate: Gate | None = None) -> Admitted:
    """Sign in with the stored password and prove who that is; nothing is kept yet."""
    if not mailbox.tenant.allows_password:
        raise Misconfigured.own("sign_in_way_off")
    if not row.password or isinstance(row.password, Unreadable):
        code = "password_missing" if row.password is None else "sign_in_unreadable"
        raise CredentialUnusable.own(code)
    password, resource = row.password, resources_of(mailbox)[0]
    scopes, username = scopes_for(mailbox, resource), expected(mailbox)
    got = ask_as(
        mailbox.registration,
        lambda client: user_tokens.by_password(client, username=username, password=password, scopes=scopes),
    )
    is_public = not has_credential(mailbox.registration)
    return admit(mailbox, got, resource=resource, is_public=is_public, gate=gate)


def _refreshed(mailbox: Opened, row: MailboxSignIn, resource: str) -> UserToken:
    scopes = scopes_for(mailbox, resource)
    old = str(row.refresh_token)
    got = ask_as(
        mailbox.registration,
        lambda client: user_tokens.refresh(client, refresh_token=old, scopes=scopes),
        is_public=row.is_public,
    )
    if got.account is not None and got.account.oid != row.oid:
        raise TokenRefused.own("account_changed")
    return got


def _columns(mailbox: Opened, admitted: Admitted) -> dict[str, Any]:
    """Word a new sign-in as columns of its row."""
    now = timezone.now()
    return {
        **_RENEWED,
        "refresh_token": admitted.refresh_token,
        "is_public": admitted.is_public,
        "proved_for": proved_for(mailbox),
        "account": admitted.name,
        "oid": admitted.oid,
        "signed_in_at": now,
        "used_at": now,
    }


def _kept(row: MailboxSignIn, values: Mapping[str, Any], tokens: Mapping[str, UserToken]) -> bool:
    """Save what came before anybody uses it; False when the claim is no longer ours."""
    with transaction.atomic():
        mine = MailboxSignIn.objects.filter(pk=row.pk, claim_number=row.claim_number)
        if not mine.update(**values):
            return False
        _keep_tokens(row, tokens)
    return True


def _keep_tokens(row: MailboxSignIn, tokens: Mapping[str, UserToken]) -> None:
    for resource, got in tokens.items():
        MailboxToken.objects.update_or_create(
            sign_in=row,
            resource=resource,
            defaults={
                "tenant_id": row.tenant_id,
                "token": got.value,
                "expires_at": got.expires_at,
                "scopes": " ".join(got.scopes),
            },
        )


def _let_go(row: MailboxSignIn, error: IntegrationError) -> None:
    values: dict[str, Any] = {"claimed_until": None}
    if error.permanent:
        values |= {"refused": error.diagnosis.as_row(), "refused_at": timezone.now()}
    MailboxSignIn.objects.filter(pk=row.pk, claim_number=row.claim_number).update(**values)
