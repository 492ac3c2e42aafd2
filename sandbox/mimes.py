"""Where the bytes of the mails are: .eml files in the state directory, or a mail mix made when asked for."""

import hashlib
from pathlib import Path

from sandbox.mail_mix import MailMix


class Mimes:
    """A reference is "file:<sha256>" or "mix:<seed>:<index>"."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._mixes: dict[int, MailMix] = {}
        directory.mkdir(exist_ok=True)

    def keep(self, mime: bytes) -> str:
        name = hashlib.sha256(mime).hexdigest()
        path = self._path(name)
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            beside = path.with_suffix(".new")
            beside.write_bytes(mime)
            beside.replace(path)
        return f"file:{name}"

    def path(self, reference: str) -> Path | None:
        """Give the file behind a reference, None when it is made on the fly."""
        kind, _, name = reference.partition(":")
        return self._path(name) if kind == "file" else None

    def read(self, reference: str) -> bytes:
        path = self.path(reference)
        if path:
            return path.read_bytes()
        _, seed, index = reference.split(":")
        return self.mix(int(seed)).mime(int(index))

    def mix(self, seed: int) -> MailMix:
        if seed not in self._mixes:
            self._mixes[seed] = MailMix(seed)
        return self._mixes[seed]

    def _path(self, name: str) -> Path:
        return self.directory / name[:2] / f"{name}.eml"
