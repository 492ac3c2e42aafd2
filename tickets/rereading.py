"""Flow: read a mail's text anew from its stored bytes, in the charset that somebody chose for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from mailboxes import storage
from mailboxes.parsing import DEFAULT, ParsedMessage, Unparseable, parse
from mailboxes.parsing.gate import storable
from tenants import audit
from tickets.models import Entry
from tickets.records import MAX_TEXT

#: What people meet, and what it is called. In the order of how often a declaration is wrong.
CHARSETS: Final = {
    "utf-8": "Unicode (UTF-8)",
    "windows-1252": "Western European (Windows)",
    "iso-8859-15": "Western European (ISO)",
    "windows-1250": "Central European (Windows)",
    "iso-8859-2": "Central European (ISO)",
    "windows-1251": "Cyrillic (Windows)",
    "koi8-r": "Cyrillic (KOI8-R)",
    "ibm866": "Cyrillic (DOS)",
    "windows-1253": "Greek (Windows)",
    "windows-1254": "Turkish (Windows)",
    "windows-1255": "Hebrew (Windows)",
    "windows-1256": "Arabic (Windows)",
    "windows-1257": "Baltic (Windows)",
    "windows-874": "Thai (Windows)",
    "gb18030": "Chinese, simplified",
    "big5": "Chinese, traditional",
    "shift_jis": "Japanese (Shift-JIS)",
    "iso-2022-jp": "Japanese (ISO-2022-JP)",
    "euc-jp": "Japanese (EUC)",
    "euc-kr": "Korean",
    "utf-16": "Unicode (UTF-16)",
    "macintosh": "Western European (Mac)",
    "ibm850": "Western European (DOS)",
}


def reread(entry: Entry, charset: str) -> ParsedMessage | None:
    """Read the stored mail in that charset, whatever it says of itself; None when its bytes are not there."""
    row = entry.inbound
    if row is None or not row.raw_path or charset not in CHARSETS:
        return None
    limits = replace(DEFAULT, charset=charset)
    try:
        message = parse(storage.full_path(row.raw_path), received_at=row.received_at, limits=limits)
    except (Unparseable, OSError):
        return None
    for part in message.parts:
        part.content.discard()
    return message


def keep_reading(entry: Entry, charset: str, *, by: User) -> bool:
    """Put the text of that reading in the place of what the entry shows; False when there is none."""
    message = reread(entry, charset)
    if message is None:
        return False
    text = storable(message.text, max_chars=MAX_TEXT)
    new_text = storable(message.new_text, max_chars=MAX_TEXT)
    entry.text, entry.new_text = text, "" if new_text == text else new_text
    entry.html = storable(message.html, max_chars=MAX_TEXT * 3)
    with transaction.atomic():
        entry.save(update_fields=["text", "new_text", "html"])
        audit.note(audit.Action.CHANGED, entry.ticket, by=by, entry=entry.pk, charset=["", charset])
    return True
