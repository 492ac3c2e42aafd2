"""What stands in front of a subject, and whether the rest tells one matter from another."""

from __future__ import annotations

import base64
import time

import pytest

from tests.tickets.policies.letters import letter
from tickets.policies.subjects import FORWARDS, Front, read_subject, subject_of_answer

ROOT = base64.b64encode(bytes(22)).decode()
ANSWER = base64.b64encode(bytes(27)).decode()


@pytest.mark.parametrize(
    "front",
    [
        "Re: ", "RE:", "AW: ", "Antw: ", "SV: ", "Odp: ", "RE : ", "Re[2]: ", "Re: AW: Re: ", "回复：", "Отв: ", "R: ",
        "Re: [#CON-7QF2KX4MZA] ", "[EXTERN] AW: ", "[External] Re: Fwd: ",
    ],
)  # fmt: skip
def test_prefixes_of_answers_are_taken_off(front: str) -> None:
    found = read_subject(f"{front}Leitung 7  gestört")
    assert (found.front, found.stem) == (Front.REPLY, "leitung 7 gestört")


@pytest.mark.parametrize("front", FORWARDS.replace("?", "").split("|"))
def test_a_mail_passed_on_answers_nothing(front: str) -> None:
    assert read_subject(f"{front}: Re: Leitung gestört").front is Front.FORWARD
    assert subject_of_answer(letter(subject="Fwd: Re: Leitung gestört", thread_index=ANSWER)) is None


@pytest.mark.parametrize("subject", ["Leitung gestört", "Reparatur: Leitung gestört", "Refund", ""])
def test_a_subject_of_its_own_stays_whole(subject: str) -> None:
    found = read_subject(subject)
    assert (found.front, found.tail) == (Front.NONE, subject)
    assert subject_of_answer(letter(subject=subject, thread_topic=subject, thread_index=ROOT)) is None


def test_exchange_says_that_a_mail_answers_another() -> None:
    mail = letter(subject="Leitung gestört", thread_topic="Leitung gestört", thread_index=ANSWER)
    found = subject_of_answer(mail)
    assert found is not None
    assert found.stem == "leitung gestört"


def test_prefix_nobody_knows_is_told_by_exchange() -> None:
    """An answer in Vietnamese, say: what stands before the topic is a prefix."""
    mail = letter(subject="TL: Leitung gestört", thread_topic="Leitung gestört", thread_index=ANSWER)
    found = subject_of_answer(mail)
    assert found is not None
    assert found.stem == "leitung gestört"
    other = read_subject("TL: Leitung gestört", topic="Etwas anderes")
    assert (other.front, other.tail) == (Front.NONE, "TL: Leitung gestört")


def test_prefix_with_two_meanings_is_none_without_exchange() -> None:
    assert subject_of_answer(letter(subject="VS: Leitung gestört")) is None
    assert subject_of_answer(letter(subject="VS: Leitung gestört", thread_index=ANSWER)) is not None


@pytest.mark.parametrize("thread_index", ["", "AQ==", "no base64 at all", ROOT[:-4], ANSWER[:-4] + "AA=="])
def test_a_thread_index_of_another_shape_says_nothing(thread_index: str) -> None:
    assert subject_of_answer(letter(subject="Leitung gestört", thread_index=thread_index)) is None


@pytest.mark.parametrize(
    "subject",
    [
        "Rechnung", "Hilfe", "Re: AW:", "Frage zu Ihrer Rechnung", "Question about my invoice", "URGENT help",
        "Problem!!!!!", "Störung", "A7", "Printer", "Support request", "...........", "Demande de devis",
    ],
)  # fmt: skip
def test_what_everybody_writes_tells_nothing(subject: str) -> None:
    assert not read_subject(subject).is_telling


@pytest.mark.parametrize("subject", ["Rechnung 4711", "Leitung gestört", "Re: Printer on floor 3 burns"])
def test_a_matter_of_its_own_tells(subject: str) -> None:
    assert read_subject(subject).is_telling


@pytest.mark.parametrize(
    "piece", ["Re:", "Re [", "[ext", "Re[1]: ", "[#", " ", "re : fwd :", "[#CON-7QF2KX4MZA]"]
)
def test_a_subject_of_nothing_but_prefixes_is_read_in_time(piece: str) -> None:
    """S-116"""
    started = time.perf_counter()
    read_subject(piece * (100_000 // len(piece)))
    assert time.perf_counter() - started < 0.1
