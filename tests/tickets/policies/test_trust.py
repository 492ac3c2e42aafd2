"""Is the sender proven, and by whom?"""

import pytest

from tests.tickets.policies.letters import letter
from tickets.policies.trust import Level, Trust, judge_sender, may_join

BORDER = "Received: from mx.fabrikam.example (192.0.2.1) by DB3EUR.mail.protection.outlook.com; x"
INSIDE = "Received: from DB3EUR.eurprd04.prod.outlook.com by AM0PR04.eurprd04.prod.outlook.com; x"
PASSED = (
    "spf=pass smtp.mailfrom=fabrikam.example; dkim=pass; dmarc=pass action=none header.from=fabrikam.example"
)
FAILED = "spf=fail smtp.mailfrom=evil.example; dkim=none; dmarc=fail action=none header.from=fabrikam.example"


def judged(*lines: str) -> Trust:
    head = [*lines, "From: Ada <ada@fabrikam.example>", "To: help@contoso.example", "Subject: x", "", "y"]
    return judge_sender(letter("\r\n".join(head).encode()))


def results(text: str) -> str:
    return f"Authentication-Results: {text}"


def test_checks_of_our_own_server_prove_the_sender() -> None:
    trust = judged(INSIDE, results(f"{PASSED};compauth=pass reason=100"), BORDER)
    assert (trust.level, trust.checks["dmarc"]) == (Level.PASSED, "pass")


def test_failed_dmarc_is_a_failed_sender() -> None:
    trust = judged(INSIDE, results(FAILED), BORDER)
    assert trust.level is Level.FAILED
    assert "dmarc fail" in trust.reason


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("spf=fail; dkim=none; dmarc=fail;compauth=pass reason=130", Level.PASSED),
        ("spf=pass; dkim=pass; dmarc=pass;compauth=fail reason=000", Level.FAILED),
        ("spf=softfail; dkim=fail; dmarc=none;compauth=none", Level.UNKNOWN),
        ("spf=fail; dkim=none; dmarc=none", Level.FAILED),
        ("spf=fail; dkim=fail (a) header.d=x; dkim=pass header.d=y; dmarc=none", Level.UNKNOWN),
        ("spf=none; dkim=none; dmarc=bestguesspass", Level.PASSED),
    ],
)
def test_microsofts_own_sum_has_the_last_word(text: str, level: Level) -> None:
    assert judged(INSIDE, results(text), BORDER).level is level


def test_only_the_topmost_header_counts() -> None:
    """S-70: what the sender wrote below does not."""
    assert judged(INSIDE, results(FAILED), BORDER, results(PASSED)).level is Level.FAILED


@pytest.mark.parametrize(
    "lines",
    [
        (INSIDE, BORDER, results(PASSED)),
        (results(PASSED),),
        (INSIDE, BORDER, results(PASSED), "Received: from a by mx.evil.example; x"),
        (INSIDE, results(f"mx.evil.example; {PASSED}"), BORDER),
        (INSIDE, results(PASSED.replace("header.from=fabrikam", "header.from=evil")), BORDER),
    ],
)
def test_praise_that_is_not_our_servers_proves_nothing(lines: tuple[str, ...]) -> None:
    """S-70"""
    assert judged(*lines).level is Level.UNKNOWN


def test_mail_from_inside_the_organisation_is_proven_by_exchange() -> None:
    assert judged(INSIDE, "X-MS-Exchange-Organization-AuthAs: Internal").level is Level.PASSED


def test_two_senders_are_nobody() -> None:
    """MT-058"""
    assert judged(INSIDE, results(PASSED), BORDER, "From: boss@contoso.example").level is Level.FAILED


def test_mail_without_any_check_is_not_checked() -> None:
    assert judged(BORDER).level is Level.UNKNOWN


def test_failed_sender_may_not_join_and_a_bounce_may() -> None:
    failed = Trust(Level.FAILED, "")
    assert not may_join(failed, is_bounce=False)
    assert may_join(failed, is_bounce=True)
    assert may_join(Trust(Level.UNKNOWN, ""), is_bounce=False)
