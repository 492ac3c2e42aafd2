"""What is told beside the text: invitations, links to files in the cloud, seals (MT-029, MT-139, MT-181, MT-182)."""

import base64

import pytest

from mailboxes.parsing import Address, Link, parse

from .mails import html, multipart, part, text, typed
from .winmails import LONG, UNICODE, file, winmail

EVENT = """\
BEGIN:VCALENDAR
METHOD:{method}
VERSION:2.0
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
ORGANIZER;CN=Ann Lee:mailto:ann@example.org
ATTENDEE;CN=Help;PARTSTAT={answer}:mailto:help@desk.example
SUMMARY:Drucker ansehen
DTSTART;TZID=W. Europe Standard Time:20261123T100000
DTEND;TZID=W. Europe Standard Time:20261123T103000
LOCATION:Microsoft Teams
DESCRIPTION:Join: https://teams.microsoft.com/l/meetup-join/19%3ameeting\\nThanks{more}
RRULE:FREQ=WEEKLY;COUNT=4
END:VEVENT
END:VCALENDAR
"""


def calendar(
    method: str = "REQUEST", *, answer: str = "NEEDS-ACTION", more: str = "", source: str = EVENT
) -> bytes:
    words = source.format(method=method, answer=answer, more=more).encode()
    return part(words, b"Content-Type: text/calendar; charset=utf-8; method=" + method.encode())


def test_invitation_says_what_where_and_when_mt_181() -> None:
    invitation = parse(multipart(text(b"Please come."), calendar(), subtype=b"alternative")).invitation
    assert invitation is not None
    assert (invitation.method, invitation.summary, invitation.location) == (
        "REQUEST",
        "Drucker ansehen",
        "Microsoft Teams",
    )
    assert (invitation.starts, invitation.ends) == ("2026-11-23T09:00+00:00", "2026-11-23T09:30+00:00")
    assert (invitation.organizer, invitation.repeats) == (
        Address(name="Ann Lee", email="ann@example.org"),
        "weekly",
    )
    assert invitation.join_url == "https://teams.microsoft.com/l/meetup-join/19%3ameeting"


def test_zone_that_cannot_be_read_leaves_its_name_mt_182() -> None:
    zone = EVENT[EVENT.index("BEGIN:STANDARD") : EVENT.index("END:VTIMEZONE")]
    source = EVENT.format(method="REQUEST", answer="NEEDS-ACTION", more="").replace(zone, "")
    invitation = parse(typed(b"text/calendar; charset=utf-8", source.encode())).invitation
    assert invitation
    assert (invitation.summary, invitation.starts) == ("Drucker ansehen", "2026-11-23T09:00+00:00")


def test_answer_to_an_invitation_says_how_it_was_decided() -> None:
    invitation = parse(multipart(text(b"Yes."), calendar("REPLY", answer="ACCEPTED"))).invitation
    assert invitation is not None
    assert (invitation.method, invitation.response) == ("REPLY", "accepted")


def test_description_is_the_text_of_an_invitation_without_any() -> None:
    assert parse(multipart(calendar())).text.endswith("\nThanks")


