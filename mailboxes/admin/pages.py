"""What the pages of a mailbox show besides its form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.html import format_html_join
from django.utils.translation import gettext as _

from mailboxes import figures, watch
from mailboxes.admin import examined
from mailboxes.admin.hours import draw
from mailboxes.admin.senders import lines_of
from mailboxes.budget import budget_of
from mailboxes.bundle import bundle
from mailboxes.checkups import check_up, last_found, switch_on
from mailboxes.doctor import Examination
from mailboxes.enqueue import enqueue_sync
from mailboxes.health import Health, backfill_of, health_of, is_quiet, trouble_of
from mailboxes.models import ExaminationResult, Folder, InboundMessage, Mailbox
from mailboxes.outbound import senders
from mailboxes.outbound.trial import STEP
from tenants import audit
from tenants.admin.wording import explain
from tenants.diagnosis import diagnose_own
from tenants.errors import IntegrationError
from tenants.microsoft.recorder import recorded
from tenants.setup.check import Status
from tenants.templatetags.desk import ago
from tenants.wording import told


class FolderChoice(forms.Form):
    purpose = forms.ChoiceField(choices=[(name, name) for name in ("folder", "move_to", "copy_to")])
    path = forms.CharField(max_length=500)
    remote_id = forms.CharField(max_length=500)

    def __init__(self, posted: Any) -> None:
        # One radio button carries id and path; an id holds no line feed.
        remote_id, _line, path = posted.get("folder", "").partition("\n")
        super().__init__({"purpose": posted.get("purpose"), "remote_id": remote_id, "path": path.strip()})


def top(mailbox: Mailbox) -> dict[str, Any]:
    """Give what the card above the form shows: health in a sentence, trouble, progress, counts."""
    health = health_of(mailbox, timezone.now())
    counts = figures.by_state(InboundMessage.objects.filter(mailbox=mailbox))
    # Every state is named for the index by mailbox, state and time: without it SQLite reads all mail of the mailbox.
    received = InboundMessage.objects.filter(mailbox=mailbox, state__in=InboundMessage.State.values)
    return {
        "health": health,
        "sentence": _("The first walk through the folder is under way.")
        if health is Health.FRESH and counts
        else _sentence(mailbox, health),
        "trouble": explain(trouble_of(mailbox, timezone.now()))
        if health in {Health.TROUBLE, Health.WAITING}
        else None,
        "hours": draw(figures.per_hour(received, timezone.now()), mailbox_id=mailbox.pk),
        "counts": [
            (state.value, state.label, counts.get(state, 0))
            for state in InboundMessage.State
            if counts.get(state) or state in {"filed", "received"}
        ],
        "backfill": backfill_of(mailbox, counts),
        "has_import": InboundMessage.objects.filter(mailbox=mailbox, is_imported=True).exists(),
        "is_quiet": is_quiet(mailbox, health),
        "quiet_weeks": watch.WEEKS,
        "found": ExaminationResult.objects.filter(mailbox=mailbox).defer("checks").first(),
        "taken": mailbox.taken_mails + counts.get(InboundMessage.State.GONE, 0),
        "other": _other_installation(mailbox),
        "sent_items": mailbox.is_reading_sent and mailbox.folders.filter(purpose=Folder.Purpose.SENT).first(),
        "senders": lines_of(mailbox),
        "budget": budget_of(mailbox, timezone.now()),
        "next_look": "–" if health in {Health.OFF, Health.PAUSED} else next_look(mailbox),
    }


def _other_installation(mailbox: Mailbox) -> dict[str, str] | None:
    folder = mailbox.folders.filter(purpose=Folder.Purpose.INBOX).first()
    return folder.other_installation if folder else None


#: Whether another installation tidies up what a mailbox is read from.
IS_OTHERS: Final = Exists(
    Folder.objects.for_machine().filter(
        mailbox=OuterRef("pk"), purpose=Folder.Purpose.INBOX, other_installation__isnull=False
    )
)


def flags(mailbox: Any, health: Health) -> str:
    """Flag a mailbox that gets no mail where it usually does, and one whose mail stays where it is."""
    found = [_("unusually quiet")] if is_quiet(mailbox, health) else []
    found += [_("another installation tidies up")] if mailbox.is_others else []
    return format_html_join("", ' <span class="desk-state is-warning">{}</span>', ((one,) for one in found))


def next_look(mailbox: Mailbox) -> str:
    due_at = max(filter(None, [mailbox.next_sync_at, mailbox.retry_after_until]), default=None)
    return ago(due_at) if due_at and due_at > timezone.now() else _("now")


def look_now(request: HttpRequest, mailbox: Mailbox) -> None:
    """Ask for a look at the mailbox, or say why none is taken."""
    health = health_of(mailbox, timezone.now())
    if health is Health.OFF or mailbox.paused == Mailbox.Pause.STAFF:
        messages.warning(request, _sentence(mailbox, health))
        return
    enqueue_sync(mailbox.pk)
    messages.success(request, _("A look at the mailbox has been asked for; reload in a few seconds."))


def ask_microsoft(
    page: Any,
    request: HttpRequest,
    mailbox: Mailbox,
    template: str,
    *,
    title: str,
    ask: Callable[[], Any],
) -> HttpResponse:
    """Ask now and show the answer, or who has to do what."""
    context = {**page.admin_site.each_context(request), "title": title, "opts": page.opts, "mailbox": mailbox}
    context["object"] = mailbox
    try:
        context["answer"] = ask()
    except IntegrationError as error:
        context["trouble"] = explain(error.diagnosis)
    return TemplateResponse(request, template, context)


def examine_now(page: Any, request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Examine the mailbox step by step and show each step."""
    # The test mail goes to whoever presses the button.
    examination = check_up(mailbox, send_to=getattr(request.user, "email", ""))
    if any(check.id == STEP and check.status == Status.OK for check in examination.checks):
        audit.note(audit.Action.TRIED, mailbox, by=request.user)
    return show_examination(page, request, mailbox, examination, made_at=timezone.now())


