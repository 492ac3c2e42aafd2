"""Delivery reports (MT-173, MT-175)."""

import pytest

from mailboxes.parsing import Bounce, BounceRecipient, parse

from .mails import entity, mail, part, text

EXCHANGE = (
    b"From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@desk.example>\n"
    b"Subject: Undeliverable: Printer\n"
)
FAILED = (
    b"Reporting-MTA: dns;mail.example\n\nFinal-Recipient: rfc822;Ann@example.org\nAction: failed\nStatus: 5.1.10\n"
    b"Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound;\n Recipient not found\n"
)
ORIGINAL = part(
    b"From: help@desk.example\nMessage-ID: <ours@desk.example>\n\nhello", b"Content-Type: message/rfc822"
)


def report(status: bytes, *, head: bytes = EXCHANGE, original: bytes = ORIGINAL) -> Bounce | None:
    kinds = (text(b"It failed."), part(status, b"Content-Type: message/delivery-status"), original)
    return parse(head + entity(*kinds, subtype=b"report", parameters=b"; report-type=delivery-status")).bounce


def test_exchange_report_names_recipient_status_and_our_mail_mt_173() -> None:
    assert report(FAILED) == Bounce(
        recipients=(
            BounceRecipient(
                address="Ann@example.org",
                status="5.1.10",
                action="failed",
                diagnostic="550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found",
            ),
        ),
        original_message_id="<ours@desk.example>",
        is_delay=False,
    )


def test_headers_only_original_is_enough_mt_175() -> None:
    original = part(b"Message-ID:\n <ours@desk.example>\n", b"Content-Type: text/rfc822-headers")
    bounce = report(FAILED, original=original)
    assert bounce is not None
    assert bounce.original_message_id == "<ours@desk.example>"


def test_delay_is_told_apart_from_failure() -> None:
    bounce = report(FAILED.replace(b"failed", b"delayed").replace(b"5.1.10", b"4.4.7"))
    assert bounce is not None
    assert (bounce.is_delay, bounce.recipients[0].status) == (True, "4.4.7")


def test_report_of_success_is_no_bounce() -> None:
    assert report(FAILED.replace(b"failed", b"delivered").replace(b"5.1.10", b"2.0.0")) is None


@pytest.mark.usefixtures("cpu_guard")
def test_twenty_thousand_recipients_are_bounded_mt_175() -> None:
    blocks = b"".join(
        b"Final-Recipient: rfc822;a%d@x.org\nAction: failed\n\n" % number for number in range(20_000)
    )
    bounce = report(b"Reporting-MTA: dns;x\n\n" + blocks)
    assert bounce is not None
    assert len(bounce.recipients) == 500


@pytest.mark.parametrize(
    "status", [b"", b"rubbish\n", b"Final-Recipient:\nAction: failed\n", b"\xff\xfe\n\n\n:::\n"]
)
def test_malformed_report_is_still_a_bounce_mt_175(status: bytes) -> None:
    bounce = report(status)
    assert bounce is not None
    assert bounce.original_message_id == "<ours@desk.example>"


def test_localised_report_without_status_part_is_a_bounce_mt_175() -> None:
    body = (
        b"Ihre Nachricht konnte nicht zugestellt werden:\n\nann@example.org\n\n550 5.1.1 Benutzer unbekannt\n"
    )
    message = parse(b"From: postmaster@example.org\nSubject: Unzustellbar: Drucker\n\n" + body)
    assert message.bounce is not None
    assert [(one.address, one.status) for one in message.bounce.recipients] == [("ann@example.org", "5.1.1")]


@pytest.mark.parametrize(
    "body",
    [
        b"<ann@example.org>:\nSorry, no mailbox here by that name.\n\n"
        b"--- Below this line is a copy of the message.\n\nMessage-ID: <ours@x>\n",
        b"The following address(es) failed:\n\n  ann@example.org\n    user unknown\n",
        b"Your message to ann@example.org could not be delivered.\n\nContact <support@example.org> for help.\n",
        b"Delivery to the following recipients failed permanently:\n\n   * ann@example.org\n",
        b"Unknown user: ann@example.org\n\nRCPT TO generated following response:\n553 5.3.0 unknown\n",
    ],
)
def test_free_text_reports_name_their_recipient(body: bytes) -> None:
    bounce = parse(
        b"From: MAILER-DAEMON@mx.example\nTo: help@desk.example\nSubject: failure notice\n\n" + body
    ).bounce
    assert bounce is not None
    assert [one.address for one in bounce.recipients] == ["ann@example.org"]


