"""The form of a mailbox, with the one question that cannot be taken back."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _

from mailboxes.models import Mailbox
from mailboxes.transports import objections
from tenants.admin.scoped import TenantForm
from tenants.admin.theme import ThemedPasswordInput, ThemedTextInput

Since, After, SignIn = Mailbox.Since, Mailbox.After, Mailbox.SignIn


_DELETING: Final = _(
    "Every mail is deleted from the customer's mailbox once it is filed. It then lies in Recoverable Items, not in "
    "Deleted Items: Exchange keeps it there for 14 days unless the organisation has raised that, 30 at most. How "
    "long here is told, in PowerShell, by: Get-Mailbox -Identity %(address)s | Format-List RetainDeletedItemsFor. "
    "Until then its owner gets it back in Outlook: folder Deleted Items, “Recover items deleted from this folder”. "
    "Type the mailbox's address to confirm."
)


def _address(text: str) -> str:
    address = text.strip().lower()
    if address:
        EmailValidator(_("This is not a mail address such as help@contoso.example."))(address)
    return address


class MailboxForm(TenantForm):
    confirm_address = forms.CharField(
        label=_("Address once more"),
        required=False,
        widget=ThemedTextInput(attrs={"autocomplete": "off"}),
    )

    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=ThemedPasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
        help_text=_(
            "Of the account that signs in; stored encrypted and never shown again. Leave empty to keep the one that is "
            "stored. Cannot be used for accounts with a second factor, without a password, or of another company."
        ),
    )
    outbound_password = forms.CharField(
        label=_("Password for sending"),
        required=False,
        strip=False,
        widget=ThemedPasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
        help_text=_("Of the account that signs in to send; stored encrypted and never shown again."),
    )
    preview_first = forms.BooleanField(
        label=_("Look before the first sync"),
        required=False,
        initial=True,
        help_text=_(
            "Where older mail is taken too, nothing is read before you have seen what lies in the folder and pressed "
            "“Start”."
        ),
    )

    class Meta:
        model = Mailbox
        fields = ["folder"]  # the page names them all

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # Not on the page, and so it would count as changed at every saving.
            self.fields.pop("preview_first", None)
        if "aliases" in self.fields:
            self.fields["aliases"].widget.attrs["rows"] = 3
        if "confirm_address" in self.fields:
            address = self.instance.address or "help@contoso.example"
            self.fields["confirm_address"].help_text = _DELETING % {"address": address}

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"].strip().lower()
        EmailValidator(_("This is not a mail address such as help@contoso.example."))(address)
        return address

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("since") == Since.DATE and not cleaned.get("since_at"):
            self.add_error("since_at", _("Enter the date from which on mail becomes tickets."))
        if cleaned.get("after") == After.MOVE and not cleaned.get("move_to"):
            self.add_error("move_to", _("Name the folder that filed mail is moved to."))
        if cleaned.get("after") == After.DELETE and self._asks_anew(cleaned):
            self._check_confirmation(cleaned)
        self._check_wire(cleaned)
        for name in ("sign_in", "outbound_sign_in"):
            self._check_sign_in(name, cleaned)
        return cleaned

    def _check_sign_in(self, name: str, cleaned: dict[str, Any]) -> None:
        """Refuse a way to sign in that nobody has switched on for the tenant."""
        way = cleaned.get(name)
        tenant = cleaned.get("tenant") or (self.instance.tenant if self.instance.pk else None)
        if tenant is None or name not in self.changed_data:
            return
        switches = {SignIn.DEVICE_CODE: tenant.allows_device_code, SignIn.PASSWORD: tenant.allows_password}
        if way in switches and not switches[way]:
            self.add_error(
                name,
                _(
                    "This way to sign in is switched off for the tenant. The operator can switch it on, on the page of "
                    "the tenant; signing in with the browser or as the application is better."
                ),
            )

    def clean_outbound_from(self) -> str:
        return _address(self.cleaned_data["outbound_from"])

    def clean_reply_to(self) -> str:
        return _address(self.cleaned_data["reply_to"])

    def clean_aliases(self) -> str:
        lines = self.cleaned_data["aliases"].replace(",", " ").replace(";", " ").split()
        return "\n".join(dict.fromkeys(_address(one) for one in lines))

    def clean_signed_in_user(self) -> str:
        return self._name_of_user("signed_in_user")

    def clean_outbound_signed_in_user(self) -> str:
        return self._name_of_user("outbound_signed_in_user")

    def _name_of_user(self, name: str) -> str:
        user: str = self.cleaned_data[name].strip().lower()
        if user:
            EmailValidator(_("This is not a sign-in name such as helen@contoso.example."))(user)
        return user

    def _check_wire(self, cleaned: dict[str, Any]) -> None:
        transport = cleaned.get("inbound_transport", self.instance.inbound_transport)
        chosen = {name: cleaned.get(name) or "" for name in ("folder", "after", "copy_to")}
        for name, sentence in objections(transport, **chosen):
            self.add_error(name, sentence)

    def _asks_anew(self, cleaned: dict[str, Any]) -> bool:
        return "after" in self.changed_data or "address" in self.changed_data or not self.instance.pk

    def _check_confirmation(self, cleaned: dict[str, Any]) -> None:
        typed = (cleaned.get("confirm_address") or "").strip().lower()
        if typed != cleaned.get("address", self.instance.address):
            self.add_error(
                "confirm_address", _("Type the address of this mailbox to have filed mail deleted.")
            )
