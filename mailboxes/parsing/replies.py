"""What the sender wrote now, without the history below it and without the signature.

Conservative by design: when in doubt the text stays, and an empty result means the whole text. Every pattern begins
with a literal line feed (fast to search) and has bounded repetitions (linear on hostile text).
"""

import re
from collections.abc import Iterator
from itertools import chain, islice

from . import reply_words as words

_MAX_CANDIDATES = 100
_MAX_LINE_ENDS = 1_000
_VERB_CHARS = 200  # how far before the colon the verb may stand
_LOOK_BACK_CHARS = 400
_BLOCK_CHARS = 800
_RULE_CHARS = 120
_WRAPPED_CHARS = 60  # programs wrap lines that are longer, never shorter ones
_QUOTE_LINE = re.compile(r"\n[ \t]{0,3}>[^\n]*")
# Quoted lines, what a mail program wrapped off a long one without its mark, and the empty lines around.
_QUOTE_BLOCK = re.compile(
    r"(?:\n[ \t]{0,3}>[^\n]{60,300}\n(?![ \t]{0,3}>)[^\n]{1,40}(?=\n[ \t]{0,3}>)|\n[ \t]{0,3}>[^\n]*+|\n[ \t]*+(?=\n))+"
)
_STRICT_QUOTES = re.compile(r"(?:\n[ \t]{0,3}>[^\n]*|\n[ \t]*(?=\n|\Z))*+\Z")
_SEPARATORS = re.compile(r"(?:\s|\n[ \t]*[-_=*#~]{3,}(?=[ \t]*(?:\n|\Z)))+\Z")
_SIGNATURE = re.compile(r"\n--(?: |\xa0)?(?=\n|\Z)")
_FOOTER = re.compile(r"\n(?:_{20,}|__)(?=[ \t]*\n)")
_ARMOUR_MARK = "-----BEGIN PGP SIGNED MESSAGE-----"
_ARMOUR = re.compile(r"\n" + _ARMOUR_MARK + r"\n(?:[A-Za-z-]{1,40}:[^\n]*\n){0,8}\n")
_ARMOUR_SIGNATURE = re.compile(
    r"\n-----BEGIN PGP SIGNATURE-----\n(?:(?!-----)[^\n]*\n)*+-----END PGP SIGNATURE-----"
)
_TAIL_CHARS = 400
_CLOSING_CHARS = 300
_SENTENCE_WORDS = 4


def new_text(text: str) -> str:
    """Give the new words of a mail, the whole text when that cannot be told apart."""
    whole = "\n" + text.replace("\r\n", "\n") if "\r" in text else "\n" + text
    whole = _without_armour(whole) if _ARMOUR_MARK in whole else whole
    forward = _forward_mark(whole)
    if forward is not None:
        # Words above a forwarded mail are about it, so that both stay; without any it speaks for itself.
        return (text if whole[: forward.start()].strip() else _below_headers(whole[forward.end() :])).strip()
    unquoted = _without_history(whole)
    kept = _without_signature(unquoted)
    if len(unquoted) < len(whole.rstrip()):
        kept = _without_closing(kept)
    return kept.strip() or text.strip()


def _without_armour(whole: str) -> str:
    """Take a text that is signed in its own lines (RFC 9580 §7) out of them; what stands around it stays."""
    begin = _ARMOUR.search(whole)
    signature = _ARMOUR_SIGNATURE.search(whole, begin.end()) if begin else None
    if not begin or not signature:
        return whole
    words_signed = whole[begin.end() - 1 : signature.start()].replace("\n- -", "\n-")
    return whole[: begin.start()] + words_signed + whole[signature.end() :]


def _forward_mark(whole: str) -> re.Match[str] | None:
    return words.FORWARD.search(whole) if any(mark in whole for mark in words.FORWARD_MARKS) else None


def _below_headers(forwarded: str) -> str:
    """Give a forwarded mail without the headers it repeats; all of it when they are no headers."""
    headers, empty_line, body = forwarded.lstrip("\n").partition("\n\n")
    names = sum(1 for pattern in words.BLOCK_LINES.values() if pattern.search("\n" + headers))
    is_block = empty_line and names >= 2 and words.FROM_LINE.search("\n" + headers[:_LOOK_BACK_CHARS])
    return body if is_block and body.strip() else forwarded


def _without_history(whole: str) -> str:
    """Cut at the earliest sign of history; text below `>` quotes keeps everything above it."""
    cut = min(
        (place for place in (_delimiter(whole), _header_block(whole)) if place >= 0), default=len(whole)
    )
    attribution = _attribution(whole[: cut + 1])
    if attribution is None:
        return _without_trailing_quotes(whole[:cut])
    start, end = attribution
    below = _below_quotes(whole[end:cut])
    if not below:
        return whole[:start]
    # Written below or between quotes: above a leading quote stands nothing, else nothing may be left out.
    return below if not whole[:start].strip() else _without_trailing_quotes(whole[:cut])


