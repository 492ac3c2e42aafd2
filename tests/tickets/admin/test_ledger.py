"""The ledger's pages: the story of a mail, and filing it again."""

from typing import Any

import pytest
from django.urls import reverse

from mailboxes.models import InboundMessage
from tests.factories import EntryFactory, InboundMessageFactory, RuleFactory, mail
from tests.tenants.admin.conftest import Desk, signed_in

LIST = "admin:mailboxes_inboundmessage_changelist"
ERROR = {"code": "filing_failed", "cause": "It could not be filed.", "who": "operator", "fix": "Report it."}


def url_of(row: InboundMessage, name: str = "change") -> str:
    return reverse(f"admin:mailboxes_inboundmessage_{name}", args=[row.pk])


def quarantined(desk: Desk, **values: Any) -> InboundMessage:
    values = {"mailbox__tenant": desk.ours, "state": "quarantined", "error": ERROR, "raw": mail()} | values
    row: InboundMessage = InboundMessageFactory(traceback="Traceback: secret path", **values)
    return row


def test_a_mail_in_quarantine_says_why_and_what_to_do(desk: Desk) -> None:
    page = signed_in(desk.agent).get(url_of(quarantined(desk))).content.decode()

    assert "It could not be filed." in page
    assert "Report it." in page
    assert "Try again" in page


def test_tracebacks_are_the_operators_alone(desk: Desk) -> None:
    row = quarantined(desk)

    assert "secret path" not in signed_in(desk.admin).get(url_of(row)).content.decode()
    assert "secret path" in signed_in(desk.operator).get(url_of(row)).content.decode()


def test_a_filed_mail_leads_to_its_ticket(desk: Desk) -> None:
    entry = EntryFactory(
        ticket__tenant=desk.ours, inbound=InboundMessageFactory(mailbox__tenant=desk.ours, state="filed")
    )
    page = signed_in(desk.viewer).get(url_of(entry.inbound)).content.decode()

    assert entry.ticket.reference in page


def test_trying_again_files_the_mail(desk: Desk) -> None:
    row = quarantined(desk)
    signed_in(desk.agent).post(url_of(row, "again"))

    row.refresh_from_db()
    assert row.state == "filed"
    assert row.entry.ticket.tenant == desk.ours


def test_the_action_leaves_foreign_mails_alone(desk: Desk) -> None:
    """S-08."""
    own, foreign = quarantined(desk), quarantined(desk, mailbox__tenant=desk.theirs)
    form = {"action": "try_again", "_selected_action": [own.pk, foreign.pk], "select_across": 1}
    signed_in(desk.agent).post(reverse(LIST), form)

    own.refresh_from_db()
    foreign.refresh_from_db()
    assert (own.state, foreign.state) == ("filed", "quarantined")


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("stranger", 404)])
def test_trying_again_is_for_agents_of_the_tenant(desk: Desk, who: str, status: int) -> None:
    row = quarantined(desk)

    assert signed_in(getattr(desk, who)).post(url_of(row, "again")).status_code == status
    row.refresh_from_db()
    assert row.state == "quarantined"


def test_the_ledger_is_read_only_also_for_the_operator(desk: Desk) -> None:
    row = quarantined(desk)
    client = signed_in(desk.operator)
    client.post(url_of(row), {"subject": "Forged"})

    row.refresh_from_db()
    assert row.subject != "Forged"
    assert client.post(url_of(row, "delete"), {"post": "yes"}).status_code == 403


def test_the_original_is_saved_as_a_file_by_those_who_may_see_it(desk: Desk) -> None:
    """S-10."""
    row = quarantined(desk)
    door = reverse("mailboxes:raw_mail", args=[row.pk])
    answer = signed_in(desk.viewer).get(door)

    assert b"".join(answer.streaming_content) == mail()  # type: ignore[attr-defined]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="mail-{row.pk}.eml"'
    assert signed_in(desk.stranger).get(door).status_code == 404


def test_the_quarantine_has_its_count_in_the_side_bar(desk: Desk) -> None:
    for _number in range(3):
        quarantined(desk)
    quarantined(desk, mailbox__tenant=desk.theirs)
    page = signed_in(desk.agent).get(reverse(LIST))

    items = [item for group in page.context["sidebar_navigation"] for item in group["items"]]
    assert [item["badge"] for item in items if item.get("badge")] == ["3"]


