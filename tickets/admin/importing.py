"""The page that takes an import back, and the button that files it again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailboxes.models import Mailbox
from tickets import importing
from tickets.admin.preview import mailbox_of


def undo(page: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, with the numbers; then do it."""
    mailbox = mailbox_of(request, pk)
    if request.method == "POST":
        return _undo(request, mailbox)
    context = {
        **page.admin_site.each_context(request),
        "title": _("Undo the import of %(address)s") % {"address": mailbox.address},
        "opts": Mailbox._meta,
        "mailbox": mailbox,
        "mails": importing.imported(mailbox).count(),
        "tickets": importing.tickets_of(mailbox).count(),
        "undone": importing.undone(mailbox).count(),
    }
    return TemplateResponse(request, "tickets/undo_import.html", context)


def file_again(page: Any, request: HttpRequest, pk: int) -> HttpResponse:
    mailbox = mailbox_of(request, pk)
    count = importing.file_again(mailbox, by=request.user)
    text = ngettext(
        "%(n)d mail is being filed again; nothing of it is answered.",
        "%(n)d mails are being filed again; nothing of it is answered.",
        count,
    )
    messages.success(request, text % {"n": count})
    return _back(mailbox)


def _undo(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    done = importing.undo(mailbox, by=request.user)
    told = {"tickets": done.tickets, "mails": done.mails, "kept": done.kept}
    messages.success(
        request,
        _("The mailbox is paused. Tickets removed: %(tickets)d, mails set aside: %(mails)d.") % told,
    )
    if done.kept:
        text = ngettext(
            "%(kept)d ticket stays: somebody has worked on it.",
            "%(kept)d tickets stay: somebody has worked on them.",
            done.kept,
        )
        messages.info(request, text % told)
    if not done.is_whole:
        messages.warning(request, _("There are more than one click takes; press the button again."))
        return HttpResponseRedirect(reverse("admin:mailboxes_inboundmessage_undo_import", args=[mailbox.pk]))
    return _back(mailbox)


def _back(mailbox: Mailbox) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:mailboxes_mailbox_change", args=[mailbox.pk]))
