"""Flow: examine mailboxes, from the name of Microsoft's host to a draft made and removed, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from mailboxes import probes, wire_probes
from mailboxes.consents import lost_of
from mailboxes.features import needed_by, needed_of
from mailboxes.governor import visit
from mailboxes.models import Mailbox
from mailboxes.outbound import senders
from mailboxes.outbound.trial import ANSWER_STEP, STEP, examine_answer, send_trial
from mailboxes.person_checks import STEPS as STEPS_OF_PERSON
from mailboxes.person_checks import examine_person, unused_permissions
from mailboxes.sides import sends_apart
from mailboxes.transports.graph import GraphInbound
from tenants.errors import IntegrationError, Misconfigured
from tenants.microsoft.clouds import cloud
from tenants.microsoft.graph import GraphClient
from tenants.setup import chain
from tenants.setup.chain import Chain, examine_registration
from tenants.setup.check import Check, Status, failed, is_sound, not_reached, passed, skipped
from tenants.setup.permissions import Kind, Resource, compare
from tenants.whom import for_its_tenant

#: Every step, in the order it is shown.
STEPS: Final = (*chain.STEPS, "permissions", "identity", *probes.STEPS, senders.STEP, STEP, ANSWER_STEP)
#: A person waits for each answer. Seconds.
DEADLINE_S: Final = 20.0
#: The step that shows a permission is there.
_PROOFS: Final = {"Mail.Read": "read", "Mail.ReadWrite": "write", "Mail.Send": STEP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was found out about one mailbox, a check for each of STEPS."""

    address: str
    checks: Sequence[Check]

    @property
    def is_ok(self) -> bool:
        return is_sound(self.checks)

    def is_waiting_for(self, code: str) -> bool:
        """Tell whether the first step that fails does so for this reason."""
        failing = next((check for check in self.checks if check.status is Status.FAIL), None)
        return bool(failing and failing.diagnosis and failing.diagnosis.code == code)

    def as_json(self) -> dict[str, Any]:
        return {
            "address": self.address,
            "ok": self.is_ok,
            "checks": [check.as_json() for check in self.checks],
        }


def examine_all(mailboxes: Iterable[Mailbox], *, send_to: str = "") -> Iterator[Examination]:
    """Examine mailboxes one after the other; what they share with others is looked at once.

    `send_to` is where each that sends shall send a test mail.
    """
    known: dict[int, Chain] = {}
    for mailbox in mailboxes:
        found = known.get(mailbox.registration_id)
        if found is None:
            found = known[mailbox.registration_id] = examine_registration(mailbox.registration)
        yield _examined(mailbox, found, send_to)


@for_its_tenant
def examine(mailbox: Mailbox, *, send_to: str = "") -> Examination:
    """Examine one mailbox now, with a fresh token. Takes one of its four seats for the while."""
    return next(examine_all([mailbox], send_to=send_to))


def unknown(address: str) -> Examination:
    """Answer for an address that no mailbox has here."""
    return Examination(address=address, checks=[failed("mailbox", Misconfigured.own("mailbox_missing"))])


def _examined(mailbox: Mailbox, found: Chain, send_to: str) -> Examination:
    if mailbox.sign_in != Mailbox.SignIn.APPLICATION:
        return _examined_person(mailbox, found, send_to)
    read, sent = _tried_mailbox(mailbox, found), _sent(mailbox, found, send_to)
    # After the test mails: what they have shown is told here.
    tried = [*read, senders.examine_senders(mailbox), sent, examine_answer(mailbox)]
    identity = skipped("identity", "check_no_user")
    checks = [*found.checks, _permissions(mailbox, found, tried), identity, *tried]
    return Examination(address=mailbox.address, checks=checks)


def _examined_person(mailbox: Mailbox, found: Chain, send_to: str) -> Examination:
    tried = examine_person(mailbox)
    is_signed_in = tried[STEPS_OF_PERSON.index("identity")].status is Status.OK
    can_try = is_signed_in or sends_apart(mailbox)
    sent = send_trial(mailbox, to=send_to) if can_try else not_reached([STEP])[0]
    shared = [_excused(check, mailbox) for check in found.checks]
    return Examination(
        address=mailbox.address,
        checks=[*shared, *tried, senders.examine_senders(mailbox), sent, examine_answer(mailbox)],
    )


def _excused(check: Check, mailbox: Mailbox) -> Check:
    """Pass over the missing credential of a registration people sign in to as a public client."""
    is_public = mailbox.sign_in in (Mailbox.SignIn.DEVICE_CODE, Mailbox.SignIn.PASSWORD)
    is_missing = check.diagnosis is not None and check.diagnosis.code == "secret_missing"
    return skipped(check.id, "check_public_client") if is_public and is_missing else check


def _sent(mailbox: Mailbox, found: Chain, send_to: str) -> Check:
    can_try = bool(found.token) or sends_apart(mailbox)
    return send_trial(mailbox, to=send_to) if can_try else not_reached([STEP])[0]


def _tried_mailbox(mailbox: Mailbox, found: Chain) -> list[Check]:
    if mailbox.inbound_transport == Mailbox.Inbound.NONE:
        return [skipped(step, "mailbox_off") for step in probes.STEPS]
    if mailbox.inbound_transport != Mailbox.Inbound.GRAPH:
        return wire_probes.probe(mailbox)
    if found.token is None:
        return not_reached(probes.STEPS)
    bearer = found.token.value
    try:
        with visit(mailbox) as gate:
            client = GraphClient(
                cloud=cloud(mailbox.registration.tenant.cloud),
                # The token that was proved, not one a worker may have kept from before the last change.
                token=lambda _is_refused: bearer,
                gate=gate,
                deadline_s=DEADLINE_S,
            )
            return probes.Probes(mailbox, GraphInbound(client, address=mailbox.address, gate=gate)).run()
    except IntegrationError as error:
        return [failed(probes.STEPS[0], error), *not_reached(probes.STEPS[1:])]


def _permissions(mailbox: Mailbox, found: Chain, tried: Sequence[Check]) -> Check:
    """Compare what the token names with what is needed; whether it matters is seen on the mailbox itself."""
    if found.token is None:
        return not_reached(["permissions"])[0]
    wanted = [one for one in needed_by(mailbox, mailbox.registration) if one.kind is Kind.APPLICATION]
    # The token is Graph's; what Exchange's protocols need stands in another.
    own = compare([one for one in wanted if one.resource is Resource.GRAPH], found.token.roles)
    beside = [one for one in needed_of(mailbox.registration) if one.kind is Kind.APPLICATION]
    shared = compare(beside, found.token.roles)
    if own.missing:
        return _missing(own.missing, tried, lost_of(mailbox))
    if unused := unused_permissions(shared):
        return unused
    optional = (
        f"; optional and not granted: {', '.join(own.optional_missing)}" if own.optional_missing else ""
    )
    return passed("permissions", ", ".join(found.token.roles) + optional)


def _missing(missing: Sequence[str], tried: Sequence[Check], lost: Sequence[str]) -> Check:
    """Judge what the token does not name: Exchange's roles never stand there, so what was done is the proof."""
    done = {check.id for check in tried if check.status is Status.OK}
    unproved = [name for name in missing if _PROOFS.get(name) not in done]
    if not unproved:
        names = ", ".join(missing)
        return passed("permissions", f"by Exchange RBAC for Applications; not in the token: {names}")
    status = Status.WARN if is_sound(tried) else Status.FAIL
    check = failed(
        "permissions",
        Misconfigured.own("consent_withdrawn" if set(lost) & set(unproved) else "permission_missing"),
    )
    return replace(check, status=status, detail=", ".join(unproved))
