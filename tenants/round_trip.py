"""Flow: send a browser to Microsoft, and know it again when it comes back to the one address there is for that."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from tenants.fields import Unreadable
from tenants.models import AppRegistration, SignInAttempt
from tenants.reach import ADMINS, may
from tenants.redaction import remember
from tenants.whom import for_tenants

Purpose = SignInAttempt.Purpose
#: How long somebody may take at Microsoft's pages.
LIFE: Final = timedelta(minutes=10)
#: Attempts are kept a day beyond their end, so that a late browser is told what happened to it.
KEPT: Final = timedelta(days=1)
#: What Microsoft may send back once. Whatever stands twice in an address was put there by somebody else.
_ONCE: Final = ("code", "state", "error", "error_description", "tenant", "iss", "admin_consent")
_LONGEST: Final = 4096


class NotExpected(Exception):
    """Nobody was sent away who would come back like this; the browser is told no more than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the address says that Microsoft sent the browser back to. Anybody could have written it: proves nothing."""

    code: str = field(default="", repr=False)
    error: str = ""
    error_description: str = ""

    def as_refusal(self) -> dict[str, str]:
        """Give the shape the token endpoint refuses in, which is the one diagnoses are made from."""
        return {"error": self.error, "error_description": self.error_description}


#: Completes one attempt: gets the browser's request, the attempt with its proof, and the answer.
Complete = Callable[[HttpRequest, SignInAttempt, Answer], HttpResponse]
_completions: dict[str, Complete] = {}


def completes(purpose: Purpose, complete: Complete) -> None:
    """Say who goes on with browsers sent away for this purpose; each app does so when it is ready."""
    _completions[purpose.value] = complete


def return_address() -> str:
    """Give the redirect address to register: one for every sign-in and every consent."""
    return settings.PUBLIC_URL + reverse("tenants:callback")


def new_state() -> str:
    """Make the value that goes to Microsoft and back: 256 random bits."""
    state = secrets.token_urlsafe(32)
    remember(state)
    return state


def send_away(
    request: HttpRequest,
    attempt: SignInAttempt,
    *,
    state: str,
    proof: Mapping[str, Any] | None = None,
    is_anonymous: bool = False,
) -> None:
    """Note that this browser is about to leave for Microsoft and what its answer is proved by.

    `attempt` comes with purpose, registration and what else it is about; whose it is follows from the request.
    `is_anonymous`: whoever sits there acts for nobody here, signed in or not.
    """
    if request.session.session_key is None:
        request.session.create()
    attempt.tenant_id = attempt.registration.tenant_id
    attempt.user_id = None if is_anonymous else request.user.pk
    attempt.state_hash = digest(state)
    attempt.session_hash = digest(str(request.session.session_key))
    attempt.proof = json.dumps(dict(proof or {}))  # type: ignore[assignment]  # the field has no stubs
    attempt.valid_until = timezone.now() + LIFE
    attempt.save()


def come_back(request: HttpRequest) -> HttpResponse:
    """Hand a browser that is back to whoever sent it. Raises NotExpected."""
    answer, state = _read(request)
    attempt = _take(state, user=request.user, session_key=request.session.session_key or "")
    _refuse_stranger(request, attempt.registration)
    # A role may have been taken away while somebody looked at Microsoft's pages (S-37).
    if attempt.user_id and not may(request, ADMINS, attempt.tenant_id):
        raise NotExpected
    with for_tenants([attempt.tenant_id]):
        return _completions[attempt.purpose](request, attempt, answer)


def proof_of(attempt: SignInAttempt) -> dict[str, Any]:
    """Open what `send_away` kept. Raises NotExpected when no key opens it any more."""
    if isinstance(attempt.proof, Unreadable):
        raise NotExpected
    kept: dict[str, Any] = json.loads(attempt.proof or "{}")
    return kept


def forget_over() -> int:
    """Delete attempts that ended long ago."""
    over = SignInAttempt.objects.for_machine().filter(valid_until__lt=timezone.now() - KEPT)
    return over.delete()[0]


def may_return() -> bool:
    """Tell whether Microsoft sends browsers back to our address: to https, and to http on localhost alone."""
    parts = urlsplit(settings.PUBLIC_URL)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == "localhost")


def digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _read(request: HttpRequest) -> tuple[Answer, str]:
    given = {name: request.GET.getlist(name) for name in _ONCE}
    if any(len(values) > 1 or len("".join(values)) > _LONGEST for values in given.values()):
        raise NotExpected
    said = {name: "".join(values) for name, values in given.items()}
    remember(said["code"])
    if not said["state"]:
        raise NotExpected
    answer = Answer(code=said["code"], error=said["error"], error_description=said["error_description"])
    return answer, said["state"]


def _take(state: str, *, user: AbstractBaseUser | AnonymousUser, session_key: str) -> SignInAttempt:
    """Use an attempt up: of two browsers that come back with it only one gets on."""
    now = timezone.now()
    # Whose row it is says the state, which nobody but this browser has.
    mine = SignInAttempt.objects.for_machine().filter(
        Q(user=None) | Q(user=user.pk),
        state_hash=digest(state),
        session_hash=digest(session_key),
        used_at=None,
        valid_until__gt=now,
    )
    attempt: SignInAttempt | None = mine.select_related("registration__tenant").first()
    if attempt is None or not mine.update(used_at=now, proof=None):
        raise NotExpected
    return attempt


def _refuse_stranger(request: HttpRequest, registration: AppRegistration) -> None:
    """Refuse an answer that names another directory than the one the browser was sent to (mix-up, RFC 9700 §4.4)."""
    named = f"{request.GET.get('tenant', '')} {request.GET.get('iss', '')}".strip().lower()
    if named and registration.tenant.directory_id not in named:
        raise NotExpected
