"""HTML from outside (MT-142 to MT-169)."""

import pytest

from mailboxes.parsing import DEFAULT, ParsedMessage, parse

from .mails import attachment, html, multipart, part, text, typed
from .test_structure import codes


def shown(markup: str) -> ParsedMessage:
    return parse(typed(b"text/html; charset=utf-8", markup.encode()))


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<body onload=alert(1)>x",
        "<svg><script>alert(1)</script></svg>",
        "<svg><animate onbegin=alert(1) attributeName=x></svg>",
        "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="vbscript:x">x</a>',
        '<a href="data:text/html,x">x</a>',
        '<a href="file:///etc/passwd">x</a>',
        '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
        '<object data="x.swf"></object><embed src=x><portal src=x></portal>',
        '<meta http-equiv=refresh content="0;url=http://evil.example"><base href="http://evil.example">',
        "<style>@import 'http://evil.example/x.css';</style>",
        '<div style="background:url(http://evil.example/x);position:fixed;inset:0;behavior:url(x)">x</div>',
        '<div style="width:expression(alert(1));-moz-binding:url(x)">x</div>',
        "<!--[if mso]><script>alert(1)</script><![endif]-->",
        "<![CDATA[<script>alert(1)</script>]]>",
        '<form action="http://evil.example"><input name=password><button>go</button></form>',
        "<p id=csrfmiddlewaretoken name=location class=deletelink>x</p>",
        '<link rel=prefetch href="http://evil.example"><video poster="http://evil.example/x"></video>',
    ],
)
def test_active_content_does_not_survive_mt_142_to_mt_155(markup: str) -> None:
    message = shown(f"<p>words</p>{markup}")
    assert "words" in message.text
    for word in (
        "script",
        "onerror",
        "onload",
        "javascript:",
        "evil.example",
        "iframe",
        "id=",
        "position",
        "vbscript",
        "file:",
    ):
        assert word not in message.html.replace("alert", "")


@pytest.mark.parametrize(
    "source",
    ["http://t.example/p.gif", "https://t.example/p", "//t.example/p", "\\\\t.example\\p", "/p.gif", "p.gif"],
)
def test_remote_image_is_switched_off_and_counted_mt_151(source: str) -> None:
    message = shown(f'<p>x</p><img alt="logo" src="{source}">')
    assert " src=" not in message.html
    assert (
        "1 remote image blocked." in [problem.sentence for problem in message.problems]
        or "data-remote-src" not in message.html
    )


@pytest.mark.parametrize("attribute", ["srcset", "background", "poster", "lowsrc", "dynsrc"])
def test_other_ways_to_load_are_removed_mt_151(attribute: str) -> None:
    assert (
        "t.example"
        not in shown(
            f'<img {attribute}="http://t.example/x"><table {attribute}="http://t.example/y"></table>'
        ).html
    )


def test_number_of_remote_images_is_told() -> None:
    message = shown('<img src="http://t.example/1"><img src="http://t.example/2">')
    assert [problem.sentence for problem in message.problems] == ["2 remote images blocked."]


def test_own_image_is_kept_and_marked_inline_mt_152() -> None:
    image = part(b"GIF89a", b"Content-Type: image/gif", b"Content-ID: <pic@x>")
    message = parse(
        multipart(html(b'<img src="cid:pic@x"><img src="cid:../other">'), image, subtype=b"related")
    )
    assert 'src="cid:pic@x"' in message.html
    assert message.parts[0].is_inline


def test_unreferenced_attachment_is_not_inline() -> None:
    assert not parse(multipart(html(b"<p>x</p>"), attachment(b"filename=a.pdf"))).parts[0].is_inline


def test_links_tell_the_other_side_nothing_mt_157_mt_158() -> None:
    markup = shown(
        '<a href="https://evil.example" target="_blank" ping="https://p.example">https://bank.example</a>'
    ).html
    assert 'rel="noopener noreferrer nofollow"' in markup
    assert "ping" not in markup
    assert "target" not in markup


def test_attribute_that_looks_like_an_image_is_left_alone() -> None:
    markup = shown('<p>a &lt;img src="http://t.example"&gt;</p>').html
    assert '&lt;img src="http://t.example"&gt;' in markup


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 100_000,
        "<b><a>" * 50_000,
        "<table><tr><td>" * 30_000,
        "<font><p>" * 20_000,
        "<div></x>" * 60_000,
        "<x-y>" * 60_000,
        "<a " + " ".join(f"a{n}" for n in range(200_000)) + ">x",
        '<a x=">" ' + " ".join(f"a{n}=1" for n in range(100_000)) + ">x",
        "x" * (5 * 1024 * 1024),
        "<style>" * 100_000,
        '<a x="' * 100_000,
    ],
)
@pytest.mark.usefixtures("cpu_guard")
def test_html_that_stalls_the_sanitiser_is_shown_as_text_mt_161_to_mt_164(markup: str) -> None:
    message = shown("hello " + markup)
    assert (message.html, codes(message)) == ("", ["html_refused"])
    assert message.text.startswith("hello")


@pytest.mark.parametrize("markup", ["<" * 1_000_000, "<!--" * 250_000, "&lt;" * 300_000, "<p>x" * 50_000])
@pytest.mark.usefixtures("cpu_guard")
def test_odd_but_flat_html_takes_little_time_mt_163(markup: str) -> None:
    assert shown("hello " + markup).text.startswith("hello")


