"""The ledger: every mail ever seen, what became of it and why; and the quarantine, which is a view of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from mailboxes import figures
from mailboxes.models import InboundMessage
from tenants.admin.theme import ThemedChoicesFilter, ThemedSimpleFilter
from tenants.admin.wording import explain
from tenants.posted import posted
from tenants.reach import ADMINS, NOBODY, WORKERS, is_operator, may
from tenants.templatetags.desk import ago
from tenants.wording import shown
from tickets import search
from tickets.admin import importing, preview
from tickets.admin.searching import SearchedByIndex
from tickets.admin.states import counted, offered
from tickets.models import Entry
from tickets.rehearsing import rehearse
from tickets.replaying import REFUSALS, Replayed, make_tickets, replay
from tickets.wording import reason

State = InboundMessage.State
LEVELS = {
    "received": "info",
    "filed": "success",
    "skipped": "calm",
    "suspended": "warning",
    "quarantined": "danger",
    "gone": "calm",
}
#: What may become a ticket although it was decided otherwise.
TICKETABLE = frozenset({State.QUARANTINED, State.SUSPENDED, State.SKIPPED})
#: What can be filed anew from here; a mail that is filed already needs the command, which says what it undoes.
REPLAYABLE = frozenset({State.QUARANTINED, State.SUSPENDED, State.SKIPPED, State.RECEIVED})


#: What the figures of the overview ask of this list.
LINKED = {"received_at__gte", "received_at__lt", "is_sent__exact"}
#: States whose mails wait for somebody.
COUNTED = (State.QUARANTINED, State.SUSPENDED, State.RECEIVED)


class TakenFilter(ThemedSimpleFilter):
    """Mails that other people or programs moved or deleted between our looks."""

    title = gettext_lazy("moved or deleted by others")
    parameter_name = "taken"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("yes", _("yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return figures.taken_of(queryset) if self.value() == "yes" else queryset


@admin.register(InboundMessage)
class LedgerAdmin(SearchedByIndex):
    add_roles = change_roles = delete_roles = NOBODY
    list_display = ["subject_shown", "state_shown", "received", "mailbox", "tenant"]
    list_select_related = ["mailbox", "tenant"]
    list_filter = [("state", ThemedChoicesFilter), TakenFilter, "mailbox", "tenant"]
    find = staticmethod(search.mail_ids)
    search_help_text = gettext_lazy("Subject, sender or Message-ID")
    change_form_template = "tickets/story.html"
    actions = ["try_again", "make_tickets"]
    list_before_template = "tickets/states.html"
    fields = ["subject"]
    empty_hint = gettext_lazy(
        "No mail has been seen yet. Once a mailbox is read, every mail it held is listed here."
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The ledger is written by what happens alone."""
        return False

    has_delete_permission = has_change_permission

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return may(request, WORKERS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).defer("traceback", "remote_id")
        return rows

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Put the states above the list, with how many mails wait for somebody in each of those that matter."""
        rows = self.get_queryset(request)
        named = [
            (
                counted(one.label, rows.filter(state=one)) if one in COUNTED else one.label,
                f"state__exact={one}",
            )
            for one in (State.QUARANTINED, State.SUSPENDED, State.RECEIVED, State.SKIPPED)
        ]
        return super().changelist_view(request, {**(extra_context or {}), "states": offered(request, named)})

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Take what figures link to, besides what the filters ask."""
        return lookup in LINKED or super().lookup_allowed(lookup, value, request)

    def get_urls(self) -> list[Any]:
        doors: dict[str, Callable[..., HttpResponse]] = {
            "again": posted(self.try_one_again),
            "ticket": posted(self.make_one_ticket),
            "rules": require_safe(self.show_rules),
        }
        of_mailboxes: dict[str, Callable[..., HttpResponse]] = {
            "preview": posted(partial(preview.preview_now, self), page="admin:mailboxes_mailbox_change"),
            "start": posted(partial(preview.start_now, self), page="admin:mailboxes_mailbox_change"),
            "import_again": posted(
                partial(importing.file_again, self), page="admin:mailboxes_mailbox_change"
            ),
            "undo_import": require_http_methods(["GET", "HEAD", "POST"])(partial(importing.undo, self)),
        }
        return [
            *(
                path(
                    f"mailbox/<int:pk>/{name}/",
                    self.admin_site.admin_view(view),
                    name=f"mailboxes_inboundmessage_{name}",
                )
                for name, view in of_mailboxes.items()
            ),
            *(
                path(
                    f"<int:pk>/{name}/",
                    self.admin_site.admin_view(view),
                    name=f"mailboxes_inboundmessage_{name}",
                )
                for name, view in doors.items()
            ),
            *super().get_urls(),
        ]

    @admin.action(description=gettext_lazy("Try again: file the selected mails anew"), permissions=["replay"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        rows = [
            row for row in queryset[:500] if may(request, WORKERS, row.tenant_id) and row.state in REPLAYABLE
        ]
        if not rows:
            messages.warning(request, _("None of these can be filed anew: they are filed already or gone."))
            return
        self._tell(request, replay(rows, by=request.user))

    @admin.action(
        description=gettext_lazy("Make tickets of the selected mails, whatever was decided"),
        permissions=["replay"],
    )
    def make_tickets(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        rows = [
            row for row in queryset[:500] if may(request, WORKERS, row.tenant_id) and row.state in TICKETABLE
        ]
        if not rows:
            messages.warning(
                request, _("None of these waits for a decision: they are filed already or gone.")
            )
            return
        self._tell(request, make_tickets(rows, by=request.user))

    def _tell(self, request: HttpRequest, answers: Sequence[Replayed]) -> None:
        refused = [answer for answer in answers if answer.has_failed]
        for code in sorted({answer.refusal for answer in refused if answer.refusal}):
            messages.warning(request, REFUSALS[code])
        if any(answer.error for answer in refused):
            messages.error(request, _("Filing has failed again; the mail's page says why."))
        if taken := len(answers) - len(refused):
            text = ngettext("%(n)d mail was filed anew.", "%(n)d mails were filed anew.", taken)
            messages.success(request, text % {"n": taken})

    def try_one_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.try_again(request, self._one(request, pk))
        return HttpResponseRedirect(reverse("admin:mailboxes_inboundmessage_change", args=[pk]))

    def make_one_ticket(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.make_tickets(request, self._one(request, pk))
        return HttpResponseRedirect(reverse("admin:mailboxes_inboundmessage_change", args=[pk]))

    def _one(self, request: HttpRequest, pk: int) -> QuerySet[Any]:
        """Give the row to act on, for whoever works on tickets of its tenant."""
        rows = self.get_queryset(request).filter(pk=pk)
        row = rows.first()
        if row is None:
            raise Http404
        if not may(request, WORKERS, row.tenant_id):
            raise PermissionDenied
        return rows

    def show_rules(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what the rules of today would do with this mail."""
        row = self.get_queryset(request).select_related("mailbox__tenant").filter(pk=pk).first()
        if row is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": _("What the rules do with this mail"),
            "opts": self.opts,
            "mail": row,
            "rehearsal": rehearse(row),
            "may_write_rules": may(request, ADMINS, row.tenant_id),
        }
        return TemplateResponse(request, "tickets/rehearsal.html", context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        if mail := context.get("original"):
            entry = Entry.objects.filter(inbound=mail).select_related("ticket").defer("text", "html").first()
            context |= {
                "title": mail.subject or _("(no subject)"),
                "subtitle": None,
                "mail": mail,
                "entry": entry,
                "level": LEVELS.get(mail.state, "calm"),
                "trouble": explain(mail.error),
                "decisions": (entry.decisions or {}) if entry else {},
                "can_become_ticket": mail.state in TICKETABLE
                and bool(mail.raw_path)
                and not mail.is_sent
                and may(request, WORKERS, mail.tenant_id),
                "can_replay": mail.state in REPLAYABLE and may(request, WORKERS, mail.tenant_id),
                # A traceback tells of the program, not of the mail; it is for whoever runs it.
                "traceback": mail.traceback if is_operator(request) else "",
            }
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=gettext_lazy("mail"), ordering="subject")
    def subject_shown(self, mail: InboundMessage) -> str:
        return format_html(
            '<span class="desk-subject"><bdi>{}</bdi></span><span class="desk-who"><bdi>{}</bdi></span>',
            mail.subject or _("(no subject)"),
            Truncator(mail.sender or _("unknown sender")).chars(80),
        )

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, mail: InboundMessage) -> str:
        cause = reason(mail.reason) or (
            _("moved or deleted by others before it was tidied up") if mail.taken_at else ""
        )
        cause = cause or shown((mail.error or {}).get("cause", ""))
        return format_html(
            '<span class="desk-state is-{}">{}</span><span class="desk-who desk-cause">{}</span>',
            LEVELS.get(mail.state, "calm"),
            mail.get_state_display(),
            Truncator(cause).chars(120),
        )

    @admin.display(description=gettext_lazy("received"), ordering="received_at")
    def received(self, mail: InboundMessage) -> str:
        return ago(mail.received_at)
