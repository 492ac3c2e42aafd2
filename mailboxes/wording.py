"""What an examination saw, in the language of whoever reads it; results are kept in English."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

from tenants.wording import shown

DETAILS: Final = (
    _("in step with Microsoft"),
    _("%(n)s s ahead of Microsoft"),
    _("%(n)s s behind Microsoft"),
    _("%(what)s, expires on %(day)s"),
    _("Entra gave a fresh token"),
    _("%(names)s; optional and not granted: %(others)s"),
    _("by Exchange RBAC for Applications; not in the token: %(names)s"),
    _("all that is needed was allowed"),
    _("%(folder)s, 1 mail"),
    _("%(folder)s, %(n)s mails"),
    _("shared"),
    _("room"),
    _("equipment"),
    _("none set; this helpdesk: %(ours)s"),
    _("%(zone)s; this helpdesk: %(ours)s"),
    _("nobody else tidies up this folder"),
    _("%(place)s, since %(day)s"),
    _("the newest mail was read"),
    _("the folder is empty"),
    _("a draft was made and removed"),
    _("%(folder)s, read since %(day)s, latest mail of %(latest)s"),
    _("%(folder)s, read since %(day)s, not yet to its end"),
    _("%(folder)s, read since %(day)s, nothing from Outlook yet"),
    _("the sign-in was accepted"),
    _("a test mail is on its way to %(address)s"),
)


def counted(mails: int) -> str:
    """Word a number of mails, in English as all that is kept."""
    return f"{mails} mail{'s' * (mails != 1)}"


def detail(text: str) -> str:
    """Translate the detail of a step; names in it stay as they are."""
    return shown(text, frames=DETAILS)
