"""The words tickets are sorted by."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy

from tenants.admin.scoped import TenantForm, TenantOwnedAdmin
from tickets.models import Tag
from tickets.models.tag import tag_names


class TagForm(TenantForm):
    def clean_name(self) -> str:
        """Keep the name as tickets and rules spell it."""
        return "".join(tag_names([self.cleaned_data["name"]]))


@admin.register(Tag)
class TagAdmin(TenantOwnedAdmin):
    form: Any = TagForm
    list_display = ["name", "tenant"]
    list_select_related = ["tenant"]
    list_filter = ["tenant"]
    search_fields = ["name"]
    fields = ["tenant", "name"]
    empty_hint = gettext_lazy(
        "No tag yet. A tag is a word on tickets by which they are found again; type one on a ticket, or add it here."
    )
