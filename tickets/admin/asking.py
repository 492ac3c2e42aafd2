"""“Ask for approval”: the page behind a ticket on which staff put a question to people outside the desk."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, Final, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mailboxes.models import Mailbox
from mailboxes.outbound.room import Room, room_of
from tenants.admin.theme import ThemedSelect, ThemedTextarea, ThemedTextInput
from tenants.admin.wording import explain
from tenants.diagnosis import diagnose_own
from tenants.errors import IntegrationError
from tenants.reach import within
from tenants.templatetags.desk import size
from tenants.wording import told
from tickets.approval_mails import MAX_CONTEXT
from tickets.approvals import ask, mailbox_behind
from tickets.models import Approval, ApprovalRequest, Attachment, Ticket
from tickets.questions import Question
from tickets.replies import people, why_no_reply

#: What a ticket's page tells of its approvals, newest first.
SHOWN: Final = 5
#: Files that are offered, newest first.
MOST_FILES: Final = 50
#: How an approval stands, and what one approver has said, by colour.
LEVELS: Final = {
    "open": "info",
    "waiting": "info",
    "approved": "success",
    "rejected": "danger",
    "expired": "warning",
    "cancelled": "calm",
}
_DEADLINES: Final = [
    (4, gettext_lazy("in 4 hours")),
    (24, gettext_lazy("in a day")),
    (48, gettext_lazy("in two days")),
    (72, gettext_lazy("in three days")),
    (168, gettext_lazy("in a week")),
    (336, gettext_lazy("in two weeks")),
    (672, gettext_lazy("in four weeks")),
]
_REMINDERS: Final = [
    (0, gettext_lazy("never")),
    (4, gettext_lazy("every 4 hours")),
    (24, gettext_lazy("every day")),
    (48, gettext_lazy("every two days")),
]


class Moment(ThemedTextInput):
    """A date and a time as browsers ask for them."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> Any:
        return f"{value:%Y-%m-%dT%H:%M}" if hasattr(value, "isoformat") else value


class AskForm(forms.Form):
    """What the page asks; names of files and mailboxes are those of the ticket and its tenant alone."""

    question = forms.CharField(label=gettext_lazy("Question"), max_length=500, widget=ThemedTextInput)
    context = forms.CharField(
        label=gettext_lazy("What it is about"),
        required=False,
        max_length=MAX_CONTEXT,
        widget=ThemedTextarea(attrs={"rows": 6}),
        help_text=gettext_lazy(
            "Goes into the mail as it is. Nothing of the ticket is sent but this and the files chosen."
        ),
    )
    approvers = forms.CharField(
        label=gettext_lazy("Approvers"),
        max_length=4_000,
        widget=ThemedTextInput,
        help_text=gettext_lazy("Addresses with commas between. Each gets a mail of his own."),
    )
    quorum = forms.IntegerField(
        label=gettext_lazy("Approvals needed"),
        required=False,
        widget=ThemedTextInput(attrs={"inputmode": "numeric"}),
        help_text=gettext_lazy("Empty means all of them."),
    )
    deadline_h = forms.TypedChoiceField(
        label=gettext_lazy("Answer until"), coerce=int, choices=_DEADLINES, initial=72, widget=ThemedSelect
    )
    deadline_at = forms.DateTimeField(
        label=gettext_lazy("or until this moment"),
        required=False,
        widget=Moment,
        help_text=gettext_lazy(
            "In your own time; it counts before the line above. The mail names it with its zone."
        ),
    )
    remind_every_h = forms.TypedChoiceField(
        label=gettext_lazy("Remind"), coerce=int, choices=_REMINDERS, initial=24, widget=ThemedSelect
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the mails"),
        choices=settings.LANGUAGES,
        widget=ThemedSelect,
        help_text=gettext_lazy("Answers may be in any of some thirty languages."),
    )
    answers_in: Any = forms.ModelChoiceField(
        label=gettext_lazy("Answers come to"), required=False, queryset=None, widget=ThemedSelect
    )
    files: Any = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Files of the ticket"),
        required=False,
        queryset=None,
        widget=forms.CheckboxSelectMultiple,
    )
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, ticket: Ticket, mailboxes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["approvers"].widget.attrs |= {
            "data-people": reverse("admin:tickets_ticket_people", args=[ticket.pk]),
            "data-people-told": _("People who have written"),
        }
        self.initial.update(key=uuid.uuid4().hex, language=get_language())
        files = Attachment.objects.filter(entry__ticket=ticket, is_inline=False).order_by("-pk")
        self.fields["files"].queryset = files  # type: ignore[attr-defined]
        self.fields["files"].choices = [  # type: ignore[attr-defined]
            (file.pk, f"{file.name} · {size(file.size_bytes)}") for file in files[:MOST_FILES]
        ]
        box: Any = self.fields["answers_in"]
        box.queryset = mailboxes
        default = mailbox_behind(ticket.mailbox) if ticket.mailbox else "–"
        box.empty_label = _("%(address)s, as all answers") % {"address": default}

    def as_question(self) -> Question:
        """Raises Misconfigured (recipient_invalid)."""
        given = self.cleaned_data
        approvers = people(given["approvers"])
        return Question(
            question=given["question"],
            context=given["context"],
            approvers=approvers,
            quorum=len({one["email"].lower() for one in approvers})
            if given["quorum"] is None
            else given["quorum"],
            deadline_at=given["deadline_at"] or timezone.now() + timedelta(hours=given["deadline_h"]),
            language=given["language"],
            zone=timezone.get_current_timezone_name(),
            remind_every_h=given["remind_every_h"],
            files=[file.pk for file in given["files"]],
            answers_in=given["answers_in"],
            key=given["key"],
        )


