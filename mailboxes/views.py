"""The original of a mail for those who may see it, and the calendar of what expires for who holds its address."""

from __future__ import annotations

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from mailboxes import calendar_feed, radar, storage
from mailboxes.models import InboundMessage
from tenants.models import CalendarLink


@staff_member_required
@require_safe
def raw_mail(request: HttpRequest, pk: int) -> FileResponse:
    """Hand out the bytes as they came from Microsoft, to be saved and opened in a mail program."""
    row = InboundMessage.objects.visible_to(request.user).filter(pk=pk).exclude(raw_path="").first()
    if row is None:
        raise Http404
    try:
        file = storage.full_path(row.raw_path).open("rb")
    except OSError:
        raise Http404 from None
    answer = FileResponse(
        file, as_attachment=True, filename=f"mail-{row.pk}.eml", content_type="application/octet-stream"
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@require_safe
def calendar_of_expiries(request: HttpRequest, token: str) -> HttpResponse:
    """Give a calendar program what its owner may see now; an address that was revoked is not there."""
    link = CalendarLink.objects.opened_by(token)
    if link is None:
        raise Http404
    now = timezone.now()
    CalendarLink.objects.filter(pk=link.pk).update(read_at=now)
    expiries = radar.everything_for(link.user)
    text = calendar_feed.calendar(expiries, public_url=settings.PUBLIC_URL, now=now)
    answer = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    patch_cache_control(answer, private=True, no_store=True)
    return answer
