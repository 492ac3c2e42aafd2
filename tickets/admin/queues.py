"""Queues: where new tickets wait, and whether a customer hears that his mail has arrived."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailboxes.admin.phrases import PhrasePreview
from mailboxes.models import Mailbox
from mailboxes.models.template import KNOWN
from mailboxes.transports.out import why_not
from tenants.admin.scoped import TenantForm, TenantOwnedAdmin
from tickets.models import Queue


class QueueForm(TenantForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("answers_automatically"):
            for name in ("auto_answer_subject", "auto_answer_text"):
                if name not in self.errors and not (cleaned.get(name) or "").strip():
                    self.add_error(
                        name, _("Write what the customer reads, or switch the acknowledgement off.")
                    )
        return cleaned


@admin.register(Queue)
class QueueAdmin(PhrasePreview, TenantOwnedAdmin):
    form: Any = QueueForm
    list_display = ["name", "answers_automatically", "tenant"]
    list_select_related = ["tenant"]
    list_filter = ["tenant"]
    search_fields = ["name"]
    phrases = ("auto_answer_subject", "auto_answer_text")
    fieldsets: ClassVar[Any] = [
        (gettext_lazy("Queue"), {"fields": ["tenant", "name"]}),
        (
            gettext_lazy("Acknowledgement"),
            {
                "fields": ["answers_automatically", *phrases],
                "description": gettext_lazy(
                    "Sent once for each new ticket that a person's mail opens in this queue, at most once a day to the "
                    "same sender. Never to automatic mail, newsletters, reports of non-delivery, spam, senders proven "
                    "false, our own mailboxes, or mail that was imported, is older than a day, or was found half an "
                    "hour or more after it came: after a restored backup it may have been answered before. A rule can "
                    "keep it back, too. To senders nobody has proven, nothing they wrote is repeated: {subject} stays "
                    "empty, {requester_name} is their address, and each mailbox answers 20 of them an hour at most."
                ),
            },
        ),
    ]
    empty_hint = gettext_lazy(
        "No queue yet. A queue is where new tickets wait; name one, then choose it on a mailbox."
    )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "auto_answer_subject" and field is not None:
            field.help_text = KNOWN
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if obj.answers_automatically:
            _warn_of_silent_mailboxes(request, obj)


def _warn_of_silent_mailboxes(request: HttpRequest, queue: Queue) -> None:
    """Say which of the queue's mailboxes can send nothing, an acknowledgement neither."""
    rows = Mailbox.objects.filter(tenant_id=queue.tenant_id, queue=queue).select_related("tenant")
    silent = [mailbox.address for mailbox in rows if why_not(mailbox)]
    if silent:
        text = _("Mail to %(addresses)s is not acknowledged: set up outgoing mail there first.")
        messages.warning(request, text % {"addresses": ", ".join(silent[:5])})
