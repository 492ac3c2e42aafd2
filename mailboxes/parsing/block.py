"""The header block, bounded and mended while it is still bytes, before `email` sees it."""

import re
from dataclasses import dataclass, field

from .limits import Limits
from .values import GiveWay, Problem

_LOGICAL = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)(?:[ \t][^\r\n]*+(?:\r\n|\n|\r|\Z))*+")
_HEADER = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
# A line that is no header, no continuation and not the empty line before the body. It begins with a literal line
# feed because such patterns are searched for ten times faster.
_STRANGE = re.compile(rb"\n(?![!-9;-~]++:|[ \t]|\r?\Z)")
_FIRST = re.compile(rb"[!-9;-~]++:|[ \t]")
# What mbox writes before a mail, and once more when the mail came out of another mbox.
_ENVELOPE = re.compile(rb"\A(?:>?From (?![ \t]*:)[^\r\n]*+(?:\r?\n|\Z))++")
_KNOWN = re.compile(
    rb"^(?:from|to|cc|bcc|subject|date|sender|reply-to|message-id|in-reply-to|references|mime-version"
    rb"|received|return-path|content-[a-z-]+|x-[a-z0-9-]+)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
# What a ticket needs is looked for behind the limit, too: the flood may stand before it.
_NEEDED = re.compile(
    rb"^(?:from|to|cc|subject|date|reply-to|message-id|in-reply-to|references|mime-version|content-type"
    rb"|content-transfer-encoding|auto-submitted)[ \t]*:[^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+",
    re.IGNORECASE | re.MULTILINE,
)
_CUT = Problem(code="headers_cut", sentence="The header block was over the limits; only part of it was read.")
_MENDED = Problem(code="header_line_unreadable", sentence="A header line was not readable and was left out.")


def bounded(source: bytes, limits: Limits) -> tuple[bytes, tuple[Problem, ...]]:
    """Give the mail with a header block that is safe to hand to `email`; usually the very same bytes."""
    source = source.removeprefix(b"\xef\xbb\xbf")
    if source[:1] in (b"\r", b"\n"):
        source = source.lstrip(b"\r\n")
    if source.startswith((b"From ", b">From ")):
        source = _ENVELOPE.sub(b"", source, count=1)
    end = _end_of_headers(source)
    is_big = end > limits.header_bytes or source.count(b"\n", 0, end) >= limits.header_count
    if is_big and limits.gives_way:
        raise GiveWay
    is_strange = end and not (_FIRST.match(source) and not _STRANGE.search(source, 0, end))
    if not is_big and not is_strange:
        return source, ()
    mended = _Mending(limits, source[:end]).run()
    return mended.joined() + source[end if mended.body_at < 0 else mended.body_at :], tuple(
        mended.problems.values()
    )


def _end_of_headers(source: bytes) -> int:
    """Give the place of the line end before the empty line; the length when there is none."""
    crlf = source.find(b"\n\r\n")
    bare = source.find(b"\n\n", 0, crlf if crlf >= 0 else len(source))
    if bare >= 0:
        return bare
    if crlf < 0:
        lone = source.find(b"\r\r") if b"\n" not in source else -1
        return lone if lone >= 0 else len(source)
    return crlf - 1 if source[crlf - 1 : crlf] == b"\r" else crlf


@dataclass(slots=True)
class _Mending:
    """A header block on its way through the limits; `body_at` is where the body turned out to begin."""

    limits: Limits
    block: bytes
    kept: list[bytes] = field(default_factory=list)
    kept_bytes: int = 0
    body_at: int = -1
    problems: dict[str, Problem] = field(default_factory=dict)

    def run(self) -> "_Mending":
        last_known = max((found.start() for found in _KNOWN.finditer(self.block)), default=-1)
        for found in _LOGICAL.finditer(self.block):
            header = _as_header(found[0])
            if not header and found.start() > last_known and found[0].strip():
                self.body_at = found.start()
                break
            if not header:
                # What follows such a line is still header (MT-043); it must not become body in silence.
                self.problems.update({_MENDED.code: _MENDED} if found[0].strip() else {})
            elif not self._keep(header):
                self._keep_needed(found.start())
                break
        return self

    def joined(self) -> bytes:
        return b"".join(self.kept).rstrip(b"\r\n") + (
            b"\n\n" if self.body_at >= 0 else b"" if self.kept else b"\n"
        )

    def _keep(self, header: bytes) -> bool:
        """Keep a header, cut when it is long; False when the block is full."""
        if len(header) > self.limits.header_bytes:
            self.problems[_CUT.code] = _CUT
            header = _shortened(header, self.limits.header_bytes)
        if len(self.kept) >= self.limits.header_count or self.kept_bytes > self.limits.header_block_bytes:
            return False
        self.kept.append(header)
        self.kept_bytes += len(header)
        return True

    def _keep_needed(self, place: int) -> None:
        self.problems[_CUT.code] = _CUT
        present = {header.partition(b":")[0].strip().lower() for header in self.kept}
        for found in _NEEDED.finditer(self.block, place):
            name = found[0].partition(b":")[0].strip().lower()
            if name not in present:
                present.add(name)
                self.kept.append(_shortened(found[0], self.limits.header_bytes).rstrip(b"\r\n") + b"\n")


def _shortened(header: bytes, most: int) -> bytes:
    """Cut a long header; of References the newest ids, at its end, are worth as much as the oldest."""
    if len(header) <= most:
        return header
    if header[:11].lower() != b"references:":
        return header[:most].rstrip(b"\r\n") + b"\n"
    half = most // 2 - 10
    first, last = header[:half], header[-half:]
    return first[: first.rfind(b">") + 1] + b"\n " + last[last.find(b"<") :].rstrip(b"\r\n") + b"\n"


def _as_header(logical: bytes) -> bytes:
    """Give the header as `email` accepts it, b"" when it is none; "Subject :" loses its blank."""
    found = _HEADER.match(logical)
    return found[1] + b":" + logical[found.end() :] if found else b""
