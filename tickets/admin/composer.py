"""The answer on a ticket's page: written, queued with a moment to take it back, or refused with nothing lost."""

from __future__ import annotations

import uuid
from typing import Any, Final, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mailboxes.outbound.room import Room, room_of
from tenants.admin.wording import explain
from tenants.diagnosis import diagnose_own
from tenants.errors import IntegrationError, Misconfigured
from tenants.posted import posted
from tenants.wording import told
from tickets import drafts, handling, looks
from tickets.addresses import others_on, suggest
from tickets.drafts import Written
from tickets.models import Ticket
from tickets.quoting import Quote, quote_of
from tickets.replies import (
    Answer,
    File,
    canned_below,
    footer_below,
    is_queued,
    people,
    reply,
    sender_of_answer,
    why_no_reply,
)

#: Where the session keeps why an answer was refused: it is told beside the text, which stands far below the top.
_TROUBLE: Final = "trouble_of_answer"


class ComposerPages:
    """Adds the answer to an admin page of tickets."""

    admin_site: Any
    get_queryset: Any
    has_change_permission: Any

    def get_urls(self) -> list[Any]:
        doors = {
            "answer": posted(self.write_answer),
            "draft": posted(self.keep_draft),
            "quote": require_POST(self.quote),
            "people": require_POST(self.suggest),
        }
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(door),
                name=f"tickets_ticket_{name}",
            )
            for name, door in doors.items()
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def write_answer(self, request: HttpRequest, pk: int) -> HttpResponse:
        ticket, agent = self._answerable(request, pk), cast(User, request.user)
        written, is_rich = _written(request), bool(request.POST.get("rich"))
        drafts.remember_style(agent, is_rich=is_rich)
        page = HttpResponseRedirect(reverse("admin:tickets_ticket_change", args=[pk]) + "#end")
        try:
            reply(ticket, _answer(request, ticket, written), by=agent, hold_s=settings.SEND_UNDO_S)
        except IntegrationError as error:
            # The second of two clicks finds its files gone with the first one's draft: that answer is on its way.
            if not is_queued(ticket, _key(request)):
                # What was typed comes back with the page; only files have to be chosen again.
                drafts.keep(ticket, written, by=agent)
                request.session[_TROUBLE] = {
                    "ticket": ticket.pk,
                    "said": told(error.diagnosis),
                    "lost_files": bool(request.FILES),
                }
                return page
        drafts.discard(ticket, by=agent)
        looks.read_own(ticket.standing_for(), by=agent)
        waits = _("The answer leaves in %(seconds)d seconds; until then it can be taken back below.")
        messages.success(request, waits % {"seconds": settings.SEND_UNDO_S})
        if request.POST.get("then") == Ticket.Status.SOLVED:
            rows = Ticket.objects.filter(tenant=ticket.tenant_id, pk=ticket.standing_for().pk)
            handling.set_status(rows, Ticket.Status.SOLVED, by=agent)
        return page

    def keep_draft(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Keep what is being typed; asked for by composer.js, and by the button that throws it away."""
        ticket, agent = self._answerable(request, pk), cast(User, request.user)
        if "discard" in request.POST:
            drafts.discard(ticket, by=agent)
            return HttpResponseRedirect(reverse("admin:tickets_ticket_change", args=[pk]) + "#end")
        kept_at = drafts.keep(ticket, _written(request), by=agent, key=_key(request))
        said = _("Draft kept at %(time)s") % {"time": time_format(timezone.localtime(kept_at))}
        return JsonResponse({"told": said if kept_at else ""})

    def quote(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give the customer's last mail as a quote; asked for by composer.js."""
        found = quote_of(self._answerable(request, pk).standing_for()) or Quote(text="", html="")
        return JsonResponse({"text": found.text, "html": found.html})

    def suggest(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give the people meant by the letters typed so far; asked for by addresses.js."""
        term = request.POST.get("term", "")[:100]
        ticket = self._answerable(request, pk)
        return JsonResponse({"people": suggest(ticket, term, visible=self.get_queryset(request))})

    def _answerable(self, request: HttpRequest, pk: int) -> Ticket:
        ticket: Ticket | None = self.get_queryset(request).filter(pk=pk).first()
        if ticket is None or not self.has_change_permission(request, ticket):
            raise Http404
        return ticket


def composer(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    """Give what the form of the answer shows, or why there is none."""
    code, agent = why_no_reply(ticket), cast(User, request.user)
    draft = drafts.draft_of(ticket, by=agent)
    if code or ticket.mailbox is None:
        return {"no_answer": explain(diagnose_own(code)), "draft": draft}
    sender = sender_of_answer(ticket)
    trouble = request.session.pop(_TROUBLE, None)
    return {
        "no_answer": None,
        "trouble_of_answer": trouble if trouble and trouble["ticket"] == ticket.pk else None,
        "answer_key": uuid.uuid4().hex,
        "answer_from": sender,
        "answer_footer": footer_below(ticket, by=agent, sender=sender),
        "canned": canned_below(ticket, by=agent, sender=sender),
        "answer_others": ", ".join(one["email"] for one in others_on(ticket)),
        "draft": draft or Written(to=ticket.requester_email),
        "has_draft": draft is not None,
        "is_rich": bool(draft.html) if draft else drafts.is_rich(agent),
        "begun": drafts.begun_by_others(ticket, by=agent),
        "room": room_of(ticket.mailbox),
    }


def _key(request: HttpRequest) -> str:
    return request.POST.get("key", "")[:64]


def _written(request: HttpRequest) -> Written:
    posted = request.POST
    return Written(
        text=posted.get("answer", ""),
        html=posted.get("html", "") if posted.get("rich") else "",
        to=posted.get("to", ""),
        cc=posted.get("cc", ""),
        bcc=posted.get("bcc", ""),
    )


def _answer(request: HttpRequest, ticket: Ticket, written: Written) -> Answer:
    files = request.FILES.getlist("files")
    stored = drafts.kept_files(ticket, request.POST.getlist("kept"), by=cast(User, request.user))
    room = room_of(ticket.mailbox) if ticket.mailbox else Room()
    size_bytes = sum(file.size or 0 for file in files) + sum(one["size_bytes"] for one in stored)
    if size_bytes > room.most_bytes:
        raise Misconfigured.own(room.code)
    text, html = written.text, written.html
    quote = quote_of(ticket.standing_for()) if "with_quote" in request.POST else None
    if quote is not None:
        html = f"{html}{quote.html}" if html else ""
        text = f"{text.rstrip()}\n\n{quote.text}"
    return Answer(
        text=text,
        html=html,
        to=people(written.to),
        cc=people(written.cc),
        bcc=people(written.bcc),
        files=[_file(one) for one in files],
        stored=stored,
        key=_key(request) or uuid.uuid4().hex,
    )


def _file(file: Any) -> File:
    return File(name=file.name or "file", content_type=file.content_type or "", chunks=file.chunks)
