"""Browsers sent to Microsoft that are expected back, and what they were sent for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.fields import EncryptedTextField
from tenants.ownership import TenantOwned


class SignInAttempt(TenantOwned):
    """One browser on its way to Microsoft: whose it is, what for, and what the answer is proved by.

    Found by its `state` alone, which is good once, for the browser and the person it was made for.
    """

    class Purpose(models.TextChoices):
        MAILBOX = "mailbox", _("sign-in to a mailbox")
        SENDING = "sending", _("sign-in to send from a mailbox")
        CONSENT = "consent", _("admin consent")

    #: What it encrypts is worth nothing soon, and made anew: a key that is lost costs nothing here.
    IS_SHORT_LIVED = True

    purpose = models.CharField(max_length=10, choices=Purpose)
    #: SHA-256 of the value in the address, which is stored nowhere.
    state_hash = models.CharField(max_length=64, unique=True)
    #: SHA-256 of the browser's session key.
    session_hash = models.CharField(max_length=64)
    #: Nobody where a customer's administrator follows a consent link.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    registration = models.ForeignKey("tenants.AppRegistration", on_delete=models.CASCADE, related_name="+")
    mailbox = models.ForeignKey("mailboxes.Mailbox", on_delete=models.CASCADE, null=True, related_name="+")
    consent_request = models.ForeignKey(
        "tenants.ConsentRequest", on_delete=models.CASCADE, null=True, related_name="+"
    )
    #: JSON text of whoever began it, such as nonce and PKCE verifier; gone as soon as it has been used.
    proof = EncryptedTextField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    valid_until = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("sign-in attempt")
        verbose_name_plural = _("sign-in attempts")
        indexes = [models.Index(fields=["valid_until"], name="sign_in_attempt_by_end")]

    def __str__(self) -> str:
        return f"{self.purpose} attempt {self.pk}"


class ConsentRequest(TenantOwned):
    """An administrator was asked to consent: here by a button, or elsewhere by a link that works once.

    Waiting until a token issued since shows what is needed, whatever the browser says that comes back.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        PROVED = "proved", _("proved")
        REFUSED = "refused", _("refused")
        LAPSED = "lapsed", _("lapsed")

    registration = models.ForeignKey(
        "tenants.AppRegistration", on_delete=models.CASCADE, related_name="consent_requests"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    #: SHA-256 of the link's token; blank where somebody went by the button.
    token_hash = models.CharField(max_length=64, blank=True)
    valid_until = models.DateTimeField()
    #: The link was followed; it leads nowhere any more.
    followed_at = models.DateTimeField(null=True)
    #: The browser came back from Microsoft.
    returned_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    #: Why it was refused, or what the last token still lacks, as a diagnosis.
    trouble = models.JSONField(null=True)
    #: What the live call after it has shown, in words.
    seen = models.CharField(max_length=200, blank=True)
    next_look_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("consent request")
        verbose_name_plural = _("consent requests")
        constraints = [
            models.UniqueConstraint(
                fields=["token_hash"], condition=~models.Q(token_hash=""), name="consent_link_token_once"
            )
        ]
        indexes = [models.Index(fields=["state", "next_look_at"], name="consent_request_by_look")]

    def __str__(self) -> str:
        return f"consent request {self.pk}, {self.state}"
