"""export approvals: who was asked what, and what each answer counted as."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailboxes.models import Mailbox
from tests.factories import TenantFactory
from tests.tickets.approvers import ADA, answer, asked, request_to
from tickets.models import Approval, Ticket

pytestmark = pytest.mark.django_db

Lines = Callable[..., list[dict[str, Any]]]


def test_an_approval_is_exported_with_approvers_and_answers(
    lines: Lines, asking_ticket: Ticket, mailbox: Mailbox
) -> None:
    approval: Approval = asked(asking_ticket)
    mail = answer("Approved, thanks", to=request_to(ADA).outbound, mailbox=mailbox)
    line = lines("export", "approvals", "--tenant", asking_ticket.tenant.name)[0]
    assert (
        line.items()
        >= {
            "id": approval.pk,
            "tenant": asking_ticket.tenant.name,
            "ticket": asking_ticket.reference,
            "question": "Buy the printer?",
            "state": "open",
            "quorum": 2,
            "mailbox": mailbox.address,
            "answers_in": mailbox.address,
            "ended_at": None,
        }.items()
    )
    assert [(one["email"], one["state"], one["mail"]) for one in line["approvers"]] == [
        ("ada@fabrikam.example", "approved", "queued"),
        ("bob@fabrikam.example", "waiting", "queued"),
    ]
    [said] = line["answers"]
    assert (said["from"], said["counted_as"], said["ledger_id"]) == (ADA, "approved", mail.pk)


def test_approvals_of_another_tenant_are_left_out_and_each_costs_no_statement(
    lines: Lines, asking_ticket: Ticket
) -> None:
    for _number in range(3):
        asked(asking_ticket)
    with CaptureQueriesContext(connection) as queries:
        assert len(lines("export", "approvals")) == 3
    assert sum(one["sql"].startswith(("SELECT", "DECLARE")) for one in queries) == 3
    assert lines("export", "approvals", "--tenant", TenantFactory().name) == []
