"""The customer's last mail as a quote for an answer, plain and formatted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, linebreaks
from django.utils.translation import gettext as _

from mailboxes.outbound.rich import without_pictures
from tickets.models import Entry, Ticket
from tickets.models.entry import NOT_OF_APPROVERS

#: More than that nobody reads in a quote. Characters.
MOST_CHARS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    text: str
    html: str


def quote_of(ticket: Ticket) -> Quote | None:
    """Quote the last mail that a person wrote; None when there is none."""
    mails = Entry.objects.filter(ticket=ticket, kind=Entry.Kind.MAIL_IN, auto_reply=False)
    mails = mails.filter(NOT_OF_APPROVERS)
    mail = mails.order_by("-happened_at", "-pk").first()
    if mail is None:
        return None
    head = _("On %(when)s, %(who)s wrote:") % {
        "when": date_format(timezone.localtime(mail.happened_at), "DATETIME_FORMAT"),
        "who": mail.from_name or mail.from_email,
    }
    said = mail.text[:MOST_CHARS].strip()
    lines = "\n".join(f"> {line}".rstrip() for line in said.splitlines())
    # Of a mail with neither words nor pictures there is nothing to show but who wrote it.
    body = without_pictures(mail.html) if len(mail.html) <= MOST_CHARS * 4 else ""
    quoted = body or linebreaks(said, autoescape=True)
    html = f"<p>{escape(head)}</p><blockquote>{quoted}</blockquote>"
    return Quote(text=f"{head}\n{lines}", html=html)
