"""Django system checks of the house: every unsafe reason is an error, in either deployment."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from m365integration.safety import reasons


@register(Tags.security)
def check_safety(**kwargs: Any) -> list[CheckMessage]:
    return [Error(reason.cause, hint=reason.fix, id=reason.id) for reason in reasons(settings)]
