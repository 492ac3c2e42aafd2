"""The text gate: every string from outside passes here before anything stores or shows it."""

import re

# C0 controls and DEL, but not tab and line feed; carriage returns are turned into line feeds first.
_UNWANTED = bytes(code for code in (*range(32), 127) if code not in (9, 10))
_CLEAN = {code: None for code in _UNWANTED} | {0: "\N{REPLACEMENT CHARACTER}"}
_BLANKS = re.compile(r"[\s\x85]+")


def storable(text: str, *, max_chars: int) -> str:
    """Make any string storable: valid UTF-8, no NUL, no control characters but tab and newline, bounded.

    NUL becomes U+FFFD so that its place stays visible; CRLF and CR become LF; lone surrogates become U+FFFD.
    """
    text = text[: max_chars * 2]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        encoded = text.encode()
    # Deleting from bytes costs a tenth of a regex search; nearly every text comes through unchanged.
    if len(encoded.translate(None, _UNWANTED)) != len(encoded):
        text = text.translate(_CLEAN)
    return text[:max_chars]


def one_line(text: str, *, max_chars: int) -> str:
    """Make a string storable in a field of one line: every run of white space becomes one space."""
    if text.isprintable() and "  " not in text:
        return text.strip()[:max_chars].strip()  # the usual case, told by one quick look
    return storable(_BLANKS.sub(" ", text).strip(), max_chars=max_chars).strip()
