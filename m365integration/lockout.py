"""How many wrong passwords are too many: for an account, for an address, and for both together."""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest


class LoginLimits(AxesDatabaseHandler):  # type: ignore[misc]  # the library has no types
    """Gives each way of counting a limit of its own; axes knows one for all.

    One person's typing errors must not lock out a whole office behind one address, nor may a guesser go on from
    another address.
    """

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Count in the terms of the limit axes knows: what reaches its own limit reaches that one."""
        counts = [
            rows.aggregate(n=Sum("failures_since_start"))["n"] or 0
            for rows in self.get_user_attempts(request, credentials)
        ]
        return max(
            count * settings.AXES_FAILURE_LIMIT // limit
            for count, limit in zip(counts, settings.LOGIN_LIMITS, strict=True)
        )

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Forget what this account did wrong from here; whoever has one account may go on guessing at no other."""
        name = get_client_username(request, credentials)
        mine = AccessAttempt.objects.filter(username=name, ip_address=request.axes_ip_address)  # type: ignore[attr-defined]
        deleted, _kinds = mine.delete()
        return int(deleted)
