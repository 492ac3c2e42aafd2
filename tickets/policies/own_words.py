"""What in an answer is the approver's own: not a quote, a signature, a firm's small print or a server's warning."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Final

from mailboxes.parsing.reply_words import POSTSCRIPT, SIGN_OFF
from tickets.policies.decision_words import DENYING, DEPENDING, RETRACTING

#: What stands at the top of our mails, by language; whatever mail programs put below it the approver has not written.
LINES: Final = {
    "en": "===== Please write your answer above this line =====",
    "de": "===== Bitte schreiben Sie Ihre Antwort über diese Zeile =====",
}
_WORD: Final = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_QUOTED: Final = re.compile(r"^[ \t]*>", re.MULTILINE)
#: Servers write this above mail from outside.
_WARNING: Final = re.compile(
    r"\A\W*(?:caution|warning|external|extern|attention|achtung|vorsicht|you don.t often get|sie erhalten nicht oft"
    r"|(?:this|diese) (?:e-?mail|message|nachricht))\b[^\n]{0,400}"
    r"(?:external|outside|extern|außerhalb|organi[sz]ation|learn why|weitere informationen|links|anhänge)[^\n]{0,400}",
    re.IGNORECASE,
)
_TAG: Final = re.compile(
    r"\A\W*extern(?:al)?(?: (?:e-?mail|sender|message|mail|absender))?\W*\n", re.IGNORECASE
)
#: A line that greets, and names somebody at the most.
_GREETING: Final = re.compile(
    r"\A(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|hallo|guten (?:tag|morgen|abend)|moin|servus"
    r"|liebe[rs]?|sehr geehrte[rs]?|bonjour|bonsoir|hola|buenos días|buenas tardes|ciao|buongiorno|olá|bom dia|dag"
    r"|beste|geachte|hej|hei|cześć|dzień dobry|dobrý den|ahoj|szia|здравствуйте|добрый день)"
    r"(?:[ \t]+(?!(?:not|nicht|no|never|cannot|ne|non)\b)[^\W\d_][^\W_]*\.?){0,3}[ \t]*[,!.]?[ \t]*\n",
    re.IGNORECASE,
)
#: Firms write this below every mail; nobody writes anything of his own behind it.
_SMALL_PRINT: Final = re.compile(
    r"^(?=[^\n]{60})[^\n]{0,400}(?:intended (?:recipient|addressee|only for|solely for|for the)|not the intended"
    r"|legally privileged|(?:e-?mail|message|communication)(?: \w+){0,8} confidential|confidentiality notice"
    r"|consider the environment|before printing|vertrauliche (?:und|informationen|inhalte)|rechtlich geschützt"
    r"|richtige[rn]? (?:adressat|empfänger)|mail ausdrucken|destiné(?:s|e|es)? exclusivement|strictement confiden"
    r"|destinatario|uitsluitend bestemd|wyłącznie dla adresata)",
    re.IGNORECASE | re.MULTILINE,
)
_COMPANY_NUMBER: Final = re.compile(
    r"\b(?:company|registration|registered|reg|vat|tel|telephone|phone|fax)\.? no\b\.?", re.IGNORECASE
)
_DELIMITER: Final = re.compile(r"--[ \xa0]*$", re.MULTILINE)
#: A line of a signature is no longer.
_MAX_NAME_LINE: Final = 80
_MIN_SENTENCE_WORDS: Final = 4


def own_words(new_text: str, *, names: Collection[str]) -> str:
    """Give what the approver has written, down to his name; `names` are the words of it, folded."""
    text = above_our_line(new_text).strip()
    while before := _TAG.match(text) or _WARNING.match(text) or _GREETING.match(text):
        text = text[before.end() :].strip()
    text = _above(text, _QUOTED.search(text))
    text = _COMPANY_NUMBER.sub(" ", _above(text, _SMALL_PRINT.search(text, _second_line(text))))
    return _without_name(text, names)


def folded(text: str) -> Iterator[str]:
    """Give the words of a text as they are compared."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("ʼ", "'")
    return (found.group() for found in _WORD.finditer(plain))


def above_our_line(new_text: str) -> str:
    end = min((place for line in LINES.values() if (place := new_text.find(line)) >= 0), default=None)
    return new_text[:end]


def _above(text: str, found: re.Match[str] | None) -> str:
    return text[: found.start()] if found else text


def _second_line(text: str) -> int:
    return text.find("\n") + 1 or len(text)


def _without_name(text: str, names: Collection[str]) -> str:
    """Cut the closing formula, or the name, and what follows; all of it stays where somebody says something there."""
    if _DELIMITER.match(text):
        return ""
    start = _second_line(text)
    while start < len(text):
        line = text[start:].partition("\n")[0]
        if _signs(line, set(names)):
            return text if _says_something(text[start + len(line) :]) else text[:start]
        start += len(line) + 1
    return text


def _signs(line: str, names: set[str]) -> bool:
    if SIGN_OFF.fullmatch(line) or _DELIMITER.fullmatch(line):
        return True
    found = list(folded(line))
    if not names.intersection(found) or len(line) > _MAX_NAME_LINE or line.rstrip().endswith((".", "!", "?")):
        return False
    rest = " ".join(word for word in found if word not in names)
    is_full = len(names) > 1 and names <= set(found)
    return not rest or is_full or bool(SIGN_OFF.fullmatch(rest))


def _says_something(below: str) -> bool:
    lines = [line.strip() for line in below.split("\n")]
    if not (DENYING | RETRACTING).isdisjoint(folded(below)):
        return True
    return any(
        POSTSCRIPT.match(line)
        or next(folded(line), "") in DEPENDING
        or (line.endswith((".", "!", "?")) and len(line.split()) >= _MIN_SENTENCE_WORDS)
        for line in lines
    )
