"""Doors without a page of the admin behind them."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from tenants import consent, staff_sign_in
from tenants.errors import IntegrationError
from tenants.models import SignInAttempt
from tenants.round_trip import Answer, NotExpected, come_back
from tenants.wording import told


@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Take a browser back from Microsoft, for a sign-in or for consent; it leaves this address at once."""
    try:
        answer = come_back(request)
    except NotExpected:
        answer = render(request, "tenants/not_expected.html", status=403)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def consent_returned(request: HttpRequest, attempt: SignInAttempt, answer: Answer) -> HttpResponse:
    """Go on with a browser that comes back from the consent page."""
    asked = attempt.consent_request
    if asked is None:
        raise NotExpected
    consent.returned(asked, answer)
    if attempt.user_id is None:
        # Somebody without an account here learns nothing; the schedule looks for the consent.
        return redirect("tenants:consent_done")
    consent.prove(asked)
    return redirect("admin:tenants_appregistration_change", attempt.registration_id)


@never_cache
@require_http_methods(["GET", "POST"])
def consent_link(request: HttpRequest, token: str) -> HttpResponse:
    """Lead an administrator to Microsoft. Opening the page uses nothing up: mail programs open links by themselves."""
    address = consent.follow(token, request) if request.method == "POST" else ""
    if address is None:
        answer: HttpResponse = render(request, "tenants/not_expected.html", status=403)
    elif address:
        answer = HttpResponseRedirect(address)
    else:
        # No stricter Referrer-Policy than the usual: without an Origin its form could not be told from a forged one.
        answer = render(request, "tenants/consent_link.html")
    return answer


@require_safe
def consent_done(request: HttpRequest) -> HttpResponse:
    return render(request, "tenants/consent_done.html")


@never_cache
@require_POST
def staff_start(request: HttpRequest) -> HttpResponse:
    """Send a member of staff to Microsoft to sign in."""
    if not staff_sign_in.is_on():
        raise Http404
    try:
        return HttpResponseRedirect(staff_sign_in.send_away(request))
    except IntegrationError as error:
        messages.error(request, told(error.diagnosis))
        return HttpResponseRedirect(reverse("admin:login"))


@never_cache
@require_GET
def staff_callback(request: HttpRequest) -> HttpResponse:
    """Take a member of staff back from Microsoft; the address with the code in it is left at once."""
    if not staff_sign_in.is_on():
        raise Http404
    try:
        answer: HttpResponse = HttpResponseRedirect(staff_sign_in.admit(request))
    except staff_sign_in.NotAdmitted:
        answer = render(request, "tenants/not_admitted.html", status=403)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
