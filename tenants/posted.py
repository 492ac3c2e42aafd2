"""Doors that take what a form sends, and know what to do with a browser that comes back from a sign-in instead."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

Door = Callable[..., HttpResponse]


def posted(door: Door, *, page: str = "") -> Door:
    """Let a door be opened by POST alone; lead whoever comes by his address bar to the page of its button.

    That is the address above it, or the one of this name. A browser comes so when its form met the sign-in.
    """

    @wraps(door)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            return door(request, *args, **kwargs)
        if request.method != "GET" or not request.accepts("text/html") or "Accept" not in request.headers:
            return HttpResponseNotAllowed(["POST"])
        words = _(
            "Nothing was sent or saved: the address you opened only takes what a button here sends. If you pressed one "
            "and had to sign in first, please do it again. What you had typed may still stand there when you go back "
            "in the browser."
        )
        messages.warning(request, words)
        return HttpResponseRedirect(reverse(page, args=[*args, *kwargs.values()]) if page else "../")

    return checked