class AskingPages:
    """Adds the page to an admin page of tickets."""

    admin_site: Any
    get_queryset: Any
    has_change_permission: Any

    def get_urls(self) -> list[Any]:
        door = self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(self.ask))
        urls: list[Any] = super().get_urls()  # type: ignore[misc]
        return [path("<int:pk>/ask/", door, name="tickets_ticket_ask"), *urls]

    def ask(self, request: HttpRequest, pk: int) -> HttpResponse:
        ticket = self.get_queryset(request).filter(pk=pk).first()
        if ticket is None or not self.has_change_permission(request, ticket):
            raise Http404
        mailboxes = within(request, Mailbox.objects.filter(tenant_id=ticket.tenant_id).working())
        form = AskForm(request.POST or None, ticket=ticket, mailboxes=mailboxes)
        if request.method == "POST" and form.is_valid() and _asked(request, ticket, form):
            return HttpResponseRedirect(reverse("admin:tickets_ticket_change", args=[pk]) + "#end")
        code = why_no_reply(ticket)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Ask for approval"),
            "ticket": ticket,
            "form": form,
            "room": room_of(ticket.mailbox) if ticket.mailbox else Room(),
            "no_way": explain(diagnose_own(code)) if code else None,
        }
        return TemplateResponse(request, "tickets/ask.html", context)


def _asked(request: HttpRequest, ticket: Ticket, form: AskForm) -> bool:
    try:
        approval = ask(ticket, form.as_question(), by=cast(User, request.user))
    except IntegrationError as error:
        form.add_error(None, told(error.diagnosis))
        return False
    count = approval.requests.count()
    messages.success(request, _("Asked. Mails on their way: %(n)d.") % {"n": count})
    return True


def approvals_of(ticket: Ticket) -> list[Any]:
    """Give the newest approvals of a ticket and of those merged into it, with their approvers."""
    own = Approval.objects.filter(tenant_id=ticket.tenant_id).filter(
        Q(ticket=ticket) | Q(ticket__merged_into=ticket)
    )
    requests = Prefetch("requests", ApprovalRequest.objects.filter(tenant_id=ticket.tenant_id))
    found: list[Any] = list(own.prefetch_related(requests)[:SHOWN])
    for approval in found:
        approval.level = LEVELS[approval.state]
        for one in approval.requests.all():
            one.level = LEVELS[one.state]
    return found
