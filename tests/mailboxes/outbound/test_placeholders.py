"""Templates of outgoing mail: named placeholders and nothing else."""

import pytest

from mailboxes.outbound.placeholders import EXAMPLES, fault_in, fill, unknown_in

VALUES = {"reference": "CON-7QF2KX4MZA", "subject": "Printer", "requester_name": "Ada"}


def test_every_placeholder_is_known_and_filled() -> None:
    template = " ".join(f"{{{name}}}" for name in EXAMPLES)
    assert (fault_in(template), fill(template, EXAMPLES)) == ("", " ".join(EXAMPLES.values()))


def test_unknown_placeholder_is_named_with_the_nearest() -> None:
    """S0-32."""
    assert (
        fault_in("Dear {requestor_name}")
        == "There is no placeholder {requestor_name}; did you mean {requester_name}?"
    )


def test_several_unknown_placeholders_are_all_named_with_those_there_are() -> None:
    fault = fault_in("{style} and {macro}, {reference}")
    assert fault.startswith("There is no placeholder {style}, {macro}; known are {reference}, {subject}")


@pytest.mark.parametrize(
    "hostile",
    [
        "0.__class__",
        "subject.__class__.__mro__",
        "subject[0]",
        "subject!r",
        "subject:>99999999",
        "% load static %",
        "",
        " subject ",
        "SUBJECT",
    ],
)
def test_nothing_but_a_name_stands_between_braces(hostile: str) -> None:
    """S-118: what a template of a hostile administrator asks for is refused, and would stay as it stands."""
    template = f"{{{hostile}}}"
    assert (unknown_in(template), fill(template, VALUES)) == ([hostile], template)


def test_braces_that_hold_no_name_are_words() -> None:
    text = "if (a) {\n  b();\n} and a lone { or so"
    assert (fault_in(text), fill(text, VALUES)) == ("", text)


def test_value_brings_no_placeholder_along() -> None:
    assert fill("{subject} {reference}", VALUES | {"subject": "{reference}{requester_name}"}) == (
        "{reference}{requester_name} CON-7QF2KX4MZA"
    )


def test_value_brings_no_line_along() -> None:
    hostile = "Hello\r\nBcc: victim@contoso.example\n\nBuy this\x00\x1b[31m"
    filled = fill("Your mail {subject} arrived", {"subject": hostile})
    assert "\n" not in filled
    assert "\r" not in filled
    assert "\x1b" not in filled


def test_value_is_bounded_and_a_missing_one_is_empty() -> None:
    assert fill("{subject}|{queue}", {"subject": "x" * 5_000}) == "x" * 200 + "|"
