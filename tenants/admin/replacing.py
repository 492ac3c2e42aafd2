"""“Replace credential” as a page: the new one is tried at Microsoft first, and only then used."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from tenants.admin.credential_forms import NewCredentialForm, WriteOnlyText
from tenants.admin.wording import explain
from tenants.errors import IntegrationError
from tenants.models import AppRegistration, Credential
from tenants.rotation import Material, replace

_BOX: dict[str, Any] = {"class": "desk-typed", "autocomplete": "off", "spellcheck": "false"}


class ReplacementForm(NewCredentialForm):
    class Meta(NewCredentialForm.Meta):
        widgets = {
            "kind": forms.Select(attrs={"class": "desk-typed"}),
            "expires_on": forms.DateInput(attrs={"class": "desk-typed", "type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"].widget = forms.PasswordInput(attrs=_BOX | {"autocomplete": "new-password"})
        for name in ("certificate", "private_key"):
            self.fields[name].widget = WriteOnlyText(attrs=_BOX | {"rows": 4})

    def material(self) -> Material:
        cleaned = self.cleaned_data
        return Material(
            kind=Credential.Kind(cleaned["kind"]),
            value=cleaned["value"],
            private_key=cleaned["private_key"],
            certificate=cleaned["certificate"],
            expires_on=cleaned["expires_on"],
        )


def show_replacement(page: Any, request: HttpRequest, registration: AppRegistration) -> HttpResponse:
    """Ask for the new credential, try it, and say what came of it."""
    form = ReplacementForm(request.POST or None)
    context: dict[str, Any] = {
        **page.admin_site.each_context(request),
        "title": _("Replace the credential of %(name)s") % {"name": registration.name},
        "opts": page.opts,
        "object": registration,
        "registration": registration,
        "form": form,
    }
    if request.method == "POST" and form.is_valid():
        try:
            context["done"] = replace(registration, form.material(), by=request.user)
        except IntegrationError as error:
            context["trouble"] = explain(error.diagnosis)
    return TemplateResponse(request, "tenants/replacement.html", context)
