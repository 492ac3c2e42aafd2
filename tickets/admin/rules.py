"""Rules: a tenant's list in its order, each with what a mail must have and what happens to it then."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.admin.scoped import TenantForm, TenantOwnedAdmin
from tenants.admin.theme import ThemedTextInput
from tenants.models import Tenant
from tenants.reach import ADMINS, WORKERS, within
from tickets.models import Rule
from tickets.models.rule import PATTERNS, check_verdict
from tickets.models.tag import tag_names
from tickets.wording import reason

#: Conditions besides the patterns.
_MORE: tuple[str, ...] = ("header", "has_attachment", "larger_than_kb", "smaller_than_kb")


class RuleForm(TenantForm):
    tag_line = forms.CharField(
        label=gettext_lazy("Tags"),
        required=False,
        widget=ThemedTextInput,
        help_text=gettext_lazy("Separated by commas; they are added to what the ticket has."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tag_line"].initial = ", ".join(self.instance.tags)
        # Django's own word for "not asked" is "Unknown".
        self.fields["has_attachment"].widget.choices = [
            ("unknown", "–"),
            ("true", _("Yes")),
            ("false", _("No")),
        ]

    def clean_verdict(self) -> str:
        verdict: str = self.cleaned_data["verdict"]
        check_verdict(verdict)
        return verdict

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        tenant = cleaned.get("tenant") or getattr(self.instance, "tenant", None)
        person = cleaned.get("assignee")
        if (
            tenant
            and person
            and not person.memberships.filter(tenant=tenant, role__in=list(WORKERS)).exists()
        ):
            self.add_error("assignee", _("This person does not work on tickets of this tenant."))
        return cleaned

    def save(self, commit: bool = True) -> Any:
        self.instance.tags = tag_names(self.cleaned_data.get("tag_line", "").split(","))
        return super().save(commit)


@admin.register(Rule)
class RuleAdmin(TenantOwnedAdmin):
    form: Any = RuleForm
    view_roles = ADMINS
    list_display = ["name_shown", "place", "when", "then", "is_active", "tenant"]
    list_select_related = ["tenant", "queue", "assignee"]
    list_filter = ["is_active", "tenant"]
    search_fields = ["name"]
    ordering = ["tenant", "place", "pk"]
    empty_hint = gettext_lazy(
        "No rule yet: every mail goes to the queue of its mailbox. A rule sorts by sender, recipient, subject, text, "
        "header, size or file; the page of any mail in the ledger shows what the rules would do with it."
    )
    fieldsets: ClassVar[Any] = [
        (gettext_lazy("Rule"), {"fields": ["tenant", "name", "place", "is_active"]}),
        (
            gettext_lazy("When a mail has all of these"),
            {
                "fields": ["sender", "recipient", "subject", "body", "attachment", "verdict", *_MORE],
                "description": gettext_lazy(
                    "What is left empty is not asked. * stands for anything, ? for one character; between slashes "
                    "stands a regular expression that is searched anywhere. Upper and lower case are the same."
                ),
            },
        ),
        (
            gettext_lazy("Then"),
            {
                "fields": [
                    "queue",
                    "assignee",
                    "priority",
                    "tag_line",
                    "is_unanswered",
                    "discard",
                    "is_last",
                ],
                "description": gettext_lazy(
                    "Queue, person and priority are set on tickets that the mail opens; what staff chose on a ticket "
                    "stays. Of several rules that fit, the last one wins, and tags add up."
                ),
            },
        ),
    ]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "assignee" and field is not None:
            field.queryset = _workers(request)
        return field

    @admin.display(description=gettext_lazy("rule"), ordering="name")
    def name_shown(self, rule: Rule) -> str:
        return format_html('<span class="desk-subject">{}</span>', rule.name)

    @admin.display(description=gettext_lazy("when"))
    def when(self, rule: Rule) -> str:
        asked = [
            f"{Rule._meta.get_field(name).verbose_name} {getattr(rule, name)}"  # type: ignore[union-attr]
            for name in (*PATTERNS, *_MORE)
            if getattr(rule, name) not in ("", None)
        ]
        return format_html('<span class="desk-who desk-cause">{}</span>', "; ".join(asked) or _("every mail"))

    @admin.display(description=gettext_lazy("then"))
    def then(self, rule: Rule) -> str:
        told = rule.as_policy().told
        return format_html('<span class="desk-who desk-cause">{}</span>', reason(told) or _("nothing"))


def _workers(request: HttpRequest) -> QuerySet[User]:
    """Those who work on tickets of the tenants whose rules are mine to write."""
    tenants = within(request, Tenant.objects.all(), ADMINS)
    if tenant_id := getattr(request, "_tenant_of_page", None):
        tenants = tenants.filter(pk=tenant_id)
    people = User.objects.filter(
        memberships__tenant__in=tenants, memberships__role__in=list(WORKERS), is_active=True
    )
    return people.distinct().order_by("username")
