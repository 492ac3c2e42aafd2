"""The expiry radar as a page: what is within reach by its day, consents, and the address of one's own calendar feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from mailboxes.models import MailboxSignIn
from mailboxes.radar import expiries, sign_ins, without_credential
from tenants import audit
from tenants.models import AppRegistration, CalendarLink, Consent
from tenants.reach import ADMINS, may, within

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def show_radar(page: Any, request: HttpRequest, *, address: str = "") -> HttpResponse:
    registrations = within(request, AppRegistration.objects.all(), ADMINS)
    consents = within(request, Consent.objects.select_related("registration__tenant"), ADMINS)
    context = {
        **page.admin_site.each_context(request),
        "title": _("What expires"),
        "expiries": expiries(registrations),
        "sign_ins": sign_ins(within(request, MailboxSignIn.objects.all(), ADMINS)),
        "bare": without_credential(registrations),
        "consents": consents.order_by("proved_at"),
        "may_link": may(request, ADMINS),
        "calendar_link": CalendarLink.objects.filter(user_id=request.user.pk or 0).first(),
        "calendar_address": address,
    }
    return TemplateResponse(request, "mailboxes/radar.html", context)


def make_calendar_link(page: Any, request: HttpRequest) -> HttpResponse:
    """Make the address and show it at once: it stands on this one page, and in no session or message."""
    if not may(request, ADMINS):
        raise Http404
    link, token = CalendarLink.make(cast("User", request.user))
    audit.note(audit.Action.ADDED, link, by=request.user)
    answer = show_radar(
        page, request, address=settings.PUBLIC_URL + reverse("mailboxes:calendar", args=[token])
    )
    patch_cache_control(answer, private=True, no_store=True)
    return answer


def revoke_calendar_link(page: Any, request: HttpRequest) -> HttpResponse:
    for link in CalendarLink.objects.filter(user_id=request.user.pk or 0):
        audit.note(audit.Action.DELETED, link, by=request.user)
        link.delete()
        messages.success(
            request, _("The address of your calendar is closed; programs that used it get nothing.")
        )
    return HttpResponseRedirect(reverse("admin:mailboxes_radar"))
