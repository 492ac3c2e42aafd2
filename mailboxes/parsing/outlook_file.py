"""A .msg: one mail as Outlook saves it to a file ([MS-OXMSG]), read into the shape that winmail.dat has, too."""

import re
import struct
from typing import Any, Final

from . import mapi
from .compound import Storage, read_compound
from .mapi import MapiFile, MapiMail, as_mime

_STREAM: Final = re.compile(r"__substg1\.0_([0-9A-F]{4})([0-9A-F]{4})", re.IGNORECASE)
_FIXED: Final = "__properties_version1.0"
_EMBEDDED: Final = "__substg1.0_3701000D"
#: What stands before the fixed values: at the top, in an attached mail, elsewhere. Bytes.
_TOP, _INNER, _OTHER = 32, 24, 8
MOST_DEPTH: Final = 8
MOST_FILES: Final = 500
TO, CC = 1, 2


def msg_as_mime(content: bytes) -> bytes:
    """Write a .msg as MIME. Raises NotCompound for bytes that are none."""
    return as_mime(_mail(read_compound(content), head_bytes=_TOP, depth=0))


def _mail(storage: Storage, *, head_bytes: int, depth: int) -> MapiMail:
    mail = MapiMail(values=_values(storage, head_bytes))
    # Recipients and files name no code page of their own.
    charset = _text_charset(mail.values)
    for name, inner in list(storage.storages.items())[: 2 * MOST_FILES]:
        if name.startswith("__recip_"):
            _add_recipient(mail, _values(inner, _OTHER, charset=charset))
        elif name.startswith("__attach_") and len(mail.files) < MOST_FILES:
            mail.files.append(_file(inner, charset=charset, depth=depth))
    return mail


def _file(storage: Storage, *, charset: str, depth: int) -> MapiFile:
    values = _values(storage, _OTHER, charset=charset)
    file = mapi.file_of(values)
    embedded = storage.storages.get(_EMBEDDED)
    is_mail = values.get(mapi.FILE_METHOD, mapi.EMBEDDED) == mapi.EMBEDDED
    if embedded is not None and is_mail and depth < MOST_DEPTH:
        file.mail = _mail(embedded, head_bytes=_INNER, depth=depth + 1)
    return file


def _add_recipient(mail: MapiMail, values: dict[int, Any]) -> None:
    email = next((values[one] for one in (mapi.SMTP, mapi.EMAIL) if "@" in str(values.get(one, ""))), "")
    person = (str(values.get(mapi.DISPLAY_NAME, "")), str(email))
    if values.get(mapi.RECIPIENT_TYPE) == CC:
        mail.cc.append(person)
    elif values.get(mapi.RECIPIENT_TYPE, TO) == TO:
        mail.to.append(person)


def _text_charset(values: dict[int, Any]) -> str:
    """Give the code page of text that is not Unicode, [MS-OXMSG] §2.1.3; that of the Internet is the HTML's."""
    return mapi.charset_of(values, mapi.MESSAGE_CODEPAGE, mapi.CODEPAGE)


def _values(storage: Storage, head_bytes: int, *, charset: str = "") -> dict[int, Any]:
    found: dict[int, Any] = {}
    fixed = storage.streams.get(_FIXED, b"")[head_bytes:]
    for at in range(0, len(fixed) - 15, 16):
        kind, name = struct.unpack_from("<HH", fixed, at)
        if kind in mapi.FIXED:
            found[name] = mapi.fixed_value(kind, fixed[at + 8 : at + 8 + min(mapi.FIXED[kind], 8)])
    charset = _text_charset(found) or charset
    for stream, content in storage.streams.items():
        named = _STREAM.fullmatch(stream)
        if named:
            name, kind = int(named[1], 16), int(named[2], 16)
            is_text = kind in (mapi.STRING8, mapi.UNICODE)
            found[name] = mapi.text_value(kind, content, charset=charset) if is_text else content
    return found
