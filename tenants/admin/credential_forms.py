"""Entering a credential. What is typed here goes one way: no page ever shows it again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.admin.theme import PlainModelForm, ThemedPasswordInput, ThemedTextarea
from tenants.errors import CredentialUnusable
from tenants.microsoft.credentials import CertificateCredential, is_secret_id
from tenants.models import Credential
from tenants.models.credential import store_credential
from tenants.wording import told


class WriteOnlyText(ThemedTextarea):
    """A box that is empty on every page, also when the form comes back with an error."""

    def format_value(self, value: Any) -> str:
        return ""


class NewCredentialForm(PlainModelForm):
    """A client secret or a certificate that takes its place beside the ones there are."""

    value = forms.CharField(
        label=_("Client secret"),
        required=False,
        strip=False,
        widget=ThemedPasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
        help_text=_(
            "Entra admin center › App registrations › your app › Certificates & secrets: the column Value, "
            "which is shown once, right after “New client secret”."
        ),
    )
    certificate = forms.CharField(
        label=_("Certificate (PEM)"),
        required=False,
        widget=WriteOnlyText(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("From -----BEGIN CERTIFICATE----- on; the one uploaded to the app registration."),
    )
    private_key = forms.CharField(
        label=_("Private key (PEM)"),
        required=False,
        widget=WriteOnlyText(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("RSA, without a passphrase."),
    )
    #: Set by cleaning, so that the page can say so.
    was_stripped = False

    class Meta:
        model = Credential
        fields = ["kind", "expires_on"]

    def clean_value(self) -> str:
        typed: str = self.cleaned_data["value"]
        value = typed.strip()
        self.was_stripped = value != typed
        if is_secret_id(value):
            raise ValidationError(
                _(
                    "This is the Secret ID, not the secret. Copy the column Value beside it; if Entra shows only "
                    "dots there, make a new client secret and copy its Value at once."
                ),
                code="secret_id",
            )
        return value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("kind") == Credential.Kind.CERTIFICATE:
            self._check_certificate(cleaned)
        elif not cleaned.get("value") and "value" not in self.errors:
            self.add_error("value", _("Enter the client secret."))
        return cleaned

    def _check_certificate(self, cleaned: dict[str, Any]) -> None:
        pair = CertificateCredential(cleaned.get("private_key", ""), cleaned.get("certificate", ""))
        try:
            pair.for_msal()
        except CredentialUnusable as error:
            field = "private_key" if error.code.startswith("private_key") else "certificate"
            self.add_error(field, told(error.diagnosis))
            return
        cleaned["expires_on"] = pair.expires_at.date()

    def save(self, commit: bool = True) -> Credential:
        """Store the row and its encrypted part together."""
        credential: Credential = super().save(commit=False)
        if commit:
            cleaned = self.cleaned_data
            with transaction.atomic():
                store_credential(
                    credential,
                    value=cleaned["value"],
                    private_key=cleaned["private_key"],
                    certificate=cleaned["certificate"],
                )
        return credential
