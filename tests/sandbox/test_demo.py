"""The demo's mails: enough of them, of every kind, well-formed, and always new."""

import json
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path

import pytest

from sandbox.demo.pool import NAMES, demo_mails, next_arrival
from sandbox.letters import read_envelope
from tests.sandbox.conftest import Start

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DEMO = Path(__file__).resolve().parents[2] / "sandbox" / "demo"


@cache
def everything() -> list[EmailMessage]:
    mails = [mail for name in NAMES for mail in demo_mails(name, NOW) if mail.folder == "inbox"]
    found = [message_from_bytes(mail.mime, policy=policy.default) for mail in mails]
    return [message for message in found if isinstance(message, EmailMessage)]


def test_inboxes_hold_at_least_sixty_mails() -> None:
    assert len(everything()) >= 60


def test_no_mail_has_a_defect() -> None:
    assert [message["Subject"] for message in everything() for part in message.walk() if part.defects] == []


def test_message_ids_differ() -> None:
    assert len({message["Message-ID"] for message in everything()}) == len(everything())


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252", "iso-2022-jp", "koi8-r"])
def test_charset_occurs(charset: str) -> None:
    assert charset in {str(part.get_content_charset()) for message in everything() for part in message.walk()}


@pytest.mark.parametrize(
    "kind",
    ["application/pdf", "image/png", "text/csv", "text/calendar", "message/rfc822", "message/delivery-status",
     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
)  # fmt: skip
def test_kind_of_part_occurs(kind: str) -> None:
    assert kind in {part.get_content_type() for message in everything() for part in message.walk()}


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Auto-Submitted", "auto-generated"),
        ("X-MS-Exchange-Message-Is-Ndr", ""),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Authentication-Results", "dmarc=fail"),
        ("Importance", "high"),
        ("X-Mailer", "Apple Mail"),
    ],
)
def test_header_occurs(header: str, value: str) -> None:
    assert any(header in message and value in str(message[header]) for message in everything())


def test_one_mail_has_no_subject() -> None:
    assert sum("Subject" not in message for message in everything()) == 1


def test_answers_name_the_mail_they_answer_and_quote_it() -> None:
    known = {message["Message-ID"] for message in everything()}
    answers = [message for message in everything() if message["In-Reply-To"] in known]
    assert len(answers) >= 8
    assert all(str(message["References"]).split()[-1] == message["In-Reply-To"] for message in answers)


def test_mails_are_dated_before_the_start_and_not_older_than_a_week() -> None:
    ages = [(NOW - message["Date"].datetime).total_seconds() for message in everything()]
    assert min(ages) > 0
    assert max(ages) < 7 * 86400


def test_numbers_in_arrivals_go_up_with_each_cycle() -> None:
    subjects = [read_envelope(next_arrival("contoso_help", count, NOW)).subject for count in (0, 6)]
    assert subjects == ["Wi-Fi in meeting room 1207 is very slow", "Wi-Fi in meeting room 1220 is very slow"]


@pytest.mark.parametrize("name", NAMES)
def test_arrivals_are_new_each_time_and_some_answer_others(name: str) -> None:
    arrived = [read_envelope(next_arrival(name, count, NOW)) for count in range(20)]
    assert len({letter.message_id for letter in arrived}) == 20
    assert len({letter.conversation for letter in arrived}) < 20


def test_demo_starts_and_lets_the_next_mail_arrive(start: Start) -> None:
    document = json.loads((DEMO / "scenario.json").read_text())
    sandbox = start(document).sandbox
    arrivals = sandbox.arrivals
    assert arrivals is not None
    before = len(sandbox.cloud.messages.select("1", (), order="n", limit=-1, skip=0))
    for _ in range(3):
        arrivals.drop()
    assert len(sandbox.cloud.messages.select("1", (), order="n", limit=-1, skip=0)) == before + 3


def test_provisioning_fits_the_scenario() -> None:
    scenario = json.loads((DEMO / "scenario.json").read_text())["tenants"]
    provision = json.loads((DEMO / "provision.json").read_text())["tenants"]
    for offered, wanted in zip(scenario, provision, strict=True):
        app, registration = offered["apps"][0], wanted["registrations"][0]
        assert offered["directory_id"] == wanted["directory_id"]
        assert app["client_id"] == registration["client_id"]
        assert app["secrets"][0]["value"] == registration["credential"]["value"]
        assert [box["address"] for box in offered["mailboxes"]] == [
            box["address"] for box in wanted["mailboxes"]
        ]
