"""The outbox: every mail of ours, how it stands and why; taken back, or sent again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mailboxes.enqueue import enqueue_send
from mailboxes.models import OutboundMessage
from mailboxes.outbound.pace import Forecast
from mailboxes.sides import sending_side
from mailboxes.transports.out import why_not
from tenants.admin.scoped import TenantOwnedAdmin
from tenants.admin.theme import ThemedChoicesFilter
from tenants.admin.wording import explain
from tenants.diagnosis import Diagnosis, diagnose_own
from tenants.posted import posted
from tenants.reach import NOBODY, WORKERS, may
from tenants.templatetags.desk import ago
from tenants.wording import shown
from tickets import drafts, unsent
from tickets.admin.columns import NOTHING
from tickets.admin.conversation import SENT_LEVELS
from tickets.admin.states import counted, offered
from tickets.models import Entry

State = OutboundMessage.State


@admin.register(OutboundMessage)
class OutboxAdmin(TenantOwnedAdmin):
    add_roles = change_roles = delete_roles = NOBODY
    list_select_related = ["mailbox", "tenant"]
    list_filter = [("state", ThemedChoicesFilter), "mailbox", "tenant"]
    search_fields = ["subject", "message_id"]
    search_help_text = gettext_lazy("Subject or Message-ID")
    change_form_template = "tickets/outgoing.html"
    list_before_template = "tickets/states.html"
    actions = ["take_back", "send_again"]
    fields = ["subject"]
    empty_hint = gettext_lazy(
        "Nothing has been sent yet. Answers that are written on tickets are listed here."
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The outbox is written by what happens alone."""
        return False

    has_delete_permission = has_change_permission

    def has_send_permission(self, request: HttpRequest) -> bool:
        return may(request, WORKERS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = (
            super().get_queryset(request).defer("headers", "references", "remote_id", "text", "html")
        )
        return rows

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Put the states above the list, with how many mails have not left."""
        rows = self.get_queryset(request)
        named = [
            (
                counted(_("failed or in doubt"), rows.filter(state__in=OutboundMessage.STUCK)),
                f"state__in={','.join(OutboundMessage.STUCK)}",
            ),
            (counted(State.QUEUED.label, rows.filter(state=State.QUEUED)), f"state__exact={State.QUEUED}"),
            *((one.label, f"state__exact={one}") for one in (State.BOUNCED, State.CANCELLED, State.SENT)),
        ]
        return super().changelist_view(request, {**(extra_context or {}), "states": offered(request, named)})

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = ["subject_shown", "state_shown", _leaves(Forecast()), "queued", "mailbox"]
        return [*columns, "tenant"] if self.has_several_tenants(request) else columns

    def get_urls(self) -> list[Any]:
        doors = [("cancel", self.take_one_back), ("again", self.send_one_again), ("left", self.believe_left)]
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(posted(door)),
                name=f"mailboxes_outboundmessage_{name}",
            )
            for name, door in doors
        ]
        return [*own, *super().get_urls()]

    @admin.action(description=gettext_lazy("Cancel the selected mails"), permissions=["send"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._tell_taken_back(request, self._each(request, queryset, unsent.take_back))

    @admin.action(description=gettext_lazy("Send the selected mails again"), permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        done = self._each(request, queryset, unsent.send_again)
        text = ngettext("%(n)d mail is sent again.", "%(n)d mails are sent again.", done)
        self._tell(
            request, done, text % {"n": done}, _("Only failed, cancelled and doubtful mail is sent again.")
        )

    def take_one_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self._mine(request, pk)
        done = self._each(request, self.get_queryset(request).filter(pk=row.pk), unsent.take_back)
        row.refresh_from_db(fields=["state"])
        # Pressed twice, the first press has said it all.
        if done or row.state != State.CANCELLED:
            self._tell_taken_back(request, done)
        entry = Entry.objects.filter(outbound=row).select_related("ticket").first()
        if not done or entry is None or "ticket" not in request.POST:
            return _back(request, row)
        # Whoever takes an answer back wants to change it.
        if not drafts.take_back(entry.ticket, row, by=cast(User, request.user)):
            kept = _("You have begun another answer, which stays; the one taken back stands above it.")
            messages.info(request, kept)
        return _back(request, row)

    def send_one_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self._mine(request, pk)
        self.send_again(request, self.get_queryset(request).filter(pk=row.pk))
        return _back(request, row)

    def believe_left(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self._mine(request, pk)
        done = unsent.believe_left(row, by=cast(User, request.user))
        self._tell(request, done, _("The mail counts as sent."), _("It is no longer in doubt."))
        return _back(request, row)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        if mail := context.get("original"):
            may_act = may(request, WORKERS, mail.tenant_id)
            context |= {
                "title": mail.subject or _("(no subject)"),
                "subtitle": None,
                "mail": mail,
                "entry": Entry.objects.filter(outbound=mail).select_related("ticket").first(),
                "leaves_at": Forecast().leaves_at(mail),
                "level": SENT_LEVELS.get(mail.state, "calm"),
                "trouble": explain(mail.error or _hindrance(mail)),
                "registration": sending_side(mail.mailbox).registration,
                "can_cancel": may_act and mail.is_cancellable,
                "can_repeat": may_act and mail.is_repeatable,
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def _mine(self, request: HttpRequest, pk: int) -> OutboundMessage:
        row: OutboundMessage | None = self.get_queryset(request).filter(pk=pk).first()
        if row is None:
            raise Http404
        if not may(request, WORKERS, row.tenant_id):
            raise PermissionDenied
        return row

    def _each(self, request: HttpRequest, rows: QuerySet[Any], act: Callable[..., bool]) -> int:
        mine = [row for row in rows[:500] if may(request, WORKERS, row.tenant_id)]
        done = [row for row in mine if act(row, by=request.user)]
        for mailbox_id in {row.mailbox_id for row in done}:
            enqueue_send(mailbox_id)
        return len(done)

    def _tell_taken_back(self, request: HttpRequest, done: int) -> None:
        text = ngettext("%(n)d mail was cancelled.", "%(n)d mails were cancelled.", done)
        self._tell(request, done, text % {"n": done}, _("Too late: it is being sent, or has been."))

    def _tell(self, request: HttpRequest, done: int, success: str, refusal: str) -> None:
        if done:
            messages.success(request, success)
        else:
            messages.warning(request, refusal)

    @admin.display(description=gettext_lazy("mail"), ordering="subject")
    def subject_shown(self, mail: OutboundMessage) -> str:
        return format_html(
            '<span class="desk-subject"><bdi>{}</bdi></span><span class="desk-who"><bdi>{}</bdi></span>',
            mail.subject or _("(no subject)"),
            Truncator(", ".join(str(one.get("email", "")) for one in mail.to)).chars(80),
        )

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, mail: OutboundMessage) -> str:
        return format_html(
            '<span class="desk-state is-{}">{}</span><span class="desk-who desk-cause">{}</span>',
            SENT_LEVELS.get(mail.state, "calm"),
            mail.get_state_display(),
            Truncator(shown((mail.error or {}).get("cause", ""))).chars(120),
        )

    @admin.display(description=gettext_lazy("queued"), ordering="queued_at")
    def queued(self, mail: OutboundMessage) -> str:
        return ago(mail.queued_at)


def _leaves(forecast: Forecast) -> Any:
    """Make the column that says when a queued mail leaves, by one plan for all rows of a page."""

    @admin.display(description=gettext_lazy("leaves"))
    def leaves(mail: OutboundMessage) -> str:
        at = forecast.leaves_at(mail)
        return format_html('<span class="desk-nowrap">{}</span>', ago(at)) if at else NOTHING

    return leaves


def _hindrance(mail: OutboundMessage) -> Diagnosis | None:
    """Say why a mail that waits is not even tried."""
    code = why_not(mail.mailbox) if mail.state == State.QUEUED else ""
    return diagnose_own(code) if code else None


def _back(request: HttpRequest, row: OutboundMessage) -> HttpResponse:
    """Go back to the ticket the button was pressed on, or to the mail's own page."""
    entry = Entry.objects.filter(outbound=row).first() if "ticket" in request.POST else None
    if entry is not None:
        return HttpResponseRedirect(reverse("admin:tickets_ticket_change", args=[entry.ticket_id]) + "#end")
    return HttpResponseRedirect(reverse("admin:mailboxes_outboundmessage_change", args=[row.pk]))