HOSTILE = {
    "events": "BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\n" * 100_000,
    "endless": EVENT.replace("FREQ=WEEKLY;COUNT=4", "FREQ=SECONDLY"),
    "zone": EVENT.replace("TZOFFSETFROM:+0200", "TZOFFSETFROM:nonsense"),
    "date": EVENT.replace("20261123T100000", "99999999T999999"),
    "rule": EVENT.replace("FREQ=WEEKLY;COUNT=4", "FREQ=;;;==,"),
    "nothing": "BEGIN:VCALENDAR\nBEGIN:VEVENT\n",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_hostile_calendar_leaves_the_mail_as_it_is_mt_182(source: str) -> None:
    message = parse(multipart(text(b"Please come."), calendar(source=source)))
    assert message.text.strip() == "Please come."
    assert [one.content_type for one in message.parts] == ["text/calendar"]


def test_markup_in_a_calendar_stays_text_mt_182() -> None:
    source = EVENT.replace("Drucker ansehen", "<script>alert(1)</script>")
    invitation = parse(multipart(calendar(source=source))).invitation
    assert invitation is not None
    assert invitation.summary == "<script>alert(1)</script>"


SHARED = "https://contoso-my.sharepoint.com/:x:/g/personal/ann/EabC?e=1"
WRAPPED = "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2F1drv.ms%2Fx%2Fabc&amp;data=05"


def test_file_left_in_the_cloud_is_a_link_with_name_and_host() -> None:
    words = f'<p>See <a href="{SHARED}"><span>Budget.xlsx</span></a> and <a href="{WRAPPED}">this</a></p>'
    assert parse(multipart(html(words.encode()))).links == (
        Link(name="Budget.xlsx", url=SHARED, host="contoso-my.sharepoint.com"),
        Link(name="this", url=WRAPPED.replace("&amp;", "&"), host="1drv.ms"),
    )


@pytest.mark.parametrize(
    "words",
    [
        '<a href="https://evil-sharepoint.com/:x:/g/a">Budget</a>',
        '<a href="https://sharepoint.com.evil.example/:x:/g/a">Budget</a>',
        f'<p>New.</p><div id="divRplyFwdMsg"></div><a href="{SHARED}">Budget</a>',
        '<a href="https://contoso.sharepoint.com/">our site</a>',
    ],
    ids=["lookalike", "subdomain", "history", "no file"],
)
def test_other_links_are_no_files(words: str) -> None:
    assert parse(multipart(html(words.encode()))).links == ()


def test_part_that_only_names_its_place_is_a_link_and_nothing_is_fetched_mt_029() -> None:
    outside = part(
        b"", b'Content-Type: message/external-body; access-type=URL; url="https://files.example/a.pdf"'
    )
    local = part(b"", b'Content-Type: message/external-body; access-type=local-file; name="/etc/passwd"')
    message = parse(multipart(text(b"See."), outside, local))
    assert message.links == (
        Link(name="files.example", url="https://files.example/a.pdf", host="files.example"),
    )


def test_file_by_reference_inside_a_winmail_is_a_link() -> None:
    values = ((0x3705, LONG, (7).to_bytes(4, "little")), (0x370D, UNICODE, f"{SHARED}\0".encode("utf-16-le")))
    packet = winmail(file("Budget.xlsx", b"", *values))
    message = parse(
        typed(b"application/ms-tnef; name=winmail.dat", base64.encodebytes(packet), encoding=b"base64")
    )
    assert [(link.name, link.url) for link in message.links] == [("Budget.xlsx", SHARED)]


def test_file_on_a_drive_inside_a_winmail_says_where_it_is() -> None:
    path = r"\\srv\share\Budget.xlsx"
    values = ((0x3705, LONG, (2).to_bytes(4, "little")), (0x370D, UNICODE, f"{path}\0".encode("utf-16-le")))
    packet = base64.encodebytes(winmail(file("Budget.xlsx", b"", *values)))
    parts = parse(typed(b"application/ms-tnef; name=winmail.dat", packet, encoding=b"base64")).parts
    assert [
        one.content.read().decode().count(path) for one in parts if one.filename == "Budget.xlsx.txt"
    ] == [1]


SIGNED_OID, ENVELOPED_OID = (bytes.fromhex("3080060b" + "2a864886f70d01070" + end) for end in "23")
P7M = b"application/pkcs7-mime; name=smime.p7m"
SEALS = {
    "smime_encrypted": typed(P7M, base64.encodebytes(ENVELOPED_OID), encoding=b"base64"),
    "smime_opaque": typed(P7M, base64.encodebytes(SIGNED_OID), encoding=b"base64"),
    "smime_signed": multipart(
        text(b"x"),
        part(b"x", b"Content-Type: application/pkcs7-signature; name=smime.p7s"),
        subtype=b"signed",
    ),
    "pgp_signed": multipart(
        text(b"x"), part(b"x", b"Content-Type: application/pgp-signature"), subtype=b"signed"
    ),
    "pgp_encrypted": multipart(
        part(b"Version: 1", b"Content-Type: application/pgp-encrypted"), subtype=b"encrypted"
    ),
    "microsoft_protected": multipart(
        text(b"Open it."),
        part(b"x", b"Content-Type: application/x-microsoft-rpmsg-message; name=message.rpmsg"),
    ),
    "": multipart(text(b"x")),
}


@pytest.mark.parametrize("seal", SEALS)
def test_seal_of_a_mail_is_recognised_mt_139(seal: str) -> None:
    assert parse(SEALS[seal]).seal == seal
