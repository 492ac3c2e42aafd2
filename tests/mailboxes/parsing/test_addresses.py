"""Address headers (MT-047, MT-050 to MT-059, MT-110)."""

import pytest

from mailboxes.parsing import Address, parse

from .test_structure import codes


def sender(raw: bytes) -> Address:
    return parse(b"From: " + raw + b"\nSubject: x\n\nbody").sender


@pytest.mark.parametrize(
    "raw",
    [b"(" * 2_000 + b")" * 2_000, b"(" * 2_000, b"@" * 50_000, b'"' * 50_000, b"<" * 50_000, b"a:;" * 9_000],
)
def test_pathological_sender_has_no_address_mt_050_mt_052(raw: bytes) -> None:
    assert sender(raw).email == ""


def test_ten_thousand_recipients_are_cut_and_counted_mt_053() -> None:
    row = b", ".join(b"a%d@example.org" % number for number in range(600))
    message = parse(b"To: " + row + b"\nFrom: ann@example.org\n\nbody")
    assert len(message.to) == 500
    assert "600" in message.problems[0].sentence


@pytest.mark.parametrize(("count", "problems"), [(499, []), (500, []), (501, ["addresses_cut"])])
def test_recipients_are_counted_exactly(count: int, problems: list[str]) -> None:
    row = b", ".join(b"a%d@b.org" % number for number in range(count))
    assert codes(parse(b"To: " + row + b"\nFrom: ann@example.org\n\n")) == problems


def test_address_with_a_second_one_behind_a_bracket_is_nobody_mt_055() -> None:
    assert sender(b"alice@example.org)bob@evil.example").email == ""


def test_address_shown_as_a_name_is_not_the_address_mt_056() -> None:
    assert sender(b'"ceo@corp.example" <evil@x.example>') == Address(
        name="ceo@corp.example", email="evil@x.example"
    )


def test_second_from_header_is_reported_mt_058() -> None:
    message = parse(b"From: ann@example.org\nFrom: boss@example.org\n\nbody")
    assert (message.sender.email, codes(message)) == ("ann@example.org", ["several_from"])


@pytest.mark.parametrize("raw", [b"", b"<>", b"undisclosed-recipients:;", b"MAILER-DAEMON"])
def test_sender_without_address_is_nobody_mt_059(raw: bytes) -> None:
    assert sender(raw).email == ""


def test_name_with_comma_and_quote_makes_one_address_mt_047() -> None:
    message = parse(b"From: =?utf-8?q?x=2C_=22b=22_=3Cevil=40x=2Eexample=3E?= <ann@example.org>\n\nbody")
    assert message.sender == Address(name='x, "b" <evil@x.example>', email="ann@example.org")


def test_line_break_in_a_name_is_a_blank_mt_047() -> None:
    assert sender(b"=?utf-8?q?a=0D=0ATo:_evil?= <ann@example.org>").name == "a To: evil"


@pytest.mark.parametrize(
    ("raw", "name", "email"),
    [
        (b"ann@EXAMPLE.org", "", "ann@example.org"),
        (b"Ann Lee <Ann@Example.ORG>", "Ann Lee", "Ann@example.org"),
        (b'"Lee, Ann" <ann@example.org>', "Lee, Ann", "ann@example.org"),
        (b"ann@example.org (Ann Lee)", "Ann Lee", "ann@example.org"),
        (b"=?utf-8?Q?Zo=C3=AB?= <zoe@example.org>", "Zoë", "zoe@example.org"),
        (b'"=?utf-8?Q?Zo=C3=AB?=" <zoe@example.org>', "Zoë", "zoe@example.org"),
        (b"=?utf-8?Q?Lee, Ann (IT)?= <ann@example.org>", "Lee, Ann (IT)", "ann@example.org"),
        ("Zoë <zoe@example.org>".encode(), "Zoë", "zoe@example.org"),
        ("Zoë <zoe@example.org>".encode("latin-1"), "Zoë", "zoe@example.org"),
        (b'"quoted \\"nick\\"" <q@example.org>', 'quoted "nick"', "q@example.org"),
    ],
)
def test_ordinary_senders_are_read(raw: bytes, name: str, email: str) -> None:
    assert sender(raw) == Address(name=name, email=email)


def test_zero_width_space_makes_an_address_none_mt_110() -> None:
    assert sender("a\u200bnn@example.org".encode()).email == ""


def test_groups_and_lists_are_read_in_order() -> None:
    message = parse(b"To: team: a@x.org, b@x.org;, C <c@x.org>\nCc: d@x.org\nFrom: e@x.org\n\n")
    assert [one.email for one in message.to] == ["a@x.org", "b@x.org", "c@x.org"]
    assert [one.email for one in message.cc] == ["d@x.org"]


def test_encoded_name_without_an_address_is_decoded() -> None:
    message = parse(b"To: =?utf-8?b?w4RyenRl?=\nFrom: =?utf-8?q?B=C3=BCro?=\n\nbody")
    assert (message.to[0], message.sender) == (
        Address(name="Ärzte", email=""),
        Address(name="Büro", email=""),
    )