def test_the_list_takes_a_constant_number_of_queries(desk: Desk, django_assert_max_num_queries: Any) -> None:
    for _number in range(20):
        InboundMessageFactory(mailbox__tenant=desk.ours)
    client = signed_in(desk.operator)

    with django_assert_max_num_queries(17):
        client.get(reverse(LIST))


def suspended(desk: Desk, **values: Any) -> InboundMessage:
    columns = {"mailbox__tenant": desk.ours, "state": "suspended", "reason": "loop", "raw": mail()} | values
    row: InboundMessage = InboundMessageFactory(**columns)
    return row


def test_suspended_mail_becomes_a_ticket_when_somebody_wants_it(desk: Desk) -> None:
    row = suspended(desk, raw=mail(x_m365_desk_loop="7"))
    signed_in(desk.agent).post(url_of(row, "ticket"))
    row.refresh_from_db()

    assert (row.state, row.reason) == ("filed", "staff made a ticket of it")
    assert row.entry.ticket.subject == "Printer is on fire"


def test_discarded_mail_becomes_a_ticket_when_somebody_wants_it(desk: Desk) -> None:
    RuleFactory(tenant=desk.ours, discard="advertising")
    row = suspended(desk, state="skipped")
    signed_in(desk.agent).post(url_of(row, "ticket"))
    row.refresh_from_db()

    assert row.state == "filed"


def test_mail_in_quarantine_becomes_a_ticket_that_leads_to_the_original(desk: Desk) -> None:
    """It is not opened again: what stands on the ticket is what the listing said."""
    row = quarantined(desk, raw=b"\x00\x01 nothing here is a header", subject="Order 7", sender="x@y.example")
    signed_in(desk.agent).post(url_of(row, "ticket"))
    row.refresh_from_db()

    entry = row.entry
    assert (row.state, entry.ticket.subject, entry.from_email) == ("filed", "Order 7", "x@y.example")
    assert "could not be opened" in entry.text


def test_viewer_makes_no_ticket(desk: Desk) -> None:
    row = suspended(desk)

    assert signed_in(desk.viewer).post(url_of(row, "ticket")).status_code == 403
    assert not InboundMessage.objects.filter(state="filed").exists()


def test_page_of_the_rules_names_each_rule_and_why(desk: Desk) -> None:
    RuleFactory(tenant=desk.ours, name="Fires", subject="*fire*", priority=4)
    RuleFactory(tenant=desk.ours, name="<b>Floods</b>", subject="*water*")
    page = signed_in(desk.agent).get(url_of(suspended(desk), "rules")).content.decode()

    assert "priority urgent" in page
    assert "no subject is like *water*" in page
    assert "<b>Floods" not in page


def test_story_names_the_rule_that_acted_and_the_sender(desk: Desk) -> None:
    RuleFactory(tenant=desk.ours, name="Fires", subject="*fire*", priority=4)
    row = suspended(desk)
    client = signed_in(desk.agent)
    client.post(url_of(row, "ticket"))
    page = client.get(url_of(row)).content.decode()

    assert "Rule Fires" in page
    assert "not checked" in page


def test_views_above_the_list_count_what_waits_for_somebody(desk: Desk) -> None:
    suspended(desk)
    suspended(desk, mailbox__tenant=desk.theirs)
    page = signed_in(desk.viewer).get(reverse(LIST)).content.decode()

    assert "suspended (1)" in page
    assert "in quarantine (0)" in page


@pytest.mark.parametrize("term", ["Order 7", "x@y.example", "<seven@y.example>", "seven@y.example"])
def test_mail_is_found_by_subject_sender_and_message_id(desk: Desk, term: str) -> None:
    suspended(desk, subject="Order 7", sender="x@y.example", message_id="<seven@y.example>")
    suspended(desk, subject="Something else", sender="a@b.example", message_id="<eight@y.example>")
    page = signed_in(desk.viewer).get(reverse(LIST), {"q": term}).content.decode()

    assert "Order 7" in page
    assert "Something else" not in page
