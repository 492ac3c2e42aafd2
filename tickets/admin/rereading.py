"""“Show as …”: how a mail reads in another charset, and keeping that."""

from __future__ import annotations

from typing import Any, Final, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tickets.models import Entry, Ticket
from tickets.rereading import CHARSETS, keep_reading, reread

#: What the page shows of a reading. Characters.
SHOWN_CHARS: Final = 4_000


class RereadingPages:
    """Adds the page to an admin page of tickets; `entry` names the mail, `charset` the reading."""

    admin_site: Any
    get_queryset: Any
    has_change_permission: Any

    def get_urls(self) -> list[Any]:
        door = self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(self.show_as))
        urls: list[Any] = super().get_urls()  # type: ignore[misc]
        return [path("<int:pk>/show_as/", door, name="tickets_ticket_show_as"), *urls]

    def show_as(self, request: HttpRequest, pk: int) -> HttpResponse:
        ticket = self.get_queryset(request).filter(pk=pk).first()
        if ticket is None or not self.has_change_permission(request, ticket):
            raise Http404
        asked = request.POST if request.method == "POST" else request.GET
        entry, charset = _entry(ticket, asked.get("entry", "")), asked.get("charset", "")
        if entry is None:
            return HttpResponseRedirect(reverse("admin:tickets_ticket_change", args=[pk]))
        if request.method == "POST":
            return self._keep_reading(request, entry, charset)
        return self._reading_page(request, entry, charset)  # type: ignore[no-any-return]

    def _keep_reading(self, request: HttpRequest, entry: Entry, charset: str) -> HttpResponse:
        if keep_reading(entry, charset, by=cast(User, request.user)):
            messages.success(request, _("The mail is shown as %(name)s now.") % {"name": CHARSETS[charset]})
        else:
            messages.error(request, _("The original of this mail cannot be read, so nothing was changed."))
        address = reverse("admin:tickets_ticket_change", args=[entry.ticket_id])
        return HttpResponseRedirect(f"{address}#entry-{entry.pk}")

    def _reading_page(self, request: HttpRequest, entry: Entry, charset: str) -> Any:
        message = reread(entry, charset) if charset else None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Show as …"),
            "entry": entry,
            "charsets": CHARSETS,
            "charset": charset,
            "text": (message.text if message else entry.text)[:SHOWN_CHARS],
            "is_read": message is not None,
        }
        return TemplateResponse(request, "tickets/show_as.html", context)


def _entry(ticket: Ticket, pk: str) -> Entry | None:
    if not pk.isascii() or not pk.isdigit() or len(pk) > 18:
        return None
    mails = ticket.entries.filter(kind=Entry.Kind.MAIL_IN, inbound__isnull=False)
    return mails.select_related("inbound", "ticket").filter(pk=int(pk)).first()
