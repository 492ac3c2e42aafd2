"""Subject lines as a sign of last resort: what stands in front of one, whether it answers another, what it is about."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mailboxes.parsing import ParsedMessage
from tickets.policies.threads import TAG

#: In front of a mail that was passed on, in the languages of mail programs.
FORWARDS: Final = r"fwd?|wg|tr|rv|enc|i|vb|doorst|пересл|továbbítás|pd|vl|転送|转发|轉寄"
_LATIN_REPLIES: Final = r"re|aw|antw(?:ort)?|sv|odp|r|rif|resp?|r[eé]f|ynt|atb|bls|vá|válasz"
_REPLIES: Final = _LATIN_REPLIES + r"|отв(?:ет)?|σχετ|απ|回复|回覆|答复|返信|답장|회신"
#: An answer to Finns, passed on to Danes and Norwegians.
_EITHER: Final = "vs"
#: Put there by programs: our own reference, and what says that the sender is of another house.
_MARK: Final = TAG.pattern + r"|\[ext(?:ern\w{0,3})?(?:[ -](?:e-?mail|mail|sender))?\]"
_FRONT: Final = re.compile(
    rf"\s*(?:(?P<mark>{_MARK})|(?:(?P<reply>{_REPLIES})|(?P<forward>{FORWARDS})|(?P<either>{_EITHER}))"
    r"\s?(?:[\[(^]?\d{1,3}[\])]?)?\s?[:：])\s*",
    re.IGNORECASE,
)
#: What Outlook, in whatever language, takes for a prefix of its own. Source: [MS-OXCMSG] §2.2.1.9.
_UNKNOWN: Final = re.compile(r"\s*[^\W\d_]{1,3}\s?[:：]\s*")
MAX_FRONTS: Final = 20
#: A Thread-Index begins with these; each answer adds a block. Source: [MS-OXOMSG] §2.2.1.3. Bytes.
_ROOT_BYTES: Final = 22
_BLOCK_BYTES: Final = 5
#: Shorter ones say nothing.
MIN_CHARS: Final = 8
_WORD: Final = re.compile(r"[^\W_]{2,}")
_COMMON: Final = """
    account answer app bill booking call change contact contract customer delivery email enquiry error feedback form
    hello help hi important info information inquiry invoice issue login mail meeting message new news notification
    offer open order password payment please printer problem question quote reminder reply report request response
    service status subject submission support system test thanks thank ticket today update urgent website you your
    about and any for from in is it me my need no not of on our the this to us we with
    anfrage angebot anliegen antwort auftrag bestellung betreff bitte brief dank danke dringend drucker fehler frage
    fragen fwd hallo hilfe info kein kunde kundennummer lieferung mahnung meldung nachricht neu neue passwort rechnung
    kontakt kontaktformular rückfrage störung termin vertrag wichtig zahlung über
    am an auf bei das dem den der des die ein eine einer für ich ihr ihre ihrer im ist mein meine meiner mit nach nicht
    noch sie um und uns unser unsere von vom wegen zu zum zur
    aide bonjour commande demande devis erreur facture merci objet problème rendez-vous sujet urgent votre
    au aux avec de des du en et la le les ma mes mon nos notre nous pour sans sur un une
    asunto ayuda consulta factura gracias hola pedido pregunta solicitud urgente el los las con por para su sus
    aiuto buongiorno ciao domanda fattura ordine problema richiesta salve di il per un una
    aanvraag bericht bestelling factuur hulp vraag het een van voor met
    błąd faktura pomoc problem prośba pytanie zamówienie
    ajuda assunto fatura olá pergunta fråga hej faktura hjälp
"""
_SAYS_NOTHING: Final = frozenset(_COMMON.split())


class Front(Enum):
    """What the outermost prefix says of a mail."""

    NONE = "none"
    REPLY = "reply"
    FORWARD = "forward"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Subject:
    """`tail` is as it was written; two that are about the same have the same `stem`."""

    front: Front
    tail: str

    @property
    def stem(self) -> str:
        return " ".join(self.tail.split()).casefold()

    @property
    def is_telling(self) -> bool:
        """Say whether it tells one matter from another: it is not short, nor all of it words that everybody writes."""
        words = set(_WORD.findall(self.stem))
        return len(self.stem) >= MIN_CHARS and bool(words - _SAYS_NOTHING)


def read_subject(text: str, *, topic: str = "") -> Subject:
    """Take the prefixes off a subject; `topic` is Exchange's own idea of what is left, "" without one."""
    front, place = Front.NONE, 0
    for _number in range(MAX_FRONTS):
        if not (found := _FRONT.match(text, place)):
            break
        place = found.end()
        if front is Front.NONE and not found["mark"]:
            front = Front.REPLY if found["reply"] else Front.FORWARD if found["forward"] else Front.UNKNOWN
    tail, topic = text[place:].strip(), topic.strip()
    has_topic = bool(topic) and tail.endswith(topic)
    if front is Front.NONE and has_topic and _UNKNOWN.fullmatch(tail.removesuffix(topic)):
        return Subject(Front.UNKNOWN, topic)
    return Subject(front, tail)


def subject_of_answer(message: ParsedMessage) -> Subject | None:
    """Read the subject of a mail that says it answers another; None for one that does not, or was passed on."""
    subject = read_subject(message.subject, topic=message.headers.first("thread-topic"))
    if subject.front is Front.FORWARD:
        return None
    is_answer = subject.front is Front.REPLY or _has_blocks(message.headers.first("thread-index"))
    return subject if is_answer else None


def _has_blocks(thread_index: str) -> bool:
    """Tell whether Exchange counts a mail as a later one of its conversation."""
    try:
        size = len(base64.b64decode(thread_index[:4_000], validate=True)) - _ROOT_BYTES
    except (binascii.Error, ValueError):
        return False
    return size > 0 and size % _BLOCK_BYTES == 0
