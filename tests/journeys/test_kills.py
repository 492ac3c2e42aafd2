"""Workers that die at any moment: nothing is doubled, lost, or moved before it is filed."""

from __future__ import annotations

import pytest

from tests.journeys.killing import verdict_of

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.django_db]


def test_sync_survives_six_kills_of_its_workers() -> None:
    """F-01 to F-05, F-08: two workers on one mailbox, one killed exactly between filing and acknowledging."""
    verdict = verdict_of("kills", "--kills", "6", "--mails", "200", longest_s=480)
    assert verdict["wrong"] == []
    assert (verdict["kills"], verdict["killed_between_filing_and_acknowledging"]) == (6, 1)