def show_last_found(page: Any, request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Show what the last examination found, without asking Microsoft."""
    kept = last_found(mailbox)
    if kept is None:
        return HttpResponseRedirect(reverse("admin:mailboxes_mailbox_change", args=[mailbox.pk]))
    return show_examination(page, request, mailbox, kept[0], made_at=kept[1])


def show_examination(
    page: Any, request: HttpRequest, mailbox: Mailbox, examination: Examination, *, made_at: datetime
) -> HttpResponse:
    context = {
        **page.admin_site.each_context(request),
        "title": _("Test of %(address)s") % {"address": mailbox.address},
        "opts": page.opts,
        "object": mailbox,
        "mailbox": mailbox,
        "made_at": made_at,
        "is_ok": examination.is_ok,
        "steps": examined.steps(examination),
        "note": examined.note(examination, mailbox, made_at=made_at),
    }
    return TemplateResponse(request, "mailboxes/examined.html", context)


def give_bundle(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Examine the mailbox and hand out what support asks for, as one file."""
    made_at = timezone.now()
    with recorded() as calls:
        examination = check_up(mailbox)
    note = examined.note(examination, mailbox, made_at=made_at)
    content = bundle(mailbox, examination=examination, calls=calls, note=note, made_at=made_at)
    audit.note(audit.Action.EXPORTED, mailbox, by=request.user, file=["support bundle"])
    answer = HttpResponse(content, content_type="application/zip")
    name = f"support-mailbox-{mailbox.pk}-{made_at:%Y%m%d-%H%M}.zip"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    patch_cache_control(answer, private=True, no_store=True)
    return answer


def finish_switching_on(request: HttpRequest, mailbox: Mailbox, saved: HttpResponse) -> HttpResponse:
    """Examine a mailbox that is to be on; it stays off while a step fails, and says which."""
    examination = switch_on(mailbox, by=request.user)
    if examination.is_ok:
        messages.success(request, _("Tested step by step and switched on."))
        return saved
    if examination.is_waiting_for("sign_in_missing"):
        words = _("Not switched on yet: press “Sign in” below, and then “Test and switch on”.")
        messages.warning(request, words)
        return HttpResponseRedirect(reverse("admin:mailboxes_mailbox_change", args=[mailbox.pk]))
    messages.warning(request, _("Not switched on: the step in red has to be repaired first."))
    # Not shown in this answer: loaded again, the page would send the form a second time.
    return HttpResponseRedirect(reverse("admin:mailboxes_mailbox_examined", args=[mailbox.pk]))


def warn_of_unread_answers(request: HttpRequest, mailbox: Mailbox) -> None:
    """Say at once when customers' answers will go where nothing here reads them."""
    if unread := senders.unread_answers(mailbox):
        messages.warning(request, f"{', '.join(unread)}: {told(diagnose_own('answers_unread'))}")


def _sentence(mailbox: Mailbox, health: Health) -> str:
    if health is Health.OFF and not mailbox.tenant.is_active:
        return _("All mail of this tenant is switched off.")
    if health is Health.TROUBLE and mailbox.paused == Mailbox.Pause.ERROR:
        return _(
            "Paused by an error that does not pass by itself; a look is taken now and then all the same."
        )
    return {
        Health.OFF: _("Switched off: no mail is fetched."),
        Health.PAUSED: _("Paused by staff: mail waits in the mailbox until somebody resumes."),
        Health.WAITING: _("Microsoft asked for patience; it goes on by itself."),
        Health.TROUBLE: _("Fetching mail fails at the moment; it is tried again by itself."),
        Health.FRESH: _("Connected; the first look has not been made yet."),
        Health.WORKING: _("Mail is being fetched and filed."),
    }[health]
