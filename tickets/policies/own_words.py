"""What in an answer is the approver's own: not a quote, a signature, a firm's small print or a server's warning."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Final

from mailboxes.parsing.reply_words import MOBILE, POSTSCRIPT, SIGN_OFF
from tickets.policies.decision_words import AGAINST, APPROVING, GREETED, LIMITING, REJECTING, WEAK

#: What stands at the top of our mails, by language; whatever mail programs put below it the approver has not written.
LINES: Final = {
    "en": "===== Please write your answer above this line =====",
    "de": "===== Bitte schreiben Sie Ihre Antwort über diese Zeile =====",
}
_WORD: Final = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_QUOTED: Final = re.compile(r"^[ \t]*>[^\n]*$", re.MULTILINE)
#: Servers write this above mail from outside.
_WARNING: Final = re.compile(
    r"\A\W*(?:caution|warning|external|extern|attention|achtung|vorsicht|you don.t often get|sie erhalten nicht oft"
    r"|(?:this|diese) (?:e-?mail|message|nachricht))\b(?![^\n]*\b(?:I|ich|je)\b)[^\n]{0,400}"
    r"(?:(?:external|outside|externe[nrms]?|außerhalb)(?: of)?(?: the| your| der| ihrer| unserer)? "
    r"(?:sender|e-?mail|source|organi|absender|quelle)|expéditeur externe|originat|learn why|erfahren sie, warum"
    r"|weitere informationen|(?:do not|don.t) (?:click|open)|klicken sie)[^\n]{0,400}",
    re.IGNORECASE,
)
_TAG: Final = re.compile(
    r"\A\W*extern(?:al)?(?: (?:e-?mail|sender|message|mail|absender))?\W*\n", re.IGNORECASE
)
#: Words that greet or thank, and whom.
_GREETING: Final = re.compile(
    r"\A(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|hallo|guten (?:tag|morgen|abend)|moin|servus"
    r"|liebe[rs]?|sehr geehrte[rs]?|bonjour|bonsoir|hola|buenos días|buenas tardes|ciao|buongiorno|olá|bom dia|dag"
    r"|beste|geachte|hej|hei|cześć|dzień dobry|dobrý den|ahoj|szia|здравствуйте|добрый день"
    r"|thanks|thank you|thx|danke|vielen dank|merci)"
    r"((?:[ \t]+(?:(?:mr|mrs|ms|dr|prof|m|mme)\.|[^\W\d_][\w'-]*)){0,5})[ \t]*(?:[,!.:]+[ \t]*\n?|\n)",
    re.IGNORECASE,
)
#: Firms write this below every mail; nobody writes anything of his own behind it.
_SMALL_PRINT: Final = re.compile(
    r"^(?=[^\n]{60})(?![^\n]*\b(?:I|ich|je)\b)[^\n]{0,400}"
    r"(?:intended (?:recipient|addressee|only for|solely for)|not the intended"
    r"|legally privileged|(?:e-?mail|message|communication)(?: \w+){0,8} confidential|confidentiality notice"
    r"|consider the environment before|before printing|vertrauliche (?:und|informationen|inhalte)"
    r"|rechtlich geschützt|richtige[rn]? (?:adressat|empfänger)|mail ausdrucken|destiné(?:s|e|es)? exclusivement"
    r"|strictement confiden|destinatario|uitsluitend bestemd|wyłącznie dla adresata)",
    re.IGNORECASE | re.MULTILINE,
)
_COMPANY_NUMBER: Final = re.compile(
    r"\b(?:company|registration|registered|reg|vat|tel|telephone|phone|fax)\.? no\b\.?", re.IGNORECASE
)
_LINK: Final = re.compile(r"\bhttps?://\S+|\bwww\.\S+")
_DELIMITER: Final = re.compile(r"--[ \xa0]*$", re.MULTILINE)
_CLOSING: Final = re.compile(
    r"(?:br|bg|vg|lg|cdt|bcdt|thanks|thank you|thx|cheers|best|danke|vielen dank|merci|(?:bien|très) cordialement"
    r"|bien à (?:vous|toi)|(?:herzliche|freundliche|schöne|viele|beste|liebe) gr(?:ü|ue)(?:ß|ss)e?)?[ \t]*",
    re.IGNORECASE,
)
#: A name as one signs: "B. Miller", "Ludwig van Beethoven".
_NAME: Final = re.compile(
    r"[^\W\d_a-z][\w.'-]*(?:[ \t]+(?:van|von|de|der|den|[^\W\d_a-z][\w.'-]*)){0,3}[ \t]*"
)
#: A line of a signature is no longer.
_MAX_NAME_LINE: Final = 80
_MIN_SENTENCE_WORDS: Final = 4
#: No name is any of these.
_LOADED: Final = (
    AGAINST
    | LIMITING
    | frozenset(word for phrase in (*APPROVING, *REJECTING) for word in phrase.casefold().split())
)


def own_words(text: str, *, names: Collection[str], others: Collection[str] = ()) -> tuple[str, str]:
    """Give what the approver has written, and apart the signature from his name on.

    `names` are the words of his, `others` those of people he may greet, folded.
    """
    text = text.strip()
    while before := _TAG.match(text) or _WARNING.match(text) or _greeting(text, GREETED.union(others)):
        text = text[before.end() :].strip()
    text = _without_quotes(text)
    if small := _SMALL_PRINT.search(text, text.find("\n") + 1 or len(text)):
        text = text[: small.start()]
    phone = MOBILE.search("\n" + text)
    end = max(phone.start() - 1, 0) if phone else len(text)
    own, below = _apart(text[:end], names)
    return own, below + text[end:]


def folded(text: str) -> Iterator[str]:
    """Give the words of a text as they are compared."""
    return (found.group() for found in _WORD.finditer(_plain(text)))


def marks(text: str) -> set[str]:
    """Give the signs of a text that belong to no word."""
    return set(_WORD.sub(" ", _plain(text)))


def above_our_line(new_text: str) -> str:
    end = min((place for line in LINES.values() if (place := new_text.find(line)) >= 0), default=None)
    return new_text[:end]


def says_something(below: str, *, names: Collection[str]) -> bool:
    """Whether somebody goes on below his name: only names, places and numbers belong there."""
    below = _COMPANY_NUMBER.sub(" ", _LINK.sub(" ", below))
    if (
        "?" in marks(below)
        or not (AGAINST - set(names)).isdisjoint(folded(below))
        or re.search(r"\bI['’ ]+[a-z]", below)
    ):
        return True
    lines = [line.strip() for line in below.split("\n")]
    return any(
        POSTSCRIPT.match(line)
        or next(folded(line), "") in (LIMITING | WEAK) - set(names)
        or (line.endswith((".", "!")) and _is_sentence(line.split()))
        for line in lines
    )


def _is_sentence(words: list[str]) -> bool:
    """Whether words are one, and not the full name of a firm: "Head of Sales, Fabrikam Ltd."."""
    return len(words) >= _MIN_SENTENCE_WORDS and sum(word[0].islower() for word in words) > 1


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("ʼ", "'")


def _greeting(text: str, known: Collection[str]) -> re.Match[str] | None:
    """Match a greeting that names people at the most."""
    found = _GREETING.match(text)
    if found is None:
        return None
    for name in _WORD.findall(found.group(1)):
        word = name.casefold()
        is_name = name[:1].isupper() and word not in _LOADED
        if not is_name and word not in known:
            return None
    return found


def _without_quotes(text: str) -> str:
    """Drop the lines of a quote; nothing of his own is left where one writes below it alone."""
    first = _QUOTED.search(text)
    if first is None:
        return text
    return _QUOTED.sub("", text) if text[: first.start()].strip() else ""


def _apart(text: str, names: Collection[str]) -> tuple[str, str]:
    """Part a text where the signature begins: at the approver's name, or at any name below a closing formula."""
    if _DELIMITER.match(text):
        return "", text
    start, is_closed = text.find("\n") + 1, False
    while start and start < len(text):
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)].strip()
        if _DELIMITER.fullmatch(line) or _signs(line, names) or (is_closed and _is_name(line)):
            return text[:start], text[start:]
        if line:
            is_closed = len(line) <= _MAX_NAME_LINE and bool(
                SIGN_OFF.fullmatch(line) or _CLOSING.fullmatch(line.rstrip(" ,.!"))
            )
        start = end + 1
    return text, ""


def _signs(line: str, names: Collection[str]) -> bool:
    """Whether a line is the approver's name: alone, behind a closing formula, or in full before what he is."""
    if len(line) > _MAX_NAME_LINE:
        return False
    words = list(_WORD.finditer(line))
    mine = [found for found in words if found.group().casefold() in names]
    if not mine:
        return False
    before, after = line[: mine[0].start()].strip(" ,.!"), line[mine[-1].end() :].strip(" \t")
    between = len(words) - len(mine) - len(_WORD.findall(before)) - len(_WORD.findall(after))
    is_formula = bool(_CLOSING.fullmatch(before) or SIGN_OFF.fullmatch(before) or _initials(before))
    is_full = len(mine) > 1 and after[:1] in set("|,-–—/(·•")
    return not between and is_formula and (not after.strip(",") or is_full)


def _initials(text: str) -> bool:
    return all(len(word) == 1 for word in _WORD.findall(text))


def _is_name(line: str) -> bool:
    return bool(_NAME.fullmatch(line)) and _LOADED.isdisjoint(folded(line))
