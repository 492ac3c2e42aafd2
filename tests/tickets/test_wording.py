"""Reasons stand in rows in English, and on pages in the language of whoever reads them."""

import pytest
from django.utils import translation

from tickets.wording import ACTIONS, EVENTS, PATTERNS, REASONS, REMARKS, RULES, reason

SAID = {
    "A mail of x@y.example changed nothing in the approval “Buy it?”: it came after the deadline.": (
        "Eine E-Mail von x@y.example hat an der Genehmigung “Buy it?” nichts geändert: sie kam nach der Frist."
    ),
    "loop: it has passed 101 hosts": "Schleife: Sie lief schon über 101 Hosts",
    "bounce: a report about a mail that was not delivered (x@y.example 5.1.1)": (
        "Rückmeldung: Bericht über eine nicht zugestellte E-Mail (x@y.example 5.1.1)"
    ),
    "the sender ada@x.example is like *@x.example; it has a file": (
        "Absender: ada@x.example passt zu *@x.example; sie hat eine Datei"
    ),
    "the file name a b.pdf is like *.pdf": "Dateiname: a b.pdf passt zu *.pdf",
    "no header X-Priority is like 1*": "Kopfzeile X-Priority: nichts passt zu 1*",
    "queue Second level, tags vip, money": "Warteschlange Second level, Schlagwörter vip, money",
    "suspended, no rule is asked: loop: our own mail came back": (
        "zurückgestellt, keine Regel wird gefragt: Schleife: unsere eigene E-Mail kam zurück"
    ),
    "This expression cannot be used: a bracket is not closed (character 3).": (
        "Dieser Ausdruck ist nicht verwendbar: Eine Klammer ist nicht geschlossen (Zeichen 3)."
    ),
    "dkim pass, spf pass": "dkim pass, spf pass",
    "": "",
}


@pytest.mark.parametrize("text", SAID)
def test_reason_is_told_in_german_and_keeps_what_it_quotes(text: str) -> None:
    with translation.override("de"):
        assert reason(text) == SAID[text]
    assert reason(text) == text


@pytest.mark.parametrize("text", [*REASONS, *REMARKS, *RULES, *PATTERNS, *ACTIONS, *EVENTS])
def test_every_reason_has_its_german(text: str) -> None:
    with translation.override("de"):
        assert translation.gettext(text) != text
