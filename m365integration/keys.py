"""The two secrets of an embedded deployment, made once and kept beside its database."""

import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What signs sessions and what encrypts stored credentials; newest encryption key first."""

    secret_key: str
    fernet_keys: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Keys({len(self.fernet_keys)} encryption keys)"


def load_or_make(path: Path) -> Keys:
    """Read the keys, or make them when there are none yet.

    Two starters may race: the file appears whole or not at all, and the loser reads the winner's.
    """
    if not path.exists():
        _make(path)
    stored = json.loads(path.read_text("utf-8"))
    return Keys(secret_key=stored["SECRET_KEY"], fernet_keys=tuple(stored["FERNET_KEYS"]))


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The folder will hold database and mail beside the keys, whoever made it and however.
    path.parent.chmod(0o700)
    fresh = {"SECRET_KEY": secrets.token_urlsafe(64), "FERNET_KEYS": [secrets.token_urlsafe(48)]}
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # mkstemp creates it 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(fresh, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)  # unlike a rename, a link never replaces the keys of a faster starter
        except FileExistsError:
            return
    finally:
        os.unlink(name)
