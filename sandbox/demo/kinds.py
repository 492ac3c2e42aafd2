"""Mails no person wrote for us alone: automatic replies, bounces, newsletters, and a try to deceive."""

import html
from collections.abc import Callable
from datetime import timedelta
from email.message import Message
from email.utils import format_datetime

from sandbox.demo.letter import Letter
from sandbox.demo.parts import multipart, text_part

EXCHANGE = "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@{domain}>"
NOT_FOUND = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"


def automatic(letter: Letter) -> Message:
    """Answer by itself, as Exchange does (RFC 3834)."""
    both = multipart(letter, "alternative")
    both.attach(text_part(letter.text))
    both.attach(text_part(f"<html><body><p>{html.escape(letter.text)}</p></body></html>", "html"))
    both["Auto-Submitted"] = "auto-generated"
    both["X-Auto-Response-Suppress"] = "All"
    both["X-MS-Exchange-Generated-Message-Source"] = "Mailbox Rules Agent"
    both["X-MS-Exchange-Parent-Message-Id"] = f"<asked.{letter.key}@{letter.mailbox.rpartition('@')[2]}>"
    return both


def bounce(letter: Letter) -> Message:
    """Report a failed delivery in the way of Exchange (RFC 3464)."""
    failed, about = letter.options["failed"], letter.options["about"]
    domain = letter.mailbox.rpartition("@")[2]
    report = multipart(letter, "report", report_type="delivery-status")
    report["From"] = EXCHANGE.format(domain=domain)
    report["Subject"] = f"Undeliverable: {about}"
    report["Return-Path"] = "<>"
    report["Auto-Submitted"] = "auto-replied"
    report["X-MS-Exchange-Message-Is-Ndr"] = ""
    report["In-Reply-To"] = f"<sent.{letter.key}@{domain}>"
    report.attach(_told(letter, failed))
    report.attach(_status(failed, domain))
    report.attach(_returned(letter, failed, about))
    return report


def _told(letter: Letter, failed: str) -> Message:
    told = (
        f"Your message to {failed} couldn't be delivered.\n\nThe address wasn't found at its destination."
        " It might be misspelled or may not exist."
    )
    both = multipart(letter, "alternative")
    both.attach(text_part(told))
    both.attach(text_part(f"<html><body><p>{html.escape(told)}</p></body></html>", "html"))
    return both


def _status(failed: str, domain: str) -> Message:
    mta, recipient = Message(), Message()
    mta["Reporting-MTA"] = f"dns;AM0PR04.{domain}"
    mta["Received-From-MTA"] = f"dns;AM9PR04.{domain}"
    recipient["Final-Recipient"] = f"rfc822;{failed}"
    recipient["Action"] = "failed"
    recipient["Status"] = "5.1.10"
    recipient["Diagnostic-Code"] = f"smtp;{NOT_FOUND}"
    status = Message()
    status["Content-Type"] = "message/delivery-status"
    status.attach(mta)
    status.attach(recipient)
    return status


def _returned(letter: Letter, failed: str, about: str) -> Message:
    original = text_part("(the text of the message)")
    original["From"] = f"<{letter.mailbox}>"
    original["To"] = f"<{failed}>"
    original["Subject"] = about
    original["Date"] = format_datetime(letter.sent_at - timedelta(minutes=2))
    original["Message-ID"] = f"<sent.{letter.key}@{letter.mailbox.rpartition('@')[2]}>"
    part = Message()
    part["Content-Type"] = "message/rfc822"
    part.attach(original)
    return part


def newsletter(letter: Letter) -> Message:
    """Write to many at once (RFC 2919, RFC 2369, RFC 8058)."""
    blocks = [block.partition("\n") for block in letter.text.split("\n\n")]
    cells = "".join(
        f'<tr><td style="padding:12px"><h2>{html.escape(title)}</h2><p>{html.escape(text)}</p></td></tr>'
        for title, _, text in blocks
    )
    both = multipart(letter, "alternative")
    both.attach(text_part(f"{letter.text}\n\nUnsubscribe: https://{letter.domain}/u/8f2c"))
    both.attach(
        text_part(
            f'<html><body><table width="600" align="center">{cells}</table>'
            f'<img src="https://{letter.domain}/open/8f2c.gif" width="1" height="1">'
            f'<p><a href="https://{letter.domain}/u/8f2c">Unsubscribe</a></p></body></html>',
            "html",
        )
    )
    both["List-Id"] = f"<news.{letter.domain}>"
    both["List-Unsubscribe"] = f"<https://{letter.domain}/u/8f2c>, <mailto:unsubscribe@{letter.domain}>"
    both["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    both["Precedence"] = "bulk"
    return both


def phishing(letter: Letter) -> Message:
    """Show one address and link to another, from a sender no check vouches for."""
    shown, target = letter.options["link"], letter.options["target"]
    anchor = f'<a href="{html.escape(target)}">{html.escape(shown)}</a>'
    rich = html.escape(letter.text).replace("{link}", anchor).replace("\n", "<br>\n")
    both = multipart(letter, "alternative")
    both.attach(text_part(letter.text.replace("{link}", shown)))
    both.attach(text_part(f"<html><body>{rich}</body></html>", "html"))
    both["Authentication-Results"] = (
        f"spf=fail (sender IP is 198.51.100.23) smtp.mailfrom={letter.domain}; dkim=none (message not signed)"
        f" header.d=none; dmarc=fail action=quarantine header.from={letter.domain};compauth=fail reason=000"
    )
    both["X-MS-Exchange-Organization-SCL"] = "5"
    return both


KINDS: dict[str, Callable[[Letter], Message]] = {
    "auto": automatic,
    "bounce": bounce,
    "newsletter": newsletter,
    "phishing": phishing,
}
