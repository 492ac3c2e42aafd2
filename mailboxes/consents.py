"""What a consent opens: the live call after it, on a mailbox of the registration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.db.models import F

from mailboxes.features import needed_by, needed_of
from mailboxes.governor import visit
from mailboxes.models import Mailbox
from mailboxes.transports.graph import GraphInbound
from mailboxes.wording import counted
from tenants import app_tokens
from tenants.consent import Look
from tenants.diagnosis import Diagnosis, diagnose_own
from tenants.errors import AccessDenied, FolderGone, IntegrationError
from tenants.microsoft.answers import count
from tenants.microsoft.clouds import cloud
from tenants.microsoft.graph import GraphClient
from tenants.microsoft.identity import AppToken
from tenants.models import AppRegistration, Consent
from tenants.setup.permissions import Kind, Resource, compare

#: Somebody waits for the page. Seconds.
DEADLINE_S = 10.0
AT_MOST = 3


def look_at(registration: AppRegistration, token: AppToken) -> Look:
    """Compare what the token names with what is needed, and open the inbox of one mailbox with it."""
    wanted = [one for one in needed_of(registration) if one.kind is Kind.APPLICATION]
    missing = compare([one for one in wanted if one.resource is Resource.GRAPH], token.roles).missing
    mailboxes = _first_of(registration)
    if not mailboxes:
        needs_any = bool(wanted) or bool(token.roles)
        return Look(wanted=needs_any, missing=missing, seen=_named(token), trouble=_lacking(missing))
    seen, refused = _open_one(mailboxes, token)
    if refused is not None:
        # What is missing explains a refusal better than the refusal does.
        return Look(wanted=True, missing=missing, trouble=_lacking(missing) or refused)
    # Exchange grants by roles of its own as well; such a token names no mail permission, and the inbox is the proof.
    is_by_exchange = not any(role.startswith("Mail.") for role in token.roles)
    trouble = None if is_by_exchange else _lacking(missing)
    return Look(wanted=True, missing=missing, seen=seen, trouble=trouble)


def used_of(registration: AppRegistration, names: Sequence[str]) -> tuple[str, ...]:
    """Keep of the permissions those some mailbox of the registration uses."""
    needed = [one for one in needed_of(registration) if one.kind is Kind.APPLICATION]
    found = compare(needed, names)
    return tuple(one for one in names if one not in (*found.superfluous, *found.foreign))


def explain_denial(mailbox: Mailbox, error: IntegrationError) -> IntegrationError:
    """Tell a consent that was taken back from a mailbox that was never open: a token asked for now shows which.

    `error` came from opening the mailbox, or a folder of it by name.
    """
    if mailbox.sign_in != Mailbox.SignIn.APPLICATION:
        return _explain_to_person(mailbox, error)
    if not isinstance(error, AccessDenied):
        return error
    try:
        app_tokens.fresh(mailbox.registration)
    except IntegrationError:
        return error
    lost = lost_of(mailbox)
    if not lost:
        return error
    known = diagnose_own("consent_withdrawn", detail=", ".join(lost), correlation=error.diagnosis.correlation)
    return AccessDenied(known)


def _explain_to_person(mailbox: Mailbox, error: IntegrationError) -> IntegrationError:
    """Name the right that is missing: a shared mailbox without it looks to Graph as if it had no inbox."""
    is_shared = mailbox.signed_in_user.lower() not in ("", mailbox.address.lower())
    is_hidden = isinstance(error, FolderGone) and "graph_code" in dict(error.diagnosis.correlation)
    if not is_shared or not (is_hidden or isinstance(error, AccessDenied)):
        return error
    return AccessDenied(diagnose_own("full_access_missing", correlation=error.diagnosis.correlation))


def lost_of(mailbox: Mailbox) -> tuple[str, ...]:
    """Name what this mailbox needs, an earlier token named, and the last one does not."""
    consent = Consent.objects.filter(registration=mailbox.registration).first()
    if consent is None:
        return ()
    wanted = [one for one in needed_by(mailbox, mailbox.registration) if one.kind is Kind.APPLICATION]
    lacking = compare(wanted, consent.roles.split()).missing
    return tuple(name for name in consent.lost.split() if name in lacking)


def _first_of(registration: AppRegistration) -> list[Mailbox]:
    """Give a few to try: those that were open before come first."""
    rows = Mailbox.objects.filter(
        registration=registration,
        inbound_transport=Mailbox.Inbound.GRAPH,
        sign_in=Mailbox.SignIn.APPLICATION,
    )
    best = rows.meant().select_related("registration__tenant")
    return list(best.order_by(F("last_success_at").desc(nulls_last=True), "pk")[:AT_MOST])


def _open_one(mailboxes: Sequence[Mailbox], token: AppToken) -> tuple[str, Diagnosis | None]:
    """Open the first that opens; else say why the first did not, and which. One without a licence speaks for itself."""
    first: Diagnosis | None = None
    for mailbox in mailboxes:
        try:
            return f"{mailbox.address}: {_open(mailbox, token)}", None
        except IntegrationError as error:
            said = error.diagnosis
            first = first or replace(said, correlation=(("mailbox", mailbox.address), *said.correlation))
            if not error.permanent:
                break
    return "", first


def _open(mailbox: Mailbox, token: AppToken) -> str:
    with visit(mailbox) as gate:
        where = cloud(mailbox.registration.tenant.cloud)
        client = GraphClient(
            cloud=where, token=lambda _is_refused: token.value, gate=gate, deadline_s=DEADLINE_S
        )
        inbox = GraphInbound(client, address=mailbox.address, gate=gate)
        found = client.get(f"{inbox.user}/mailFolders/inbox", params={"$select": "id,totalItemCount"})
    return f"{counted(count(found, 'totalItemCount'))} in the inbox"


def _lacking(missing: tuple[str, ...]) -> Diagnosis | None:
    return diagnose_own("consent_not_seen", detail=", ".join(missing)) if missing else None


def _named(token: AppToken) -> str:
    return ", ".join(token.roles)
