"""Big mails: bodies cut out to files in one pass, so that memory stays small.

The skeleton that remains has every header and every small part. Where a big body was, a header of ours names the
cut by a random token, so that no sender can point at a file.
"""

import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from .cuts import BodyFile, CutBody
from .filenames import parameters
from .limits import Limits
from .window import Window

CUT_HEADER = "X-Cut-Body"
_FULL_SKELETON_BYTES = 4 * 1024 * 1024
_SMALL_BODY_BYTES = 4 * 1024  # what a skeleton that is already full still takes
_NEEDED = re.compile(
    rb"^(content-type|content-transfer-encoding)[ \t]*:([^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+)",
    re.IGNORECASE | re.MULTILINE,
)


def split_large(path: Path, scratch: Path, limits: Limits) -> tuple[bytes, dict[str, CutBody]]:
    """Give a small skeleton of the mail, and by their tokens the big bodies, decoded into files in `scratch`.

    Raises OSError of the disk; no file is left then.
    """
    with path.open("rb") as file:
        splitter = _Splitter(window=Window(file), scratch=scratch, limits=limits)
        try:
            splitter.run()
        except BaseException:
            for cut in splitter.cuts.values():
                cut.path.unlink(missing_ok=True)
            raise
    return b"".join(splitter.skeleton), splitter.cuts


@dataclass(slots=True)
class _Splitter:
    """The state of one pass: the multiparts that are open, the skeleton so far, the bodies cut out."""

    window: Window
    scratch: Path
    limits: Limits
    skeleton: list[bytes] = field(default_factory=list)
    skeleton_bytes: int = 0
    open: list[bytes] = field(default_factory=list)
    boundary: re.Pattern[bytes] | None = None
    cuts: dict[str, CutBody] = field(default_factory=dict)
    leaves: int = 0

    def run(self) -> None:
        line = self._entity()
        while line and self.leaves <= self.limits.parts:
            self._keep(line)
            name = line.strip()
            if name in self.open:
                self._open_only(self.open[: self.open.index(name) + 1])
                line = self._entity()
            else:
                # The closing line; behind it comes the epilogue, which is nobody's words.
                self._open_only(self.open[: self.open.index(name.removesuffix(b"--"))])
                line = self._skipped()

    def _entity(self) -> bytes:
        """Read one part up to the boundary line that ends it, which is returned; b"" at the end of the file."""
        headers = self._headers()
        needed = {
            name.lower(): value.decode("ascii", "replace")
            for name, value in reversed(_NEEDED.findall(headers))
        }
        content_type = needed.get(b"content-type", "").strip()[: self.limits.parameter_bytes]
        name = parameters(content_type).get("boundary", "").rstrip() if content_type else ""
        opened = b""
        if content_type.lower().startswith("multipart/") and name and len(self.open) < self.limits.depth:
            opened = b"--" + name.encode("ascii", "replace")
            self._open_only([*self.open, opened])
        self.leaves += not opened
        return self._body(headers, opened=opened, encoding=needed.get(b"content-transfer-encoding", ""))

    def _headers(self) -> bytes:
        """Read up to and with the empty line; an endless block loses its end."""
        kept: list[bytes] = []
        size_bytes = 0
        while line := self.window.line():
            size_bytes += len(line)
            is_empty = not line.strip(b"\r\n")
            if is_empty or size_bytes <= 4 * self.limits.header_block_bytes:
                kept.append(line)
            if is_empty:
                break
        return b"".join(kept)

    def _body(self, headers: bytes, *, opened: bytes, encoding: str) -> bytes:
        """Read a body: into the skeleton while it is small, into a file when it is not.

        Of a multipart this is the preamble, which counts only when its boundary never comes.
        """
        is_full = self.skeleton_bytes > _FULL_SKELETON_BYTES
        most = min(self.limits.cut_body_bytes, _SMALL_BODY_BYTES) if is_full else self.limits.cut_body_bytes
        held, held_bytes, file = list[bytes](), 0, None
        try:
            line = self._at_start()
            while line is None:
                piece, line = self.window.piece(self.boundary)
                if file is None:
                    held.append(piece)
                    held_bytes += len(piece)
                    if held_bytes <= most:
                        continue
                    file, piece, held = BodyFile(self.scratch, encoding=encoding), b"".join(held), []
                file.write(piece)
        except BaseException:
            if file is not None:
                file.discard()
            raise
        if opened and line and line.strip() in (opened, opened + b"--"):
            self._keep(headers)
            if file is not None:
                file.discard()
        else:
            self._finish(headers, b"".join(held), file)
        return line

    def _at_start(self) -> bytes | None:
        """Give the boundary line when the body is empty: the window then stands right before it."""
        if self.boundary is None or self.window.place == 0:
            return None
        self.window.place -= 1
        if self.boundary.match(self.window.held, self.window.place):
            return self.window.piece(self.boundary)[1]
        self.window.place += 1
        return None

    def _finish(self, headers: bytes, body: bytes, file: BodyFile | None) -> None:
        if file is not None:
            token = secrets.token_hex(16)
            self.cuts[token] = file.close()
            headers = f"{CUT_HEADER}: {token}\n".encode("ascii") + headers
        self._keep(headers)
        self._keep(body)

    def _skipped(self) -> bytes:
        line: bytes | None = None
        while line is None:
            line = self.window.piece(self.boundary)[1]
        return line

    def _keep(self, content: bytes) -> None:
        self.skeleton.append(content)
        self.skeleton_bytes += len(content)

    def _open_only(self, names: list[bytes]) -> None:
        self.open = names
        alternatives = b"|".join(map(re.escape, names))
        pattern = rb"\r?\n(?:" + alternatives + rb")(?:--)?[ \t]*(?:\r?\n|\Z)"
        self.boundary = re.compile(pattern) if names else None
