from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ownership import OwnedQuerySet, TenantOwned
from tickets.models.tag import tag_names
from tickets.models.ticket import Ticket
from tickets.policies import rules as policy
from tickets.policies.patterns import MAX_CHARS, pattern
from tickets.policies.syntax import ExpressionError
from tickets.wording import reason

#: Columns that hold a pattern.
PATTERNS: Final = ("sender", "recipient", "subject", "body", "attachment", "verdict")
_KILO: Final = 1024


def check_pattern(text: str) -> None:
    """Refuse what cannot be searched for, with the reason."""
    try:
        pattern(text)
    except ExpressionError as error:
        raise ValidationError(reason(str(error)), code="pattern_unusable") from None


def check_verdict(text: str) -> None:
    """Refuse a pattern that no verdict fits: the rule would wait for ever."""
    check_pattern(text)
    if text and not any(pattern(text).fits(one) for one in policy.VERDICTS):
        raise ValidationError(
            _("No verdict is like this; write one of those named below."), code="no_verdict"
        )


def check_header(text: str) -> None:
    name, _colon, wanted = text.partition(":")
    if not name.strip() or " " in name.strip() or not name.isascii():
        raise ValidationError(_("Write the header's name, a colon and a pattern, as in X-Priority: 1*."))
    check_pattern(wanted.strip())


def _pattern_field(label: Any, help_text: Any = "") -> models.CharField[str, str]:
    return models.CharField(
        label, max_length=MAX_CHARS, blank=True, validators=[check_pattern], help_text=help_text
    )


class RuleQuerySet(OwnedQuerySet):
    def in_force(self, tenant_id: int) -> RuleQuerySet:
        """Keep the rules that mail of a tenant is sorted by, in their order."""
        rows = self.filter(tenant_id=tenant_id, is_active=True).order_by("place", "pk")
        return rows.select_related("queue", "assignee")


class Rule(TenantOwned):
    """One step in sorting a tenant's incoming mail: what a mail must have, and what happens to it then."""

    name = models.CharField(_("name"), max_length=100)
    place = models.PositiveIntegerField(
        _("place"), default=100, help_text=_("Rules are asked from the lowest number to the highest.")
    )
    is_active = models.BooleanField(_("active"), default=True)

    sender = _pattern_field(_("sender is"), _("As in *@fabrikam.example, or /regular expression/."))
    recipient = _pattern_field(
        _("recipient is"),
        _("To, Cc, aliases and the mailbox itself, with and without a +tag, as in help+billing@*."),
    )
    subject = _pattern_field(_("subject is"), _("As in *invoice*, or /invoice \\d+/."))
    body = _pattern_field(_("text is"), _("As in *cancel my contract*; its first 65,000 characters count."))
    header = models.CharField(
        _("header is"),
        max_length=MAX_CHARS,
        blank=True,
        validators=[check_header],
        help_text=_("Its name, a colon and a pattern, as in X-Priority: 1*."),
    )
    has_attachment = models.BooleanField(_("has a file"), null=True, blank=True)
    attachment = _pattern_field(_("file name is"), _("As in *.pdf; one file that fits is enough."))
    larger_than_kb = models.PositiveIntegerField(_("larger than (KB)"), null=True, blank=True)
    smaller_than_kb = models.PositiveIntegerField(_("smaller than (KB)"), null=True, blank=True)
    verdict = _pattern_field(
        _("verdict is"),
        _(
            "One of person, automatic, out_of_office, newsletter, meeting, bounce, delayed, sender_passed, "
            "sender_failed, sender_unknown."
        ),
    )

    queue = models.ForeignKey(
        "tickets.Queue",
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("into the queue"),
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assigned to"),
    )
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Ticket.Priority, null=True, blank=True)
    #: Names; the tags themselves are made when a mail needs them.
    tags = models.JSONField(_("tags"), default=list, blank=True)
    is_unanswered = models.BooleanField(_("no automatic answer"), default=False)
    discard = models.CharField(
        _("discard, because"),
        max_length=200,
        blank=True,
        help_text=_(
            "With a reason here the mail becomes no ticket; it stays in the ledger with this reason."
        ),
    )
    is_last = models.BooleanField(_("ask no further rule"), default=False)

    objects = RuleQuerySet.as_manager()  # type: ignore[misc]  # narrower than the inherited one

    class Meta:
        ordering = ["place", "pk"]
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="rule_name_once_per_tenant")]
        indexes = [models.Index(fields=["tenant", "place"], name="rule_in_order")]

    def __str__(self) -> str:
        return self.name

    def save(self, **kwargs: Any) -> None:
        """Save; tags are kept as tickets spell them."""
        self.tags = tag_names(self.tags)
        super().save(**kwargs)

    def as_policy(self) -> policy.Rule:
        """Give it as decisions take it."""
        return policy.Rule(
            pk=self.pk,
            name=self.name,
            conditions=policy.Conditions(
                **{name: getattr(self, name) for name in PATTERNS},
                header=self.header,
                has_attachment=self.has_attachment,
                min_bytes=None if self.larger_than_kb is None else self.larger_than_kb * _KILO + 1,
                max_bytes=None if self.smaller_than_kb is None else max(0, self.smaller_than_kb * _KILO - 1),
            ),
            actions=policy.Actions(
                queue_id=self.queue_id,
                assignee_id=self.assignee_id,
                priority=self.priority,
                tags=tuple(self.tags),
                is_unanswered=self.is_unanswered,
                discard=self.discard,
                is_last=self.is_last,
            ),
            told=", ".join(self._told()),
        )

    def _told(self) -> Iterator[str]:
        if self.queue:
            yield f"queue {self.queue.name}"
        if self.assignee:
            yield f"assigned to {self.assignee.get_username()}"
        if self.priority:
            yield f"priority {Ticket.Priority(self.priority).name.lower()}"
        if self.tags:
            yield f"tags {', '.join(self.tags)}"
        if self.is_unanswered:
            yield "no automatic answer"
        if self.discard:
            yield f"discarded: {self.discard}"
        if self.is_last:
            yield "no further rule"
