"""What a worker leaves on disk when it dies between storing files and writing their rows. Covers F-02."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from mailboxes import storage
from mailboxes.models import Mailbox
from mailboxes.sweeping import sweep_storage
from tests import factories
from tickets.sweeping import sweep_attachments

pytestmark = pytest.mark.django_db

TOMORROW = timedelta(days=1, minutes=5)


def orphan(mailbox: Mailbox, content: bytes) -> str:
    path = storage.attachment_path(mailbox.tenant_id, content.hex().ljust(64, "0"))
    storage.keep(path, [content])
    return path


def test_attachment_without_a_row_is_removed_after_a_day(mailbox: Mailbox) -> None:
    path = orphan(mailbox, b"left")
    assert sweep_attachments(timezone.now()) == 0
    assert sweep_attachments(timezone.now() + TOMORROW) == 1
    assert not storage.full_path(path).exists()


def test_half_written_attachment_is_removed_as_well(mailbox: Mailbox) -> None:
    storage.create(storage.attachment_path(mailbox.tenant_id, "ab" * 32) + ".draft").close()
    assert sweep_attachments(timezone.now() + TOMORROW) == 1


def test_attachment_with_a_row_stays(mailbox: Mailbox) -> None:
    kept = factories.AttachmentFactory(entry__ticket__tenant=mailbox.tenant)
    assert sweep_attachments(timezone.now() + TOMORROW) == 0
    assert storage.full_path(kept.path).read_bytes() == b"crackle"


def test_attachment_that_is_stored_again_is_young_again(mailbox: Mailbox) -> None:
    """Its row comes with the next commit; until then only its age protects it."""
    path = storage.full_path(orphan(mailbox, b"left"))
    os.utime(path, (0, 0))
    orphan(mailbox, b"left")
    assert sweep_attachments(timezone.now()) == 0
    assert path.exists()


def test_scratch_of_large_mails_is_removed_after_a_day(mailbox: Mailbox) -> None:
    room = storage.full_path("scratch/tmp123")
    room.mkdir(parents=True)
    (room / "part").write_bytes(b"x")
    assert sweep_storage(timezone.now()) == 0
    assert sweep_storage(timezone.now() + TOMORROW) == 1
    assert not room.exists()


def test_files_that_workers_take_away_meanwhile_do_not_end_the_sweep(mailbox: Mailbox) -> None:
    """Listed and gone a moment later, as a link to nothing is."""
    left = storage.full_path(orphan(mailbox, b"left"))
    for gone in (left.with_name("aa"), left.with_name("zz"), storage.full_path("scratch/tmp123")):
        gone.parent.mkdir(parents=True, exist_ok=True)
        gone.symlink_to("nothing")
    assert sweep_attachments(timezone.now() + TOMORROW) == 1
    assert sweep_storage(timezone.now() + TOMORROW) == 0
    assert not left.exists()
