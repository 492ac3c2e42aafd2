"""Doors of signing in with a password: the form, then a code where the account has set one up."""

from __future__ import annotations

import time
from typing import Any, ClassVar, Final

from axes.handlers.proxy import AxesProxyHandler
from django.contrib import admin
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from unfold.forms import AuthenticationForm

from tenants.proof import note_proof, way_back
from tenants.second_factor import admits, factor_of, is_missing

_HELD: Final = "_password_was_right"
#: Set in a session that may do nothing but set up a second step.
MUST: Final = "_must_set_up"
#: What somebody could do when his session began; it ends when that changes.
RIGHTS: Final = "_rights"
#: How long a right password is good for without its code. Seconds.
HELD_S: Final = 300
BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


class CodeWanted(Exception):
    """The password is right and is not enough."""

    def __init__(self, person: User) -> None:
        super().__init__(person.pk)
        self.person = person


#: What stays open until a second step is set up: setting it up, leaving, and ways in that ask for no code here.
_FREE: Final = (
    "second_factor",
    "prove",
    "language",
    "admin:logout",
    "admin:jsi18n",
    "tenants:staff_start",
    "tenants:staff_callback",
    "tenants:consent_done",
)


class SignInForm(AuthenticationForm):  # type: ignore[misc]  # the theme has no types
    """Stops before anybody is signed in when a code is asked for; wrong passwords so far stay counted."""

    error_messages: ClassVar[Any] = {
        **AuthenticationForm.error_messages,
        "invalid_login": gettext_lazy(
            "That name and that password do not belong together here. Capitals count."
        ),
    }

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if factor_of(user) is not None:
            raise CodeWanted(user)


@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for name and password, and send on to the code or to setting one up."""
    try:
        answer: HttpResponse = admin.site.login(request)
    except CodeWanted as wanted:
        _hold(request, wanted.person)
        return HttpResponseRedirect(reverse("sign_in_code"))
    has_signed_in = request.method == "POST" and answer.status_code == 302
    if has_signed_in and isinstance(request.user, User) and is_missing(request.user):
        request.session[MUST] = True
    return answer


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code of somebody whose password was right a moment ago."""
    person = _held(request)
    if person is None:
        return HttpResponseRedirect(reverse("admin:login"))
    is_wrong = request.method == "POST"
    if is_wrong and _is_right(request, person):
        going = str(request.session.pop(_HELD)["next"])
        login(request, person, backend=BACKEND)
        note_proof(request)
        return HttpResponseRedirect(going)
    context = {**admin.site.each_context(request), "title": _("Code"), "is_wrong": is_wrong}
    return TemplateResponse(request, "tenants/sign_in_code.html", context)


def divert(request: HttpRequest) -> HttpResponse | None:
    """Keep a session that has to set up a second step to that page and what it needs; every other page is shut."""
    if not request.session.get(MUST) or request.path in map(reverse, _FREE):
        return None
    if isinstance(request.user, User) and not is_missing(request.user):
        del request.session[MUST]  # set up in another browser, or no longer asked for
        return None
    return HttpResponseRedirect(reverse("second_factor"))


def stay(request: HttpRequest) -> None:
    """Keep this session over a change of one's own second step, under a new key; it ends every other one."""
    for name in (MUST, RIGHTS):
        request.session.pop(name, None)
    request.session.cycle_key()


def _hold(request: HttpRequest, person: User) -> None:
    request.session[_HELD] = {
        "user": person.pk,
        "hash": person.get_session_auth_hash(),
        "until_s": int(time.time()) + HELD_S,
        "next": way_back(request),
    }


def _held(request: HttpRequest) -> User | None:
    """Give whose password was right; nobody when that was too long ago, or account or password changed since."""
    kept = request.session.get(_HELD)
    if kept is None or kept["until_s"] < time.time():
        return None
    person = User.objects.filter(pk=kept["user"], is_active=True, is_staff=True).first()
    if person is None or not constant_time_compare(kept["hash"], person.get_session_auth_hash()):
        return None
    return person


def _is_right(request: HttpRequest, person: User) -> bool:
    credentials = {"username": person.get_username()}
    factor = factor_of(person)
    if not AxesProxyHandler.is_allowed(request, credentials):
        request.axes_locked_out = True  # type: ignore[attr-defined]  # what its middleware answers 429 to
    elif factor is not None and admits(factor, code=request.POST.get("code", "")):
        return True
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)
    return False
