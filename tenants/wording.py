"""Sentences that were made or stored in English, in the language of whoever reads them now.

Rows, exports and commands keep English, so that one language can be searched and reported; pages translate it. What a
sentence quotes (Microsoft's words, names, numbers) stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from django.utils.translation import gettext, gettext_noop

from tenants.diagnosis import Diagnosis

#: Sentences with a place for what differs; `cause`, `rest` and `word` are translated too.
FRAMES: Final = (
    gettext_noop("Entra refused the sign-in and says: %(said)s"),
    gettext_noop("%(cause)s Microsoft says: %(said)s"),
    gettext_noop("Look the code up at %(page)s. %(rest)s"),
    gettext_noop("%(mailbox)s: 1 mail in the inbox"),
    gettext_noop("%(mailbox)s: %(n)s mails in the inbox"),
    # Alerts that are made of numbers.
    gettext_noop("It ended on %(day)s."),
    gettext_noop("It ends on %(day)s, 1 day from now; mail stops with it."),
    gettext_noop("It ends on %(day)s, %(days)s days from now; mail stops with it."),
    gettext_noop(
        "No mail for %(hours)s hours; at this time of the week each of the last %(weeks)s weeks brought "
        "%(mails)s or more."
    ),
)
#: What expires, and the day of its end.
SUBJECTS: Final = (
    gettext_noop("sign-in of %(account)s of %(name)s, %(day)s"),
    gettext_noop("%(word)s of %(name)s, %(day)s"),
)
gettext_noop("If it stays unclear, give Microsoft's support the code and the correlation id.")
_PLACE: Final = re.compile(r"%\\\((\w+)\\\)s")
_SENTENCES: Final = ("cause", "rest", "word")


def shown(text: str, *, frames: Iterable[str] = FRAMES) -> str:
    """Give a sentence in the reader's language, or as it is where no translation is known."""
    # gettext answers "" with the head of the catalogue.
    if not text or (known := gettext(text)) != text:
        return known if text else ""
    for frame in frames:
        if found := _pattern(frame).fullmatch(text):
            parts = found.groupdict()
            parts |= {name: shown(parts[name], frames=frames) for name in _SENTENCES if name in parts}
            return gettext(frame) % parts
    return _with_detail(text) or text


def told(diagnosis: Diagnosis) -> str:
    """Give cause and step of a diagnosis as one text."""
    return f"{shown(diagnosis.cause)} {shown(diagnosis.fix)}"


def _with_detail(text: str) -> str:
    """Translate a sentence that ends with a detail in brackets; "" when none of ours is before it."""
    for bracket in re.finditer(r" \(", text):
        sentence = f"{text[: bracket.start()]}."
        if (known := gettext(sentence)) != sentence:
            return known.removesuffix(".") + text[bracket.start() :]
    return ""


@cache
def _pattern(frame: str) -> re.Pattern[str]:
    """Make of a frame what finds its places; the shortest text that fits is taken for each."""
    return re.compile(_PLACE.sub(r"(?P<\1>.+?)", re.escape(frame)), re.DOTALL)
