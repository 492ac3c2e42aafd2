"""What a role may do, what a limit to some queues hides, and that nobody raises himself."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from mailboxes.models import InboundMessage, OutboundMessage
from tenants.models import Membership
from tenants.ownership import TenantOwned, seats_of, seen_from
from tests.factories import (
    AttachmentFactory,
    CannedAnswerFactory,
    EntryFactory,
    InboundMessageFactory,
    MailboxFactory,
    MembershipFactory,
    QueueFactory,
    TicketFactory,
    UserFactory,
)
from tests.tenants.admin.conftest import signed_in
from tests.walls.test_matrix import ask, face
from tests.walls.world import MISSING, World, owned_models
from tickets.models import Approval, ApprovalAnswer, ApprovalRequest, Queue, Ticket

#: Rows of a tenant that are of no queue: whoever works for the tenant in the right role sees them.
OF_NO_QUEUE = {
    "AccessToken",
    "AppRegistration",
    "AuditEntry",
    "Consent",
    "ConsentRequest",
    "Credential",
    "CredentialSecret",
    "DecisionWord",
    "Membership",
    "Rule",
    "ScopeProof",
    "SignInAttempt",
    "Tag",
}
CANARY = "hushhush"


@dataclass
class Limited:
    """An agent limited to one of two queues, and what waits in the other."""

    agent: User
    membership: Membership
    mine: Ticket
    hidden: Ticket
    mail: InboundMessage
    file_pk: int
    entry_pk: int
    rows: dict[str, int]


@pytest.fixture
def limited(db: None) -> Limited:
    membership = MembershipFactory(is_limited=True, user=UserFactory(username="limited"))
    tenant = membership.tenant
    mine = TicketFactory(tenant=tenant)
    membership.queues.add(mine.queue)
    secret = QueueFactory(tenant=tenant, name=f"{CANARY} queue")
    box = MailboxFactory(tenant=tenant, queue=mine.queue, address=f"{CANARY}@contoso.example")
    hidden = TicketFactory(tenant=tenant, queue=secret, mailbox=box, subject=f"{CANARY} ticket")
    # The mailbox is of the agent's own queue; the ticket has been moved on to the other one.
    mail = InboundMessageFactory(mailbox=box, subject=f"{CANARY} mail", state="filed", raw=b"x")
    box.queue = secret
    box.save()
    entry = EntryFactory(ticket=hidden, inbound=mail, text=CANARY)
    file = AttachmentFactory(entry=entry, name=CANARY)
    hidden.watchers.add(membership.user)
    approval, outbound = answered_by_mail(hidden)
    rows = {"tickets_approval": approval.pk, "mailboxes_outboundmessage": outbound.pk}
    return Limited(membership.user, membership, mine, hidden, mail, file.pk, entry.pk, rows)


def answered_by_mail(hidden: Ticket) -> tuple[Approval, OutboundMessage]:
    """What goes out of the other queue and comes back to it; and a canned answer of that queue."""
    tenant, mailbox = hidden.tenant, hidden.mailbox
    outbound = OutboundMessage.objects.create(
        tenant=tenant, mailbox=mailbox, key=CANARY, subject=CANARY, text=CANARY, state="uncertain"
    )
    EntryFactory(ticket=hidden, outbound=outbound, kind="mail_out", text=CANARY)
    approval = Approval.objects.create(
        tenant=tenant, ticket=hidden, mailbox=mailbox, question=CANARY, deadline_at=timezone.now()
    )
    request = ApprovalRequest.objects.create(tenant=tenant, approval=approval, name=CANARY, address=CANARY)
    ApprovalAnswer.objects.create(
        tenant=tenant, approval=approval, request=request, happened_at=timezone.now(), mail=1, sender=CANARY,
        said=CANARY, counted_as="doubtful", outcome="open",
    )  # fmt: skip
    CannedAnswerFactory(tenant=tenant, queue=hidden.queue, name=CANARY, text=CANARY)
    return approval, outbound


@pytest.mark.parametrize(
    "place",
    [
        *("tickets/ticket", "tickets/queue", "mailboxes/mailbox", "mailboxes/inboundmessage", "", "search"),
        *("mailboxes/outboundmessage", "tickets/approval", "tickets/approvalanswer", "tickets/cannedanswer"),
    ],
)
def test_other_queues_are_not_there_for_who_is_limited_to_some(limited: Limited, place: str) -> None:
    asks = "s" if place == "search" else "q"
    answer = signed_in(limited.agent).get(f"/admin/{place}/?{asks}=hush".replace("//", "/"))

    assert answer.status_code in {200, 302}
    assert CANARY not in "".join(face(answer, MISSING)[1:])


@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        "/admin/tickets/ticket/?for_me=news",
        "/admin/tickets/ticket/?for_me=watched",
        "/admin/mailboxes/outboundmessage/?state__exact=uncertain",
        "/admin/mailboxes/outboundmessage/",
        "/admin/tickets/approval/",
        "/admin/tickets/approvalanswer/",
        "/admin/tickets/cannedanswer/",
        "/admin/autocomplete/?app_label=tickets&model_name=ticket&field_name=queue&term=",
        "/admin/autocomplete/?app_label=tickets&model_name=cannedanswer&field_name=queue&term=",
    ],
)
def test_nothing_of_other_queues_is_counted_or_named_unasked(limited: Limited, address: str) -> None:
    answer = signed_in(limited.agent).get(address)
    assert answer.status_code in {200, 403, 404}
    assert CANARY not in answer.content.decode()
    counted = getattr(answer.context and answer.context.get("cl"), "result_count", 0)
    assert counted == 0 or "cards" in (answer.context or {})
    if address == "/admin/":
        assert [card.count for card in answer.context["cards"]][2:] == [0] * (
            len(answer.context["cards"]) - 2
        )
        assert (answer.context["busiest"], answer.context["hours"].total) == ([], 0)


def test_page_of_an_own_ticket_names_no_other_ticket_of_the_person_elsewhere(limited: Limited) -> None:
    Ticket.objects.update(requester_email="same@contoso.example")
    page = signed_in(limited.agent).get(reverse("admin:tickets_ticket_change", args=[limited.mine.pk]))
    assert limited.mine.reference in page.content.decode()
    assert CANARY not in page.content.decode()
    assert limited.hidden.reference not in page.content.decode()


def test_own_queue_is_there_for_who_is_limited_to_it(limited: Limited) -> None:
    client = signed_in(limited.agent)

    assert limited.mine.reference in client.get(reverse("admin:tickets_ticket_changelist")).content.decode()
    assert client.get(reverse("admin:tickets_ticket_change", args=[limited.mine.pk])).status_code == 200


def test_rows_of_other_queues_answer_like_missing_ones(limited: Limited) -> None:
    client = signed_in(limited.agent)
    addresses = {
        "admin:tickets_ticket_change": limited.hidden.pk,
        "admin:mailboxes_inboundmessage_change": limited.mail.pk,
        "mailboxes:raw_mail": limited.mail.pk,
        "tickets:attachment": limited.file_pk,
        "tickets:entry_html": limited.entry_pk,
        "tickets:preview": limited.file_pk,
        "admin:mailboxes_mailbox_change": limited.hidden.mailbox_id,
        "admin:tickets_ticket_history": limited.hidden.pk,
        **{f"admin:{name}_change": pk for name, pk in limited.rows.items()},
    }
    for name, pk in addresses.items():
        hidden, missing = (
            face(ask(client, "GET", reverse(name, args=[one]), {}), one) for one in (pk, MISSING)
        )
        assert hidden == missing, name


def test_mail_is_seen_where_its_ticket_is_whatever_the_mailbox_says(limited: Limited) -> None:
    Ticket.objects.filter(pk=limited.hidden.pk).update(queue=limited.mine.queue)

    assert limited.mail in InboundMessage.objects.visible_to(limited.agent)


def test_a_ticket_cannot_be_moved_to_a_queue_out_of_reach(limited: Limited) -> None:
    url = reverse("admin:tickets_ticket_change", args=[limited.mine.pk])
    signed_in(limited.agent).post(url, {"status": "open", "queue": limited.hidden.queue_id})

    before = limited.mine.queue
    limited.mine.refresh_from_db()
    assert limited.mine.queue == before


def test_deleting_the_last_queue_of_a_limit_hides_all_and_opens_nothing(limited: Limited) -> None:
    Ticket.objects.filter(pk=limited.mine.pk).delete()
    Queue.objects.get(pk=limited.mine.queue_id).delete()

    assert not Ticket.objects.visible_to(limited.agent).exists()


def test_every_owned_model_says_what_a_limit_to_queues_leaves_of_it() -> None:
    plain = TenantOwned.in_queues.__func__  # type: ignore[attr-defined]
    silent = {model.__name__ for model in owned_models() if model.in_queues.__func__ is plain}  # type: ignore[attr-defined]

    assert silent - OF_NO_QUEUE == set()


def test_a_limit_costs_no_query_more(limited: Limited, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(2):
        list(Ticket.objects.filter(seen_from(seats_of(limited.agent), Ticket)))


def test_an_admin_is_never_limited_to_queues(world: World) -> None:
    member = MembershipFactory(tenant=world.tenant("a"), role="viewer")
    url = reverse("admin:tenants_membership_change", args=[member.pk])
    form = {"role": "admin", "queues": [world.row("tickets.queue", "a").pk]}
    page = world.client("admin").post(url, form)

    member.refresh_from_db()
    assert (page.status_code, member.role) == (200, "viewer")


@pytest.mark.parametrize(("whose", "is_taken"), [("a", True), ("b", False)])
def test_an_admin_limits_a_member_to_queues_of_the_tenant_alone(
    world: World, whose: str, is_taken: bool
) -> None:
    """S-04."""
    member = MembershipFactory(tenant=world.tenant("a"), role="viewer")
    url = reverse("admin:tenants_membership_change", args=[member.pk])
    form = {"role": "agent", "queues": [world.row("tickets.queue", whose).pk]}
    world.client("admin").post(url, form)

    member.refresh_from_db()
    assert (member.role, member.is_limited) == (("agent", True) if is_taken else ("viewer", False))
    assert member.queues.exists() == is_taken


@pytest.mark.parametrize("role", ["viewer", "agent", "admin"])
def test_nobody_raises_or_changes_himself(world: World, role: str) -> None:
    """S-13."""
    person = world.people[role]
    assert person is not None
    own = Membership.objects.get(user=person)
    client = world.client(role)
    client.post(reverse("admin:tenants_membership_change", args=[own.pk]), {"role": "admin"})
    client.post(reverse("admin:tenants_membership_delete", args=[own.pk]), {"post": "yes"})
    many = {"action": "delete_selected", "_selected_action": [own.pk], "post": "yes"}
    client.post(reverse("admin:tenants_membership_changelist"), many)
    for tenant in ("a", "b"):
        form = {"tenant": world.tenant(tenant).pk, "user": person.pk, "role": "admin"}
        client.post(reverse("admin:tenants_membership_add"), form)
    client.post(reverse("admin:auth_user_change", args=[person.pk]), {"is_superuser": "on", "username": "x"})

    person.refresh_from_db()
    assert [(row.pk, row.role) for row in Membership.objects.filter(user=person)] == [(own.pk, own.role)]
    assert not person.is_superuser
