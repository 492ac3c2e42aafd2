"""Bodies cut out of a big mail: decoded, measured and hashed while they are written to a file."""

import binascii
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .transfer import base64_bytes, transfer_encoding

_NOT_BASE64 = bytes(
    code
    for code in range(256)
    if code not in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CutBody:
    """A decoded body in a file; `bare_sha256` is over its text with LF line ends and none at the end."""

    path: Path
    size_bytes: int
    sha256: str
    bare_sha256: str


class _Decoder(Protocol):
    def feed(self, piece: bytes) -> bytes: ...
    def rest(self) -> bytes: ...


class _Plain:
    def feed(self, piece: bytes) -> bytes:
        return piece

    def rest(self) -> bytes:
        return b""


class _Base64:
    """Decode whole groups of four letters, wherever the lines end; a 50 MB line is as good as many short ones."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        letters = self._held + piece.translate(None, _NOT_BASE64)
        whole = len(letters) // 4 * 4
        self._held = letters[whole:]
        return base64_bytes(letters[:whole])[0]

    def rest(self) -> bytes:
        return base64_bytes(self._held)[0]


class _QuotedPrintable:
    """Decode up to the last line end; in a line without end, up to where no escape can be cut in two."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        text = self._held + piece
        end = text.rfind(b"\n") + 1 or len(text) - 3
        escape = text.rfind(b"=", max(end - 3, 0), end) if text[end - 1 : end] != b"\n" else -1
        end = max(escape if escape >= 0 else end, 0)
        self._held = text[end:]
        return binascii.a2b_qp(text[:end])

    def rest(self) -> bytes:
        return binascii.a2b_qp(self._held)


def _decoder(encoding: str) -> _Decoder:
    name = transfer_encoding(encoding)
    if name == "base64":
        return _Base64()
    return _QuotedPrintable() if name == "quoted-printable" else _Plain()


class BodyFile:
    """A file in `scratch`, mode 0600, that takes an encoded body piece by piece."""

    def __init__(self, scratch: Path, *, encoding: str) -> None:
        handle, name = tempfile.mkstemp(dir=scratch, prefix="part-")
        self._file = os.fdopen(handle, "wb")
        self.path = Path(name)
        self._decoder = _decoder(encoding)
        self._digest, self._bare_digest = hashlib.sha256(), hashlib.sha256()
        self._held_end = b""
        self._size_bytes = 0

    def write(self, piece: bytes) -> None:
        self._take(self._decoder.feed(piece))

    def close(self) -> CutBody:
        self._take(self._decoder.rest())
        self._file.close()
        return CutBody(
            path=self.path,
            size_bytes=self._size_bytes,
            sha256=self._digest.hexdigest(),
            bare_sha256=self._bare_digest.hexdigest(),
        )

    def discard(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _take(self, content: bytes) -> None:
        self._file.write(content)
        self._digest.update(content)
        self._size_bytes += len(content)
        text = self._held_end + content
        bare = text.rstrip(b"\r\n")
        self._held_end = text[len(bare) :]
        self._bare_digest.update(
            bare.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in bare else bare
        )
