"""Automatic mail (MT-170 to MT-181)."""

import pytest

from mailboxes.parsing import parse

from .mails import entity, mail, part, text


@pytest.mark.parametrize(
    "line",
    [
        b"Auto-Submitted: auto-replied",
        b"Auto-Submitted: auto-generated; type=x",
        b"X-Auto-Response-Suppress: All",
        b"X-Auto-Response-Suppress: OOF, AutoReply",
        b"Precedence: bulk",
        b"Precedence: Auto_Reply",
        b"List-Id: <news.example.org>",
        b"List-Unsubscribe: <mailto:x@example.org>",
        b"X-Autoreply: yes",
        b"X-Autorespond:",
        b"Return-Path: <>",
        b"X-Failed-Recipients: x@example.org",
        b"X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent",
    ],
)
def test_mark_of_a_machine_makes_a_mail_automatic_mt_170_mt_172(line: bytes) -> None:
    message = parse(mail(extra=line + b"\n"))
    assert message.is_auto_reply
    assert message.auto_reason


@pytest.mark.parametrize(
    "line",
    [
        b"Auto-Submitted: no",
        b"Precedence: normal",
        b"X-Auto-Response-Suppress: DR, RN",
        b"Return-Path: <ann@example.org>",
        b"X-Odd: 1",
    ],
)
def test_mail_of_a_person_is_not_automatic(line: bytes) -> None:
    message = parse(mail(extra=line + b"\n"))
    assert (message.is_auto_reply, message.auto_reason) == (False, "")


@pytest.mark.parametrize(
    "sender",
    [
        "MAILER-DAEMON@x.org",
        "postmaster@x.org",
        "noreply@x.org",
        "no-reply@x.org",
        "donotreply@x.org",
        "bounces+7@x.org",
    ],
)
def test_address_of_a_robot_makes_a_mail_automatic_mt_172(sender: str) -> None:
    assert parse(f"From: {sender}\nSubject: hello\n\nbody".encode()).is_auto_reply


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Printer",
        "Automatische Antwort: Drucker",
        "Réponse automatique : imprimante",
        "Respuesta automática: impresora",
        "Automatisch antwoord: printer",
        "Odpowiedź automatyczna: drukarka",
        "Autosvar: printer",
        "Automatiskt svar: skrivare",
        "Risposta automatica: stampante",
        "Resposta automática: impressora",
        "Автоматический ответ: принтер",
        "Автоматична відповідь: принтер",
    ],
)
def test_out_of_office_subject_is_known_in_twelve_languages_mt_178(subject: str) -> None:
    assert parse(f"From: ann@example.org\nSubject: {subject}\n\naway".encode()).is_auto_reply


def test_reason_names_the_strongest_mark() -> None:
    message = parse(mail(extra=b"Precedence: bulk\nAuto-Submitted: auto-replied\n"))
    assert message.auto_reason == "Auto-Submitted: auto-replied"


def test_read_receipt_is_automatic_and_no_bounce_mt_179() -> None:
    receipt = part(
        b"Original-Message-ID: <x@y>\nDisposition: manual-action; displayed\n",
        b"Content-Type: message/disposition-notification",
    )
    body = entity(
        text(b"Your message was read"),
        receipt,
        subtype=b"report",
        parameters=b"; report-type=disposition-notification",
    )
    message = parse(b"From: ann@example.org\nSubject: Read: Printer\n" + body)
    assert (message.is_auto_reply, message.bounce) == (True, None)
