"""Rows named on pages that only show: a link where whoever looks may open the row, its name where not.

Django, and the theme after it, make a link of every foreign key and ask nobody; it led agents to pages that answer 403.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import unfold.forms
from django.contrib.admin import AdminSite
from django.contrib.admin.exceptions import NotRegistered
from django.db.models import Model
from django.http import HttpRequest

from tenants.admin.theme import ThemedReadonlyField


def show_in(form: Any, request: HttpRequest) -> None:
    """Tell the class of a form, which is made anew for every request, who looks at it."""
    form.shown_in = request


class AskingField(ThemedReadonlyField):
    """Asks before it draws a link, where its form knows who looks; pages of the operator alone need not ask."""

    model_admin: Any

    def contents(self) -> Any:
        return self._contents

    @cached_property
    def _contents(self) -> Any:
        # Drawn once: the theme's template asks for it several times.
        return super().contents()

    def get_admin_url(self, remote_field: Any, row: Model) -> str:
        request: HttpRequest | None = getattr(self.form, "shown_in", None)
        if request is None or may_open(self.model_admin.admin_site, row, request):
            return super().get_admin_url(remote_field, row)
        return str(row)


def may_open(site: AdminSite, row: Model, request: HttpRequest) -> bool:
    """Tell whether the page of a row opens for whoever asks: by their role, and by what they see of its kind."""
    try:
        page = site.get_model_admin(type(row))
    except NotRegistered:
        return False
    if not page.has_view_or_change_permission(request, row):
        return False
    return page.get_queryset(request).filter(pk=row.pk).exists()


# The theme names the class in one place, and offers no other way to give it another.
unfold.forms.UnfoldAdminReadonlyField = AskingField
