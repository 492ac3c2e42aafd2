"""Workers that come back late: whatever they still want to write is refused, and nothing is doubled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.db.models import F
from django.utils import timezone

from mailboxes import storage
from mailboxes.errors import LeaseLost
from mailboxes.governor import renew
from mailboxes.inbound import ingest, sync
from mailboxes.inbound.folders import find_targets, walk_again
from mailboxes.inbound.run import Filed, Run
from mailboxes.models import Folder, InboundMessage, Mailbox
from mailboxes.sweeping import sweep_storage
from mailboxes.transports.base import Batch
from tenants.whom import for_machine
from tests.factories import FolderFactory
from tests.installation import wait_for
from tests.journeys.customer import Customer, verify
from tests.mailboxes.outbound.test_claims import waits_for_a_row
from tickets import filing

pytestmark = [pytest.mark.journey, pytest.mark.django_db]


def claimed(customer: Customer) -> Run:
    """A run as a worker holds it when it is stopped: the mailbox is its own, nothing is read yet."""
    run = sync._claim(sync._inbox_of(customer.mailbox.pk), deadline=10**9)
    assert run is not None
    return run


def let_lease_end(customer: Customer) -> None:
    customer.change(claimed_until=timezone.now() - timedelta(seconds=1))


def test_late_worker_moves_no_cursor(customer: Customer) -> None:
    """F-08: stopped before it wrote its page, woken after another has read on."""
    customer.arrive("printer")
    late = claimed(customer)
    sync.find_folders(late)
    batch = next(iter(late.transport.fetch(late.folder.remote_id, "")))
    let_lease_end(customer)
    customer.sync()
    cursor = Folder.objects.get().cursor
    customer.arrive("invoice")
    with pytest.raises(LeaseLost):
        ingest.ingest(late, batch, ingest.begin(late, batch))
    assert Folder.objects.get().cursor == cursor
    assert customer.entries() == ["<printer@fabrikam.example>"]


@for_machine()
def advance_beside(late: Run, batch: Batch) -> None:
    """Write the end of a page over a connection of one's own."""
    try:
        ingest._store(late, [], batch)
    finally:
        connections.close_all()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_worker_that_waits_for_the_folder_undoes_no_listing_anew(customer: Customer) -> None:
    """F-08: its statement began before "list anew" was committed, and waits for the row."""
    customer.arrive("printer")
    late = claimed(customer)
    sync.find_folders(late)
    batch = next(iter(late.transport.fetch(late.folder.remote_id, "")))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            customer.row().walk_again()
            second = pool.submit(advance_beside, late, batch)
            wait_for(waits_for_a_row, what="the page waits for the folder")
        with pytest.raises(LeaseLost):
            second.result(timeout=30)
    folder = Folder.objects.get()
    assert (folder.cursor, folder.is_walking) == ("", True)


def test_worker_of_the_old_address_writes_nothing_of_its_folders(customer: Customer) -> None:
    """F-08: the mailbox was given another address while it was read; Sent Items has another row since."""
    customer.arrive("printer")
    late = claimed(customer)
    sync.find_folders(late)
    batch = next(iter(late.transport.fetch(late.folder.remote_id, "")))
    sent = FolderFactory(mailbox=late.mailbox, purpose=Folder.Purpose.SENT)
    customer.row().leave_folders()
    late.folder.remote_id, late.mailbox.move_to_id = "", ""
    for write in (
        lambda: sync.find_folders(late),
        lambda: find_targets(late),
        lambda: walk_again(late),
        lambda: ingest.ingest(late, batch, ingest.begin(late, batch)),
        lambda: replace(late, folder=sent).note(cursor="x"),
    ):
        with pytest.raises(LeaseLost):
            write()
    folder = Folder.objects.get()
    assert (folder.remote_id, folder.path, folder.cursor, folder.is_walking) == ("", "", "", True)


def test_looks_that_never_end_are_counted_from_the_first_one(customer: Customer) -> None:
    """An error of this program lets go of nothing; the next look sees that, and one that ends forgets it."""
    claimed(customer)
    assert customer.row().trouble_since_at is None
    let_lease_end(customer)
    claimed(customer)
    first = customer.row().trouble_since_at
    let_lease_end(customer)
    claimed(customer)
    assert customer.row().trouble_since_at == first is not None
    let_lease_end(customer)
    customer.sync()
    assert customer.row().trouble_since_at is None


def test_late_worker_cannot_renew_its_claim(customer: Customer) -> None:
    late = claimed(customer)
    let_lease_end(customer)
    current = claimed(customer)
    with pytest.raises(LeaseLost):
        renew(late.mailbox, late.gate)
    renew(current.mailbox, current.gate)


def test_late_worker_neither_frees_nor_blames_the_mailbox(customer: Customer) -> None:
    late = claimed(customer)
    let_lease_end(customer)
    claimed(customer)
    sync._succeeded(late, timezone.now())
    row = customer.row()
    assert row.claimed_until is not None
    assert row.last_success_at is None


def test_late_worker_does_not_bring_back_a_mail_that_was_filed_meanwhile(customer: Customer) -> None:
    """F-08: it waited for a download that another worker has made in its place."""
    customer.arrive("printer")
    customer.control.fault("truncate", options={"at_bytes": 50}, path=r"\$value")
    customer.sync()
    InboundMessage.objects.update(retry_at=None)
    late = claimed(customer)
    let_lease_end(customer)
    before = InboundMessage.objects.get()
    customer.sync()
    fetched = ingest.Fetched(
        ref=ingest.Ref(remote_id=before.remote_id, received_at=before.received_at), raw_path="x"
    )
    assert ingest._note_again(before, fetched) is False
    assert customer.states() == {"filed": 1}
    assert late.fetched == 0


def test_run_whose_mailbox_is_taken_over_ends_quietly(customer: Customer) -> None:
    def stolen(mailbox: Mailbox) -> Filed:
        customer.change(claim_number=F("claim_number") + 1)
        return filing.file_for(mailbox)

    customer.arrive("printer")
    customer.change(claimed_until=None)
    Folder.objects.all().delete()
    report = sync.sync(customer.mailbox.pk, file=stolen, budget_s=30)
    assert report.error is None
    assert customer.row().claimed_until is not None  # still the other's


def test_files_without_a_row_are_swept_after_a_day(customer: Customer) -> None:
    """F-02: left by a worker that died between writing and committing."""
    customer.arrive("printer")
    customer.sync()
    tenant_id = customer.mailbox.tenant_id
    orphan = storage.new_raw_path(tenant_id, timezone.now())
    storage.create(orphan).close()
    assert sweep_storage(timezone.now()) == 0
    assert sweep_storage(timezone.now() + timedelta(days=1, minutes=1)) == 1
    assert len(list(storage.stored_files("raw", tenant_id))) == 1
    verify(customer)
