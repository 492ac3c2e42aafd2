"""Who is sitting there now? Asked again before what cannot be taken back (S-28)."""

from __future__ import annotations

import time
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

PROVED: Final = "_proved_s"
#: What was opened with a fresh proof may be filled in and sent for this much longer. Seconds.
GRACE_S: Final = 1800


def note_proof(request: HttpRequest) -> None:
    """Remember that the person has just shown who he is."""
    request.session[PROVED] = int(time.time())


def ask_again(request: HttpRequest) -> HttpResponse | None:
    """Give the way to the question who is there, or None when that was answered lately."""
    allowed_s = settings.PROOF_S + (GRACE_S if request.method == "POST" else 0)
    if time.time() - request.session.get(PROVED, 0) < allowed_s:
        return None
    # Back to the page, never to the sending of its form.
    return HttpResponseRedirect(f"{reverse('prove')}?{urlencode({'next': request.path})}")


def way_back(request: HttpRequest) -> str:
    """Give the page that asked, when it is one of ours; the start page otherwise."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=None) and asked.startswith("/admin/")
    return asked if ours else reverse("admin:index")


class ProvenPage:
    """An admin page whose forms, deletions and list actions are for somebody who has shown lately who he is."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return ask_again(request) or super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return ask_again(request) or super().delete_view(request, *args, **kwargs)  # type: ignore[misc]

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        asked = ask_again(request) if request.method == "POST" else None
        return asked or super().changelist_view(request, *args, **kwargs)  # type: ignore[misc]
