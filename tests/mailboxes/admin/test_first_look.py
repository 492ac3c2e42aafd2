"""From when on mail becomes tickets, chosen anew for a mailbox that is read already."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from mailboxes.models import Folder, Mailbox
from tests.factories import FolderFactory
from tests.mailboxes.admin.test_mailboxes import form_of, url_of
from tests.tenants.admin.conftest import Desk, signed_in


@pytest.mark.parametrize("since", ["all", "date"])
def test_other_first_look_lists_the_folder_anew(desk: Desk, since: str) -> None:
    """And asks about a full folder again; a save that changes nothing of it leaves the cursor."""
    folder = FolderFactory(mailbox__tenant=desk.ours, mailbox__since="now", cursor="x", is_walking=False)
    Mailbox.objects.update(count_confirmed_at=timezone.now(), last_success_at=timezone.now())
    client, mailbox = signed_in(desk.admin), folder.mailbox
    client.post(url_of(mailbox), form_of(mailbox, move_to="Done"))
    folder.refresh_from_db()
    assert folder.cursor == "x"
    day = {"since": since, "since_at_0": "2026-01-04", "since_at_1": "00:00:00"}
    client.post(url_of(mailbox), form_of(mailbox, **day))
    folder.refresh_from_db()
    mailbox.refresh_from_db()
    assert (folder.cursor, folder.is_walking, mailbox.count_confirmed_at) == ("", True, None)
    assert mailbox.since_at == (datetime(2026, 1, 4, tzinfo=UTC) if since == "date" else None)


def test_another_address_reads_other_folders_from_their_start(desk: Desk) -> None:
    """Sent Items, too, from now on. "From now on" of the inbox was put on Microsoft's clock once, and stays there."""
    since = timezone.now() - timedelta(days=9)
    folder = FolderFactory(
        mailbox__tenant=desk.ours,
        mailbox__since_at=since,
        mailbox__claim_number=7,
        cursor="https://graph/next",
        remote_id="AAMkI=",
        path="inbox",
        is_walking=False,
        since_at=since,
        marker_seen_at=since,
        other_installation={"installation": "b"},
    )
    mailbox = folder.mailbox
    FolderFactory(mailbox=mailbox, purpose=Folder.Purpose.SENT, remote_id="sentitems", is_walking=False)
    signed_in(desk.admin).post(url_of(mailbox), form_of(mailbox, address="New@Contoso.example"))

    mailbox.refresh_from_db()
    assert mailbox.address == "new@contoso.example"
    assert mailbox.claim_number == 8  # a run under way loses its claim
    folder = mailbox.folders.get()
    assert (folder.path, folder.remote_id, folder.cursor, folder.is_walking) == ("", "", "", True)
    assert (folder.marker_seen_at, folder.other_installation, folder.since_at) == (None, None, since)
    assert folder.imported_until is not None
    assert folder.imported_until > since
