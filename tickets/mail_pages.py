"""Doors to mails that came as attachments: their page, the HTML of one for its frame, their files."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from tickets.attached_mails import OpenedMail, find_file, find_mail, open_mails
from tickets.cards import as_json as cards_as_json
from tickets.cards import cards_of
from tickets.models import Attachment
from tickets.pictures import embed_bytes
from tickets.views import FILE_POLICY, FRAME_HEAD, FRAME_POLICY

#: What the page shows of one text. Characters.
SHOWN_CHARS: Final = 20_000


@staff_member_required
@require_safe
def attached_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an attached mail and those inside it, one below the other."""
    row = _mine(request, pk)
    if not row.is_mail:
        return _as_file(row)
    mails = open_mails(row)
    context = {
        **admin.site.each_context(request),
        "title": mails[0].message.subject or _("(no subject)") if mails else row.name,
        "attachment": row,
        "ticket": row.entry.ticket,
        "mails": [_shown(mail) for mail in mails],
    }
    return TemplateResponse(request, "tickets/attached_mail.html", context)


@staff_member_required
@require_safe
@xframe_options_sameorigin
def attached_mail_html(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the sanitised HTML of one of them, under the policy of every mail's frame."""
    row = _mine(request, pk)
    message = find_mail(row, request.GET.get("at", "")) if row.is_mail else None
    if message is None:
        return _as_file(row)
    pictures = {part.content_id: part.content.read for part in message.parts if part.content_id}
    page = HttpResponse(FRAME_HEAD + embed_bytes(message.html, pictures) + "</body></html>")
    page.headers["Content-Security-Policy"] = FRAME_POLICY
    page.headers["Cache-Control"] = "private, no-store"
    return page


@staff_member_required
@require_safe
def attached_mail_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Hand out a file of one of them to be saved."""
    row = _mine(request, pk)
    part = find_file(row, request.GET.get("at", "")) if row.is_mail else None
    if part is None:
        return _as_file(row)
    answer = FileResponse(
        BytesIO(part.content.read()),
        as_attachment=True,
        filename=part.filename,
        content_type="application/octet-stream",
    )
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _mine(request: HttpRequest, pk: int) -> Attachment:
    rows = Attachment.objects.visible_to(request.user).select_related("entry__ticket")
    row: Attachment | None = rows.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _as_file(row: Attachment) -> HttpResponseRedirect:
    """Lead to the file itself: there is no such mail, or no such file in it."""
    return HttpResponseRedirect(reverse("tickets:attachment", args=[row.pk]))


def _shown(mail: OpenedMail) -> dict[str, Any]:
    message = mail.message
    return {
        "place": mail.place,
        "depth": mail.depth,
        "message": message,
        "text": message.text[:SHOWN_CHARS],
        "is_cut": len(message.text) > SHOWN_CHARS,
        "frame_px": min(max(160, (message.text.count("\n") + len(message.text) // 90) * 21 + 90), 720),
        "files": [(place, part) for place, part in mail.files() if not (part.is_inline and message.html)],
        "cards": list(cards_of(cards_as_json(message))),
    }
