"""Flow: a person signs in to a mailbox, with the browser, a device code or a stored password.

However it was done, it ends the same way: who it was is proved, only then is anything kept, the mailbox is looked
into, and the page of the mailbox says what was seen. A refusal is kept for the page as well, with both accounts.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailboxes import tokens
from mailboxes.accounts import Admitted, admit, expected
from mailboxes.consents import explain_denial
from mailboxes.enqueue import enqueue_send, enqueue_sync
from mailboxes.features import resources_of, scopes_for
from mailboxes.folders import open_folder
from mailboxes.governor import visit
from mailboxes.models import Mailbox, MailboxSignIn, OutboundMessage
from mailboxes.parsing.gate import one_line
from mailboxes.sides import Opened, SendingSide, mailbox_of
from mailboxes.transports.out import open_outbound, why_not
from tenants import audit
from tenants.clients import ask_as, has_credential
from tenants.errors import IntegrationError, Misconfigured, Throttled
from tenants.microsoft import user_tokens
from tenants.microsoft.claims import WrongAccount
from tenants.microsoft.graph import Gate
from tenants.microsoft.identity import GRAPH
from tenants.microsoft.user_tokens import Handshake, UserToken
from tenants.round_trip import may_return
from tenants.whom import for_its_tenant

Way = Mailbox.SignIn


@for_its_tenant
def begin(mailbox: Opened, *, redirect_uri: str, state: str) -> tuple[str, Handshake]:
    """Give the address at Microsoft where a person signs in to this mailbox, and what the answer is proved by."""
    _refuse_other_way(mailbox, Way.AUTHORIZATION_CODE)
    if not may_return():
        raise Misconfigured.own("public_address_unsafe", detail=settings.PUBLIC_URL)
    # Of all resources at once, so that one consent does; the code is redeemed for one after the other.
    scopes = [scope for resource in _resources(mailbox) for scope in scopes_for(mailbox, resource)]
    return ask_as(
        mailbox.registration,
        lambda client: user_tokens.begin(client, redirect_uri=redirect_uri, scopes=scopes, state=state),
    )


@for_its_tenant
def complete(
    mailbox: Opened, *, nonce: str, verifier: str, redirect_uri: str, code: str, by: audit.Actor
) -> None:
    """Turn the code of the browser into a kept sign-in; how it ended stands on the mailbox, nothing is raised."""
    handshake = Handshake(
        redirect_uri=redirect_uri,
        scopes=scopes_for(mailbox, GRAPH),
        nonce=nonce,
        verifier=verifier,
    )
    try:
        _refuse_other_way(mailbox, Way.AUTHORIZATION_CODE)
        first = ask_as(
            mailbox.registration,
            lambda client: user_tokens.redeem(client, handshake=handshake, code=code),
        )
        admitted = _admitted(
            mailbox, first, resource=GRAPH, is_public=not has_credential(mailbox.registration)
        )
    except IntegrationError as error:
        refuse(mailbox, error)
        return
    _keep(mailbox, admitted, by=by)


@for_its_tenant
def complete_device(mailbox: Opened, first: UserToken, *, by: audit.Actor) -> None:
    """Keep what an entered device code brought; how it ended stands on the mailbox, nothing is raised."""
    try:
        admitted = _admitted(mailbox, first, resource=resources_of(mailbox)[0], is_public=True)
    except IntegrationError as error:
        refuse(mailbox, error)
        return
    _keep(mailbox, admitted, by=by)


@for_its_tenant
def sign_in_by_password(mailbox: Opened, *, by: audit.Actor) -> None:
    """Sign in with the stored password now; how it ended stands on the mailbox, nothing is raised."""
    try:
        _refuse_other_way(mailbox, Way.PASSWORD)
        with ExitStack() as stack:
            gate = _seat(mailbox, stack)
            admitted = tokens.by_password(mailbox, tokens.row_of(mailbox), gate=gate)
    except IntegrationError as error:
        refuse(mailbox, error)
        return
    _keep(mailbox, admitted, by=by)


@for_its_tenant
def refuse(mailbox: Opened, error: IntegrationError) -> None:
    """Note why a sign-in came to nothing; what was kept before stays as it is."""
    name = error.signed_in if isinstance(error, WrongAccount) else ""
    _note_outcome(mailbox, error=error, signed_in=one_line(name, max_chars=320), is_kept=False)


@for_its_tenant
def sign_out(mailbox: Opened, *, by: audit.Actor) -> None:
    """Forget the sign-in of a mailbox; its mail is no longer fetched until somebody signs in again."""
    with transaction.atomic():
        tokens.forget(mailbox)
        audit.note(audit.Action.SIGNED_OUT, mailbox_of(mailbox), by=by)


def _refuse_other_way(mailbox: Opened, way: str) -> None:
    if not mailbox.tenant.is_active:
        raise Misconfigured.own("tenant_off")
    if mailbox.sign_in != way:
        raise Misconfigured.own("sign_in_not_of_a_person")


def _resources(mailbox: Opened) -> tuple[str, ...]:
    return tuple(dict.fromkeys((GRAPH, *resources_of(mailbox))))


def _admitted(mailbox: Opened, first: UserToken, *, resource: str, is_public: bool) -> Admitted:
    with ExitStack() as stack:
        gate = _seat(mailbox, stack)
        return admit(mailbox, first, resource=resource, is_public=is_public, gate=gate)


def _seat(mailbox: Opened, stack: ExitStack) -> Gate | None:
    """Take a seat at the mailbox for the first look; without one the sign-in is proved all the same."""
    try:
        return stack.enter_context(visit(mailbox_of(mailbox)))
    except Throttled:
        return None


def _keep(mailbox: Opened, admitted: Admitted, *, by: audit.Actor) -> None:
    before = tokens.row_of(mailbox).account
    name = "account_for_sending" if isinstance(mailbox, SendingSide) else "account"
    with transaction.atomic():
        tokens.store(mailbox, admitted)
        audit.note(
            audit.Action.SIGNED_IN,
            mailbox_of(mailbox),
            by=by,
            **audit.changed({name: before}, {name: admitted.name}),
        )
    try:
        said = _first_look(mailbox, admitted)
    except IntegrationError as error:
        said_why = error if isinstance(mailbox, SendingSide) else explain_denial(mailbox, error)
        _note_outcome(mailbox, error=said_why, signed_in=admitted.name, is_kept=True)
        return
    _note_outcome(mailbox, said=said, signed_in=admitted.name, is_kept=True)
    _go_on(mailbox)


def _first_look(mailbox: Opened, admitted: Admitted) -> str:
    """Say what the mailbox shows to who signed in. Raises IntegrationError when it does not open."""
    if isinstance(mailbox, SendingSide):
        _knock(mailbox.mailbox)
        return ""
    if admitted.inbox is not None:
        if admitted.inbox.error is not None:
            raise admitted.inbox.error
        found: dict[str, Any] = admitted.inbox.body
        name, total = str(found.get("displayName") or ""), found.get("totalItemCount")
    elif mailbox.inbound_transport == Mailbox.Inbound.NONE:
        return ""
    else:
        folder = open_folder(mailbox)
        name, total = folder.display_name, folder.total
    return f"{one_line(name, max_chars=200)}: {total if isinstance(total, int) else 0}"


def _knock(mailbox: Mailbox) -> None:
    """Try the wire mail is sent by, where it signs in for itself; nothing is sent."""
    if why_not(mailbox):
        return
    with visit(mailbox) as gate, closing(open_outbound(mailbox, gate)) as wire:
        wire.knock()


def _go_on(mailbox: Opened) -> None:
    """Let a mailbox that an error has paused go on at once: the sign-in was what it waited for."""
    with transaction.atomic():
        # What waits for a repair is tried now; what somebody may still take back has no error and keeps its time.
        queued = OutboundMessage.objects.filter(mailbox_id=mailbox.pk, state=OutboundMessage.State.QUEUED)
        if queued.filter(error__isnull=False).update(retry_at=None):
            enqueue_send(mailbox.pk)
        if isinstance(mailbox, SendingSide):
            return
        rows = Mailbox.objects.filter(pk=mailbox.pk)
        rows.filter(paused=Mailbox.Pause.ERROR).update(paused=Mailbox.Pause.NONE)
        rows.update(trouble=None, trouble_since_at=None, failures=0)
        enqueue_sync(mailbox.pk)


def _note_outcome(
    mailbox: Opened,
    *,
    signed_in: str,
    is_kept: bool,
    said: str = "",
    error: IntegrationError | None = None,
) -> None:
    outcome: dict[str, Any] = {
        "ok": error is None,
        "is_kept": is_kept,
        "said": said,
        "signed_in": signed_in,
        "expected": expected(mailbox),
    }
    if error is not None:
        outcome["trouble"] = error.diagnosis.as_row()
    row = tokens.row_of(mailbox)
    MailboxSignIn.objects.filter(pk=row.pk).update(outcome=outcome, outcome_at=timezone.now())