def _below_quotes(rest: str) -> str:
    """Give what follows a `>` quote, "" when there is only the quote (or no such quote: then all is history)."""
    if not _QUOTE_LINE.match(
        rest.replace("\n\n", "\n", 2)[:200].lstrip(" ") or ""
    ) and not _QUOTE_LINE.search(rest[:300]):
        return ""
    block = _QUOTE_BLOCK.match(rest)
    after = rest[block.end() :] if block else rest
    return after if _without_signature(after, may_be_empty=True).strip() else ""


def _without_trailing_quotes(text: str) -> str:
    found = _STRICT_QUOTES.search(text, max(0, _last_plain_line(text)))
    return text[: found.start()] if found else text


def _last_plain_line(text: str) -> int:
    """Find the end of the last line that is neither empty nor quoted, walking up from the end."""
    end = len(text)
    while end > 0:
        start = text.rfind("\n", 0, end)
        line = text[start + 1 : end].strip()
        if line and not line.startswith(">"):
            return end
        end = start
    return 0


def _delimiter(whole: str) -> int:
    found = words.DELIMITER.search(whole) if any(mark in whole for mark in words.DELIMITER_MARKS) else None
    return found.start() if found else -1


def _header_block(whole: str) -> int:
    """Find where Outlook repeats the headers of the mail it answers: From and two more beside it."""
    for found in islice(words.FROM_LINE.finditer(whole), _MAX_CANDIDATES):
        start = _first_header(whole, found.start())
        window = whole[start : found.end() + _BLOCK_CHARS]
        names = {name for name, pattern in words.BLOCK_LINES.items() if pattern.search(window)}
        # "From: Berlin, To: Paris, Date: Monday" is a journey and no mail.
        is_of_mail = "subject" in names or words.OF_MAIL.search(window)
        if len(names) >= 2 and is_of_mail:
            rule = words.RULE_ABOVE.search(whole, max(0, start - _RULE_CHARS), start)
            return rule.start() if rule else start
    return -1


def _first_header(whole: str, start: int) -> int:
    """Give where the headers above the From line begin: some programs name the moment or the subject first."""
    below = whole[start : start + _BLOCK_CHARS].partition("\n\n")[0]
    # What the block itself says already is, above it, the sender's own line.
    missing = [
        words.BLOCK_LINES[one] for one in ("sent", "subject") if not words.BLOCK_LINES[one].search(below)
    ]
    while missing:
        above = whole.rfind("\n", max(0, start - _LOOK_BACK_CHARS), start)
        named = next((one for one in missing if above >= 0 and one.match(whole, above)), None)
        if named is None:
            break
        missing.remove(named)
        start = above
    return start


def _attribution(whole: str) -> tuple[int, int] | None:
    """Find the earliest "On … someone wrote:" line, which may be wrapped over three lines."""
    best: tuple[int, int] | None = None
    for found in _verb_places(whole):
        end = words.VERB_END.match(whole, found)
        if end is None or (best and found >= best[0]):
            continue
        start = _attribution_start(whole, found, end.end())
        if start >= 0 and (best is None or start < best[0]):
            best = (start, end.end())
    addressed = next(_addressed_lines(whole), None)
    if addressed and (best is None or addressed[0] < best[0]):
        best = addressed
    for other in (_span(words.VERBLESS.search(whole)), _run_on(whole)):
        if other and (best is None or other[0] < best[0]):
            best = other
    return best


def _span(found: re.Match[str] | None) -> tuple[int, int] | None:
    return found.span() if found else None


def _run_on(whole: str) -> tuple[int, int] | None:
    """Find the attribution of a program that goes on with the quote in the same line (Yahoo on telephones)."""
    for found in islice(words.RUN_ON.finditer(whole), _MAX_CANDIDATES):
        start = whole.rfind("\n", max(0, found.start() - _LOOK_BACK_CHARS), found.start())
        line = whole[start : found.end()]
        if start >= 0 and words.MOMENT.match(line) and any(verb in line for verb in words.VERBS):
            return start, found.end()
    return None


def _line_ends(whole: str) -> Iterator[re.Match[str]]:
    """Give the line ends that could close an attribution."""
    patterns = [pattern for mark, pattern in words.LINE_ENDS.items() if mark in whole]
    return islice(chain.from_iterable(pattern.finditer(whole) for pattern in patterns), _MAX_LINE_ENDS)


