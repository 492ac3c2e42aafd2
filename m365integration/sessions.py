"""End sessions that rest too long, last too long, or began when the person had other rights."""

import hashlib
import time

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from m365integration.headers import Answer
from tenants.proof import PROVED
from tenants.reach import READERS, seats
from tenants.second_factor import mark_of
from tenants.signing_in import RIGHTS, divert

STARTED, SEEN = "_started_s", "_seen_s"
#: Writing the session on every request would make every page view a database write.
SEEN_EVERY_S = 60


class SessionLimits:
    """Sign out after SESSION_IDLE_S without a request, SESSION_LONGEST_S in all, or a change of rights or second step.

    A change of password ends every other session by itself: Django ties them to its hash.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            limit(request, now_s=int(time.time()))
        elif SESSION_KEY in request.session:
            # The account was switched off or deleted: this session is not to wake when it is on again.
            request.session.flush()
        return divert(request) or self.get_response(request)


def limit(request: HttpRequest, *, now_s: int) -> None:
    """Sign the user out when a limit has passed, otherwise note that he was here."""
    session = request.session
    started, seen = session.setdefault(STARTED, now_s), session.setdefault(SEEN, now_s)
    session.setdefault(PROVED, now_s)
    rights = rights_of(request)
    is_over = now_s - started >= settings.SESSION_LONGEST_S or now_s - seen >= settings.SESSION_IDLE_S
    if is_over or session.setdefault(RIGHTS, rights) != rights:
        logout(request)
    elif now_s - seen >= SEEN_EVERY_S:
        session[SEEN] = now_s


def rights_of(request: HttpRequest) -> str:
    """Give a mark that changes with what the person may do, and what he has to show for it.

    The memberships read for it are those the page asks.
    """
    is_operator = request.user.is_superuser
    roles = {} if is_operator else seats(request, READERS)
    words = [
        f"{key}:{seat.role}:{'all' if seat.queues is None else sorted(seat.queues)}"
        for key, seat in sorted(roles.items())
    ]
    step = mark_of(request.user) if isinstance(request.user, User) else ""
    told = " ".join([f"{is_operator:d}{request.user.is_staff:d}", *words, step])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def forget_expired() -> None:
    """Delete sessions that have ended and wrong passwords that no longer count."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    AccessAttempt.objects.filter(attempt_time__lt=now - settings.AXES_COOLOFF_TIME).delete()
