"""The pages of rules: who writes them, and what is refused."""

from typing import Any

import pytest
from django.urls import reverse

from tests.factories import EntryFactory, QueueFactory, RuleFactory, UserFactory
from tests.tenants.admin.conftest import Desk, signed_in
from tickets.models import Rule

LIST = "admin:tickets_rule_changelist"
ADD = "admin:tickets_rule_add"


def form(desk: Desk, **values: Any) -> dict[str, Any]:
    return {"tenant": desk.ours.pk, "name": "Fires", "place": 10, "is_active": "on"} | values


def test_admin_of_a_tenant_writes_a_rule(desk: Desk) -> None:
    queue = QueueFactory(tenant=desk.ours)
    posted = form(desk, subject="*fire*", queue=queue.pk, assignee=desk.agent.pk, tag_line="Hot, fire,hot")
    signed_in(desk.admin).post(reverse(ADD), posted)

    rule = Rule.objects.get()
    assert (rule.tenant, rule.queue, rule.assignee, rule.tags) == (
        desk.ours,
        queue,
        desk.agent,
        ["hot", "fire"],
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [("subject", "/(a/"), ("body", "/(?=x)/"), ("header", "two words: x"), ("sender", r"/(a)\1/")],
)
def test_pattern_that_cannot_be_used_is_refused_with_a_sentence(desk: Desk, field: str, value: str) -> None:
    page = signed_in(desk.admin).post(reverse(ADD), form(desk, **{field: value})).content.decode()

    assert not Rule.objects.exists()
    assert "cannot be used" in page or "header&#x27;s name" in page


@pytest.mark.parametrize(
    ("verdict", "is_saved"), [("out of office", False), ("out_of_*", True), ("/^sender_/", True)]
)
def test_verdict_that_no_mail_can_have_is_refused(desk: Desk, verdict: str, is_saved: bool) -> None:
    page = signed_in(desk.admin).post(reverse(ADD), form(desk, verdict=verdict)).content.decode()
    assert Rule.objects.exists() is is_saved
    assert ("No verdict is like this" in page) is not is_saved


def test_person_of_another_tenant_is_refused(desk: Desk) -> None:
    for person in (desk.stranger, UserFactory()):
        signed_in(desk.operator).post(reverse(ADD), form(desk, assignee=person.pk))

    assert not Rule.objects.exists()


def test_list_says_when_and_then(desk: Desk) -> None:
    RuleFactory(tenant=desk.ours, subject="*fire*", priority=4, is_last=True)
    page = signed_in(desk.admin).get(reverse(LIST)).content.decode()

    assert "subject is *fire*" in page
    assert "priority urgent, no further rule" in page


def test_badges_of_an_entry_say_how_far_the_sender_is_proven(desk: Desk) -> None:
    decisions = {"trust": {"level": "failed", "why": "dmarc fail"}, "kept_from": "CON-AAAAAAAAAA"}
    entry = EntryFactory(ticket__tenant=desk.ours, decisions=decisions)
    url = reverse("admin:tickets_ticket_change", args=[entry.ticket_id])
    page = signed_in(desk.viewer).get(url).content.decode()

    assert "sender not proven" in page
    assert "kept off CON-AAAAAAAAAA" in page


def test_bounce_shows_recipient_and_code(desk: Desk) -> None:
    one = {
        "address": "ada@x.example",
        "status": "5.1.1",
        "action": "failed",
        "diagnostic": "<b>no such user</b>",
    }
    decisions = {"kind": "bounce", "bounce": [one]}
    entry = EntryFactory(ticket__tenant=desk.ours, auto_reply=True, reason="bounce: x", decisions=decisions)
    url = reverse("admin:tickets_ticket_change", args=[entry.ticket_id])
    page = signed_in(desk.viewer).get(url).content.decode()

    assert ("ada@x.example" in page, "5.1.1" in page, "<b>no such" in page) == (True, True, False)


def test_late_delivery_has_a_badge_of_its_own(desk: Desk) -> None:
    entry = EntryFactory(
        ticket__tenant=desk.ours, auto_reply=True, reason="delay", decisions={"kind": "delayed"}
    )
    url = reverse("admin:tickets_ticket_change", args=[entry.ticket_id])

    assert "delivery is late" in signed_in(desk.viewer).get(url).content.decode()
