"""The marks by which a mail finds its conversation."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.tickets.policies.letters import letter
from tickets.models.ticket import new_reference, new_reply_token
from tickets.policies.threads import content_key, known_by, leaves, message_key, reply_tokens, subject_tags

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def keys(*ids: str) -> tuple[str, ...]:
    return tuple(message_key(one) for one in ids)


def test_in_reply_to_comes_first_then_references_from_the_newest_to_the_root() -> None:
    mail = letter(in_reply_to="<c@x>", references="<root@x> <b@x> <c@x>")
    assert known_by(mail) == keys("<c@x>", "<b@x>", "<root@x>")


def test_mail_leaves_its_own_id_what_it_answers_and_the_root() -> None:
    mail = letter(message_id="<d@x>", in_reply_to="<c@x>", references="<root@x> <b@x> <c@x>")
    assert leaves(mail) == keys("<d@x>", "<c@x>", "<root@x>")


def test_mail_that_answers_nothing_has_no_marks_to_find_it_by() -> None:
    assert known_by(letter()) == ()


@pytest.mark.parametrize("odd", ["<>", "   ", "<  >"])
def test_empty_ids_are_no_marks(odd: str) -> None:
    """MT-062: or every such mail would be one conversation."""
    mail = letter(message_id=odd, in_reply_to=odd, references=odd)
    assert (known_by(mail), leaves(mail)) == ((), ())


def test_brackets_and_spaces_do_not_make_another_id() -> None:
    assert message_key("<a@x>") == message_key(" a@x ")
    assert message_key("<a@x>") != message_key("<A@x>")


def test_long_list_of_references_keeps_the_root_and_the_newest() -> None:
    """MT-070"""
    mail = letter(references=" ".join(f"<{number}@x>" for number in range(5000)))
    found = known_by(mail)
    assert (found[0], found[-1]) == keys("<4999@x>", "<0@x>")
    assert len(found) < 50


def test_our_token_is_read_from_what_the_mail_answers_only() -> None:
    token = new_reply_token()
    assert list(reply_tokens(letter(in_reply_to=f"<{token}.17@desk.example>"))) == [token]
    assert list(reply_tokens(letter(message_id=f"<{token}.17@desk.example>"))) == []


@pytest.mark.parametrize(
    "forged", ["<short.1@desk>", "<AAAAAAAAAAAAAAAAAAAAAAAAAA.1@desk>", "<aaaaaaaaaaaaaaaaaaaaaaaaaa@desk>"]
)
def test_what_only_looks_like_our_token_is_none(forged: str) -> None:
    """MT-071"""
    assert list(reply_tokens(letter(in_reply_to=forged))) == []


@pytest.mark.parametrize("prefix", ["Re: ", "AW: ", "SV: ", "回复: ", "Fwd: Re: "])
def test_reference_is_found_behind_any_prefix(prefix: str) -> None:
    """MT-074"""
    reference = new_reference("Contoso")
    assert subject_tags(f"{prefix}[#{reference}] Printer") == (reference,)


def test_plain_numbers_are_no_references() -> None:
    assert subject_tags("[#123] and #456, [#con-7qf2kx4mza]") == ()


def test_content_is_known_within_one_mailbox_only() -> None:
    """MT-065: the same mail to two mailboxes is two mails."""
    assert content_key(1, letter(), AT) != content_key(2, letter(), AT)
    assert content_key(1, letter(), AT) == content_key(1, letter(), AT)


def test_same_id_over_other_content_is_another_mail() -> None:
    """MT-064: nothing is swallowed because somebody reuses an id."""
    assert content_key(1, letter(text="one"), AT) != content_key(1, letter(text="two"), AT)


def test_machine_that_sends_the_same_words_every_day_sends_a_new_mail_every_day() -> None:
    """MT-061: without Message-ID and Date only the moment tells two such mails apart; a second copy has the same."""
    mail = letter(message_id="", date="")
    assert content_key(1, mail, AT) != content_key(1, mail, AT + timedelta(days=1))
    assert content_key(1, mail, AT) == content_key(1, mail, AT)


@pytest.mark.parametrize("date", ["", "Fri, 20 Nov 2026 10:00:00 +0000"])
def test_mails_without_an_id_are_told_apart_by_sender_and_subject(date: str) -> None:
    """MT-061: two machines report in the same second, with nothing in the body."""
    first = letter(message_id="", date=date, text="", subject="Disk full on one")
    second = letter(message_id="", date=date, text="", subject="Disk full on two")
    assert content_key(1, first, AT) != content_key(1, second, AT)


def test_mail_with_an_id_is_the_same_whenever_it_is_received() -> None:
    assert content_key(1, letter(), AT) == content_key(1, letter(), AT + timedelta(days=1))
