"""Address headers: structure first, then names; bounded, and no address rather than a wrong one."""

import re
from collections.abc import Sequence
from email.utils import getaddresses

from .gate import one_line
from .limits import Limits
from .values import NOBODY, Address
from .words import decode_words, unescape

NAME_CHARS = 255
EMAIL_CHARS = 320
_SIMPLE = re.compile(
    r'\s*(?:"((?:[^"\\\r\n]|\\[^\r\n])*+)"|([^"<>()\[\],;:@\\]*+))\s*<\s*([A-Za-z0-9.!#$%&\'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+)\s*>\s*'
)
_BARE = re.compile(r"\s*([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+)\s*")
_EMAIL = re.compile(
    r"(?:[^\s<>()\[\],;:\"\\@\x00-\x1f\x7f-\xa0\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+"
    r"|\"[^\"\\\r\n\x00]+\")"
    r"@(?:[^\s<>()\[\],;:\"\\@\x00-\x1f\x7f-\xa0\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+|\[[0-9A-Fa-f:.]+\])"
)
# An encoded word that holds raw specials would be torn apart by the grammar, so it is quoted first.
_WILD_WORD = re.compile(r"\"?(=\?[^?\s]{1,60}\?[bBqQ]\?[^?\"]*[(),:;<>@\[\]\\][^?\"]*\?=)\"?")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"')
_SPECIALS = re.compile(r"[\\\"]")
_MAX_OPEN = 20


def read_addresses(raw_values: Sequence[str], limits: Limits) -> tuple[tuple[Address, ...], int]:
    """Read one kind of address header; gives the first addresses and how many there are in all."""
    found: list[Address] = []
    for raw in raw_values:
        found.extend(_one_header(raw[: limits.header_bytes]))
    return tuple(found[: limits.addresses]), len(found)


def first_address(raw_values: Sequence[str], limits: Limits) -> Address:
    """Read the sender: the first address of the topmost header, NOBODY when there is none."""
    if not raw_values:
        return NOBODY
    addresses = _one_header(raw_values[0][: limits.header_bytes])
    return next((one for one in addresses if one.email), addresses[0] if addresses else NOBODY)


def clean_email(raw: str) -> str:
    """Give the address with its domain in lower case, "" for anything that is not clearly one."""
    raw = raw.strip()
    if len(raw) > EMAIL_CHARS or not _EMAIL.fullmatch(raw):
        return ""
    local, _, domain = raw.rpartition("@")
    return f"{local}@{domain.lower()}"


def _one_header(raw: str) -> list[Address]:
    if simple := _SIMPLE.fullmatch(raw):
        return [_address(simple[1].replace("\\", "") if simple[1] else simple[2] or "", simple[3])]
    if bare := _BARE.fullmatch(raw):
        return [_address("", bare[1])]
    return _by_grammar(raw)


def _by_grammar(raw: str) -> list[Address]:
    """Use the grammar of `email.utils` on text whose nesting has been looked at first."""
    if not raw.isascii():
        raw = unescape(raw)
    raw = _WILD_WORD.sub(_as_quoted, raw) if "=?" in raw else raw
    outside = _QUOTED.sub("", raw)
    if outside.count("(") != outside.count(")") or outside.count("(") > _MAX_OPEN:
        # `alice@a.org)bob@b.org` and 2,000 open comments: whom it names is anybody's guess, so nobody.
        return [Address(name=one_line(decode_words(raw), max_chars=NAME_CHARS), email="")]
    try:
        pairs = getaddresses([raw])
    except (RecursionError, ValueError, IndexError, AttributeError, TypeError):
        return [Address(name=one_line(decode_words(raw), max_chars=NAME_CHARS), email="")]
    return [_address(name, email) for name, email in pairs if name or email]


def _as_quoted(found: re.Match[str]) -> str:
    return '"' + _SPECIALS.sub(r"\\\g<0>", decode_words(found[1]).replace("\r", " ").replace("\n", " ")) + '"'


def _address(name: str, email: str) -> Address:
    cleaned = clean_email(email)
    name = name or ("" if cleaned else email)
    name = decode_words(name) if "=?" in name or not name.isascii() else name
    return Address(name=one_line(name, max_chars=NAME_CHARS), email=cleaned)
