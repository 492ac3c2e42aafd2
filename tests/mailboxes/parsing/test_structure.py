"""The shapes a mail can have (reliability cases MT-001 to MT-034)."""

import pytest

from mailboxes.parsing import ParsedMessage, Unparseable, parse

from .mails import HEAD, attachment, entity, html, mail, multipart, part, text, typed


def codes(message: ParsedMessage) -> list[str]:
    return [problem.code for problem in message.problems]


def test_empty_mail_is_a_message_and_not_dropped_mt_001() -> None:
    message = parse(b"")
    assert (message.text, message.sender.email, codes(message)) == ("", "", ["empty"])


def test_headers_without_an_empty_line_are_a_mail_without_body_mt_002() -> None:
    message = parse(b"From: ann@example.org\nSubject: Printer")
    assert (message.subject, message.text) == ("Printer", "")


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_every_kind_of_line_end_is_read_mt_004_mt_005(line_end: bytes) -> None:
    message = parse(mail(b"It jams.\n").replace(b"\n", line_end))
    assert (message.subject, message.text.strip()) == ("Printer", "It jams.")


def test_random_bytes_are_unparseable_with_their_cause_mt_007() -> None:
    noise = bytes((i * 197 + i // 251) % 256 for i in range(100_000))
    with pytest.raises(Unparseable) as caught:
        parse(noise)
    assert caught.value.cause == "unparseable"


@pytest.mark.parametrize("more", [b"", b">From evil Fri\n", b">From evil Fri\r\nFrom evil Sat\r\n"])
def test_mbox_lines_are_neither_body_nor_sender_mt_008(more: bytes) -> None:
    message = parse(b"From evil Fri Nov 20 10:00:00 2026\n" + more + mail())
    assert (message.sender.email, message.text) == ("ann@example.org", "It jams.\n")


def nested(depth: int) -> bytes:
    levels = (
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (level, level) for level in range(depth)
    )
    return HEAD + b"".join(levels) + b"Content-Type: text/plain\n\nfound at the bottom\n"


@pytest.mark.parametrize("depth", [60, 240, 1_000, 10_000])
@pytest.mark.usefixtures("cpu_guard")
def test_text_below_any_nesting_is_found_mt_010_mt_011(depth: int) -> None:
    message = parse(nested(depth))
    assert "found at the bottom" in message.text
    assert "structure_broken" in codes(message)


def test_nesting_at_the_limit_is_read_as_it_is() -> None:
    message = parse(nested(49))
    assert (message.text.strip(), codes(message)) == ("found at the bottom", [])


def test_attached_mail_in_attached_mail_stays_one_attachment_mt_013() -> None:
    message = parse(HEAD + b"Content-Type: message/rfc822\n\n" * 5_000 + b"Subject: deep\n\nbody\n")
    assert [one.content_type for one in message.parts] == ["message/rfc822"]


@pytest.mark.parametrize("content_type", [b"multipart/mixed", b"multipart/mixed; boundary=never"])
def test_multipart_without_usable_boundary_is_shown_as_text_mt_014_mt_016(content_type: bytes) -> None:
    message = parse(mail(b"all of this\n", extra=b"Content-Type: " + content_type + b"\n"))
    assert (message.text, codes(message)) == ("all of this\n", ["boundary_missing"])


WHOLE = entity(text(b"Hello"), attachment(b"filename=a.pdf"), boundary=b"real").partition(b"\n\n")[2]


@pytest.mark.parametrize(
    "types",
    [
        [b"multipart/mixed"],
        [b"multipart/mixed; boundary=never"],
        [b"text/plain; charset=utf-8", b'multipart/mixed; boundary="real"'],
        [b"multipart/mixed", b'multipart/mixed; boundary="real"'],
    ],
)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_multipart_is_read_by_the_boundary_it_has(types: list[bytes], line_end: bytes) -> None:
    """MT-014, MT-016"""
    extra = b"".join(b"Content-Type: " + one + b"\n" for one in types)
    message = parse(mail(WHOLE, extra=extra).replace(b"\n", line_end))
    assert (message.text.strip(), codes(message)) == ("Hello", ["boundary_guessed"])
    assert [(one.filename, one.content.read()) for one in message.parts] == [("a.pdf", b"%PDF-1.7 bytes")]


def test_boundary_with_letters_that_none_may_have_is_found() -> None:
    message = parse(multipart(text(b"hello"), attachment(b"filename=a.pdf"), boundary="Töne".encode()))
    assert (message.text.strip(), [one.filename for one in message.parts]) == ("hello", ["a.pdf"])


def test_words_around_a_guessed_boundary_and_the_outer_parts_are_kept() -> None:
    """MT-014"""
    inner = entity(text(b"Hello"), boundary=b"in").replace(b"Content-Type", b"X-Sort: 1\nContent-Type", 1)
    body = (
        b"Above.\n\n--out\n" + inner + b"\n--out\n" + attachment(b"filename=a.pdf") + b"\n--out--\nBelow.\n"
    )
    message = parse(mail(body, extra=b"Content-Type: multipart/mixed\n"))
    assert message.text.split() == ["Above.", "Hello", "Below."]
    assert [one.filename for one in message.parts] == ["a.pdf"]


def test_long_bodies_of_a_multipart_inside_another_are_read_without_its_boundary() -> None:
    """MT-014"""
    content = bytes(range(256)) * 40
    inner = entity(text(b"Hello"), attachment(b"filename=a.pdf", content), boundary=b"inner")
    message = parse(multipart(inner.replace(b'; boundary="inner"', b""), text(b"Goodbye")))
    assert message.text.split() == ["Hello", "Goodbye"]
    assert [one.content.read() for one in message.parts] == [content]


@pytest.mark.usefixtures("cpu_guard")
@pytest.mark.parametrize("deep", [True, False])
def test_flood_behind_a_missing_boundary_is_bounded(deep: bool) -> None:
    """MT-014, MT-023"""
    one = b"Content-Type: multipart/mixed\n\n--%d\n" if deep else b"--0\nContent-Type: text/plain\n\nx%d\n"
    flood = b"".join(one % number for number in range(100_000))
    message = parse(HEAD + b"Content-Type: multipart/mixed\n\n" * (not deep) + flood)
    assert "boundary_missing" in codes(message)


def test_dashes_in_a_mail_of_one_text_are_no_boundary() -> None:
    body = b"--\nAnn\n--real\nContent-Type: text/html\n\n<b>quoted</b>\n"
    assert parse(typed(b"text/plain", body)).text == body.decode()


def test_truncated_multipart_keeps_its_text_mt_017() -> None:
    message = parse(HEAD + b'Content-Type: multipart/mixed; boundary="edge"\n\n--edge\n\nstill here')
    assert message.text == "still here"


def test_boundary_of_a_megabyte_is_bounded_mt_019() -> None:
    boundary = b"x" * 1_000_000
    message = parse(
        mail(
            b"--" + boundary + b"\n\nwords\n",
            extra=b"Content-Type: multipart/mixed; boundary=" + boundary + b"\n",
        )
    )
    assert "words" in message.text


def test_first_of_two_boundaries_counts_mt_020() -> None:
    extra = b"Content-Type: multipart/mixed; boundary=a; boundary=b\n"
    message = parse(mail(b"--a\n\nof a\n--a--\n--b\n\nof b\n--b--\n", extra=extra))
    assert message.text.strip() == "of a"


@pytest.mark.parametrize("count", [10_000, 100_000])
@pytest.mark.usefixtures("cpu_guard")
def test_far_too_many_parts_are_cut_and_counted_mt_022_mt_023(count: int) -> None:
    message = parse(
        HEAD + b'Content-Type: multipart/mixed; boundary="e"\n\n' + b"--e\n\nx\n" * count + b"--e--\n"
    )
    assert message.text.count("x") == 500
    assert str(count) in message.problems[0].sentence


@pytest.mark.parametrize(("count", "problems"), [(499, []), (500, []), (501, ["too_many_parts"])])
def test_parts_are_counted_exactly(count: int, problems: list[str]) -> None:
    assert codes(parse(multipart(*[text(b"x")] * count))) == problems


def test_last_alternative_of_each_kind_is_the_body_mt_025() -> None:
    choices = [html(b"<p>first</p>"), *[text(b"old")] * 38, text(b"last")]
    message = parse(multipart(*choices, subtype=b"alternative"))
    assert (message.text.strip(), message.html.strip()) == ("last", "<p>first</p>")


def signed(*name: bytes) -> bytes:
    signature = part(
        b"-----BEGIN PGP SIGNATURE-----", b"Content-Type: application/pgp-signature" + b"".join(name)
    )
    return multipart(text(b"It jams."), signature, subtype=b"signed")


def test_signature_of_a_signed_mail_is_a_file_only_when_it_has_a_name_mt_139() -> None:
    assert [one.filename for one in parse(signed()).parts] == []
    assert [one.filename for one in parse(signed(b'; name="signature.asc"')).parts] == ["signature.asc"]


FORWARDED = mail(b"The fan is loud.\n", extra=b"Content-Type: text/plain\n")


def test_empty_mail_around_another_shows_the_words_of_that_one() -> None:
    inner = part(FORWARDED, b"Content-Type: message/rfc822")
    message = parse(multipart(text(b"\n"), inner))
    assert (message.text.strip(), codes(message)) == ("The fan is loud.", ["attached_mail_shown"])
    assert [one.content.read() for one in message.parts] == [FORWARDED[:-1] + b"\n"]


def test_mail_with_words_of_its_own_does_not_show_those_of_an_attached_one() -> None:
    message = parse(multipart(text(b"See below."), part(FORWARDED, b"Content-Type: message/rfc822")))
    assert (message.text.strip(), codes(message)) == ("See below.", [])


def test_related_mail_whose_root_is_an_image_shows_its_text_mt_026() -> None:
    image = part(b"GIF89a", b"Content-Type: image/gif", b"Content-ID: <pic@x>")
    message = parse(multipart(image, html(b'<p>See <img src="cid:pic@x"></p>'), subtype=b"related"))
    assert message.text.strip().startswith("See")
    assert [(one.content_id, one.is_inline) for one in message.parts] == [("pic@x", True)]


def test_piece_of_a_mail_in_pieces_says_so_mt_028() -> None:
    message = parse(typed(b"message/partial; number=1; total=2; id=x", b"From: mallory@example.net\n\npiece"))
    assert (message.sender.email, message.text) == ("ann@example.org", "piece")
    assert codes(message) == ["attached_mail_shown", "partial"]


def test_first_piece_of_a_mail_shows_its_words_and_a_later_one_no_code_mt_028() -> None:
    inner = multipart(text(b"It is on fire."), attachment(b"filename=a.pdf")).partition(b"JVB")[0]
    first, later = (
        parse(typed(b"message/partial; number=%d; total=2; id=x" % number, piece))
        for number, piece in ((1, inner), (2, b"JVBERi0xLjcgYnl0ZXM=\n--edge--\n"))
    )
    assert (first.text.strip(), "partial" in codes(first)) == ("It is on fire.", True)
    assert (later.text, codes(later)) == ("", ["partial"])


@pytest.mark.parametrize("access", [b"local-file; name=/etc/passwd", b'URL; URL="http://example.net/x"'])
def test_external_body_is_kept_and_never_opened_mt_029(access: bytes) -> None:
    message = parse(
        multipart(
            text(b"hi"),
            part(
                b"Content-Type: text/plain\n", b"Content-Type: message/external-body; access-type=" + access
            ),
        )
    )
    assert [one.content_type for one in message.parts] == ["message/external-body"]
    assert b"root:" not in message.parts[0].content.read()


def test_digest_holds_attached_mails_mt_031() -> None:
    message = parse(
        multipart(part(b"From: a@example.org\n\none"), part(b"From: b@example.org\n\ntwo"), subtype=b"digest")
    )
    assert [one.content_type for one in message.parts] == ["message/rfc822"] * 2


@pytest.mark.parametrize("content_type", [b"text", b"////; ;;=", b"", b";"])
def test_nonsense_type_is_plain_text_mt_032(content_type: bytes) -> None:
    assert parse(mail(extra=b"Content-Type: " + content_type + b"\n")).text == "It jams.\n"


def test_unknown_type_is_an_attachment_mt_032() -> None:
    assert parse(typed(b"foo/bar", b"bytes")).parts[0].content.read() == b"bytes"


def test_apple_siblings_are_joined_in_their_order_mt_034() -> None:
    message = parse(multipart(text(b"above"), attachment(b"filename=a.pdf"), text(b"below")))
    assert [word for word in message.text.split()] == ["above", "below"]
    assert [one.filename for one in message.parts] == ["a.pdf"]


def test_apple_siblings_in_html_lose_no_plain_stretch_mt_034() -> None:
    message = parse(multipart(html(b"<p>above</p>"), attachment(b"filename=a.pdf"), text(b"1 < 2")))
    assert message.html.index("above") < message.html.index("1 &lt; 2")


def test_invitation_beside_the_alternatives_is_a_part_mt_181() -> None:
    invite = part(b"BEGIN:VCALENDAR\n", b"Content-Type: text/calendar; method=REQUEST")
    message = parse(multipart(text(b"Meet"), html(b"<p>Meet</p>"), invite, subtype=b"alternative"))
    assert (message.text.strip(), [one.content_type for one in message.parts]) == ("Meet", ["text/calendar"])


def test_signed_mail_keeps_its_signature_as_a_part_mt_139() -> None:
    signature = part(b"sig", b"Content-Type: application/pkcs7-signature; name=smime.p7s")
    message = parse(multipart(text(b"signed words"), signature, subtype=b"signed"))
    assert (message.text.strip(), message.parts[0].filename) == ("signed words", "smime.p7s")


def test_hash_does_not_see_how_the_mime_was_written() -> None:
    one = (
        HEAD
        + b"Date: Fri, 20 Nov 2026 10:00:00 +0000\n"
        + entity(text("Grüße".encode()), attachment(b"filename=a.pdf"))
    )
    body = part(
        b"Gr=C3=BC=C3=9Fe",
        b"Content-Transfer-Encoding: quoted-printable",
        b"Content-Type: text/plain; charset=utf-8",
    )
    raw = part(
        b"%PDF-1.7 bytes",
        b"Content-Disposition: attachment; filename=a.pdf",
        b"Content-Type: application/pdf",
    )
    other = b"Date: Fri, 20 Nov 2026 10:00:00 +0000\n" + HEAD + entity(body, raw, boundary=b"other")
    assert parse(one).content_hash == parse(other.replace(b"\n", b"\r\n")).content_hash


def test_hash_sees_one_changed_letter_mt_064() -> None:
    assert parse(mail(b"It jams.\n")).content_hash != parse(mail(b"It jams!\n")).content_hash


def test_hash_of_an_attached_mail_ignores_its_boundaries() -> None:
    inner = [multipart(text(b"inner"), boundary=name) for name in (b"one", b"two")]
    outer = [multipart(text(b"outer"), part(one, b"Content-Type: message/rfc822")) for one in inner]
    assert parse(outer[0]).content_hash == parse(outer[1]).content_hash


def test_attached_mail_keeps_its_exact_bytes() -> None:
    inner = multipart(text("Grüße".encode("latin-1")), boundary=b"inner")
    message = parse(multipart(text(b"see below"), part(inner, b"Content-Type: message/rfc822")))
    assert message.parts[0].content.read() == inner


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        (b"text/markdown", b"# It *jams*", "# It *jams*"),
        (b"text/x-log", b"one\ntwo", "one\ntwo"),
        (b"text/rtf", rb"{\rtf1 It \b jams\b0\par}", "It jams"),
    ],
)
def test_text_of_a_sort_nobody_knows_is_text(kind: bytes, body: bytes, words: str) -> None:
    message = parse(typed(kind, body))
    assert (message.text.strip(), len(message.parts)) == (words, 1)


def test_named_text_and_cards_stay_files() -> None:
    assert parse(typed(b"text/x-log; name=a.log", b"one")).text == ""
    assert parse(typed(b"text/vcard", b"BEGIN:VCARD")).text == ""


def test_what_exchange_cut_off_behind_a_picture_is_text_again_mt_034() -> None:
    more = part(
        b"<p>second</p>",
        b'Content-Type: text/html; name="ATT00001.htm"',
        b'Content-Disposition: attachment; filename="ATT00001.htm"',
    )
    message = parse(multipart(html(b"<p>first</p>"), attachment(b"filename=a.pdf"), more))
    assert message.text.split() == ["first", "second"]
    assert [one.filename for one in message.parts] == ["a.pdf"]


def test_page_that_is_called_plain_is_a_page() -> None:
    message = parse(typed(b"text/plain", b"<!DOCTYPE html><html><body><p>It jams.</p></body></html>"))
    assert (message.text, message.html) == ("It jams.", "<p>It jams.</p>")
    assert parse(typed(b"text/plain", b"The tag <html> is missing.")).html == ""
