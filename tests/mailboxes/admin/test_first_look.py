"""From when on mail becomes tickets, chosen anew for a mailbox that is read already."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from mailboxes.models import Mailbox
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
