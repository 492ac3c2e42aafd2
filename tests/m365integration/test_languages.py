"""Every page speaks the language of whoever reads it."""

import gettext
import os
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from m365integration import catalogues
from m365integration.models import Preference
from tenants.admin.theme import ABOVE_FILTER
from tenants.diagnosis import diagnose_graph, diagnose_own, diagnose_token
from tenants.wording import shown, told
from tests import catalogue
from tests.factories import TenantFactory
from tests.tenants.admin.conftest import signed_in

GERMAN = {"HTTP_ACCEPT_LANGUAGE": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("helen", password="right word of helen")


def heading(client: Client, **headers: str) -> str:
    return client.get("/admin/", **headers).content.decode()


def test_browser_names_the_language(staff: User) -> None:
    client = signed_in(staff)
    assert "Übersicht" in heading(client, **GERMAN)
    assert "Overview" in heading(client, HTTP_ACCEPT_LANGUAGE="fr,nl;q=0.5")


def test_choice_of_a_person_outlasts_the_session_and_wins_over_the_browser(staff: User) -> None:
    signed_in(staff).post("/admin/language/", {"language": "de"})
    later = signed_in(staff)
    assert "Übersicht" in heading(later, HTTP_ACCEPT_LANGUAGE="en")
    later.post("/admin/language/", {"language": "en"})
    assert "Overview" in heading(later, **GERMAN)


def test_language_that_is_not_shipped_is_not_kept(staff: User) -> None:
    signed_in(staff).post("/admin/language/", {"language": "fr"})
    assert not Preference.objects.exists()


@pytest.mark.parametrize(
    ("page", "goes_to"),
    [("/admin/tickets/ticket/?q=1", "/admin/tickets/ticket/?q=1"), ("https://evil.example/", "/admin/")],
)
def test_choice_leads_back_to_the_page_and_nowhere_else(staff: User, page: str, goes_to: str) -> None:
    answer = signed_in(staff).post("/admin/language/", {"language": "de", "next": page})
    assert answer["Location"] == goes_to


def test_button_that_deletes_has_the_order_of_words_of_the_language(staff: User) -> None:
    page = f"/admin/tenants/tenant/{TenantFactory().pk}/change/"
    assert "Mandant löschen" in signed_in(staff).get(page, **GERMAN).content.decode()
    assert "Delete tenant" in signed_in(staff).get(page).content.decode()


def test_filters_are_headed_by_their_names_in_english_too() -> None:
    words = gettext.translation("django", str(settings.LOCALE_PATHS[0]), ["en"])
    assert words.gettext(ABOVE_FILTER) == "%(filter_title)s"


def test_languages_are_those_that_are_shipped() -> None:
    shipped = {path.parts[-3] for path in catalogues.SOURCE.glob("*/LC_MESSAGES/*.po")}
    assert {code for code, _name in settings.LANGUAGES} == shipped | {"en"}


def test_diagnosis_is_shown_in_the_language_of_the_reader() -> None:
    with translation.override("de"):
        assert told(diagnose_own("mailbox_missing")).startswith("In diesem Programm gibt es kein")
    assert told(diagnose_own("mailbox_missing")).startswith("There is no such mailbox")


def test_detail_of_a_diagnosis_stays_as_it_is() -> None:
    cause = diagnose_own("network_dns", detail="Name or service (x) not known").cause
    with translation.override("de"):
        expected = (
            "Der Name des Servers von Microsoft konnte nicht aufgelöst werden (DNS) (Name or service (x) "
        )
        assert shown(cause) == f"{expected}not known)."
    assert shown(cause) == cause


def test_words_of_microsoft_are_quoted_and_what_stands_around_them_is_translated() -> None:
    refused = diagnose_token({"error": "x", "error_description": "AADSTS399284: Inbound tokens are wrong."})
    unknown = diagnose_graph(503, "weird", message="Come back (later).")
    with translation.override("de"):
        assert shown(refused.cause).startswith("Entra hat die Anmeldung abgelehnt und sagt: AADSTS399284: ")
        assert shown(refused.fix).startswith("Schlagen Sie den Code nach unter https://login.")
        assert "Auf der Seite von Microsoft" in shown(unknown.cause)
        assert shown(unknown.cause).endswith("Microsoft sagt: Come back (later).")


def test_text_that_is_no_sentence_of_ours_is_shown_as_it_is() -> None:
    with translation.override("de"):
        assert [shown(""), shown("quokka (x)."), shown("X Microsoft says: no")] == [
            "",
            "quokka (x).",
            "X Microsoft sagt: no",
        ]


def test_catalogue_breaks_no_page() -> None:
    assert catalogue.faults(catalogue.load()) == []


def test_nearly_everything_has_its_german() -> None:
    missing = catalogue.untranslated(catalogue.load())
    assert len(missing) <= len(catalogue.wanted()) * (100 - catalogue.FLOOR) // 100, missing


PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Mail"\nmsgstr "{}"\n'


def placed(folder: Path, word: str) -> Path:
    text = folder / "locale" / "de" / "LC_MESSAGES" / "django.po"
    text.parent.mkdir(parents=True, exist_ok=True)
    text.write_text(PO.format(word), "utf-8")
    return text


def test_catalogue_is_compiled_once_and_again_when_its_text_is_another(tmp_path: Path) -> None:
    text, made = placed(tmp_path, "Post"), tmp_path / "made" / "de" / "LC_MESSAGES" / "django.mo"
    catalogues.compile_into(tmp_path / "made", source=tmp_path / "locale")
    first = made.stat()
    catalogues.compile_into(tmp_path / "made", source=tmp_path / "locale")
    assert made.stat().st_ino == first.st_ino
    placed(tmp_path, "Briefe")
    # Older than what was compiled, as after going back to the release before.
    os.utime(text, ns=(first.st_mtime_ns - 10**9, first.st_mtime_ns - 10**9))
    catalogues.compile_into(tmp_path / "made", source=tmp_path / "locale")
    assert b"Briefe" in made.read_bytes()
    assert [path.name for path in made.parent.iterdir()] == ["django.mo"]


@pytest.mark.parametrize("word", ['"', "fine"])
def test_catalogue_that_cannot_be_made_is_told_and_stops_nothing(
    tmp_path: Path, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    placed(tmp_path, word)
    folder = tmp_path / "made"
    if word == "fine":
        folder.write_text("a file stands where the folder would be")
    catalogues.compile_into(folder, source=tmp_path / "locale")
    assert "its pages stay in English" in caplog.text
