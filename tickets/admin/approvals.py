"""Approvals: every question with its answers, the list of all answers, and a tenant's own words of decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mailboxes.models import Mailbox
from mailboxes.transports.out import why_not
from tenants.admin.scoped import TenantForm, TenantOwnedAdmin
from tenants.admin.theme import ThemedChoicesFilter
from tenants.errors import IntegrationError
from tenants.posted import posted
from tenants.reach import ADMINS, NOBODY, WORKERS, may
from tenants.templatetags.desk import ago
from tenants.wording import told
from tickets.admin.asking import LEVELS
from tickets.approvals import cancel, remind
from tickets.models import Approval, ApprovalAnswer, ApprovalRequest, DecisionWord
from tickets.wording import reason

#: Answers a page lists, newest first.
SHOWN_ANSWERS = 50


class Unwritten(TenantOwnedAdmin):
    """A list that is written by what happens alone."""

    add_roles = change_roles = delete_roles = NOBODY

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_delete_permission = has_change_permission


@admin.register(Approval)
class ApprovalAdmin(Unwritten):
    # Said here as well: what counts its rows does not keep the order of the model.
    ordering = ["-asked_at", "-pk"]
    list_display = ["asked_shown", "state_shown", "given_shown", "until", "asked", "tenant"]
    list_select_related = ["ticket", "tenant"]
    list_filter = [("state", ThemedChoicesFilter), "tenant"]
    search_fields = ["question", "requests__address"]
    search_help_text = gettext_lazy("Question, or the address of an approver")
    fields: ClassVar[Any] = ["question"]
    change_form_template = "tickets/approval.html"
    list_before_template = "tickets/approval_lists.html"
    empty_hint = gettext_lazy(
        "Nobody has been asked yet. Open a ticket and press “Ask for approval”; the answers come by mail."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        given = Count("requests", filter=Q(requests__state=ApprovalRequest.State.APPROVED), distinct=True)
        counted: QuerySet[Any] = rows.annotate(given=given)
        return counted

    def get_urls(self) -> list[Any]:
        doors = {"cancel": self.take_back, "remind": self.remind}
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(posted(door)),
                name=f"tickets_approval_{name}",
            )
            for name, door in doors.items()
        ]
        return [*own, *super().get_urls()]

    def take_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        def act(approval: Approval, by: User) -> str:
            cancel(approval, by=by)
            return _("The approval was cancelled; answers that still come change nothing.")

        return self._act(request, pk, act)

    def remind(self, request: HttpRequest, pk: int) -> HttpResponse:
        def act(approval: Approval, by: User) -> str:
            if sent := remind(approval, by=by):
                return ngettext(
                    "%(n)d reminder is on its way.", "%(n)d reminders are on their way.", sent
                ) % {"n": sent}
            return _(
                "Nobody was reminded: everybody has answered, had a mail within the last hour or all reminders."
            )

        return self._act(request, pk, act)

    def _act(self, request: HttpRequest, pk: int, act: Callable[[Approval, User], str]) -> HttpResponse:
        """Do one thing with an approval somebody works on, and say how it went."""
        approval = self.get_queryset(request).filter(pk=pk).first()
        if approval is None:
            raise Http404
        if not may(request, WORKERS, approval.tenant_id):
            raise PermissionDenied
        try:
            messages.success(request, act(approval, cast(User, request.user)))
        except IntegrationError as error:
            messages.warning(request, told(error.diagnosis))
        return HttpResponseRedirect(reverse("admin:tickets_approval_change", args=[pk]))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        if approval := context.get("original"):
            requests = ApprovalRequest.objects.filter(approval=approval).select_related("outbound")
            can_act = approval.is_open and may(request, WORKERS, approval.tenant_id)
            context |= {
                "title": approval.question,
                "subtitle": None,
                "approval": approval,
                "level": LEVELS[approval.state],
                "language": dict(settings.LANGUAGES).get(approval.language, approval.language),
                "ticket": approval.ticket.standing_for(),
                "requests": [(one, LEVELS[one.state]) for one in requests],
                "answers": ApprovalAnswer.objects.filter(approval=approval)[:SHOWN_ANSWERS],
                "is_unread": approval.is_open and not _is_read(approval),
                "can_act": can_act,
                "can_remind": can_act and approval.deadline_at > timezone.now(),
                "tells_nobody": approval.mailbox is None or bool(why_not(approval.mailbox)),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=gettext_lazy("question"), ordering="question")
    def asked_shown(self, approval: Approval) -> str:
        return format_html(
            '<span class="desk-subject"><bdi>{}</bdi></span><span class="desk-who">{}</span>',
            approval.question,
            approval.ticket.reference,
        )

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, approval: Approval) -> str:
        badge = '<span class="desk-state is-{}">{}</span>'
        return format_html(badge, LEVELS[approval.state], approval.get_state_display())

    @admin.display(description=gettext_lazy("approvals"))
    def given_shown(self, approval: Any) -> str:
        return _("%(given)d of %(needed)d needed") % {"given": approval.given, "needed": approval.quorum}

    @admin.display(description=gettext_lazy("until"), ordering="deadline_at")
    def until(self, approval: Approval) -> str:
        return ago(approval.deadline_at)

    @admin.display(description=gettext_lazy("asked"), ordering="asked_at")
    def asked(self, approval: Approval) -> str:
        return ago(approval.asked_at)


def _is_read(approval: Approval) -> bool:
    """Tell whether the mailbox that answers come to is being read."""
    boxes = Mailbox.objects.filter(pk=approval.answers_in_id or 0, tenant_id=approval.tenant_id).working()
    return boxes.exclude(paused=Mailbox.Pause.ERROR).exists()


@admin.register(ApprovalAnswer)
class ApprovalAnswerAdmin(Unwritten):
    list_display = ["when", "sender", "counted_as", "why", "about", "tenant"]
    list_display_links = ["sender"]
    list_select_related = ["approval", "tenant"]
    list_filter = [("counted_as", ThemedChoicesFilter), "tenant"]
    search_fields = ["sender"]
    search_help_text = gettext_lazy("Address of the sender")
    fields = (
        *("happened_at", "noted_at", "sender", "said", "counted_as", "why", "about", "outcome"),
        *("is_answered", "mail", "tenant"),
    )
    readonly_fields = ["why", "about"]
    empty_hint = gettext_lazy(
        "No answer yet. Every mail that answers a request for approval is listed here, with what it counted as and "
        "why; the list is only ever added to."
    )

    @admin.display(description=gettext_lazy("received"), ordering="happened_at")
    def when(self, line: ApprovalAnswer) -> str:
        return ago(line.happened_at)

    @admin.display(description=gettext_lazy("why"))
    def why(self, line: ApprovalAnswer) -> str:
        return reason(line.reason)

    @admin.display(description=gettext_lazy("approval"))
    def about(self, line: ApprovalAnswer) -> str:
        url = reverse("admin:tickets_approval_change", args=[line.approval_id])
        return format_html('<a class="desk-link" href="{}"><bdi>{}</bdi></a>', url, line.approval.question)


class DecisionWordForm(TenantForm):
    def clean_phrase(self) -> str:
        """Keep it in lower case, with single blanks, so that each is there once."""
        return " ".join(str(self.cleaned_data["phrase"]).lower().split())


@admin.register(DecisionWord)
class DecisionWordAdmin(TenantOwnedAdmin):
    form: Any = DecisionWordForm
    view_roles = ADMINS
    list_display = ["phrase", "means", "tenant"]
    list_select_related = ["tenant"]
    list_filter = [("means", ThemedChoicesFilter), "tenant"]
    search_fields = ["phrase"]
    fields = ["tenant", "phrase", "means"]
    empty_hint = gettext_lazy(
        "No words of your own. Approve, reject and their like in some thirty languages are understood; add a phrase "
        "your approvers use, or take one away by letting it decide nothing."
    )
