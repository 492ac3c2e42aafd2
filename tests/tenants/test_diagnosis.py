"""Every code has a cause, somebody who acts, and a step."""

import json
import re
from pathlib import Path

import pytest
from django.utils.translation import override

from tenants.diagnoses.entra import ENTRA
from tenants.diagnoses.entra_people import ENTRA_PEOPLE
from tenants.diagnoses.graph import BY_STATUS, GRAPH
from tenants.diagnoses.ours import OURS
from tenants.diagnosis import Actor, Diagnosis, diagnose_graph, diagnose_own, diagnose_token, quote
from tenants.wording import shown

SOURCE = Path(__file__).resolve().parents[2]
SHEETS = SOURCE.parent / "shared" / "protocol"
ALL = {**ENTRA, **ENTRA_PEOPLE, **GRAPH, **OURS, **{str(status): row for status, row in BY_STATUS.items()}}


@pytest.mark.parametrize("code", ALL)
def test_every_row_is_made_of_whole_sentences(code: str) -> None:
    advice = ALL[code]
    assert isinstance(advice.who, Actor)
    assert re.fullmatch(r"[A-Z].*\.", advice.cause)
    assert re.fullmatch(r"[A-Z].*[.)]", advice.fix)


OF_THE_TENANT = "90002 900023 50059 50049 900382 directory_malformed directory_mismatch cloud_unknown"


@pytest.mark.parametrize("code", OF_THE_TENANT.split())
def test_directory_and_cloud_are_up_to_the_operator(code: str) -> None:
    """Nobody else may change the page of a tenant."""
    assert ALL[code].who is Actor.OPERATOR


def test_nobody_is_sent_where_the_sign_in_refuses_him() -> None:
    """S0-18, S2-1: guests are refused, and a stored password cannot do a second factor."""
    assert "guest of that directory is refused" in ALL["50020"].fix
    assert "a user signs in with the browser" in ALL["50076"].fix


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("code", [code for code, row in ALL.items() if row.who is Actor.CUSTOMER_ADMIN])
def test_what_the_customers_administrator_reads_sends_him_to_no_page_of_ours(
    code: str, language: str
) -> None:
    """He reads it in a note, and has no account in the helpdesk."""
    with override(language):
        fix = shown(ALL[code].fix)
    assert not re.search(r"\b(here|hier)\b", fix, re.IGNORECASE)


def test_no_code_of_entra_stands_in_both_tables() -> None:
    assert not ENTRA.keys() & ENTRA_PEOPLE.keys()


@pytest.mark.skipif(not SHEETS.exists(), reason="the protocol sheets are not part of the repository")
def test_catalogue_knows_every_code_of_the_identity_sheet() -> None:
    sheet = (SHEETS / "identity.md").read_text().split("## 11.")[1].split("## 12.")[0]
    first_cells = re.findall(r"^\|([^|]*)\|", sheet, re.MULTILINE)
    codes = {code for cell in first_cells for code in re.findall(r"\d{5,8}", cell)}
    assert codes - ENTRA.keys() - ENTRA_PEOPLE.keys() == {"399284"}


@pytest.mark.skipif(not SHEETS.exists(), reason="the protocol sheets are not part of the repository")
def test_catalogue_knows_every_code_of_the_graph_sheet() -> None:
    sheet = (SHEETS / "graph_platform.md").read_text().split("## 4.")[1].split("## 5.")[0]
    cells = re.findall(r"^\| [\d/x]+ \| ([^|]*)\|", sheet, re.MULTILINE)
    codes = {code for cell in cells for code in re.findall(r"[A-Za-z_0-9]{9,}", cell)}
    known = {code.lower() for code in GRAPH}
    missing = {code for code in codes if code.lower() not in known}
    assert missing <= {"UnknownError", "insufficient_claims", "Authenticate", "subscriptions"}


def test_every_own_code_named_in_the_source_has_its_row() -> None:
    rooms = (SOURCE / room for room in ("tenants", "mailboxes", "tickets", "m365integration"))
    texts = (path.read_text() for room in rooms for path in room.rglob("*.py"))
    named = {code for text in texts for code in re.findall(r"\b(?:diagnose_|\.)?own\(\s*\"([a-z_]+)\"", text)}
    assert len(named) > 20
    assert named <= OURS.keys()


def test_every_own_code_is_used_somewhere() -> None:
    rooms = (SOURCE / room for room in ("tenants", "mailboxes", "tickets", "m365integration"))
    paths = (path for room in rooms for path in room.rglob("*.py") if "diagnoses" not in path.parts)
    used = {text for path in paths for text in re.findall(r"\"([a-z0-9_]+)\"", path.read_text())}
    assert OURS.keys() - used == set()


