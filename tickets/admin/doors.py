"""The buttons of a ticket's page besides its form, its note and its answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mailboxes.parsing.gate import storable
from tenants.posted import posted
from tickets import handling, looks, merging
from tickets.admin.conversation import conversation
from tickets.models import Ticket
from tickets.notes import add_note
from tickets.watching import watch

log = logging.getLogger(__name__)

Act = Callable[[HttpRequest, Ticket], HttpResponse]


class TicketDoors:
    """Each asks anew whose ticket it is; foreign and missing ones answer alike."""

    admin_site: Any
    get_queryset: Any
    has_change_permission: Any
    has_view_permission: Any

    def get_urls(self) -> list[Any]:
        doors: dict[str, tuple[Act, Any, Any]] = {
            "note": (self.write_note, self.has_change_permission, posted),
            "merge": (self.merge, self.has_change_permission, posted),
            "unmerge": (self.unmerge, self.has_change_permission, posted),
            "split": (self.split, self.has_change_permission, posted),
            "quick": (self.do_quickly, self.has_change_permission, posted),
            "watch": (self.watch, self.has_view_permission, posted),
            "look": (self.look, self.has_view_permission, require_POST),
            "entry": (self.show_entry, self.has_view_permission, require_safe),
        }
        own = [
            path(f"<int:pk>/{name}/", self._door(act, may, by), name=f"tickets_ticket_{name}")
            for name, (act, may, by) in doors.items()
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def _door(self, act: Act, may: Any, by: Any) -> Any:
        def door(request: HttpRequest, pk: int) -> HttpResponse:
            ticket = self.get_queryset(request).filter(pk=pk).first()
            if ticket is None or not may(request, ticket):
                raise Http404
            return act(request, ticket)

        return self.admin_site.admin_view(by(door))

    def write_note(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        if text := request.POST.get("text", "").strip():
            key = storable(request.POST.get("key", ""), max_chars=64)
            add_note(ticket, text, by=cast(User, request.user), key=key)
            looks.read_own(ticket, by=cast(User, request.user))
        else:
            messages.warning(request, _("The note was empty and has not been saved."))
        return _page(ticket, "#end")

    def merge(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        """Merge this ticket into the one that is named by its reference."""
        reference = request.POST.get("reference", "").strip().strip("[]#").upper()
        into = self.get_queryset(request).filter(tenant_id=ticket.tenant_id, reference=reference).first()
        if into is None or not self.has_change_permission(request, into):
            messages.error(request, _("You have no ticket of this tenant with that reference."))
            return _page(ticket)
        try:
            merging.merge([ticket], into=into, by=cast(User, request.user))
        except merging.NotPossible as error:
            messages.error(request, str(error))
            return _page(ticket)
        return _page(into, "#end")

    def unmerge(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        try:
            merging.unmerge(ticket, by=cast(User, request.user))
        except merging.NotPossible as error:
            messages.error(request, str(error))
        return _page(ticket)

    def split(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        chosen = [int(pk) for pk in request.POST.getlist("entry") if pk.isdecimal() and len(pk) < 19]
        try:
            made = merging.split(ticket, chosen, by=cast(User, request.user))
        except merging.NotPossible as error:
            messages.error(request, str(error))
            return _page(ticket)
        messages.success(request, _("This is the new ticket %(reference)s.") % {"reference": made.reference})
        return _page(made)

    def do_quickly(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        """Do with one press what would take a choice in the form: take the ticket, have it done, open it again."""
        person, rows = cast(User, request.user), Ticket.objects.filter(tenant=ticket.tenant_id, pk=ticket.pk)
        match request.POST.get("do"):
            case "take":
                handling.assign(rows, to=person)
                messages.success(request, _("%(reference)s is yours.") % {"reference": ticket.reference})
            case "solved" | "open" as status:
                handling.set_status(rows, Ticket.Status(status), by=person)
                words = {"reference": ticket.reference, "status": Ticket.Status(status).label}
                messages.success(request, _("%(reference)s is %(status)s.") % words)
        return _page(ticket)

    def watch(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        watch(ticket, by=cast(User, request.user))
        return _page(ticket)

    def look(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        """Take the word of an open page, and tell who else has it open; asked for by desk.js.

        What cannot be written now, because the ticket is gone or the database is busy, is said again in some seconds.
        """
        try:
            return self._looked(request, ticket)
        except DatabaseError as error:
            log.info("Presence at ticket %s was not noted: %s", ticket.pk, type(error).__name__)
            return HttpResponse(status=204)

    def _looked(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        person = cast(User, request.user)
        if "leaving" in request.POST:
            looks.leave(ticket, by=person)
            return JsonResponse({})
        seen = request.POST.get("seen", "")
        others = looks.look(
            ticket,
            by=person,
            seen=int(seen[:9]) if seen.isdecimal() and seen.isascii() else 0,
            is_answering=request.POST.get("answering") == "1",
        )
        return JsonResponse({"said": [_sentence(one) for one in others], "entries": ticket.entry_count})

    def show_entry(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        """Show one entry without the page around it, or nothing; asked for by leaving.js."""
        asked = request.GET.get("entry", "")
        only = int(asked) if asked.isdecimal() and len(asked) < 19 else 0
        may_change = self.has_change_permission(request, ticket)
        shown = [
            {"item": item, "entry": item.entry, "has_change_permission": may_change}
            for item in conversation(ticket, only=only)
        ]
        return HttpResponse("".join(render_to_string("tickets/entry.html", one, request) for one in shown))


def _sentence(one: looks.Present) -> dict[str, Any]:
    text = _("%(name)s is writing an answer.") if one.is_answering else _("%(name)s is looking at this too.")
    return {"text": text % {"name": one.name}, "answering": one.is_answering}


def _page(ticket: Ticket, anchor: str = "") -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:tickets_ticket_change", args=[ticket.pk]) + anchor)
