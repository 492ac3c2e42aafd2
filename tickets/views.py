"""What the pages of a ticket fetch: a mail's HTML for its frame, and files. Each look asks anew whose it is."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.admin.views.decorators import staff_member_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from mailboxes import storage
from tickets.models import Attachment, Entry
from tickets.models.attachment import MOST_PREVIEWED_BYTES
from tickets.pictures import embed, picture_type, with_remote_pictures

#: No script, no form, no request to anywhere; links open a page of their own that knows nothing of ours.
FRAME_POLICY: Final = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
#: The same, once somebody has asked for the pictures that lie elsewhere: they are fetched without a word of where from.
REMOTE_POLICY: Final = FRAME_POLICY.replace("img-src 'self' data:", "img-src 'self' data: https: http:")
FRAME_HEAD: Final = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light">'
    '<base target="_blank"><title>Mail</title><style>'
    "body{margin:12px 16px;font:14px/1.55 -apple-system,'Segoe UI',Roboto,Arial,sans-serif;color:#1f2937;"
    "background:#fff;overflow-wrap:anywhere}img{max-width:100%;height:auto}img:not([src]){display:none}"
    "img[src='']{display:none}table{max-width:100%}pre{white-space:pre-wrap}"
    "blockquote{margin:8px 0 8px 4px;padding-left:12px;border-left:3px solid #d1d5db;color:#4b5563}"
    "</style></head><body>"
)
FILE_POLICY: Final = "default-src 'none'; sandbox"
#: A larger picture is downloaded, not shown. Bytes.


@staff_member_required
@require_safe
@xframe_options_sameorigin
def entry_html(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the sanitised HTML of a mail, for the frame on the ticket's page."""
    entry = _mine(request, Entry, pk)
    rows = Attachment.objects.filter(entry=entry).exclude(content_id="")
    pictures = {row.content_id: storage.full_path(row.path) for row in rows}
    # Written out as it is: sanitised when it was filed, and the policy below lets nothing in it act.
    shows_remote = request.GET.get("images") == "1"
    html = with_remote_pictures(entry.html) if shows_remote else entry.html
    page = HttpResponse(FRAME_HEAD + embed(html, pictures) + "</body></html>")
    page.headers["Content-Security-Policy"] = REMOTE_POLICY if shows_remote else FRAME_POLICY
    page.headers["Referrer-Policy"] = "no-referrer"
    page.headers["Cache-Control"] = "private, no-store"
    return page


@staff_member_required
@require_safe
def attachment(request: HttpRequest, pk: int) -> FileResponse:
    """Hand out a file to be saved, never to be opened in the browser."""
    row = _mine(request, Attachment, pk)
    return _hand_out(row, "application/octet-stream", is_download=True)


@staff_member_required
@require_safe
def preview(request: HttpRequest, pk: int) -> FileResponse:
    """Show a file that is a picture by its own bytes."""
    row = _mine(request, Attachment, pk)
    kind = "" if row.size_bytes > MOST_PREVIEWED_BYTES else _kind_of(row)
    if not kind:
        raise Http404
    return _hand_out(row, kind, is_download=False)


def _mine(request: HttpRequest, model: Any, pk: int) -> Any:
    row = model.objects.visible_to(request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _kind_of(row: Attachment) -> str:
    try:
        with storage.full_path(row.path).open("rb") as file:
            return picture_type(file.read(16))
    except OSError:
        return ""


def _hand_out(row: Attachment, content_type: str, *, is_download: bool) -> FileResponse:
    try:
        file = storage.full_path(row.path).open("rb")
    except OSError:
        raise Http404 from None
    answer = FileResponse(file, as_attachment=is_download, filename=row.name, content_type=content_type)
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
