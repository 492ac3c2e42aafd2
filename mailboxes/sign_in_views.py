"""Doors of a person who signs in to a mailbox: away to Microsoft, back again, and the page of a device code."""

from __future__ import annotations

from functools import partial

from django.contrib.admin import site
from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mailboxes import device_codes, signin
from mailboxes.models import DeviceCodePending, Mailbox
from mailboxes.sides import Opened, SendingSide, mailbox_of, sends_apart, side_called
from tenants.diagnosis import diagnose_token
from tenants.errors import IntegrationError, TokenRefused
from tenants.models import SignInAttempt
from tenants.posted import posted
from tenants.reach import ADMINS, within
from tenants.round_trip import Answer, Purpose, new_state, proof_of, return_address, send_away

#: How often the page of a device code looks whether the code has been entered. Seconds.
LOOK_AGAIN_S = 4


@staff_member_required
@partial(posted, page="admin:mailboxes_mailbox_change")
def sign_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Start the sign-in of a person to a mailbox, in the way that is set for it."""
    side = side_called(_changeable(request, pk), request.POST.get("side", ""))
    try:
        if side.sign_in == Mailbox.SignIn.DEVICE_CODE:
            device_codes.begin(side, by=request.user)
            shown = reverse("mailboxes:device_code", args=[pk])
            return HttpResponseRedirect(f"{shown}?side={side.direction}")
        if side.sign_in == Mailbox.SignIn.PASSWORD:
            signin.sign_in_by_password(side, by=request.user)
            return _to_page(pk)
        return HttpResponseRedirect(_sent_away(request, side))
    except IntegrationError as error:
        signin.refuse(side, error)
        return _to_page(pk)


def _sent_away(request: HttpRequest, side: Opened) -> str:
    state = new_state()
    address, handshake = signin.begin(side, redirect_uri=return_address(), state=state)
    purpose = Purpose.SENDING if isinstance(side, SendingSide) else Purpose.MAILBOX
    attempt = SignInAttempt(purpose=purpose, registration=side.registration, mailbox=mailbox_of(side))
    send_away(request, attempt, state=state, proof={"nonce": handshake.nonce, "verifier": handshake.verifier})
    return address


def finish_sign_in(request: HttpRequest, attempt: SignInAttempt, answer: Answer) -> HttpResponse:
    """Take a browser back that was sent away to sign in to a mailbox; the page of the mailbox tells how it went."""
    mailbox = _changeable(request, attempt.mailbox_id or 0)
    is_sending = attempt.purpose == Purpose.SENDING
    if is_sending and not sends_apart(mailbox):
        # Changed meanwhile: there is nothing left that this sign-in would be for.
        return _to_page(mailbox.pk)
    side = SendingSide(mailbox) if is_sending else mailbox
    if answer.error or not answer.code:
        signin.refuse(side, TokenRefused(diagnose_token(answer.as_refusal())))
    else:
        signin.complete(
            side, **proof_of(attempt), redirect_uri=return_address(), code=answer.code, by=request.user
        )
    return _to_page(mailbox.pk)


@staff_member_required
@require_safe
@never_cache
def device_code(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the code to enter, until it has been entered or is over; then go back to the mailbox."""
    from mailboxes.admin.sign_ins import code_page

    mailbox = _changeable(request, pk)
    direction = side_called(mailbox, request.GET.get("side", "")).direction
    rows = DeviceCodePending.objects.select_related("mailbox__registration", "mailbox__outbound_registration")
    row = rows.filter(mailbox=mailbox, direction=direction).first()
    if row is None:
        return _to_page(pk)
    context = {
        **site.each_context(request),
        "title": _("Sign in to %(address)s") % {"address": mailbox.address},
        "mailbox": mailbox,
        "code": code_page(row),
    }
    answer = TemplateResponse(request, "mailboxes/device_code.html", context)
    answer.headers["Refresh"] = str(LOOK_AGAIN_S)
    return answer


def _changeable(request: HttpRequest, pk: int) -> Mailbox:
    rows = within(request, Mailbox.objects.all(), ADMINS).select_related(
        "tenant", "registration__tenant", "outbound_registration__tenant"
    )
    mailbox: Mailbox | None = rows.filter(pk=pk).first()
    if mailbox is None:
        raise Http404
    return mailbox


def _to_page(pk: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:mailboxes_mailbox_change", args=[pk]))
