"""Flow: forget a mailbox and its ledger. The operator's decision; tickets keep their texts and files."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from mailboxes.models import InboundMessage, Mailbox
from tenants.whom import for_its_tenant

#: Lines of the ledger deleted by one statement.
AT_ONCE: Final = 1000


@for_its_tenant
def remove(mailbox: Mailbox) -> None:
    """Delete a mailbox with every line of its ledger.

    The originals lose their last name and are swept away within a day. Connected anew with "everything in the
    folder", all its mail is filed a second time: what was seen is forgotten.
    """
    # The entry of a mail is of the room above; it is known here by the relation alone.
    entries = InboundMessage._meta.get_field("entry").related_model._default_manager
    with transaction.atomic():
        entries.filter(inbound__mailbox=mailbox).update(inbound=None)
        # Group by group: a cascade would load every line of the ledger at once.
        while lines := list(mailbox.ledger.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
            InboundMessage.objects.filter(pk__in=lines).delete()
        mailbox.delete()
