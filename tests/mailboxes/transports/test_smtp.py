"""Outgoing mail against a real submission server, and against one that is none. S3-19, F-68, F-70, F-71."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest

from mailboxes.transports import smtp
from mailboxes.transports.outgoing import Doubtful, Found, Outgoing, Sighting
from mailboxes.transports.smtp import SmtpOutbound
from mailboxes.transports.smtp_refusals import refused
from tenants.errors import (
    AccessDenied,
    BadAnswer,
    IntegrationError,
    MailboxFull,
    MailboxUnavailable,
    Misconfigured,
    NetworkFailure,
    RecipientRefused,
    Throttled,
)
from tests.mail_servers.dovecot import free_port
from tests.mail_servers.submission import Submission

TOKEN = "canary-token-of-submission"
HELP = "help@contoso.example"
ADA, BOB = "ada@fabrikam.example", "bob@fabrikam.example"
OFF = (
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the {}. "
    "Visit https://aka.ms/smtp_auth_disabled for more information. [host.prod.outlook.com]"
)


class Unseen:
    """A mailbox in which no mail of ours is found."""

    def look(self, *, remote_id: str, message_id: str) -> Sighting:
        return Sighting(found=Found.ABSENT)

    def clear_away(self, *, remote_id: str, message_id: str) -> bool:
        return False


class Notes:
    """A journal that only remembers."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, IntegrationError]] = []

    def alive(self) -> None: ...

    def drafted(self, *, remote_id: str, message_id: str) -> None: ...

    def asking(self, refused: Mapping[str, IntegrationError] | None = None) -> None:
        self.asked.append(refused or {})


@pytest.fixture
def open_wire(submission: Submission, monkeypatch: pytest.MonkeyPatch) -> Callable[..., SmtpOutbound]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(submission.tls.ca))

    def begin(url: str = "") -> SmtpOutbound:
        def token(is_refused: bool) -> str:
            return f"{TOKEN}-fresh" if is_refused else TOKEN

        return SmtpOutbound(url or submission.url, user=HELP, token=token, beside=Unseen())

    return begin


@pytest.fixture
def wire(open_wire: Callable[..., SmtpOutbound]) -> SmtpOutbound:
    return open_wire()


def mail(*recipients: str, mime: bytes = b"Message-ID: <a@b.example>\r\n\r\nHello\r\n") -> Outgoing:
    return Outgoing(sender=HELP, recipients=recipients or (ADA,), message_id="<a@b.example>", mime=mime)


def test_mail_is_taken_once_over_an_encrypted_connection(wire: SmtpOutbound, submission: Submission) -> None:
    notes = Notes()
    assert wire.send(mail(ADA, BOB), notes).refused == {}
    assert [(one.sender, one.recipients) for one in submission.taken] == [(HELP, (ADA, BOB))]
    assert (submission.signed_in, len(notes.asked)) == ([(HELP, TOKEN)], 1)


def test_two_mails_share_one_connection(wire: SmtpOutbound, submission: Submission) -> None:
    wire.send(mail(), Notes())
    wire.send(mail(BOB), Notes())
    assert (len(submission.taken), submission.verbs.count("AUTH")) == (2, 1)


def test_lines_of_one_dot_and_foreign_line_ends_arrive_as_text(
    wire: SmtpOutbound, submission: Submission
) -> None:
    """No mail ends before its end, and none smuggles in another."""
    wire.send(mail(mime=b"Subject: dots\r\n\r\n.\r\n..\n.\r\rMAIL FROM:<x@y.example>\r\n"), Notes())
    assert submission.taken[0].content == (
        b"Subject: dots\r\n\r\n.\r\n..\r\n.\r\n\r\nMAIL FROM:<x@y.example>\r\n"
    )


def test_connection_without_encryption_is_refused(wire: SmtpOutbound, submission: Submission) -> None:
    submission.weather.strips_starttls = True
    with pytest.raises(NetworkFailure) as caught:
        wire.send(mail(), Notes())
    assert (caught.value.code, submission.signed_in) == ("starttls_missing", [])


