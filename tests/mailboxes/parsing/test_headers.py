"""Header blocks (MT-035 to MT-049) and identity (MT-061 to MT-073)."""

import pytest

from mailboxes.parsing import DEFAULT, parse

from .mails import mail
from .test_structure import codes


def test_hundred_thousand_headers_are_cut_and_the_needed_ones_found_mt_035() -> None:
    flood = b"".join(b"X-%d: y\n" % number for number in range(100_000))
    message = parse(flood + mail())
    assert (message.subject, message.sender.email) == ("Printer", "ann@example.org")
    assert len(message.headers) <= DEFAULT.header_count + 12


@pytest.mark.parametrize(("count", "problems"), [(996, []), (997, ["headers_cut"])])
def test_header_count_is_limited_exactly(count: int, problems: list[str]) -> None:
    flood = b"".join(b"X-%d: y\n" % number for number in range(count))
    assert codes(parse(flood + mail())) == problems


def test_forged_control_headers_are_plain_headers_mt_037() -> None:
    message = parse(mail(extra=b"X-Ticket-Id: 7\nX-Helpdesk-Tenant: other\n"))
    assert message.headers["x-ticket-id"] == ("7",)


@pytest.mark.parametrize("length", [997, 998, 999, 1_000_000])
def test_long_subject_is_cut_at_998_and_the_rest_of_the_mail_is_right_mt_038(length: int) -> None:
    message = parse(b"Subject: " + b"s" * length + b"\nFrom: ann@example.org\n\nbody")
    assert len(message.subject) == min(length, 998)
    assert (message.sender.email, message.text) == ("ann@example.org", "body")


@pytest.mark.parametrize("line", [b"", b"Subject:\n", b"Subject:    \n"])
def test_missing_subject_is_empty_mt_040(line: bytes) -> None:
    assert parse(line + b"From: ann@example.org\n\nbody").subject == ""


def test_markup_in_a_subject_stays_literal_mt_041() -> None:
    assert (
        parse(b"Subject: <script>x</script> {{7*7}} %(x)s\n\n").subject == "<script>x</script> {{7*7}} %(x)s"
    )


def test_line_without_colon_turns_no_later_header_into_body_mt_043() -> None:
    message = parse(b"Subject: Printer\nnonsense here\nBcc: boss@example.org\nFrom: ann@example.org\n\nbody")
    assert (message.sender.email, message.text) == ("ann@example.org", "body")
    assert codes(message) == ["header_line_unreadable"]


def test_body_right_after_the_headers_is_body() -> None:
    message = parse(b"Subject: Printer\nFrom: ann@example.org\nThe printer jams.\nEvery day.\n")
    assert message.text == "The printer jams.\nEvery day.\n"


def test_blank_before_the_colon_is_forgiven_mt_044() -> None:
    assert parse(b"Subject : Printer\nFrom: ann@example.org\n\nbody").subject == "Printer"


@pytest.mark.parametrize("line", ["Bétreff: x\n".encode(), b"X" * 10_000 + b": y\n"])
def test_unreadable_header_name_is_left_out_mt_044(line: bytes) -> None:
    message = parse(line + mail())
    assert (message.subject, message.text) == ("Printer", "It jams.\n")


def test_ten_thousand_empty_folds_are_one_header_mt_046() -> None:
    message = parse(b"Subject: a" + b"\n " * 10_000 + b"b\nFrom: ann@example.org\n\nbody")
    assert message.subject.startswith("a")
    assert message.sender.email == "ann@example.org"


def test_nul_in_headers_is_shown_as_replacement_mt_049() -> None:
    message = parse(b"Subject: a\0b\nFrom: An\0n <ann@example.org>\nX-Odd: \0\n\nbody")
    assert (message.subject, message.sender.name) == ("a\ufffdb", "An\ufffdn")
    assert "\0" not in "".join(message.headers["x-odd"])


def test_encoded_line_break_in_a_subject_is_one_line_mt_042() -> None:
    assert parse(b"Subject: =?utf-8?q?hi=0D=0ABcc:_x@example.net?=\n\n").subject == "hi Bcc: x@example.net"


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (b"=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
        (b"=?utf-8?B?R3LDvA==?= =?utf-8?B?w59l?=", "Grüße"),
        (b"=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße"),
        (b"=?iso-8859-1?Q?Gr=FC=DFe_aus?= Kiel", "Grüße aus Kiel"),
        (b"=?utf-8?Q?with blanks?=", "with blanks"),
        (b"=?utf-8*de?Q?Sprache?=", "Sprache"),
        (b"=?x-nope?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("Grüße".encode(), "Grüße"),
        ("Grüße aus Köln".encode("latin-1"), "Grüße aus Köln"),
        (b"=?utf-8?B?R3LDvMOfZQ?=", "Grüße"),
    ],
)
def test_encoded_and_raw_subjects_are_decoded(raw: bytes, read: str) -> None:
    assert parse(b"Subject: " + raw + b"\n\n").subject == read


def test_ten_thousand_encoded_words_stay_within_the_header_limit() -> None:
    message = parse(b"Subject:" + b" =?utf-8?q?abcde?=" * 10_000 + b"\nFrom: ann@example.org\n\n")
    assert len(message.subject) == 998


def test_missing_message_id_is_empty_and_the_hash_stands_in_mt_061() -> None:
    message = parse(b"Subject: x\n\nbody")
    assert (message.message_id, len(message.content_hash)) == ("", 64)


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (b"<>", ""),
        (b"abc", "<abc>"),
        (b"<a b@c>", "<ab@c>"),
        (b"<[1234]@microsoft.com>", "<[1234]@microsoft.com>"),
        (b"<it's@x.org>", "<it's@x.org>"),
        (b"<nul\0@x.org>", "<nul\ufffd@x.org>"),
    ],
)
def test_odd_message_ids_are_kept_mt_062_mt_067_mt_073(raw: bytes, read: str) -> None:
    assert parse(b"Message-ID: " + raw + b"\nSubject: x\n\n").message_id == read


def test_message_id_of_a_megabyte_is_bounded_mt_068() -> None:
    message = parse(b"Message-ID: <" + b"x" * 1_000_000 + b">\nFrom: ann@example.org\n\nbody")
    assert len(message.message_id) <= 998
    assert message.sender.email == "ann@example.org"


def test_message_id_cannot_carry_a_line_break_mt_066() -> None:
    message = parse(b"Message-ID: =?utf-8?q?<a=0D=0A_STORE=40x>?=\nSubject: x\n\n")
    assert "\n" not in message.message_id


def test_root_and_newest_of_many_references_are_kept_mt_070() -> None:
    ids = [b"<%d@example.org>" % number for number in range(70_000)]
    message = parse(b"References: " + b" ".join(ids) + b"\nFrom: ann@example.org\n\nbody")
    assert len(message.references) == 21
    assert (message.references[0], message.references[-1]) == ("<0@example.org>", "<69999@example.org>")


def test_references_without_brackets_are_read() -> None:
    assert parse(b"References: a@x.org, b@x.org\nSubject: x\n\n").references == ("<a@x.org>", "<b@x.org>")


def test_header_values_are_read_by_any_case_and_only_read() -> None:
    headers = parse(mail(extra=b"X-Two: one\nX-Two: two\n")).headers
    assert headers["X-TWO"] == ("one", "two")
    assert headers.first("x-none") == ""


def test_first_header_with_a_blank_before_its_colon_is_no_envelope() -> None:
    assert parse(b"From : Ann <ann@example.org>\nSubject: x\n\nbody\n").sender.email == "ann@example.org"
