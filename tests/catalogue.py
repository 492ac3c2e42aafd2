"""Hold the German catalogue against the texts of the product: `python -m tests.catalogue [--sync]`.

Without gettext's tools, which a fresh machine lacks. `--sync` adds what is missing, with no German yet, and drops
what is said no more.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import polib

ROOT: Final = Path(__file__).resolve().parent.parent
CATALOGUE: Final = ROOT / "m365integration" / "locale" / "de" / "LC_MESSAGES" / "django.po"
ROOMS: Final = ("m365integration", "tenants", "mailboxes", "tickets")
#: Below this share of translated texts the check fails, percent. Above it, a new text is told and holds nobody up.
FLOOR: Final = 95
_NAMES: Final = "gettext|gettext_lazy|gettext_noop|ngettext|ngettext_lazy|pgettext|pgettext_lazy|npgettext|_"
_CALL: Final = re.compile(rf"\b({_NAMES})\(")
_PLACEHOLDER: Final = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
_TAG: Final = re.compile(r"</?[a-z][^>]*>")
#: Context, text, text of the plural; "" where there is none.
Key = tuple[str, str, str]


def wanted() -> dict[Key, list[str]]:
    """Give every text of the product with the files that say it."""
    found: dict[Key, list[str]] = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                _add(found, _in_python(path.read_text("utf-8")), str(path.relative_to(ROOT)))
        for path in sorted((ROOT / room).rglob("templates/**/*.html")):
            _add(found, _in_template(path.read_text("utf-8")), str(path.relative_to(ROOT)))
    _add(found, (("", text, "") for text in _advice()), "tenants/diagnoses")
    _add(found, (key for key in _theme() if key not in found), "unfold")
    return found


def _add(found: dict[Key, list[str]], keys: Iterable[Key], place: str) -> None:
    for key in keys:
        places = found.setdefault(key, [])
        if place not in places:
            places.append(place)


def _in_python(source: str) -> Iterator[Key]:
    names = set(_NAMES.split("|"))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
            if name in names and texts and isinstance(texts[0], str):
                yield _key(name, texts)


def _in_template(source: str) -> Iterator[Key]:
    from django.utils.translation.template import templatize

    calls = templatize(source)
    for call in _CALL.finditer(calls):
        ends = (found.end() for found in re.finditer(r"\)", calls[call.end() :]))
        for end in ends:
            try:
                node = ast.parse(calls[call.start() : call.end() + end], mode="eval").body
            except SyntaxError:
                continue
            if isinstance(node, ast.Call):
                texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
                yield _key(call.group(1), texts)
            break


def _key(name: str, texts: list[Any]) -> Key:
    context = texts.pop(0) if "pgettext" in name else ""
    plural = texts[1] if name.lstrip("_").startswith("n") else ""
    return context, texts[0], plural


def _advice() -> set[str]:
    """Give the sentences of the diagnoses, which are put together at run time and translated when they are shown."""
    from tenants.diagnoses.entra import ENTRA
    from tenants.diagnoses.entra_people import ENTRA_PEOPLE
    from tenants.diagnoses.graph import BY_STATUS, CLIENT_FAULT, GRAPH, SERVER_FAULT
    from tenants.diagnoses.ours import OURS

    tables: list[dict[Any, Any]] = [ENTRA, ENTRA_PEOPLE, GRAPH, OURS, BY_STATUS]
    rows = [row for table in tables for row in table.values()] + [CLIENT_FAULT, SERVER_FAULT]
    return {text for row in rows for text in (row.cause, row.fix)}


def _theme() -> Iterator[Key]:
    """Give the texts of the theme that Django does not translate for it; the theme itself ships English alone."""
    import django
    import unfold

    home = Path(django.__file__).parent
    catalogues = [
        home / "conf/locale/de/LC_MESSAGES/django.mo",
        *home.glob("contrib/*/locale/de/LC_MESSAGES/django.mo"),
    ]
    known = {entry.msgid for path in catalogues for entry in polib.mofile(str(path))}
    folder = Path(unfold.__file__).parent
    for path in sorted([*folder.glob("templates/**/*.html"), *folder.rglob("*.py")]):
        if not {"contrib", "migrations"} & set(path.relative_to(folder).parts[:-1]):
            read = _in_python if path.suffix == ".py" else _in_template
            yield from (key for key in read(path.read_text("utf-8")) if key[1] not in known)


def load() -> polib.POFile:
    return polib.pofile(str(CATALOGUE), wrapwidth=110)


def key_of(entry: polib.POEntry) -> Key:
    return entry.msgctxt or "", entry.msgid, entry.msgid_plural


def untranslated(catalogue: polib.POFile) -> list[Key]:
    """Give the texts that have no German, as they stand in the product."""
    known = {key_of(entry) for entry in catalogue if entry.translated()}
    return [key for key in wanted() if key not in known]


def faults(catalogue: polib.POFile) -> list[str]:
    """Find translations that would break a page: placeholders and markup must be those of the original."""
    found = [f"{text!r} stands twice" for text, n in Counter(map(key_of, catalogue)).items() if n > 1]
    for entry in catalogue:
        originals = [entry.msgid, entry.msgid_plural] if entry.msgid_plural else [entry.msgid]
        said = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        for text in filter(None, said):
            for pattern in (_PLACEHOLDER, _TAG):
                allowed = [Counter(pattern.findall(one)) for one in originals]
                if Counter(pattern.findall(text)) not in allowed:
                    found.append(f"{text!r} has other {'tags' if pattern is _TAG else 'placeholders'}")
            if text[:1].isspace() != entry.msgid[:1].isspace():
                found.append(f"{text!r} begins otherwise")
    return found


def sync(catalogue: polib.POFile) -> None:
    """Put the entries in the order of the product; what is new waits for its German."""
    known = {key_of(entry): entry for entry in catalogue}
    entries = []
    for (context, text, plural), places in sorted(wanted().items(), key=lambda item: (item[1][0], item[0])):
        entry = known.get((context, text, plural)) or polib.POEntry(
            msgctxt=context or None,
            msgid=text,
            msgid_plural=plural,
            msgstr_plural={0: "", 1: ""} if plural else {},
        )
        entry.occurrences = [(place, "") for place in places]
        entry.flags = []
        entries.append(entry)
    catalogue.clear()
    catalogue.extend(entries)
    catalogue.save(newline="\n")


def main(arguments: list[str]) -> int:
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    catalogue = load()
    if "--sync" in arguments:
        sync(catalogue)
    missing, broken, count = untranslated(catalogue), faults(catalogue), len(wanted())
    share = 100 * (count - len(missing)) // count
    print("\n".join([*broken, *(f"no German yet: {text!r}" for _context, text, _plural in missing)]))
    print(f"{len(missing)} of {count} texts have no German yet; {len(broken)} translations are broken.")
    return 1 if broken or share < FLOOR else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
