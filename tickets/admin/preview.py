"""The page before the first sync: counts, a sample of what the rules would do, a bound, and the start."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mailboxes.models import Mailbox
from tenants.admin.wording import explain
from tenants.errors import IntegrationError
from tenants.reach import ADMINS, within
from tickets.preview import look_ahead, start


class StartForm(forms.Form):
    since = forms.ChoiceField(choices=[(name, name) for name in ("all", "date", "now")])
    day = forms.DateField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("since") == "date" and not cleaned.get("day"):
            self.add_error("day", _("Enter the date from which on mail becomes tickets."))
        return cleaned

    def since_at(self) -> datetime | None:
        if self.cleaned_data["since"] == "date":
            return datetime.combine(self.cleaned_data["day"], time(), UTC)
        return timezone.now() if self.cleaned_data["since"] == "now" else None


def preview_now(page: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Look at the folder as it is now."""
    mailbox = mailbox_of(request, pk)
    context = {
        **page.admin_site.each_context(request),
        "title": _("Before the first sync of %(address)s") % {"address": mailbox.address},
        "opts": Mailbox._meta,
        "mailbox": mailbox,
    }
    try:
        context["preview"] = look_ahead(mailbox)
    except IntegrationError as error:
        context["trouble"] = explain(error.diagnosis)
    return TemplateResponse(request, "tickets/preview.html", context)


def start_now(page: Any, request: HttpRequest, pk: int) -> HttpResponse:
    mailbox, form = mailbox_of(request, pk), StartForm(request.POST)
    if form.is_valid():
        start(mailbox, since_at=form.since_at(), by=request.user)
        messages.success(request, _("Started; nothing of what is imported is answered automatically."))
    else:
        messages.error(request, _("Nothing was started: choose from when on mail becomes tickets."))
    return HttpResponseRedirect(reverse("admin:mailboxes_mailbox_change", args=[pk]))


def mailbox_of(request: HttpRequest, pk: int) -> Mailbox:
    """Give a mailbox the person administers. Raises Http404."""
    rows = within(request, Mailbox.objects.all(), ADMINS).select_related(
        "tenant", "registration__tenant", "queue"
    )
    found: Mailbox | None = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
