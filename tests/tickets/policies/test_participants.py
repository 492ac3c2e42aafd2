"""Who may write on a ticket that is there already."""

import pytest

from tickets.policies.participants import Circle, Part, part_of
from tickets.policies.trust import Level, Trust

PROVEN, UNCHECKED = Trust(Level.PASSED, ""), Trust(Level.UNKNOWN, "")


def part(
    sender: str, *, trust: Trust = UNCHECKED, requester: str = "ada@fabrikam.example", token: bool = False
) -> Part:
    circle = Circle(requester)
    circle.note("bob@elsewhere.example", ["Carol@Third.example"])
    return part_of(sender, circle=circle, trust=trust, own_domain="contoso.example", has_token=token)


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("ada@fabrikam.example", Part.TAKES_PART),
        ("bob@elsewhere.example", Part.TAKES_PART),
        ("carol@third.example", Part.ADDRESSED),
        ("eve@evil.example", Part.STRANGER),
        ("", Part.STRANGER),
    ],
)
def test_requester_writers_and_those_they_wrote_to_take_part(sender: str, expected: Part) -> None:
    """S-74"""
    assert part(sender) is expected


@pytest.mark.parametrize("sender", ["dan@fabrikam.example", "dan@contoso.example"])
def test_colleague_is_one_only_when_proven(sender: str) -> None:
    """S-68: a domain is written into From by anybody."""
    assert (part(sender, trust=PROVEN), part(sender)) == (Part.COLLEAGUE, Part.STRANGER)


def test_domain_that_everybody_shares_makes_no_colleague() -> None:
    assert part("eve@gmail.com", requester="ada@gmail.com", trust=PROVEN) is Part.STRANGER


def test_holder_of_our_token_may_write() -> None:
    """S-76"""
    assert part("eve@evil.example", token=True) is Part.HOLDER


def test_mail_without_sender_takes_part_only_where_nobody_is_the_requester() -> None:
    """MT-059"""
    assert (part("", requester=""), part("")) == (Part.TAKES_PART, Part.STRANGER)
