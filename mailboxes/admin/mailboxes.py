"""Mailboxes: what they are set to do, how they are, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from mailboxes import checkups, folders, pausing, signin, tokens
from mailboxes.admin import comparing, pages
from mailboxes.admin.filters import HealthFilter
from mailboxes.admin.forms import MailboxForm
from mailboxes.admin.guide import prove_scope_now, show_guide, show_mailbox_guide
from mailboxes.admin.layout import FIELDSETS
from mailboxes.admin.phrases import PhrasePreview
from mailboxes.admin.radar import make_calendar_link, revoke_calendar_link, show_radar
from mailboxes.admin.sign_ins import sign_in_cards
from mailboxes.health import health_of, trouble_of
from mailboxes.inbound import guard
from mailboxes.models import InboundMessage, Mailbox
from mailboxes.models.mailbox import TARGETS
from mailboxes.removal import remove
from mailboxes.sides import SendingSide, side_called
from tenants.admin.scoped import TenantOwnedAdmin
from tenants.posted import posted
from tenants.reach import NOBODY
from tenants.templatetags.desk import ago
from tenants.wording import shown

FORM = require_http_methods(["GET", "HEAD", "POST"])
#: What a form may ask beside these is a question to the person, not a column.
COLUMNS = {field.name for field in Mailbox._meta.concrete_fields}
_BESIDE = ("registration__tenant", "outbound_registration__tenant")


@admin.register(Mailbox)
class MailboxAdmin(PhrasePreview, TenantOwnedAdmin):
    form = MailboxForm
    phrases = ("outbound_footer",)
    phrases_title = gettext_lazy("The footer, as the customer reads it")
    delete_roles = NOBODY
    actions = ["take_over_all"]
    list_display = ["address", "state", "last_mail", "last_success", "next_look", "queue", "tenant"]
    list_select_related = ["tenant", "queue"]
    list_filter = [HealthFilter, "queue", "tenant"]
    search_fields = ["address"]
    fieldsets = FIELDSETS
    # On a page that may only be read there are no fields, and so no values to ask.
    conditional_fields = {
        "signed_in_user": "typeof sign_in == 'undefined' || sign_in != 'application'",
        "password": "typeof sign_in != 'undefined' && sign_in == 'password'",
        **dict.fromkeys(
            ("outbound_from", "outbound_registration", "outbound_sign_in", "outbound_signed_in_user"),
            "typeof outbound_transport == 'undefined' || outbound_transport != 'none'",
        ),
        "outbound_password": "typeof outbound_sign_in != 'undefined' && outbound_sign_in == 'password'",
        "since_at": "typeof since == 'undefined' || since == 'date'",
        "move_to": "typeof after == 'undefined' || after == 'move'",
        "confirm_address": "typeof after != 'undefined' && after == 'delete'",
    }
    change_form_outer_before_template = "mailboxes/mailbox_top.html"
    empty_hint = gettext_lazy(
        "No mailbox yet. Add the tenant and its app registration first, then a mailbox: its address and a queue."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("tenant", "queue")
        found: QuerySet[Any] = rows.annotate(is_others=pages.IS_OTHERS)
        return found

    def get_urls(self) -> list[Any]:
        doors: list[tuple[str, Callable[..., HttpResponse]]] = [
            ("sync", self.sync_now),
            ("pause", self.pause),
            ("resume", self.resume),
            ("test", self.test_configuration),
            ("folders", self.list_folders),
            ("choose", self.choose_folder),
            ("confirm", self.confirm_count),
            ("bundle", self.support_bundle),
            ("switch_on", self.switch_on),
            ("take_over", self.take_over),
            ("compare", partial(comparing.compare_now, self)),
            ("file_missing", partial(comparing.file_missing_now, self)),
            ("signout", self.sign_out),
        ]
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(posted(door)),
                name=f"mailboxes_mailbox_{name}",
            )
            for name, door in doors
        ]
        kept = self.admin_site.admin_view(require_safe(self.last_examination))
        own.append(path("<int:pk>/examined/", kept, name="mailboxes_mailbox_examined"))
        guide = self.admin_site.admin_view(FORM(self.guide))
        own.append(path("<int:pk>/guide/", guide, name="mailboxes_mailbox_guide"))
        return [*self._urls_beside(), *own, *super().get_urls()]

    def _urls_beside(self) -> list[Any]:
        """Give the pages about registrations and about what expires, which name no mailbox."""
        guide = self.admin_site.admin_view(FORM(partial(show_guide, self)))
        proving = posted(partial(prove_scope_now, self), page="admin:mailboxes_registration_guide")
        scope = self.admin_site.admin_view(proving)
        radar = self.admin_site.admin_view(require_safe(partial(show_radar, self)))
        calendars = [
            path(
                f"radar/calendar/{name}/",
                self.admin_site.admin_view(posted(partial(door, self), page="admin:mailboxes_radar")),
                name=f"mailboxes_calendar_{name}",
            )
            for name, door in (("make", make_calendar_link), ("revoke", revoke_calendar_link))
        ]
        return [
            path("registration/<int:pk>/guide/", guide, name="mailboxes_registration_guide"),
            path("registration/<int:pk>/scope/", scope, name="mailboxes_registration_scope"),
            path("radar/", radar, name="mailboxes_radar"),
            *calendars,
        ]

    def sync_now(self, request: HttpRequest, pk: int) -> HttpResponse:
        pages.look_now(request, self.own_mailbox(request, pk))
        return self.back_to(pk)

    def pause(self, request: HttpRequest, pk: int) -> HttpResponse:
        pausing.pause(self.own_mailbox(request, pk), by=request.user)
        messages.success(request, _("Paused. No mail is lost: it waits in the mailbox until you resume."))
        return self.back_to(pk)

    def resume(self, request: HttpRequest, pk: int) -> HttpResponse:
        pausing.resume(self.own_mailbox(request, pk), by=request.user)
        messages.success(request, _("Resumed; the next look is being made now."))
        return self.back_to(pk)

    def test_configuration(self, request: HttpRequest, pk: int) -> HttpResponse:
        return pages.examine_now(self, request, self.own_mailbox(request, pk))

    def last_examination(self, request: HttpRequest, pk: int) -> HttpResponse:
        return pages.show_last_found(self, request, self.own_mailbox(request, pk))

    def guide(self, request: HttpRequest, pk: int) -> HttpResponse:
        return show_mailbox_guide(self, request, self.own_mailbox(request, pk))

    def support_bundle(self, request: HttpRequest, pk: int) -> HttpResponse:
        return pages.give_bundle(request, self.own_mailbox(request, pk))

    def switch_on(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.POST.get("anyway") != "yes":
            mailbox = self.own_mailbox(request, pk)
            return pages.finish_switching_on(request, mailbox, self.back_to(pk))
        checkups.switch_on_untested(self.own_mailbox(request, pk), by=request.user)
        messages.success(request, _("Switched on; what does not work yet is tried again by itself."))
        return self.back_to(pk)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Save, and only after that, outside of the transaction, test what is to be switched on."""
        answer = super().changeform_view(request, *args, **kwargs)
        saved: Mailbox | None = getattr(request, "_to_switch_on", None)
        return answer if saved is None else pages.finish_switching_on(request, saved, answer)

    def list_folders(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailbox = self.own_mailbox(request, pk)
        return pages.ask_microsoft(
            self,
            request,
            mailbox,
            "mailboxes/folders.html",
            title=_("Folders of %(address)s") % {"address": mailbox.address},
            ask=partial(folders.live_folders, mailbox),
        )

    def choose_folder(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = pages.FolderChoice(request.POST)
        mailbox = self.own_mailbox(request, pk)
        if form.is_valid():
            chosen = form.cleaned_data
            folders.choose_folder(
                mailbox,
                chosen["purpose"],
                path=chosen["path"],
                remote_id=chosen["remote_id"],
                by=request.user,
            )
            messages.success(request, _("The folder “%(path)s” is used from now on.") % chosen)
        else:
            messages.error(request, _("Choose a folder from the list and what it is for."))
        return self.back_to(pk)

    def confirm_count(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailbox = self.own_mailbox(request, pk)
        if pausing.confirm(mailbox, typed=request.POST.get("mails", ""), by=request.user):
            messages.success(request, _("Confirmed; the inbox is being read from now on."))
        else:
            messages.error(request, _("That is not the number of mails; nothing was started."))
        return self.back_to(pk)

    def take_over(self, request: HttpRequest, pk: int) -> HttpResponse:
        guard.take_over(self.own_mailbox(request, pk), by=request.user)
        messages.success(request, _("The folder is this installation's from the look that is made now."))
        return self.back_to(pk)

    @admin.action(
        description=gettext_lazy("This is the same installation: tidy up these folders again"),
        permissions=["change"],
    )
    def take_over_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        mine = (mailbox for mailbox in queryset if self.has_change_permission(request, mailbox))
        n = sum(guard.take_over(mailbox, by=request.user, is_same=True) for mailbox in mine)
        text = ngettext("%(n)d folder is this installation's.", "%(n)d folders are this installation's.", n)
        messages.add_message(request, messages.SUCCESS if n else messages.WARNING, text % {"n": n})

    def sign_out(self, request: HttpRequest, pk: int) -> HttpResponse:
        side = side_called(self.own_mailbox(request, pk), request.POST.get("side", ""))
        signin.sign_out(side, by=request.user)
        messages.success(
            request, _("Signed out here. To end the sign-in at Microsoft as well, revoke it there.")
        )
        return self.back_to(pk)

    def own_mailbox(self, request: HttpRequest, pk: int) -> Mailbox:
        mailbox = self.get_queryset(request).select_related(*_BESIDE).filter(pk=pk).first()
        if mailbox is None or not self.has_change_permission(request, mailbox):
            raise Http404
        found: Mailbox = mailbox
        return found

    def back_to(self, pk: int) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:mailboxes_mailbox_change", args=[pk]))

    def save_model(self, request: HttpRequest, mailbox: Any, form: Any, change: bool) -> None:
        """Write only what was changed: a run under way is writing the other columns of this row."""
        is_to_be_on = mailbox.is_active and (not change or "is_active" in form.changed_data)
        if is_to_be_on:
            mailbox.is_active = False
        if not change:
            if form.cleaned_data.get("preview_first") and mailbox.since != Mailbox.Since.NOW:
                mailbox.paused = Mailbox.Pause.STAFF
            mailbox.save()
        else:
            self._save_changes(mailbox, COLUMNS & set(form.changed_data))
        if password := form.cleaned_data.get("password"):
            tokens.store_password(mailbox, password)
        if password := form.cleaned_data.get("outbound_password"):
            tokens.store_password(SendingSide(mailbox), password)
        pages.warn_of_unread_answers(request, mailbox)
        if is_to_be_on:
            request._to_switch_on = mailbox  # type: ignore[attr-defined]

    def _save_changes(self, mailbox: Any, changed: set[str]) -> None:
        # Ids found at Microsoft belong to the name, and the mailbox, they were found for.
        stale = {TARGETS[name] for name in TARGETS if changed & {name, "address"}}
        for column in stale:
            setattr(mailbox, column, "")
        changed = changed | stale
        if "address" in changed:
            mailbox.leave_folders()
        has_new_bound = "since" in changed or (mailbox.since == Mailbox.Since.DATE and "since_at" in changed)
        if "since" in changed:
            mailbox.since_at = None if mailbox.since != Mailbox.Since.DATE else mailbox.since_at
            changed.add("since_at")
        if has_new_bound or changed & {"address", "folder"}:
            changed = changed | mailbox.forget_confirmation()
        if changed:
            mailbox.save(update_fields=sorted(changed))
        if has_new_bound:
            mailbox.walk_again()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for a look before the first sync only where there is a first sync to come."""
        if obj is None:
            return super().get_fieldsets(request, obj)
        return [
            (title, group | {"fields": [name for name in group["fields"] if name != "preview_first"]})
            for title, group in FIELDSETS
        ]

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        if obj.paused:
            messages.info(request, _("Nothing is read yet. Press “Look ahead” to see what would be filed."))
            return self.back_to(obj.pk)
        return super().response_add(request, obj, post_url_continue)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        if mailbox := context.get("original"):
            context |= pages.top(mailbox) | comparing.comparison_of(mailbox)
            context |= sign_in_cards(mailbox, request)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Count the ledger instead of loading it, and say what forgetting it means."""
        chosen = list(objs)
        mails = InboundMessage.objects.filter(mailbox__in=chosen).aggregate(n=Count("pk"))["n"]
        forbidden = set() if self.has_delete_permission(request) else {str(self.opts.verbose_name)}
        consequence = _(
            "The ledger of these mailboxes is forgotten and the stored originals are removed; tickets stay. "
            "Connected again with “everything in the folder”, all their mail is filed a second time."
        )
        names = [format_html("<bdi>{}</bdi>", mailbox) for mailbox in chosen]
        counts = {str(self.opts.verbose_name_plural): len(chosen), _("mails in the ledger"): mails}
        return [*names, consequence], counts, forbidden, []

    def delete_model(self, request: HttpRequest, mailbox: Any) -> None:
        remove(mailbox)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for mailbox in queryset:
            remove(mailbox)

    @admin.display(description=gettext_lazy("state"))
    def state(self, mailbox: Mailbox) -> str:
        health = health_of(mailbox, timezone.now())
        trouble = trouble_of(mailbox, timezone.now())
        cause = shown(trouble.get("cause", "")) if trouble and health != "off" else ""
        return format_html(
            '<span class="desk-state is-{}">{}</span>{}<span class="desk-who desk-cause">{}</span>',
            health.level,
            health.label,
            pages.flags(mailbox, health),
            Truncator(cause).chars(120),
        )

    @admin.display(description=gettext_lazy("last mail"), ordering="last_mail_at")
    def last_mail(self, mailbox: Mailbox) -> str:
        return ago(mailbox.last_mail_at)

    @admin.display(description=gettext_lazy("last success"), ordering="last_success_at")
    def last_success(self, mailbox: Mailbox) -> str:
        return ago(mailbox.last_success_at)

    @admin.display(description=gettext_lazy("next look"), ordering="next_sync_at")
    def next_look(self, mailbox: Mailbox) -> str:
        is_resting = health_of(mailbox, timezone.now()) in {"off", "paused"}
        return "–" if is_resting else pages.next_look(mailbox)
