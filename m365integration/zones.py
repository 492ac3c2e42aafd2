"""Times in the zone of whoever reads them: his browser names it in a cookie, which holds nothing else."""

from __future__ import annotations

import zoneinfo
from typing import Final
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from m365integration.headers import Answer

COOKIE: Final = "zone"


class PersonsZone:
    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        # Anything else is no name of a zone, and is never looked for on the disk.
        self.known = zoneinfo.available_timezones()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = unquote(request.COOKIES.get(COOKIE, ""))
        if name not in self.known:
            return self.get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(name)):
            return self.get_response(request)
