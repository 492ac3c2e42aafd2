"""The pages of the second step: everybody sets up his own, the operator takes it off somebody who lost it."""

from __future__ import annotations

from typing import Any

import segno
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tenants import second_factor as flow
from tenants.proof import ask_again
from tenants.reach import is_operator
from tenants.signing_in import stay


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Show one's own second step, and set it up, renew its recovery codes or take it off."""
    if asked := ask_again(request):
        return asked
    assert isinstance(request.user, User)  # noqa: S101 - the admin lets nobody else in
    does = {"begin": _begin, "confirm": _confirm, "codes": _codes, "remove": _remove}
    act = does.get(request.POST.get("do", "")) if request.method == "POST" else None
    return _page(request, request.user, **(act(request, request.user) if act else {}))


def _begin(request: HttpRequest, person: User) -> dict[str, Any]:
    if flow.factor_of(person) is None:
        flow.begin(person)
    return {}


def _confirm(request: HttpRequest, person: User) -> dict[str, Any]:
    pending = flow.pending_of(person)
    codes = flow.confirm(pending, code=request.POST.get("code", "")) if pending else None
    if codes is not None:
        stay(request)
        messages.success(request, _("It is on. Every other session of yours has ended."))
    return {"codes": codes, "is_wrong": codes is None}


def _codes(request: HttpRequest, person: User) -> dict[str, Any]:
    factor = flow.factor_of(person)
    return {"codes": flow.renew_codes(factor) if factor else None}


def _remove(request: HttpRequest, person: User) -> dict[str, Any]:
    factor = flow.factor_of(person)
    if factor is not None and not flow.is_required(person):
        flow.remove(factor, by=person)
        stay(request)
        messages.success(request, _("Signing in asks for the password alone from now on."))
    return {}


def _page(request: HttpRequest, person: User, **more: Any) -> HttpResponse:
    factor, pending = flow.factor_of(person), flow.pending_of(person)
    context = {
        **admin.site.each_context(request),
        "title": _("Two-step sign-in"),
        "factor": factor,
        "codes_left": factor.recovery_codes.count() if factor else 0,
        "pending": pending,
        "qr": segno.make(flow.address_of(pending)).svg_data_uri(scale=5) if pending else "",
        "typed": _in_fours(pending.secret) if pending else "",
        "is_required": flow.is_required(person),
        **more,
    }
    return TemplateResponse(request, "tenants/second_factor.html", context)


def _in_fours(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reset_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the operator take the second step off an account whose phone and recovery codes are gone."""
    if not is_operator(request):
        raise Http404
    person = get_object_or_404(User, pk=pk)
    if asked := ask_again(request):
        return asked
    factor = flow.factor_of(person)
    if request.method == "POST" and factor is not None:
        flow.remove(factor, by=request.user)
        told = _("%(name)s signs in with the password alone until a second step is set up again.")
        messages.success(request, told % {"name": person.get_username()})
    if request.method == "POST":
        return HttpResponseRedirect(reverse("admin:auth_user_change", args=[pk]))
    context = {
        **admin.site.each_context(request),
        "title": _("Two-step sign-in of %(name)s") % {"name": person.get_username()},
        "person": person,
        "factor": factor,
    }
    return TemplateResponse(request, "tenants/second_factor_reset.html", context)
