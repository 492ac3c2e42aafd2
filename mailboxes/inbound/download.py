"""Bytes from the wire to storage: several mails at once, over connections that stay open between runs."""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import BinaryIO, Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from mailboxes import storage
from mailboxes.errors import StorageFailure
from mailboxes.governor import renew
from mailboxes.inbound.run import Run
from mailboxes.transports.base import STUB_BYTES, Delivery, Download, Ref
from tenants.errors import (
    AccessDenied,
    IntegrationError,
    MailboxUnavailable,
    Misconfigured,
    NetworkFailure,
    Throttled,
    TokenRefused,
)

#: These stop the whole run; anything else is the fault of one mail and must not hold up the next.
STOPS_THE_RUN: Final = (
    AccessDenied,
    MailboxUnavailable,
    Misconfigured,
    NetworkFailure,
    Throttled,
    TokenRefused,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came of downloading one mail: bytes under a path, or the reason why not.

    `stop` is set when the reason concerns the whole mailbox; with it alone, the mail was not really tried.
    """

    ref: Ref
    raw_path: str = ""
    download: Download | None = None
    error: IntegrationError | None = None
    stop: IntegrationError | None = None


class Downloads:
    """The mails of one page on their way to storage. Iterating gives them bunch by bunch, in the page's order."""

    def __init__(self, run: Run, refs: Sequence[Ref]) -> None:
        self.run = run
        self._stop: IntegrationError | None = None
        self._day = timezone.now()
        bunches = list(run.transport.bunches(refs)) if refs else []
        pool = _pool(run.transport.lanes) if bunches else None
        self._futures: list[Future[list[Fetched]]] = [
            pool.submit(self._bunch, bunch) for bunch in bunches if pool is not None
        ]

    def __iter__(self) -> Iterator[Fetched]:
        renew_every_s = settings.SYNC_LEASE_S / 4
        renewed = time.monotonic()
        try:
            for future in self._futures:
                if future.cancelled():
                    continue
                while not _is_done(future, renew_every_s) or time.monotonic() - renewed > renew_every_s:
                    renew(self.run.mailbox, self.run.gate)
                    renewed = time.monotonic()
                yield from future.result()
        finally:
            self.begin_no_more()

    def begin_no_more(self) -> bool:
        """Take back what has not begun; False when there was nothing left of it.

        What is under way still arrives: thrown away it would only be asked for again, and until it is here nothing else
        may be asked of the mailbox.
        """
        return any([future.cancel() for future in self._futures])

    def _bunch(self, refs: Sequence[Ref]) -> list[Fetched]:
        done: list[Fetched] = []
        try:
            while len(done) < len(refs):
                done += self._attempt(_missing(refs, done))
        finally:
            # A token that was refused is renewed in this thread, over a connection nobody else would close.
            connection.close()
        return done

    def _attempt(self, refs: Sequence[Ref]) -> list[Fetched]:
        """Ask for mails together; what breaks off in the middle of one leaves the others to the next attempt."""
        if self._stop is not None:
            # Spare Microsoft the rest of the page: it would be refused as well.
            return [Fetched(ref=ref, stop=self._stop) for ref in refs]
        got = _fetch(self.run, refs, self._day)
        self._stop = self._stop or next((item.stop for item in got if item.stop), None)
        return got


def empty_mail(ref: Ref, tenant_id: int) -> Fetched:
    """Store a mail of which nothing came because there is nothing in it."""
    place = _Place(tenant_id, timezone.now())
    place.open_file()
    nothing = Download(size_bytes=0, sha256=hashlib.sha256().hexdigest(), is_truncated=False)
    return Fetched(ref=ref, raw_path=place.keep(nothing), download=nothing)


def _missing(refs: Sequence[Ref], done: Sequence[Fetched]) -> list[Ref]:
    known = {item.ref.remote_id for item in done}
    return [ref for ref in refs if ref.remote_id not in known]


def _is_done(future: Future[list[Fetched]], wait_s: float) -> bool:
    try:
        future.exception(timeout=wait_s)
    except TimeoutError:
        return False
    return True


@cache
def _pool(seats: int) -> ThreadPoolExecutor:
    # Kept for the life of the process, so that the threads' connections to Microsoft stay open between runs.
    return ThreadPoolExecutor(max_workers=seats, thread_name_prefix=f"download-{seats}")


class _Place:
    """The file that the mail on its way is written to; the next one takes its place."""

    def __init__(self, tenant_id: int, day: datetime) -> None:
        self.tenant_id, self.day = tenant_id, day
        self.path = ""
        self.file: BinaryIO | None = None

    def open_file(self) -> BinaryIO:
        self.discard()
        self.path = storage.new_raw_path(self.tenant_id, self.day)
        self.file = storage.create(self.path)
        return self.file

    def arrived_bytes(self) -> int:
        return 0 if self.file is None else self.file.tell()

    def keep(self, download: Download) -> str:
        """Close the file over a whole mail, or over the beginning of one that was cut; gives its path."""
        file, self.file = self.file, None
        if file is None:
            raise RuntimeError("A mail was given for which no file had been opened.")
        try:
            with file:
                if download.is_truncated:
                    file.truncate(min(STUB_BYTES, file.tell()))
                storage.settle(file)
        except BaseException:
            storage.discard(self.path)
            raise
        return self.path

    def discard(self) -> None:
        if self.file is not None:
            self.file.close()
            storage.discard(self.path)
        self.file = None


def _fetch(run: Run, refs: Sequence[Ref], day: datetime) -> list[Fetched]:
    """Ask for mails once; what is not in the answer may be asked for again."""
    place, by_id = _Place(run.mailbox.tenant_id, day), {ref.remote_id: ref for ref in refs}
    done: list[Fetched] = []
    arriving = run.transport.download(refs, open_file=place.open_file, max_bytes=settings.MAX_RAW_BYTES)
    try:
        with closing(arriving):
            for delivery in arriving:
                done.append(_fetched(by_id[delivery.remote_id], delivery, place))
                del by_id[delivery.remote_id]
    except IntegrationError as error:
        first = next(iter(by_id.values()), None)  # none: the line broke behind the last mail, and all is here
        done += [_failed(first, error, arrived_bytes=place.arrived_bytes())] if first else []
    except OSError as error:
        detail = errno.errorcode.get(error.errno or 0, "")
        stop = StorageFailure.own("storage_failed", detail=detail)
        done += [Fetched(ref=ref, stop=stop) for ref in by_id.values()]
    finally:
        place.discard()
    return done


def _fetched(ref: Ref, delivery: Delivery, place: _Place) -> Fetched:
    if delivery.download is None:
        return Fetched(ref=ref, error=delivery.error)
    path = place.keep(delivery.download)
    is_cut = delivery.download.is_truncated
    return Fetched(
        ref=ref, raw_path=path, download=_hashed(path, delivery.download) if is_cut else delivery.download
    )


def _failed(ref: Ref, error: IntegrationError, *, arrived_bytes: int) -> Fetched:
    """Tell the fault of one mail from that of the whole mailbox.

    A connection that breaks or stalls in the middle of a mail may well be the fault of that mail. Before its first
    byte it may be either: the run stops, and the mail is put off, so that it does not stop the next run as well.
    """
    if isinstance(error, NetworkFailure) and not arrived_bytes:
        return Fetched(ref=ref, error=error, stop=error)
    if isinstance(error, STOPS_THE_RUN) and not arrived_bytes:
        return Fetched(ref=ref, stop=error)
    return Fetched(ref=ref, error=error)


def _hashed(path: str, got: Download) -> Download:
    sha256 = hashlib.sha256(storage.full_path(path).read_bytes()).hexdigest()
    return Download(size_bytes=got.size_bytes, sha256=sha256, is_truncated=True)
