"""Looks that begin and never end, where people look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from mailboxes.health import ENDLESS, health_of
from tests.factories import MailboxFactory
from tests.tenants.admin.conftest import Desk, signed_in

pytestmark = pytest.mark.django_db


def test_mailbox_whose_looks_begin_and_never_end_says_so(desk: Desk) -> None:
    """An error of this program ends the look before anything is written on the row."""
    now = timezone.now()
    ended = now - ENDLESS - timedelta(minutes=1)
    stuck = MailboxFactory(tenant=desk.ours, trouble_since_at=ended, last_attempt_at=now)
    resumed = MailboxFactory(tenant=desk.ours, last_success_at=ended, last_attempt_at=now)
    assert health_of(resumed, now) == "working"
    operator = signed_in(desk.operator)
    assert health_of(stuck, now) == "trouble"
    for path in (
        reverse("admin:mailboxes_mailbox_change", args=[stuck.pk]),
        "/admin/mailboxes/mailbox/",
        "/admin/",
    ):
        assert operator.get(path).content.decode().count("Looks into it begin and none comes to an end") == 1
    found = operator.get("/admin/mailboxes/mailbox/?health=trouble").context["cl"].result_list
    assert list(found) == [stuck]
