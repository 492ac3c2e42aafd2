"""Senders that die at any moment, and answers that are cut: every mail leaves exactly once."""

from __future__ import annotations

import pytest

from tests.journeys.killing import verdict_of

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.django_db]


@pytest.mark.parametrize("wire", ["graph", "smtp"])
def test_mail_leaves_once_whatever_is_killed_or_cut(wire: str) -> None:
    """F-61, F-62, F-64, F-65, F-70, F-71: senders killed at any moment, answers cut before and after acting."""
    verdict = verdict_of("send_kills", "--wire", wire, "--kills", "6", "--cuts", "6", longest_s=1200)
    assert verdict["wrong"] == []
    assert (verdict["kills"], verdict["cuts"]) == (6, 6)
