"""Formatted answers: what is kept of the HTML, and the plain text that goes beside it."""

from __future__ import annotations

import pytest

from mailboxes.outbound.rich import MAX_CHARS, as_text, clean
from tenants.errors import Misconfigured

HOSTILE = (
    '<p onclick="x()">Hello <img src="https://track.example/x.png"><script>alert(1)</script>'
    '<a href="javascript:x()">there</a><iframe src="https://x.example"></iframe></p>'
    '<form action="https://x.example"><input name="a"></form><p style="position:fixed">you</p>'
)


@pytest.mark.parametrize(
    "word", ["onclick", "img", "script", "alert", "javascript", "iframe", "form", "input", "style"]
)
def test_nothing_that_acts_or_fetches_is_kept(word: str) -> None:
    assert word not in clean(HOSTILE)


def test_what_the_toolbar_writes_is_kept() -> None:
    html = (
        '<p><b>Bold</b> <i>italic</i> <a href="https://contoso.example/">link</a></p>'
        "<ul><li>one</li></ul><ol><li>two</li></ol><blockquote><p>said</p></blockquote>"
    )
    assert clean(html) == html


@pytest.mark.parametrize("html", ["", "<p><br></p>", "<div> &nbsp;</div>", "<script>x</script>"])
def test_html_without_words_is_nothing(html: str) -> None:
    assert clean(html) == ""


def test_what_is_too_much_to_read_is_refused_with_its_code() -> None:
    for html in ("<p>x</p>" * MAX_CHARS, "<div>" * 5000 + "x"):
        with pytest.raises(Misconfigured) as refused:
            clean(html)
        assert refused.value.code == "reply_unreadable"


def test_the_plain_text_shows_lists_links_and_quotes() -> None:
    html = (
        "<p>Hello <b>Ada</b>,</p><p>do this:<br>now</p><ol><li>Unplug it</li><li>Wait<ul><li>long</li></ul></li></ol>"
        '<p>See <a href="https://contoso.example/a">our page</a> or '
        '<a href="mailto:help@contoso.example">help@contoso.example</a>.</p>'
        "<blockquote><p>It burns.</p><blockquote>Is it on?</blockquote></blockquote>"
    )
    assert as_text(html) == (
        "Hello Ada,\n\ndo this:\nnow\n\n1. Unplug it\n2. Wait\n  - long\n\n"
        "See our page <https://contoso.example/a> or help@contoso.example.\n\n"
        "> It burns.\n>\n> > Is it on?"
    )


def test_lines_of_a_browser_stay_lines() -> None:
    assert as_text("<div>one</div><div><br></div><div>two &lt;b&gt;&nbsp;three</div>") == (
        "one\n\ntwo <b> three"
    )


def test_preformatted_text_keeps_its_spaces() -> None:
    assert as_text("<p>Run</p><pre>a\n  b</pre>") == "Run\n\na\n  b"