def test_certificate_of_a_stranger_is_refused(
    wire: SmtpOutbound, submission: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(NetworkFailure) as caught:
        wire.send(mail(), Notes())
    assert (caught.value.code, submission.signed_in) == ("network_tls", [])


def test_closed_port_is_told_with_the_port(open_wire: Callable[..., SmtpOutbound]) -> None:
    with pytest.raises(NetworkFailure) as caught:
        open_wire(f"smtp+starttls://localhost:{free_port()}").send(mail(), Notes())
    assert caught.value.code == "mail_port_closed"
    assert "port 587" in caught.value.diagnosis.fix


def test_expired_token_is_renewed_once(wire: SmtpOutbound, submission: Submission) -> None:
    submission.weather.refused_tokens = {TOKEN}
    wire.send(mail(), Notes())
    assert [token for _user, token in submission.signed_in] == [TOKEN, f"{TOKEN}-fresh"]


def test_refused_sign_in_leaves_the_mail_unsent_and_tells_no_token(
    wire: SmtpOutbound, submission: Submission
) -> None:
    submission.weather.refused_tokens = {TOKEN, f"{TOKEN}-fresh"}
    with pytest.raises(AccessDenied) as caught:
        wire.send(mail(), Notes())
    assert (caught.value.code, caught.value.permanent) == ("smtp_login_refused", False)
    assert TOKEN not in f"{caught.value} {caught.value.diagnosis} {caught.value.__context__}"


def test_smtp_switched_off_names_the_line_that_opens_it(wire: SmtpOutbound, submission: Submission) -> None:
    submission.weather.replies["AUTH"] = [OFF.format("Mailbox")]
    with pytest.raises(MailboxUnavailable) as caught:
        wire.send(mail(), Notes())
    assert caught.value.code == "smtp_auth_off"
    assert "Set-CASMailbox -Identity <mailbox> -SmtpClientAuthenticationDisabled $false" in (
        caught.value.diagnosis.fix
    )


def test_each_recipient_is_refused_by_himself(wire: SmtpOutbound, submission: Submission) -> None:
    """F-68."""
    submission.weather.replies[ADA] = ["450 4.2.1 Not now"]
    submission.weather.replies[BOB] = ["550 5.1.1 User unknown"]
    notes = Notes()
    receipt = wire.send(mail(HELP, ADA, BOB), notes)
    told = {address: (error.code, error.permanent) for address, error in receipt.refused.items()}
    assert told == {ADA: ("recipient_later", False), BOB: ("recipient_refused", True)}
    assert (submission.taken[0].recipients, set(notes.asked[0])) == ((HELP,), {ADA, BOB})


def test_mail_nobody_may_get_is_not_sent(wire: SmtpOutbound, submission: Submission) -> None:
    submission.weather.replies[ADA] = ["550 5.1.1 User unknown"]
    notes = Notes()
    with pytest.raises(RecipientRefused):
        wire.send(mail(), notes)
    assert (notes.asked, submission.taken) == ([], [])


@pytest.mark.parametrize("cut", ["unheard", "untaken"])
def test_answer_lost_after_the_last_dot_is_doubt(
    wire: SmtpOutbound, submission: Submission, cut: str
) -> None:
    """F-70."""
    submission.weather.cuts = [cut]
    notes = Notes()
    with pytest.raises(Doubtful):
        wire.send(mail(), notes)
    assert len(notes.asked) == 1


def test_connection_lost_before_the_mail_was_ended_is_no_doubt(
    wire: SmtpOutbound, submission: Submission
) -> None:
    """F-71: a mail that was not ended is not taken."""
    submission.weather.cuts = ["begun"]
    with pytest.raises(NetworkFailure):
        wire.send(mail(), Notes())
    assert submission.taken == []


def test_lost_answer_to_a_mail_without_a_row_is_told_like_any_failure(
    wire: SmtpOutbound, submission: Submission
) -> None:
    submission.weather.cuts = ["unheard"]
    with pytest.raises(NetworkFailure):
        wire.send_at_once(mail())


def test_yes_before_the_mail_was_begun_is_no_yes(wire: SmtpOutbound, submission: Submission) -> None:
    submission.weather.replies["instead of 354"] = ["250 2.0.0 OK"]
    with pytest.raises(BadAnswer):
        wire.send(mail(), Notes())
    assert submission.taken == []


def test_clear_no_after_the_last_dot_is_no_doubt(wire: SmtpOutbound, submission: Submission) -> None:
    submission.weather.replies["DATA"] = ["554 5.2.252 SendAsDenied; help not allowed to send as boss"]
    with pytest.raises(AccessDenied) as caught:
        wire.send(mail(), Notes())
    assert (caught.value.code, caught.value.permanent) == ("ErrorSendAsDenied", True)


def test_journal_that_refuses_keeps_the_mail_from_leaving(wire: SmtpOutbound, submission: Submission) -> None:
    """Somebody else has the mail: the dot is never said."""

    class Lost(Notes):
        def asking(self, refused: Mapping[str, IntegrationError] | None = None) -> None:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        wire.send(mail(), Lost())
    wire.send(mail(BOB), Notes())
    assert [one.recipients for one in submission.taken] == [(BOB,)]


def test_mail_larger_than_announced_is_told_before_it_is_begun(
    wire: SmtpOutbound, submission: Submission
) -> None:
    submission.weather.size_limit = 1000
    with pytest.raises(Misconfigured) as caught:
        wire.send(mail(mime=b"Subject: long\r\n\r\n" + b"x\r\n" * 1000), Notes())
    assert (caught.value.code, "DATA" in submission.verbs) == ("mail_too_large_for_smtp", False)
    assert not any(verb.startswith("MAIL") for verb in submission.verbs)


def test_size_is_announced(wire: SmtpOutbound, submission: Submission) -> None:
    wire.send(mail(mime=b"a: b\r\n\r\n"), Notes())
    assert "MAIL SIZE=8" in submission.verbs


@pytest.mark.parametrize("address", ["jürgen@contoso.example", "a>\r\nRCPT TO:<x@y.example", "a b@c.example"])
def test_address_no_server_passes_on_is_refused_here(
    wire: SmtpOutbound, submission: Submission, address: str
) -> None:
    with pytest.raises(Misconfigured):
        wire.send(mail(address), Notes())
    assert submission.taken == []


def test_large_mail_is_taken_whole(wire: SmtpOutbound, submission: Submission) -> None:
    mime = b"Subject: large\r\n\r\n" + (b"0123456789" * 7 + b"\r\n") * 40_000
    wire.send(mail(mime=mime), Notes())
    assert submission.taken[0].content == mime
    assert len(mime) < smtp.MAX_MIME_BYTES


@pytest.mark.parametrize(
    ("reply", "kind", "code", "permanent"),
    [
        ("535 5.7.3 Authentication unsuccessful [h.prod.outlook.com]", AccessDenied, "smtp_login_refused", False),
        (OFF.format("Tenant"), MailboxUnavailable, "smtp_auth_off", False),
        ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", AccessDenied,
         "smtp_login_refused", False),
        ("550 5.7.30 Basic authentication is not supported for Client Submission.", AccessDenied,
         "smtp_login_refused", False),
        ("530 5.7.57 Client not authenticated to send mail", AccessDenied, "smtp_login_refused", False),
        ("550 5.7.60 SMTP; Client does not have permissions to send as this sender", AccessDenied,
         "ErrorSendAsDenied", True),
        ("554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied", AccessDenied,
         "ErrorSendAsDenied", True),
        ("432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", Throttled, "smtp_busy", False),
        ("432 4.3.2 Concurrent connections limit exceeded", Throttled, "smtp_busy", False),
        ("421 4.4.2 Message submission rate for this client has exceeded the configured limit", Throttled,
         "smtp_rate", False),
        ("421 4.3.2 Service not available", Throttled, "smtp_busy", False),
        ("454 4.7.0 Temporary authentication failure", Throttled, "smtp_busy", False),
        ("550 5.1.90 Your message can't be sent because you've reached your daily limit", Throttled,
         "smtp_daily_limit", False),
        ("550 5.7.233 tenant limit", Throttled, "tenant_daily_limit", False),
        ("550 5.1.8 Access denied, bad outbound sender", Throttled, "sender_blocked", False),
        ("550 5.7.708 Access denied, traffic not accepted from this IP", Throttled, "sender_blocked", False),
        ("554 5.2.2 mailbox full", MailboxFull, "sender_mailbox_full", False),
        ("552 5.3.4 Message size exceeds fixed maximum message size", BadAnswer, "mail_too_large", True),
        ("554 5.7.1 Message refused", BadAnswer, "smtp_refused", True),
        ("451 4.7.9 Try later", BadAnswer, "smtp_not_now", False),
    ],
)  # fmt: skip
def test_reply_is_told_with_its_cause(
    reply: str, kind: type[IntegrationError], code: str, permanent: bool
) -> None:
    error = refused(int(reply[:3]), reply[4:])
    assert (type(error), error.code, error.permanent) == (kind, code, permanent)
    assert (error.retry_after is None) or error.retry_after >= timedelta(minutes=1)