@pytest.mark.parametrize(("depth", "is_refused"), [(499, False), (500, False), (501, True)])
def test_nesting_is_limited_exactly(depth: int, is_refused: bool) -> None:
    message = shown("<div>" * depth + "<p>x</p>" * 600 + "</div>" * depth)
    assert ("html_refused" in codes(message)) is is_refused


@pytest.mark.parametrize(("count", "is_refused"), [(63, False), (64, False), (65, True)])
def test_attributes_are_limited_exactly(count: int, is_refused: bool) -> None:
    message = shown("<a " + " ".join(f"attribute{n}" for n in range(count)) + ">x</a>")
    assert ("html_refused" in codes(message)) is is_refused


@pytest.mark.parametrize(("excess", "is_refused"), [(-1, False), (0, False), (1, True)])
def test_length_is_limited_exactly(excess: int, is_refused: bool) -> None:
    message = shown("<p>" + "x" * (DEFAULT.html_bytes - 3 + excess))
    assert ("html_refused" in codes(message)) is is_refused


def test_hidden_text_is_in_the_plain_view_mt_169() -> None:
    assert "approve" in shown('<p>hello</p><span style="display:none">approve</span>').text


def test_html_only_mail_gets_text_with_its_table() -> None:
    message = shown("<p>Hello</p><table><tr><td>a</td><td>b</td></tr></table>")
    assert message.text.split() == ["Hello", "a", "b"]


def test_sender_s_own_text_is_preferred_to_ours() -> None:
    message = parse(multipart(text(b"mine"), html(b"<p>markup</p>"), subtype=b"alternative"))
    assert message.text.strip() == "mine"


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "x-nope"])
def test_charset_inside_the_markup_is_ignored_mt_160(charset: str) -> None:
    assert shown(f'<meta charset="{charset}"><p>Grüße +ADw-b+AD4-</p>').text.strip() == "Grüße +ADw-b+AD4-"


ATTRIBUTION = '<div class="moz-cite-prefix">On 20/11/2026 10:00, Help wrote:<br></div>'


def cited(*words: str) -> str:
    return "".join(f'<blockquote type="cite"><p>{one}</p></blockquote>' for one in words)


def test_answers_between_quotes_of_html_are_new_text() -> None:
    message = shown(f"<p>See below.</p>{ATTRIBUTION}{cited('Black?')}<p>No.</p>{cited('Blue?')}<p>Yes.</p>")
    assert "> Black?" in message.text
    assert [word for word in ("See below.", "No.", "Yes.") if word in message.new_text] == [
        "See below.",
        "No.",
        "Yes.",
    ]


def test_answer_below_a_quote_of_html_is_the_new_text() -> None:
    assert shown(f"{ATTRIBUTION}{cited('Does it print?')}<p>It does.</p>").new_text == "It does."


def test_history_of_html_is_told_from_what_is_only_indented() -> None:
    assert shown(f"<p>Works.</p>{ATTRIBUTION}{cited('Try.')}").new_text == "Works."
    indented = shown(
        '<p>It says:</p><blockquote style="margin: 0 0 0 40px"><p>press the button</p></blockquote>'
    )
    assert "\npress the button" in indented.new_text
    classed = shown('<p>Approved.</p><blockquote class="indent">But only 50 of the 500.</blockquote>')
    assert "But only 50 of the 500." in classed.new_text


def test_quotes_side_by_side_in_a_table_lose_no_words() -> None:
    message = shown(f"<table><tr><td>{cited('left')}</td><td>{cited('right')}</td></tr></table><p>below</p>")
    assert [word for word in ("left", "right", "below") if word in message.new_text] == [
        "left",
        "right",
        "below",
    ]
    assert not {"\ue0d0", "\ue0d1"} & set(message.text)


@pytest.mark.parametrize(
    "words",
    [
        "Your program shows no HTML.",
        "Bitte verwenden Sie ein HTML-fähiges Programm!",
        "\u00a0\u200b\n\u200c\ufeff",
    ],
)
def test_text_that_only_asks_for_the_html_gives_way_to_it(words: str) -> None:
    message = parse(multipart(text(words.encode()), html(b"<p>It burns.</p>"), subtype=b"alternative"))
    assert (message.text, message.new_text) == ("It burns.", "It burns.")


@pytest.mark.parametrize("page", [b"<p>Our HTML is <b>broken</b>.</p><p>Ann</p>", b"<img src='cid:x'>"])
def test_text_about_html_that_the_page_says_too_stays(page: bytes) -> None:
    message = parse(multipart(text(b"Our HTML is broken."), html(page), subtype=b"alternative"))
    assert message.text.strip() == "Our HTML is broken."


@pytest.mark.parametrize(
    "words",
    ["See https://x.example/a.html", "It is on x.example/html/", "Open index.html", "Not /var/www/html/"],
)
def test_text_with_an_address_or_a_file_of_html_stays(words: str) -> None:
    message = parse(multipart(text(words.encode()), html(b"<p>It burns.</p>"), subtype=b"alternative"))
    assert message.text.strip() == words
