"""Admin consent on the page of a registration: two buttons, and how the last request stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tenants import consent
from tenants.admin.wording import Trouble, explain
from tenants.diagnosis import diagnose_own
from tenants.errors import IntegrationError
from tenants.models import AppRegistration, ConsentRequest
from tenants.round_trip import may_return, return_address
from tenants.wording import shown, told

State = ConsentRequest.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the page shows of consent. `elsewhere` is the address in this browser where it is not the public one."""

    level: str
    word: str
    sentence: str
    trouble: Trouble | None
    lost: Trouble | None
    lost_roles: str
    unsafe: Trouble | None
    return_address: str
    elsewhere: str


def card(registration: AppRegistration, request: HttpRequest) -> Card:
    asked = ConsentRequest.objects.filter(registration=registration).first()
    lost = consent.withdrawn_of(registration)
    level, word, sentence = _stands(asked)
    here = f"{request.scheme}://{request.get_host()}"
    return Card(
        level=level,
        word=word,
        sentence=sentence,
        trouble=explain(asked.trouble) if asked and asked.trouble else None,
        lost=explain(diagnose_own("consent_withdrawn")) if lost else None,
        lost_roles=" ".join(lost),
        unsafe=unsafe_address(),
        return_address=return_address(),
        elsewhere=here if urlsplit(here) != urlsplit(settings.PUBLIC_URL) else "",
    )


def unsafe_address() -> Trouble | None:
    """Say why nobody would come back from Microsoft to this installation."""
    if may_return():
        return None
    return explain(diagnose_own("public_address_unsafe", detail=settings.PUBLIC_URL))


def _stands(asked: ConsentRequest | None) -> tuple[str, str, str]:
    """Say how the last request stands: (level, word, sentence)."""
    if asked is None:
        return "calm", _("not asked"), _("Nobody was asked for consent from here yet.")
    if asked.state == State.PROVED:
        return (
            "success",
            _("seen"),
            _("Proved with a fresh token: %(seen)s.") % {"seen": shown(asked.seen)},
        )
    if asked.state == State.REFUSED:
        return "danger", _("not granted"), _("The last request ended without consent.")
    if asked.state == State.LAPSED:
        return "calm", _("lapsed"), _("The last request was not answered in time.")
    return "info", _("waiting"), _waiting(asked)


def _waiting(asked: ConsentRequest) -> str:
    until = date_format(asked.valid_until, "DATETIME_FORMAT")
    if asked.followed_at is None:
        return _("A link waits for the customer's administrator (good until: %(until)s)") % {"until": until}
    if asked.returned_at is None:
        return _("An administrator is at Microsoft's page (counts until: %(until)s)") % {"until": until}
    if asked.next_look_at is None:
        return _("An administrator came back from Microsoft.")
    again = date_format(asked.next_look_at, "TIME_FORMAT")
    return _("An administrator came back from Microsoft (next look: %(time)s)") % {"time": again}


def ask_for_consent(page: Any, request: HttpRequest, registration: AppRegistration) -> HttpResponse:
    """Send whoever pressed the button to Microsoft's consent page."""
    try:
        return HttpResponseRedirect(consent.begin(registration, request))
    except IntegrationError as error:
        messages.error(request, told(error.diagnosis))
    return redirect("admin:tenants_appregistration_change", registration.pk)


def offer_link(page: Any, request: HttpRequest, registration: AppRegistration) -> HttpResponse:
    """Show a new link, this once: only its digest is kept."""
    context = {
        **page.admin_site.each_context(request),
        "title": _("Consent link for %(name)s") % {"name": registration.name},
        "opts": page.opts,
        "registration": registration,
        "days": consent.LINK_LIFE.days,
    }
    try:
        context["link"] = consent.offer_link(registration, by=request.user, user_id=request.user.pk)
    except IntegrationError as error:
        context["trouble"] = explain(error.diagnosis)
    answer = TemplateResponse(request, "tenants/consent_offer.html", context)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
