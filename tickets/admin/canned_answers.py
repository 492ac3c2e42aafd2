"""Canned answers: words that are put into an answer with one choice."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailboxes.admin.phrases import PhrasePreview
from tenants.admin.scoped import TenantOwnedAdmin
from tickets.models import CannedAnswer


@admin.register(CannedAnswer)
class CannedAnswerAdmin(PhrasePreview, TenantOwnedAdmin):
    list_display = ["name_shown", "offered_on", "tenant"]
    list_select_related = ["tenant", "queue"]
    list_filter = ["queue", "tenant"]
    search_fields = ["name", "text"]
    fields = ["tenant", "name", "queue", "text"]
    phrases = ("text",)
    empty_hint = gettext_lazy(
        "No canned answer yet. Write one down once; on every ticket it is then offered above the answer, filled in."
    )

    @admin.display(description=gettext_lazy("canned answer"), ordering="name")
    def name_shown(self, answer: CannedAnswer) -> str:
        return format_html(
            '<span class="desk-subject">{}</span><span class="desk-who desk-cause">{}</span>',
            answer.name,
            Truncator(answer.text).chars(100),
        )

    @admin.display(description=gettext_lazy("offered on tickets of"), ordering="queue__name")
    def offered_on(self, answer: CannedAnswer) -> str:
        return str(answer.queue or _("every queue"))
