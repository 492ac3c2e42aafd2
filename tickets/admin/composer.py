"""The answer on a ticket's page: written, queued with a moment to take it back, or refused with nothing lost."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tenants.admin.wording import explain
from tenants.diagnosis import diagnose_own
from tenants.errors import IntegrationError
from tenants.wording import told
from tickets.models import Ticket
from tickets.replies import MAX_FILES_BYTES, Answer, File, people, reply, sender_of_answer, why_no_reply

FIELDS = ("answer", "to", "cc", "bcc")


class ComposerPages:
    """Adds the answer to an admin page of tickets."""

    admin_site: Any
    get_queryset: Any
    has_change_permission: Any

    def get_urls(self) -> list[Any]:
        door = self.admin_site.admin_view(require_POST(self.write_answer))
        urls: list[Any] = super().get_urls()  # type: ignore[misc]
        return [path("<int:pk>/answer/", door, name="tickets_ticket_answer"), *urls]

    def write_answer(self, request: HttpRequest, pk: int) -> HttpResponse:
        ticket = self.get_queryset(request).filter(pk=pk).first()
        if ticket is None or not self.has_change_permission(request, ticket):
            raise Http404
        try:
            reply(ticket, _answer(request), by=cast(User, request.user), hold_s=settings.SEND_UNDO_S)
        except IntegrationError as error:
            # What was typed comes back with the page; only files have to be chosen again.
            request.session[_draft_key(pk)] = {name: request.POST.get(name, "") for name in FIELDS}
            messages.error(request, told(error.diagnosis))
        else:
            waits = _("The answer leaves in %(seconds)d seconds; until then it can be taken back below.")
            messages.success(request, waits % {"seconds": settings.SEND_UNDO_S})
        return HttpResponseRedirect(reverse("admin:tickets_ticket_change", args=[pk]) + "#end")


def composer(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    """Give what the form of the answer shows, or why there is none."""
    code = why_no_reply(ticket)
    draft: Mapping[str, str] = request.session.pop(_draft_key(ticket.pk), {})
    return {
        "no_answer": explain(diagnose_own(code)) if code else None,
        "answer_key": uuid.uuid4().hex,
        "answer_from": sender_of_answer(ticket),
        "draft": {"to": ticket.requester_email, **draft},
        "most_bytes": MAX_FILES_BYTES,
    }


def _answer(request: HttpRequest) -> Answer:
    written = request.POST
    return Answer(
        text=written.get("answer", ""),
        to=people(written.get("to", "")),
        cc=people(written.get("cc", "")),
        bcc=people(written.get("bcc", "")),
        files=[_file(one) for one in request.FILES.getlist("files")],
        key=written.get("key", "")[:64] or uuid.uuid4().hex,
    )


def _file(file: Any) -> File:
    return File(name=file.name or "file", content_type=file.content_type or "", chunks=file.chunks)


def _draft_key(pk: int) -> str:
    return f"answer-{pk}"
