"""Flow: look into a mailbox as it is now, and choose its folders from the live tree."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from django.db import transaction

from mailboxes.governor import visit
from mailboxes.models import Folder, Mailbox
from mailboxes.models.mailbox import TARGETS
from mailboxes.transports import open_inbound
from mailboxes.transports.base import FolderSeen
from tenants import audit
from tenants.whom import for_its_tenant


@for_its_tenant
def live_folders(mailbox: Mailbox) -> Sequence[FolderSeen]:
    """List the folders the mailbox has now. Raises IntegrationError with the diagnosis."""
    with visit(mailbox) as gate, closing(open_inbound(mailbox, gate)) as transport:
        return transport.folders()


@for_its_tenant
def open_folder(mailbox: Mailbox) -> FolderSeen:
    """Open the folder mail is read from, as a sync would. Raises IntegrationError with the diagnosis."""
    with visit(mailbox) as gate, closing(open_inbound(mailbox, gate)) as transport:
        return transport.find_folder(mailbox.folder)


@for_its_tenant
def choose_folder(
    mailbox: Mailbox, purpose: str, *, path: str, remote_id: str, by: audit.Actor = None
) -> None:
    """Use a folder of the live tree; kept by its id, so that renaming it or another language changes nothing.

    `purpose` is folder, move_to or copy_to.
    """
    with transaction.atomic():
        told = audit.changed({purpose: getattr(mailbox, purpose)}, {purpose: path})
        audit.note(audit.Action.CHANGED, mailbox, by=by, **told)
        if purpose in TARGETS:
            Mailbox.objects.filter(pk=mailbox.pk).update(**{purpose: path, TARGETS[purpose]: remote_id})
            return
        # No confirmation is asked for anew: whoever chose it from the tree has seen how many mails it holds.
        Mailbox.objects.filter(pk=mailbox.pk).update(folder=path)
        row, _made = Folder.objects.get_or_create(
            mailbox=mailbox, purpose=Folder.Purpose.INBOX, defaults={"tenant_id": mailbox.tenant_id}
        )
        values: dict[str, object] = {"path": path, "remote_id": remote_id}
        if row.remote_id != remote_id:
            # Another folder: read it from its start. The ledger knows the mails it has seen.
            values |= {"cursor": "", "is_walking": True}
        Folder.objects.filter(pk=row.pk).update(**values)