def test_code_is_taken_from_the_text_before_the_list() -> None:
    answer = {"error": "invalid_grant", "error_description": "AADSTS65001: consent", "error_codes": [50076]}
    assert diagnose_token(answer).code == "AADSTS65001"


def test_ids_for_support_are_taken_from_the_text_of_a_redirect() -> None:
    """An answer that came by way of the browser has nothing but its text."""
    one, other = "4f0a0000-1111-4222-8333-444455556666", "5e0a0000-1111-4222-8333-444455556666"
    said = f"AADSTS65004: Declined. Trace ID: {one} Correlation ID: {other} Timestamp: 2026-11-22 00:13:24Z"
    trail = (("trace_id", one), ("correlation_id", other), ("timestamp", "2026-11-22 00:13:24Z"))
    assert diagnose_token({"error": "access_denied", "error_description": said}).correlation == trail


def test_ids_for_support_are_taken_from_what_was_copied_off_a_page() -> None:
    one = "4f0a0000-1111-4222-8333-444455556666"
    page = f"AADSTS50020: No.\nRequest Id: {one}\nCorrelation Id: {one}\nTimestamp: 2026-11-22T00:10:41Z"
    said = dict(diagnose_token({"error_description": page}).correlation)
    assert said == {"trace_id": one, "correlation_id": one, "timestamp": "2026-11-22T00:10:41Z"}


def test_code_is_taken_from_the_list_when_the_text_has_none() -> None:
    assert diagnose_token({"error": "invalid_client", "error_codes": [7000222]}).code == "AADSTS7000222"


def test_unknown_code_of_entra_quotes_microsoft_and_says_where_to_look_it_up() -> None:
    said = "AADSTS399284: Inbound tokens are wrong. Trace ID: abc Correlation ID: def"
    diagnosis = diagnose_token({"error": "invalid_request", "error_description": said})
    assert "Inbound tokens are wrong." in diagnosis.cause
    assert "Trace ID" not in diagnosis.cause
    assert "https://login.microsoftonline.com/error?code=399284" in diagnosis.fix


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"error": None, "error_description": None, "error_codes": None},
        {"error": ["x"], "error_description": {"a": 1}, "error_codes": ["x"]},
        {"error_codes": [-5]},
        {"error_codes": [10**30]},
        {"error": "<script>alert(1)</script>", "trace_id": {"a": "b"}},
    ],
)
def test_answer_of_any_shape_is_diagnosed(answer: dict[str, object]) -> None:
    assert diagnose_token(answer).code == "token_refused"


def test_letter_case_of_a_known_code_does_not_matter() -> None:
    assert diagnose_graph(404, "mailboxnotenabledforrestapi").code == "MailboxNotEnabledForRESTAPI"


@pytest.mark.parametrize(("status", "who"), [(400, Actor.OPERATOR), (502, Actor.MICROSOFT)])
def test_answer_without_a_code_is_explained_by_its_status(status: int, who: Actor) -> None:
    diagnosis = diagnose_graph(status, "")
    assert (diagnosis.code, diagnosis.who) == (f"http_{status}", who)


def test_json_shape_is_the_one_every_command_prints() -> None:
    shape = diagnose_own("network_dns").as_json()
    assert list(shape) == ["code", "cause", "who", "fix"]
    assert (shape["code"], shape["who"]) == ("network_dns", "operator")


def test_detail_joins_the_sentence() -> None:
    assert diagnose_own("network_tls", detail="certificate has expired").cause.endswith(
        "is not trustworthy (certificate has expired)."
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\r\nlines\x00 and\u202e more", "two lines and more"),
        ("key eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.abc end", "key [hidden] end"),
        ("id 2f0c9a1e-63d7-4f1b-9a53-1b2c3d4e5f60.", "id 2f0c9a1e-63d7-4f1b-9a53-1b2c3d4e5f60."),
        ("user 'ann@contoso.example' unknown", "user '[address]' unknown"),
        ("x " * 400, "x " * 149 + "x…"),
    ],
)
def test_text_from_outside_is_gated(text: str, shown: str) -> None:
    assert quote(text) == shown


def test_diagnosis_comes_out_of_a_column_as_it_went_in() -> None:
    said = diagnose_graph(404, "ErrorItemNotFound", correlation=(("request_id", "r-1"), ("date", "today")))
    assert Diagnosis.from_row(json.loads(json.dumps(said.as_row()))) == said
