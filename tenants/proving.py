"""The page that asks who is there, before what cannot be taken back."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from tenants.proof import note_proof, way_back


@sensitive_post_parameters("password")
def prove(request: HttpRequest) -> HttpResponse:
    """Ask for the password of whoever is signed in. Wrong ones count like those of a sign-in."""
    if request.method == "POST" and _is_right(request):
        note_proof(request)
        return HttpResponseRedirect(way_back(request))
    context = {
        **admin.site.each_context(request),
        "title": _("Is it you?"),
        "way_back": way_back(request),
        "is_wrong": request.method == "POST",
    }
    return TemplateResponse(request, "tenants/prove.html", context)


def _is_right(request: HttpRequest) -> bool:
    name, word = request.user.get_username(), request.POST.get("password", "")
    person = authenticate(request, username=name, password=word)
    return person is not None and person.pk == request.user.pk
