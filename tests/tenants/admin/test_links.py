"""Rows named on a page that only shows: a link for whoever may open them, and for nobody else."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from mailboxes.models import Mailbox
from tests.factories import MailboxFactory, QueueFactory
from tests.tenants.admin.conftest import Desk, signed_in


@pytest.fixture
def mailbox(desk: Desk) -> Mailbox:
    queue = QueueFactory(tenant=desk.ours)
    row: Mailbox = MailboxFactory(tenant=desk.ours, registration=desk.registration, queue=queue)
    return row


def page_of(row: Mailbox, user: User) -> str:
    answer = signed_in(user).get(reverse("admin:mailboxes_mailbox_change", args=[row.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def link_to(name: str, pk: int) -> str:
    return f'href="{reverse(f"admin:{name}_change", args=[pk])}"'


def test_agent_reads_the_name_of_a_row_he_may_not_open(desk: Desk, mailbox: Mailbox) -> None:
    page = page_of(mailbox, desk.agent)
    assert "Contoso" in page
    assert str(desk.registration) in page
    assert link_to("tenants_tenant", desk.ours.pk) not in page
    assert link_to("tenants_appregistration", desk.registration.pk) not in page


def test_operator_gets_the_link(desk: Desk, mailbox: Mailbox) -> None:
    assert link_to("tenants_tenant", desk.ours.pk) in page_of(mailbox, desk.operator)


def test_agent_gets_the_link_to_what_he_may_open(desk: Desk, mailbox: Mailbox) -> None:
    assert link_to("tickets_queue", mailbox.queue_id) in page_of(mailbox, desk.agent)
    assert (
        signed_in(desk.agent).get(reverse("admin:tickets_queue_change", args=[mailbox.queue_id])).status_code
        == 200
    )
