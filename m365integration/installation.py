"""Which installation this is: a name kept outside the database, so that a copy of the database is another one."""

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

_LENGTH: Final = 24


def own_name(*, given: str, public_url: str, var_dir: Path | None) -> str:
    """Give a short name that says nothing about us.

    `given` decides where it is set. Otherwise with a folder of our own a random text kept in it, together with its
    place, because folders are copied whole; without one the address we are reached at, which no two share.
    """
    if given:
        source = given
    elif var_dir is not None:
        source = f"{_kept(var_dir / 'installation')} {var_dir}"
    else:
        source = public_url
    return hashlib.sha256(source.encode()).hexdigest()[:_LENGTH]


def _kept(path: Path) -> str:
    """Read the random text, made once; of two starters the second takes what the first made."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".installation-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(secrets.token_hex(16))
            with suppress(FileExistsError):
                os.link(name, path)
        finally:
            os.unlink(name)
    return path.read_text("utf-8")