@pytest.mark.parametrize(
    "body",
    [
        b"My mail to bob@example.org could not be delivered, can you help?\n",
        b"550 people are unable to send mail\n",
    ],
)
def test_person_who_writes_about_a_bounce_is_no_bounce(body: bytes) -> None:
    assert parse(mail(body)).bounce is None


@pytest.mark.parametrize(
    ("path", "sender", "subject", "body"),
    [
        (
            b"bounce-12@p.example",
            b"noreply@p.example",
            b"Delivery notification",
            b"Not delivered, sent to b@x.org",
        ),
        (
            b"x@p.example",
            b"info@p.example",
            b"Ihr Paket wurde nicht zugestellt",
            b"Nicht zugestellt. Fragen: b@p.example",
        ),
        (
            b"ann@x.org",
            b"ann@x.org",
            b"Undeliverable mail",
            b"My mails to b@x.org come back: 550 5.1.1 unknown",
        ),
        (b"", b"ann@x.org", b"WG: Undelivered Mail", b"What is this?\n\n<b@x.org>: 550 5.1.1 User unknown"),
        (b"", b"ann@x.org", b"Printer", b"The address b@x.org is disabled or discontinued."),
        (b"bounces+1@s.example", b"news@s.example", b"Delivery status of our news", b"Write to b@s.example"),
    ],
)
def test_parcels_newsletters_and_people_report_no_bounce(
    path: bytes, sender: bytes, subject: bytes, body: bytes
) -> None:
    head = b"Return-Path: <" + path + b">\nFrom: " + sender + b"\nSubject: " + subject + b"\n"
    assert parse(head + b"Content-Type: text/plain; charset=utf-8\n\n" + body).bounce is None


def test_daemon_that_keeps_the_subject_is_a_bounce_nevertheless() -> None:
    head = (
        b"Return-Path: <MAILER-DAEMON@mx.example>\nFrom: MAILER-DAEMON@mx.example\nSubject: Re: Printer\n\n"
    )
    bounce = parse(head + b"<ann@example.org>: 550 5.1.1 User unknown\n").bounce
    assert bounce is not None
    assert [one.address for one in bounce.recipients] == ["ann@example.org"]


def test_report_forwarded_by_a_person_is_no_bounce() -> None:
    head = b"Return-Path: <ann@x.org>\nFrom: ann@x.org\nSubject: What is this?\n"
    status = part(FAILED, b"Content-Type: message/delivery-status")
    assert parse(head + entity(text(b"Look."), status)).bounce is None


def test_report_with_a_server_s_own_header_is_a_bounce_whoever_sent_it() -> None:
    head = b"Return-Path: <admin@x.example>\nFrom: admin@x.example\nSubject: Undeliverable: Printer\n"
    bounce = parse(head + b"X-Failed-Recipients: bob@x.example\n\n550 5.1.1 User unknown\n").bounce
    assert bounce is not None
    assert [(one.address, one.status) for one in bounce.recipients] == [("bob@x.example", "5.1.1")]


def test_out_of_office_from_an_empty_path_is_no_bounce() -> None:
    extra = b"Return-Path: <>\nAuto-Submitted: auto-replied\n"
    assert parse(mail(b"I am away; mail is not delivered to bob@example.org.\n", extra=extra)).bounce is None


def test_complaint_about_a_mail_is_no_bounce_even_with_a_status_part() -> None:
    status = part(FAILED, b"Content-Type: message/delivery-status")
    complaint = part(b"Feedback-Type: abuse\n", b"Content-Type: message/feedback-report")
    assert parse(EXCHANGE + entity(text(b"abuse"), complaint, status, subtype=b"report")).bounce is None


@pytest.mark.parametrize(
    "subject", [b"Delivery Status Notification (Delay)", b"Warning: message 1x-2y delayed 24 hours"]
)
def test_delay_that_names_its_recipient_in_a_header_is_no_failure(subject: bytes) -> None:
    head = b"From: mailer-daemon@x.example\nX-Failed-Recipients: ann@x.example\nSubject: " + subject + b"\n"
    bounce = parse(mail(b"We go on trying; you hear from us if it fails permanently.", head=head)).bounce
    assert bounce
    assert (bounce.is_delay, bounce.recipients[0].address) == (True, "ann@x.example")
