"""Files no row names: left by a worker that died between writing and committing. Removed after a day."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from django.conf import settings

from mailboxes import storage
from mailboxes.models import InboundMessage
from tenants.models import Tenant

#: Far longer than any run: what is younger may still be about to be named.
AGE: Final = timedelta(days=1)
AT_ONCE: Final = 500


def sweep_storage(now: datetime) -> int:
    """Remove raw mails without a row and what was left of cutting up large ones; gives how many files there were.

    Folders of tenants that are gone go too: the process that removed the tenant may have died before its files did.
    """
    _sweep_gone_tenants(now)
    return sweep_room("raw", now, named=_named) + _sweep_scratch(now)


def _sweep_gone_tenants(now: datetime) -> None:
    # The folders first: a tenant made in between has none yet among them.
    found = storage.tenants_with_files(older_than=now - AGE)
    for tenant_id in found - set(Tenant.objects.values_list("pk", flat=True)):
        storage.remove_tenant(tenant_id)


def sweep_room(room: str, now: datetime, *, named: Callable[[set[str]], set[str]]) -> int:
    """Remove the old files of a room that no row names; `named` gives those of some paths that a row does name."""
    oldest = (now - AGE).timestamp()
    removed = 0
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        files = (path for path in storage.stored_files(room, tenant_id) if _is_old(path, oldest))
        for group in _groups(files):
            names = {str(path.relative_to(settings.MEDIA_ROOT)) for path in group}
            removed += sum(_remove(name, oldest) for name in names - named(names))
    return removed


def _named(names: set[str]) -> set[str]:
    return set(InboundMessage.objects.filter(raw_path__in=names).values_list("raw_path", flat=True))


def _remove(name: str, oldest: float) -> bool:
    """Remove a file that is still old: one that was stored again meanwhile is about to be named."""
    is_old = _is_old(storage.full_path(name), oldest)
    if is_old:
        storage.discard(name)
    return is_old


def _is_old(path: Path, oldest: float) -> bool:
    """Tell the age of what may be gone since it was listed: workers rename and discard files all the time."""
    try:
        return path.stat().st_mtime < oldest
    except FileNotFoundError:
        return False


def _sweep_scratch(now: datetime) -> int:
    room = storage.full_path("scratch")
    if not room.is_dir():
        return 0
    oldest = (now - AGE).timestamp()
    left = [folder for folder in room.iterdir() if _is_old(folder, oldest)]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


def _groups(paths: Iterator[Path]) -> Iterator[list[Path]]:
    while group := list(islice(paths, AT_ONCE)):
        yield group
