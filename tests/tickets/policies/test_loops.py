"""Whose mail is it: a person's, a machine's, or our own coming back?"""

import pytest

from tests.tickets.policies.letters import letter
from tickets.policies.loops import MAX_HOPS, Kind, Treatment, Verdict, judge

OWN = frozenset({"help@contoso.example", "sales@contoso.example"})
BOUNCE = b"""\
From: MAILER-DAEMON@mail.example\r
To: help@contoso.example\r
Subject: Undeliverable\r
Message-ID: <dsn@mail.example>\r
Content-Type: multipart/report; report-type=delivery-status; boundary=b\r
\r
--b\r
Content-Type: text/plain\r
\r
It did not arrive.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mail.example\r
\r
Final-Recipient: rfc822; ada@fabrikam.example\r
Action: failed\r
Status: 5.1.1\r
--b\r
Content-Type: text/rfc822-headers\r
\r
Message-ID: <ours@contoso.example>\r
--b--\r
"""


def through(hops: int) -> bytes:
    received = "".join(f"Received: from mx{number}.example by mx.example\r\n" for number in range(hops))
    return f"{received}From: ada@fabrikam.example\r\nSubject: x\r\n\r\nbody\r\n".encode()


def test_mail_of_a_person_is_accepted() -> None:
    assert judge(letter(), own=OWN) == Verdict(Treatment.ACCEPT)


@pytest.mark.parametrize(
    "headers",
    [{"auto_submitted": "auto-replied"}, {"auto_submitted": "auto-generated"}, {"precedence": "bulk"}],
)
def test_mail_of_a_machine_is_accepted_silently_with_the_reason(headers: dict[str, str]) -> None:
    """MT-170"""
    verdict = judge(letter(**headers), own=OWN)
    assert verdict.treatment is Treatment.ACCEPT_SILENTLY
    assert verdict.reason


def test_newsletter_that_declines_out_of_office_replies_is_none() -> None:
    verdict = judge(letter(x_auto_response_suppress="autoreply, oof", list_id="<news.example>"), own=OWN)
    assert verdict.kind is Kind.NEWSLETTER


def test_mail_that_says_it_is_not_automatic_is_a_persons() -> None:
    assert judge(letter(auto_submitted="no"), own=OWN).treatment is Treatment.ACCEPT


def test_bounce_is_accepted_silently() -> None:
    """MT-172, MT-173"""
    verdict = judge(letter(BOUNCE), own=OWN)
    assert verdict.treatment is Treatment.ACCEPT_SILENTLY
    assert verdict.reason.startswith("bounce")


@pytest.mark.parametrize(
    "sender", ["help@contoso.example", "Help Desk <HELP@Contoso.Example>", "sales@contoso.example"]
)
def test_mail_from_one_of_our_mailboxes_is_suspended(sender: str) -> None:
    """MT-176"""
    verdict = judge(letter(sender=sender), own=OWN)
    assert verdict.treatment is Treatment.SUSPEND
    assert verdict.reason.startswith("self")


def test_our_own_mark_is_suspended_as_a_loop() -> None:
    """MT-184"""
    verdict = judge(letter(x_m365_desk_loop="7"), own=OWN)
    assert verdict.treatment is Treatment.SUSPEND
    assert verdict.reason.startswith("loop")


@pytest.mark.parametrize(
    ("hops", "treatment"), [(MAX_HOPS, Treatment.ACCEPT), (MAX_HOPS + 1, Treatment.SUSPEND)]
)
def test_mail_over_a_hundred_hops_goes_in_a_circle(hops: int, treatment: Treatment) -> None:
    """MT-184"""
    assert judge(letter(through(hops)), own=OWN).treatment is treatment


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"list_id": "<news.example>"}, Kind.NEWSLETTER),
        ({"precedence": "bulk"}, Kind.NEWSLETTER),
        ({"auto_submitted": "auto-replied"}, Kind.OUT_OF_OFFICE),
        ({"auto_submitted": "auto-replied", "precedence": "bulk"}, Kind.OUT_OF_OFFICE),
        ({"subject": "Automatische Antwort: Drucker"}, Kind.OUT_OF_OFFICE),
        ({"x_auto_response_suppress": "All"}, Kind.AUTOMATIC),
        ({"auto_submitted": "auto-generated"}, Kind.AUTOMATIC),
    ],
)
def test_sorts_of_automatic_mail_are_told_apart(headers: dict[str, str], kind: Kind) -> None:
    """MT-178"""
    assert judge(letter(**headers), own=OWN).kind is kind


def test_bounce_names_the_recipient_and_the_code() -> None:
    """MT-173"""
    verdict = judge(letter(BOUNCE), own=OWN)
    assert (verdict.kind, "ada@fabrikam.example 5.1.1" in verdict.reason) == (Kind.BOUNCE, True)


def test_late_delivery_is_no_failure() -> None:
    late = BOUNCE.replace(b"Action: failed", b"Action: delayed").replace(b"5.1.1", b"4.4.1")
    verdict = judge(letter(late), own=OWN)
    assert (verdict.kind, verdict.reason.startswith("delay")) == (Kind.DELAYED, True)


@pytest.mark.parametrize(("method", "kind"), [("REPLY", Kind.MEETING), ("REQUEST", Kind.PERSON)])
def test_answer_to_an_invitation_is_filed_silently(method: str, kind: Kind) -> None:
    """MT-181: an invitation itself is a person's."""
    raw = (
        "From: ada@fabrikam.example\r\nSubject: Accepted: Review\r\nContent-Type: multipart/alternative; boundary=x"
        "\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nYes\r\n--x\r\n"
        f"Content-Type: text/calendar; method={method}\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:{method}\r\n"
        "END:VCALENDAR\r\n--x--\r\n"
    )
    assert judge(letter(raw.encode()), own=OWN).kind is kind