def _addressed_lines(whole: str) -> Iterator[tuple[int, int]]:
    """Give attributions in whatever language: an address and a moment, or an address right above a `>` quote."""
    if "@" not in whole:
        return
    for found in _line_ends(whole):
        after = found.end() - found[0].endswith("\n")
        start = _addressed_start(whole, found.start(), is_quoted=bool(words.QUOTE_BELOW.match(whole, after)))
        if start >= 0:
            yield start, after


def _addressed_start(whole: str, end: int, *, is_quoted: bool) -> int:
    """Give where the attribution begins that ends here, -1 when it is none; it may be wrapped over three lines."""
    start, addressed = end, -1
    address = words.ADDRESS_ABOVE_QUOTE if is_quoted else words.ADDRESS_AT_END
    for _ in range(3):
        lower = start
        start = whole.rfind("\n", max(0, end - _LOOK_BACK_CHARS), start)
        candidate = whole[start : end + 1]
        if start < 0 or "\n\n" in candidate or "\n>" in candidate:
            break
        if addressed >= 0 and lower - start + len(whole[lower:end].partition(" ")[0]) < _WRAPPED_CHARS:
            break  # a line that short was not wrapped: it is what the sender wrote above
        if not address.search(candidate) or not (is_quoted or words.BEGINS_WITH_DAY.match(candidate)):
            continue
        if words.MOMENT.match(candidate) and not candidate.lstrip().startswith("<"):
            return start
        if is_quoted:
            addressed = start if addressed < 0 or candidate.lstrip().startswith("<") else addressed
    return addressed


def _verb_places(whole: str) -> Iterator[int]:
    """Give where a verb of writing stands before a line end that could close an attribution."""
    for found in _line_ends(whole):
        start = max(0, found.start() - _VERB_CHARS)
        yield from (place for verb in words.VERBS if (place := whole.find(verb, start, found.start())) >= 0)


def _attribution_start(whole: str, verb: int, end: int) -> int:
    """Give where the attribution that has its verb here begins, -1 when it is no attribution."""
    line = verb
    for _ in range(3):
        line = whole.rfind("\n", max(0, verb - _LOOK_BACK_CHARS), line)
        if line < 0:
            return -1
        candidate = whole[line:end]
        if "\n>" in candidate or "\n\n" in candidate.rstrip():
            return -1
        if words.ATTRIBUTION.match(candidate):
            return line
        if words.MOMENT.match(candidate) and words.QUOTE_BELOW.match(whole, end):
            return line
    return -1


def _without_signature(kept: str, *, may_be_empty: bool = False) -> str:
    """Cut a signature, a list footer and "Sent from my …", each only at the end and of believable length."""
    kept = _without_mobile(_SEPARATORS.sub("", kept) if kept[-1:] in "\n \t-_=*#~" else kept)
    for pattern in (_SIGNATURE, _FOOTER):
        found = pattern.search(kept)
        if not found or not (may_be_empty or kept[: found.start()].strip()):
            continue
        if _is_signature(found[0], kept[found.end() :]):
            kept = kept[: found.start()]
    return _without_mobile(kept)


def _is_signature(delimiter: str, below: str) -> bool:
    """Say whether these lines sign or foot the mail; with quotes among them they are an answer."""
    if _QUOTE_LINE.search(below) or (delimiter == "\n--" and _says_something(below)):
        return False
    is_footer = delimiter.startswith("\n_")
    return below.count("\n") <= _signature_lines(delimiter) and (
        not is_footer or bool(words.SMALL_PRINT.search(below))
    )


def _signature_lines(delimiter: str) -> int:
    """Say how many lines may follow a delimiter; the less it is one, the fewer."""
    if delimiter.startswith("\n_"):
        return 25 if len(delimiter) > 20 else 5
    return 15 if delimiter == "\n--" else 60


def _without_closing(kept: str) -> str:
    """Cut the closing formula of a reply with the name below it; the whole text when nothing else is said."""
    found = words.CLOSING.search(kept, max(0, len(kept) - _CLOSING_CHARS))
    if not found or _says_something(found[0]) or not kept[: found.start()].strip():
        return kept
    return kept[: found.start()]


def _says_something(lines: str) -> bool:
    """Say whether one of the lines is no name, number or place: a postscript, or some words and a full stop."""
    return any(
        words.POSTSCRIPT.match(line)
        or (line.rstrip().endswith((".", "!")) and len(line.split()) >= _SENTENCE_WORDS)
        for line in lines.split("\n")
    )


def _without_mobile(kept: str) -> str:
    for _ in range(50):
        kept = kept.rstrip()
        start = kept.rfind("\n")
        if start < 0 or not words.MOBILE.match(kept[start : start + _TAIL_CHARS]):
            break
        kept = kept[:start]
    return kept
