"""Drafts of answers, and their end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import MembershipFactory, TicketFactory
from tickets.drafts import Written, keep
from tickets.models import AnswerDraft
from tickets.sweeping import DRAFTS_KEPT_FOR, sweep

pytestmark = pytest.mark.django_db


def test_a_draft_nobody_has_touched_for_months_is_forgotten() -> None:
    agent, other = MembershipFactory().user, MembershipFactory().user
    ticket = TicketFactory()
    for user in (agent, other):
        keep(ticket, Written(text="Unplug it."), by=user)
    now = timezone.now()
    AnswerDraft.objects.filter(user=agent).update(written_at=now - DRAFTS_KEPT_FOR - timedelta(days=1))
    sweep(now)
    assert AnswerDraft.objects.get().user == other
