"""A person's sign-in that is kept for a mailbox, in tables of its own: no list ever selects what is in here."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.fields import EncryptedTextField
from tenants.ownership import TenantOwned


class Direction(models.TextChoices):
    """Which side of a mailbox a sign-in opens; one that does for both is the reading side's."""

    IN = "in", _("reading")
    OUT = "out", _("sending")


class MailboxSignIn(TenantOwned):
    """Who signed in to a mailbox, what renews it, and how the last try went. Renewed by one claimer at a time."""

    mailbox = models.ForeignKey(
        "mailboxes.Mailbox", on_delete=models.CASCADE, related_name="sign_ins", verbose_name=_("mailbox")
    )
    direction = models.CharField(
        _("direction"), max_length=3, choices=Direction, default=Direction.IN, db_default=Direction.IN
    )
    refresh_token = EncryptedTextField(null=True)
    #: Of the account that signs in by password; entered by staff, never shown again.
    password = EncryptedTextField(null=True)
    #: Signed in without the registration's credential, and so renewed without it.
    is_public = models.BooleanField(default=False)
    #: Directory, application and account this sign-in was proved for; with any other it is worth nothing.
    proved_for = models.CharField(max_length=500, blank=True)
    account = models.CharField(_("signed-in account"), max_length=320, blank=True)
    oid = models.CharField(_("object id"), max_length=36, blank=True)
    signed_in_at = models.DateTimeField(_("signed in"), null=True)
    #: The last renewal: Entra ends a sign-in that has not been used for 90 days.
    used_at = models.DateTimeField(_("last renewed"), null=True)
    claimed_until = models.DateTimeField(_("being renewed until"), null=True)
    #: Fencing: grows with every claim and every new sign-in; a write that names an older number is refused.
    claim_number = models.PositiveBigIntegerField(default=0)
    #: Why Entra refused the last renewal, as a diagnosis; None while it renews.
    refused = models.JSONField(null=True)
    refused_at = models.DateTimeField(_("refused"), null=True)
    #: How the last try to sign in ended: {"ok", "said", "expected", "signed_in"} and, when it failed, a diagnosis.
    outcome = models.JSONField(null=True)
    outcome_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("sign-in of a mailbox")
        verbose_name_plural = _("sign-ins of mailboxes")
        indexes = [models.Index(fields=["used_at"], name="sign_in_by_last_use")]
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "direction"], name="sign_in_once_per_mailbox_and_direction"
            )
        ]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(mailbox__queue__in=queues)

    def __str__(self) -> str:
        return f"sign-in of mailbox {self.mailbox_id}"


class MailboxToken(TenantOwned):
    """The current access token of a person for a mailbox at one resource, Graph or Outlook."""

    #: What it encrypts is worth nothing soon, and made anew: a key that is lost costs nothing here.
    IS_SHORT_LIVED = True

    sign_in = models.ForeignKey(
        MailboxSignIn, on_delete=models.CASCADE, related_name="tokens", verbose_name=_("sign-in")
    )
    resource = models.CharField(_("resource"), max_length=20)
    token = EncryptedTextField()
    expires_at = models.DateTimeField(_("expires"))
    #: What the person, or an administrator for all, has allowed; space separated and sorted.
    scopes = models.TextField(_("permissions granted"), blank=True)

    class Meta:
        verbose_name = _("token of a mailbox")
        verbose_name_plural = _("tokens of mailboxes")
        constraints = [
            models.UniqueConstraint(
                fields=["sign_in", "resource"], name="token_once_per_sign_in_and_resource"
            )
        ]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(sign_in__mailbox__queue__in=queues)

    def __str__(self) -> str:
        return f"{self.resource} token of sign-in {self.sign_in_id}"


class DeviceCodePending(TenantOwned):
    """A device code that waits to be entered by a person; looked after by one claimer at a time."""

    #: What it encrypts is worth nothing soon, and made anew: a key that is lost costs nothing here.
    IS_SHORT_LIVED = True

    mailbox = models.ForeignKey(
        "mailboxes.Mailbox", on_delete=models.CASCADE, related_name="device_codes", verbose_name=_("mailbox")
    )
    direction = models.CharField(
        _("direction"), max_length=3, choices=Direction, default=Direction.IN, db_default=Direction.IN
    )
    user_code = EncryptedTextField()
    device_code = EncryptedTextField()
    verification_uri = models.CharField(max_length=500)
    expires_at = models.DateTimeField(_("expires"))
    interval_s = models.PositiveSmallIntegerField()
    #: When Entra may be asked next. The one who moves it on is the one who asks.
    look_at = models.DateTimeField(_("next look"), db_index=True)
    #: User name of who asked for it, for the audit list.
    begun_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = _("pending device code")
        verbose_name_plural = _("pending device codes")
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "direction"], name="device_code_once_per_mailbox_and_direction"
            )
        ]

    @classmethod
    def in_queues(cls, queues: Iterable[int]) -> models.Q:
        return models.Q(mailbox__queue__in=queues)

    def __str__(self) -> str:
        return f"device code for mailbox {self.mailbox_id}"
