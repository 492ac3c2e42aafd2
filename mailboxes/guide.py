"""What the setup guides are told: of a registration with all its mailboxes, and of one mailbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from django.db.models import Q

from mailboxes.features import needed_by, needed_of, reading, sending
from mailboxes.models import ExaminationResult, Mailbox, Sender
from mailboxes.outbound.senders import unread_answers
from mailboxes.sides import Opened, SendingSide, sending_side, sends_apart
from mailboxes.transports.out import sender_of
from tenants.microsoft.clouds import cloud
from tenants.models import AppRegistration, Consent
from tenants.round_trip import return_address
from tenants.setup import mailbox_guide
from tenants.setup.chain import look_at_credential
from tenants.setup.guide import Facts, Step, steps
from tenants.setup.mailbox_guide import Situation
from tenants.setup.permissions import Feature, Kind, Permission, Resource, needed
from tenants.setup.powershell import Target
from tenants.whom import for_its_tenant

#: Of a registration without a mailbox: what the most usual one needs, which the application reads, tidies and answers.
FIRST: Final = needed({Feature.TIDY, Feature.SEND})


def guide_of(registration: AppRegistration) -> list[Step]:
    """Give the steps for a registration and exactly its mailboxes. Raises Misconfigured for a cloud without hosts."""
    return steps(facts_of(registration))


@for_its_tenant
def guide_of_mailbox(mailbox: Mailbox) -> list[Step]:
    """Give the steps for one mailbox, whether it is switched on or not. Raises Misconfigured likewise."""
    found = ExaminationResult.objects.filter(mailbox=mailbox).values_list("is_ok", flat=True).first()
    situation = Situation(
        address=mailbox.address,
        user=_user_of(mailbox),
        sending_user=_user_of(sending_side(mailbox)),
        sender=sender_of(mailbox),
        has_sent=_has_sent(mailbox),
        answers_to=mailbox.reply_to or sender_of(mailbox),
        answers_read=not unread_answers(mailbox),
        reads=mailbox.inbound_transport != Mailbox.Inbound.NONE,
        sends=mailbox.outbound_transport != Mailbox.Outbound.NONE,
        folder=mailbox.folder,
        is_active=mailbox.is_active,
        read_at=mailbox.last_success_at,
        examined_ok=found,
    )
    return mailbox_guide.steps(facts_of_mailbox(mailbox), situation, apart=_facts_of_sending(mailbox))


@for_its_tenant
def facts_of_mailbox(mailbox: Mailbox) -> Facts:
    """Narrow the facts of its registration to one mailbox."""
    facts = _facts(mailbox.registration, [mailbox], _needed(mailbox, mailbox.registration))
    return replace(facts, wanted_beside=needed_of(mailbox.registration))


@for_its_tenant
def facts_of(registration: AppRegistration) -> Facts:
    """Gather from the rows; nothing is asked of Microsoft."""
    mine = Q(registration=registration) | Q(outbound_registration=registration)
    mailboxes = list(Mailbox.objects.filter(mine).meant().order_by("address"))
    return _facts(registration, mailboxes, needed_of(registration) if mailboxes else FIRST)


def _facts_of_sending(mailbox: Mailbox) -> Facts | None:
    """Give the facts of the sign-in that sends; None where it is the one that reads."""
    if not sends_apart(mailbox):
        return None
    registration = SendingSide(mailbox).registration
    facts = _facts(registration, [mailbox], _needed(mailbox, registration))
    # That mail has been read says nothing of the sign-in that sends.
    working = [mailbox.address] if _has_sent(mailbox) else []
    return replace(facts, working=working, reads_imap=False, wanted_beside=needed_of(registration))


def _needed(mailbox: Mailbox, registration: AppRegistration) -> list[Permission]:
    return sorted(needed_by(mailbox, registration), key=lambda one: one.is_optional)


def _by_application(mailbox: Mailbox, registration: AppRegistration) -> bool:
    wanted = needed_by(mailbox, registration)
    return any(one.kind is Kind.APPLICATION and one.resource is Resource.GRAPH for one in wanted)


def _has_sent(mailbox: Mailbox) -> bool | None:
    """Tell whether Exchange has let it send from its from address; None while nobody has tried."""
    row = Sender.objects.filter(mailbox=mailbox, address=sender_of(mailbox).lower()).first()
    return None if row is None else row.refused_at is None


def _user_of(side: Opened) -> str:
    if side.sign_in == Mailbox.SignIn.APPLICATION:
        return ""
    return (side.signed_in_user or side.address).lower()


def _facts(
    registration: AppRegistration, mailboxes: Sequence[Mailbox], wanted: Sequence[Permission]
) -> Facts:
    features = frozenset[Feature]().union(*(reading(one) | sending(one) for one in mailboxes))
    consent = Consent.objects.filter(registration=registration).first()
    tenant = registration.tenant
    return Facts(
        target=Target(
            cloud=tenant.cloud,
            directory_id=tenant.directory_id,
            client_id=registration.client_id,
            name=registration.name,
            addresses=[mailbox.address for mailbox in mailboxes],
        ),
        return_address=return_address(),
        cloud=cloud(tenant.cloud),
        credential=look_at_credential(registration),
        wanted=wanted,
        granted=consent.roles.split() if consent else None,
        working=[mailbox.address for mailbox in mailboxes if mailbox.last_success_at],
        by_application=[one.address for one in mailboxes if _by_application(one, registration)],
        reads_imap=bool(features & {Feature.IMAP, Feature.POP}),
        sends_smtp=Feature.SMTP in features,
    )
