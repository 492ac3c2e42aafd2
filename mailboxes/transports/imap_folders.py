"""The folders of an IMAP mailbox, by name, by use and by what Exchange calls them in its languages.

Source: RFC 3501 §7.2.2, RFC 6154 (SPECIAL-USE); the localised names are what Outlook shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mailboxes.transports.imap_names import decode_name, encode_name, unquoted
from mailboxes.transports.imap_wire import Response

_LISTED = re.compile(
    r"\* (?:X?LIST) \((?P<flags>[^)]*)\) (?P<delimiter>\"(?:\\.|[^\"])\"|NIL) ?(?P<name>.*)", re.IGNORECASE
)
_NOT_OPENED = frozenset({"\\noselect", "\\nonexistent"})
_USES: Final = {
    "archive": "\\archive",
    "deleteditems": "\\trash",
    "drafts": "\\drafts",
    "junkemail": "\\junk",
    "sentitems": "\\sent",
}
#: Exchange Online tells no uses: then the names count, in the language the mailbox was first opened in.
_LOCALISED: Final = {
    "archive": ("Archive", "Archiv", "Archives", "Archivo", "Archivio", "Archief", "Arquivo Morto", "Archiwum"),
    "deleteditems": (
        "Deleted Items", "Gelöschte Elemente", "Éléments supprimés", "Elementos eliminados", "Posta eliminata",
        "Verwijderde items", "Itens Excluídos", "Itens Eliminados", "Elementy usunięte", "Borttaget",
    ),
    "drafts": (
        "Drafts", "Entwürfe", "Brouillons", "Borradores", "Bozze", "Concepten", "Rascunhos", "Wersje robocze",
        "Utkast",
    ),
    "junkemail": (
        "Junk Email", "Junk E-Mail", "Junk-E-Mail", "Courrier indésirable", "Correo no deseado",
        "Posta indesiderata", "Ongewenste e-mail", "Lixo Eletrônico", "Lixo Eletrónico", "Wiadomości-śmieci",
        "Skräppost",
    ),
    "outbox": (
        "Outbox", "Postausgang", "Boîte d'envoi", "Bandeja de salida", "Posta in uscita", "Postvak UIT",
        "Caixa de saída", "Skrzynka nadawcza", "Utkorgen",
    ),
    "sentitems": (
        "Sent Items", "Gesendete Elemente", "Éléments envoyés", "Elementos enviados", "Posta inviata",
        "Verzonden items", "Itens Enviados", "Elementy wysłane", "Skickat",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A folder as LIST tells it: `name` is the wire's, `path` what people see, its parts joined by a slash."""

    name: str
    path: str
    delimiter: str
    flags: frozenset[str]

    @property
    def can_be_opened(self) -> bool:
        return not self.flags & _NOT_OPENED

    @property
    def display_name(self) -> str:
        return self.path.rpartition("/")[2]


def read_list(responses: Iterable[Response]) -> Sequence[Listed]:
    """Read the answers to LIST; anything else among them is passed over."""
    return [folder for response in responses if (folder := _listed(response)) is not None]


def find(folders: Sequence[Listed], path: str) -> Listed | None:
    """Find a folder by its path of display names, in any letter case, or by a well-known name."""
    wanted = path.casefold()
    named = [folder for folder in folders if folder.path.casefold() == wanted]
    if named:
        return named[0]
    start, slash, rest = path.partition("/")
    known = _well_known(folders, start.lower())
    if known is None or not slash:
        return known
    return find(folders, f"{known.path}/{rest}") if known.path.casefold() != start.casefold() else None


def wire_name(folders: Sequence[Listed], path: str) -> str:
    """Write the name under which a folder that is not there yet is created."""
    delimiter = next((folder.delimiter for folder in folders if folder.delimiter), "/")
    return delimiter.join(encode_name(part.strip()) for part in path.split("/"))


def _well_known(folders: Sequence[Listed], name: str) -> Listed | None:
    use, names = _USES.get(name), {one.casefold() for one in _LOCALISED.get(name, ())}
    by_use = [folder for folder in folders if use in folder.flags]
    by_name = [folder for folder in folders if folder.path.casefold() in names]
    return next(iter(by_use + by_name), None)


def _listed(response: Response) -> Listed | None:
    found = _LISTED.match(response.texts[0].decode("ascii", "replace"))
    if found is None:
        return None
    delimiter = "" if found["delimiter"].upper() == "NIL" else unquoted(found["delimiter"])
    raw = response.literals[0].decode("ascii", "replace") if response.literals else unquoted(found["name"])
    # Only the inbox is called the same whatever its letters.
    name = "INBOX" if raw.upper() == "INBOX" else raw
    parts = name.split(delimiter) if delimiter else [name]
    return Listed(
        name=name,
        path="/".join(decode_name(part) for part in parts),
        delimiter=delimiter,
        flags=frozenset(found["flags"].lower().split()),
    )
