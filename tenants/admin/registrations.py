"""App registrations with their credentials, what was consented to, and a live test."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tenants import app_tokens
from tenants.admin.consenting import ask_for_consent, card, offer_link, unsafe_address
from tenants.admin.credential_forms import NewCredentialForm
from tenants.admin.explaining import explain_pasted
from tenants.admin.replacing import show_replacement
from tenants.admin.scoped import OwnedStackedInline, OwnedTabularInline, TenantOwnedAdmin
from tenants.admin.wording import credential_state, explain, lasts
from tenants.connection import prove
from tenants.errors import IntegrationError
from tenants.models import AppRegistration, Consent, Credential, ScopeProof
from tenants.posted import posted
from tenants.proof import ProvenPage, ask_again
from tenants.reach import ADMINS
from tenants.round_trip import return_address
from tenants.wording import shown


class CredentialsInline(OwnedTabularInline):
    """The credentials there are: their dates and whether they can be opened, never more."""

    model = Credential
    fields = ["kind_shown", "state", "expires_on"]
    readonly_fields = ["kind_shown", "state"]
    max_num = 0
    hide_title = True
    verbose_name_plural = gettext_lazy("credentials")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("secret")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("kind"))
    def kind_shown(self, credential: Credential) -> str:
        return str(credential.get_kind_display())

    @admin.display(description=gettext_lazy("state"))
    def state(self, credential: Credential) -> str:
        return format_html('<span class="desk-state is-{}">{}</span>', *credential_state(credential))


class NewCredentialInline(OwnedStackedInline):
    """One empty form for the first credential; one that replaces another is tried first, on a page of its own."""

    model = Credential
    form = NewCredentialForm
    fields = ["kind", "value", "certificate", "private_key", "expires_on"]
    extra = 1
    max_num = 1
    can_delete = False
    hide_title = True
    verbose_name = gettext_lazy("first credential; test the connection after saving")
    verbose_name_plural = verbose_name

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).none()


@admin.register(AppRegistration)
class AppRegistrationAdmin(ProvenPage, TenantOwnedAdmin):
    view_roles = ADMINS
    inlines = [CredentialsInline, NewCredentialInline]
    list_display = ["name", "tenant", "client_id", "credential"]
    list_select_related = ["tenant"]
    list_filter = ["tenant"]
    search_fields = ["name", "client_id", "tenant__name"]
    readonly_fields = ["permissions_seen", "limit_proved"]
    change_form_outer_before_template = "tenants/registration_top.html"
    empty_hint = gettext_lazy(
        "No app registration yet. Create one in the customer's Entra admin center, grant it admin consent for "
        "Mail.ReadWrite, then add its client ID and secret here."
    )
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "tenant",
                    "name",
                    "client_id",
                    "permissions_seen",
                    "control_address",
                    "limit_proved",
                ],
                "description": gettext_lazy("The application the customer registered for this helpdesk."),
            },
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Without their encrypted parts: those have a table of their own, which no list opens.
        return super().get_queryset(request).prefetch_related("credentials")

    def get_urls(self) -> list[Any]:
        test = self.admin_site.admin_view(posted(self.test_connection))
        replacing = self.admin_site.admin_view(
            require_http_methods(["GET", "HEAD", "POST"])(self.replace_credential)
        )
        explaining = self.admin_site.admin_view(
            require_http_methods(["GET", "HEAD", "POST"])(partial(explain_pasted, self))
        )
        return [
            path("explain/", explaining, name="tenants_appregistration_explain"),
            path("<int:pk>/test/", test, name="tenants_appregistration_test"),
            path("<int:pk>/replace/", replacing, name="tenants_appregistration_replace"),
            path("<int:pk>/consent/", self._door(ask_for_consent), name="tenants_appregistration_consent"),
            path(
                "<int:pk>/consent-link/", self._door(offer_link), name="tenants_appregistration_consent_link"
            ),
            *super().get_urls(),
        ]

    def _door(self, act: Callable[[Any, HttpRequest, AppRegistration], HttpResponse]) -> Any:
        def door(request: HttpRequest, pk: int) -> HttpResponse:
            return act(self, request, self._mine(request, pk))

        return self.admin_site.admin_view(posted(door))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        registration = context.get("original")
        if registration is not None:
            context["consent"] = card(registration, request)
        else:
            context |= {"return_address": return_address(), "unsafe": unsafe_address()}
        return super().render_change_form(request, context, *args, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask at first for what has to be entered, and nothing else."""
        if obj is not None:
            return super().get_fieldsets(request, obj)
        words = gettext_lazy("What its Overview page shows at Microsoft.")
        return [(None, {"fields": ["tenant", "name", "client_id"], "description": words})]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"name": _("Helpdesk"), **super().get_changeform_initial_data(request)}

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> Any:
        has_some = obj is not None and obj.credentials.exists()
        shown = CredentialsInline if has_some else NewCredentialInline
        return [one for one in super().get_inline_instances(request, obj) if isinstance(one, shown)]

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """Stay with the registration: consent is asked for here, and a mailbox added."""
        messages.info(request, _("Next: admin consent, and the mailbox. The setup guide says each step."))
        return HttpResponseRedirect(reverse("admin:tenants_appregistration_change", args=[obj.pk]))

    @method_decorator(sensitive_post_parameters())
    def replace_credential(self, request: HttpRequest, pk: int) -> HttpResponse:
        return ask_again(request) or show_replacement(self, request, self._mine(request, pk))

    def _mine(self, request: HttpRequest, pk: int) -> AppRegistration:
        registration = self.get_queryset(request).select_related("tenant").filter(pk=pk).first()
        if registration is None or not self.has_change_permission(request, registration):
            raise Http404
        found: AppRegistration = registration
        return found

    @method_decorator(sensitive_post_parameters())
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    def test_connection(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for a token now and show what it says, or who has to do what."""
        registration = self._mine(request, pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Test of %(name)s") % {"name": registration.name},
            "opts": self.opts,
            "object": registration,
            "registration": registration,
            "mailboxes": registration.mailboxes.order_by("address")[:50],
        }
        try:
            context["proof"] = prove(registration)
        except IntegrationError as error:
            context["trouble"] = explain(error.diagnosis)
        return TemplateResponse(request, "tenants/connection.html", context)

    def save_model(self, request: HttpRequest, registration: Any, form: Any, change: bool) -> None:
        super().save_model(request, registration, form, change)
        if {"client_id", "control_address"} & set(form.changed_data):
            # It was proved of another application, or with another mailbox.
            ScopeProof.objects.filter(registration=registration).delete()
        if "client_id" in form.changed_data:
            transaction.on_commit(partial(app_tokens.forget, registration))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        if formset.new_objects or formset.deleted_objects:
            # The next call to Microsoft proves the credential that is newest now, not the one before.
            transaction.on_commit(partial(app_tokens.forget, form.instance))
        if any(getattr(one, "was_stripped", False) for one in formset.forms):
            messages.info(request, _("Blanks around the client secret were removed."))

    @admin.display(description=gettext_lazy("credential"))
    def credential(self, registration: AppRegistration) -> str:
        # The date that counts is the latest: an older credential may run out beside it.
        newest = max(registration.credentials.all(), key=_last_day, default=None)
        level, sentence = lasts(newest) if newest else ("danger", _("none: enter a secret or certificate"))
        return format_html('<span class="desk-state is-{}">{}</span>', level, sentence)

    @admin.display(description=gettext_lazy("permissions seen"))
    def permissions_seen(self, registration: AppRegistration) -> str:
        consent = Consent.objects.filter(registration=registration).first() if registration.pk else None
        if consent is None:
            return _("Not known yet: press “Test connection”, or wait for the first mailbox to be read.")
        seen = date_format(consent.proved_at, "DATETIME_FORMAT")
        roles = consent.roles or _(
            "none. Ask for consent on the page of the registration, unless Exchange RBAC for Applications is to grant "
            "the access"
        )
        return _("%(roles)s (in the token of %(date)s)") % {"roles": roles, "date": seen}

    @admin.display(description=gettext_lazy("limit proved"))
    def limit_proved(self, registration: AppRegistration) -> str:
        proof = ScopeProof.objects.filter(registration=registration).first() if registration.pk else None
        if proof is None:
            return _("Not tried yet.") if registration.control_address else _("No control mailbox is named.")
        return format_html(
            '<span class="desk-state is-{}">{}</span> {} <span class="desk-who">{}</span>',
            proof.level,
            proof.get_result_display(),
            date_format(timezone.localtime(proof.proved_at), "DATETIME_FORMAT"),
            f"{shown(proof.trouble['cause'])} {shown(proof.trouble['fix'])}" if proof.trouble else "",
        )


def _last_day(credential: Credential) -> tuple[bool, Any, int]:
    return credential.expires_on is not None, credential.expires_on or 0, credential.pk
